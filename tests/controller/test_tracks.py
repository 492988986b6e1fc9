"""A bài in further languages, as people without JavaScript use its pages: sent, confirmed, approved, told."""

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.announcements.recording import Further, Upload
from controller.errors import Problem
from controller.store import announcements, audit, nodes
from devices.messages import NodeId
from schedules.announcement import AnnouncementId
from tests.support.doors import (
    APPROVER,
    AUTHOR,
    LOCAL_OPERATOR,
    STRANGER,
    TECHNICIAN,
    Home,
    door,
    play,
)
from tests.support.house import FEW
from tests.support.pages import fill, form_token
from tests.tts import uploads

HMONG = uploads.encoded(uploads.speech(6))
OTHER = uploads.encoded(uploads.speech(5) * 0.7)


async def a_bai(house: Home) -> AnnouncementId:
    view = await house.loa.desk.write_announcement(house.cast[AUTHOR], house.draft())
    return view.announcement.id


async def sent(
    client: httpx.AsyncClient, bai: str, data: bytes = HMONG, language: str = "hmn", **more: str
) -> httpx.Response:
    """The form with its file."""
    sheet = f"/bai/{bai}/tieng-khac"
    fields = {"token": await form_token(client), "language": language, "words": "", **more}
    if "seen" not in fields:
        page = await client.get(sheet)
        fields["seen"] = page.text.split('name="seen" value="')[1].split('"')[0]
    files = {"file": ("bản tiếng Mông.wav", data, "audio/wav")}
    return await client.post(sheet, data=fields, files=files, follow_redirects=True)


async def attach(house: Home, who: str, bai: AnnouncementId, data: bytes, language: str) -> Any:
    path = house.loa.settings.incoming_dir / f"{language}.part"
    path.write_bytes(data)
    upload = Upload(
        path=path, sha256=hashlib.sha256(data).hexdigest(), head=data[:64], bytes=len(data), name="giọng.wav"
    )
    further = Further(language=language)
    return await house.loa.desk.recordings.attach(house.cast[who], bai, upload, further=further)


