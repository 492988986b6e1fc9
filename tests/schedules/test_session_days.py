"""When a session runs: seasons, single days that differ, patterns by the moon."""

from datetime import date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.announcement import AnnouncementId
from schedules.calendar import Window, local
from schedules.lunar_pattern import LunarMonthly
from schedules.plan import plan
from schedules.recurrence import NextSession
from schedules.session import Season, Session, SessionDay, runs, start_on, starts
from schedules.solar import Frequency, Solar
from tests.schedules.cast import QUIET, TENANT, TREE, A, approved, at

LOCAL = timezone(timedelta(hours=7))
SUMMER = Season(month=4, day=16, start=time(4, 45), name="Mùa hè")
WINTER = Season(month=10, day=16, start=time(5, 15), name="Mùa đông")
ALL = frozenset(range(7))


def session(**changes: object) -> Session:
    facts = {"id": "s-1", "area": A, "name": "Buổi sáng", "start": time(5), "days": ALL, **changes}
    return Session(**facts)  # type: ignore[arg-type]


def days(first: date, last: date) -> Window:
    return Window(
        start=datetime.combine(first, time(), LOCAL),
        end=datetime.combine(last + timedelta(days=1), time(), LOCAL),
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 4, 15), time(5, 15)),
        (date(2026, 4, 16), time(4, 45)),
        (date(2026, 10, 15), time(4, 45)),
        (date(2026, 10, 16), time(5, 15)),
        (date(2026, 12, 31), time(5, 15)),
        (date(2027, 1, 1), time(5, 15)),
    ],
)
def test_the_season_begun_last_says_when_also_over_the_new_year(day: date, expected: time) -> None:
    for seasons in ((SUMMER, WINTER), (WINTER, SUMMER)):
        assert start_on(session(seasons=seasons), day) == expected
        (start,) = starts(session(seasons=seasons), days(day, day))
        assert local(start).time() == expected


def test_a_season_moves_the_session_and_not_its_name() -> None:
    first, last = date(2026, 4, 14), date(2026, 4, 18)
    plain, seasonal = (
        runs(session(), days(first, last)),
        runs(session(seasons=(SUMMER, WINTER)), days(first, last)),
    )
    assert [run.recurrence_at for run in plain] == [run.recurrence_at for run in seasonal]
    assert [local(run.start_at).time() for run in seasonal] == [time(5, 15)] * 2 + [time(4, 45)] * 3


def test_one_day_may_be_skipped_begin_later_or_have_another_order() -> None:
    monday = date(2026, 11, 23)
    changed = session(
        changes=(
            SessionDay(day=monday, skipped=True),
            SessionDay(day=date(2026, 11, 24), start=time(6), cap=timedelta(minutes=5)),
            SessionDay(day=date(2026, 11, 25), items=(AnnouncementId("an-9"),)),
        ),
        cap=timedelta(minutes=30),
    )
    found = runs(changed, days(monday, date(2026, 11, 26)))
    assert [local(run.start_at).strftime("%d %H:%M") for run in found] == ["24 06:00", "25 05:00", "26 05:00"]
    assert [run.session.cap for run in found] == [
        timedelta(minutes=5), timedelta(minutes=30), timedelta(minutes=30),
    ]  # fmt: skip
    assert [run.session.items for run in found] == [(), ("an-9",), ()]
    assert found[0].recurrence_at == datetime(2026, 11, 24, 5, tzinfo=LOCAL)


def test_a_session_may_follow_the_moon() -> None:
    full_moon = session(days=frozenset(), pattern=LunarMonthly(days=(1, 15)))
    found = [local(start).date() for start in starts(full_moon, days(date(2026, 11, 20), date(2026, 12, 31)))]
    assert found == [date(2026, 11, 23), date(2026, 12, 9), date(2026, 12, 23)]


def test_a_session_pattern_keeps_step_from_its_first_day() -> None:
    rule = Solar(frequency=Frequency.DAILY, interval=3)
    every_third = session(days=frozenset(), pattern=rule, first=date(2026, 11, 24))
    found = [local(start).day for start in starts(every_third, days(date(2026, 11, 20), date(2026, 12, 1)))]
    assert found == [24, 27, 30]


def test_what_waits_for_the_next_session_is_heard_at_the_hour_of_that_day_under_one_name() -> None:
    item = approved("an-1", timing=NextSession())
    lengths = {item.id: timedelta(seconds=30)}
    window = Window(start=at(0), end=at(0, day=2))

    def heard(s: Session) -> list[tuple[str, str]]:
        found = plan(TENANT, [item], [s], TREE, lengths, QUIET, window, at(0)).occurrences
        return [(o.id, f"{local(o.due_at):%d %H:%M}") for o in found]

    plain = session(opening=False, closing=False)
    later = session(
        opening=False, closing=False, changes=(SessionDay(day=date(2026, 11, 23), start=time(6)),)
    )
    ((one, at_five),) = heard(plain)
    ((other, at_six),) = heard(later)
    assert (at_five, at_six) == ("23 05:00", "23 06:00")
    assert one == other


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.builds(
            Season,
            month=st.integers(1, 12),
            day=st.integers(1, 31),
            start=st.sampled_from((time(5), time(5, 30), time(4, 45))),
        ),
        max_size=3,
    ),
    st.frozensets(st.integers(0, 6)),
    st.integers(1, 300),
)
def test_a_smaller_window_is_a_part_of_a_larger_one(
    seasons: list[Season], weekdays: frozenset[int], hours: int
) -> None:
    s = session(seasons=tuple(seasons), days=weekdays)
    whole = days(date(2026, 3, 1), date(2026, 4, 30))
    middle = whole.start + timedelta(hours=hours)
    parts = runs(s, Window(start=whole.start, end=middle)) + runs(s, Window(start=middle, end=whole.end))
    assert parts == runs(s, whole)
