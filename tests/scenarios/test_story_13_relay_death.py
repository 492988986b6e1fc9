"""Story 13, in real time and with real decoders: the relay's first URL dies into a 404, the second is silent,
the third works. What the village heard of it."""

import asyncio
import random
import wave
from datetime import date, time, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from controller.deploy.commune_data import QUANG_DIEN, TENANT
from controller.dispatch.signals import Wake
from controller.store import deliveries, sessions
from devices.messages import NodeId, TenantId
from firmware_sim.clock import World
from firmware_sim.fetch import ShelfFetcher
from firmware_sim.fleet import Broker, Fleet, Member
from firmware_sim.journal import Journal
from firmware_sim.village import Ground, Village, air_links
from schedules.blocks import Block, Part
from schedules.calendar import instant_of
from schedules.session import Session
from tests.support.doors import ADMINISTRATOR, Home, home
from tests.support.house import QUICK, ClipShelf
from tests.support.stations import Serve, Station, answers, on_air, tone, wav_stream

SLOT = instant_of(date(2026, 11, 23), time(6, 0))
LENGTH = timedelta(seconds=30)
DIES_AFTER_S = 8
FIRST_HZ, THIRD_HZ = 440, 300
WINDOW_S = 0.1
NODES = ("n-da23f0cb", "n-bee07a6c")


def _dying(gone: asyncio.Event) -> Serve:
    """A station that breaks off and answers 404 from then on."""
    alive, dead = wav_stream(tone(FIRST_HZ), ends_after=gone.is_set), answers("404 Not Found")

    async def serve(writer: asyncio.StreamWriter, path: str) -> None:
        await (dead if gone.is_set() else alive)(writer, path)

    return serve


def _village(house: Home, journal: Journal, faults: list[Exception]) -> Village:
    assert house.air is not None
    loop = asyncio.get_running_loop()
    fleet = Fleet(
        tenant=TenantId(TENANT),
        root_public=house.root_public,
        broker=Broker(host="air", port=0, protocol="5"),
        members=tuple(Member(node=NodeId(name), key=house.keys[name], rtc=True) for name in NODES),
        faults=(),
    )
    ground = Ground(
        link=air_links(house.air, random.Random(3), lambda fault: None, QUICK),
        fetcher=ShelfFetcher(ClipShelf(house.loa.clips)),
        journal=journal,
        world=World(origin_at=house.loa.clock.now(), origin_mono=loop.time()),
        rng=random.Random(11),
        on_fault=lambda node, error: faults.append(error),
        taped=True,
    )
    return Village(fleet, ground)


async def _planned(house: Home, *stations: Station) -> None:
    version = 0
    for number, station in enumerate(stations):
        view = await house.loa.sourcing.add(
            house.cast[ADMINISTRATOR], QUANG_DIEN, f"Đài {number}", station.url(), version=version
        )
        version = view.version
    session = Session(
        id="s-relay",
        area=QUANG_DIEN,
        name="Buổi sáng",
        start=time(6, 0),
        days=frozenset(range(7)),
        blocks=(Block(id="relay", part=Part.RELAY, length=LENGTH),),
        opening=False,
        closing=False,
    )
    await house.loa.db.write(sessions.save, session)
    house.loa.signals.wake(Wake.PLANNER)


@pytest.mark.timeout(180)
def test_a_relay_that_dies_goes_on_from_the_source_that_works_within_ten_seconds_and_without_noise(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        gone, faults, journal = asyncio.Event(), list[Exception](), Journal()
        dying, mute = Station(_dying(gone)), Station(wav_stream(tone(volume=0)))
        works = Station(wav_stream(tone(THIRD_HZ)))
        async with on_air(dying, mute, works):
            own = (dying.own, mute.own, works.own)
            start = SLOT - timedelta(seconds=16)
            async with home(tmp_path / "house", start=start, relay_own_hosts=own) as house:
                village = _village(house, journal, faults)
                village.start()
                try:
                    await _planned(house, dying, mute, works)
                    await _until(house, timedelta(seconds=DIES_AFTER_S))
                    gone.set()
                    await _until(house, LENGTH + timedelta(seconds=4))
                    rows = await _judged(house)
                finally:
                    await village.stop()
        assert faults == []
        assert {row.node: row.ruling.verdict.value for row in rows if row.ruling} == dict.fromkeys(
            NODES, "aired"
        )
        for path in village.write_tapes(tmp_path / "tapes"):
            _check(*_read(path))

    asyncio.run(story())


async def _until(house: Home, after: timedelta) -> None:
    await asyncio.sleep((SLOT + after - house.loa.clock.now()).total_seconds())


async def _judged(house: Home) -> list[deliveries.Delivery]:
    """The rows of our two nodes, once both have their verdict."""
    async with asyncio.timeout(30):
        while True:
            planned = await house.loa.db.read(deliveries.of_branch, QUANG_DIEN, SLOT, SLOT + LENGTH)
            rows = [row for row in planned if row.node in NODES]
            if len(rows) == len(NODES) and all(row.ruling for row in rows):
                return rows
            await asyncio.sleep(0.2)


def _read(path: Path) -> tuple[npt.NDArray[np.float64], int]:
    with wave.open(str(path), "rb") as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return pcm / 32768, file.getframerate()


def _check(pcm: npt.NDArray[np.float64], rate: int) -> None:
    size = round(WINDOW_S * rate)
    windows = pcm[: len(pcm) // size * size].reshape(-1, size)
    level = np.sqrt((windows**2).mean(axis=1))
    spectrum = np.abs(np.fft.rfft(windows * np.hanning(size), 8192, axis=1)) ** 2
    pitch = spectrum.argmax(axis=1) * rate / 8192
    loud = level > 0.02

    def heard(hertz: int) -> npt.NDArray[np.intp]:
        return np.flatnonzero(loud & (abs(pitch - hertz) < 15))

    first, third = heard(FIRST_HZ), heard(THIRD_HZ)
    # the first station from the beginning on, the third for the rest
    assert first[0] * WINDOW_S < 3
    assert len(first) * WINDOW_S > DIES_AFTER_S - 4
    assert (third[0] - first[-1]) * WINDOW_S < 10
    assert third[0] > first[-1]
    assert (third[-1] + 1) * WINDOW_S > LENGTH.total_seconds() - 2
    # no noise: whatever is loud has a pitch, and nothing is cut at its height (0.24; bells climb by 0.11)
    flat = np.exp(np.log(spectrum[loud] + 1e-12).mean(axis=1)) / spectrum[loud].mean(axis=1)
    assert flat.max() < 0.05
    assert np.abs(np.diff(pcm)).max() < 0.15
