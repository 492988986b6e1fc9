"""The house as its doors see it: what api and web are given, so that they need not know who built it."""

from datetime import datetime
from pathlib import Path
from typing import Protocol

from controller.clock import Clock, Leap
from controller.config import Settings
from controller.dispatch.announcements.aiding import Aiding
from controller.dispatch.announcements.lives import Lives
from controller.dispatch.announcements.moving import Moving
from controller.dispatch.announcements.ordering import Ordering
from controller.dispatch.announcements.skipping import Skipping
from controller.dispatch.announcements.translating import Tracks
from controller.dispatch.announcements.tray import Tray
from controller.dispatch.broadcasts.broadcast_views import BroadcastViews
from controller.dispatch.broadcasts.broadcasting import Broadcasting
from controller.dispatch.broadcasts.relaying import Relaying
from controller.dispatch.broadcasts.sourcing import Sourcing
from controller.dispatch.broadcasts.tape_desk import TapeDesk
from controller.dispatch.deeds import Desk
from controller.dispatch.places.grouping import Groups
from controller.dispatch.places.lexicon import Lexicons
from controller.dispatch.places.lexicon_views import LexiconViews
from controller.dispatch.places.rule_views import RuleViews
from controller.dispatch.places.ruling import Ruling
from controller.dispatch.places.tongues import Tongues
from controller.dispatch.places.zoning import Zoning
from controller.dispatch.plan.foretelling import Foretelling
from controller.dispatch.sessions.arranging import Arranging
from controller.dispatch.sessions.feeding import Feeds
from controller.dispatch.sessions.programming import Programming
from controller.dispatch.sessions.rundown import Rundowns
from controller.dispatch.sessions.weeks import Weeks
from controller.dispatch.signals import Signals
from controller.dispatch.views import Views
from controller.lanes import Lanes
from controller.metrics import Metrics
from controller.store.database import Database
from schedules.area import Tree


class House(Protocol):
    """``controller.app.Loa`` is the one implementation."""

    @property
    def settings(self) -> Settings: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def lanes(self) -> Lanes: ...

    @property
    def db(self) -> Database: ...

    @property
    def desk(self) -> Desk: ...

    @property
    def views(self) -> Views: ...

    @property
    def aiding(self) -> Aiding: ...

    @property
    def lexicons(self) -> Lexicons: ...

    @property
    def broadcasting(self) -> Broadcasting: ...

    @property
    def sourcing(self) -> Sourcing: ...

    @property
    def relaying(self) -> Relaying: ...

    @property
    def tapes(self) -> TapeDesk: ...

    @property
    def broadcast_views(self) -> BroadcastViews: ...

    @property
    def groups(self) -> Groups: ...

    @property
    def tray(self) -> Tray: ...

    @property
    def feeds(self) -> Feeds: ...

    @property
    def ordering(self) -> Ordering: ...

    @property
    def lexicon_views(self) -> LexiconViews: ...

    @property
    def weeks(self) -> Weeks: ...

    @property
    def programming(self) -> Programming: ...

    @property
    def rundowns(self) -> Rundowns: ...

    @property
    def arranging(self) -> Arranging: ...

    @property
    def skipping(self) -> Skipping: ...

    @property
    def moving(self) -> Moving: ...

    @property
    def lives(self) -> Lives: ...

    @property
    def tracks(self) -> Tracks: ...

    @property
    def rule_views(self) -> RuleViews: ...

    @property
    def ruling(self) -> Ruling: ...

    @property
    def zoning(self) -> Zoning: ...

    @property
    def tongues(self) -> Tongues: ...

    @property
    def foretelling(self) -> Foretelling: ...

    @property
    def signals(self) -> Signals: ...

    @property
    def tree(self) -> Tree: ...

    @property
    def clips(self) -> Path:
        """The folder of clips, each named by its SHA-256."""
        ...

    @property
    def metrics(self) -> Metrics: ...

    @property
    def link_up(self) -> bool: ...

    @property
    def leap(self) -> Leap | None:
        """The leap of the machine's clock that is held back; None while it is followed."""
        ...

    @property
    def link_lost_at(self) -> datetime | None:
        """Since when the broker is not reached; None while it is."""
        ...
