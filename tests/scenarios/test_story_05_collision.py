"""Story 5: two priority items at one moment: the commune is asked; unanswered, the default is taken."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.access import Person
from controller.deploy.commune_data import QUANG_DIEN
from controller.errors import Problem
from controller.store import audit, occurrences
from schedules.announcement import AnnouncementId, BulletinClass
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, House, play
from tests.support.province import Above, above

AT = instant_of(DAY, time(5, 10))
WATER, MEETING = "Xả lũ hồ Tả Trạch", "Họp khẩn về đê"
HERE, THERE = FEW[:3], FEW[3]
URGENT = BulletinClass.PRIORITY


async def two_at_once(house: House) -> Above:
    """The province's item for everybody and the commune's own for its own ground, both at 05:10."""
    province = await above(house)
    await province.say(WATER, timing=Once(at=AT), bulletin_class=URGENT)
    await house.say(MEETING, timing=Once(at=AT), bulletin_class=URGENT)
    await house.rest(5)
    return province


async def answer(house: House, first: str, by: Person | None = None) -> None:
    (asked,) = await house.up.ordering.questions(by or house.author)
    sides = {side.title: side for side in (asked.first, asked.second)}
    chosen = sides.pop(first)
    (other,) = sides.values()
    await house.up.ordering.answer(
        by or house.author, (chosen.item, chosen.recurrence_at), (other.item, other.recurrence_at)
    )
    await house.rest(5)


async def titles(house: House) -> dict[str, str]:
    """What each claim of the day is called."""
    found = await house.up.db.read(occurrences.between, AT - timedelta(hours=2), AT + timedelta(hours=2))
    return {f"occurrence:{one.occurrence.id}": one.title for one in found}


def test_unanswered_the_higher_issuer_goes_first_everywhere_and_the_log_says_so(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        province = await two_at_once(house)
        (asked,) = await house.up.ordering.questions(house.author)
        seen["asked"] = asked
        assert await house.up.ordering.questions(house.cast["bientap.dd"]) == ()
        assert await house.up.ordering.questions(province.author) == (), (
            "the commune is asked, not the province"
        )
        await house.until(AT + timedelta(minutes=20))
        seen["titles"] = await titles(house)
        assert await house.up.ordering.questions(house.author) == (), "the moment has passed"
        seen["audit"] = await house.up.db.read(audit.newest, 50, None, asked.first.item)

    house = play(story, place)

    asked = seen["asked"]
    assert (asked.first.title, asked.second.title, asked.at) == (WATER, MEETING, AT)
    assert (asked.first.from_name, asked.second.from_name) == ("Thành phố Huế", "Xã Quảng Điền")
    assert not asked.answered
    for node in HERE:
        assert [seen["titles"][claim] for claim in house.claims(node)] == [WATER, MEETING]
        assert abs(house.heard(node)[0].begin.first_sample_at - AT) < timedelta(seconds=1)
    assert [seen["titles"][claim] for claim in house.claims(THERE)] == [WATER]
    assert [row.deed for row in seen["audit"] if row.deed.startswith("precedence")] == [
        "precedence.default_taken"
    ]


def test_answered_the_communes_own_goes_first_there_and_nobody_elsewhere_waits(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await two_at_once(house)
        await answer(house, MEETING)
        (asked,) = await house.up.ordering.questions(house.author)
        seen["asked"] = asked
        await house.until(AT + timedelta(minutes=20))
        seen["titles"] = await titles(house)
        day = await house.up.views.day(house.author, QUANG_DIEN, DAY)
        seen["verdicts"] = [await house.verdicts(one.occurrence) for one in day.occurrences]
        seen["audit"] = await house.up.db.read(audit.newest, 50, None, asked.first.item)

    house = play(story, place)

    assert (seen["asked"].first.title, seen["asked"].answered) == (MEETING, True)
    for node in HERE:
        meeting, water = house.heard(node)
        assert tuple(seen["titles"][span.begin.claim] for span in (meeting, water)) == (MEETING, WATER)
        assert abs(meeting.begin.first_sample_at - AT) < timedelta(seconds=1)
        assert meeting.end is not None
        assert meeting.end.ended_at <= water.begin.first_sample_at
    (elsewhere,) = house.heard(THERE)
    assert seen["titles"][elsewhere.begin.claim] == WATER
    assert abs(elsewhere.begin.first_sample_at - AT) < timedelta(seconds=1)
    assert all(set(row.values()) == {"aired"} for row in seen["verdicts"])
    deeds = [row.deed for row in seen["audit"] if row.deed.startswith("precedence")]
    assert deeds == ["precedence.answered"], "no default is noted where somebody answered"


def test_the_other_button_changes_the_answer_until_the_first_of_them_sounds(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await two_at_once(house)
        await answer(house, MEETING)
        await answer(house, WATER)
        await house.until(AT + timedelta(seconds=2))
        gone = (AnnouncementId("b-1"), AT), (AnnouncementId("b-2"), AT)
        with pytest.raises(Problem) as late:
            await house.up.ordering.answer(house.author, *gone)
        assert late.value.code == "E_NOT_FOUND"
        await house.until(AT + timedelta(minutes=20))
        seen["titles"] = await titles(house)

    house = play(story, place)

    for node in HERE:
        assert [seen["titles"][claim] for claim in house.claims(node)] == [WATER, MEETING]
    assert len(house.claims(THERE)) == 1
