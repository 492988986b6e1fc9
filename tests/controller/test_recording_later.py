"""Recordings prepared in the background: said twice, slow, another one meanwhile, a death in the middle."""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.signals import Wake
from controller.dispatch.sound.taking import sweep_originals
from controller.lanes import inline_lanes
from controller.store import announcements, recordings
from controller.store.database import Database
from controller.store.sounds import RenderState
from controller.studio.speech import SpeechFailed
from controller.studio.taking import Prepared, Taker
from schedules.announcement import AnnouncementId, AreaCode
from tests.support.asked import GOOD, is_problem
from tests.support.doors import AUTHOR, MORNING, Home, door, play
from tests.support.recordings import VOICE, a_bai, left, sent, settled
from tests.tts import uploads


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


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
    recorder = house.loa.recorder
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
