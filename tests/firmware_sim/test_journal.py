"""The airing checker finds each kind of wrong airing, and its rows survive being written down."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from devices.messages import BulletinClass, Heard, Mode, NodeId
from firmware_sim.journal import Ended, Row, Sounding, check, row_from_json, row_to_json

NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
NODE = NodeId("n-1")


def sound(number: int, begins_s: float, ends_s: float, **changes: object) -> tuple[Sounding, Ended]:
    begin = Sounding(
        node=NODE,
        stretch=number,
        claim=f"occurrence:{number}",
        part="clip",
        source="programme",
        bulletin_class=BulletinClass.NORMAL,
        mode=Mode.ACTUAL,
        first_sample_at=NOON + timedelta(seconds=begins_s),
        first_sample_mono=begins_s,
        due_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )
    end = Ended(
        node=NODE,
        stretch=number,
        claim=begin.claim,
        ended_at=NOON + timedelta(seconds=ends_s),
        ended_mono=ends_s,
        to_ms=round((ends_s - begins_s) * 1000),
        whole=True,
        heard=Heard.YES,
    )
    return replace(begin, **changes), end  # type: ignore[arg-type]


def flat(*pairs: tuple[Sounding, Ended]) -> list[Row]:
    return [row for pair in pairs for row in pair]


def test_a_right_morning_has_no_faults() -> None:
    assert check(flat(sound(1, 0, 10), sound(2, 10, 20))) == ()


def test_two_voices_at_once_are_found() -> None:
    assert len(check(flat(sound(1, 0, 10), sound(2, 9, 20)))) == 1


def test_two_nodes_may_sound_at_once() -> None:
    begin, end = sound(2, 5, 15)
    other = NodeId("n-2")
    assert check(flat(sound(1, 0, 10), (replace(begin, node=other), replace(end, node=other)))) == ()


def test_sound_after_its_expiry_is_found() -> None:
    late = sound(1, 0, 10, expires_at=NOON + timedelta(seconds=9))
    assert len(check(flat(late))) == 1


def test_an_item_said_twice_is_found_and_a_resumed_one_is_not() -> None:
    first, again = sound(1, 0, 10), sound(2, 20, 30, claim="occurrence:1")
    assert len(check(flat(first, again))) == 1
    resumed = sound(2, 20, 30, claim="occurrence:1", from_ms=9_000)
    assert check(flat(first, resumed)) == ()


def test_an_emergency_may_be_heard_again() -> None:
    first = sound(1, 0, 10, bulletin_class=BulletinClass.EMERGENCY)
    again = sound(2, 20, 30, claim="occurrence:1", bulletin_class=BulletinClass.EMERGENCY)
    assert check(flat(first, again)) == ()


def test_an_ordinary_item_in_quiet_hours_is_found_and_an_emergency_is_not() -> None:
    night = datetime(2026, 11, 21, 20, 15, tzinfo=UTC)
    begin, end = sound(1, 0, 10, first_sample_at=night, expires_at=night + timedelta(hours=1))
    end = replace(end, ended_at=night + timedelta(seconds=10))
    assert len(check([begin, end])) == 1
    assert check([replace(begin, bulletin_class=BulletinClass.EMERGENCY), end]) == ()


def test_rows_survive_being_written_down() -> None:
    for row in sound(1, 0, 10):
        assert row_from_json(json.loads(row_to_json(row))) == row
    assert row_from_json({"event": "ready"}) is None
