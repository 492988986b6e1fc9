"""Power cuts before, in and after an item: resumed, restarted or named as partial, never doubled."""

import asyncio
from datetime import timedelta

import pytest

from devices.messages import BulletinClass, ReceiptKind
from tests.firmware_sim.desk import MORNING, morning
from tests.firmware_sim.rig import Stage, play


@pytest.mark.promise("F03", "P1")
def test_a_power_cut_early_in_a_normal_item_resumes_it_where_it_was() -> None:
    stage = play(lambda stage: _cut_at(stage, 10.0, off_s=5.0, bulletin_class=BulletinClass.NORMAL))
    first, second = stage.heard()
    assert 9_000 <= second.begin.from_ms <= 10_500
    assert second.begin.restarts == 1
    assert second.end is not None
    assert second.end.whole
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert (finished.restarts, finished.played_ms, finished.reason) == (1, 60_000, None)
    assert first.begin.claim == second.begin.claim


@pytest.mark.promise("F03", "P1")
@pytest.mark.parametrize(("at_s", "off_s"), [(40.0, 5.0), (10.0, 120.0)])
def test_a_normal_item_cut_late_or_for_long_is_reported_as_partial_and_not_said_again(
    at_s: float, off_s: float
) -> None:
    stage = play(lambda stage: _cut_at(stage, at_s, off_s=off_s, bulletin_class=BulletinClass.NORMAL))
    assert len(stage.heard()) == 1
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert finished.reason == "power_cut"
    assert at_s * 1000 - 1_500 <= finished.played_ms <= at_s * 1000


@pytest.mark.promise("F03")
def test_a_priority_item_restarts_once_within_its_life() -> None:
    async def story(stage: Stage) -> None:
        await _cut_at(stage, 40.0, off_s=60.0, bulletin_class=BulletinClass.PRIORITY, wait=False)
        await asyncio.sleep(20)
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        body.power_on()
        await asyncio.sleep(600)

    stage = play(story, honest=False)
    assert [(span.begin.from_ms, span.begin.restarts) for span in stage.heard()] == [(0, 0), (0, 1)]


@pytest.mark.promise("F03", "P1")
def test_what_must_wait_for_its_turn_after_a_power_cut_is_judged_where_it_would_sound() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        cut, other = stage.desk.put(60.0), stage.desk.put(50.0, 660.0)
        entries = (
            stage.desk.entry("cut", MORNING, cut),
            stage.desk.entry("behind", MORNING + timedelta(seconds=5), other),
        )
        stage.desk.publish_programme(entries, (cut, other))
        await stage.until(MORNING + timedelta(seconds=10))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        # which of the two comes back first is the store's order: the other one waits for its whole length
        assert list(body.flash.rows("claims"))[-2:] == ["occurrence:cut", "occurrence:behind"]
        await asyncio.sleep(5)
        body.power_on()
        await asyncio.sleep(600)

    stage = play(story)
    assert stage.claims() == ["occurrence:cut", "occurrence:cut"]
    ends = {one.occurrence: one.reason for one in stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)}
    assert ends == {"cut": None, "behind": "power_cut"}


@pytest.mark.promise("F03", "F13")
def test_what_was_not_synced_is_lost_and_the_claim_never_is() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(seconds=0.2))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        assert "occurrence:morning" in body.flash.rows("claims")
        await asyncio.sleep(300)
        body.power_on()
        await asyncio.sleep(600)

    stage = play(story)
    assert len(stage.heard()) == 1


def test_an_item_late_for_its_whole_window_is_named_as_late() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=2))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        await stage.until(MORNING + timedelta(minutes=20))
        body.power_on()
        await asyncio.sleep(60)

    stage = play(story)
    assert stage.heard() == ()
    (refusal,) = stage.desk.of(stage.nodes[0], ReceiptKind.REFUSED)
    assert (refusal.code, refusal.reason) == ("E_EXPIRED", "late")


async def _cut_at(
    stage: Stage, at_s: float, *, off_s: float, bulletin_class: BulletinClass, wait: bool = True
) -> None:
    await stage.settle()
    morning(stage.desk, bulletin_class=bulletin_class)
    await stage.until(MORNING + timedelta(seconds=at_s))
    body = stage.village.nodes[stage.nodes[0]]
    body.power_cut()
    await asyncio.sleep(off_s)
    body.power_on()
    if wait:
        await asyncio.sleep(600)


@pytest.mark.promise("P6")
def test_a_power_cut_in_the_first_minute_leaves_a_node_that_knows_the_time_by_its_chip() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        sound = stage.desk.put(20.0)
        stage.desk.publish_programme((stage.desk.entry("item", MORNING, sound),), (sound,))
        await asyncio.sleep(20)
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        body.link_down()
        body.power_on()
        await stage.until(MORNING + timedelta(minutes=5))

    assert play(story).claims() == ["occurrence:item"]


@pytest.mark.promise("F03", "P1")
def test_the_first_second_of_an_item_is_noted_as_soon_as_it_is_over() -> None:
    stage = play(lambda stage: _cut_at(stage, 1.15, off_s=5.0, bulletin_class=BulletinClass.NORMAL))
    _, second = stage.heard()
    assert 950 <= second.begin.from_ms <= 1_150
