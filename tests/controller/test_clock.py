"""The clock: aware, in UTC, and virtual where its loop is."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

from controller.clock import LoopClock, SystemClock
from tests.support.virtual_time import VirtualLoop

START = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=7)))


def test_the_systems_clock_is_aware_and_its_monotonic_side_never_runs_back() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.monotonic() <= clock.monotonic()


def test_a_loop_clock_moves_with_its_loop_alone() -> None:
    async def story(clock: LoopClock) -> None:
        assert clock.now() == datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
        assert clock.now().tzinfo is UTC
        await asyncio.sleep(86_400)
        assert clock.now() == datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
        assert clock.monotonic() == 86_400

    loop = VirtualLoop()
    try:
        loop.run_until_complete(story(LoopClock(loop, START)))
    finally:
        loop.close()
