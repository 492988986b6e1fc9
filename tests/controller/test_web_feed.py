"""The secret address of a week, as a calendar program and as the people who hand it out use it."""

import asyncio
import re
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

from httpx import AsyncClient
from icalendar import Calendar

from controller.deploy.commune_data import DAN_DIEN, PROVINCE, QUANG_DIEN
from controller.dispatch.sessions.feeding import MOST_ASKS
from controller.dispatch.signals import Wake
from controller.store import audit, feeds, occurrences, relays, sessions
from controller.store.relays import RelayList, RelaySource
from schedules.announcement import BulletinClass
from schedules.blocks import Block, Part
from schedules.calendar import instant_of
from schedules.recurrence import Once
from schedules.session import Session
from tests.support.doors import (
    APPROVER,
    AUTHOR,
    LEADER,
    OPERATOR,
    STRANGER,
    VILLAGE,
    Home,
    door,
    play,
)
from tests.support.house import DAY
from tests.support.pages import fill, form_token

NINE = instant_of(DAY, time(9, 0))
DAY_LONG = timedelta(days=1)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def address(page: str) -> str:
    found = re.search(r'id="feed" value="http://127\.0\.0\.1:8080(/lich/[\w-]{43}\.ics)"', page)
    assert found is not None
    return found[1]


