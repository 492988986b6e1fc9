"""Story 6: an emergency in the middle of an item; the item goes on afterwards, and a stop ends everything."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.dispatch.forms.alerts import Hand
from devices.messages import BulletinClass
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, House, play

LONG = "Kính mời toàn thể bà con đến nhà văn hóa thôn dự họp bàn việc làm đường liên thôn. " * 12
AT = instant_of(DAY, time(6, 0))
A, B = FEW[0], FEW[2]


async def in_the_middle(house: House) -> Any:
    """A long item sounds, and its tenth second has come."""
    view = await house.say("Họp thôn", text=LONG, timing=Once(at=AT))
    await house.until(AT + timedelta(seconds=10))
    return view


@pytest.mark.promise("F56", "P3")
def test_the_siren_cuts_the_item_at_once_the_words_follow_and_the_item_goes_on(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await in_the_middle(house)
        alert = await house.alarm()
        seen["alert"] = alert
        await house.rest(300)
        seen["view"] = await house.up.views.alert(house.operator, alert.id)
        day = await house.up.views.day(house.author, house.author.area, DAY)
        seen["verdicts"] = await house.verdicts(day.occurrences[0].occurrence)
        seen["rounds"] = await house.verdicts(alert.id)

    house = play(story, place)

    for node in (A, B):
        item, tone, words, rest = house.heard(node)[:4]
        assert item.begin.bulletin_class is BulletinClass.NORMAL
        assert tone.begin.part == "tone"
        assert (tone.begin.first_sample_at - seen["alert"].issued_at).total_seconds() < 1.0
        assert words.begin.part == "words"
        assert rest.begin.claim == item.begin.claim
        assert rest.begin.from_ms > 5_000, "it goes on where it was cut"
        assert item.end is not None
        assert item.end.to_ms - rest.begin.from_ms < 3_000
    assert seen["verdicts"][A] == "aired"
    assert set(seen["rounds"].values()) == {"aired"}
    assert seen["view"].total.heard == 3
    assert seen["view"].broker_ms is not None


def test_the_other_commune_hears_nothing_of_it(place: Path) -> None:
    async def story(house: House) -> None:
        await house.until(AT)
        await house.alarm()
        await house.rest(120)

    house = play(story, place)

    assert house.heard(A) != ()
    assert house.heard(FEW[3]) == ()


@pytest.mark.promise("P4", "F57")
def test_stop_all_ends_the_alert_and_the_item_and_nothing_resumes(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await in_the_middle(house)
        alert = await house.alarm()
        await house.rest(15)
        stopped = await house.up.desk.stop_all(house.operator, house.author.area, "stop-1")
        seen["at"] = stopped.at
        seen["stopped"] = stopped
        await house.rest(600)
        seen["alert"] = await house.up.views.alert(house.operator, alert.id)
        seen["verdicts"] = await house.verdicts(alert.id)

    house = play(story, place)

    assert seen["stopped"].cancelled == (seen["alert"].id,)
    for node in (A, B):
        last = house.heard(node)[-1]
        assert last.end is not None
        assert (last.end.ended_at - seen["at"]).total_seconds() < 3.0
        assert len(house.heard(node)) == 2, "the item, the siren, and nothing after the stop"
    assert seen["alert"].phase == "cancelled"
    assert set(seen["verdicts"].values()) == {"cancelled"}


@pytest.mark.promise("F70")
def test_pressing_fire_five_times_is_one_alert(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        first = await house.alarm(key="one")
        again = [await house.up.desk.fire(house.operator, first.id, "Xã Quảng Điền", "one") for _ in range(4)]
        seen["ids"] = {first.id, *(view.id for view in again)}
        await house.rest(120)

    house = play(story, place)

    assert len(seen["ids"]) == 1
    assert [span.begin.part for span in house.heard(A)] == ["tone", "words"]


def test_an_all_clear_is_heard_and_ends_the_alert(place: Path) -> None:
    async def story(house: House) -> None:
        await house.until(AT)
        alert = await house.alarm()
        await house.rest(120)
        await house.take_back(alert.id, Hand.ALL_CLEAR)
        await house.rest(100)

    house = play(story, place)

    assert [span.begin.part for span in house.heard(A)] == ["tone", "words", "tone", "words"]
