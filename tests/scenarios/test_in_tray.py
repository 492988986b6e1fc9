"""The in-tray: an ordinary bulletin from above is heard in a commune when and if that commune chose so."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.access import Person
from controller.deploy.commune_data import DAN_DIEN, PROVINCE, QUANG_DIEN
from controller.dispatch.announcements.tray import Wanted
from controller.errors import Problem
from controller.store import audit
from schedules.announcement import BulletinClass
from schedules.calendar import instant_of
from schedules.reach import Choice
from schedules.recurrence import NextSession, Once, Weekly
from tests.support.house import DAWN, DAY, FEW, House, play
from tests.support.province import above
from tests.support.virtual_time import wall

HERE, THERE = FEW[:3], FEW[3]
SIX = instant_of(DAY, time(6, 0))


def there(house: House) -> Person:
    return house.cast["bientap.dd"]


def test_unanswered_it_is_heard_nowhere_and_both_sides_see_it_wait(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        province = await above(house)
        view = await province.say("Phòng chống sốt xuất huyết", timing=Once(at=SIX))
        seen["tray"] = await house.up.tray.items(house.author)
        seen["open"] = await house.up.tray.unanswered(province.author)
        await house.until(SIX + timedelta(minutes=20))
        seen["across"] = await house.up.tray.across(province.author, view.announcement.id)
        seen["item"] = view.announcement.id

    house = play(story, place)

    assert all(house.claims(node) == [] for node in FEW)
    assert [(one.announcement.title, one.choice) for one in seen["tray"]] == [
        ("Phòng chống sốt xuất huyết", Choice.OPEN)
    ]
    assert seen["tray"][0].from_name == "Thành phố Huế"
    assert seen["open"] == {seen["item"]: 2}
    assert [(line.name, line.choice, line.aired) for line in seen["across"]] == [
        ("Xã Quảng Điền", Choice.OPEN, 0),
        ("Xã Đan Điền", Choice.OPEN, 0),
    ]


def test_each_commune_hears_it_when_it_chose_and_a_refusal_is_told_with_its_reason(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        province = await above(house)
        view = await province.say("Phòng chống sốt xuất huyết", timing=Once(at=SIX))
        item, tray = view.announcement.id, house.up.tray
        half_past = instant_of(DAY, time(5, 30))
        await house.add_session(time(5, 30))
        await house.rest(5)
        shown = await tray.one(house.author, item)
        seen["runs"] = [run.start_at for run in shown.runs]
        await tray.accept(house.author, item, Wanted(timing=NextSession()), "nhan-1", seen=shown.seen)
        await tray.decline(there(house), item, "Xã đã phát tin này hôm qua", "tu-choi-1", seen=0)
        await house.rest(5)
        seen["next"] = (await tray.one(house.author, item)).next_at
        await house.until(SIX + timedelta(minutes=20))
        seen["half_past"], seen["item"] = half_past, item
        seen["across"] = await tray.across(province.author, item)
        seen["day"] = await house.up.views.day(house.author, QUANG_DIEN, DAY)
        seen["audit"] = [
            row.deed for row in await house.up.db.read(audit.newest, 50, None, item) if "intake" in row.deed
        ]

    house = play(story, place)

    assert seen["runs"][0] == seen["half_past"]
    titles = [line.title for line in seen["day"].occurrences]
    assert titles.count("Phòng chống sốt xuất huyết") == 1
    for node in HERE:
        assert len(house.claims(node)) == 3, "opening, the bulletin, closing"
        bulletin = house.heard(node)[1].begin
        assert seen["half_past"] < bulletin.first_sample_at < SIX
    assert house.claims(THERE) == []
    assert seen["next"] is not None
    here, other = seen["across"]
    assert (here.choice, here.aired, here.by_name) == (Choice.ACCEPTED, 3, "Nguyễn Thị Hồng Vân")
    assert (other.choice, other.aired, other.reason) == (Choice.DECLINED, 0, "Xã đã phát tin này hôm qua")
    assert sorted(seen["audit"]) == ["intake.accepted", "intake.declined"]


def test_priority_passes_the_tray_as_before(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        province = await above(house)
        await province.say("Lịch cắt nước", timing=Once(at=SIX), bulletin_class=BulletinClass.PRIORITY)
        seen["tray"] = await house.up.tray.items(house.author)
        await house.until(SIX + timedelta(minutes=20))

    house = play(story, place)

    assert seen["tray"] == ()
    assert [len(house.claims(node)) for node in FEW] == [1, 1, 1, 1]


def test_what_the_commune_itself_writes_waits_for_nobody(place: Path) -> None:
    async def story(house: House) -> None:
        await house.say("Họp thôn", timing=Once(at=SIX))
        await house.until(SIX + timedelta(minutes=20))

    house = play(story, place)

    assert [len(house.claims(node)) for node in FEW] == [1, 1, 1, 0]


def test_an_answer_can_be_taken_back_until_it_is_on_air_and_a_repeat_ends_with_a_reason(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        province = await above(house)
        daily = Weekly(at=time(6, 0), days=frozenset(range(7)), first=DAY, last=DAY + timedelta(days=3))
        view = await province.say(
            "Diệt bọ gậy", timing=daily, expires_at=(wall() + timedelta(days=5)).replace(microsecond=0)
        )
        item, tray = view.announcement.id, house.up.tray
        one = await tray.accept(house.author, item, Wanted(timing=daily), "a", seen=0)
        again = await tray.accept(house.author, item, Wanted(timing=daily), "a", seen=0)
        assert again.seen == one.seen, "the same press twice is one answer"
        with pytest.raises(Problem) as stale:
            await tray.decline(house.author, item, "Không cần", "b", seen=0)
        assert stale.value.code == "E_STALE"
        one = await tray.undo(house.author, item, "c", seen=one.seen)
        assert one.choice is Choice.OPEN
        one = await tray.accept(house.author, item, Wanted(timing=daily), "d", seen=one.seen)
        await house.until(SIX + timedelta(minutes=5))
        one = await tray.one(house.author, item)
        assert one.begun
        assert not one.may_undo
        with pytest.raises(Problem) as late:
            await tray.undo(house.author, item, "e", seen=one.seen)
        assert late.value.code == "E_STATE"
        await tray.decline(house.author, item, "Đã nghe một lần là đủ", "f", seen=one.seen)
        await house.until(SIX + timedelta(days=1, minutes=20))
        seen["aired"] = (await tray.one(house.author, item)).aired

    house = play(story, place)

    assert [len(house.claims(node)) for node in FEW] == [1, 1, 1, 0]
    assert seen["aired"] == 3


def test_a_time_that_cannot_be_is_refused_and_a_new_revision_asks_again(place: Path) -> None:
    async def story(house: House) -> None:
        province = await above(house)
        view = await province.say("Phòng cháy", timing=Once(at=SIX))
        item, tray = view.announcement.id, house.up.tray
        night = instant_of(DAY, time(23, 0))
        for timing, code in ((Once(at=night), "E_QUIET"), (Once(at=DAWN), "E_PAST")):
            with pytest.raises(Problem) as refused:
                await tray.accept(house.author, item, Wanted(timing=timing), "x", seen=0)
            assert refused.value.code == code
        with pytest.raises(Problem) as silent:
            await tray.decline(house.author, item, "  ", "y", seen=0)
        assert silent.value.code == "E_REASON"
        accepted = await tray.accept(house.author, item, Wanted(timing=Once(at=SIX)), "z", seen=0)
        assert accepted.choice is Choice.ACCEPTED
        await province.edit(item, "Phòng cháy, chữa cháy")
        assert await tray.items(house.author) == (), "what is being changed is shown to nobody"
        await province.approve(item)
        asked = await tray.one(house.author, item)
        assert (asked.choice, asked.announcement.revision) == (Choice.OPEN, 2)
        for stranger in (province.author, house.cast["kythuat.hue"]):
            with pytest.raises(Problem) as hidden:
                await tray.one(stranger, item)
            assert hidden.value.code == "E_NOT_FOUND"
        await house.until(SIX + timedelta(minutes=20))

    house = play(story, place)

    assert all(house.claims(node) == [] for node in FEW), "the first acceptance went in time"


def test_a_bulletin_for_one_village_asks_only_its_commune(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        province = await above(house)
        view = await province.say("Xả lũ hồ Tả Trạch", targets=("19885-01",), timing=Once(at=SIX))
        item = view.announcement.id
        assert await house.up.tray.items(house.author) == ()
        seen["across"] = await house.up.tray.across(province.author, item)
        await house.up.tray.accept(there(house), item, Wanted(timing=Once(at=SIX)), "a", seen=0)
        await house.until(SIX + timedelta(minutes=20))

    house = play(story, place)

    assert [line.commune for line in seen["across"]] == [DAN_DIEN]
    assert [len(house.claims(node)) for node in FEW] == [0, 0, 0, 1]
    assert PROVINCE == "46"
