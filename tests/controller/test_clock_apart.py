"""One node's clock is ten minutes off (F48): the others outvote it, and the board says so."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.fleet import monitor as fleet_monitor
from controller.fleet.monitor import Monitor
from controller.store import incidents, nodes
from controller.store.nodes import Node
from devices.health import Condition, Reason
from devices.messages import ClockState, NodeId
from devices.signing import generate_key
from tests.controller.test_monitor import BEAT
from tests.support.store_ground import NOW, ONE, ONE_A, Ground, ground

NAMES = tuple(NodeId(f"n-{n}") for n in range(5))
LIAR, HONEST = NAMES[0], NAMES[1:]
LIE = timedelta(minutes=10)
BEAT_EVERY, LOOK_EVERY = timedelta(seconds=20), timedelta(seconds=5)


def watched(house: Ground) -> Monitor:
    for name in NAMES:
        public = generate_key(name).public_text
        house.write(nodes.register, Node(id=name, name=name, area=ONE_A, public_key=public), NOW)
    found = Monitor(house.read(nodes.everything_live))
    found.know(NAMES)
    return found


def lived(monitor: Monitor, house: Ground, begin: timedelta, length: timedelta, lie: timedelta) -> None:
    """Heartbeats and looks, as the loops of the house have them."""
    for second in range(int(length.total_seconds())):
        now = NOW + begin + timedelta(seconds=second)
        if (begin + timedelta(seconds=second)) % BEAT_EVERY == timedelta():
            for name in NAMES:
                ahead = lie if name == LIAR else timedelta(milliseconds=300)
                seq = int((now - NOW).total_seconds()) + 1
                monitor.heard(name, replace(BEAT, node=name, seq=seq, sent_at=now + ahead), now)
        if timedelta(seconds=second) % LOOK_EVERY == timedelta():
            monitor.tick(now)
            house.write(fleet_monitor.save, monitor.take(), dict.fromkeys(NAMES, ONE_A))


@pytest.mark.promise("F48")
@pytest.mark.parametrize("lie", [LIE, -LIE], ids=["ahead", "behind"])
def test_a_node_that_is_ten_minutes_off_is_found_within_two_and_no_other_is_suspected(
    tmp_path: Path, lie: timedelta
) -> None:
    with ground(tmp_path) as house:
        monitor = watched(house)
        lived(monitor, house, timedelta(), timedelta(minutes=2), lie)
        found = monitor.live(LIAR).health
        assert (found.condition, found.reasons) == (Condition.UNEASY, (Reason.CLOCK_APART,))
        assert all(monitor.live(name).health.condition is Condition.WELL for name in HONEST)
        (open_one,) = house.read(incidents.running, ONE)
        assert (open_one.node, open_one.reasons) == (LIAR, (Reason.CLOCK_APART,))

        lived(monitor, house, timedelta(minutes=2), timedelta(minutes=1), timedelta())
        assert monitor.live(LIAR).health.condition is Condition.WELL
        assert house.read(incidents.running, ONE) == ()


def test_two_nodes_that_disagree_accuse_nobody_and_who_is_unsure_has_no_voice(tmp_path: Path) -> None:
    with ground(tmp_path) as house:
        monitor = watched(house)
        for name, ahead in zip(NAMES[:2], (LIE, timedelta()), strict=True):
            monitor.heard(name, replace(BEAT, node=name, sent_at=NOW + ahead), NOW)
        for name in NAMES[2:]:
            unsure = replace(BEAT, node=name, sent_at=NOW + LIE, clock=ClockState.UNSURE)
            monitor.heard(name, unsure, NOW)
        monitor.tick(NOW)
        assert all(Reason.CLOCK_APART not in monitor.live(name).health.reasons for name in NAMES)
