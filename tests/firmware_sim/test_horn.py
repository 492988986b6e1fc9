"""What hangs on the player: a sound card that is not there, a dead amplifier, a horn that nobody asked."""

import asyncio
from datetime import timedelta

import pytest

from devices.messages import Heard, ReceiptKind
from firmware_sim.fleet import Fault
from tests.firmware_sim.desk import MORNING, morning
from tests.firmware_sim.rig import Stage, play


@pytest.mark.promise("F54", "P5")
def test_a_dead_amplifier_is_played_and_not_heard() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(minutes=3))

    dead = Fault(node="n-0001", kind="dead_amplifier")  # type: ignore[arg-type]
    stage = play(story, count=2, faults=(dead,))
    first, second = (stage.desk.of(node, ReceiptKind.HEARD)[0] for node in stage.nodes)
    assert (first.heard, second.heard) == (Heard.NO, Heard.YES)
    last = [beat for beat in stage.desk.telemetry if beat.node == stage.nodes[0]][-1]
    assert last.amplifier_fault


def test_without_a_sense_nothing_is_claimed_to_be_heard() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(minutes=3))

    stage = play(story, faults=(Fault(node="n-0001", kind="no_sense"),))  # type: ignore[arg-type]
    assert stage.desk.of(stage.nodes[0], ReceiptKind.HEARD)[0].heard is Heard.UNKNOWN


@pytest.mark.promise("F53")
@pytest.mark.parametrize("state", ["missing", "busy", "blocked"])
def test_a_sound_card_that_gives_no_sound_is_named_and_nothing_counts_as_started(state: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(seconds=10))
        (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
        assert (finished.reason, finished.played_ms) == (f"audio_device_{state}", 0)

    stage = play(story, faults=(Fault(node="n-0001", kind="device", state=state),))  # type: ignore[arg-type]
    assert stage.heard() == ()
    assert stage.desk.of(stage.nodes[0], ReceiptKind.STARTED) == []


@pytest.mark.promise("F53")
def test_a_stop_while_the_sound_card_blocks_ends_the_item_for_good() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(seconds=2))
        stage.desk.stop()
        await stage.until(MORNING + timedelta(seconds=4))
        stage.village.order({"node": stage.nodes[0], "do": "surround", "device": "ready"})
        await stage.until(MORNING + timedelta(minutes=5))

    stage = play(story, faults=(Fault(node="n-0001", kind="device", state="blocked"),))  # type: ignore[arg-type]
    assert stage.heard() == ()
    assert stage.desk.of(stage.nodes[0], ReceiptKind.STARTED) == []


@pytest.mark.promise("F55", "P5")
def test_sound_without_a_session_is_told_within_a_minute() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        assert not any(beat.sound_without_session for beat in stage.desk.telemetry)
        stage.village.order({"node": stage.nodes[0], "do": "surround", "alien": True})
        await asyncio.sleep(60)

    stage = play(story)
    last = stage.desk.telemetry[-1]
    assert last.sound_without_session
    assert not last.amplifier_on
