"""One airing left out of a repeated item: less than was approved, never more."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.approval import is_approved
from schedules.errors import Refused
from schedules.holidays import statutory
from schedules.recurrence import NextSession, Weekly
from schedules.skipping import airings, skip, unskip
from tests.schedules.cast import MONDAY, approved, at, days, draft, planned

HOLIDAYS = statutory()
NOON = Weekly(at=time(12), days=frozenset({0, 2, 4}), first=MONDAY, last=MONDAY + timedelta(days=28))
ITEM = approved(timing=NOON)
WEDNESDAY = date(2026, 11, 25)


def test_a_skipped_day_is_silent_and_the_approval_stays_with_whose_it_is() -> None:
    left = skip(ITEM, WEDNESDAY, at(6), HOLIDAYS)
    assert is_approved(left)
    assert left.approval is not None
    assert ITEM.approval is not None
    assert (left.approval.by, left.approval.approved_at) == (ITEM.approval.by, ITEM.approval.approved_at)
    before = planned(ITEM, window=days(7)).occurrences
    after = planned(left, window=days(7)).occurrences
    assert [o.id for o in after] == [o.id for o in before if o.due_at != at(12, day=2)]
    assert [o.revision for o in after] == [1, 1]
    again = unskip(left, WEDNESDAY, at(6), HOLIDAYS)
    assert [o.id for o in planned(again, window=days(7)).occurrences] == [o.id for o in before]


@pytest.mark.parametrize(
    ("item", "day", "now"),
    [
        (ITEM, date(2026, 11, 24), at(6)),
        (ITEM, MONDAY, at(12)),
        (skip(ITEM, WEDNESDAY, at(6), HOLIDAYS), WEDNESDAY, at(6)),
        (draft(timing=NOON), WEDNESDAY, at(6)),
        (approved(timing=NextSession()), WEDNESDAY, at(6)),
    ],
)
def test_what_is_over_or_never_was_can_not_be_skipped(item, day, now) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as raised:
        skip(item, day, now, HOLIDAYS)
    assert raised.value.code == "E_STATE"


def test_a_day_that_is_heard_can_not_be_put_back() -> None:
    with pytest.raises(Refused):
        unskip(ITEM, WEDNESDAY, at(6), HOLIDAYS)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sets(st.integers(0, 10), max_size=5))
def test_whatever_is_skipped_only_takes_away(chosen: set[int]) -> None:
    item, shown = ITEM, airings(ITEM, at(6), HOLIDAYS)
    for n in chosen:
        item = skip(item, shown[n].day, at(6), HOLIDAYS)
    whole = {(o.id, o.due_at) for o in planned(ITEM, window=days(28)).occurrences}
    left = {(o.id, o.due_at) for o in planned(item, window=days(28)).occurrences}
    assert left <= whole
    assert len(whole - left) == len(chosen)
