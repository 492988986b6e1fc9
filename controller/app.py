"""The Loa object: the whole controller without its doors, built from parts that are handed in."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

from controller.clock import Clock, Leap, SteadyClock
from controller.config import Settings
from controller.dispatch.alerts.alarming import Alarming
from controller.dispatch.alerts.emission import Emission
from controller.dispatch.alerts.renewing import Renewer
from controller.dispatch.alerts.stopping import Stopping
from controller.dispatch.announcements.aiding import Aiding
from controller.dispatch.announcements.correcting import Correcting
from controller.dispatch.announcements.lives import Lives
from controller.dispatch.announcements.moving import Moving
from controller.dispatch.announcements.ordering import Ordering
from controller.dispatch.announcements.recording import Recordings
from controller.dispatch.announcements.skipping import Skipping
from controller.dispatch.announcements.translating import Tracks
from controller.dispatch.announcements.tray import Tray
from controller.dispatch.announcements.waves import Corrector
from controller.dispatch.announcements.withdrawing import Withdrawing
from controller.dispatch.announcements.writing import Writing
from controller.dispatch.broadcasts.broadcast_views import BroadcastViews
from controller.dispatch.broadcasts.broadcasting import Broadcasting
from controller.dispatch.broadcasts.onair import OnAir
from controller.dispatch.broadcasts.relaying import Relaying
from controller.dispatch.broadcasts.sourcing import Sourcing
from controller.dispatch.broadcasts.tape_desk import TapeDesk
from controller.dispatch.broadcasts.taping import Taping, sweep_tapes
from controller.dispatch.broadcasts.tuning import Tuner
from controller.dispatch.deeds import Desk
from controller.dispatch.desired import renew_desired
from controller.dispatch.keyring import load_keyring
from controller.dispatch.outbox import Sender, letter_for
from controller.dispatch.places.grouping import Groups
from controller.dispatch.places.lexicon import Lexicons
from controller.dispatch.places.lexicon_views import LexiconViews
from controller.dispatch.places.rule_views import RuleViews
from controller.dispatch.places.ruling import Ruling
from controller.dispatch.places.tongues import Tongues
from controller.dispatch.places.zoning import Zoning
from controller.dispatch.plan.clearing import Clearer
from controller.dispatch.plan.foretelling import Foretelling
from controller.dispatch.plan.lexicon_use import warm
from controller.dispatch.plan.planning import Planner
from controller.dispatch.receipts.auditing import Auditor
from controller.dispatch.receipts.intake import Intake
from controller.dispatch.receipts.mail import Letterbox
from controller.dispatch.room import Room
from controller.dispatch.runner import GATHER_S, Loop, Pulse, Runner, Timekeeper, Watch
from controller.dispatch.sessions.arranging import Arranging
from controller.dispatch.sessions.feeding import Feeds
from controller.dispatch.sessions.programming import Programming
from controller.dispatch.sessions.rundown import Rundowns
from controller.dispatch.sessions.weeks import Weeks
from controller.dispatch.showing import Showing
from controller.dispatch.signals import Signals, Topic, Wake
from controller.dispatch.sound.rendering import Studio
from controller.dispatch.sound.taking import Recorder, sweep_originals
from controller.dispatch.views import Views
from controller.fleet.monitor import Monitor
from controller.fleet.registry import make_registry
from controller.lanes import Lanes
from controller.metrics import Metrics, open_metrics
from controller.store import areas, documents, meta, nodes, outbox, rules
from controller.store.ballast import Ballast
from controller.store.database import Conn, Crash, Database, nowhere
from controller.store.documents import Document, DocumentKind
from controller.store.leadership import Lead, take_lead
from controller.studio.aid import aid_of
from controller.studio.speech import Speaker
from controller.studio.taking import IntakeProcess, Taker
from devices import topics
from devices.link import Ears, Link
from devices.messages import TenantId
from schedules.area import Tree
from schedules.calendar import QuietHours

BALLAST_EVERY = timedelta(minutes=1)
LinkFactory = Callable[[Ears], Link]
_log = logging.getLogger("loa.app")


class Loa:
    """``await start()`` opens the store, begins the loops and the link; ``await stop()`` ends all of them.

    ``settings.data_dir`` must hold an initialised house (``loa init`` and ``loa keys init``).
    """

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Clock,
        lanes: Lanes,
        link_factory: LinkFactory,
        speaker: Speaker,
        taker: Taker | None = None,
        crash: Crash = nowhere,
        lead: Lead | None = None,
        ballast: Ballast | None = None,
    ) -> None:
        self.settings = settings
        self.clock = SteadyClock(clock)
        self.lanes = lanes
        self.signals = Signals()
        self.metrics: Metrics = open_metrics()
        self._link_factory = link_factory
        self._speaker = speaker
        self._taker = IntakeProcess(settings.clips_dir) if taker is None else taker
        self._crash = crash
        self._ballast = ballast
        self.lead = lead
        self._came_up: asyncio.Task[None] | None = None
        self._began = False
        self._lost_at: datetime | None = None

    @property
    def clips(self) -> Path:
        return self.settings.clips_dir

    @property
    def tree(self) -> Tree:
        return self.room.tree

    @property
    def link_up(self) -> bool:
        return self._began and self.room.link.up

    @property
    def link_lost_at(self) -> datetime | None:
        """Since when the broker is not reached; None while it is."""
        return None if self.link_up else self._lost_at

    @property
    def leap(self) -> Leap | None:
        """The leap of the machine's clock that is held back; None while it is followed."""
        return self.clock.leap

    async def start(self) -> None:
        """Problem ``E_KEYS`` without keys, ``E_NOT_LEADER`` beside another controller.

        StoreFault for a database that is not ours.
        """
        self._lost_at = self.clock.now()
        self._aid = aid_of(self.settings)
        self.settings.clips_dir.mkdir(parents=True, exist_ok=True)
        if self.lead is None:
            self.lead = take_lead(self.settings.database)
        keyring = load_keyring(self.settings.keys_dir, TenantId(self.settings.tenant))
        self.db = await Database.open(
            self.settings.database,
            self.lanes,
            self.clock.now(),
            self._crash,
            self.metrics.write_seconds.observe,
            self._ballast,
        )
        tree = await self.db.read(areas.tree)
        lives = await self.db.read(nodes.everything_live)
        self.room = Room(
            settings=self.settings,
            clock=self.clock,
            lanes=self.lanes,
            db=self.db,
            signals=self.signals,
            keyring=keyring,
            epoch=await self.db.read(meta.epoch, keyring.online.kid),
            tree=tree,
            registry=make_registry(await self.db.read(nodes.in_service), tree),
            monitor=Monitor(lives),
            quiet=QuietHours(
                start=time.fromisoformat(self.settings.quiet_from),
                end=time.fromisoformat(self.settings.quiet_to),
            ),
            clip_base=_clip_base(self.settings),
            metrics=self.metrics,
            rules=await self.db.read(rules.in_force),
        )
        self.room.monitor.know(self.room.registry.nodes)
        self._furnish()
        await self.db.write(sweep_originals, self.settings.recordings_dir, self.settings.incoming_dir)
        await self.db.write(sweep_tapes, self.settings.tapes_dir, self.clock.now())
        await self.db.write(self._publish_keys)
        await self.db.write(self._renew_places)
        warm()
        await self._speaker.start()
        self._begin()
        self._began = True

    async def stop(self) -> None:
        """End loops, link, speech and store, in that order; may be called after a failed start."""
        if self._began:
            self._began = False
            if self._came_up is not None:
                self._came_up.cancel()
            await self.runner.stop()
            await self.onair.stop()
            await self.taping.stop()
            await self.tuner.stop()
            await self.studio.stop()
            await self.recorder.stop()
            await self.room.link.stop()
            await self._speaker.stop()
        if hasattr(self, "db"):
            await self.db.close()
        if self.lead is not None:
            self.lead.release()
            self.lead = None

    async def reload(self) -> None:
        """Areas or nodes have changed: look at them anew, and plan for them."""
        tree = await self.db.read(areas.tree)
        registry = make_registry(await self.db.read(nodes.in_service), tree)
        self.room.tree, self.room.registry = tree, registry
        self.room.monitor.know(registry.nodes)
        self.signals.tell(Topic.NODE)
        self.signals.wake(Wake.PLANNER, Wake.RENEWER)

    def _furnish(self) -> None:
        room = self.room
        self._box = Letterbox(self.clock.now, self._mail_came, self._link_turned)
        room.link = self._link_factory(self._box)
        room.link.subscribe(topics.controller_subscriptions())
        room.sender = Sender(
            db=self.db, link=room.link, clock=self.clock, signals=self.signals, metrics=self.metrics
        )
        self.recorder = Recorder(room, self._taker)
        self.studio = Studio(room, self._speaker, self.recorder)
        showing = Showing(room, self.studio)
        self.planner = Planner(room)
        self.views = Views(room, self.studio, showing, self.planner)
        self.weeks = Weeks(room, self.views)
        self.programming = Programming(room)
        self.rundowns = Rundowns(room, self.programming)
        self.arranging = Arranging(room, self.programming, self.rundowns)
        self.skipping = Skipping(room)
        self.lives = Lives(room)
        self.tracks = Tracks(room, self.studio)
        self.rule_views = RuleViews(room)
        self.ruling = Ruling(room, self.rule_views)
        self.foretelling = Foretelling(room)
        self.moving = Moving(room, self.foretelling)
        self.zoning = Zoning(room)
        self.tongues = Tongues(room)
        self.lexicons = Lexicons(room)
        self.aiding = Aiding(room, self._aid)
        self.groups = Groups(room)
        self.tray = Tray(room, self.studio)
        self.feeds = Feeds(room, self.weeks)
        self.ordering = Ordering(room, self.planner)
        self.lexicon_views = LexiconViews(room)
        self.tuner, self.onair = Tuner(room), OnAir(room)
        self.broadcast_views = BroadcastViews(room)
        self.broadcasting = Broadcasting(room, self.onair, self.tuner, self.broadcast_views)
        self.sourcing = Sourcing(room, self.tuner)
        self.relaying = Relaying(room, self.onair, self.tuner, self.sourcing)
        self.taping, self.tapes = Taping(room, self.tuner, self._taker), TapeDesk(room)
        emission = Emission(room, showing)
        self.desk = Desk(
            Writing(room, self.studio, self.views.announcement),
            Withdrawing(room, self.views.announcement),
            Correcting(room, self.views.announcement),
            Recordings(room, self.recorder, self.views.announcement),
            Alarming(room, showing, emission),
            Stopping(room, emission, self.broadcasting),
        )
        self.intake = Intake(room, self._box)
        self.renewer = Renewer(room, showing)
        self.auditor = Auditor(room)
        self.corrector = Corrector(room)
        self.runner = Runner(room)

    def _begin(self) -> None:
        room = self.room
        room.link.start()
        self.runner.start(
            Loop(name="sender", wake=Wake.SENDER, turn=room.sender.turn),
            Loop(name="intake", wake=Wake.INTAKE, turn=self.intake.turn, gather_s=GATHER_S),
            Loop(name="renewer", wake=Wake.RENEWER, turn=self.renewer.turn),
            Loop(name="renderer", wake=Wake.RENDERER, turn=self.studio.turn),
            Loop(name="recorder", wake=Wake.RECORDER, turn=self.recorder.turn),
            Loop(name="lexicon", wake=Wake.LEXICON, turn=self.studio.reread),
            Loop(name="planner", wake=Wake.PLANNER, turn=self._plan),
            Loop(name="auditor", wake=Wake.AUDITOR, turn=self.auditor.turn),
            Loop(name="corrector", wake=Wake.CORRECTOR, turn=self.corrector.turn, gather_s=1.0),
            Loop(name="broadcasts", wake=Wake.BROADCASTS, turn=self.broadcasting.turn),
            Loop(name="relays", wake=Wake.RELAYS, turn=self.relaying.turn),
            Loop(name="tapes", wake=Wake.TAPES, turn=self.taping.turn),
            Loop(name="clearer", wake=None, turn=Clearer(room).turn),
            Loop(name="beacon", wake=None, turn=Pulse(room).turn),
            Loop(name="monitor", wake=None, turn=Watch(room).turn),
            Loop(name="clock", wake=None, turn=Timekeeper(room, self.clock).turn),
            Loop(name="ballast", wake=None, turn=self._lay_ballast),
        )

    async def _plan(self) -> datetime | None:
        wake_at = await self.planner.turn()
        if self.planner.last is not None and self.planner.last.published:
            self.metrics.programmes.inc(len(self.planner.last.published))
            self.signals.wake(Wake.SENDER)
            self.signals.tell(Topic.PROGRAMME)
        self.signals.wake(Wake.AUDITOR, Wake.CORRECTOR, Wake.RENDERER, Wake.RELAYS, Wake.TAPES)
        return wake_at

    async def _lay_ballast(self) -> datetime | None:
        if self._ballast is not None:
            await self.room.lanes.files.run(self._ballast.lay)
        return self.clock.now() + BALLAST_EVERY

    def _mail_came(self) -> None:
        self.signals.wake(Wake.INTAKE)

    def _link_turned(self, up: bool) -> None:
        self.signals.tell(Topic.LINK)
        self.metrics.link_up.set(up)
        if not up:
            self._lost_at = self.clock.now()
        else:
            # the broker may have lost everything: what is retained goes out again before what waits
            self._came_up = asyncio.get_running_loop().create_task(self._republish(), name="republish")

    async def _republish(self) -> None:
        try:
            count = await self.room.sender.republish()
            _log.info("documents.republished count=%s", count)
        except Exception:  # noqa: BLE001 - a link callback's task: the next link-up tries again
            _log.exception("documents.not_republished")
            self.signals.wake(Wake.SENDER)

    def _publish_keys(self, conn: Conn) -> None:
        """The key list is a retained document like the others."""
        keyring = self.room.keyring
        listed = keyring.key_list
        document = Document(
            topic=topics.keys(),
            kind=DocumentKind.KEYS,
            version=listed.version,
            content_hash=str(listed.version),
            payload=keyring.key_list_signed,
            signed_at=listed.issued_at,
            expires_at=listed.expires_at,
        )
        held = documents.get(conn, document.topic)
        if held is None or held.version < listed.version:
            documents.put(conn, document)
            outbox.post(conn, letter_for(document))

    def _renew_places(self, conn: Conn) -> None:
        """Settings or the epoch may have changed while nothing ran: who has a place is told of it at once."""
        renew_desired(conn, self.room, self.room.registry.nodes, self.clock.now())


def _clip_base(settings: Settings) -> str:
    return settings.public_base or f"http://{settings.host}:{settings.port}"
