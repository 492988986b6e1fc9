"""From the mouth to the loudspeaker, by clicks; and how soon a relay leaves a dead source.

A microphone that is played by the clock: ffmpeg records clicks as a browser does (Opus in WebM, pieces of
100 ms); they go through the real WebSocket, decoder, delay line, encoder, signed chunks, mosquitto and a
whole simulated node, whose tape says when each click left the horn.
"""

import asyncio
import random
import statistics
import tempfile
import wave
from asyncio import subprocess
from collections.abc import AsyncGenerator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from websockets.asyncio.client import connect

from bench.town import OPERATOR, VILLAGES, Town, town
from controller.access import new_token, token_hash
from controller.dispatch.broadcasts.live_forms import BroadcastForm
from controller.store import people
from controller.store.broadcasts import BroadcastKind
from controller.streams.choosing import SILENT_DBFS, Switch
from controller.streams.frames import FRAME_S
from controller.streams.voices import Relay
from devices.link import Backoff
from devices.messages import BulletinClass, ClockState, NodeId
from firmware_sim.clock import real_world
from firmware_sim.fetch import HttpFetcher
from firmware_sim.fleet import read_fleet
from firmware_sim.journal import Journal, Row, Sounding
from firmware_sim.village import Ground, Village, paho_links

RATE = 48_000
PIECE_S = 0.1
CLICK_EVERY_S = 1.0
CLICK_S = 0.04
LOWEST, APART = 500, 150
NODE_PREROLL_MS = 500.0
DELAY_S = 3
LOUD = 0.08

Out = list[dict[str, Any]]


def measure(quick: bool = False) -> Out:
    """Rows for the table."""
    clicks = 4 if quick else 20
    with tempfile.TemporaryDirectory(prefix="loa-mouth-") as directory:
        plain, delayed = asyncio.run(_spoken(Path(directory), clicks))
    switched = asyncio.run(_switched(1 if quick else 5))
    return [
        _row(
            "mouth to loudspeaker, no pre-listen delay, median", plain, NODE_PREROLL_MS, "the node's pre-roll"
        ),
        _row(
            f"mouth to loudspeaker, pre-listen delay of {DELAY_S} s, median",
            delayed,
            DELAY_S * 1000 + NODE_PREROLL_MS,
            "that delay and the node's pre-roll",
        ),
        {
            "name": "a relay's source dies: silence until the next one is heard, longest",
            "value": max(switched) * 1000,
            "unit": "ms",
            "baseline": "10,000 ms are allowed (DOMAIN.md 10, story 13)",
            "ratio": max(switched) / 10,
            "goal": "≤ 1.00",
            "met": None if quick else max(switched) <= 10,
        },
    ]


def _row(name: str, delays_ms: list[float], beside: float, what: str) -> dict[str, Any]:
    middle = statistics.median(delays_ms)
    return {
        "name": name,
        "value": middle,
        "unit": "ms",
        "baseline": f"{what}: {beside:,.0f} ms; {len(delays_ms)} clicks, "
        f"from {min(delays_ms):,.0f} to {max(delays_ms):,.0f} ms",
        "ratio": middle / beside,
        "goal": None,
        "met": None,
    }


async def _spoken(directory: Path, clicks: int) -> tuple[list[float], list[float]]:
    async with town(directory, 1, quiet_from="00:00", quiet_to="00:00") as place:
        first = await _once(place, directory, clicks, 0)
        return first, await _once(place, directory, clicks, DELAY_S)


async def _once(place: Town, directory: Path, clicks: int, delay_s: int) -> list[float]:
    loop, rng, rows = asyncio.get_running_loop(), random.Random(1), list[Row]()
    fleet = read_fleet(place.fleet)
    ground = Ground(
        link=paho_links(fleet.broker, rng, lambda fault: None, Backoff(first_s=1.0)),
        fetcher=HttpFetcher(),
        journal=Journal(rows.append),
        world=real_world(loop.time()),
        rng=rng,
        on_fault=_raise,
        taped=True,
    )
    village = Village(fleet, ground)
    village.start()
    try:
        async with asyncio.timeout(60):
            while not all(
                node.state.filters and node.state.clock.state is ClockState.TRUSTED
                for node in village.nodes.values()
            ):
                await asyncio.sleep(0.05)
        said_at = await _speak(place, clicks, delay_s)
        await asyncio.sleep(delay_s + 2)
    finally:
        await village.stop()
    (tape,) = village.write_tapes(directory / f"tape-{delay_s}")
    began = min(row.first_sample_mono for row in rows if isinstance(row, Sounding))
    heard = {k: began + at for k, at in _clicks(tape, clicks).items()}
    return [(heard[k] - said) * 1000 for k, said in enumerate(said_at) if k in heard]


