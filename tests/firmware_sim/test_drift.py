"""A node whose crystal runs 500 ppm wrong is alone for a week (F47): it has measured its crystal before."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from devices.link import Arrival, Backoff
from devices.messages import NodeId
from firmware_sim.air import Air
from firmware_sim.fleet import Fault
from tests.firmware_sim.desk import DAWN, MORNING
from tests.firmware_sim.rig import SLOW, Stage, play

HABITS = replace(SLOW, keep_floor_s=1800.0, telemetry_s=3600.0)
PATIENT = Backoff(cap_s=1800.0)

NODE = NodeId("n-0001")
ALONE = 7
EVENING, SURVEYED = timedelta(hours=13), timedelta(hours=14)
"""Its first day has a morning, when it asks for the time, and an evening, when it reports; then nothing."""


class BadLine:
    """A mobile line: each packet takes as long as it likes, up to a second."""

    def __init__(self) -> None:
        self._rng = random.Random(47)

    def __call__(self, client: str, arrival: Arrival) -> tuple[float, ...]:
        return (self._rng.uniform(0.05, 1.0),)


@pytest.mark.promise("F47")
@pytest.mark.parametrize("drift_ppm", [500.0, -500.0])
def test_after_a_week_alone_a_wrong_crystal_is_less_than_a_minute_off_and_says_so(drift_ppm: float) -> None:
    told: list[int] = []
    times = [MORNING + timedelta(days=day) for day in range(1, ALONE + 1)]

    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(20.0)
        evening = stage.desk.entry("day-0", DAWN + EVENING, item)
        stage.desk.publish_programme((evening,), (item,))
        for day, at in enumerate(times, 1):
            entry = stage.desk.entry(f"day-{day}", at, item)
            stage.desk.publish_programme((entry,), (item,), expires_at=at + timedelta(days=2))
        await stage.until(DAWN + SURVEYED)
        stage.air.kill()
        await stage.until(times[-1] + timedelta(minutes=30))
        before = len(stage.desk.telemetry)
        stage.air.restore()
        await stage.until(times[-1] + timedelta(hours=2))
        told.extend(one.clock_offset_ms for one in stage.desk.telemetry[before:])

    fault = Fault(node=NODE, kind="clock", drift_ppm=drift_ppm)
    air = Air(carry=BadLine(), lift=BadLine())
    stage = play(story, faults=(fault,), habits=HABITS, backoff=PATIENT, air=air, honest=False)

    assert stage.claims() == [f"occurrence:day-{day}" for day in range(ALONE + 1)]
    late = [
        abs((span.begin.first_sample_at - at).total_seconds())
        for span, at in zip(stage.heard()[1:], times, strict=True)
    ]
    assert max(late) <= 60
    assert late[-1] > 0.5, "a line like that measures no crystal exactly"
    assert max(map(abs, told)) == pytest.approx(late[-1] * 1000, abs=2000), "and how far it was off is told"
