"""What every use case and every loop of the controller works with, in one place."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from controller.clock import Clock
from controller.config import Settings
from controller.dispatch.keyring import Keyring
from controller.dispatch.outbox import Sender
from controller.dispatch.signals import Signals
from controller.fleet.monitor import Monitor
from controller.fleet.registry import Registry
from controller.lanes import Lanes
from controller.metrics import Metrics
from controller.store.database import Database
from devices.link import Link
from schedules.announcement import AreaCode
from schedules.area import Tree
from schedules.calendar import QuietHours
from schedules.local_rules import LocalRules, quiet_of
from schedules.plan import NO_RULES


@dataclass(slots=True, kw_only=True)
class Room:
    """Belongs to the event loop. ``tree`` and ``registry`` are replaced as a whole when the fleet changes.

    ``rules`` are those of the newest planning or deed, for telling beforehand; the plan reads its own.
    """

    settings: Settings
    clock: Clock
    lanes: Lanes
    db: Database
    signals: Signals
    keyring: Keyring
    epoch: int
    tree: Tree
    registry: Registry
    monitor: Monitor
    quiet: QuietHours
    clip_base: str
    metrics: Metrics
    rules: LocalRules = NO_RULES
    sender: Sender = field(init=False)
    link: Link = field(init=False)

    @property
    def tenant(self) -> str:
        return self.settings.tenant

    def quiet_at(self, targets: Iterable[AreaCode]) -> QuietHours:
        """The quiet hours of these places, as their nodes hold them."""
        return quiet_of(self.rules, self.tree, targets, self.quiet)

    def link_up(self) -> bool:
        return self.link.up

    @property
    def clips(self) -> Path:
        return self.settings.clips_dir
