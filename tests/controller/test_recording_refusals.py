"""Recordings that will not do, or too much of them: named soon, and nothing of them is left."""

import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from controller.dispatch.announcements.recording import MOST_AT_ONCE
from tests.support.asked import is_problem
from tests.support.doors import AUTHOR, Home, door, play
from tests.support.recordings import VOICE, a_bai, left, sent
from tests.tts import uploads
from tests.tts.test_sound import tone
from tts.clip import SAMPLE_RATE

MEGABYTE = 1024 * 1024


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
