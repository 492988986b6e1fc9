"""Dời lượt phát: an approver moves one airing of a repeated bài, after a look at what comes of it."""

import asyncio
import sqlite3
from datetime import date, time
from pathlib import Path

import httpx
import pytest
from icalendar import Calendar

from controller.deploy.commune_data import QUANG_DIEN
from controller.errors import Problem
from controller.store import announcements, audit, deliveries, moves
from controller.store.moves import Moved
from schedules.announcement import AnnouncementId
from schedules.approval import is_approved
from schedules.calendar import instant_of
from schedules.recurrence import Once, Weekly
from tests.controller.test_web_week import NEXT_DAY, lines
from tests.support.doors import ADMINISTRATOR, APPROVER, AUTHOR, LEADER, STRANGER_APPROVER, Home, door, play
from tests.support.pages import fill, form_token

NOON = Weekly(
    at=time(12), days=frozenset(range(7)), first=date(2026, 11, 23), last=date(2026, 11, 25)
)  # fmt: skip
TUESDAY, WEDNESDAY, FRIDAY = date(2026, 11, 24), "2026-11-25", date(2026, 11, 27)


async def mask(house: Home) -> AnnouncementId:
    end = house.loa.clock.now().replace(day=30, microsecond=0)
    item = await house.on_air("Nhắc đeo khẩu trang", timing=NOON, targets=(QUANG_DIEN,), expires_at=end)
    await until(house, USUAL)
    return item


async def look(client: httpx.AsyncClient, item: str, day: str, clock: str) -> httpx.Response:
    return await client.get(f"/bai/{item}/luot-phat/{NEXT_DAY}?ngay={day}&gio={clock}")


USUAL = [("23 05:00", 1), ("24 05:00", 1), ("25 05:00", 1)]


async def until(house: Home, wanted: list[tuple[str, int]]) -> None:
    """Wait for the planner to have made just that of the week."""
    for _ in range(400):
        if (found := await due(house)) == wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def due(house: Home) -> list[tuple[str, int]]:
    return sorted((f"{one.due_at:%d %H:%M}", one.revision) for one in await lines(house))


