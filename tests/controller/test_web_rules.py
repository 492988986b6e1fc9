"""Quy định giờ phát, quốc tang and ngày nghỉ as a person without JavaScript uses them."""

import re
from datetime import date, time
from pathlib import Path

from controller.deploy.commune_data import DAN_DIEN, QUANG_DIEN
from controller.store import rules
from schedules.calendar import instant_of
from schedules.holidays import What
from schedules.loudness import Zone
from schedules.recurrence import Once
from tests.support.doors import (
    ADMINISTRATOR,
    AUTHOR,
    STRANGER,
    TECHNICIAN,
    VILLAGE,
    Home,
    door,
    play,
)
from tests.support.pages import fill

PROVINCIAL = "quantri.hue"
SATURDAY = instant_of(date(2026, 11, 28), time(9))


def test_a_pack_is_looked_at_chosen_and_taken_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        until = instant_of(date(2026, 11, 29), time(20))
        await house.on_air("Dọn vệ sinh thứ Bảy", timing=Once(at=SATURDAY), expires_at=until)
        await house.planned()
        async with door(house, ADMINISTRATOR) as client:
            sheet = await client.get("/quy-dinh")
            assert "Từ 21:00 đến 05:00 là giờ yên tĩnh" in sheet.text
            assert "Chưa ai chọn bộ quy tắc" in sheet.text
            looked = await fill(client, sheet, "/quy-dinh/bo", pack="ha_noi_inner", do="look")
            assert "có 1 lượt phát sẽ bị ngừng ở đây" in looked.text
            assert "Dọn vệ sinh thứ Bảy" in looked.text
            assert "vì thứ Bảy không có buổi phát" in looked.text
            assert (await house.loa.db.read(rules.everything)) == ()
            done = await fill(client, looked, "/quy-dinh/bo", pack="ha_noi_inner", do="save")
            assert "Đã đổi bộ quy tắc" in done.text
            assert "Không phát vào Thứ Bảy, Chủ nhật." in done.text
            assert "Mỗi ngày nhiều nhất 2 buổi phát." in done.text
            await house.planned()
            week = (await client.get(f"/lich-tuan?noi={QUANG_DIEN}")).text
            assert "vì thứ Bảy không có buổi phát" in week
            async with door(house, STRANGER) as neighbour:
                other = (await neighbour.get(f"/lich-tuan?noi={DAN_DIEN}")).text
                assert "không có buổi phát" not in other
                assert "Chưa ai chọn bộ quy tắc" in (await neighbour.get("/quy-dinh")).text
            back = await fill(client, done, "/quy-dinh/hoan-tac")
            assert "Chưa ai chọn bộ quy tắc" in back.text
            await house.planned()
            assert "không có buổi phát" not in (await client.get(f"/lich-tuan?noi={QUANG_DIEN}")).text

    play(tmp_path, story)


def test_two_administrators_do_not_overwrite_each_other(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, ADMINISTRATOR) as one, door(house, PROVINCIAL) as other:
            here = await one.get("/quy-dinh")
            there = await other.get(f"/quy-dinh?noi={QUANG_DIEN}")
            await fill(one, here, "/quy-dinh/bo", pack="ha_noi_outer", do="save")
            late = await fill(other, there, "/quy-dinh/bo", pack="lien_chieu", do="save")
            assert late.status_code == 412
            assert "Mỗi buổi nhiều nhất 45 phút." in late.text

    play(tmp_path, story)


def test_mourning_needs_its_document_and_shows_what_falls_silent(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        evening = instant_of(date(2026, 11, 23), time(17))
        await house.on_air("Mời họp thôn", timing=Once(at=evening), targets=(VILLAGE,))
        await house.planned()
        async with door(house, ADMINISTRATOR) as client:
            sheet = await client.get("/quy-dinh/dip/moi?loai=quoc-tang")
            refused = await fill(client, sheet, "/quy-dinh/dip", document=" ", do="save")
            assert refused.status_code == 422
            assert "Xin ghi số và ngày của văn bản." in refused.text
            paper = "Thông báo số 12/TB ngày 22/11/2026"
            looked = await fill(client, sheet, "/quy-dinh/dip", document=paper, do="look")
            assert "Mời họp thôn" in looked.text
            assert f"vì ngừng tin thường theo {paper}" in looked.text
            done = await fill(client, looked, "/quy-dinh/dip", do="save")
            assert f"Hôm nay ngừng tin thường và nhạc hiệu theo {paper}." in done.text
            again = await fill(client, looked, "/quy-dinh/dip", do="save")
            assert again.text.count("<h3>Quốc tang</h3>") == 1
            await house.planned()
            async with door(house, AUTHOR) as author:
                assert "vì ngừng tin thường" in (await author.get("/lich-tuan")).text
                read = await author.get("/quy-dinh")
                assert "Chỉ quản trị viên của địa bàn này" in read.text
                assert 'name="pack"' not in read.text
            ended = await fill(client, done, "/quy-dinh/dip/het")
            assert "Không có dịp nào" in ended.text
            back = await fill(client, ended, "/quy-dinh/hoan-tac")
            assert back.text.count("<h3>Quốc tang</h3>") == 1

    play(tmp_path, story)


def test_a_decreed_swap_stands_beside_the_laws_table_and_can_be_taken_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, ADMINISTRATOR) as client:
            assert "Chỉ quản trị viên của tỉnh" in (await client.get("/ngay-nghi")).text
        async with door(house, PROVINCIAL) as client:
            table = await client.get("/ngay-nghi?nam=2027")
            assert "Giỗ Tổ Hùng Vương" in table.text
            facts = {"on": "2027-04-29", "name": "Nghỉ hoán đổi dịp 30/4", "document": "Công văn 99/VPCP"}
            done = await fill(client, table, "/ngay-nghi", kind="nghi", **facts)
            assert "Đã thêm vào bảng." in done.text
            assert "Nghỉ hoán đổi dịp 30/4" in done.text
            holidays = house.loa.rule_views.holidays()
            assert not holidays.is_working(date(2027, 4, 29))
            twice = await fill(client, done, "/ngay-nghi", kind="lam", **facts)
            assert twice.status_code == 409
            back = await fill(client, done, "/quy-dinh/hoan-tac")
            assert "Đã trả lại như trước." in back.text
            assert house.loa.rule_views.holidays().is_working(date(2027, 4, 29))

    play(tmp_path, story)