def test_a_track_is_sent_confirmed_by_another_and_then_the_bai_can_be_approved(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        bai = await a_bai(house)
        async with door(house, AUTHOR) as author:
            page = await sent(author, bai, words="Peb caw cov pej xeem")
            assert page.status_code == 200, page.text
            assert "Đã nhận bản tiếng Mông." in page.text
            assert "Chờ xác nhận" in page.text
            assert 'lang="hmn">Peb caw cov pej xeem' in page.text
            assert "Tôi biết tiếng này" not in page.text, "who sent it can't confirm it"
            await house.loa.desk.submit(house.cast[AUTHOR], bai)
        await house.rendered(bai)
        async with door(house, APPROVER) as approver:
            sheet = await approver.get(f"/duyet/{bai}")
            assert "còn phải có người biết tiếng xác nhận tiếng Mông" in sheet.text
            refused = await fill(approver, sheet, f"/duyet/{bai}")
            assert refused.status_code == 409
            assert "Chưa có người xác nhận bản tiếng Mông nói đúng như bài." in refused.text
        async with door(house, LOCAL_OPERATOR) as reader:
            sheet = await reader.get(f"/bai/{bai}/tieng-khac")
            assert "Phát hết dài nhất" in sheet.text
            done = await fill(reader, sheet, f"/bai/{bai}/tieng-khac/xac-nhan")
            assert "Đã ghi: bản tiếng Mông nói đúng như bài." in done.text
            assert f"{house.cast[LOCAL_OPERATOR].name} đã nghe và xác nhận" in done.text
        async with door(house, APPROVER) as approver:
            sheet = await approver.get(f"/duyet/{bai}")
            assert f"{house.cast[LOCAL_OPERATOR].name} đã nghe và xác nhận" in sheet.text
            clips = sheet.text.count('src="/clips/')
            assert clips == 2, "both languages can be listened to"
            approved = await fill(approver, sheet, f"/duyet/{bai}")
            assert approved.status_code == 200
        view = await house.loa.views.announcement(house.cast[AUTHOR], bai)
        assert view.announcement.state.value == "approved"
        found = await house.loa.db.read(audit.newest, 50)
        (said,) = [row for row in found if row.deed == "track.confirmed"]
        assert (said.who, said.facts["language"]) == (house.cast[LOCAL_OPERATOR].id, "hmn")

    play(tmp_path, story)


def test_other_words_void_the_confirmation_and_the_approval(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        desk, author = house.loa.desk, house.cast[AUTHOR]
        bai = await a_bai(house)
        await attach(house, AUTHOR, bai, HMONG, "hmn")
        tracks = await house.loa.tracks.look(house.cast[LOCAL_OPERATOR], bai)
        seen = tracks.tracks[0].seen
        await house.loa.tracks.confirm(house.cast[LOCAL_OPERATOR], bai, "hmn", seen)
        await desk.submit(author, bai)
        await house.rendered(bai)
        view = await house.loa.views.announcement(author, bai)
        await desk.approve(house.cast[APPROVER], bai, view.content_hash)
        draft = house.draft(text="Kính mời bà con đến nhà văn hóa thôn lúc 8h ngày 25/11/2026 để họp.")
        view = await desk.edit_announcement(author, bai, draft, revision=view.announcement.revision)
        assert view.announcement.state.value == "draft"
        (track,) = (await house.loa.tracks.look(author, bai)).tracks
        assert (track.stands, track.voided) == (False, True)
        with pytest.raises(Problem) as old:
            await house.loa.tracks.confirm(house.cast[LOCAL_OPERATOR], bai, "hmn", seen)
        assert old.value.code == "E_CHANGED"
        async with door(house, AUTHOR) as client:
            page = await client.get(f"/bai/{bai}")
            assert "nhưng sau đó lời bài đã đổi" in page.text

    play(tmp_path, story)


def test_who_made_a_track_confirms_nothing_and_neither_does_a_neighbour(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        bai = await a_bai(house)
        await attach(house, AUTHOR, bai, HMONG, "hmn")
        seen = (await house.loa.tracks.look(house.cast[AUTHOR], bai)).tracks[0].seen
        for who, code in (
            (AUTHOR, "E_SECOND_PERSON"),
            (STRANGER, "E_NOT_FOUND"),
            (TECHNICIAN, "E_RIGHT"),
        ):
            with pytest.raises(Problem) as refused:
                await house.loa.tracks.confirm(house.cast[who], bai, "hmn", seen)
            assert refused.value.code == code
        with pytest.raises(Problem) as none:
            await house.loa.tracks.confirm(house.cast[APPROVER], bai, "km", seen)
        assert (none.value.code, none.value.status) == ("E_TRACK", 409)
        kept = await house.loa.db.read(announcements.get, bai)
        assert kept is not None
        assert kept.announcement.tracks[0].review is None

    play(tmp_path, story)


def test_a_confirmation_is_taken_back_and_a_track_is_removed_and_put_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        bai = await a_bai(house)
        async with door(house, AUTHOR) as client:
            await sent(client, bai, words="Peb caw cov pej xeem")
        async with door(house, APPROVER) as client:
            page = await client.get(f"/bai/{bai}/tieng-khac")
            page = await fill(client, page, f"/bai/{bai}/tieng-khac/xac-nhan")
            page = await fill(client, page, f"/bai/{bai}/tieng-khac/thu-hoi")
            assert "Đã rút lại xác nhận bản tiếng Mông." in page.text
            page = await fill(client, page, f"/bai/{bai}/tieng-khac/xac-nhan")
            page = await fill(client, page, f"/bai/{bai}/tieng-khac/bo")
            assert "Đã bỏ bản tiếng Mông." in page.text
            assert "Bài này chỉ có tiếng Việt." in page.text
            page = await fill(client, page, f"/bai/{bai}/tieng-khac/lai")
            assert "Đã lấy lại bản tiếng Mông. Bản này phải được xác nhận lại." in page.text
            assert "Chờ xác nhận" in page.text
            assert 'src="/clips/' in page.text, "its sound was never gone"
            assert 'lang="hmn">Peb caw cov pej xeem' in page.text, "nor were its words"

    play(tmp_path, story)


def test_what_is_no_sound_or_no_language_leaves_nothing(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        bai = await a_bai(house)
        async with door(house, AUTHOR) as client:
            page = await sent(client, bai, uploads.no_sounds(3)["html"])
            assert page.status_code == 415
            page = await sent(client, bai, language="tlh")
            assert (page.status_code, "Chưa có tiếng này trong danh mục." in page.text) == (422, True)
            page = await sent(client, bai, language="vi")
            assert (page.status_code, "Bài đã có tiếng Việt rồi." in page.text) == (422, True)
            page = await sent(client, bai, seen="0" * 64)
            assert page.status_code == 412
        kept = await house.loa.db.read(announcements.get, bai)
        assert kept is not None
        assert kept.announcement.tracks == ()
        folder = house.loa.settings.recordings_dir
        assert [path for path in folder.rglob("*") if path.is_file()] == []

    play(tmp_path, story)


def test_the_languages_of_nodes_are_set_told_to_them_and_taken_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        node = NodeId(FEW[0])
        async with door(house, TECHNICIAN) as client:
            place = f"/tieng-cum-loa?noi={QUANG_DIEN}"
            sheet = await client.get(place)
            assert "Tiếng Việt" in sheet.text
            done = await fill(client, sheet, "/tieng-cum-loa/luu", cum=[node], mot="vi", hai="hmn", ba="")
            assert "Đã lưu. Các cụm loa đang được báo." in done.text
            assert "Tiếng Việt, rồi tiếng Mông" in done.text
            assert house.loa.room.registry.nodes[node].languages == ("vi", "hmn")
            stale = await fill(client, sheet, "/tieng-cum-loa/luu", cum=[node], mot="km", hai="", ba="")
            assert stale.status_code == 412
            none = await fill(client, done, "/tieng-cum-loa/luu", mot="km", hai="", ba="")
            assert (none.status_code, "Chưa chọn cụm loa nào." in none.text) == (422, True)
            wrong = await fill(client, done, "/tieng-cum-loa/luu", cum=[node], mot="tlh", hai="", ba="")
            assert (wrong.status_code, "Chưa có tiếng này" in wrong.text) == (422, True)
            back = await fill(client, done, "/tieng-cum-loa/hoan-tac")
            assert "Đã hoàn tác." in back.text
            kept = await house.loa.db.read(nodes.get, node)
            assert kept is not None
            assert kept.languages == ("vi",)
            again = await client.post(
                "/tieng-cum-loa/hoan-tac", data={"token": await form_token(client), "noi": QUANG_DIEN}
            )
            assert again.status_code == 409

    play(tmp_path, story)
