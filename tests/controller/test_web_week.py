"""Lịch tuần and buổi phát as a person without JavaScript uses them."""

import re
from dataclasses import replace
from datetime import date, time
from pathlib import Path

from icalendar import Calendar

from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.forms.day import OccurrenceLine
from controller.store import sessions
from schedules.blocks import Part
from schedules.calendar import instant_of, local
from schedules.lunar_pattern import LunarMonthly
from schedules.recurrence import NextSession, Once
from schedules.session import is_on
from tests.support.doors import (
    APPROVER,
    AUTHOR,
    LEADER,
    OPERATOR,
    STRANGER,
    TECHNICIAN,
    VILLAGE,
    Home,
    door,
    play,
)
from tests.support.pages import fill

NEXT_DAY = "2026-11-24"


async def add_morning(house: Home) -> str:
    async with door(house, AUTHOR) as client:
        sheet = await client.get("/buoi-phat/moi?mau=sang")
        assert 'value="05:00"' in sheet.text
        week = await fill(client, sheet, "/buoi-phat", cap="10")
        assert "Đã thêm buổi phát." in week.text
        found = re.search(r"/buoi-phat/(s-[0-9a-f]{16})/hoan-tac", week.text)
        assert found is not None
        return found[1]


async def lines(house: Home) -> list[OccurrenceLine]:
    week = await house.loa.weeks.week(house.cast[AUTHOR], QUANG_DIEN, date(2026, 11, 23))
    return [line for plan in week for block in plan.blocks for line in block.lines]


def test_a_normal_week_is_made_from_a_template_and_shows_what_is_in_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, LEADER) as client:
            assert "Chưa có gì" in (await client.get(f"/lich-tuan?noi={QUANG_DIEN}")).text
        await add_morning(house)
        await house.on_air("Lịch gieo cấy vụ Đông Xuân", timing=NextSession(), targets=(QUANG_DIEN,))
        await house.planned()
        async with door(house, AUTHOR) as client:
            week = (await client.get("/lich-tuan")).text
            # it was made at six, so this Monday had no morning session
            assert week.count("Buổi phát thanh sáng</a>") == 6
            assert "Lịch gieo cấy vụ Đông Xuân" in week
            assert "trên tối đa 10 phút" in week
            words = (await client.get(f"/lich-tuan/nghe?noi={VILLAGE}&ngay={NEXT_DAY}")).text
            assert re.search(r"05:00: Buổi phát thanh sáng, dài [^<]+, gồm: Lịch gieo cấy", words)
            taken = await client.get("/lich-tuan.ics")
            assert taken.headers["content-type"].startswith("text/calendar")
            events = Calendar.from_ical(taken.content).walk("VEVENT")
            heard = [event for event in events if "Lịch gieo cấy" in event["SUMMARY"]]
            assert [event["DTSTART"].dt for event in heard] == [
                next(one.due_at for one in await lines(house) if "gieo cấy" in one.title)
            ]
            other = (await client.get(f"/lich-tuan/nghe?noi={VILLAGE}&ngay=2026-11-29")).text
            assert "Tin khẩn cấp, nếu có, vẫn phát ngay." in other

    play(tmp_path, story)


def test_every_change_of_a_session_can_be_taken_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session = await add_morning(house)
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/buoi-phat/{session}")
            week = await fill(client, page, f"/buoi-phat/{session}", start="05:30", name="Bản tin sớm")
            assert "05:30" in week.text
            assert "Bản tin sớm" in week.text
            back = await fill(client, week, f"/buoi-phat/{session}/hoan-tac")
            assert "Đã trả lại như trước." in back.text
            assert "Bản tin sớm" not in back.text
            page = await client.get(f"/buoi-phat/{session}")
            gone = await fill(client, page, f"/buoi-phat/{session}/bo")
            assert "Buổi phát thanh sáng</a>" not in gone.text
            assert (await client.get(f"/buoi-phat/{session}")).text.count("đã bị bỏ") == 1
            back = await fill(client, gone, f"/buoi-phat/{session}/hoan-tac")
            assert back.text.count("Buổi phát thanh sáng</a>") == 6
            stands = await house.loa.db.read(sessions.get, session)
            assert stands is not None
            assert stands.start == time(5)

    play(tmp_path, story)


