"""Two hundred nodes on bad mobile lines (F32): alarms come through, nobody is called silent."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from controller.fleet.monitor import Monitor
from devices.link import Arrival
from firmware_sim.air import Air
from firmware_sim.state import Habits
from tests.firmware_sim.desk import MORNING
from tests.firmware_sim.rig import Stage, play
from tests.support.virtual_time import wall

NODES = 200
MINUTES = 10
"""Of thirty; the whole half hour says the same and takes a minute and a half."""
ALARMS = 5
OCTETS_A_SECOND = 8_000
STALL_S, STALL_EVERY_S = 3.0, 20.0
HEADERS = 60
"""Octets of TCP, IP and MQTT around a message."""


class Mobile:
    """One direction of every node's line: 64 kbit/s one after the other, 200 to 1,000 ms, stalls."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._free_at: dict[str, float] = {}
        self._there_at: dict[str, float] = {}
        self._phase: dict[str, float] = {}

    def __call__(self, client: str, arrival: Arrival) -> tuple[float, ...]:
        if client == "desk":
            return (0.005,)
        now = asyncio.get_running_loop().time()
        phase = self._phase.setdefault(client, self._rng.uniform(0.0, STALL_EVERY_S))
        begin = max(now, self._free_at.get(client, 0.0))
        begin += max(0.0, STALL_S - (begin + phase) % STALL_EVERY_S)
        self._free_at[client] = begin + (len(arrival.payload) + HEADERS) / OCTETS_A_SECOND
        # a connection keeps its order, whatever single packets do
        there_at = max(self._there_at.get(client, 0.0), self._free_at[client] + self._rng.uniform(0.1, 0.5))
        self._there_at[client] = there_at
        return (there_at - now,)


def watch(stage: Stage, monitor: Monitor) -> Callable[[], None]:
    """The monitor hears what the desk hears; what comes back looks for silence, as its loop does."""
    told = [0, 0]

    def look() -> None:
        for n, words in enumerate((stage.desk.hellos, stage.desk.telemetry)):
            for one in words[told[n] :]:
                monitor.heard(one.node, one, wall())
            told[n] = len(words)
        monitor.tick(wall())

    return look


@pytest.mark.promise("F32", "P5")
def test_on_bad_mobile_lines_every_alarm_is_heard_within_ten_seconds_and_no_node_seems_silent() -> None:
    silent: set[str] = set()
    pressed = {}

    async def story(stage: Stage) -> None:
        await stage.settle()
        await asyncio.sleep(60)
        monitor = Monitor({})
        monitor.know(stage.nodes)
        look = watch(stage, monitor)
        look()
        assert not [node for node in stage.nodes if monitor.is_silent(node)], "all had come up"
        for second in range(MINUTES * 60):
            if second % (MINUTES * 60 // ALARMS) == 60:
                alert = stage.desk.alert(f"flood-{second}", rounds=1, ends_at=wall() + timedelta(minutes=4))
                pressed[f"alert:{alert.id}:0"] = alert.issued_at
                stage.desk.publish_alerts(alert)
            if second % 5 == 0:
                look()
                silent.update(node for node in stage.nodes if monitor.is_silent(node))
            await asyncio.sleep(1)

    air = Air(carry=Mobile(1), lift=Mobile(2))
    stage = play(story, count=NODES, start=MORNING, air=air, habits=Habits())

    late = sorted(
        (span.begin.first_sample_at - pressed[span.begin.claim]).total_seconds()
        for node in stage.nodes
        for span in stage.heard(node)
        if span.begin.part == "tone"
    )
    assert len(late) == ALARMS * NODES, "each heard each, once"
    assert late[len(late) * 99 // 100] <= 10.0
    assert silent == set()
