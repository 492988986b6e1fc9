"""One simulated node in the world: it owns link, flash, player and crystal, and does what the step says."""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from devices import topics
from devices.link import Arrival, Ears, Link, Session, Will
from devices.messages import BootId, BulletinClass, ClipHash, NodeId, State
from devices.signing import SigningKey, sign
from firmware_sim import flash as rows
from firmware_sim import node
from firmware_sim.clock import Oscillator, World
from firmware_sim.effects import (
    Arrived,
    CheckClips,
    ClipsChecked,
    Effect,
    Examine,
    FeedSound,
    Fetch,
    Fetched,
    Forget,
    Input,
    Keep,
    LinkDown,
    LinkUp,
    Look,
    Send,
    Sensed,
    SoundBegan,
    SoundOver,
    StartSound,
    StopSound,
    StoreFull,
    Subscribe,
    Sync,
    Tick,
    Unsubscribe,
)
from firmware_sim.fetch import Fetcher
from firmware_sim.flash import Flash, FlashFull, alter
from firmware_sim.journal import Journal
from firmware_sim.player import Player
from firmware_sim.power import Identity
from firmware_sim.reading import examine, power_on_from, spoilt
from firmware_sim.sense import Surroundings
from firmware_sim.state import Habits, NodeState, Step
from firmware_sim.tape import Tape

