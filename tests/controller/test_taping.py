"""A relay recorded first and heard later: from the station that works into the signed programme."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

from controller.app import Loa
from controller.clock import LoopClock
from controller.deploy.commune_data import DAN_DIEN, PROVINCE, QUANG_DIEN
from controller.dispatch.signals import Wake
from controller.errors import Problem
from controller.store import audit, clips, relays, sessions, tapes
from controller.store.recordings import Before
from controller.store.relays import RelayList, RelaySource
from controller.store.tapes import Tape, TapeState
from controller.studio.taking import Prepared
from devices.messages import Entry
from schedules.blocks import Block, Part
from schedules.calendar import instant_of
from schedules.plan import OccurrenceId
from schedules.session import Session
from tests.support.doors import ADMINISTRATOR, APPROVER, AUTHOR, STRANGER_APPROVER, Home, air_link, home
from tests.support.inline_speaker import InlineSpeaker
from tests.support.stations import Station, answers, on_air, tone, wav_stream
from tests.support.wiretap import Wire, listening
from tts.clip import decode
from tts.loudness import lufs

DAY = date(2026, 11, 23)
SLOT = instant_of(DAY, time(6, 0))
RECORDED = time(5, 49)
"""The last full minute that leaves ten minutes and twice the length before the slot."""
BEGINS = instant_of(DAY, RECORDED)
LENGTH = timedelta(seconds=6)
EARLY = timedelta(seconds=11)
DAY_LONG = timedelta(days=1)
SESSION = Session(
    id="s-taped",
    area=QUANG_DIEN,
    name="Buổi sáng",
    start=time(6, 0),
    days=frozenset(range(7)),
    blocks=(Block(id="relay", part=Part.RELAY, length=LENGTH, record_at=RECORDED),),
    opening=False,
    closing=False,
)


@contextlib.asynccontextmanager
async def planned(
    directory: Path, *stations: Station, start: datetime = BEGINS - EARLY, own: tuple[str, ...] = ()
) -> AsyncIterator[tuple[Home, Wire]]:
    """A house with a recorded relay at six from these stations, and all that it says."""
    hosts = (*own, *(station.own for station in stations))
    async with home(directory, start=start, relay_own_hosts=hosts) as house:
        assert house.air is not None
        wire, link = await listening(house.air, QUANG_DIEN)
        keeper, version = house.cast[ADMINISTRATOR], 0
        for number, station in enumerate(stations):
            view = await house.loa.sourcing.add(
                keeper, QUANG_DIEN, f"Đài {number}", station.url(), version=version
            )
            version = view.version
        await house.loa.db.write(sessions.save, SESSION)
        house.loa.signals.wake(Wake.PLANNER)
        yield house, wire
        await link.stop()


async def became(house: Home, *states: TapeState) -> Tape:
    """The recording for today's slot, once it is in one of these states."""
    async with asyncio.timeout(60):
        while True:
            for tape in await house.loa.db.read(tapes.between, SLOT, SLOT + timedelta(hours=1)):
                if tape.state in states:
                    return tape
            await asyncio.sleep(0.05)


async def said(wire: Wire, *, relayed: bool) -> Entry:
    """Today's entry of the newest programme, once it is a stream (the filler) or is none (the recording)."""
    async with asyncio.timeout(30):
        while True:
            today = [programme for programme in wire.programmes() if programme.date == DAY]
            for entry in today[-1].entries if today else ():
                if (entry.relay is not None) is relayed:
                    return entry
            await asyncio.sleep(0.05)


