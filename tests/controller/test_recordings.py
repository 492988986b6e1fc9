"""Recordings through the doors: sent, refused, heard, taken back; nothing half-done, nobody else's."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.announcements.recording import MOST_AT_ONCE
from controller.dispatch.signals import Wake
from controller.dispatch.sound.taking import sweep_originals
from controller.lanes import inline_lanes
from controller.store import announcements, audit, recordings
from controller.store.database import Database
from controller.store.sounds import RenderState
from controller.studio.speech import SpeechFailed
from controller.studio.taking import Prepared, Taker
from schedules.announcement import AnnouncementId, AreaCode
from tests.controller.test_problems import GOOD, is_problem, written
from tests.support.doors import APPROVER, AUTHOR, MORNING, STRANGER, TECHNICIAN, Home, door, play
from tests.support.inline_speaker import InlineSpeaker
from tests.tts import uploads
from tests.tts.test_sound import tone
from tts.clip import SAMPLE_RATE

BINARY = {"Content-Type": "application/octet-stream"}
MEGABYTE = 1024 * 1024
VOICE = uploads.encoded(uploads.speech(4))


async def sent(client: httpx.AsyncClient, bai: str, data: Any, **more: Any) -> httpx.Response:
    path = f"/api/announcements/{bai}/recording"
    return await client.post(path, content=data, headers={**BINARY, **more.pop("headers", {})}, params=more)


async def a_bai(client: httpx.AsyncClient) -> str:
    return str((await written(client)).json()["id"])


async def cut_short(house: Home, client: httpx.AsyncClient, bai: str) -> int:
    """What becomes of an upload whose link breaks: the server's own word for it."""
    base = httpx.URL(house.loa.settings.public_base)
    headers = {
        "host": f"{base.host}:{base.port}",
        "origin": str(base),
        "content-type": "application/octet-stream",
        "content-length": str(len(VOICE)),
        "cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items()),
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": base.scheme,
        "path": f"/api/announcements/{bai}/recording",
        "raw_path": b"",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": (base.host, base.port),
    }
    came: list[dict[str, Any]] = [
        {"type": "http.request", "body": VOICE[:1000], "more_body": True},
        {"type": "http.disconnect"},
    ]
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return came.pop(0)

    async def send(message: Any) -> None:
        answers.append(message)

    await house.app(scope, receive, send)
    return int(answers[0]["status"])


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def left(house: Home) -> list[str]:
    """Every file that is kept for recordings, also the halves."""
    folder = house.loa.settings.recordings_dir
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


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


async def settled(client: httpx.AsyncClient, bai: str) -> Any:
    """The bài once its sound is there or refused."""
    for _ in range(400):
        told = (await client.get(f"/api/announcements/{bai}")).json()
        if told["rendering"]["state"] in ("ready", "failed"):
            return told
        await asyncio.sleep(0.05)
    raise AssertionError("its sound never came")


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


def bad_files() -> dict[str, tuple[bytes, int, str]]:
    no_sounds = uploads.no_sounds(9)
    return {
        **{
            name: (no_sounds[name], 415, "E_AUDIO_TYPE")
            for name in ("html", "elf", "zip", "m3u8", "ffconcat", "pls", "svg", "text", "ogg head of zeros")
        },
        "an hour of FLAC": (
            uploads.flac_of_silence(3600, 8_000, honest=False),
            422,
            "E_AUDIO_LENGTH",
        ),
        "a header of 4 GB": (uploads.wav_claiming_4_gb(), 422, "E_AUDIO_LENGTH"),
        "NaN": (uploads.wav_of_nans(), 422, "E_AUDIO_LENGTH"),
        "one sample": (uploads.encoded(tone(500, 1 / SAMPLE_RATE)), 422, "E_AUDIO_LENGTH"),
        "8 channels": (
            uploads.encoded(uploads.speech(1), rate=384_000, channels=8),
            422,
            "E_AUDIO_LENGTH",
        ),
        "silence": (uploads.encoded(np.zeros(4 * SAMPLE_RATE, np.float32)), 422, "E_AUDIO_LEVEL"),
        "19 kHz": (uploads.as_it_is(tone(19_000, 4, -3, 48_000), "WAV", 48_000), 422, "E_AUDIO_LEVEL"),
    }


