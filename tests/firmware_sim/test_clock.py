"""What a node makes of the answers to its questions: how far the way and the waiting put its clock wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.messages import ClockState
from firmware_sim.clock import NodeClock, answered

TRUE_AT = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
"""The true time at second 0 of the node's own count."""
FRESH = NodeClock(base_at=datetime(1970, 1, 1, tzinfo=UTC), base_mono=0.0, state=ClockState.UNSURE)


def asked(clock: NodeClock, at_s: float, there_s: float, held_s: float, back_s: float) -> NodeClock:
    """The belief after one question and answer over a way like that."""
    said = TRUE_AT + timedelta(seconds=at_s + there_s + held_s)
    return answered(clock, said, held_s, at_s, at_s + there_s + held_s + back_s)


def wrong_ms(clock: NodeClock, at_s: float) -> float:
    return abs((clock.wall(at_s) - TRUE_AT - timedelta(seconds=at_s)).total_seconds()) * 1000


def test_time_that_the_question_lay_at_the_controller_is_no_part_of_the_way() -> None:
    clock = asked(FRESH, 5.0, there_s=0.02, held_s=0.9, back_s=0.02)
    assert clock.state is ClockState.TRUSTED
    assert wrong_ms(clock, 6.0) < 1


def test_an_answer_that_was_long_under_way_does_not_spoil_a_good_clock() -> None:
    good = asked(FRESH, 5.0, there_s=0.02, held_s=0.0, back_s=0.02)
    clock = asked(good, 60.0, there_s=0.02, held_s=0.0, back_s=6.0)
    assert wrong_ms(clock, 70.0) < 1
    assert clock.answered_mono == pytest.approx(66.02)


def test_a_server_whose_time_was_put_right_is_followed_also_over_a_slow_way() -> None:
    good = asked(FRESH, 5.0, there_s=0.02, held_s=0.0, back_s=0.02)
    said = TRUE_AT + timedelta(seconds=63.0 + 600.0)
    clock = answered(good, said, 0.0, 60.0, 66.0)
    assert clock.wall(66.0) - said == timedelta(seconds=3)


def test_a_crystal_that_has_counted_long_enough_is_corrected_by_any_better_answer() -> None:
    coarse = asked(FRESH, 5.0, there_s=0.1, held_s=0.0, back_s=1.1)
    assert wrong_ms(coarse, 6.2) > 400
    assert wrong_ms(asked(coarse, 30.0, there_s=0.05, held_s=0.0, back_s=0.05), 31.0) < 1


def test_a_waiting_that_is_longer_than_the_whole_way_counts_as_no_way_at_all() -> None:
    said = TRUE_AT + timedelta(seconds=5.5)
    assert answered(FRESH, said, 20.0, 5.0, 5.5).wall(5.5) == said


def test_an_answer_to_nothing_or_after_ten_seconds_changes_nothing() -> None:
    assert answered(FRESH, TRUE_AT, 0.0, None, 5.0) is FRESH
    assert answered(FRESH, TRUE_AT, 0.0, 5.0, 15.1) is FRESH
