"""Hours of bad weather from one seed: one voice, nothing stale, nothing twice, every item heard or named."""

import asyncio
from datetime import timedelta

import pytest

from devices.messages import NodeId, ReceiptKind
from firmware_sim.air import Air
from firmware_sim.weather import Climate, Weather
from tests.firmware_sim.desk import MORNING
from tests.firmware_sim.rig import SLOW, Stage, play

HOURS = 3


def test_the_same_seed_is_the_same_weather() -> None:
    nodes = (NodeId("a"), NodeId("b"))
    first, again, other = (Weather(seed, Climate()).schedule(nodes, 24) for seed in (4, 4, 5))
    assert first == again
    assert first != other
    assert {blow.kind for blow in first} == {"link", "power"}


@pytest.mark.promise("P1", "P7", "P22", "F24", "F33")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_any_weather_the_checker_stays_green_and_every_item_has_an_end(seed: int) -> None:
    weather = Weather(seed, Climate(power_cuts_an_hour=1.5))

    async def story(stage: Stage) -> None:
        await stage.settle()
        stage.desk.publish_keys()
        for node in stage.nodes:
            stage.desk.publish_desired(node)
        item = stage.desk.put(60.0)
        entries = tuple(
            stage.desk.entry(f"item-{number}", MORNING + timedelta(minutes=10 * number), item)
            for number in range(6 * HOURS - 1)
        )
        for _ in range(4):
            stage.desk.publish_programme(entries, (item,))
            await asyncio.sleep(20)
        stage.air.carry, stage.air.lift = weather.carry, weather.lift
        storm = asyncio.create_task(weather.blow(stage.village, weather.schedule(stage.nodes, hours=HOURS)))
        await asyncio.sleep(HOURS * 1800)
        stage.desk.publish_alerts(stage.desk.alert("flood"))
        await storm
        stage.air.carry = stage.air.lift = lambda client, arrival: (0.0,)
        await asyncio.sleep(1800)

    stage = play(story, count=3, start=MORNING - timedelta(minutes=10), air=Air(), habits=SLOW)
    ends = {ReceiptKind.FINISHED, ReceiptKind.REFUSED}
    for node in stage.nodes:
        ended = [r.occurrence for r in stage.desk.of(node) if r.kind in ends and r.occurrence]
        assert sorted(ended) == sorted(set(ended))
        assert set(ended) == {f"item-{number}" for number in range(6 * HOURS - 1)}
