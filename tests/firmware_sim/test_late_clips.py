"""A clip that is late: its item waits for it as long as its grace lasts, and no longer."""

from datetime import timedelta

import pytest

from devices.messages import ReceiptKind
from firmware_sim.fetch import Fetcher, ShelfFetcher
from tests.firmware_sim.desk import MORNING, Desk
from tests.firmware_sim.rig import Stage, play


@pytest.mark.promise("P1")
def test_an_item_whose_clip_comes_after_its_moment_is_heard_then() -> None:
    stage = play(lambda stage: _clip_after(stage, timedelta(minutes=3)))
    (span,) = stage.heard()
    late = span.begin.first_sample_at - MORNING
    assert timedelta(minutes=3) <= late <= timedelta(minutes=5)
    assert span.end is not None
    assert span.end.whole
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert finished.played_ms == finished.duration_ms


def test_an_item_whose_clip_comes_after_its_grace_is_refused_before_it() -> None:
    stage = play(lambda stage: _clip_after(stage, timedelta(minutes=30)))
    assert stage.heard() == ()
    (refusal,) = stage.desk.of(stage.nodes[0], ReceiptKind.REFUSED)
    assert (refusal.code, refusal.occurrence) == ("E_CONTENT", "awaited")
    assert MORNING + timedelta(minutes=9) <= refusal.at <= MORNING + timedelta(minutes=10)


def test_who_waits_for_his_clip_keeps_nobody_else_waiting() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        awaited, ready = stage.desk.put(30.0), stage.desk.put(20.0, 660.0)
        held_back = stage.desk.shelf.pop(awaited.sha256)
        entries = (
            stage.desk.entry("awaited", MORNING, awaited),
            stage.desk.entry("ready", MORNING + timedelta(minutes=1), ready),
        )
        stage.desk.publish_programme(entries, (awaited, ready))
        await stage.until(MORNING + timedelta(minutes=3))
        stage.desk.shelf[awaited.sha256] = held_back
        await stage.until(MORNING + timedelta(minutes=8))

    assert play(story).claims() == ["occurrence:ready", "occurrence:awaited"]


def test_a_server_that_is_gone_for_a_while_costs_nobody_the_morning() -> None:
    fetchers: list[ShelfFetcher] = []

    def gone(desk: Desk) -> Fetcher:
        fetchers.append(ShelfFetcher(desk.shelf))
        return fetchers[0]

    async def story(stage: Stage) -> None:
        await stage.settle()
        fetchers[0].down = True
        item = stage.desk.put(30.0)
        stage.desk.publish_programme((stage.desk.entry("awaited", MORNING, item),), (item,))
        await stage.until(MORNING + timedelta(seconds=20))
        fetchers[0].down = False
        await stage.until(MORNING + timedelta(minutes=5))

    stage = play(story, count=3, fetcher=gone)
    assert [stage.claims(node) for node in stage.nodes] == [["occurrence:awaited"]] * 3


async def _clip_after(stage: Stage, late: timedelta) -> None:
    await stage.settle()
    item = stage.desk.put(30.0)
    held_back = stage.desk.shelf.pop(item.sha256)
    stage.desk.publish_programme((stage.desk.entry("awaited", MORNING, item),), (item,))
    await stage.until(MORNING + late)
    stage.desk.shelf[item.sha256] = held_back
    await stage.until(MORNING + late + timedelta(minutes=15))
