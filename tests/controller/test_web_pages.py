"""The pages as a person without JavaScript uses them: write, hand in, approve, fire, stop, read the log."""

from pathlib import Path

import pytest

from controller.store import announcements
from controller.store.announcements import AnnouncementId
from controller.web.log import safe_cell
from controller.web.page import inside
from tests.support.doors import (
    APPROVER,
    AUTHOR,
    LEADER,
    LOCAL_OPERATOR,
    OPERATOR,
    TECHNICIAN,
    VILLAGE,
    Home,
    door,
    play,
)
from tests.support.pages import fill, looked_at

TEXT = "Kính mời bà con thôn Khuông Phò họp lúc 7h30 ngày 25/11/2026 tại nhà văn hóa."
PLACE = {
    "where": "some",
    "targets": [VILLAGE],
    "when": "once",
    "once_date": "2026-11-24",
    "once_time": "17:15",
    "until_date": "2026-11-25",
    "until_time": "08:00",
    "repeat": "2",
    "do": "next",
}


async def hand_in(house: Home, title: str = "Họp thôn Khuông Phò", text: str = TEXT) -> str:
    """The three steps of Viết bài; returns the id."""
    async with door(house, AUTHOR) as client:
        sheet = await client.get("/viet-bai")
        step2 = await fill(client, sheet, "/viet-bai", title=title, text=text, do="next")
        assert "Phát ở đâu, khi nào" in step2.text
        identity = step2.url.path.split("/")[2]
        step3 = await fill(client, step2, f"/viet-bai/{identity}/phat", **PLACE)
        assert "17:15 thứ Ba 24/11" in step3.text
        done = await fill(client, step3, f"/viet-bai/{identity}/gui", **looked_at(step3))
        assert "Đã gửi duyệt" in done.text
    return identity


