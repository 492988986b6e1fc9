"""Recordings through the doors: sent, refused, heard, taken back; nothing half-done, nobody else's."""

from pathlib import Path

import numpy as np
import pytest

from controller.deploy.commune_data import QUANG_DIEN
from controller.store import announcements, audit
from schedules.announcement import AnnouncementId
from tests.support.asked import GOOD, is_problem, written
from tests.support.doors import APPROVER, AUTHOR, STRANGER, TECHNICIAN, Home, door, play
from tests.support.inline_speaker import InlineSpeaker
from tests.support.recordings import VOICE, a_bai, left, sent, settled
from tests.tts import uploads
from tts.clip import SAMPLE_RATE


def test_a_recording_is_heard_instead_of_the_words_and_both_levels_are_told(tmp_path: Path) -> None:
    quiet = np.pad(uploads.speech(4) * 0.1, (2 * SAMPLE_RATE, 2 * SAMPLE_RATE)).astype(np.float32)

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            answer = await sent(client, bai, uploads.encoded(quiet, "MP3"), name="họp thôn.mp3")
            assert answer.status_code == 200, answer.text
            told = answer.json()
            assert told["text"] == GOOD["text"]
            found = told["recording"]
            assert (found["name"], found["kind"], found["sent_by_name"]) == (
                "họp thôn.mp3",
                "mp3",
                house.cast[AUTHOR].name,
            )
            assert found["before_ms"] == pytest.approx(8_000, abs=150)
            assert 3_000 < found["cut_ms"] < 4_200
            assert found["before_lufs"] < -30
            assert found["after_lufs"] == pytest.approx(-16, abs=1)
            assert told["rendering"]["state"] == "ready"
            clip = await client.get(f"/api/announcements/{bai}/clip", follow_redirects=True)
            assert clip.content[:4] == b"OggS"
            # it needed no voice
            speaker = house.loa._speaker
            assert isinstance(speaker, InlineSpeaker)
            assert speaker.orders == []
            again = (await client.get(f"/api/announcements/{bai}/recording")).json()
            assert again == found
            original = await client.get(f"/api/announcements/{bai}/recording/original")
            assert original.content == uploads.encoded(quiet, "MP3")
        assert left(house) == [found["id"].rpartition(".")[2]]
        assert await house.loa.db.read(audit.verify) is None

    play(tmp_path, story)


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            first = (await sent(client, bai, VOICE)).json()
            second = (await sent(client, bai, VOICE)).json()
            assert second["content_hash"] == first["content_hash"]
            assert second["recording"] == first["recording"]
            events = await house.loa.db.read(announcements.history, AnnouncementId(bai))
            assert [event.deed.value for event in events] == ["wrote", "edited"]
        assert len(left(house)) == 1

    play(tmp_path, story)


@pytest.mark.promise("S38", "F69")
def test_an_approval_stands_for_the_recording_that_was_heard(tmp_path: Path) -> None:
    other = uploads.encoded(uploads.speech(3) * 0.9)

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as author, door(house, APPROVER) as approver:
            bai = await a_bai(author)
            first = (await sent(author, bai, VOICE)).json()
            assert (await author.post(f"/api/announcements/{bai}/submit")).status_code == 200
            await sent(author, bai, other)
            await author.post(f"/api/announcements/{bai}/submit")
            path = f"/api/announcements/{bai}/approve"
            stale = await approver.post(path, json={"content_hash": first["content_hash"]})
            is_problem(stale, 409, "E_CHANGED")
            seen = (await approver.get(f"/api/announcements/{bai}")).json()
            assert seen["content_hash"] != first["content_hash"]
            assert (await approver.post(path, json={"content_hash": seen["content_hash"]})).status_code == 200
            # whoever changes what is heard voids it, and back is another content too
            answer = await author.put(
                f"/api/announcements/{bai}/recording", json={"recording": first["recording"]["id"]}
            )
            assert answer.json()["state"] == "draft"
            assert answer.json()["content_hash"] == first["content_hash"]

    play(tmp_path, story)


