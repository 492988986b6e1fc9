"""One day of a session, ordered by hand by a person without JavaScript, and what the plan makes of it."""

import asyncio
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx

from controller.deploy.commune_data import QUANG_DIEN
from controller.store import audit, sessions
from schedules.announcement import AnnouncementId
from schedules.recurrence import NextSession
from tests.controller.test_web_week import NEXT_DAY, add_morning
from tests.support.doors import APPROVER, AUTHOR, STRANGER, TECHNICIAN, VILLAGE, Home, door, play
from tests.support.pages import form_token

ONE, TWO, THREE = "Lịch gieo cấy", "Lịch tiêm chủng", "Họp tổ vay vốn"


async def planned(house: Home, wanted: list[str]) -> None:
    """Until the planner has put these into tomorrow morning, in this order."""
    for _ in range(100):
        week = await house.loa.weeks.week(house.cast[AUTHOR], QUANG_DIEN, date(2026, 11, 23))
        heard = [line.title for block in week[1].blocks for line in block.lines]
        if [title for title in heard if title in (ONE, TWO, THREE)] == wanted:
            return
        await asyncio.sleep(0.02)
    raise AssertionError((wanted, heard))


async def three(house: Home) -> tuple[str, dict[str, AnnouncementId]]:
    """A morning session with three items for it."""
    session = await add_morning(house)
    made = {
        title: await house.on_air(title, timing=NextSession(), targets=(QUANG_DIEN,))
        for title in (ONE, TWO, THREE)
    }
    await planned(house, [ONE, TWO, THREE])
    return session, made


def titles(page: httpx.Response) -> list[str]:
    """The items of the session as the page lists them."""
    said = page.text.partition('<ol class="rundown"')[2].partition("</ol>")[0]
    return re.findall(r'<a href="/bai/[^"]+">([^<]+)</a>', said)


async def press(client: httpx.AsyncClient, page: httpx.Response, do: str, **fields: str) -> httpx.Response:
    """A button of the day's page."""
    seen = re.search(r'name="seen" value="(\d+)"', page.text)
    assert seen is not None
    data = {"token": await form_token(client), "seen": seen[1], "do": do, **fields}
    return await client.post(str(page.url.path), data=data, follow_redirects=True)


def test_the_officer_orders_a_day_by_plain_buttons_and_takes_it_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session, made = await three(house)
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}")
            assert titles(page) == [ONE, TWO, THREE]
            assert "Bắt đầu lúc 05:00." in page.text
            assert "tối đa 10 phút" in page.text
            page = await press(client, page, "up", item=made[THREE])
            assert titles(page) == [ONE, THREE, TWO]
            assert "Đã đưa bài lên trước." in page.text
            await planned(house, [ONE, THREE, TWO])
            page = await press(client, page, "down", item=made[ONE])
            assert titles(page) == [THREE, ONE, TWO]
            await planned(house, [THREE, ONE, TWO])
            undone = await client.post(
                f"/buoi-phat/{session}/hoan-tac",
                data={
                    "token": await form_token(client),
                    "seen": re.findall(r'name="seen" value="(\d+)"', page.text)[0],
                    "ngay": NEXT_DAY,
                },
                follow_redirects=True,
            )
            assert titles(undone) == [ONE, THREE, TWO]
            usual = await press(client, undone, "by_itself")
            assert titles(usual) == [ONE, TWO, THREE]
        stands = await house.loa.db.read(sessions.get, session)
        assert stands is not None
        assert stands.changes == ()
        lines = await house.loa.db.read(audit.newest, 50)
        changed = [line.facts for line in lines if line.deed == "session.changed"]
        assert [facts.get("changed_days") for facts in changed] == [NEXT_DAY] * 3

    play(tmp_path, story)


def test_every_line_of_the_log_leads_to_what_explains_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session, made = await three(house)
        wanted = {f"/buoi-phat/{session}", *(f"/bai/{item}" for item in made.values())}
        async with door(house, AUTHOR) as client:
            found: set[str] = set()
            for _ in range(100):
                page = await client.get(f"/nhat-ky?ngay={NEXT_DAY}")
                found = set(re.findall(r'href="(/(?:bai|buoi-phat)/[^"]+)"', page.text))
                if found == wanted:
                    break
                await asyncio.sleep(0.05)
            assert found == wanted
            for path in sorted(found):
                assert (await client.get(path)).status_code == 200, path

    play(tmp_path, story)


def test_what_is_put_off_waits_for_the_next_day_and_can_come_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session, made = await three(house)
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}")
            page = await press(client, page, "put_off", item=made[TWO])
            assert titles(page) == [ONE, THREE]
            assert "Để buổi sau theo ý người xếp lịch." in page.text
            later = await client.get(f"/buoi-phat/{session}/ngay/2026-11-25")
            assert titles(later) == [TWO]
            page = await press(client, page, "take_back", item=made[TWO])
            assert titles(page) == [ONE, TWO, THREE]

    play(tmp_path, story)