LinkMaker = Callable[[NodeId, Will, Ears], Link]
"""A link of this node with this will and these ears, not yet started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """How this node was built, beyond who it is: a chip with a battery, and how well its crystal counts."""

    rtc: bool = True
    rtc_offset_s: float = 0.0
    drift_ppm: float = 0.0
    alter_clip: int = 0


class Body:
    """A node that can be powered on and cut off; ``on_fault`` hears of its own errors."""

    def __init__(
        self,
        *,
        identity: Identity,
        key: SigningKey,
        habits: Habits,
        make: Make,
        flash: Flash,
        fetcher: Fetcher,
        link: LinkMaker,
        journal: Journal,
        world: World,
        rng: random.Random,
        on_fault: Callable[[NodeId, Exception], None],
        tape: Tape | None = None,
    ) -> None:
        self.node = identity.node
        self.flash = flash
        self._identity = identity
        self._key = key
        self._habits = habits
        self._make = make
        self._fetcher = fetcher
        self._link_maker = link
        self._world = world
        self._rng = rng
        self._on_fault = on_fault
        self._player = Player(self.node, journal, world, self._over, tape)
        self._crystal = Oscillator(boot_mono=0.0)
        self._link: Link | None = None
        self._away = False
        self._state: NodeState | None = None
        self._inbox: deque[Input] = deque()
        self._drain_soon: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun: dict[ClipHash, bytes] = {}
        self._stored = 0
        self._began: SoundBegan | None = None
        self._began_soon: asyncio.TimerHandle | None = None

    @property
    def powered(self) -> bool:
        """Whether it runs."""
        return self._state is not None

    @property
    def state(self) -> NodeState:
        """What it knows; only while powered."""
        assert self._state is not None
        return self._state

    @property
    def around(self) -> Surroundings:
        """The physical truth around it."""
        return self._player.around

    def surround(self, around: Surroundings) -> None:
        """Changes the physical truth around it."""
        self._player.around = around

    def power_on(self) -> None:
        """Boots out of flash and begins to connect. Needs a running loop."""
        if self._state is not None:
            return
        mono = asyncio.get_running_loop().time()
        self._crystal = Oscillator(boot_mono=mono, drift_ppm=self._make.drift_ppm)
        boot = BootId(f"b{self._rng.getrandbits(64):016x}")
        now = self._world.at(mono) + timedelta(seconds=self._make.rtc_offset_s)
        given = power_on_from(
            self.flash,
            boot=boot,
            boot_nonce=f"{self._rng.getrandbits(128):032x}",
            rtc_at=now if self._make.rtc else None,
        )
        first = node.boot(self._identity, self._habits, given)
        offline = State(node=self.node, boot=boot, online=False)
        will = Will(topic=topics.state(self.node), payload=sign(offline, self._key))
        self._link = self._link_maker(self.node, will, _BodyEars(self._feed))
        self._take(first)
        if not self._away:
            self._link.start()

    def power_cut(self) -> None:
        """Everything ends at once; flash loses what was not synced; the broker publishes the will."""
        if self._state is None:
            return
        self._halt()
        if self._link is not None:
            self._link.cut()
        self.flash.cut()

    async def shut_down(self) -> None:
        """An orderly end: offline is said, the link says goodbye."""
        if self._state is None:
            return
        boot = self._state.boot
        self._halt()
        if self._link is not None:
            offline = State(node=self.node, boot=boot, online=False)
            self._link.post(topics.state(self.node), sign(offline, self._key), qos=1, retain=True)
            await self._link.stop()
        self.flash.sync()

    def link_down(self) -> None:
        """The network goes away; the node goes on by itself."""
        self._away = True
        if self._link is not None:
            self._link.cut()

    def link_up(self) -> None:
        """The network is back."""
        if self._away:
            self._away = False
            if self._link is not None and self._state is not None:
                self._link.start()

    def alter_clip(self, sha: str | None = None) -> str | None:
        """Bit rot in one stored copy (the named, else the first); its name, or None where there is none."""
        chosen = sha if sha is not None else next(iter(self.flash.rows(rows.CLIPS)), None)
        return chosen if chosen is not None and alter(self.flash, chosen) else None

    def _halt(self) -> None:
        self._player.stop()
        self._state = None
        self._inbox.clear()
        self._begun.clear()
        for handle in (self._timer, self._drain_soon, self._began_soon):
            if handle is not None:
                handle.cancel()
        self._began, self._began_soon = None, None
        self._timer, self._drain_soon, self._timer_at = None, None, None
        for task in self._tasks:
            task.cancel()

    def _feed(self, given: Input) -> None:
        """Appends; the loop's next turn takes it up."""
        if self._state is not None:
            self._inbox.append(given)
            if self._drain_soon is None:
                self._drain_soon = asyncio.get_running_loop().call_soon(self._drain)

    def _drain(self) -> None:
        self._drain_soon = None
        loop = asyncio.get_running_loop()
        while self._inbox and self._state is not None:
            given = self._inbox.popleft()
            try:
                self._take(node.step(self._state, given, self._crystal.read(loop.time())))
            except Exception as error:  # noqa: BLE001 - top of the node's loop: one bad input must not end it
                self._on_fault(self.node, error)

    def _take(self, step: Step) -> None:
        self._state = step.state
        self._set_timer(step.wake_at)
        for effect in step.effects:
            self._carry_out(effect)

    def _set_timer(self, wake_at: float | None) -> None:
        if wake_at == self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = wake_at
        if wake_at is not None:
            loop = asyncio.get_running_loop()
            # A hair later than asked: rounding must not wake a node before its moment.
            self._timer = loop.call_at(self._crystal.when(wake_at) + 1e-4, self._woken)

    def _woken(self) -> None:
        self._timer, self._timer_at = None, None
        self._inbox.append(Tick())
        self._drain()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Keep(table=table, key=key, value=value):
                self._keep(table, key, value)
            case Sync():
                self.flash.sync()
            case StartSound():
                self._start_sound(effect)
            case FeedSound():
                self._player.feed(effect)
            case StopSound():
                over = self._player.stop()
                if over is not None:
                    self._over(over)
            case Send(topic=topic, message=message, qos=qos, retain=retain):
                if self._link is not None:
                    self._link.post(topic, sign(message, self._key), qos=qos, retain=retain)
            case Forget(table=table, key=key):
                self.flash.erase(table, key)
            case Subscribe(filters=filters):
                if self._link is not None:
                    self._link.subscribe(filters)
            case Unsubscribe(filters=names):
                if self._link is not None:
                    self._link.unsubscribe(names)
            case Examine(claim=claim, sha256=sha):
                self._feed(examine(self.flash, claim, sha))
            case CheckClips(clips=clips):
                self._feed(ClipsChecked(spoilt=spoilt(self.flash, clips)))
            case Look():
                free_mb = self.flash.free_bytes() // 1_000_000
                self._feed(Sensed(look=self._player.look(), storage_free_mb=free_mb))
            case Fetch():
                task = asyncio.get_running_loop().create_task(self._fetch(effect))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _keep(self, table: str, key: str, value: bytes) -> None:
        try:
            self.flash.write(table, key, value)
        except FlashFull:
            self._feed(StoreFull(table=table, key=key))
            return
        if table == rows.CLIPS:
            self._stored += 1
            if self._stored == self._make.alter_clip:
                alter(self.flash, key)

    def _start_sound(self, start: StartSound) -> None:
        clip = self.flash.read(rows.CLIPS, start.clip) if start.clip is not None else None
        trouble = self._player.start(start, clip)
        if trouble is not None:
            self._feed(trouble)
            return
        if not self._player.playing:
            return
        # The report of a siren can wait; the first samples of a thousand neighbours can't. From the report on
        # the position is noted: what goes on after a power cut, as no emergency does, needs it in its second.
        wait_s = self._habits.chores_wait_s if start.bulletin_class is BulletinClass.EMERGENCY else 0.0
        self._began = SoundBegan(number=start.number)
        self._began_soon = asyncio.get_running_loop().call_later(wait_s, self._tell_began)

    def _tell_began(self) -> None:
        if self._began_soon is not None:
            self._began_soon.cancel()
            self._began_soon = None
        if self._began is not None:
            self._feed(self._began)
            self._began = None

    def _over(self, over: SoundOver) -> None:
        self._tell_began()
        self._feed(over)

    async def _fetch(self, order: Fetch) -> None:
        await asyncio.sleep(self._rng.uniform(0.0, order.spread_s))
        begun = self._begun.get(order.sha256, b"")
        haul = await self._fetcher.fetch(order.base, order.sha256, order.size, begun)
        if haul.complete:
            self._begun.pop(order.sha256, None)
            self._feed(Fetched(sha256=order.sha256, data=haul.data))
        else:
            self._begun[order.sha256] = haul.data
            self._feed(Fetched(sha256=order.sha256, data=None, reason=haul.reason))


class _BodyEars:
    """What the link may do: append."""

    def __init__(self, feed: Callable[[Input], None]) -> None:
        self._feed = feed

    def up(self, session: Session) -> None:
        self._feed(LinkUp(protocol=session.protocol))

    def down(self, reason: str) -> None:
        self._feed(LinkDown())

    def heard(self, arrival: Arrival) -> None:
        self._feed(Arrived(topic=arrival.topic, payload=arrival.payload, retained=arrival.retained))
