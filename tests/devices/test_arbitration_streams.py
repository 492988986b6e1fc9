"""The floor with streams on it: a station or a voice that is cut is rejoined where it is by then."""

import dataclasses
from typing import Any

from devices import arbitration as arb
from devices.arbitration import (
    Begin,
    Cut,
    Ended,
    Play,
    Reason,
    Renew,
    Stop,
    Tick,
)
from devices.grants import StreamKind
from devices.items import Item
from devices.messages import CommandId
from tests.devices.cast import HOUR, MINUTE, NOW
from tests.support.floor import EMERGENCY, make, run


def relay(name: str = "vov1", seconds: int = 600, **changes: Any) -> Item:
    """A station from NOW on, for so long."""
    base = {"due_at": NOW, "stream": StreamKind.RELAY, "grant": name, "duration_ms": seconds * 1000}
    return make(name, **{**base, **changes})


def test_a_cut_stream_is_rejoined_where_it_is_by_then() -> None:
    alert = make("flood", EMERGENCY)
    _, effects = run(
        (0, Begin(item=relay())),
        (60, Begin(item=alert)),
        (180, Ended(claim=alert.claim, played_ms=60_000)),
    )
    assert effects == [
        Play(item=relay(), from_ms=0),
        Cut(item=relay(), reason=Reason.PREEMPTED, played_ms=60_000, resumes=True),
        Play(item=alert, from_ms=0),
        Play(item=relay(), from_ms=180_000),
    ]


def test_a_stream_that_begins_late_begins_where_it_is() -> None:
    _, effects = run((90, Begin(item=relay())))
    assert effects == [Play(item=relay(), from_ms=90_000)]


def test_the_preview_says_that_a_relay_is_cut_and_rejoined_live() -> None:
    alert = make("flood", EMERGENCY, duration_ms=120_000)
    found = arb.preview([relay()], alert, NOW + MINUTE)
    assert [(type(one.effect), getattr(one.effect, "from_ms", None)) for one in found] == [
        (Cut, None),
        (Play, 0),
        (Play, 180_000),
    ]


def test_a_power_cut_ends_no_stream_that_still_goes_on() -> None:
    one = relay(expires_at=NOW + HOUR)
    assert arb.after_reboot(one, 30_000, NOW + 5 * MINUTE) == 30_000
    assert arb.after_reboot(one, 30_000, NOW + 11 * MINUTE) is None


def test_a_renewed_stream_has_its_new_end_on_the_floor() -> None:
    voice = relay("voice", command=CommandId("voice"), expires_at=NOW + MINUTE)
    longer = dataclasses.replace(voice, expires_at=NOW + 5 * MINUTE)
    step, _ = run((0, Begin(item=voice)), (30, Renew(item=longer)), (90, Tick()))
    assert step.floor.sounding is not None
    assert step.wake_at == NOW + 5 * MINUTE


def test_only_a_stop_that_names_it_ends_an_emergency_voice() -> None:
    voice = make("v", EMERGENCY, alert=None, command=CommandId("v"), stream=StreamKind.LIVE, grant="v")
    step, _ = run((0, Begin(item=voice)), (10, Stop()))
    assert step.floor.sounding is not None
    step, _ = run((0, Begin(item=voice)), (10, Stop(references=("v",))))
    assert step.floor.sounding is None
