"""Every message one to five times and out of order: each item once, nothing stale."""

import asyncio
import random
from datetime import timedelta

import pytest

from devices import codec
from devices.link import Arrival
from devices.messages import Programme, ReceiptKind
from devices.signing import open_envelope
from firmware_sim.air import Air
from tests.firmware_sim.desk import MORNING, morning
from tests.firmware_sim.rig import Stage, play


def storm(seed: int) -> Air:
    """Down: one to five times within a minute. Up: one to three times within half a minute."""
    rng = random.Random(seed)
    return Air(
        carry=lambda client, arrival: tuple(rng.uniform(0, 60) for _ in range(rng.randint(1, 5))),
        lift=lambda client, arrival: tuple(rng.uniform(0, 30) for _ in range(rng.randint(1, 3))),
    )


@pytest.mark.promise("F24", "F35")
def test_a_storm_of_duplicates_and_reordering_airs_everything_once() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        await asyncio.sleep(120)
        morning(stage.desk)
        await stage.until(MORNING + timedelta(hours=1))

    stage = play(story, count=4, air=storm(5))
    assert [stage.claims(node) for node in stage.nodes] == [["occurrence:morning"]] * 4
    for node in stage.nodes:
        (finished,) = stage.desk.of(node, ReceiptKind.FINISHED)
        assert finished.occurrence == "morning"


@pytest.mark.promise("F24", "P7")
@pytest.mark.parametrize("seed", range(5))
def test_yesterdays_version_that_comes_late_and_often_brings_nothing_back(seed: int) -> None:
    """The first version of the day names an item that the second has withdrawn."""
    rng = random.Random(seed)

    def carry(client: str, arrival: Arrival) -> tuple[float, ...]:
        if not arrival.topic.endswith("/2026-11-22"):
            return (0.0,)
        first = codec.decode(open_envelope(arrival.payload).payload, Programme).entries[0].occurrence == "old"
        times = range(rng.randint(1, 5))
        return tuple(rng.uniform(10, 60) for _ in times) if first else tuple(rng.uniform(0, 9) for _ in times)

    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(30.0)
        old, new = stage.desk.entry("old", MORNING, item), stage.desk.entry("new", MORNING, item)
        stage.desk.publish_programme((old,), (item,))
        stage.desk.publish_programme((new,), (item,))
        await stage.until(MORNING + timedelta(minutes=30))

    stage = play(story, count=3, air=Air(carry=carry))
    assert [stage.claims(node) for node in stage.nodes] == [["occurrence:new"]] * 3