@pytest.mark.promise("F69")
def test_three_steps_and_a_second_person_bring_a_bai_on_air(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        identity = await hand_in(house)
        async with door(house, APPROVER) as client:
            today = await client.get("/")
            assert f"/duyet/{identity}" in today.text
            assert '<span class="count">1' in today.text
            await house.rendered(identity)
            page = await client.get(f"/duyet/{identity}")
            assert "/clips/" in page.text
            assert TEXT in page.text
            seen = page
            async with door(house, AUTHOR) as author:
                again = await author.get(f"/viet-bai/{identity}")
                await fill(author, again, f"/viet-bai/{identity}", title="Tên khác", do="save")
                check = await author.get(f"/viet-bai/{identity}/gui")
                await fill(author, check, f"/viet-bai/{identity}/gui")
            refused = await fill(client, seen, f"/duyet/{identity}")
            assert refused.status_code == 409
            assert "Tên khác" in refused.text
            done = await fill(client, refused, f"/duyet/{identity}")
            assert "Đã duyệt. Phát: 17:15 thứ Ba 24/11." in done.text
        async with door(house, AUTHOR) as author:
            page = await author.get(f"/viet-bai/{identity}")
            await fill(author, page, f"/viet-bai/{identity}", title="Đổi sau khi duyệt", do="save")
            kept = await house.loa.db.read(announcements.get, AnnouncementId(identity))
            assert kept is not None
            assert kept.announcement.approval is None
            assert kept.announcement.state.value == "draft"

    play(tmp_path, story)


def test_whoever_approves_sees_what_changed_and_nobody_approves_their_own(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        identity = await hand_in(house)
        async with door(house, APPROVER) as client:
            page = await client.get(f"/duyet/{identity}")
            assert "Thay đổi so với lần gửi trước" not in page.text
            empty = await fill(client, page, f"/duyet/{identity}/tra-lai", reason=" ")
            assert empty.status_code == 422
            back = await fill(client, page, f"/duyet/{identity}/tra-lai", reason="Giờ họp là 8 giờ.")
            assert "Đã trả lại cho người viết" in back.text
        async with door(house, AUTHOR) as author:
            item = await author.get(f"/bai/{identity}")
            assert "Giờ họp là 8 giờ." in item.text
            sheet = await author.get(f"/viet-bai/{identity}")
            await fill(author, sheet, f"/viet-bai/{identity}", text=TEXT.replace("7h30", "8h00"), do="next")
            check = await author.get(f"/viet-bai/{identity}/gui")
            await fill(author, check, f"/viet-bai/{identity}/gui")
            assert (await author.get(f"/duyet/{identity}")).status_code == 403
        async with door(house, APPROVER) as client:
            page = await client.get(f"/duyet/{identity}")
            assert "Thay đổi so với lần gửi trước" in page.text
            assert "<del>7h30 </del><ins>8h00 </ins>" in page.text

    play(tmp_path, story)


def test_what_was_typed_is_kept_when_it_can_t_be_saved(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            sheet = await client.get("/viet-bai")
            page = await fill(client, sheet, "/viet-bai", title="Họp", text="Họp \u202e thôn")
            assert page.status_code == 422
            assert "ký tự ẩn" in page.text
            assert 'value="Họp"' in page.text
            long = await fill(client, sheet, "/viet-bai", title="Họp", text="x" * 5001)
            assert long.status_code == 422
            assert "x" * 5001 in long.text
            step2 = await fill(client, sheet, "/viet-bai", title="Họp", text=TEXT)
            action = step2.url.path
            bad = {
                "once_time": ("25:00", "Ngày giờ không có thật"),
                "once_date": ("2027-02-31", "Ngày giờ không có thật"),
                "until_date": ("", "Chưa chọn ngày giờ"),
                "repeat": ("9", "Số lần đọc"),
                "when": ("whenever", "Xin chọn một mục"),
                "targets": ([], "Chưa chọn nơi phát"),
            }
            for field, (value, said) in bad.items():
                page = await fill(client, step2, action, **{**PLACE, field: value})
                assert page.status_code == 422, field
                assert said in page.text, field
            quiet = await fill(client, step2, action, **{**PLACE, "once_time": "03:15"})
            assert "giờ yên tĩnh (21:00–05:00)" in quiet.text
            assert 'value="03:15"' in quiet.text

    play(tmp_path, story)


@pytest.mark.promise("F68")
def test_two_editors_on_the_page_both_see_both_versions(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        identity = await hand_in(house)
        async with door(house, AUTHOR) as one, door(house, APPROVER) as two:
            first = await one.get(f"/viet-bai/{identity}")
            second = await two.get(f"/viet-bai/{identity}")
            await fill(one, first, f"/viet-bai/{identity}", title="Bản của chị Vân", do="save")
            clash = await fill(two, second, f"/viet-bai/{identity}", title="Bản của anh Quang", do="save")
            assert clash.status_code == 412
            assert "Có người khác vừa sửa bài này" in clash.text
            assert "Bản của chị Vân" in clash.text
            assert 'value="Bản của anh Quang"' in clash.text
            again = await fill(two, clash, f"/viet-bai/{identity}", do="save")
            assert again.status_code == 200
            assert 'value="Bản của anh Quang"' in again.text

    play(tmp_path, story)


@pytest.mark.promise("S44")
def test_what_looks_like_code_is_shown_as_text_everywhere(tmp_path: Path) -> None:
    titles = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "javascript:alert(1)")

    async def story(house: Home) -> None:
        for title in titles:
            identity = await hand_in(house, title=title, text=f"{title} {TEXT}")
            async with door(house, APPROVER) as client:
                for path in (
                    "/",
                    "/duyet",
                    f"/duyet/{identity}",
                    f"/bai/{identity}",
                    f"/viet-bai/{identity}",
                ):
                    page = (await client.get(path)).text
                    assert "<script>" not in page
                    assert "<img" not in page
                    assert ">49<" not in page
                    assert 'href="javascript:' not in page
            async with door(house, AUTHOR) as client:
                token = (await client.get("/")).text.split('name="token" value="')[1].split('"')[0]
                part = await client.post(
                    "/viet-bai/cach-doc", data={"token": token, "text": title + " " + TEXT}
                )
                assert "<script>" not in part.text
                assert "<img" not in part.text

    play(tmp_path, story)


def test_an_emergency_goes_through_choice_look_and_typed_name(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, LOCAL_OPERATOR) as client:
            sheet = await client.get("/khan-cap")
            assert 'name="where" value="all" checked' not in sheet.text, "nobody is chosen beforehand"
            words = "Nước sông Bồ đang lên nhanh. Bà con lên chỗ cao ngay."
            good = {"hazard": "flood", "level": "2", "where": "some", "targets": [VILLAGE], "text": words}
            for missing in ("hazard", "level", "where"):
                typed = {
                    "hazard": "flood",
                    "level": "2",
                    "where": "some",
                    "targets": [VILLAGE],
                    "text": words,
                }
                typed[missing] = ""
                if missing == "where":
                    typed["targets"] = []
                page = await fill(client, sheet, "/khan-cap/xem-truoc", **typed)
                assert page.status_code == 422, missing
                assert words in page.text
            look = await fill(client, sheet, "/khan-cap/xem-truoc", **good)
            assert look.url.path.startswith("/khan-cap/xem-truoc/")
            assert "Phát tới 4 cụm loa ở 1 thôn" in look.text
            assert "Không cụm loa nào ở đây đang nối được" in look.text
            assert words in look.text
            wrong = await fill(client, look, "/khan-cap/phat", typed_name="Đan Điền")
            assert wrong.status_code == 422
            assert "chưa khớp" in wrong.text
            name = look.text.split("Gõ “")[1].split("”")[0]
            wall = await fill(client, look, "/khan-cap/phat", typed_name=name)
            assert wall.url.path.startswith("/canh-bao/")
            again = await fill(client, look, "/khan-cap/phat", typed_name=name)
            assert again.url.path == wall.url.path
            assert "Đang cảnh báo" in wall.text
            assert wall.url.path in (await client.get("/")).text
            back = await fill(client, wall, f"{wall.url.path}/thu-hoi", hand="all_clear")
            assert "Báo yên" in back.text
            stop = await fill(client, back, "/dung-tat-ca")
            assert "Đã gửi lệnh dừng" in stop.text

    play(tmp_path, story)


def test_every_page_opens_for_everybody_who_may_in_both_languages(tmp_path: Path) -> None:
    paths = ("/", "/cum-loa", "/cum-loa?loc=attention", "/nhat-ky", "/nhat-ky?tim=hop+thon", "/nhat-ky.csv")

    async def story(house: Home) -> None:
        await hand_in(house)
        for username in (AUTHOR, APPROVER, LOCAL_OPERATOR, OPERATOR, TECHNICIAN, LEADER):
            async with door(house, username) as client:
                for language in ("vi", "en"):
                    client.cookies.set("loa-lang", language, domain="127.0.0.1", path="/")
                    for path in paths:
                        page = await client.get(path)
                        assert page.status_code == 200, (username, path)
                    assert f'<html lang="{language}">' in (await client.get("/")).text

    play(tmp_path, story)


@pytest.mark.promise("S59")
def test_no_cell_of_the_file_is_a_formula(tmp_path: Path) -> None:
    for start in ('=HYPERLINK("http://evil")', "+cmd", "-1+1", "@SUM(A1)", "\tx", "\rx", "\0x"):
        assert safe_cell(start) == "'" + start
    assert safe_cell("Họp thôn") == "Họp thôn"

    async def story(house: Home) -> None:
        desk, cast = house.loa.desk, house.cast
        view = await desk.write_announcement(cast[AUTHOR], house.draft(title="=1+1 họp thôn"))
        await desk.submit(cast[AUTHOR], view.announcement.id)
        await house.rendered(view.announcement.id)
        await desk.approve(cast[APPROVER], view.announcement.id, view.content_hash)
        async with door(house, AUTHOR) as client:
            for _ in range(100):
                sheet = await client.get("/nhat-ky.csv")
                if "họp thôn" in sheet.text:
                    break
            assert "'=1+1 họp thôn" in sheet.text
            assert ",=1+1" not in sheet.text
            assert sheet.headers["content-disposition"].startswith("attachment;")
            found = await client.get("/nhat-ky?tim=HOP+thon")
            assert "=1+1 họp thôn" in found.text
            none = await client.get("/nhat-ky?tim=khong+co")
            assert "Không có lượt phát nào khớp" in none.text

    play(tmp_path, story)


@pytest.mark.promise("S43")
def test_only_places_of_this_site_are_inside() -> None:
    for outside in ("//evil", "https://evil", "/\\evil", "evil", "", "javascript:x", "/a\nb", "\\/evil"):
        assert inside(outside) == "/"
    assert inside("/nhat-ky?ngay=2026-11-23#x") == "/nhat-ky?ngay=2026-11-23"
