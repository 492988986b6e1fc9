"""When any node says an alert again: by the distances in the document, by its own clock (docs/wire.md, 4)."""

import asyncio
from datetime import timedelta

import pytest

from devices.messages import ReceiptKind
from tests.firmware_sim.desk import MORNING, wall
from tests.firmware_sim.rig import Stage, play

MINUTE = 60_000


@pytest.mark.parametrize(
    ("rhythm", "begins"),
    [
        ({"rounds": 3, "every_ms": 20 * MINUTE}, [0, 20, 40]),
        (
            {"rounds": 5, "offsets_ms": (0, 5 * MINUTE, 10 * MINUTE), "every_ms": 30 * MINUTE},
            [0, 5, 10, 40, 70],
        ),
        ({"rounds": 2, "offsets_ms": (0, 7 * MINUTE)}, [0, 7]),
    ],
    ids=["one distance", "a tsunami's", "two alone"],
)
def test_rounds_begin_at_the_distances_of_the_document(rhythm: dict[str, object], begins: list[int]) -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        alert = stage.desk.alert("wave", ends_at=wall() + timedelta(hours=2), **rhythm)
        stage.desk.publish_alerts(alert)
        await asyncio.sleep(60)
        stage.air.kill()
        await asyncio.sleep(2 * 3600)
        stage.air.restore()
        await asyncio.sleep(120)

    stage = play(story, start=MORNING)
    started = sorted(stage.desk.of(stage.nodes[0], ReceiptKind.STARTED), key=lambda one: one.round)
    assert [one.round for one in started] == list(range(len(begins)))
    minutes = [(one.at - started[0].at) / timedelta(minutes=1) for one in started]
    assert minutes == pytest.approx(begins, abs=0.05)
