"""When a relay is recorded that is heard later."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.calendar import instant_of, local
from schedules.taped import PREPARED_WITHIN, recorded_at

MINUTE = timedelta(minutes=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return instant_of(date(2026, 11, day), time(hour, minute))


@pytest.mark.parametrize(
    ("due_at", "wall", "minutes", "recorded"),
    [
        (at(23, 5, 15), time(18), 25, at(22, 18)),
        (at(23, 17), time(12), 25, at(23, 12)),
        (at(23, 17), time(16), 25, at(23, 16)),
        # too close: the link would still be fetching it
        (at(23, 17), time(16, 1), 25, at(22, 16, 1)),
        (at(23, 0, 30), time(23), 10, at(22, 23)),
    ],
)
def test_it_is_the_last_time_from_which_a_thin_link_still_has_it(
    due_at: datetime, wall: time, minutes: int, recorded: datetime
) -> None:
    assert recorded_at(due_at, wall, minutes * MINUTE) == recorded


@given(
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.integers(1, 30),
)
def test_it_never_ends_too_late_and_is_never_a_day_older_than_it_has_to_be(
    slot: int, wall: int, minutes: int
) -> None:
    due_at, length = at(23, 0) + slot * MINUTE, minutes * MINUTE
    clock = time(wall // 60, wall % 60)
    found = recorded_at(due_at, clock, length)
    latest = due_at - 2 * length - PREPARED_WITHIN
    assert local(found).time() == clock
    assert latest - timedelta(days=1) < found <= latest
