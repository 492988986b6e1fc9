"""Hộp tin đến and nhóm loa as places, as a person without JavaScript uses them."""

import asyncio
import re
from datetime import time
from pathlib import Path

import pytest

from controller.access import Person, Role
from controller.deploy.commune_data import PROVINCE, QUANG_DIEN
from controller.store import people
from devices.messages import NodeId
from schedules.announcement import AnnouncementId, PersonId
from schedules.calendar import instant_of
from schedules.recurrence import AfterApproval, Once, Timing
from tests.support.doors import ADMINISTRATOR, AUTHOR, LEADER, OPERATOR, STRANGER, Home, door, play
from tests.support.house import DAY, FEW
from tests.support.pages import fill

APPROVER_ABOVE = Person(
    id=PersonId("ky.hue"), username="ky.hue", name="Lý Thanh Tâm", role=Role.APPROVER, area=PROVINCE
)
LATER = Once(at=instant_of(DAY, time(16)))


async def bulletin(house: Home, title: str, timing: Timing = LATER) -> AnnouncementId:
    """Written and approved in the province, for all of it."""
    desk, writer = house.loa.desk, house.cast[OPERATOR]
    if await house.loa.db.read(people.by_id, APPROVER_ABOVE.id) is None:
        await house.loa.db.write(people.add, APPROVER_ABOVE, "no hash", house.loa.clock.now())
    draft = house.draft(area=PROVINCE, targets=(PROVINCE,), title=title, timing=timing)
    made = await desk.write_announcement(writer, draft)
    await desk.submit(writer, made.announcement.id)
    await house.rendered_by(writer, made.announcement.id)
    await desk.approve(APPROVER_ABOVE, made.announcement.id, made.content_hash)
    return made.announcement.id


def test_the_first_page_says_how_many_wait_and_one_is_taken_declined_and_taken_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        item = await bulletin(house, "Phòng chống dịch tả lợn")
        other = await bulletin(house, "Tuần lễ học tập suốt đời", AfterApproval())
        async with door(house, AUTHOR) as client:
            today = await client.get("/")
            assert "2 bản tin từ cấp trên chờ chọn." in today.text
            tray = await client.get("/hop-tin")
            assert tray.text.count("Từ Thành phố Huế") == 2
            assert (await client.get(f"/bai/{item}")).headers["location"] == f"/hop-tin/{item}"
            sheet = await client.get(f"/hop-tin/{item}")
            assert "Như Thành phố Huế đề nghị" in sheet.text
            assert "16:00 thứ Hai 23/11" in sheet.text
            wrong = await fill(
                client, sheet, f"/hop-tin/{item}/nhan", when="once", once_date="2026-11-23", once_time="23:30"
            )
            assert wrong.status_code == 422
            assert "giờ yên tĩnh" in wrong.text
            assert 'value="23:30"' in wrong.text, "what was typed stands there"
            taken = await fill(client, wrong, f"/hop-tin/{item}/nhan", when="asked")
            assert "Đã nhận. Bản tin sẽ phát" in taken.text
            for _ in range(40):
                await asyncio.sleep(0.05)
                if "Sẽ phát 16:00 thứ Hai 23/11" in (await client.get("/hop-tin")).text:
                    break
            assert "Sẽ phát 16:00 thứ Hai 23/11" in (await client.get("/hop-tin")).text
            back = await fill(client, taken, f"/hop-tin/{item}/hoan-tac")
            assert "Bản tin lại chờ chọn" in back.text
            refused = await fill(client, back, f"/hop-tin/{item}/tu-choi", reason="Xã không nuôi lợn")
            assert "Đã ghi là không phát" in refused.text
            assert "1 bản tin từ cấp trên chờ chọn." in (await client.get("/")).text
        async with door(house, OPERATOR) as client:
            assert "2 xã chưa chọn giờ phát" not in (await client.get(f"/bai/{item}")).text
            page = (await client.get(f"/bai/{item}")).text
            assert "Nguyễn Thị Hồng Vân: “Xã không nuôi lợn”" in page
            assert page.count("Chờ chọn") == 1, "the other commune"
            first = (await client.get("/")).text
            assert "1 xã chưa chọn giờ phát" in first
            assert "2 xã chưa chọn giờ phát" in first
            assert (await client.get(f"/hop-tin/{other}")).status_code == 404
        async with door(house, LEADER) as client:
            assert (await client.get("/hop-tin")).status_code == 200

    play(tmp_path, story)


@pytest.mark.promise("F68")
def test_two_of_one_commune_decide_one_after_the_other_not_one_over_the_other(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        item = await bulletin(house, "Phòng cháy rừng")
        async with door(house, AUTHOR) as client, door(house, "pheduyet.qd") as other:
            first, second = await client.get(f"/hop-tin/{item}"), await other.get(f"/hop-tin/{item}")
            assert (await fill(client, first, f"/hop-tin/{item}/nhan", when="asked")).status_code == 200
            late = await fill(other, second, f"/hop-tin/{item}/tu-choi", reason="Không cần")
            assert late.status_code == 412
        async with door(house, STRANGER) as client:
            assert "Chờ chọn" in (await client.get("/hop-tin")).text

    play(tmp_path, story)


def test_a_bai_is_sent_to_a_group_in_step_2_and_says_how_many_nodes_hear_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        group = await house.loa.groups.make(
            house.cast[ADMINISTRATOR], QUANG_DIEN, "Loa trường học", [NodeId(n) for n in FEW[:2]], "g"
        )
        view = await house.loa.desk.write_announcement(house.cast[AUTHOR], house.draft())
        item = view.announcement.id
        async with door(house, AUTHOR) as client:
            sheet = await client.get(f"/viet-bai/{item}/phat")
            assert "Xã Quảng Điền, 2 cụm loa" in sheet.text
            empty = await fill(client, sheet, f"/viet-bai/{item}/phat", where="groups", do="next")
            assert empty.status_code == 422
            check = await fill(
                client, empty, f"/viet-bai/{item}/phat", where="groups", groups=group.id, do="next"
            )
            assert "nhóm “Loa trường học” (2 cụm loa)" in check.text
            again = await client.get(f"/viet-bai/{item}/phat")
            assert re.search(rf'value="{group.id}" checked', again.text)
            assert re.search(r'name="where" value="groups" checked', again.text)
        stored = (await house.loa.views.announcement(house.cast[AUTHOR], item)).announcement
        assert (stored.targets, stored.groups) == ((), (group.id,))

    play(tmp_path, story)


@pytest.mark.parametrize("where", ["all", "some"])
def test_step_2_shows_what_was_chosen(where: str, tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        draft = house.draft(targets=(QUANG_DIEN,)) if where == "all" else house.draft()
        view = await house.loa.desk.write_announcement(house.cast[AUTHOR], draft)
        async with door(house, AUTHOR) as client:
            sheet = await client.get(f"/viet-bai/{view.announcement.id}/phat")
            assert re.findall(r'name="where" value="(\w+)" checked', sheet.text) == [where]

    play(tmp_path, story)
