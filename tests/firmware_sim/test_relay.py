"""Tiếp âm: a station in the programme, its filler when it is away, and what bad weather leaves of it."""

import asyncio
import wave
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.grants import Relay
from devices.link import Arrival
from devices.messages import BulletinClass, ReceiptKind
from firmware_sim.air import Air
from firmware_sim.sound import RATE
from firmware_sim.weather import Climate, Weather
from tests.firmware_sim.desk import MORNING, wall
from tests.firmware_sim.rig import Stage, play
from tests.firmware_sim.station import Station

LENGTH_S = 120


def planned(stage: Stage, seconds: int = LENGTH_S, **changes: object) -> Station:
    """A relay at 05:05 and its sender."""
    filler = stage.desk.put(30, 660.0)
    entry = stage.desk.entry(
        "vov1", MORNING, filler, relay=Relay(grant="r-vov1", length_ms=seconds * 1000), **changes
    )
    stage.desk.publish_programme((entry,), (filler,))
    return Station(stage.desk, "r-vov1", chunk_ms=500)


def parts(stage: Stage) -> list[tuple[str, float, float]]:
    """What was heard, as (part, from, to) in seconds after the first sample of all."""
    spans = stage.heard()
    first = spans[0].begin.first_sample_mono
    return [
        (
            span.begin.part,
            round(span.begin.first_sample_mono - first, 1),
            round(span.end.ended_mono - first, 1) if span.end is not None else -1.0,
        )
        for span in spans
    ]


