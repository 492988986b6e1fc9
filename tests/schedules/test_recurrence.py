"""Instants of a timing: month ends, leap days, midnight, new year, and a second implementation."""

from datetime import date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.calendar import Window, instant_of, local
from schedules.recurrence import AfterApproval, NextSession, Once, Weekly, instants
from tests.schedules.cast import at

ALL = frozenset(range(7))
HUE = timezone(timedelta(hours=7))


def window(first: date, last: date) -> Window:
    return Window(start=instant_of(first, time(0)), end=instant_of(last + timedelta(days=1), time(0)))


def local_days(timing: Weekly, first: date, last: date) -> list[date]:
    return [local(instant).date() for instant in instants(timing, window(first, last))]


def test_a_weekly_time_is_local_wall_clock() -> None:
    timing = Weekly(at=time(5, 30), days=frozenset({0}), first=date(2026, 11, 23), last=date(2026, 11, 30))
    found = instants(timing, window(date(2026, 11, 1), date(2026, 12, 31)))
    assert [f"{i:%Y-%m-%dT%H:%MZ}" for i in found] == ["2026-11-22T22:30Z", "2026-11-29T22:30Z"]


@pytest.mark.promise("F51")
@pytest.mark.parametrize(
    ("days", "first", "last", "expected"),
    [
        # a leap day is a day like any other; without one February ends a day earlier
        (ALL, date(2028, 2, 27), date(2028, 3, 1), [(2, 27), (2, 28), (2, 29), (3, 1)]),
        (ALL, date(2027, 2, 27), date(2027, 3, 1), [(2, 27), (2, 28), (3, 1)]),
        # the 31st, and the months that have none
        (ALL, date(2026, 3, 30), date(2026, 4, 1), [(3, 30), (3, 31), (4, 1)]),
        (ALL, date(2026, 4, 29), date(2026, 5, 1), [(4, 29), (4, 30), (5, 1)]),
        # weekly across new year: every Thursday, though the year ends on one
        (frozenset({3}), date(2026, 12, 20), date(2027, 1, 15), [(12, 24), (12, 31), (1, 7), (1, 14)]),
        (frozenset({6, 0}), date(2026, 12, 25), date(2027, 1, 4), [(12, 27), (12, 28), (1, 3), (1, 4)]),
    ],
)
def test_calendar_edges(
    days: frozenset[int], first: date, last: date, expected: list[tuple[int, int]]
) -> None:
    timing = Weekly(at=time(5), days=days, first=first, last=last)
    found = local_days(timing, first - timedelta(days=40), last + timedelta(days=40))
    assert [(day.month, day.day) for day in found] == expected


@pytest.mark.promise("F51")
def test_a_window_across_midnight_holds_both_sides_and_not_its_end() -> None:
    night = Window(start=at(23, 50), end=at(0, 10, day=1))
    daily = {"days": ALL, "first": date(2026, 11, 1), "last": date(2026, 12, 1)}
    inside = [time(23, 50), time(23, 59, 59), time(0), time(0, 9, 59)]
    outside = [time(23, 49, 59), time(0, 10), time(12)]
    assert [len(instants(Weekly(at=wall, **daily), night)) for wall in inside] == [1, 1, 1, 1]
    assert [len(instants(Weekly(at=wall, **daily), night)) for wall in outside] == [0, 0, 0]


@pytest.mark.promise("F51")
@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.times().map(lambda wall: wall.replace(microsecond=0)),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    st.integers(0, 366),
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    st.integers(1, 40 * 24),
)
def test_twenty_years_of_weekly_rules_agree_with_counting_days(
    wall: time, days: frozenset[int], first: date, length: int, begin: date, hours: int
) -> None:
    timing = Weekly(at=wall, days=days, first=first, last=first + timedelta(days=length))
    start = datetime.combine(begin, time(3, 7), HUE)
    seen = Window(start=start, end=start + timedelta(hours=hours))
    counted = []
    day = begin - timedelta(days=1)
    while day <= begin + timedelta(days=hours // 24 + 2):
        instant = datetime.combine(day, wall, HUE)
        if day.weekday() in days and first <= day <= timing.last and seen.start <= instant < seen.end:
            counted.append(instant)
        day += timedelta(days=1)
    assert list(instants(timing, seen)) == counted


def test_the_other_timings_name_one_instant_or_none() -> None:
    day = Window(start=at(0), end=at(0, day=1))
    assert instants(Once(at=at(6)), day) == (at(6),)
    assert instants(Once(at=at(0, day=1)), day) == ()
    assert instants(AfterApproval(), day, at(7)) == (at(7),)
    assert instants(AfterApproval(), day) == ()
    assert instants(NextSession(), day, at(7)) == ()


def test_a_year_of_days_costs_no_walk_from_the_beginning_of_time() -> None:
    timing = Weekly(at=time(5), days=ALL, first=date.min, last=date.max)
    assert len(instants(timing, window(date(2026, 1, 1), date(2026, 12, 31)))) == 365
