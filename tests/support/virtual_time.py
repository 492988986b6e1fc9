"""An event loop whose clock jumps to the next timer: a day passes in milliseconds, a deadlock is an error."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

Result = TypeVar("Result")

DEFAULT_START = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


class Deadlock(Exception):
    """Nothing is ready and no timer is set: in real life this would wait for ever."""


class TimeLimit(Exception):
    """The virtual clock has passed the limit that the test set."""


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting it lets the loop's clock jump."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0
        self.limit = float("inf")

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Deadlock(f"nothing can happen any more after {self.passed:.3f} virtual seconds")
        self.passed += timeout
        if self.passed > self.limit:
            raise TimeLimit(f"not finished after {self.limit:g} virtual seconds")
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop in virtual time. No real I/O and no threads inside."""

    def __init__(self, start: datetime = DEFAULT_START, limit: timedelta | None = None) -> None:
        self._jumps = _JumpingSelector()
        self._start = start
        if limit is not None:
            self._jumps.limit = limit.total_seconds()
        super().__init__(self._jumps)

    def time(self) -> float:
        """Virtual monotonic seconds; they begin at 0."""
        return self._jumps.passed

    def wall(self) -> datetime:
        """The virtual wall clock (UTC)."""
        return self._start + timedelta(seconds=self._jumps.passed)


def wall() -> datetime:
    """The wall clock of the virtual loop that is running."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.wall()


def run_virtual(
    story: Coroutine[Any, Any, Result] | Callable[[], Coroutine[Any, Any, Result]],
    *,
    start: datetime = DEFAULT_START,
    limit: timedelta | None = None,
) -> Result:
    """Run a story in virtual time that begins at ``start``; its result.

    Raises Deadlock when nothing can happen any more, TimeLimit when ``limit`` of virtual time has passed.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start, limit)) as runner:
        return runner.run(story() if callable(story) else story)
