"""The microphone's socket on a real server: who may open it, what is heard of it, and how it ends."""

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.broadcasts.live_forms import BroadcastForm, BroadcastView
from controller.store import audit
from controller.store.broadcasts import BroadcastKind, End
from devices.messages import BulletinClass
from tests.support.doors import LOCAL_OPERATOR, OPERATOR, PASSWORD, STRANGER, VILLAGE, Served, home, served

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(lambda port: home(tmp_path_factory.mktemp("live"), port=port)) as found:
        yield found


@pytest.fixture(scope="module")
def webm() -> bytes:
    """Eight seconds as a browser records them: Opus in WebM, in small clusters."""
    made = subprocess.run(
        [
            "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-f", "lavfi",
            "-i", "sine=frequency=500:sample_rate=48000:duration=8", "-c:a", "libopus", "-b:a", "48k",
            "-f", "webm", "-cluster_time_limit", "100", "pipe:1",
        ],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return made.stdout


def cookie(house: Served, username: str) -> str:
    headers = {"Origin": house.base}
    answer = httpx.post(
        f"{house.base}/api/sessions", json={"username": username, "password": PASSWORD}, headers=headers
    )
    assert answer.status_code == 201
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


def begin(house: Served, delay: int = 0) -> BroadcastView:
    form = BroadcastForm(
        kind=BroadcastKind.LIVE,
        area=QUANG_DIEN,
        targets=(VILLAGE,),
        bulletin_class=BulletinClass.NORMAL,
        title="Chủ tịch xã nói chuyện",
        longest=timedelta(minutes=5),
        delay=timedelta(seconds=delay),
    )
    person = house.up.cast[LOCAL_OPERATOR]
    for one in house.run(house.up.loa.broadcast_views.running(person)):
        house.run(house.up.loa.broadcasting.end(person, one.id))
    key = f"k-{house.loop.time()}"
    return house.run(house.up.loa.broadcasting.make(person, form, key))


def view(house: Served, broadcast: str) -> BroadcastView:
    return house.run(house.up.loa.broadcast_views.one(house.up.cast[LOCAL_OPERATOR], broadcast))


@contextlib.asynccontextmanager
async def socket(house: Served, broadcast: str, **headers: str) -> AsyncIterator[ClientConnection]:
    url = f"{house.base.replace('http', 'ws')}/truc-tiep/{broadcast}/micro"
    origin = headers.pop("Origin", house.base)
    async with connect(url, additional_headers=headers, origin=origin, proxy=None) as opened:  # type: ignore[arg-type]
        yield opened


async def speak(one: ClientConnection, sound: bytes, seconds: float, whole_s: float = 8.0) -> None:
    """The sound at the pace at which it was recorded."""
    pieces = int(seconds * 10)
    size = int(len(sound) * seconds / whole_s / pieces)
    for k in range(pieces):
        await one.send(sound[k * size : (k + 1) * size])
        await asyncio.sleep(0.1)


async def told(one: ClientConnection) -> list[dict[str, Any]]:
    found = []
    with contextlib.suppress(ConnectionClosed, TimeoutError):
        async with asyncio.timeout(6):
            async for text in one:
                found.append(json.loads(text))
    return found


def test_what_is_spoken_goes_out_until_it_is_ended_by_one_touch(house: Served, webm: bytes) -> None:
    made = begin(house)

    async def story() -> list[dict[str, Any]]:
        async with socket(house, made.id, Cookie=cookie(house, LOCAL_OPERATOR)) as one:
            await one.send('{"kind": "audio/webm;codecs=opus"}')
            await speak(one, webm, 3)
            await one.send('{"do":"end"}')
            return await told(one)

    said = asyncio.run(story())
    ended = view(house, made.id)
    assert (ended.reason, ended.opened_at is not None) == (End.DONE, True)
    assert max(one["level"] for one in said) > -40
    assert any(one["flows"] for one in said)
    assert said[-1]["ended"] == "done"
    rows = house.run(house.up.loa.db.read(partial(audit.newest, subject=made.id)))
    assert [row.deed for row in rows] == ["broadcast.ended", "broadcast.opened", "broadcast.made"]
    assert rows[0].facts["sound_ms"] > 1500


def test_a_line_that_dies_ends_the_broadcast_within_three_seconds(house: Served, webm: bytes) -> None:
    made = begin(house)

    async def story() -> float:
        async with socket(house, made.id, Cookie=cookie(house, LOCAL_OPERATOR)) as one:
            await one.send('{"kind": "audio/webm"}')
            await speak(one, webm, 2)
            # the line is open and nothing comes any more
            loop = asyncio.get_running_loop()
            died = loop.time()
            while one.state.name == "OPEN" and made.id in house.up.loa.onair.grants:
                run = house.up.loa.onair.run(made.id)
                if run is not None and run.voice.over:  # type: ignore[attr-defined]
                    break
                await asyncio.sleep(0.05)
            return loop.time() - died

    assert asyncio.run(story()) <= 3.0
    for _ in range(200):
        if view(house, made.id).ended_at is not None:
            break
        house.run(asyncio.sleep(0.05))
    assert view(house, made.id).reason is End.LINK_LOST


def test_what_was_cut_within_the_delay_never_goes_out(house: Served, webm: bytes) -> None:
    made = begin(house, delay=3)

    async def story() -> None:
        async with socket(house, made.id, Cookie=cookie(house, LOCAL_OPERATOR)) as one:
            await one.send('{"kind": "audio/webm"}')
            await speak(one, webm, 2)
            run = house.up.loa.onair.run(made.id)
            assert run is not None
            assert run.voice.waiting_s > 1.0  # type: ignore[attr-defined]
            assert not run.voice.flows  # type: ignore[attr-defined]
            await one.send('{"do":"cut"}')
            await asyncio.sleep(0.3)
            assert run.voice.waiting_s < 0.5  # type: ignore[attr-defined]
            await one.send('{"do":"end"}')
            await told(one)

    asyncio.run(story())
    rows = house.run(house.up.loa.db.read(partial(audit.newest, subject=made.id)))
    (cut,) = (row for row in rows if row.deed == "broadcast.cut")
    assert cut.facts["ms"] > 1000


@pytest.mark.promise("S40")
@pytest.mark.parametrize("username", [STRANGER, OPERATOR, ""])
def test_nobody_else_can_speak_into_a_broadcast(house: Served, username: str) -> None:
    made = begin(house)
    headers = {"Cookie": cookie(house, username)} if username else {}

    async def story() -> None:
        async with socket(house, made.id, **headers) as one:
            await one.send('{"kind": "audio/webm"}')
            answer = json.loads(await one.recv())
            assert answer["code"] == "E_NOT_FOUND"

    if username == OPERATOR:
        asyncio.run(story())
    else:
        with pytest.raises(InvalidStatus) as refusal:
            asyncio.run(story())
        assert refusal.value.response.status_code == 403
    assert view(house, made.id).opened_at is None


@pytest.mark.parametrize("forged", ["https://evil.example", "http://127.0.0.1", "null"])
def test_a_page_of_another_site_opens_no_microphone(house: Served, forged: str) -> None:
    made = begin(house)

    async def story() -> None:
        async with socket(house, made.id, Cookie=cookie(house, LOCAL_OPERATOR), Origin=forged):
            pass

    with pytest.raises(InvalidStatus) as refusal:
        asyncio.run(story())
    assert refusal.value.response.status_code == 403


def test_octets_that_are_no_sound_end_it_and_too_many_too(house: Served) -> None:
    async def story(made: BroadcastView, pieces: int) -> None:
        async with socket(house, made.id, Cookie=cookie(house, LOCAL_OPERATOR)) as one:
            await one.send('{"kind": "audio/webm"}')
            with contextlib.suppress(ConnectionClosed):
                for _ in range(pieces):
                    await one.send(bytes(60_000))
            await told(one)

    for pieces in (1, 12):
        made = begin(house)
        asyncio.run(story(made, pieces))
        for _ in range(200):
            if view(house, made.id).ended_at is not None:
                break
            house.run(asyncio.sleep(0.05))
        assert view(house, made.id).reason in (End.LINK_LOST, End.FAULT)


def test_an_unknown_kind_of_sound_is_refused(house: Served) -> None:
    made = begin(house)

    async def story() -> None:
        async with socket(house, made.id, Cookie=cookie(house, LOCAL_OPERATOR)) as one:
            await one.send('{"kind": "video/x-flv"}')
            assert json.loads(await one.recv())["code"] == "E_BODY"

    asyncio.run(story())
    assert view(house, made.id).opened_at is None
