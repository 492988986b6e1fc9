"""A node's flash is full (F60): what is needed last makes room, an emergency's words always find some."""

import asyncio
from datetime import timedelta

import pytest

from devices.messages import ClipRef, ReceiptKind
from firmware_sim.body import Body
from firmware_sim.flash import CLIPS, FACTS, MemoryFlash
from tests.firmware_sim.desk import MORNING
from tests.firmware_sim.rig import SLOW, Stage, play

DAYS = (0, 1, 3, 4)
ROOM_FOR_REST = 60_000
"""Documents, claims, receipts."""


def small_flash(stage: Stage, clips: float, size: int) -> Body:
    """The node has a flash that holds so many clips of this size beside everything else."""
    body = stage.village.nodes[stage.nodes[0]]
    body.power_cut()
    body.flash = MemoryFlash(capacity=ROOM_FOR_REST + round(clips * size))
    body.power_on()
    return body


def week(stage: Stage) -> dict[int, ClipRef]:
    """One item each on some days of the week, each with a sound of its own."""
    refs = {day: stage.desk.put(20.0, pitch=300.0 + 40 * day) for day in DAYS}
    for day, ref in refs.items():
        entry = stage.desk.entry(f"day-{day}", MORNING + timedelta(days=day), ref)
        stage.desk.publish_programme((entry,), (ref,))
    return refs


@pytest.mark.promise("F60")
def test_a_full_flash_lets_go_what_is_needed_last_and_an_emergency_speaks_its_words() -> None:
    seen: dict[str, set[str]] = {}

    async def story(stage: Stage) -> None:
        await stage.settle()
        refs = week(stage)
        words = stage.desk.put(20.0, pitch=900.0)
        body = small_flash(stage, 3.3, max(ref.bytes for ref in (*refs.values(), words)))
        await asyncio.sleep(600)
        seen["before"] = set(body.flash.rows(CLIPS))
        flood = stage.desk.alert("flood", words=words.sha256, rounds=1)
        stage.desk.publish_alerts(flood, refs=(words,))
        await asyncio.sleep(240)
        seen["during"] = set(body.flash.rows(CLIPS))
        seen["wanted"] = {refs[0].sha256, refs[1].sha256, refs[3].sha256}
        seen["then"] = {refs[0].sha256, refs[1].sha256, words.sha256}
        await stage.until(MORNING + timedelta(days=4, minutes=5))

    stage = play(story, habits=SLOW)

    assert seen["before"] == seen["wanted"], "the soonest three of four"
    assert seen["during"] == seen["then"], "the words came in, what is needed last went"
    heard = [(span.begin.claim, span.begin.part) for span in stage.heard()]
    assert heard[:2] == [("alert:flood:0", "tone"), ("alert:flood:0", "words")]
    assert [claim for claim, _ in heard[2:]] == [f"occurrence:day-{day}" for day in DAYS], (
        "what made room came again when there was some"
    )


@pytest.mark.promise("F60")
def test_tomorrows_sounds_never_make_room_and_the_siren_needs_none() -> None:
    seen: dict[str, set[str]] = {}

    async def story(stage: Stage) -> None:
        await stage.settle()
        refs = week(stage)
        words = stage.desk.put(20.0, pitch=900.0)
        body = small_flash(stage, 2.2, max(ref.bytes for ref in (*refs.values(), words)))
        await asyncio.sleep(600)
        flood = stage.desk.alert("flood", words=words.sha256, rounds=1)
        stage.desk.publish_alerts(flood, refs=(words,))
        await asyncio.sleep(240)
        seen["held"], seen["soon"] = set(body.flash.rows(CLIPS)), {refs[0].sha256, refs[1].sha256}
        await stage.until(MORNING + timedelta(days=1, minutes=5))

    stage = play(story, habits=SLOW)

    assert seen["held"] == seen["soon"]
    heard = [(span.begin.claim, span.begin.part) for span in stage.heard()]
    assert heard[0] == ("alert:flood:0", "tone")
    assert [claim for claim, part in heard if part == "clip"] == ["occurrence:day-0", "occurrence:day-1"]


def test_a_node_that_could_not_write_speaks_again_within_an_hour_of_there_being_room() -> None:
    minutes = (30, 45, 180)

    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(20.0)
        entries = tuple(
            stage.desk.entry(f"item-{n}", MORNING + timedelta(minutes=m), item) for n, m in enumerate(minutes)
        )
        body = small_flash(stage, 2, item.bytes)
        stage.desk.publish_programme(entries, (item,))
        await stage.until(MORNING + timedelta(minutes=minutes[0]) - timedelta(seconds=1))
        body.flash.write(FACTS, "hog", b"x" * (body.flash.free_bytes() - 10))
        await stage.until(MORNING + timedelta(minutes=50))
        assert "E_STORE" in stage.desk.codes(stage.nodes[0])
        body.flash.erase(FACTS, "hog")
        await stage.until(MORNING + timedelta(minutes=200))
        finished = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
        assert [one.occurrence for one in finished] == ["item-0", "item-2"]

    assert play(story).claims() == ["occurrence:item-0", "occurrence:item-2"]