def test_it_is_taken_away_and_put_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            path = f"/api/announcements/{bai}/recording"
            before = (await client.get(f"/api/announcements/{bai}")).json()
            recording = (await sent(client, bai, VOICE)).json()["recording"]["id"]
            away = (await client.put(path, json={"recording": None})).json()
            assert away["recording"] is None
            assert away["content_hash"] == before["content_hash"]
            is_problem(await client.get(path), 404, "E_NOT_FOUND")
            is_problem(await client.put(path, json={"recording": f"{QUANG_DIEN}.{'0' * 64}"}), 404)
            back = (await client.put(path, json={"recording": recording})).json()
            assert back["recording"]["id"] == recording
            stale = await client.put(
                path, json={"recording": None}, headers={"If-Match": f'"1-{away["content_hash"]}"'}
            )
            is_problem(stale, 412, "E_STALE")
            assert (await settled(client, bai))["rendering"]["state"] == "ready"

    play(tmp_path, story)


@pytest.mark.promise("S40")
def test_another_commune_neither_hears_nor_changes_nor_reuses_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client, door(house, STRANGER) as stranger:
            bai = await a_bai(client)
            found = (await sent(client, bai, VOICE)).json()["recording"]
            path = f"/api/announcements/{bai}/recording"
            is_problem(await stranger.get(path), 404, "E_NOT_FOUND")
            is_problem(await stranger.get(f"{path}/original"), 404, "E_NOT_FOUND")
            assert (await stranger.get(f"/bai/{bai}/ban-thu")).status_code == 404
            is_problem(await sent(stranger, bai, VOICE), 404, "E_NOT_FOUND")
            is_problem(await stranger.put(path, json={"recording": None}), 404, "E_NOT_FOUND")
            area = house.cast[STRANGER].area
            own = (await written(stranger, area=area, targets=[area])).json()["id"]
            taken = await stranger.put(f"/api/announcements/{own}/recording", json={"recording": found["id"]})
            is_problem(taken, 404, "E_NOT_FOUND")
            # the same sound of their own is theirs, and neither learns of the other's
            mine = (await sent(stranger, own, VOICE)).json()["recording"]
            assert mine["id"] != found["id"]
            assert mine["id"].startswith(f"{area}.")
        async with door(house, TECHNICIAN) as technician:
            is_problem(await sent(technician, bai, VOICE), 403, "E_RIGHT")
        async with door(house) as nobody:
            is_problem(await sent(nobody, bai, VOICE), 401, "E_SESSION")

    play(tmp_path, story)


@pytest.mark.promise("S47")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/cron.d/x", "x"),
        ("C:\\Users\\an\\họp.mp3", "họp.mp3"),
        ("a\0.mp3", "a.mp3"),
        ("‮3pm.exe", "3pm.exe"),
        ("x" * 300 + ".wav", "x" * 120),
        ("trang.html", "trang.html"),
        ("", "bản thu"),
    ],
)
def test_what_its_sender_calls_it_is_never_a_path_nor_a_page(tmp_path: Path, name: str, shown: str) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            found = (await sent(client, bai, VOICE, name=name)).json()["recording"]
            assert found["name"] == shown
            for path in (f"/api/announcements/{bai}/recording/original", f"/bai/{bai}/ban-thu"):
                answer = await client.get(path)
                assert answer.content == VOICE
                assert answer.headers["content-type"] == "audio/wav"
                assert answer.headers["x-content-type-options"] == "nosniff"
                sha256 = found["id"].rpartition(".")[2]
                assert (
                    answer.headers["content-disposition"]
                    == f'attachment; filename="ban-thu-{sha256[:8]}.wav"'
                )
            assert left(house) == [sha256]
            is_problem(
                await client.get(path.replace("/bai/", "/api/announcements/") + "/x"), 404, "E_NOT_FOUND"
            )

    play(tmp_path, story)