async def _speak(place: Town, clicks: int, delay_s: int) -> list[float]:
    """Speak the clicks by the clock; the instant of each at the mouth."""
    loop, loa = asyncio.get_running_loop(), place.loa
    token = new_token()
    await loa.db.write(people.begin_login, token_hash(token), OPERATOR.id, "bench", loa.clock.now())
    form = BroadcastForm(
        kind=BroadcastKind.LIVE,
        area=OPERATOR.area,
        targets=(VILLAGES[0],),
        bulletin_class=BulletinClass.PRIORITY,
        title="Bench",
        longest=timedelta(minutes=5),
        delay=timedelta(seconds=delay_s),
    )
    made = await loa.broadcasting.make(OPERATOR, form, token)
    base = f"127.0.0.1:{loa.settings.port}"
    recorder = await asyncio.create_subprocess_exec(
        "ffmpeg", "-hide_banner", "-loglevel", "error", "-probesize", "32", "-f", "s16le", "-ar", str(RATE),
        "-ac", "1", "-i", "pipe:0", "-c:a", "libopus", "-b:a", "48k", "-f", "webm",
        "-cluster_time_limit", "100", "-flush_packets", "1", "pipe:1",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert recorder.stdin is not None
    assert recorder.stdout is not None
    async with connect(
        f"ws://{base}/truc-tiep/{made.id}/micro",
        origin=f"http://{base}",  # type: ignore[arg-type]
        additional_headers={"Cookie": f"loa={token}"},
        proxy=None,
    ) as socket:
        await socket.send('{"kind": "audio/webm"}')
        # as the page does: nothing is recorded before the other side is ready
        await socket.recv()

        async def carry() -> None:
            assert recorder.stdout is not None
            while piece := await recorder.stdout.read(65536):
                await socket.send(piece)

        carrying = asyncio.create_task(carry())
        began, sound = loop.time(), _sound(clicks)
        size = round(PIECE_S * RATE)
        for number, at in enumerate(range(0, len(sound), size)):
            # a recorder hands a piece over when it is full
            await asyncio.sleep(max(0.0, began + (number + 1) * PIECE_S - loop.time()))
            recorder.stdin.write(sound[at : at + size].tobytes())
        recorder.stdin.close()
        await carrying
        await socket.send('{"do":"end"}')
        async for _ in socket:
            pass
    await recorder.wait()
    return [began + (1 + k) * CLICK_EVERY_S for k in range(clicks)]


def _sound(clicks: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    rng = np.random.default_rng(1)
    pcm = 0.002 * rng.standard_normal(round((clicks + 1.5) * CLICK_EVERY_S * RATE))
    for k in range(clicks):
        at = round((1 + k) * CLICK_EVERY_S * RATE)
        length = round(CLICK_S * RATE)
        pcm[at : at + length] += 0.7 * np.sin(2 * np.pi * (LOWEST + APART * k) * np.arange(length) / RATE)
    return (pcm * 32767).astype("<i2")


def _clicks(tape: Path, clicks: int) -> dict[int, float]:
    """When each click begins on the tape, in seconds; each is known by its pitch."""
    with wave.open(str(tape), "rb") as file:
        rate = file.getframerate()
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768
    found: dict[int, float] = {}
    last = -CLICK_EVERY_S
    for at in np.flatnonzero(np.abs(pcm) > LOUD):
        if at / rate - last < CLICK_EVERY_S / 2:
            continue
        last = at / rate
        window = pcm[at : at + round(CLICK_S * rate)]
        pitch = np.abs(np.fft.rfft(window, 4096)).argmax() * rate / 4096
        number = round((pitch - LOWEST) / APART)
        if 0 <= number < clicks:
            found.setdefault(number, float(last))
    return found


async def _switched(times: int) -> list[float]:
    """How long it was silent at each death of the first source."""
    return [await _death() for _ in range(times)]


async def _death() -> float:
    loop = asyncio.get_running_loop()
    dead = asyncio.Event()
    switches: list[tuple[float, Switch]] = []
    relay = Relay(
        [partial(_station, 440, dead), partial(_station, 300, asyncio.Event())],
        (),
        loop.time,
        lambda switch: switches.append((loop.time(), switch)),
    )
    relay.start()
    began, given, loud_at = loop.time(), 0, 0.0
    try:
        async with asyncio.timeout(40):
            while not switches or switches[-1][1].after != 1:
                while given * FRAME_S < loop.time() - began:
                    relay.next()
                    given += 1
                    if relay.on_air == 0 and relay.level_dbfs > SILENT_DBFS:
                        loud_at = loop.time()
                if relay.on_air == 0 and loop.time() - began > 6:
                    dead.set()
                await asyncio.sleep(FRAME_S)
    finally:
        await relay.stop()
    return switches[-1][0] - loud_at


async def _station(hertz: float, dead: asyncio.Event) -> AsyncGenerator[bytes, None]:
    """An endless WAV by the clock that falls silent on the line without a word."""
    loop, rate = asyncio.get_running_loop(), 24_000
    head = wave_head(rate)
    yield head
    began, sent = loop.time(), 0
    while not dead.is_set():
        while sent < (loop.time() - began + 1.0) * rate:
            step = np.arange(sent, sent + rate // 10) / rate
            yield (0.3 * 32767 * np.sin(2 * np.pi * hertz * step)).astype("<i2").tobytes()
            sent += rate // 10
        await asyncio.sleep(0.05)
    await asyncio.sleep(60)


def wave_head(rate: int) -> bytes:
    """Of a mono WAV that never ends."""

    def word(value: int, octets: int) -> bytes:
        return value.to_bytes(octets, "little")

    form = word(1, 2) + word(1, 2) + word(rate, 4) + word(2 * rate, 4) + word(2, 2) + word(16, 2)
    return b"RIFF" + word(0xFFFFFFFF, 4) + b"WAVEfmt " + word(16, 4) + form + b"data" + word(0xFFFFFF00, 4)


def _raise(node: NodeId, error: Exception) -> None:
    raise error
