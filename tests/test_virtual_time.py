"""The virtual clock of the scenarios: it jumps, keeps order, and turns a hang into an error."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.virtual_time import Deadlock, TimeLimit, run_virtual, wall

START = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def test_a_day_passes_in_an_instant_and_the_wall_clock_with_it() -> None:
    async def story() -> tuple[datetime, int]:
        ticks = 0
        for _ in range(24 * 60):
            await asyncio.sleep(60)
            ticks += 1
        return wall(), ticks

    began = time.perf_counter()
    assert run_virtual(story, start=START) == (START + timedelta(days=1), 1440)
    assert time.perf_counter() - began < 5


def test_timers_fire_in_the_order_of_their_instants() -> None:
    async def story() -> list[int]:
        seen: list[int] = []

        async def at(second: int) -> None:
            await asyncio.sleep(second)
            seen.append(second)

        await asyncio.gather(*(at(second) for second in (3600, 5, 86_400, 1, 40)))
        return seen

    assert run_virtual(story) == [1, 5, 40, 3600, 86_400]


def test_timeouts_are_virtual_too() -> None:
    async def story() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1000):
                await asyncio.sleep(5000)
        return asyncio.get_running_loop().time()

    assert run_virtual(story) == pytest.approx(1000)


def test_a_week_of_sums_loses_no_time() -> None:
    async def story() -> float:
        for _ in range(60_480):
            await asyncio.sleep(10.001)
        return asyncio.get_running_loop().time()

    assert run_virtual(story) == pytest.approx(604_860.48, abs=1e-3)


def test_a_story_that_waits_for_nothing_is_an_error_not_a_hang() -> None:
    async def story() -> None:
        await asyncio.sleep(3)
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match=r"after 3\.000"):
        run_virtual(story)


def test_a_story_that_never_ends_is_stopped_at_its_limit() -> None:
    async def story() -> None:
        while True:
            await asyncio.sleep(1)

    with pytest.raises(TimeLimit):
        run_virtual(story, limit=timedelta(hours=1))
