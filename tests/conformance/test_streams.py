"""What any node does with a stream, seen on the wire alone: its receipts (docs/wire.md, section 9)."""

import asyncio
from datetime import timedelta

import pytest

from devices.grants import Relay
from devices.messages import CommandId, Receipt, ReceiptKind
from tests.firmware_sim.desk import MORNING
from tests.firmware_sim.rig import Stage, play
from tests.firmware_sim.station import Station

NOON = MORNING + timedelta(hours=6)


def about(stage: Stage, kind: ReceiptKind, grant: str = "voice") -> list[Receipt]:
    found = stage.desk.of(stage.nodes[0], kind)
    return [one for one in found if one.command == CommandId(grant)]


def test_a_voice_is_one_delivery_whichever_of_its_commands_a_node_heard() -> None:
    """This node hears only the renewal; its receipts carry the grant's name all the same."""

    async def story(stage: Stage) -> None:
        await stage.settle()
        station = Station(stage.desk, "voice")
        station.open(id="voice-renewed")
        await asyncio.sleep(0.5)
        await station.send(10, last=True)
        await asyncio.sleep(10)

    stage = play(story, start=NOON)
    for kind in (ReceiptKind.STARTED, ReceiptKind.FINISHED, ReceiptKind.HEARD):
        assert len(about(stage, kind)) == 1
    assert about(stage, ReceiptKind.FINISHED)[0].reason is None
    assert about(stage, ReceiptKind.ACCEPTED, "voice-renewed")


def test_a_voice_that_breaks_off_is_reported_within_three_seconds() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        station = Station(stage.desk, "voice")
        station.open()
        await asyncio.sleep(0.5)
        await station.send(10)
        await asyncio.sleep(10)

    stage = play(story, start=NOON)
    (started,), (finished,) = about(stage, ReceiptKind.STARTED), about(stage, ReceiptKind.FINISHED)
    assert finished.reason == "stream_lost"
    assert finished.at - started.at <= timedelta(seconds=10 + 3)


@pytest.mark.parametrize(
    ("at", "code"), [(NOON, None), (NOON - timedelta(hours=8), "E_QUIET")], ids=["at noon", "at 03:05"]
)
def test_an_ordinary_voice_is_refused_at_night(at: object, code: str | None) -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        station = Station(stage.desk, "voice")
        station.open()
        await asyncio.sleep(0.5)
        await station.send(5, last=True)
        await asyncio.sleep(5)

    assert isinstance(at, type(NOON))
    stage = play(story, start=at)
    assert [one.code for one in about(stage, ReceiptKind.REFUSED)] == ([code] if code else [])
    assert len(about(stage, ReceiptKind.FINISHED)) == (0 if code else 1)


def test_a_relay_ends_with_its_slot_and_says_whether_the_station_was_there() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        filler = stage.desk.put(30, 660.0)
        there, away = (
            stage.desk.entry(name, MORNING + delay, filler, relay=Relay(grant=f"r-{name}", length_ms=60_000))
            for name, delay in (("there", timedelta(0)), ("away", timedelta(minutes=2)))
        )
        stage.desk.publish_programme((there, away), (filler,))
        await stage.until(MORNING - timedelta(seconds=2))
        await Station(stage.desk, "r-there", chunk_ms=500).send(64)
        await stage.until(MORNING + timedelta(minutes=4))

    stage = play(story)
    finished = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert [(one.occurrence, one.reason) for one in finished] == [
        ("there", None),
        ("away", "relay_unavailable"),
    ]
    assert finished[0].played_ms >= 0.98 * finished[0].duration_ms
    assert finished[1].played_ms == 0
    assert abs((finished[0].at - MORNING).total_seconds() - 60) < 1