@pytest.mark.realtime
@pytest.mark.timeout(180)
def test_what_a_station_sends_is_recorded_levelled_and_put_in_the_programme_of_its_day(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        dead, works = Station(answers("404 Not Found")), Station(wav_stream(tone(440, volume=0.05)))
        async with on_air(dead, works), planned(tmp_path, dead, works) as (house, wire):
            waits = await said(wire, relayed=True)
            assert waits.starts_at == SLOT
            tape = await became(house, TapeState.KEPT, TapeState.FAILED)
            assert (tape.state, tape.why, tape.source) == (TapeState.KEPT, "", "Đài 1")
            assert tape.begins_at == BEGINS
            before = {one.date: one.version for one in wire.programmes() if one.date != DAY}
            entry = await said(wire, relayed=False)
            assert {str(entry.occurrence), str(waits.occurrence)} == {str(tape.occurrence)}
            assert entry.clip == tape.clip != waits.clip
            assert (entry.starts_at, entry.title) == (SLOT, "Tiếp âm phát chậm (Buổi sáng)")
            # only what changed is said anew
            assert {one.date: one.version for one in wire.programmes() if one.date != DAY} == before
            pcm, rate = decode((house.loa.clips / entry.clip).read_bytes())
            assert len(pcm) / rate == pytest.approx(LENGTH.total_seconds(), abs=0.7)
            assert lufs(pcm, rate) == pytest.approx(-16, abs=0.5)
            spectrum = np.abs(np.fft.rfft(pcm))
            assert spectrum.argmax() * rate / len(pcm) == pytest.approx(440, abs=2)
            assert list(house.loa.settings.tapes_dir.iterdir()) == []
            deeds = [row.deed for row in await house.loa.db.read(audit.newest, 100)]
            assert {"tape.begun", "tape.kept"} <= set(deeds)
            # whoever may approve hears it, and may say no: then it is the filler again
            desk, approver = house.loa.tapes, house.cast[APPROVER]
            path, _ = await desk.clip(approver, tape.occurrence)
            assert path.is_file()
            for username, code in ((AUTHOR, "E_RIGHT"), (STRANGER_APPROVER, "E_NOT_FOUND")):
                with pytest.raises(Problem, match=code):
                    await desk.clip(house.cast[username], tape.occurrence)
                with pytest.raises(Problem, match=code):
                    await desk.turn(house.cast[username], tape.occurrence, heard=False)
            await desk.turn(approver, tape.occurrence, heard=False)
            assert (await said(wire, relayed=True)).clip == waits.clip
            await desk.turn(approver, tape.occurrence, heard=True)
            assert (await said(wire, relayed=False)).clip == entry.clip

    asyncio.run(story())


@pytest.mark.realtime
@pytest.mark.timeout(180)
@pytest.mark.parametrize("hushed_after_s", [0, 3])
def test_a_station_that_falls_silent_leaves_no_recording_but_a_reason_and_the_filler(
    tmp_path: Path, hushed_after_s: int
) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + EARLY.total_seconds() + hushed_after_s
        station = Station(wav_stream(tone(440, volume=0.3 if hushed_after_s else 0)))
        if hushed_after_s:
            station.serve = wav_stream(tone(440), ends_after=lambda: loop.time() > until)
        async with on_air(station), planned(tmp_path, station) as (house, wire):
            waits = await said(wire, relayed=True)
            tape = await became(house, TapeState.KEPT, TapeState.FAILED)
            assert (tape.state, tape.why) == (TapeState.FAILED, "gaps" if hushed_after_s else "no_sound")
            assert tape.clip is None
            assert (await said(wire, relayed=True)).clip == waits.clip
            lost = await house.loa.tapes.lost(house.cast[AUTHOR])
            assert [one.why for one in lost] == [tape.why]
            assert await house.loa.tapes.lost(house.cast[STRANGER_APPROVER]) == ()

    asyncio.run(story())


@pytest.mark.realtime
@pytest.mark.timeout(180)
@pytest.mark.promise("S57")
def test_a_recording_is_behind_the_same_guard_as_a_live_relay(tmp_path: Path) -> None:
    """An address that stands in the list and is no longer allowed, as after a change of the settings."""

    async def story() -> None:
        inner = Station(wav_stream(tone(440)))
        async with on_air(inner), planned(tmp_path) as (house, _):
            loa, url = house.loa, inner.url()
            listed = RelayList(
                area=QUANG_DIEN,
                version=1,
                sources=(RelaySource(name="Trong mạng", url=url),),
                filler=await loa.tuner.bells_clip(),
            )
            await loa.db.write(relays.save, listed, house.cast[AUTHOR].id, loa.clock.now())
            loa.signals.wake(Wake.PLANNER)
            tape = await became(house, TapeState.KEPT, TapeState.FAILED)
            assert (tape.state, tape.why) == (TapeState.FAILED, "no_sound")
            assert inner.connections == 0

    asyncio.run(story())


@pytest.mark.realtime
@pytest.mark.timeout(180)
def test_a_controller_that_starts_anew_says_that_its_recording_is_lost_and_leaves_no_half_of_it(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        works = Station(wav_stream(tone(440)))
        async with on_air(works), planned(tmp_path, works) as (house, _):
            tape = await became(house, TapeState.RECORDING)
            folder = house.loa.settings.tapes_dir
            async with asyncio.timeout(30):
                while not any(file.stat().st_size > 44 for file in folder.glob("*.wav")):
                    await asyncio.sleep(0.05)
            # as after a death: what lies there is not cleared away by whoever goes
            left = folder / "left.wav"
            left.write_bytes(b"RIFF")
            held = {path.name for path in house.loa.clips.iterdir()}
            await house.loa.stop()
            assert house.air is not None
            again = Loa(
                settings=house.loa.settings,
                clock=LoopClock(asyncio.get_running_loop(), BEGINS + timedelta(minutes=2)),
                lanes=house.loa.lanes,
                link_factory=air_link(house.air),
                speaker=InlineSpeaker(house.loa.settings.clips_dir),
            )
            await again.start()
            try:
                now = await again.db.read(tapes.get, tape.occurrence)
                assert now is not None
                assert (now.state, now.why, now.clip) == (TapeState.FAILED, "restart", None)
                assert list(folder.iterdir()) == []
                assert {path.name for path in again.clips.iterdir()} == held
            finally:
                await again.stop()

    asyncio.run(story())


@pytest.mark.realtime
@pytest.mark.timeout(180)
def test_communes_that_relay_the_same_station_share_one_recording(tmp_path: Path) -> None:
    async def story() -> None:
        works = Station(wav_stream(tone(440)))
        async with on_air(works), planned(tmp_path, own=(works.own,)) as (house, _):
            loa = house.loa
            sources = (RelaySource(name="Đài tỉnh", url=works.url()),)
            listed = RelayList(area=PROVINCE, version=1, sources=sources, filler=await loa.tuner.bells_clip())
            await loa.db.write(relays.save, listed, house.cast[AUTHOR].id, loa.clock.now())
            await loa.db.write(sessions.save, replace(SESSION, id="s-other", area=DAN_DIEN))
            loa.signals.wake(Wake.PLANNER)
            async with asyncio.timeout(60):
                while True:
                    found = await loa.db.read(tapes.between, SLOT, SLOT + timedelta(hours=1))
                    if len(found) == 2 and all(one.state is not TapeState.RECORDING for one in found):
                        break
                    await asyncio.sleep(0.05)
            assert {one.area for one in found} == {QUANG_DIEN, DAN_DIEN}
            assert {one.state for one in found} == {TapeState.KEPT}, [one.why for one in found]
            assert len({one.clip for one in found}) == 1
            assert works.connections == 1

    asyncio.run(story())


def test_what_is_ready_too_late_is_not_heard_and_what_is_old_is_dropped_with_its_sound(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with home(tmp_path, start=SLOT - timedelta(seconds=50)) as house:
            loa = house.loa
            facts = await loa.db.read(clips.find, await loa.tuner.bells_clip())
            assert facts is not None
            tape = Tape(
                occurrence=OccurrenceId("a" * 32),
                session="s",
                area=QUANG_DIEN,
                title="Tiếp âm",
                due_at=SLOT,
                begins_at=BEGINS,
                length=LENGTH,
                state=TapeState.RECORDING,
                changed_at=BEGINS,
            )
            early = replace(tape, occurrence=OccurrenceId("b" * 32), due_at=SLOT + timedelta(minutes=5))
            for one in (tape, early):
                await loa.db.write(tapes.add, one)
            before = Before(duration_ms=1, lufs=-20.0, peak_dbfs=-3.0, cut_ms=0)
            await loa.taping.close((tape, early), "", Prepared(clip=facts, before=before), "VOV1")
            found = {one.occurrence: one for one in await loa.db.read(tapes.between, SLOT, SLOT + DAY_LONG)}
            assert (found[tape.occurrence].state, found[tape.occurrence].why) == (TapeState.FAILED, "late")
            assert found[early.occurrence].state is TapeState.KEPT
            # what somebody else still needs stays; the rest goes with its last row
            assert await loa.db.write(tapes.forget, SLOT + timedelta(minutes=1)) == ()
            assert await loa.db.write(tapes.forget, SLOT + timedelta(minutes=6)) == (facts.sha256,)
            assert await loa.db.read(tapes.between, SLOT, SLOT + DAY_LONG) == ()

    asyncio.run(story())
