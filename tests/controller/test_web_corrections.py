"""The strip of a bài's life, Thu hồi and Đính chính on the pages, without JavaScript."""

from pathlib import Path

import httpx
import pytest

from controller.deploy.commune_data import SITES
from controller.store import announcements
from devices.messages import Heard
from tests.support.airing import let_air, planned
from tests.support.doors import APPROVER, AUTHOR, STRANGER, TEXT, VILLAGE, Home, door, play
from tests.support.pages import fill, form_token, looked_at

NODES = tuple(site.node for site in SITES if site.village == VILLAGE)


async def approved(house: Home, **changes: object) -> str:
    """Written, handed in and approved."""
    desk = house.loa.desk
    view = await desk.write_announcement(house.cast[AUTHOR], house.draft(**changes))
    identity = view.announcement.id
    handed = await desk.submit(house.cast[AUTHOR], identity)
    await house.rendered(identity)
    await desk.approve(house.cast[APPROVER], identity, handed.content_hash)
    return identity


async def words_of(client: httpx.AsyncClient, place: str) -> str:
    page = await client.get(place)
    assert page.status_code == 200, page.text
    return page.text


def test_the_strip_tells_where_a_bai_stands(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        desk, author = house.loa.desk, house.cast[AUTHOR]
        view = await desk.write_announcement(author, house.draft())
        identity = view.announcement.id
        async with door(house, AUTHOR) as client:
            assert 'aria-current="step"><span class="state live" data-shape="✎">Đang soạn' in await words_of(
                client, f"/bai/{identity}"
            )
            handed = await desk.submit(author, identity)
            await house.rendered(identity)
            assert "Nguyễn Thị Hồng Vân, 06:" in await words_of(client, f"/bai/{identity}")
            await desk.approve(house.cast[APPROVER], identity, handed.content_hash)
            await planned(house, identity)
            page = await words_of(client, f"/bai/{identity}")
            mark = f"{handed.content_hash[:4]} {handed.content_hash[4:8]}"
            assert f"Mã nội dung {mark}" in page
            assert "Trần Đình Quang, 06:" in page
            assert f"0/{len(NODES)} cụm loa đã giữ sẵn bài" in page
            await let_air(house, identity, {NODES[0]: Heard.YES, NODES[1]: Heard.NO, NODES[2]: Heard.UNKNOWN})
            page = await words_of(client, f"/bai/{identity}")
            assert "nghe thấy 1 · chưa rõ 1 · không ra tiếng 1" in page

    play(tmp_path, story)


def test_a_bai_is_withdrawn_with_a_reason_and_taken_back_in_time(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        identity = await approved(house)
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/bai/{identity}")
            bare = await fill(client, page, f"/bai/{identity}/rut", reason="  ")
            assert bare.status_code == 422
            assert "xin ghi lý do thu hồi" in bare.text
            done = await fill(client, page, f"/bai/{identity}/rut", reason="Hoãn họp vì mưa to.")
            assert "Đã thu hồi bài" in done.text
            assert "Lý do: Hoãn họp vì mưa to." in done.text
            assert 'data-shape="■">Đã thu hồi' in done.text
            back = await fill(client, done, f"/bai/{identity}/hoan-tac")
            assert "Đã hoàn tác" in back.text
            assert "Mã nội dung" in back.text, "its approval stands for the same content"
        async with door(house, STRANGER) as client:
            token = await form_token(client)
            form = {"token": token, "reason": "Tôi muốn thế."}
            assert (await client.post(f"/bai/{identity}/rut", data=form)).status_code == 404
            assert (await client.post(f"/bai/{identity}/dinh-chinh", data=form)).status_code == 404

    play(tmp_path, story)


def test_what_is_on_air_is_stopped_and_that_is_not_undone(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        identity = await approved(house)
        await let_air(house, identity, {NODES[0]: Heard.YES}, ended=False)
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/bai/{identity}")
            assert "Đang phát ở 1 cụm" in page.text
            assert "thu hồi sẽ dừng ngay" in page.text

    play(tmp_path, story)


@pytest.mark.promise("S38")
def test_a_correction_is_written_from_the_page_and_both_know_of_each_other(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        identity = await approved(house)
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/bai/{identity}")
            assert "Viết đính chính" not in page.text, "nobody has heard it yet"
            await let_air(house, identity, {NODES[0]: Heard.YES, NODES[1]: Heard.YES})
            page = await client.get(f"/bai/{identity}")
            step1 = await fill(client, page, f"/bai/{identity}/dinh-chinh")
            other = step1.url.path.split("/")[2]
            assert "Đính chính bản tin “Họp thôn” phát lúc 06:00 ngày 23/11/2026." in step1.text
            assert "trên đúng 2 cụm loa đã phát bài sai" in step1.text
            assert 'name="class"' not in step1.text
            assert "Xin xem lại" not in step1.text, "the opening names what is over"
            opening = "Đính chính bản tin “Họp thôn” phát lúc 06:00 ngày 23/11/2026."
            lost = await fill(client, step1, f"/viet-bai/{other}", text="Họp lúc 8 giờ.", do="next")
            assert lost.status_code == 422
            assert "Xin giữ câu mở đầu" in lost.text
            right = f"{opening} Nội dung đúng: họp lúc 8 giờ ngày 25/11/2026 tại nhà văn hóa."
            step3 = await fill(client, step1, f"/viet-bai/{other}", text=right, do="next")
            assert step3.url.path == f"/viet-bai/{other}/gui", "where and when are not asked"
            assert "Đúng 2 cụm loa đã phát bài sai" in step3.text
            assert "Xin xem lại" not in step3.text, "it is meant to be like the one that it puts right"
            done = await fill(client, step3, f"/viet-bai/{other}/gui", **looked_at(step3))
            assert "Đã gửi duyệt" in done.text
            assert f'href="/bai/{identity}"' in done.text
        await house.rendered(other)
        async with door(house, APPROVER) as client:
            await fill(client, await client.get(f"/duyet/{other}"), f"/duyet/{other}")
            assert set(await let_air(house, other, {NODES[0]: Heard.YES})) == {NODES[0], NODES[1]}
            shown = await words_of(client, f"/bai/{identity}")
            assert f'href="/bai/{other}"' in shown
            assert "1/2 cụm loa đã phát đính chính" in shown
            assert 'data-shape="▲">Đang đính chính' in shown
            answer = (await client.get(f"/api/announcements/{identity}")).json()
            assert (answer["corrected"], answer["corrects"]) == (True, None)
            assert (await client.get(f"/api/announcements/{other}")).json()["corrects"] == identity
        async with door(house, AUTHOR) as client:
            assert 'data-shape="▲">Đã đính chính' in await words_of(client, "/")

    play(tmp_path, story)


def test_what_is_stale_must_be_looked_at_before_it_is_handed_in(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        desk, author = house.loa.desk, house.cast[AUTHOR]
        await desk.write_announcement(author, house.draft(title="Họp lần trước"))
        view = await desk.write_announcement(author, house.draft())
        place = f"/viet-bai/{view.announcement.id}/gui"
        async with door(house, AUTHOR) as client:
            step3 = await client.get(place)
            assert "Gần giống bài “Họp lần trước”" in step3.text
            bare = await fill(client, step3, place)
            assert bare.status_code == 422
            assert "Xin đọc các điểm nhắc" in bare.text
            wrong = await fill(client, step3, place, acknowledged="0" * 16)
            assert wrong.status_code == 422
            done = await fill(client, step3, place, **looked_at(step3))
            assert "Đã gửi duyệt" in done.text
        events = await house.loa.db.read(announcements.history, view.announcement.id)
        assert events[-1].reason == "duplicate"

    play(tmp_path, story)


def test_a_stale_sentence_is_shown_with_its_way_out(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        text = "Đây là tin của xã. Họp thôn lúc 19 giờ ngày 20/11/2026 tại nhà văn hóa."
        view = await house.loa.desk.write_announcement(house.cast[AUTHOR], house.draft(text=text))
        async with door(house, AUTHOR) as client:
            page = await words_of(client, f"/viet-bai/{view.announcement.id}/gui")
        assert '<q class="small">Họp thôn lúc 19 giờ ngày 20/11/2026 tại nhà văn hóa</q>' in page
        assert f'<a href="/viet-bai/{view.announcement.id}">Sửa nội dung</a>' in page
        assert TEXT not in page

    play(tmp_path, story)
