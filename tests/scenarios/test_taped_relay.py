"""Tiếp âm phát chậm: a relay that was recorded for thin links, as the village hears it; else its filler."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from controller.deploy.commune_data import QUANG_DIEN, TENANT
from controller.store import documents, relays, tapes
from controller.store.relays import RelayList, RelaySource
from controller.store.tapes import Tape, TapeState
from controller.studio.taking import Prepared
from schedules.blocks import Block, Part
from schedules.calendar import instant_of
from schedules.plan import OccurrenceId, occurrence_id
from schedules.session import taped_id
from tests.support.house import DAY, FEW, House, play
from tests.support.inline_taker import InlineTaker
from tts.formats import Format, encode

SLOT = instant_of(DAY, time(6, 0))
LENGTH = timedelta(minutes=1)
SESSION = "s-0600"
OCCURRENCE = OccurrenceId(occurrence_id(TENANT, taped_id(SESSION), SLOT))
BLOCKS = (Block(id="relay", part=Part.RELAY, length=LENGTH, record_at=time(3, 30)),)
"""It is recorded before the house wakes: what came of that is what each story puts into the store."""


async def recorded(house: House) -> Prepared:
    """What a minute's recording leaves, prepared as a recording is."""
    at = np.arange(24_000 * 60) / 24_000
    wav = house.directory / "tape.wav"
    wav.write_bytes(encode((0.1 * np.sin(2 * np.pi * 440 * at)).astype(np.float32), Format.WAV))
    return await InlineTaker(house.settings.clips_dir).take_in(wav, repeat=1, chime=False, clean=False)


async def planned(house: House, *, kept: bool) -> None:
    """A morning with a relay that is heard later than it was sent."""
    loa, now = house.up, house.clock.now()
    listed = RelayList(
        area=QUANG_DIEN,
        version=1,
        sources=(RelaySource(name="VOV1", url="https://vov.vn/a"),),
        filler=await loa.tuner.bells_clip(),
    )
    await loa.db.write(relays.save, listed, house.author.id, now)
    if kept:
        done = await recorded(house)
        running = Tape(
            occurrence=OCCURRENCE,
            session=SESSION,
            area=QUANG_DIEN,
            title="Tiếp âm phát chậm (Buổi phát thanh sáng)",
            due_at=SLOT,
            begins_at=SLOT - timedelta(hours=2, minutes=30),
            length=LENGTH,
            state=TapeState.RECORDING,
            changed_at=now,
        )
        await loa.db.write(tapes.add, running)
        await loa.taping.close((running,), "", done, "VOV1")
    await house.add_session(time(6, 0), blocks=BLOCKS, opening=False, closing=False)


async def versions(house: House) -> dict[str, int]:
    """The version of each day's programme."""
    found = await house.up.db.read(documents.programmes, DAY, DAY + timedelta(days=30))
    return {one.topic: one.version for one in found}


def test_a_recorded_relay_lies_on_the_nodes_before_its_slot_and_is_heard_whole(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await planned(house, kept=True)
        await house.until(SLOT - timedelta(minutes=5))
        seen["cached"] = [row.cached_at for row in await house.deliveries(OCCURRENCE)]
        # the line to the controller may be gone by then: nothing more is needed
        house.clients_away(*FEW)
        await house.until(SLOT + timedelta(minutes=3))
        for client in FEW:
            house.air.unblock(client)
        await house.rest(120)
        seen["verdicts"] = await house.verdicts(OCCURRENCE)

    house = play(story, place)
    assert None not in seen["cached"]
    for node in FEW[:3]:
        (span,) = house.heard(node)
        assert (span.begin.part, span.begin.claim) == ("clip", f"occurrence:{OCCURRENCE}")
        assert abs((span.begin.first_sample_at - SLOT).total_seconds()) < 1
        assert span.end is not None
        assert (span.end.ended_at - SLOT).total_seconds() == pytest.approx(60, abs=1.5)
        assert seen["verdicts"][node] == "aired"


def test_where_nothing_was_recorded_the_filler_is_heard_and_the_report_says_why(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await planned(house, kept=False)
        await house.until(SLOT + timedelta(minutes=4))
        seen["tape"] = await house.up.db.read(tapes.get, OCCURRENCE)
        seen["lost"] = await house.up.tapes.newest(house.author, QUANG_DIEN)
        seen["rows"] = [row.ruling for row in await house.deliveries(OCCURRENCE)]

    house = play(story, place)
    assert (seen["tape"].state, seen["tape"].why) == (TapeState.FAILED, "missed")
    assert [line.tape.why for line in seen["lost"]] == ["missed"]
    for node in FEW[:3]:
        assert {span.begin.part for span in house.heard(node)} == {"filler"}
    assert {row.reason for row in seen["rows"]} == {"relay_unavailable"}


def test_a_recording_that_an_approver_has_dropped_is_not_heard(place: Path) -> None:
    async def story(house: House) -> None:
        await planned(house, kept=True)
        await house.rest(60)
        await house.up.tapes.turn(house.approver, OCCURRENCE, heard=False)
        await house.until(SLOT + timedelta(minutes=3))

    house = play(story, place)
    assert {span.begin.part for span in house.heard(FEW[0])} == {"filler"}


def test_cut_by_an_emergency_a_recorded_relay_goes_on_where_it_was_cut(place: Path) -> None:
    async def story(house: House) -> None:
        await planned(house, kept=True)
        await house.until(SLOT + timedelta(seconds=20))
        await house.alarm()
        await house.until(SLOT + timedelta(minutes=8))

    house = play(story, place)
    first, *_, last = house.heard(FEW[0])
    assert first.begin.claim == last.begin.claim == f"occurrence:{OCCURRENCE}"
    assert last.begin.part == "clip"
    assert first.end is not None
    assert abs(last.begin.from_ms - first.end.to_ms) < 3_000


def test_only_the_day_of_a_recording_is_said_anew(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await planned(house, kept=True)
        await house.rest(60)
        before = await versions(house)
        await house.up.tapes.turn(house.approver, OCCURRENCE, heard=False)
        await house.rest(5)
        after = await versions(house)
        seen["days"] = len(after)
        seen["anew"] = {topic for topic in after if after[topic] != before.get(topic)}

    play(story, place)
    assert seen["days"] == 7
    assert seen["anew"] == {f"loa/1/area/{QUANG_DIEN}/programme/{DAY.isoformat()}"}
