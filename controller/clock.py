"""The one home of the clock: what time it is, and how much of it has passed."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

STEP = timedelta(seconds=2)
"""More than this between two looks is no correction of the clock but a leap (PROMISES 3.7)."""
AGREES = timedelta(seconds=30)
"""So close must the fleet's time be to the machine's to vouch for it."""


class Clock(Protocol):
    """Wall time decides what is due; monotonic seconds decide how long to wait."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards, also while the machine sleeps (F52)."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leap:
    """The machine's clock stands ``by`` ahead of the house's since ``since_at`` (in the house's time)."""

    by: timedelta
    since_at: datetime


class SteadyClock:
    """The machine's clock, followed step by step and not in its leaps.

    Between two looks time is counted by the monotonic clock. A leap of the wall clock is held back: a house
    that believed it would plan a burst or repeat a morning, and its alerts would be refused as issued in the
    future. It ends when the machine is right again, or when the nodes, who keep their own time, agree with
    the machine (a machine that was frozen wakes up right and finds its own counting wrong).
    """

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self._base_at = machine.now()
        self._base_mono = machine.monotonic()
        self.leap: Leap | None = None

    def now(self) -> datetime:
        """The present instant, aware, in UTC; never a leap of the machine's."""
        return self._base_at + timedelta(seconds=self._machine.monotonic() - self._base_mono)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return self._machine.monotonic()

    def look(self, fleet_ahead: timedelta | None = None) -> bool:
        """Compare with the machine; call it every few seconds. Whether a leap began or ended.

        ``fleet_ahead`` is how far the nodes' time is ahead of the house's, where enough of them tell.
        """
        gap = self._machine.now() - self.now()
        vouched = fleet_ahead is not None and abs(fleet_ahead) > AGREES and abs(fleet_ahead - gap) <= AGREES
        if abs(gap) <= STEP or (vouched and self.leap is not None):
            self._base_at = self._machine.now()
            self._base_mono = self._machine.monotonic()
            ended, self.leap = self.leap is not None, None
            return ended
        if self.leap is not None and abs(self.leap.by - gap) <= STEP:
            return False
        self.leap = Leap(by=gap, since_at=self.now())
        return True


class LoopClock:
    """The time of an event loop, which may be virtual: ``start`` plus what the loop says has passed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        self._loop = loop
        self._origin = loop.time()
        self._start = start.astimezone(UTC)

    def now(self) -> datetime:
        """``start`` plus the seconds that the loop has lived since this clock was made."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """The loop's seconds since this clock was made."""
        return self._loop.time() - self._origin
