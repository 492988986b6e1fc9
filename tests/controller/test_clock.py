"""The clock: aware, in UTC, and virtual where its loop is."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

from controller.clock import LoopClock, SteadyClock, SystemClock
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


class Machine:
    """A clock whose wall and counter are set by hand."""

    def __init__(self) -> None:
        self.wall, self.counter = START.astimezone(UTC), 100.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.counter

    def lives(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.counter += seconds


def test_a_steady_clock_follows_small_steps_and_no_leap() -> None:
    machine = Machine()
    clock = SteadyClock(machine)
    machine.lives(5)
    machine.wall += timedelta(seconds=1)
    assert clock.look() is False
    assert clock.now() == machine.wall
    machine.wall += timedelta(hours=1)
    before = clock.now()
    assert clock.look() is True
    assert clock.leap is not None
    assert clock.leap.by == timedelta(hours=1)
    assert clock.look() is False
    machine.lives(5)
    assert clock.now() == before + timedelta(seconds=5)
    machine.wall -= timedelta(hours=1)
    assert clock.look() is True
    assert clock.leap is None
    assert clock.now() == machine.wall


def test_the_fleet_can_vouch_for_the_machine_and_never_for_anything_else() -> None:
    machine = Machine()
    clock = SteadyClock(machine)
    machine.wall += timedelta(hours=2)
    clock.look()
    assert clock.look(timedelta(seconds=3)) is False, "the nodes agree with the house"
    assert clock.look(timedelta(hours=1)) is False, "the nodes say something else altogether"
    assert clock.leap is not None
    assert clock.look(timedelta(hours=2, seconds=9)) is True
    assert clock.now() == machine.wall