def test_a_decreed_working_day_takes_the_place_of_the_tables_own_row(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, PROVINCIAL) as client:
            table = await client.get("/ngay-nghi?nam=2026")
            assert re.search(r"10/01/2026</strong> <span class=\"state warn\"[^>]*>Làm bù", table.text)
            facts = {"on": "2026-01-10", "name": "Không làm bù", "document": "Công văn 3/VPCP"}
            await fill(client, table, "/ngay-nghi", kind="nghi", **facts)
            found = [row for row in house.loa.rule_views.holidays().rows if row.on == date(2026, 1, 10)]
            assert [row.what for row in found] == [What.OFF]

    play(tmp_path, story)


def test_what_becomes_of_a_missed_airing_is_chosen_beside_the_time_and_shown(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            view = await house.loa.desk.write_announcement(house.cast[AUTHOR], house.draft())
            where = f"/viet-bai/{view.announcement.id}/phat"
            sheet = await client.get(where)
            assert "Phát nếu trễ không quá 10 phút" in sheet.text
            wrong = await fill(client, sheet, where, late="minutes", late_minutes="0", do="next")
            assert "Số phút phải từ 1 đến" in wrong.text
            check = await fill(client, sheet, where, late="minutes", late_minutes="45", do="next")
            assert "Phát nếu trễ không quá 45 phút" in check.text
            kept = await client.get(f"/api/announcements/{view.announcement.id}")
            assert kept.json()["late"] == {"kind": "play_if_late_under", "minutes": 45}
            usual = await fill(client, await client.get(where), where, late="", do="next")
            assert "Phát nếu trễ không quá 10 phút" in usual.text

    play(tmp_path, story)


def test_a_technician_says_which_poles_stand_near_a_school(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, TECHNICIAN) as client:
            page = await client.get(f"/khu-vuc-loa?noi={QUANG_DIEN}")
            assert "từ 06:00 còn 32 % âm lượng" in page.text
            node = next(node for node in house.loa.room.registry.nodes.values() if node.area == VILLAGE)
            done = await fill(client, page, "/khu-vuc-loa/luu", **{f"cum-{node.id}": "special"})
            assert "Đã lưu." in done.text
            zoned = house.loa.room.registry.nodes[node.id].zone
            assert zoned is Zone.SPECIAL
            late = await fill(client, page, "/khu-vuc-loa/luu", **{f"cum-{node.id}": "ordinary"})
            assert late.status_code == 412
        async with door(house, AUTHOR) as client:
            assert (await client.get("/khu-vuc-loa")).status_code == 403

    play(tmp_path, story)


def test_step_3_says_beforehand_what_the_rules_will_not_let_be_heard(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        administrator = house.cast[ADMINISTRATOR]
        await house.loa.ruling.choose(administrator, QUANG_DIEN, "ha_noi_inner", 0)
        until = instant_of(date(2026, 11, 29), time(20))
        draft = house.draft(timing=Once(at=SATURDAY), expires_at=until)
        view = await house.loa.desk.write_announcement(house.cast[AUTHOR], draft)
        async with door(house, AUTHOR) as client:
            check = await client.get(f"/viet-bai/{view.announcement.id}/gui")
            assert "Theo quy định giờ phát hiện nay" in check.text
            assert "vì thứ Bảy không có buổi phát." in check.text
        friday = house.draft(timing=Once(at=instant_of(date(2026, 11, 27), time(9))), expires_at=until)
        fine = await house.loa.desk.write_announcement(house.cast[AUTHOR], friday)
        async with door(house, AUTHOR) as client:
            check = await client.get(f"/viet-bai/{fine.announcement.id}/gui")
            assert "Theo quy định giờ phát hiện nay" not in check.text

    play(tmp_path, story)