def test_a_calendar_program_reads_the_week_without_a_login_and_nothing_else(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        item = await house.on_air("Họp; thôn, An Gia", timing=Once(at=NINE))
        theirs = house.draft(area=DAN_DIEN, targets=(DAN_DIEN,), title="Của xã khác", timing=Once(at=NINE))
        other = await house.loa.desk.write_announcement(house.cast[STRANGER], theirs)
        assert other.announcement.id != item
        async with door(house, AUTHOR) as client:
            week = await client.get("/lich-tuan")
            assert "/lich/" not in week.text
            week = await fill(client, week, "/lich-tuan/dia-chi", do="renew")
            path = address(week.text)
        async with door(house) as nobody:
            for _ in range(40):
                answer = await nobody.get(path)
                if b"VEVENT" in answer.content:
                    break
                await asyncio.sleep(0.05)
            assert answer.headers["content-type"].startswith("text/calendar")
            calendar = Calendar.from_ical(answer.content)
            (event,) = calendar.walk("VEVENT")
            assert str(event["SUMMARY"]) == "Họp; thôn, An Gia"
            assert event.decoded("DTSTART") == NINE
            said = answer.text
            for private in ("Kính mời", "Nguyễn", "clip", "Của xã khác"):
                assert private not in said.replace("\r\n ", "")
            assert (await nobody.get("/lich-tuan.ics")).status_code == 303
            assert (await nobody.get("/lich-tuan")).status_code == 303
            assert (await nobody.get(path.replace(".ics", ""))).status_code == 404

    play(tmp_path, story)


def test_relays_stand_in_the_week_live_and_recorded_with_a_source_and_without(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        live = Block(id="relay", part=Part.RELAY, length=timedelta(minutes=25))
        first = Session(
            id="s-live",
            area=QUANG_DIEN,
            name="Buổi sáng",
            start=time(7),
            dates=(DAY,),
            blocks=(live,),
            opening=False,
            closing=False,
        )
        taped = replace(live, record_at=time(18))
        second = replace(first, id="s-taped", name="Buổi chiều", start=time(17), blocks=(taped,))
        for session in (first, second):
            await house.loa.db.write(sessions.save, session)
        house.loa.signals.wake(Wake.PLANNER)
        async with door(house, AUTHOR) as client:
            sheet = await client.get("/lich-tuan")
            path = address((await fill(client, sheet, "/lich-tuan/dia-chi", do="renew")).text)
        kept = RelayList(
            area=QUANG_DIEN,
            version=1,
            sources=(RelaySource(name="VOV1", url="https://vov.vn/a"),),
            filler=await house.loa.tuner.bells_clip(),
        )
        length = timedelta(minutes=25)
        wanted = {
            "Tiếp âm (Buổi sáng)": (instant_of(DAY, time(7)), length),
            "Tiếp âm phát chậm (Buổi chiều)": (instant_of(DAY, time(17)), length),
        }
        async with door(house) as nobody:
            assert await listed(nobody, path, house, planned=0) == wanted
            await house.loa.db.write(relays.save, kept, house.cast[AUTHOR].id, house.loa.clock.now())
            house.loa.signals.wake(Wake.PLANNER)
            assert await listed(nobody, path, house, planned=2) == wanted

    play(tmp_path, story)


async def listed(client: AsyncClient, path: str, house: Home, *, planned: int) -> dict[str, object]:
    """The two events of the feed, once so many of them are in the programme."""
    async with asyncio.timeout(20):
        while True:
            found = await house.loa.db.read(occurrences.between, NINE - DAY_LONG, NINE + DAY_LONG)
            answer = await client.get(path)
            events = Calendar.from_ical(answer.content).walk("VEVENT")
            if len(found) == planned and len(events) == 2:
                return {
                    str(event["SUMMARY"]): (event.decoded("DTSTART"), event.decoded("DURATION"))
                    for event in events
                }
            await asyncio.sleep(0.3)


def test_the_address_is_changed_and_ended_by_whoever_writes_there_alone(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client, door(house) as nobody:
            first = address(
                (await fill(client, await client.get("/lich-tuan"), "/lich-tuan/dia-chi", do="renew")).text
            )
            assert (await nobody.get(first)).status_code == 200
            sheet = await client.get("/lich-tuan")
            async with door(house, APPROVER) as approver:
                theirs = await approver.get("/lich-tuan")
                second = address((await fill(approver, theirs, "/lich-tuan/dia-chi", do="renew")).text)
            assert (await fill(client, sheet, "/lich-tuan/dia-chi", do="renew")).status_code == 412
            assert second != first
            assert (await nobody.get(first)).status_code == 404
            assert (await nobody.get(second)).status_code == 200
            ended = await fill(client, await client.get("/lich-tuan"), "/lich-tuan/dia-chi", do="stop")
            assert "/lich/" not in ended.text
            assert (await nobody.get(second)).status_code == 404
        async with door(house, LEADER) as reader:
            page = await reader.get(f"/lich-tuan?noi={QUANG_DIEN}")
            assert "Đổi địa chỉ" not in page.text
        async with door(house, STRANGER) as client:
            body = f"noi={QUANG_DIEN}&seen=2&do=renew&token={await form_token(client)}"
            assert (await client.post("/lich-tuan/dia-chi", content=body, headers=FORM)).status_code == 404
        async with door(house, OPERATOR) as client:
            body = f"noi={PROVINCE}&seen=0&do=renew&token={await form_token(client)}"
            assert (await client.post("/lich-tuan/dia-chi", content=body, headers=FORM)).status_code == 422
            body = f"noi={VILLAGE}&seen=0&do=renew&token={await form_token(client)}"
            assert (await client.post("/lich-tuan/dia-chi", content=body, headers=FORM)).status_code == 303
        deeds = [row.deed for row in await house.loa.db.read(audit.newest, 20, None, QUANG_DIEN)]
        assert [deed for deed in deeds if deed.startswith("feed")] == [
            "feed.revoked",
            "feed.renewed",
            "feed.renewed",
        ]
        assert (await house.loa.db.read(feeds.in_use, QUANG_DIEN)) is None

    play(tmp_path, story)


def test_whoever_asks_too_often_waits_whether_the_secret_is_right_or_wrong(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house) as nobody:
            for _ in range(MOST_ASKS):
                assert (await nobody.get("/lich/khong-co-that.ics")).status_code == 404
            answer = await nobody.get("/lich/khong-co-that.ics")
            assert answer.status_code == 429
            assert int(answer.headers["retry-after"]) > 0

    play(tmp_path, story)


def test_two_priority_items_are_asked_about_on_the_first_page_and_one_press_answers(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        for title in ("Xả lũ", "Họp đê"):
            await house.on_air(title, timing=Once(at=NINE), bulletin_class=BulletinClass.PRIORITY)
        async with door(house, AUTHOR) as client:
            for _ in range(60):
                today = await client.get("/")
                if "phát tin nào trước?" in today.text:
                    break
                await asyncio.sleep(0.05)
            assert "Hai tin ưu tiên trùng giờ lúc 09:00 thứ Hai 23/11: phát tin nào trước?" in today.text
            assert "Nếu không chọn trước giờ đó, “Xả lũ” phát trước." in today.text
            await fill(client, today, "/uu-tien", first="a")
            for _ in range(60):
                today = await client.get("/")
                if "Đã chọn: “Họp đê” phát trước." in today.text:
                    break
                await asyncio.sleep(0.05)
            assert "Đã chọn: “Họp đê” phát trước." in today.text
        async with door(house, STRANGER) as client:
            assert "phát tin nào trước?" not in (await client.get("/")).text
        async with door(house, LEADER) as client:
            assert "phát tin nào trước?" not in (await client.get("/")).text

    play(tmp_path, story)
