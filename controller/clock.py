"""The one home of the clock: what time it is, and how much of it has passed."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


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
        """Seconds that never run backwards."""
        return time.monotonic()


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