def test_a_fixed_time_is_kept_to_the_second_and_nonsense_is_refused_at_its_field(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session, made = await three(house)
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}")
            page = await press(client, page, "fix", item=made[ONE], at="05:06")
            assert titles(page) == [TWO, THREE, ONE]
            assert "đúng 05:06" in page.text
            for at, said in (("04:30", "phải nằm trong buổi phát"), ("xx", "giờ"), ("09:30", "buổi phát")):
                wrong = await press(client, page, "fix", item=made[TWO], at=at)
                assert wrong.status_code == 422, at
                assert said in wrong.text
            page = await press(client, page, "loosen", item=made[ONE])
            assert "đúng 05:06" not in page.text

    play(tmp_path, story)


def test_a_day_is_skipped_moved_and_as_usual_again(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session, _ = await three(house)
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}")
            page = await press(client, page, "skip")
            assert "Ngày này nghỉ" in page.text
            await planned(house, [])
            week = await client.get("/lich-tuan")
            assert week.text.count("Nghỉ</span>") == 1
            words = await client.get(f"/lich-tuan/nghe?noi={VILLAGE}&ngay={NEXT_DAY}")
            assert "Buổi phát thanh sáng nghỉ, không phát." in words.text
            page = await press(client, page, "move", at="06:00")
            assert "Ngày này dời sang 06:00 (mọi khi 05:00)." in page.text
            assert titles(page) == [ONE, TWO, THREE]
            quiet = await press(client, page, "move", at="04:00")
            assert quiet.status_code == 422
            assert "giờ yên tĩnh" in quiet.text
            page = await press(client, page, "as_usual")
            assert "Bắt đầu lúc 05:00." in page.text
            await planned(house, [ONE, TWO, THREE])

    play(tmp_path, story)


def test_an_order_is_kept_for_every_day_and_what_comes_later_stands_behind_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session, made = await three(house)
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}")
            page = await press(client, page, "up", item=made[THREE])
            page = await press(client, page, "keep")
            assert titles(page) == [ONE, THREE, TWO]
            stands = await house.loa.db.read(sessions.get, session)
            assert stands is not None
            assert (stands.items, stands.changes) == ((made[ONE], made[THREE], made[TWO]), ())
            await house.on_air("Bài duyệt sau", timing=NextSession(), targets=(QUANG_DIEN,))
            page = await client.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}")
            assert titles(page) == [ONE, THREE, TWO, "Bài duyệt sau"]

    play(tmp_path, story)


def test_two_officers_at_one_day_and_a_day_that_has_begun_are_told_so(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session, made = await three(house)
        async with door(house, AUTHOR) as one, door(house, APPROVER) as other:
            first = await one.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}")
            second = await other.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}")
            await press(one, first, "up", item=made[TWO])
            late = await press(other, second, "up", item=made[THREE])
            assert late.status_code == 412
            assert titles(late) == [TWO, ONE, THREE]
            never = await one.get(f"/buoi-phat/{session}/ngay/2026-11-23")
            assert never.status_code == 404
            stands = await house.loa.db.read(sessions.get, session)
            assert stands is not None
            await house.loa.db.write(sessions.save, replace(stands, since=None))
            today = await one.get(f"/buoi-phat/{session}/ngay/2026-11-23")
            assert "đã đến giờ phát" in today.text
            refused = await press(one, first, "skip")
            assert refused.status_code == 412
            over = await one.post(
                f"/buoi-phat/{session}/ngay/2026-11-23",
                data={"token": await form_token(one), "seen": "2", "do": "skip"},
            )
            assert over.status_code == 409
            for path, do in (("2026-02-30", "skip"), (NEXT_DAY, "dance")):
                answer = await one.post(
                    f"/buoi-phat/{session}/ngay/{path}",
                    data={"token": await form_token(one), "seen": "2", "do": do},
                )
                assert answer.status_code == 422, path
            gone = await press(one, await one.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}"), "up", item="an-x")
            assert gone.status_code == 404

    play(tmp_path, story)


def test_neighbours_see_nothing_of_it_and_readers_press_nothing(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session, _ = await three(house)
        async with door(house, STRANGER) as client:
            assert (await client.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}")).status_code == 404
        async with door(house, TECHNICIAN) as client:
            page = await client.get(f"/buoi-phat/{session}/ngay/{NEXT_DAY}")
            assert titles(page) == [ONE, TWO, THREE]
            assert "Để buổi sau</button>" not in page.text
            assert "Nghỉ buổi này" not in page.text

    play(tmp_path, story)
