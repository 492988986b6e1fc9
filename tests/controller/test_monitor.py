"""The fleet's monitor: silence and faults become incidents, and end."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.fleet import monitor as fleet_monitor
from controller.fleet.monitor import Changes, Monitor
from controller.store import incidents, nodes
from controller.store.nodes import Node
from devices.health import Condition
from devices.messages import BootId, ClockState, NodeId, State, Telemetry
from devices.signing import generate_key
from tests.support.store_ground import NOW, ONE, ONE_A, Ground, ground

NODE = NodeId("n-1")
AREAS = {NODE: ONE_A}
BEAT = Telemetry(
    node=NODE,
    boot=BootId("b1"),
    seq=1,
    sent_at=NOW,
    uptime_s=10,
    clock=ClockState.TRUSTED,
    clock_offset_ms=0,
    sounding=None,
    sense_level=0.0,
    amplifier_on=False,
    sound_without_session=False,
    amplifier_fault=False,
    mains=True,
    battery_percent=100,
    storage_free_mb=900,
    temperature_c=30.0,
    clips_cached=1,
    clips_missing=0,
    refusals=0,
)


def watched(house: Ground) -> Monitor:
    key = generate_key("n-1").public_text
    house.write(nodes.register, Node(id=NODE, name="Cột đình", area=ONE_A, public_key=key), NOW)
    found = Monitor(house.read(nodes.everything_live))
    found.know((NODE,))
    return found


def save(house: Ground, monitor: Monitor) -> Changes:
    changes = monitor.take()
    house.write(fleet_monitor.save, changes, AREAS)
    return changes


@pytest.mark.promise("P5", "F55")
def test_silence_opens_an_incident_within_a_minute_and_a_word_ends_it(tmp_path: Path) -> None:
    with ground(tmp_path) as house:
        monitor = watched(house)
        monitor.heard(NODE, BEAT, NOW)
        save(house, monitor)
        assert house.read(incidents.running, ONE) == ()

        monitor.tick(NOW + timedelta(seconds=59))
        assert not monitor.is_silent(NODE)
        monitor.tick(NOW + timedelta(seconds=61))
        save(house, monitor)
        running = house.read(incidents.running, ONE)
        assert [one.kind for one in running] == [Condition.SILENT]

        monitor.heard(NODE, replace(BEAT, seq=2), NOW + timedelta(seconds=90))
        save(house, monitor)
        assert house.read(incidents.running, ONE) == ()

        alien = replace(BEAT, seq=3, sound_without_session=True)
        monitor.heard(NODE, alien, NOW + timedelta(seconds=95))
        save(house, monitor)
        assert [one.kind for one in house.read(incidents.running, ONE)] == [Condition.UNEASY]


def test_an_offline_of_another_boot_is_ignored(tmp_path: Path) -> None:
    with ground(tmp_path) as house:
        monitor = watched(house)
        monitor.heard(NODE, BEAT, NOW)
        monitor.heard(NODE, State(node=NODE, boot=BootId("b0"), online=False), NOW)
        assert not monitor.is_silent(NODE)
        monitor.heard(NODE, State(node=NODE, boot=BootId("b1"), online=False), NOW)
        assert monitor.is_silent(NODE)


def test_what_could_not_be_saved_is_given_back(tmp_path: Path) -> None:
    with ground(tmp_path) as house:
        monitor = watched(house)
        monitor.heard(NODE, BEAT, NOW)
        lost = monitor.take()
        assert not monitor.waiting
        monitor.restore(lost)
        assert save(house, monitor) == lost
        assert house.read(nodes.live, NODE) is not None
        assert monitor.counts()[Condition.WELL] == 1


def test_a_node_never_heard_is_silent_and_not_well(tmp_path: Path) -> None:
    with ground(tmp_path) as house:
        monitor = watched(house)
        assert monitor.is_silent(NODE)
        assert monitor.counts()[Condition.WELL] == 0


def test_the_fleets_time_is_the_median_of_at_least_three_who_know_the_time() -> None:
    monitor = Monitor({})
    names = tuple(NodeId(f"n-{number}") for number in range(5))
    monitor.know(names)

    def beat(node: NodeId, ahead_s: float, clock: ClockState = ClockState.TRUSTED) -> None:
        monitor.heard(
            node, replace(BEAT, node=node, sent_at=NOW + timedelta(seconds=ahead_s), clock=clock), NOW
        )

    beat(names[0], 7200)
    beat(names[1], 7201)
    assert monitor.ahead(NOW) is None
    beat(names[2], 0, ClockState.UNSURE)
    assert monitor.ahead(NOW) is None
    beat(names[3], -900)
    assert monitor.ahead(NOW) == timedelta(seconds=7200)
    assert monitor.ahead(NOW + timedelta(seconds=1)) is None, "heard before"