@pytest.mark.promise("S48", "S49", "S53")
def test_a_file_that_will_not_do_is_named_soon_and_leaves_nothing(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            before = (await client.get(f"/api/announcements/{bai}")).json()
            for name, (data, status, code) in bad_files().items():
                began = time.monotonic()
                problem = is_problem(await sent(client, bai, data, name=f"{name}.mp3"), status, code)
                assert time.monotonic() - began < 5, name
                assert problem["field"] == "file"
                assert left(house) == [], name
            assert (await client.get(f"/api/announcements/{bai}")).json() == before
            # and over a good one the good one stays
            good = (await sent(client, bai, VOICE)).json()
            is_problem(await sent(client, bai, bad_files()["silence"][0]), 422, "E_AUDIO_LEVEL")
            after = (await client.get(f"/api/announcements/{bai}")).json()
            assert (after["recording"], after["rendering"]) == (good["recording"], good["rendering"])
            assert len(left(house)) == 1

    play(tmp_path, story)


@pytest.mark.promise("S53")
def test_what_is_too_loud_is_brought_down_and_its_flaw_is_told(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            found = (await sent(client, bai, uploads.encoded(uploads.square()))).json()["recording"]
            assert found["before_lufs"] > -5
            assert found["after_lufs"] == pytest.approx(-16, abs=1)
            assert "vỡ tiếng" in found["flaws"][0]
            assert "clipped" in found["flaws_en"][0]

    play(tmp_path, story)


@pytest.mark.promise("S50")
def test_a_file_that_is_too_large_packed_or_cut_short_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    came = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal came
        while True:
            came += MEGABYTE
            yield bytes(MEGABYTE)

    async def large() -> AsyncIterator[bytes]:
        for _ in range(101):
            yield bytes(MEGABYTE)

    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            is_problem(await sent(client, bai, large()), 413, "E_AUDIO_SIZE")
            assert left(house) == []
            is_problem(await sent(client, bai, endless()), 413, "E_TOO_LARGE")
            assert came < 210 * MEGABYTE
            assert left(house) == []
            packed = await sent(client, bai, VOICE, headers={"Content-Encoding": "gzip"})
            is_problem(packed, 415, "E_MEDIA_TYPE")
            lying = await sent(client, bai, VOICE, headers={"Content-Length": "9" * 11})
            is_problem(lying, 413, "E_TOO_LARGE")
            is_problem(await sent(client, bai, b""), 400, "E_BODY")
            assert await cut_short(house, client, bai) == 400
            assert left(house) == []

    play(tmp_path, story)


@pytest.mark.promise("S51")
def test_a_commune_keeps_so_many_recordings_and_no_more(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            for number in range(3):
                bai = await a_bai(client)
                data = uploads.encoded(uploads.speech(1 + number / 10))
                answer = await sent(client, bai, data)
                assert answer.status_code == (200 if number < 2 else 409)
            is_problem(answer, 409, "E_QUOTA")
            assert len(left(house)) == 2

    play(tmp_path, story, recordings_of_area=2)


@pytest.mark.promise("S51")
def test_all_recordings_together_have_a_bound(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            assert (await sent(client, bai, VOICE)).status_code == 200
            rest = uploads.encoded(uploads.speech(21))
            assert len(VOICE) + len(rest) > MEGABYTE
            is_problem(await sent(client, bai, rest), 507, "E_STORAGE")
            assert len(left(house)) == 1

    play(tmp_path, story, recordings_mb=1)


def test_so_many_come_at_once_and_the_next_is_asked_to_wait(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            use = house.loa.desk.recordings
            async with contextlib.AsyncExitStack() as stack:
                for _ in range(MOST_AT_ONCE):
                    await stack.enter_async_context(use.coming(house.cast[AUTHOR], None))
                problem = is_problem(await sent(client, bai, VOICE), 503, "E_BUSY")
                assert problem["retry_after"] == 30
            assert (await sent(client, bai, VOICE)).status_code == 200

    play(tmp_path, story)


@pytest.mark.promise("S36")
def test_a_form_of_another_site_is_no_recording(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            for kind in (
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
            ):
                is_problem(
                    await sent(client, bai, VOICE, headers={"Content-Type": kind}), 415, "E_MEDIA_TYPE"
                )
            foreign = await sent(client, bai, VOICE, headers={"Origin": "https://evil.example"})
            is_problem(foreign, 403, "E_ORIGIN")
            assert left(house) == []

    play(tmp_path, story)


def test_said_twice_it_is_prepared_anew_in_the_background(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            once = await sent(client, bai, VOICE)
            body = {**GOOD, "repeat": 2}
            headers = {"If-Match": once.headers["etag"]}
            answer = await client.put(f"/api/announcements/{bai}", json=body, headers=headers)
            assert answer.json()["recording"]["id"] == once.json()["recording"]["id"]
            assert answer.json()["rendering"]["state"] == "none"
            await client.post(f"/api/announcements/{bai}/render")
            twice = await settled(client, bai)
            longer = twice["rendering"]["duration_ms"] - once.json()["rendering"]["duration_ms"]
            assert 4_500 < longer < 6_000
            # words that change, change nothing that is heard
            body = {**body, "text": "Lời khác cho cùng bản thu."}
            headers = {"If-Match": f'"{twice["revision"]}-{twice["content_hash"]}"'}
            changed = (await client.put(f"/api/announcements/{bai}", json=body, headers=headers)).json()
            assert changed["rendering"]["state"] == "ready"

    play(tmp_path, story)


class SlowTaker:
    """Takes its time, and does then what it was told to."""

    def __init__(self, inner: Taker) -> None:
        self._inner = inner
        self.refusal: SpeechFailed | None = None
        self.go = asyncio.Event()

    async def take_in(self, original: Path, *, repeat: int, chime: bool) -> Prepared:
        await self.go.wait()
        if self.refusal is not None:
            raise self.refusal
        return await self._inner.take_in(original, repeat=repeat, chime=chime)


def slow(house: Home) -> SlowTaker:
    recorder = house.loa.room.recorder
    taker = SlowTaker(recorder._taker)
    recorder._taker = taker
    house.loa.desk.recordings.patience_s = 0.05
    return taker


def test_a_long_one_is_answered_at_once_and_told_when_it_is_ready(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        taker = slow(house)
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            told = (await sent(client, bai, VOICE)).json()
            assert told["rendering"]["state"] in ("waiting", "rendering")
            assert told["recording"]["before_ms"] is None
            for path in (f"/viet-bai/{bai}", f"/bai/{bai}", f"/bai/{bai}/ban-thu/xem"):
                assert "Đang xử lý bản thu" in (await client.get(path)).text
            taker.go.set()
            ready = await settled(client, bai)
            assert ready["rendering"]["state"] == "ready"
            assert ready["content_hash"] == told["content_hash"]
            assert ready["recording"]["before_ms"] == pytest.approx(4_000, abs=50)

    play(tmp_path, story)


def test_a_long_one_that_fails_later_says_why_and_is_not_handed_in(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        taker = slow(house)
        taker.refusal = SpeechFailed("E_INTAKE", "Không xử lý được bản thu này.", "It broke.")
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            assert (await sent(client, bai, VOICE)).status_code == 200
            taker.go.set()
            failed = (await settled(client, bai))["rendering"]
            assert (failed["state"], failed["code"]) == ("failed", "E_INTAKE")
            assert "Không xử lý được bản thu này." in (await client.get(f"/viet-bai/{bai}")).text
            is_problem(await client.post(f"/api/announcements/{bai}/submit"), 409, "E_INTAKE")
            await client.put(f"/api/announcements/{bai}/recording", json={"recording": None})
            assert (await client.post(f"/api/announcements/{bai}/submit")).status_code == 200

    play(tmp_path, story)


def test_another_one_sent_meanwhile_is_the_one_that_is_heard(tmp_path: Path) -> None:
    other = uploads.encoded(uploads.speech(2))

    async def story(house: Home) -> None:
        taker = slow(house)
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            await sent(client, bai, VOICE)
            second = (await sent(client, bai, other)).json()
            taker.go.set()
            ready = await settled(client, bai)
            assert ready["recording"]["id"] == second["recording"]["id"]
            assert ready["recording"]["before_ms"] == pytest.approx(2_000, abs=50)
            assert ready["rendering"]["duration_ms"] < 7_000

    play(tmp_path, story)


def test_what_nobody_holds_is_forgotten_after_a_week_and_what_was_handed_in_is_not(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        db, folder = house.loa.db, house.loa.settings.recordings_dir
        async with door(house, AUTHOR) as client:
            kept, dropped = await a_bai(client), await a_bai(client)
            held = (await sent(client, kept, VOICE)).json()["recording"]["id"]
            await client.post(f"/api/announcements/{kept}/submit")
            await client.put(f"/api/announcements/{kept}/recording", json={"recording": None})
            await sent(client, dropped, uploads.encoded(uploads.speech(2)))
            await client.put(f"/api/announcements/{dropped}/recording", json={"recording": None})
            assert len(left(house)) == 2
            gone = await db.write(recordings.forget_unused, house.loa.clock.now())
            assert len(gone) == 1
            assert await db.read(recordings.get, held) is not None
            # the room that a quota counts is that of what is kept
            assert (await db.read(recordings.room, AreaCode(QUANG_DIEN))).of_area == 1
        (folder / ("0" * 64)).write_bytes(b"left over from a death")
        (folder / "incoming" / "half.part").write_bytes(b"half")

    play(tmp_path, story)

    folder = tmp_path / "recordings"

    async def at_the_next_start() -> None:
        db = await Database.open(tmp_path / "loa.db", inline_lanes(), MORNING)
        await db.write(sweep_originals, folder, folder / "incoming")
        await db.close()

    asyncio.run(at_the_next_start())
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [sha256_of(VOICE)]


def test_a_recording_is_found_again_after_a_death_in_the_middle(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as client:
            bai = await a_bai(client)
            await sent(client, bai, VOICE)
            identity = AnnouncementId(bai)
            sound = (await house.loa.db.read(announcements.get, identity)).sound  # type: ignore[union-attr]
            torn = replace(sound, state=RenderState.RENDERING, clip=None, duration_ms=None)
            await house.loa.db.write(announcements.save_sound, identity, torn)
            house.loa.signals.wake(Wake.RECORDER)
            assert (await settled(client, bai))["rendering"]["state"] == "ready"

    play(tmp_path, story)
