"""An item for a group of nodes: exactly these nodes hear it, once, by the list that stands on its day."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import PROVINCE, QUANG_DIEN
from controller.dispatch.announcements.tray import Wanted
from controller.errors import Problem
from devices.messages import GroupId, NodeId
from schedules.announcement import AreaCode, BulletinClass
from schedules.calendar import instant_of
from schedules.recurrence import Once, Weekly
from tests.support.house import DAY, FEW, VILLAGE, House, play
from tests.support.province import above

SIX = instant_of(DAY, time(6, 0))
FIRST, SECOND, THIRD, ELSEWHERE = (NodeId(node) for node in FEW)


async def group(house: House, name: str, *nodes: NodeId, area: AreaCode = PROVINCE) -> GroupId:
    """Made by the administrator of the province."""
    made = await house.up.groups.make(house.cast["quantri.hue"], area, name, nodes, f"make {name}")
    return made.id


def test_exactly_the_nodes_of_the_group_hear_it(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        schools = await group(house, "Loa trường học", FIRST, THIRD, area=QUANG_DIEN)
        await house.rest(5)
        await house.say("Lịch khai giảng", targets=(), groups=(schools,), timing=Once(at=SIX))
        await house.until(SIX + timedelta(minutes=20))
        day = await house.up.views.day(house.author, QUANG_DIEN, DAY)
        seen["verdicts"] = await house.verdicts(day.occurrences[0].occurrence)
        seen["count"] = len(day.occurrences)

    house = play(story, place)

    assert [len(house.claims(node)) for node in FEW] == [1, 0, 1, 0]
    assert seen["verdicts"] == {FIRST: "aired", THIRD: "aired"}
    assert seen["count"] == 1


def test_a_node_that_its_village_and_its_group_reach_claims_it_once(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        schools = await group(house, "Loa trường học", SECOND, THIRD, area=QUANG_DIEN)
        await house.say("Khai giảng", targets=(VILLAGE,), groups=(schools,), timing=Once(at=SIX))
        await house.until(SIX + timedelta(minutes=20))
        day = await house.up.views.day(house.author, QUANG_DIEN, DAY)
        seen["verdicts"] = [await house.verdicts(one.occurrence) for one in day.occurrences]

    house = play(story, place)

    assert [len(house.claims(node)) for node in FEW] == [1, 1, 1, 0]
    assert [set(one) for one in seen["verdicts"]] == [{FIRST, SECOND, THIRD}]


def test_a_node_put_in_after_the_first_day_hears_the_next_and_one_taken_out_does_not(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        schools = await group(house, "Loa trường học", FIRST, SECOND, area=QUANG_DIEN)
        daily = Weekly(at=time(6, 0), days=frozenset(range(7)), first=DAY, last=DAY + timedelta(days=1))
        await house.say("Giờ vào lớp", targets=(), groups=(schools,), timing=daily)
        await house.until(SIX + timedelta(hours=1))
        admin = house.cast["quantri.hue"]
        await house.up.groups.fill(admin, schools, "fill", version=1, add=(THIRD,), remove=(SECOND,))
        await house.until(SIX + timedelta(days=1, minutes=20))
        day = await house.up.views.day(house.author, QUANG_DIEN, DAY + timedelta(days=1))
        seen["verdicts"] = await house.verdicts(day.occurrences[0].occurrence)

    house = play(story, place)

    assert [len(house.claims(node)) for node in FEW] == [2, 1, 1, 0]
    assert seen["verdicts"] == {FIRST: "aired", SECOND: "cancelled", THIRD: "aired"}


def test_an_offline_node_that_missed_a_change_of_the_list_hears_the_item_after_it_is_back(
    place: Path,
) -> None:
    async def story(house: House) -> None:
        schools = await group(house, "Loa trường học", FIRST, area=QUANG_DIEN)
        await house.say("Giờ vào lớp", targets=(), groups=(schools,), timing=Once(at=SIX))
        await house.rest(30)
        house.clients_away(THIRD)
        await house.rest(120)
        admin = house.cast["quantri.hue"]
        await house.up.groups.fill(admin, schools, "fill", version=1, add=(THIRD,))
        await house.rest(120)
        house.air.unblock(THIRD)
        await house.until(SIX + timedelta(minutes=20))

    house = play(story, place)

    assert [len(house.claims(node)) for node in FEW] == [1, 0, 1, 0]


def test_a_group_across_communes_asks_each_commune_and_priority_asks_none(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        province = await above(house)
        schools = await group(house, "Loa trường học", FIRST, ELSEWHERE)
        view = await province.say("Khai giảng", targets=(), groups=(schools,), timing=Once(at=SIX))
        await house.up.tray.accept(
            house.author, view.announcement.id, Wanted(timing=Once(at=SIX)), "a", seen=0
        )
        later = SIX + timedelta(minutes=10)
        await province.say(
            "Nghỉ học tránh bão",
            targets=(),
            groups=(schools,),
            timing=Once(at=later),
            bulletin_class=BulletinClass.PRIORITY,
        )
        await house.until(later + timedelta(minutes=20))
        day = await house.up.views.day(house.operator, PROVINCE, DAY)
        seen["verdicts"] = [await house.verdicts(one.occurrence) for one in day.occurrences]

    house = play(story, place)

    assert [len(house.claims(node)) for node in FEW] == [2, 0, 0, 1]
    assert seen["verdicts"] == [{FIRST: "aired"}, {FIRST: "aired", ELSEWHERE: "aired"}]


def test_a_deleted_group_and_one_of_other_ground_are_refused(place: Path) -> None:
    async def story(house: House) -> None:
        admin = house.cast["quantri.hue"]
        theirs = await group(house, "Loa chợ", ELSEWHERE, area=AreaCode("19885"))
        wide = await group(house, "Loa thành phố", FIRST)
        gone = await group(house, "Loa cũ", FIRST, area=QUANG_DIEN)
        await house.up.groups.delete(admin, gone, "gone", version=1)
        for name in (theirs, wide, gone, GroupId("g-0123")):
            with pytest.raises(Problem) as refused:
                await house.write("Họp", targets=(), groups=(name,))
            assert (refused.value.code, refused.value.field) == ("E_FIELD", "groups")
        with pytest.raises(Problem) as nowhere:
            await house.write("Họp", targets=())
        assert nowhere.value.code == "E_TARGET_EMPTY"

    play(story, place)
