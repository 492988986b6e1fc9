"""The loops of the controller: each waits for its signal or its instant and outlives its own errors."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.clock import SteadyClock
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.fleet import monitor as fleet_monitor
from controller.store import audit
from devices import topics
from devices.messages import Beacon, TenantId

LONGEST_SLEEP_S = 30.0
GATHER_S = 0.02
AFTER_ERROR_S = 1.0
BEACON_EVERY = timedelta(seconds=60)
LOOK_EVERY = timedelta(seconds=5)
_log = logging.getLogger("loa.runner")

Turn = Callable[[], Awaitable[datetime | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """One loop: ``turn`` does what is due and says when to be asked again (None: only when woken)."""

    name: str
    wake: Wake | None
    turn: Turn
    gather_s: float = 0.0


class Runner:
    """Starts the loops and ends them; counts what went wrong in each."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._tasks: list[asyncio.Task[None]] = []
        self.errors: Counter[str] = Counter()

    def start(self, *loops: Loop) -> None:
        for loop in loops:
            self._tasks.append(asyncio.create_task(self._run(loop), name=f"loop {loop.name}"))

    async def stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, loop: Loop) -> None:
        while True:
            try:
                wake_at = await loop.turn()
            except Exception:  # noqa: BLE001 - top of a loop: one bad turn must not end it
                self.errors[loop.name] += 1
                _log.exception("turn.failed loop=%s", loop.name)
                await asyncio.sleep(AFTER_ERROR_S)
                continue
            if await self._woken(loop, wake_at) and loop.gather_s:
                # what comes within a moment shares one transaction
                await asyncio.sleep(loop.gather_s)

    async def _woken(self, loop: Loop, wake_at: datetime | None) -> bool:
        """Wait for the signal or the instant; wall time is looked at anew every 30 s (F44, F52)."""
        clock, signals = self._room.clock, self._room.signals
        while True:
            left = LONGEST_SLEEP_S
            if wake_at is not None:
                left = (wake_at - clock.now()).total_seconds()
                if left <= 0:
                    return False
            step = min(left, LONGEST_SLEEP_S)
            if loop.wake is None:
                await asyncio.sleep(step)
            elif await signals.wait(loop.wake, step):
                return True


class Pulse:
    """The signed time beacon with the head of the audit (PROMISES 3.10)."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def turn(self) -> datetime | None:
        room = self._room
        head = await room.db.read(audit.head)
        now = room.clock.now()
        beacon = Beacon(
            tenant=TenantId(room.tenant), epoch=room.epoch, now=now, audit_n=head.n, audit_head=head.hash
        )
        room.link.post(topics.time(), room.keyring.sign(beacon))
        return now + BEACON_EVERY


class Timekeeper:
    """Looks at the machine's clock every few seconds; a leap is held back, said on every page and audited."""

    def __init__(self, room: Room, clock: SteadyClock) -> None:
        self._room = room
        self._clock = clock

    async def turn(self) -> datetime | None:
        room, clock = self._room, self._clock
        before = clock.leap
        ahead = room.monitor.ahead(before.since_at) if before is not None else None
        if clock.look(ahead):
            leap = clock.leap
            by_ms = (leap.by if leap is not None else timedelta()) // timedelta(milliseconds=1)
            _log.warning("clock.%s by_ms=%s", "leapt" if leap is not None else "rejoined", by_ms)
            deed = "clock.leapt" if leap is not None else "clock.rejoined"
            await room.db.write(audit.append, clock.now(), "loa", deed, "clock", {"by_ms": by_ms})
            room.signals.tell(Topic.LINK)
            room.signals.wake(Wake.PLANNER)
        return clock.now() + LOOK_EVERY


class Watch:
    """Silence becomes a fault in time (P5): every node is looked at every few seconds."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def turn(self) -> datetime | None:
        room = self._room
        now = room.clock.now()
        room.monitor.tick(now)
        for condition, count in room.monitor.counts().items():
            room.metrics.nodes.labels(condition.value).set(count)
        if room.monitor.waiting:
            changes = room.monitor.take()
            try:
                await room.db.write(fleet_monitor.save, changes, room.registry.areas)
            except BaseException:
                room.monitor.restore(changes)
                raise
            for live in changes.lives:
                room.signals.tell(Topic.NODE, live.node)
        return now + LOOK_EVERY
