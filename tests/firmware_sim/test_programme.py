"""A village plays what it holds: without a broker, without a controller, after rot and power cuts."""

import asyncio
from datetime import timedelta

import pytest

from devices.messages import ReceiptKind
from tests.firmware_sim.desk import MORNING, morning
from tests.firmware_sim.rig import Stage, play


@pytest.mark.promise("F22", "S12")
def test_only_the_node_whose_copy_is_altered_refuses_it() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=1))
        assert stage.village.nodes[stage.nodes[1]].alter_clip() is not None
        await stage.until(MORNING + timedelta(minutes=5))
        assert len(stage.village.nodes[stage.nodes[1]].state.clips) == 1

    stage = play(story, count=3)
    assert [len(stage.heard(node)) for node in stage.nodes] == [1, 0, 1]
    (refusal,) = stage.desk.of(stage.nodes[1], ReceiptKind.REFUSED)
    assert (refusal.code, refusal.occurrence) == ("E_CONTENT", "morning")


@pytest.mark.promise("F22")
def test_bit_rot_is_found_within_the_hour_and_fetched_anew_before_it_is_needed() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(30.0)
        at = MORNING + timedelta(hours=3)
        stage.desk.publish_programme((stage.desk.entry("late", at, item),), (item,))
        await asyncio.sleep(60)
        stage.village.nodes[stage.nodes[0]].alter_clip()
        await asyncio.sleep(3700)
        (refusal,) = stage.desk.of(stage.nodes[0], ReceiptKind.REFUSED)
        assert (refusal.code, refusal.reason, refusal.occurrence) == ("E_CONTENT", "bit_rot", None)
        await stage.until(at + timedelta(minutes=2))

    stage = play(story)
    assert stage.claims() == ["occurrence:late"]


def test_receipts_tell_the_whole_way_of_a_delivery() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(minutes=5))

    stage = play(story)
    kinds = [receipt.kind for receipt in stage.desk.of(stage.nodes[0])]
    assert kinds == [
        ReceiptKind.ACCEPTED,
        ReceiptKind.CACHED,
        ReceiptKind.STARTED,
        ReceiptKind.FINISHED,
        ReceiptKind.HEARD,
    ]
    finished = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)[0]
    assert (finished.played_ms, finished.duration_ms) == (60_000, 60_000)


@pytest.mark.promise("F57", "P4")
def test_a_stop_ends_what_sounds_and_what_waits_and_nothing_resumes() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(60.0)
        entries = tuple(
            stage.desk.entry(name, MORNING + timedelta(seconds=after), item)
            for name, after in (("sounding", 0), ("waiting", 10), ("later", 3600))
        )
        stage.desk.publish_programme(entries, (item,))
        await stage.until(MORNING + timedelta(seconds=20))
        stage.desk.stop()
        stage.desk.stop()
        await stage.until(MORNING + timedelta(hours=2))

    stage = play(story)
    assert stage.claims() == ["occurrence:sounding", "occurrence:later"]
    end = stage.heard()[0].end
    assert end is not None
    assert abs((end.ended_at - MORNING).total_seconds() - 20) < 0.5
    (stopped,) = [
        r for r in stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED) if r.occurrence == "sounding"
    ]
    assert stopped.reason == "stopped"
    assert "E_STOPPED" in stage.desk.codes(stage.nodes[0])


@pytest.mark.promise("F57")
def test_a_stop_that_overtakes_its_item_is_remembered() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=1))
        stage.desk.stop(references=("morning",))
        await stage.until(MORNING + timedelta(minutes=20))

    stage = play(story)
    assert stage.heard() == ()
    assert stage.desk.codes(stage.nodes[0]) == ["E_STOPPED"]


def test_a_withdrawn_day_is_not_heard_and_a_withdrawn_item_ends() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(60.0)
        entries = (
            stage.desk.entry("a", MORNING, item),
            stage.desk.entry("b", MORNING + timedelta(minutes=30), item),
        )
        stage.desk.publish_programme(entries, (item,))
        await stage.until(MORNING + timedelta(seconds=30))
        stage.desk.publish_programme((), (), date=(MORNING + timedelta(hours=7)).date())
        await stage.until(MORNING + timedelta(hours=2))

    stage = play(story)
    (only,) = stage.heard()
    assert only.end is not None
    assert abs((only.end.ended_at - MORNING).total_seconds() - 30) < 1


@pytest.mark.promise("P7")
def test_an_item_is_silent_at_its_expiry() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(120.0)
        entry = stage.desk.entry(
            "short",
            MORNING,
            item,
            latest_at=MORNING + timedelta(seconds=5),
            expires_at=MORNING + timedelta(seconds=50),
        )
        stage.desk.publish_programme((entry,), (item,))
        await stage.until(MORNING + timedelta(minutes=10))

    stage = play(story)
    (span,) = stage.heard()
    assert span.end is not None
    assert timedelta(seconds=49) < span.end.ended_at - MORNING <= timedelta(seconds=50.05)
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert (finished.reason, finished.played_ms < 51_000) == ("expired", True)