def test_an_approver_moves_one_airing_and_takes_it_back_without_another_approval(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        item = await mask(house)
        names = {one.occurrence for one in await lines(house)}
        path = f"/bai/{item}/luot-phat/{NEXT_DAY}"
        async with door(house, APPROVER) as client:
            week = await client.get("/lich-tuan")
            assert f'href="{path}"' in week.text
            seen = await look(client, item, WEDNESDAY, "09:30")
            assert "sẽ phát lúc 09:30 thứ Tư 25/11" in seen.text
            assert await due(house) == USUAL
            done = await fill(client, seen, path, do="move")
            assert "Đã dời lượt phát." in done.text
            assert "dời từ 12:00 thứ Ba 24/11" in done.text
            await until(house, [("23 05:00", 1), ("25 02:30", 2), ("25 05:00", 1)])
            assert {one.occurrence for one in await lines(house)} == names
            kept = await house.loa.db.read(announcements.get, item)
            assert kept is not None
            assert is_approved(kept.announcement)
            events = Calendar.from_ical((await client.get("/lich-tuan.ics")).content).walk("VEVENT")
            assert {event.get("SEQUENCE") for event in events} == {None, 1}
            back = await fill(client, done, path, do="put_back")
            assert "Lượt này lại phát đúng giờ thường lệ." in back.text
            await until(house, [("23 05:00", 1), ("24 05:00", 3), ("25 05:00", 1)])
        told = await house.loa.db.read(audit.newest, 500)
        movers = [row.who for row in told if row.deed == "announcement.airing_moved"]
        assert movers == [house.cast[APPROVER].id] * 2

    play(tmp_path, story)


def test_what_the_plan_would_refuse_is_said_beforehand_and_refused_with_the_same_code(
    tmp_path: Path,
) -> None:
    async def story(house: Home) -> None:
        item = await mask(house)
        other = Once(at=instant_of(date(2026, 11, 25), time(9, 30)))
        end = house.loa.clock.now().replace(day=30, microsecond=0)
        await house.on_air("Họp thôn", timing=other, targets=(QUANG_DIEN,), expires_at=end)
        both = sorted([*USUAL, ("25 02:30", 1)])
        await until(house, both)
        moving, approver = house.loa.moving, house.cast[APPROVER]
        async with door(house, APPROVER) as client:
            night = await look(client, item, WEDNESDAY, "03:15")
            assert "đang giờ yên tĩnh (21:00–05:00)" in night.text
            assert 'value="move"' not in night.text
            busy = await look(client, item, WEDNESDAY, "09:30")
            assert "vì trùng giờ với" in busy.text
            assert (await look(client, item, "2026-12-20", "09:30")).status_code == 422
            assert (await look(client, item, WEDNESDAY, "9h")).status_code == 422
        seen = (await moving.look(approver, item, TUESDAY)).seen
        for at, code in ((time(3, 15), "E_QUIET"), (time(12), "E_DOUBLE")):
            with pytest.raises(Problem, match=code):
                await moving.move(approver, item, TUESDAY, date(2026, 11, 25), at, seen)
        with pytest.raises(Problem, match="E_STALE"):
            await moving.move(approver, item, TUESDAY, FRIDAY, time(10), "0" * 64)
        assert await due(house) == both

    play(tmp_path, story)


def test_what_the_rules_of_the_place_refuse_on_that_day_is_said_beforehand_too(tmp_path: Path) -> None:
    """An inner ward of Hà Nội hears nothing at the weekend, and two sessions a day."""

    async def story(house: Home) -> None:
        item = await mask(house)
        administrator, approver = house.cast[ADMINISTRATOR], house.cast[APPROVER]
        await house.loa.ruling.choose(administrator, QUANG_DIEN, "ha_noi_inner", 0)
        moving = house.loa.moving
        for day, code in ((date(2026, 11, 28), "E_DAY"), (FRIDAY, "")):
            _, told = await moving.foresee(approver, item, TUESDAY, day, time(10))
            assert (told.refusal.code if told.refusal else "") == code
            assert (told.due_at is None) == bool(code)
        seen = (await moving.look(approver, item, TUESDAY)).seen
        with pytest.raises(Problem, match="E_DAY"):
            await moving.move(approver, item, TUESDAY, date(2026, 11, 28), time(10), seen)

    play(tmp_path, story)


@pytest.mark.promise("S38")
def test_nobody_moves_what_they_wrote_and_nobody_without_the_right(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        item = await mask(house)
        path = f"/bai/{item}/luot-phat/{NEXT_DAY}"
        for name, status in ((AUTHOR, 403), (LEADER, 403), (STRANGER_APPROVER, 404)):
            async with door(house, name) as client:
                page = await client.get(f"/lich-tuan?noi={QUANG_DIEN}")
                assert path not in page.text
                data = {"token": await form_token(client), "do": "move", "ngay": WEDNESDAY, "gio": "09:30"}
                assert (await client.post(path, data=data)).status_code == status
        # an approver who wrote it, too, although another one has approved it
        desk, above = house.loa.desk, house.cast["pheduyet.hue"]
        end = house.loa.clock.now().replace(day=30, microsecond=0)
        view = await desk.write_announcement(house.cast[APPROVER], house.draft(timing=NOON, expires_at=end))
        own = view.announcement.id
        await desk.submit(house.cast[APPROVER], own)
        await house.rendered(own)
        view = await house.loa.views.announcement(above, own)
        await desk.approve(above, own, view.content_hash)
        path = f"/bai/{own}/luot-phat/{NEXT_DAY}"
        async with door(house, APPROVER) as client:
            shown = await look(client, own, WEDNESDAY, "09:30")
            assert "Người viết không tự dời giờ bài của mình" in shown.text
            seen = (await house.loa.moving.look(house.cast[APPROVER], own, TUESDAY)).seen
            data = {"token": await form_token(client), "do": "move", "ngay": WEDNESDAY, "gio": "09:30"}
            answer = await client.post(path, data={**data, "seen": seen})
            assert answer.status_code == 403
        now = house.loa.clock.now()
        moved = Moved(day=TUESDAY, times=1, due_at=now, who=house.cast[AUTHOR].id, at=now)
        with pytest.raises(sqlite3.IntegrityError):
            await house.loa.db.write(moves.keep, item, now, moved)

    play(tmp_path, story)


def test_pressed_twice_it_is_moved_once(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        item = await mask(house)
        moving, approver = house.loa.moving, house.cast[APPROVER]
        seen = (await moving.look(approver, item, TUESDAY)).seen
        for _ in range(2):
            await moving.move(approver, item, TUESDAY, TUESDAY, time(15), seen)
        kept = await house.loa.db.read(announcements.get, item)
        assert kept is not None
        assert kept.announcement.approval is not None
        under = await house.loa.db.read(moves.under, item, kept.announcement.approval.approved_at)
        assert {day: one.times for day, one in under.items()} == {TUESDAY: 1}

    play(tmp_path, story)


def test_what_moves_to_a_later_day_takes_its_rows_along(tmp_path: Path) -> None:
    """Else each node would be said to have missed it at the old time."""

    async def story(house: Home) -> None:
        item = await mask(house)
        (one,) = (line for line in await lines(house) if f"{line.due_at:%d}" == "24")
        moving, approver = house.loa.moving, house.cast[APPROVER]
        assert await house.loa.db.read(deliveries.of_subject, one.occurrence)
        seen = (await moving.look(approver, item, TUESDAY)).seen
        await moving.move(approver, item, TUESDAY, FRIDAY, time(9), seen)
        await until(house, [("23 05:00", 1), ("25 05:00", 1), ("27 02:00", 2)])
        rows = await house.loa.db.read(deliveries.of_subject, one.occurrence)
        assert {row.due_at for row in rows} == {instant_of(FRIDAY, time(9))}

    play(tmp_path, story)
