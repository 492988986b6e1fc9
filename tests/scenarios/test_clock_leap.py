"""The controller's clock leaps while it runs: nobody hears a burst, and the flood is heard at once."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.store import audit
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, House, play

AT = instant_of(DAY, time(6, 0))
YEAR = timedelta(days=365)


@pytest.mark.promise("F44", "F45")
@pytest.mark.parametrize(
    "leap", [timedelta(hours=1), timedelta(days=1), YEAR, -timedelta(hours=1), -timedelta(days=1)], ids=str
)
def test_a_leap_of_the_clock_is_held_back_and_everything_is_heard_in_time(
    leap: timedelta, place: Path
) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.say("Họp thôn", timing=Once(at=AT))
        await house.rest(30)
        house.clock.skew = leap
        await house.rest(30)
        assert house.up.leap is not None
        seen["by"] = house.up.leap.by
        await house.say("Mất nước")
        await house.rest(60)
        pressed = house.clock.now() - leap
        await house.alarm(ends_at=house.up.clock.now() + timedelta(seconds=60))
        await house.rest(120)
        first = next(one.begin for one in house.heard(FEW[0]) if one.begin.part == "tone")
        seen["late"] = first.first_sample_at - pressed
        house.clock.skew = timedelta()
        await house.rest(30)
        assert house.up.leap is None
        await house.until(AT + timedelta(minutes=5))
        book = await house.up.db.read(audit.newest, 200)
        seen["deeds"] = [row.deed for row in book if row.deed.startswith("clock.")]

    house = play(story, place)

    assert abs(seen["by"] - leap) < timedelta(seconds=1)
    assert seen["late"] < timedelta(seconds=3)
    for node in FEW[:2]:
        ordinary = [claim for claim in house.claims(node) if claim.startswith("occurrence")]
        assert len(ordinary) == len(set(ordinary)) == 2, "the meeting and the water, once each"
    assert sorted(seen["deeds"]) == ["clock.leapt", "clock.rejoined"]


@pytest.mark.promise("F52")
def test_a_machine_that_woke_up_in_the_past_believes_its_clock_once_the_nodes_vouch_for_it(
    place: Path,
) -> None:
    """A virtual machine that stood still counts on from where it was; only its wall clock is put right."""

    async def story(house: House) -> None:
        await house.say("Họp thôn", timing=Once(at=AT))
        await house.rest(120)
        await house.kill()
        house.clock.skew = timedelta(hours=-2)
        await house.open()
        await house.rest(30)
        house.clock.skew = timedelta()
        await house.rest(3)
        assert house.up.clock.now() < house.clock.now() - timedelta(hours=1)
        await house.rest(60)
        assert house.up.leap is None
        assert abs(house.up.clock.now() - house.clock.now()) < timedelta(seconds=2)
        await house.until(AT + timedelta(minutes=3))

    house = play(story, place)

    assert [len(house.claims(node)) for node in FEW[:3]] == [1, 1, 1]