def test_the_same_form_sent_twice_makes_one_session(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            sheet = await client.get("/buoi-phat/moi?mau=chieu")
            await fill(client, sheet, "/buoi-phat")
            await fill(client, sheet, "/buoi-phat")
        assert len(await house.loa.db.read(sessions.everything)) == 1

    play(tmp_path, story)


def test_a_session_that_can_not_be_is_refused_at_its_field_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            sheet = await client.get("/buoi-phat/moi")
            for typed, said in (
                ({"start": "03:15"}, "chạm giờ yên tĩnh (21:00–05:00)"),
                ({"start": "20:50", "cap": "30"}, "chạm giờ yên tĩnh"),
                ({"days": []}, "Chưa chọn ngày nào"),
                ({"cap": "500"}, "từ 1 đến 180 phút"),
                ({"cap": "mười"}, "từ 1 đến 180"),
                ({"start": "25:00"}, "giờ"),
                ({"name": "Bản \u202e tin"}, "ký tự ẩn"),
                ({"name": " "}, "cần một cái tên"),
            ):
                page = await fill(client, sheet, "/buoi-phat", **{"name": "Buổi tối", **typed})
                assert page.status_code == 422, typed
                assert said in page.text, typed
                if "name" not in typed:
                    assert 'value="Buổi tối"' in page.text
        assert await house.loa.db.read(sessions.everything) == ()

    play(tmp_path, story)


def test_two_people_who_change_one_session_don_t_overwrite_each_other(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session = await add_morning(house)
        async with door(house, AUTHOR) as one, door(house, APPROVER) as other:
            first = await one.get(f"/buoi-phat/{session}")
            second = await other.get(f"/buoi-phat/{session}")
            await fill(one, first, f"/buoi-phat/{session}", start="05:15")
            late = await fill(other, second, f"/buoi-phat/{session}", start="06:15")
            assert late.status_code == 412
            assert 'value="06:15"' in late.text
            stands = await house.loa.db.read(sessions.get, session)
            assert stands is not None
            assert stands.start == time(5, 15)

    play(tmp_path, story)


def test_another_commune_sees_and_changes_nothing(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        session = await add_morning(house)
        async with door(house, STRANGER) as client:
            assert "Buổi phát thanh sáng</a>" not in (await client.get("/lich-tuan")).text
            assert (await client.get(f"/lich-tuan?noi={QUANG_DIEN}")).status_code == 404
            assert (await client.get(f"/lich-tuan/nghe?noi={VILLAGE}")).status_code == 404
            assert (await client.get(f"/buoi-phat/{session}")).status_code == 404
            token = re.search(r'name="token" value="([0-9a-f]+)"', (await client.get("/")).text)
            assert token is not None
            for path in ("", "/bo", "/hoan-tac"):
                answer = await client.post(
                    f"/buoi-phat/{session}{path}", data={"token": token[1], "seen": "1", "start": "06:00"}
                )
                assert answer.status_code == 404, path
        async with door(house, TECHNICIAN) as client:
            page = await client.get(f"/buoi-phat/{session}")
            assert page.status_code == 200
            assert "Lưu buổi phát" not in page.text
            assert (await client.get("/buoi-phat/moi")).status_code == 403

    play(tmp_path, story)


def test_a_province_looks_at_one_day_of_all_its_communes(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await add_morning(house)
        at = instant_of(date(2026, 11, 23), time(9))
        await house.on_air("Họp thôn", timing=Once(at=at), targets=(VILLAGE,))
        await house.planned()
        async with door(house, OPERATOR) as client:
            day = await client.get("/lich-tuan", follow_redirects=True)
            assert day.url.path == "/lich-ngay"
            assert "Xã Quảng Điền</a>" in day.text
            assert day.text.count("Họp thôn") == 1
            assert f"/lich-tuan?noi={QUANG_DIEN}&amp;tuan=2026-11-23" in day.text
            assert (await client.get("/lich-ngay?ngay=2026-02-30")).status_code == 422

    play(tmp_path, story)


def test_a_template_makes_a_whole_session_in_one_tap_and_none_twice(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            week = await client.get("/lich-tuan")
            for name in ("sang-tiep-am", "chieu", "cho-phien", "ram", "chieu"):
                page = await fill(client, week, "/buoi-phat/tu-mau", mau=name)
                assert "Đã thêm buổi phát." in page.text, name
            assert (await fill(client, week, "/buoi-phat/tu-mau", mau="khong")).status_code == 422
            made = {one.name: one for one in await house.loa.db.read(sessions.everything)}
            assert len(made) == 4
            moon = made["Bản tin rằm và mùng một"]
            # 23 November 2026 is the 15th of the 10th lunar month
            assert is_on(moon, date(2026, 11, 23))
            assert not is_on(moon, date(2026, 11, 24))
            morning = made["Buổi sáng có tiếp âm"]
            assert [block.part for block in morning.blocks] == [Part.RELAY, Part.PROVINCE, Part.COMMUNE]
            await house.planned()
            week = await client.get("/lich-tuan")
            assert "Sẽ tiếp âm" in week.text
            words = await client.get(f"/lich-tuan/nghe?noi={VILLAGE}&ngay={NEXT_DAY}")
            assert "gồm: Tiếp âm 05:00–05:25" in words.text
            day = await client.get(f"/buoi-phat/{morning.id}/ngay/{NEXT_DAY}")
            assert "Tiếp âm 05:00–05:25" in day.text

    play(tmp_path, story)


def test_seasons_lunar_days_and_blocks_are_typed_in_the_form_and_stand_there_again(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        song = await house.on_air("Bài hát quê hương", timing=NextSession(), targets=(QUANG_DIEN,))
        async with door(house, AUTHOR) as client:
            sheet = await client.get("/buoi-phat/moi?mau=sang")
            for typed, said in (
                ({"lunar": "1, 31"}, "ngày"),
                ({"summer_at": "05:30"}, "cả hai mùa"),
                ({"summer_from": "31/2", "summer_at": "05:30", "winter_at": "05:00"}, "cả hai mùa"),
                ({"summer_at": "04:30", "winter_at": "05:15"}, "giờ yên tĩnh"),
                ({"relay": "ba"}, "số phút"),
                ({"relay": "0"}, "hơn 0"),
            ):
                page = await fill(client, sheet, "/buoi-phat", **typed)
                assert page.status_code == 422, typed
                assert said in page.text, typed
            await fill(
                client,
                sheet,
                "/buoi-phat",
                days=[],
                lunar="15, 1",
                summer_at="05:15",
                winter_at="05:30",
                relay="10",
                relay_at="05:40",
                anthem=song,
                fillers=song,
                until="05:40",
                cap="60",
            )
            (made,) = await house.loa.db.read(sessions.everything)
            assert made.pattern == LunarMonthly(days=(1, 15))
            assert [(one.month, one.day, one.start) for one in made.seasons] == [
                (4, 16, time(5, 15)),
                (10, 16, time(5, 30)),
            ]
            assert [block.part.value for block in made.blocks] == [
                "anthem", "relay", "province", "commune", "filler"
            ]  # fmt: skip
            page = await client.get(f"/buoi-phat/{made.id}")
            for shown in ('value="1, 15"', 'value="05:15"', 'value="10"', 'value="05:40"'):
                assert shown in page.text
            await fill(client, page, f"/buoi-phat/{made.id}", anthem=song, fillers=song)
            assert (await house.loa.db.read(sessions.everything)) == (made,)
            # the winter of the form: 05:30 on a full moon in December
            day = await client.get(f"/buoi-phat/{made.id}/ngay/2026-12-23")
            assert "Bắt đầu lúc 05:30." in day.text

    play(tmp_path, story)


def test_a_session_moved_into_this_morning_loses_nothing_that_waits_for_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            week = await fill(client, await client.get("/lich-tuan"), "/buoi-phat/tu-mau", mau="chieu")
            found = re.search(r"/buoi-phat/(s-[0-9a-f]{16})/hoan-tac", week.text)
            assert found is not None
            page = await client.get(f"/buoi-phat/{found[1]}")
            await house.on_air("Bài chờ", timing=NextSession(), targets=(QUANG_DIEN,))
            stands = await house.loa.db.read(sessions.get, found[1])
            assert stands is not None
            # as if it had stood since yesterday
            await house.loa.db.write(sessions.save, replace(stands, since=None))
            await fill(client, page, f"/buoi-phat/{found[1]}", start="05:00")
            await house.planned()
            assert (await client.get("/lich-tuan")).text.count("Nghỉ</span>") == 1
            titles = {line.title: local(line.due_at) for line in await lines(house)}
            assert f"{titles['Bài chờ']:%d %H}" == "24 05"

    play(tmp_path, story)
