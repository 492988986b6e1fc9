"""What is approved and can't be heard any more, or finds no place, has its outcome all the same."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.store import occurrences, unplaced
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, VILLAGE, House, play

AT = instant_of(DAY, time(6, 0))
HOUR = timedelta(hours=1)
LONG = "Kính mời bà con đến nhà văn hóa thôn dự họp. " * 20


@pytest.mark.promise("P1", "F01")
@pytest.mark.parametrize(
    ("away", "ruling"),
    [(timedelta(hours=3), ("expired", "late")), (timedelta(days=2), ("missed", "planned_late"))],
)
def test_an_item_whose_controller_was_away_until_its_end_is_missed_and_says_why(
    place: Path, away: timedelta, ruling: tuple[str, str]
) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        view = await house.write("Họp thôn", targets=(VILLAGE,), timing=Once(at=AT), expires_at=AT + HOUR)
        await house.rest(30)
        item = view.announcement.id
        await house.approve(item)
        await house.kill()
        await house.until(AT + away)
        await house.open()
        await house.rest(10)
        (planned,) = await house.up.db.read(occurrences.of_item, item)
        seen["rulings"] = [row.ruling for row in await house.deliveries(planned.occurrence.id)]

    play(story, place)

    assert seen["rulings"]
    assert {(one.verdict.value, one.reason) for one in seen["rulings"]} == {ruling}


@pytest.mark.promise("P1")
def test_an_item_that_found_no_place_leaves_its_reason_behind(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.say("Họp thôn", text=LONG, targets=(VILLAGE,), timing=Once(at=AT))
        await house.rest(60)
        crowded = await house.say(
            "Cắt điện",
            targets=(VILLAGE,),
            timing=Once(at=AT + timedelta(seconds=5)),
            expires_at=AT + timedelta(seconds=20),
        )
        await house.until(AT + timedelta(days=1))
        seen["planned"] = await house.up.db.read(occurrences.of_item, crowded.announcement.id)
        seen["unplaced"] = await house.up.db.read(unplaced.between, AT, AT + HOUR)
        seen["item"] = crowded.announcement.id

    play(story, place)

    assert seen["planned"] == ()
    (refusal,) = seen["unplaced"]
    assert (refusal.item, refusal.code) == (seen["item"], "E_EXPIRED")
    assert refusal.vi
