"""A node's health under heartbeats, wills, silence and its own complaints."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from devices import health
from devices.health import Alive, Condition, Health, Reason, Retire, Tick
from devices.messages import BootId, ClockState, NodeId, State, Telemetry
from tests.devices.cast import NOW

SECOND = timedelta(seconds=1)


def beat(seq: int = 1, **changes: Any) -> Telemetry:
    given: dict[str, Any] = {
        "node": NodeId("n"),
        "boot": BootId("b1"),
        "seq": seq,
        "sent_at": NOW,
        "uptime_s": 60,
        "clock": ClockState.TRUSTED,
        "clock_offset_ms": 0,
        "sounding": None,
        "sense_level": 0.0,
        "amplifier_on": False,
        "sound_without_session": False,
        "amplifier_fault": False,
        "mains": True,
        "battery_percent": 90,
        "storage_free_mb": 900,
        "temperature_c": 40.0,
        "clips_cached": 3,
        "clips_missing": 0,
        "refusals": 0,
    }
    return Telemetry(**{**given, **changes})


def state(online: bool, boot: str = "b1") -> State:
    return State(node=NodeId("n"), boot=BootId(boot), online=online)


def after(*given: health.Input, start: Health | None = None) -> Health:
    known = start or Health()
    for number, one in enumerate(given):
        known = health.step(known, one, NOW + number * SECOND).health
    return known


def test_a_node_never_heard_is_not_well() -> None:
    assert Health().condition is Condition.SILENT
    assert health.step(Health(), Tick(), NOW).effects == ()


def test_a_clean_heartbeat_makes_it_well_and_says_so_once() -> None:
    first = health.step(Health(), beat(), NOW)
    assert (first.health.condition, first.health.reasons) == (Condition.WELL, ())
    assert [(one.before, one.after) for one in first.effects] == [(Condition.SILENT, Condition.WELL)]
    assert health.step(first.health, beat(2), NOW + SECOND).effects == ()
    assert first.health.since_at == NOW


@pytest.mark.promise("P5")
def test_silence_is_noticed_after_sixty_seconds_and_not_before() -> None:
    known = health.step(Health(), beat(), NOW)
    assert known.wake_at is not None
    assert NOW + 60 * SECOND < known.wake_at <= NOW + 61 * SECOND
    assert health.step(known.health, Tick(), NOW + 60 * SECOND).effects == ()
    silent = health.step(known.health, Tick(), known.wake_at)
    assert (silent.health.condition, silent.health.reasons) == (Condition.SILENT, (Reason.NO_HEARTBEAT,))
    assert silent.wake_at is None
    again = health.step(silent.health, beat(2), known.wake_at + SECOND)
    assert again.health.condition is Condition.WELL


def test_any_word_is_a_sign_of_life() -> None:
    known = after(beat())
    later = health.step(known, Alive(boot=BootId("b1")), NOW + 59 * SECOND).health
    assert health.step(later, Tick(), NOW + 100 * SECOND).health.condition is Condition.WELL


def test_the_will_of_another_boot_says_nothing_about_this_one() -> None:
    known = after(state(True, "b2"), beat(boot=BootId("b2")), state(False, "b1"))
    assert known.condition is Condition.WELL
    gone = after(state(False, "b2"), start=known)
    assert (gone.condition, gone.reasons) == (Condition.SILENT, (Reason.SAID_OFFLINE,))
    assert after(state(True, "b3"), start=gone).condition is not Condition.SILENT


def test_a_late_or_doubled_heartbeat_changes_nothing() -> None:
    known = after(beat(5), beat(6, mains=False))
    assert known.reasons == (Reason.MAINS_LOST,)
    assert after(beat(5), start=known) == known
    assert after(beat(6), start=known) == known
    assert after(beat(1, boot=BootId("b2")), start=known).condition is Condition.WELL


@pytest.mark.promise("F54", "F55")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amplifier_fault": True}, Reason.AMPLIFIER_FAULT),
        ({"sounding": "occ-1", "amplifier_on": True, "sense_level": 0.0}, Reason.NO_SOUND),
        ({"sound_without_session": True}, Reason.ALIEN_SOUND),
        ({"mains": False}, Reason.MAINS_LOST),
        ({"battery_percent": 19}, Reason.BATTERY_LOW),
        ({"storage_free_mb": 10}, Reason.STORAGE_LOW),
        ({"temperature_c": 80.0}, Reason.HOT),
        ({"clock": ClockState.UNSURE}, Reason.CLOCK_UNSURE),
        ({"clips_missing": 1}, Reason.CLIPS_MISSING),
    ],
)
def test_each_complaint_makes_it_uneasy_with_its_reason(changes: dict[str, Any], reason: Reason) -> None:
    known = after(beat(**changes))
    assert (known.condition, known.reasons) == (Condition.UNEASY, (reason,))
    assert after(beat(2), start=known).condition is Condition.WELL


def test_refusals_count_when_they_grow() -> None:
    known = after(beat(1, refusals=3), beat(2, refusals=3))
    assert known.condition is Condition.WELL
    assert after(beat(3, refusals=4), start=known).reasons == (Reason.REFUSING,)


def test_a_sounding_node_with_level_is_well() -> None:
    assert after(beat(sounding="occ-1", amplifier_on=True, sense_level=0.3)).condition is Condition.WELL


def test_a_retired_node_stays_retired() -> None:
    known = after(beat(), Retire())
    assert (known.condition, known.reasons) == (Condition.RETIRED, (Reason.RETIRED,))
    assert after(beat(2), Tick(), state(True), start=known) == known
    assert dataclasses.replace(known).condition is Condition.RETIRED