def finished(stage: Stage) -> tuple[str | None, int, int]:
    (receipt,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert receipt.occurrence == "vov1"
    return receipt.reason, receipt.played_ms, receipt.duration_ms


def tape(stage: Stage, directory: Path) -> NDArray[np.float32]:
    """What the horn of the first node gave, as samples."""
    (path,) = stage.village.write_tapes(directory)
    with wave.open(str(path)) as file:
        raw = file.readframes(file.getnframes())
    return (np.frombuffer(raw, dtype="<i2") / 32767).astype(np.float32)


async def broadcast(
    stage: Stage, station: Station, seconds: float = LENGTH_S, holes: tuple[tuple[float, float], ...] = ()
) -> None:
    """Sends from two seconds before the slot to behind its end."""
    await stage.until(MORNING - timedelta(seconds=2))
    await station.send(seconds + 4, holes=holes)


def test_a_relay_is_heard_from_its_minute_to_its_end_wherever_the_node_began(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        await broadcast(stage, planned(stage))
        await asyncio.sleep(20)

    stage = play(story)
    (span,) = stage.heard()
    assert span.end is not None
    assert (span.begin.part, span.begin.source) == ("stream", "programme")
    assert abs((span.begin.first_sample_at - MORNING).total_seconds()) < 0.6
    assert abs((span.end.ended_at - MORNING).total_seconds() - LENGTH_S) < 0.05
    reason, played_ms, duration_ms = finished(stage)
    assert (reason, duration_ms) == (None, LENGTH_S * 1000)
    assert played_ms >= duration_ms * 0.99
    samples = tape(stage, tmp_path)
    assert len(samples) / RATE == pytest.approx(LENGTH_S, abs=0.7)


def test_the_filler_sounds_while_the_station_is_away_and_leaves_when_it_is_back() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        await broadcast(stage, planned(stage), holes=((40.0, 70.0),))
        await asyncio.sleep(20)

    stage = play(story)
    assert [part for part, _, _ in parts(stage)] == ["stream", "filler", "stream"]
    first, filler, again = parts(stage)
    assert 3.0 <= filler[1] - (first[2] - 1.0) <= 5.0, "after three to five seconds of silence"
    assert again[1] - filler[2] < 0.1
    assert again[1] - 38.0 == pytest.approx(31.0, abs=1.5), "back about a second after it is back"
    reason, played_ms, _ = finished(stage)
    assert reason == "relay_unavailable"
    assert played_ms == pytest.approx((LENGTH_S - 31) * 1000, abs=2_000)


def test_a_station_that_never_comes_is_its_filler_and_says_so() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        planned(stage)
        await stage.until(MORNING + timedelta(seconds=LENGTH_S + 30))

    stage = play(story)
    assert {part for part, _, _ in parts(stage)} == {"filler"}
    assert len(parts(stage)) > 2, "thirty seconds of filler for two minutes"
    assert finished(stage)[:2] == ("relay_unavailable", 0)


def test_a_filler_that_is_not_there_is_silence() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        station = planned(stage)
        stage.desk.shelf.clear()
        await broadcast(stage, station, holes=((40.0, 70.0),))
        await asyncio.sleep(20)

    stage = play(story)
    assert {part for part, _, _ in parts(stage)} == {"stream"}
    assert finished(stage)[0] == "chunks_lost"


@pytest.mark.promise("S12")
def test_an_altered_filler_never_sounds() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        planned(stage)
        await asyncio.sleep(10)
        assert stage.village.order({"node": stage.nodes[0], "do": "alter_clip"})["clip"]
        stage.desk.shelf.clear()
        await stage.until(MORNING + timedelta(seconds=LENGTH_S + 30))

    stage = play(story)
    assert stage.heard() == ()


def test_an_emergency_cuts_the_relay_which_is_then_rejoined_live() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        station = planned(stage, 300)
        send = asyncio.create_task(broadcast(stage, station, 300))
        await stage.until(MORNING + timedelta(seconds=30))
        stage.desk.publish_alerts(stage.desk.alert("flood-1"))
        await send
        await asyncio.sleep(20)

    stage = play(story)
    before, siren, after = stage.heard()
    assert (before.begin.part, siren.begin.part, after.begin.part) == ("stream", "tone", "stream")
    assert after.end is not None
    assert abs((after.end.ended_at - MORNING).total_seconds() - 300) < 0.05, "no minute later"
    elapsed_ms = (after.begin.first_sample_at - MORNING) / timedelta(milliseconds=1)
    assert after.begin.from_ms == pytest.approx(elapsed_ms, abs=20)
    (receipt,) = [
        one for one in stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED) if one.occurrence is not None
    ]
    assert (receipt.reason, receipt.cuts) == ("preempted", 1)


@pytest.mark.promise("S13", "S14")
def test_a_relay_at_a_quarter_past_three_is_refused_by_the_node() -> None:
    night = MORNING - timedelta(hours=2, minutes=50)

    async def story(stage: Stage) -> None:
        await stage.settle()
        filler = stage.desk.put(30)
        entry = stage.desk.entry("vov1", night, filler, relay=Relay(grant="r-vov1", length_ms=1_800_000))
        stage.desk.publish_programme((entry,), (filler,))
        station = Station(stage.desk, "r-vov1", chunk_ms=500)
        await stage.until(night - timedelta(seconds=2))
        await station.send(20)

    stage = play(story, start=night - timedelta(minutes=5))
    assert stage.heard() == ()
    (refused,) = stage.desk.of(stage.nodes[0], ReceiptKind.REFUSED)
    assert (refused.occurrence, refused.code) == ("vov1", "E_QUIET")


def test_a_priority_item_cuts_a_relay_of_the_normal_class() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        filler, words = stage.desk.put(30, 660.0), stage.desk.put(20, 880.0)
        relay = Relay(grant="r-vov1", length_ms=LENGTH_S * 1000)
        first = stage.desk.entry("vov1", MORNING, filler, relay=relay)
        second = stage.desk.entry(
            "news", MORNING + timedelta(seconds=30), words, bulletin_class=BulletinClass.PRIORITY
        )
        stage.desk.publish_programme((first, second), (filler, words))
        await broadcast(stage, Station(stage.desk, "r-vov1", chunk_ms=500))
        await asyncio.sleep(20)

    stage = play(story)
    assert [part for part, _, _ in parts(stage)] == ["stream", "clip", "stream"]


def test_after_a_power_cut_the_relay_is_rejoined_where_it_is_by_then() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        send = asyncio.create_task(broadcast(stage, planned(stage)))
        await stage.until(MORNING + timedelta(seconds=30))
        stage.village.order({"node": stage.nodes[0], "do": "power_cut"})
        await asyncio.sleep(45)
        stage.village.order({"node": stage.nodes[0], "do": "power_on"})
        await send
        await asyncio.sleep(20)

    stage = play(story)
    _, after = stage.heard()
    assert after.end is not None
    assert abs((after.end.ended_at - MORNING).total_seconds() - LENGTH_S) < 0.05
    reason, played_ms, _ = finished(stage)
    assert reason == "power_cut"
    assert played_ms == pytest.approx(74_000, abs=4_000)


def test_in_bad_weather_what_is_lost_is_silence_and_no_joint_clicks(tmp_path: Path) -> None:
    """5 % lost, doubled and out of order, and ten seconds without a network."""
    weather = Weather(5, Climate(lost=0.05, doubled=0.05, delay_s=0.8))
    away = (MORNING + timedelta(seconds=60), MORNING + timedelta(seconds=70))

    def carry(client: str, arrival: Arrival) -> tuple[float, ...]:
        if "/live/" not in arrival.topic:
            return (0.0,)
        return () if away[0] <= wall() < away[1] else weather.carry(client, arrival)

    async def story(stage: Stage) -> None:
        await stage.settle()
        await broadcast(stage, planned(stage))
        await asyncio.sleep(20)

    stage = play(story, air=Air(carry=carry))
    heard = [part for part, _, _ in parts(stage)]
    assert heard[0] == heard[-1] == "stream"
    assert heard.count("filler") == 1
    reason, played_ms, duration_ms = finished(stage)
    assert reason == "relay_unavailable"
    assert 0.80 * duration_ms < played_ms < 0.93 * duration_ms
    samples = tape(stage, tmp_path)
    # Nothing steeper than the tones themselves: 0.3 at 660 Hz moves by 0.052 a sample, at volume 80.
    assert np.abs(np.diff(samples)).max() < 0.06
    assert np.abs(samples).max() < 0.3
