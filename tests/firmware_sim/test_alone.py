"""A node without any network, and with a clock that nobody confirms: what it may say by itself."""

import asyncio
from datetime import timedelta

import pytest

from devices.link import Backoff
from devices.messages import Heard, ReceiptKind
from firmware_sim.fleet import Fault
from tests.firmware_sim.desk import MORNING, morning
from tests.firmware_sim.rig import SLOW, Stage, play


@pytest.mark.promise("F04", "F36", "P6")
def test_with_broker_and_controller_gone_every_node_airs_the_session_and_reports_once_afterwards() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        refs = tuple(stage.desk.put(30.0, pitch) for pitch in (300.0, 400.0, 500.0))
        entries = tuple(
            stage.desk.entry(f"item-{number}", MORNING + timedelta(seconds=35 * number), ref)
            for number, ref in enumerate(refs)
        )
        stage.desk.publish_programme(entries, refs)
        await stage.until(MORNING - timedelta(minutes=10))
        stage.air.kill()
        stage.desk.answering = False
        await stage.until(MORNING + timedelta(minutes=30))
        assert all(len(stage.heard(node)) == 3 for node in stage.nodes)
        stage.air.restore()
        await asyncio.sleep(30)
        stage.desk.answering = True
        await asyncio.sleep(300)
        before = stage.desk.reports
        await asyncio.sleep(1800)
        assert stage.desk.reports == before

    stage = play(story, count=5, habits=SLOW)
    for node in stage.nodes:
        finished = stage.desk.of(node, ReceiptKind.FINISHED)
        assert [receipt.occurrence for receipt in finished] == ["item-0", "item-1", "item-2"]
        assert [receipt.heard for receipt in finished] == [Heard.YES] * 3
        body = stage.village.nodes[node]
        assert body.flash.rows("receipts") == {}


@pytest.mark.promise("F36", "P6")
def test_seven_days_alone_nothing_is_missed_and_nothing_is_said_twice() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(20.0)
        for day in range(7):
            at = MORNING + timedelta(days=day)
            stage.desk.publish_programme((stage.desk.entry(f"day-{day}", at, item),), (item,))
        await stage.until(MORNING - timedelta(minutes=5))
        stage.air.kill()
        await stage.until(MORNING + timedelta(days=7))
        assert not stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED), "nobody can have told anybody"
        stage.air.restore()
        await asyncio.sleep(600)
        before = stage.desk.reports
        await asyncio.sleep(3600)
        assert stage.desk.reports == before

    stage = play(story, count=2, backoff=Backoff(), habits=SLOW)
    for node in stage.nodes:
        assert stage.claims(node) == [f"occurrence:day-{day}" for day in range(7)]
        finished = stage.desk.of(node, ReceiptKind.FINISHED)
        assert [receipt.occurrence for receipt in finished] == [f"day-{day}" for day in range(7)]


@pytest.mark.promise("P6")
def test_a_chip_with_a_battery_lets_a_node_play_after_a_power_cut_without_any_network() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=10))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        stage.air.kill()
        await asyncio.sleep(300)
        body.power_on()
        assert body.state.clock.state == "held"
        await stage.until(MORNING + timedelta(minutes=20))

    stage = play(story)
    assert stage.claims() == ["occurrence:morning"]


@pytest.mark.promise("F46", "P7")
def test_a_node_that_boots_in_1970_plays_nothing_ordinary_until_the_time_is_trusted() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=10))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        stage.air.kill()
        body.power_on()
        await stage.until(MORNING + timedelta(minutes=20))
        assert stage.heard() == ()

    play(story, rtc=False)


@pytest.mark.promise("F46", "P7")
@pytest.mark.parametrize("offset_days", [-20_000, 4_000, 5_000])
def test_a_chip_that_says_1970_or_2038_is_not_believed(offset_days: int) -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=10))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        stage.air.kill()
        body.power_on()
        assert body.state.clock.state == "unsure"
        await stage.until(MORNING + timedelta(minutes=20))

    wrong = Fault(node="n-0001", kind="clock", offset_s=offset_days * 86_400.0)  # type: ignore[arg-type]
    stage = play(story, faults=(wrong,))
    assert stage.heard() == ()


def test_a_trusted_clock_is_only_held_after_a_day_without_answers() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        body = stage.village.nodes[stage.nodes[0]]
        assert body.state.clock.state == "trusted"
        stage.air.kill()
        await asyncio.sleep(25 * 3600)
        assert body.state.clock.state == "held"

    play(story, backoff=Backoff(), habits=SLOW)
