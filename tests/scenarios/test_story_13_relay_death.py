"""Story 13, in real time and with real decoders: the relay's first URL dies into a 404, the second is silent,
the third works. What the village heard of it."""

import asyncio
from datetime import date, time, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from firmware_sim.journal import Journal
from schedules.calendar import instant_of
from tests.support.doors import home
from tests.support.relayed import judged, plan_relay, read_tape, until, village_of
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


@pytest.mark.realtime
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
                village = village_of(house, NODES, journal, faults)
                village.start()
                try:
                    await plan_relay(house, time(6), LENGTH, dying, mute, works)
                    await until(house, SLOT + timedelta(seconds=DIES_AFTER_S))
                    gone.set()
                    await until(house, SLOT + LENGTH + timedelta(seconds=4))
                    rows = await judged(house, NODES, SLOT, SLOT + LENGTH)
                finally:
                    await village.stop()
        assert faults == []
        assert {row.node: row.ruling.verdict.value for row in rows if row.ruling} == dict.fromkeys(
            NODES, "aired"
        )
        for path in village.write_tapes(tmp_path / "tapes"):
            _check(*read_tape(path))

    asyncio.run(story())


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
