"""Repeated timings with days left out and days moved, against a reference that looks at every day."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedules.announcement import BulletinClass, validate
from schedules.calendar import QuietHours, Window
from schedules.errors import TimingRefused
from schedules.holidays import statutory
from schedules.lunar_pattern import (
    Cycle,
    InLeap,
    InShort,
    LunarMonthly,
    LunarNewYearsEve,
    LunarYearly,
)
from schedules.pattern import Pattern
from schedules.plan import plan
from schedules.recurrence import (
    instants,
    moments,
    timing_faults,
    timing_from_json,
    timing_to_json,
)
from schedules.rule import Move, Only, Rule, rule_faults
from schedules.saying import rule_words
from schedules.solar import Frequency, NthDay, Solar
from tests.schedules.cast import MONDAY, QUIET, TENANT, TREE, approved, at
from tests.schedules.plain_rule import DAY, LOCAL, plainly, plainly_named

FIRST = date(2025, 1, 1)

PATTERNS: st.SearchStrategy[Pattern] = st.one_of(
    st.builds(Solar, frequency=st.just(Frequency.DAILY), interval=st.integers(1, 9)),
    st.builds(
        lambda days, interval: Solar(
            frequency=Frequency.WEEKLY,
            interval=interval,
            by_day=tuple(NthDay(weekday=day) for day in sorted(days)),
        ),
        st.frozensets(st.integers(0, 6)),
        st.integers(1, 3),
    ),
    st.builds(
        lambda days, pos: Solar(
            frequency=Frequency.MONTHLY, by_month_day=tuple(sorted(days)), by_set_pos=pos
        ),
        st.frozensets(st.sampled_from((1, 15, 29, 30, 31, -1, -2)), min_size=1),
        st.sampled_from(((), (1,), (-1,))),
    ),
    st.builds(
        lambda day, nth: Solar(frequency=Frequency.MONTHLY, by_day=(NthDay(weekday=day, nth=nth),)),
        st.integers(0, 6),
        st.sampled_from((1, 2, 5, -1)),
    ),
    st.builds(
        LunarYearly,
        month=st.integers(1, 12),
        day=st.integers(1, 30),
        in_leap=st.sampled_from(InLeap),
        in_short=st.sampled_from(InShort),
    ),
    st.builds(
        LunarMonthly,
        days=st.sampled_from(((1,), (1, 15), (30,), (2, 7, 12, 17, 22, 27), (29, 30))),
        in_leap=st.sampled_from(InLeap),
        in_short=st.sampled_from(InShort),
    ),
    st.just(LunarNewYearsEve()),
    st.builds(Cycle, every=st.integers(1, 40), anchor=st.dates(date(2024, 1, 1), date(2027, 1, 1))),
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    first = draw(st.dates(FIRST, date(2026, 1, 1)))
    last = first + draw(st.integers(0, 364)) * DAY
    rule = Rule(
        at=draw(st.sampled_from((time(5), time(0), time(23, 59, 59), time(3, 15)))),
        pattern=draw(PATTERNS),
        first=first,
        last=last,
        only=draw(st.sampled_from((Only.ANY, Only.ANY, Only.WORKING, Only.OFF))),
    )
    days = [first + n * DAY for n in range((last - first).days + 1)]
    named = [day for day in days if plainly_named(rule.pattern, first, day)]
    assume(named)
    changed = draw(st.lists(st.sampled_from(named), max_size=4, unique=True))
    cut = draw(st.integers(0, len(changed)))
    moves = [
        Move(day=day, to=day + draw(st.integers(-31, 31)) * DAY, at=draw(st.sampled_from((time(6), time(0)))))
        for day in sorted(changed[cut:])
    ]
    return replace(rule, skipped=tuple(sorted(changed[:cut])), moved=tuple(moves))


WINDOWS = st.builds(
    lambda start, hours: Window(start=start, end=start + timedelta(hours=hours)),
    st.datetimes(datetime(2024, 12, 1), datetime(2027, 1, 1), timezones=st.just(LOCAL)),
    st.sampled_from((1, 24, 24 * 8, 24 * 400)),
)


@pytest.mark.promise("F51")
@settings(max_examples=150, deadline=None, derandomize=True)
@given(rules(), WINDOWS)
def test_any_rule_with_exceptions_and_moves_is_what_a_plain_reference_finds(
    rule: Rule, window: Window
) -> None:
    assert [(m.recurrence_at, m.at) for m in moments(rule, window)] == plainly(rule, window)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rules(), WINDOWS, st.integers(1, 200))
def test_a_smaller_window_is_a_part_of_a_larger_one(rule: Rule, window: Window, hours: int) -> None:
    middle = window.start + timedelta(hours=hours)
    assume(middle < window.end)
    before = Window(start=window.start, end=middle)
    after = Window(start=middle, end=window.end)
    assert moments(rule, before) + moments(rule, after) == moments(rule, window)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(rules())
def test_a_rule_survives_its_json_and_has_nothing_wrong_with_it(rule: Rule) -> None:
    assert timing_from_json(timing_to_json(rule)) == rule
    assert timing_faults(rule) == ()
    assert all(rule_words(rule))


MONTHLY = Solar(frequency=Frequency.MONTHLY, by_month_day=(1,))
RULE = Rule(at=time(5), pattern=MONTHLY, first=date(2026, 11, 1), last=date(2027, 6, 30))
YEAR = Window(start=at(0, day=-30), end=at(0, day=330))


def test_a_moved_airing_keeps_its_name() -> None:
    moved = replace(RULE, moved=(Move(day=date(2026, 12, 1), to=date(2026, 12, 3), at=time(17, 30)),))
    before, after = moments(RULE, YEAR), moments(moved, YEAR)
    assert [m.recurrence_at for m in before] == [m.recurrence_at for m in after]
    assert {m.at for m in after} - {m.at for m in before} == {datetime(2026, 12, 3, 17, 30, tzinfo=LOCAL)}


def test_the_plan_knows_a_moved_airing_by_its_original_instant() -> None:
    def planned(rule: Rule) -> dict[str, datetime]:
        item = approved("an-1", approved_at=at(0, day=-3), timing=rule, expires_at=at(0, day=300))
        window = Window(start=at(0), end=at(0, day=60))
        found = plan(TENANT, [item], [], TREE, {item.id: timedelta(seconds=30)}, QUIET, window, at(0))
        return {o.id: o.due_at for o in found.occurrences}

    moved = replace(RULE, moved=(Move(day=date(2026, 12, 1), to=date(2026, 12, 3), at=time(17, 30)),))
    before, after = planned(RULE), planned(moved)
    assert before.keys() == after.keys()
    assert len(before) == 2
    assert sum(before[key] != after[key] for key in before) == 1


def test_holidays_and_the_days_worked_in_their_stead_decide_on_working_days() -> None:
    daily = Rule(
        at=time(5),
        pattern=Solar(frequency=Frequency.DAILY),
        first=date(2026, 8, 20),
        last=date(2026, 9, 4),
        only=Only.WORKING,
    )
    window = Window(start=datetime(2026, 8, 1, tzinfo=LOCAL), end=datetime(2026, 10, 1, tzinfo=LOCAL))
    heard = [instant.astimezone(LOCAL).date().day for instant in instants(daily, window, None, statutory())]
    # Saturday the 22nd is worked, Monday the 31st and National Day with its neighbour are not
    assert heard == [20, 21, 22, 24, 25, 26, 27, 28, 3, 4]
    assert len(instants(replace(daily, only=Only.OFF), window)) == 16 - len(heard)


JSON: dict[str, Any] = timing_to_json(RULE)
NEVER = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
MOVE = {"day": "2026-12-01", "to": "2026-12-03", "at": "17:30"}


@pytest.mark.promise("S55")
@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"at": "25:00"}, "at", "E_TIME"),
        ({"first": "2026-02-31"}, "first", "E_TIME"),
        ({"first": "1999-12-31", "last": "2000-01-31"}, "first", "E_TIME"),
        ({"last": "2026-10-31"}, "last", "E_ORDER"),
        ({"last": "2036-11-01"}, "last", "E_WINDOW"),
        ({"only": "sometimes"}, "only", "E_TIMING"),
        ({"pattern": {"kind": "solar", "rrule": "FREQ=SECONDLY"}}, "pattern.rrule.FREQ", "E_TIMING"),
        ({"pattern": {"kind": "solar", "rrule": NEVER}}, "pattern", "E_TIMING"),
        ({"pattern": {"kind": "solar"}}, "pattern.rrule", "E_FIELD"),
        ({"pattern": "FREQ=DAILY"}, "pattern.kind", "E_TIMING"),
        ({"skipped": ["2026-12-02"]}, "skipped[0]", "E_TIMING"),
        ({"skipped": ["2026-12-01", "2026-12-01"]}, "skipped[1]", "E_DOUBLE"),
        ({"skipped": ["2026-12-01", "x"]}, "skipped[1]", "E_TIME"),
        ({"skipped": "2026-12-01"}, "skipped", "E_TIMING"),
        ({"skipped": ["2026-12-01"] * 61}, "skipped", "E_TIMING"),
        ({"skipped": ["2026-12-01"], "moved": [MOVE]}, "moved[0].day", "E_DOUBLE"),
        ({"moved": [MOVE, MOVE]}, "moved[1].day", "E_DOUBLE"),
        ({"moved": [{**MOVE, "day": "2026-12-02"}]}, "moved[0].day", "E_TIMING"),
        ({"moved": [{**MOVE, "to": "2027-01-03"}]}, "moved[0].to", "E_WINDOW"),
        ({"moved": [{**MOVE, "at": "24:00"}]}, "moved[0].at", "E_TIME"),
        ({"moved": [{**MOVE, "why": "mưa"}]}, "moved[0].why", "E_FIELD"),
        ({"moved": [None]}, "moved[0]", "E_TIMING"),
        ({"moved": None}, "moved", "E_TIMING"),
        ({"every": 3}, "every", "E_FIELD"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_the_exact_field(change: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(TimingRefused) as raised:
        timing_from_json({**JSON, **change})
    assert (raised.value.fault.field, raised.value.code) == (f"timing.{field}", code)
    assert raised.value.fault.vi
    assert raised.value.fault.en


def test_a_move_into_quiet_hours_is_refused_with_its_own_field() -> None:
    moved = replace(RULE, moved=(Move(day=date(2026, 12, 1), to=date(2026, 12, 1), at=time(3, 15)),))
    item = replace(approved("an-1", timing=moved), expires_at=at(0, day=300))
    faults = validate(item, at(0, day=-1), QuietHours())
    assert [(f.field, f.code) for f in faults] == [("timing.moved[0].at", "E_QUIET")]
    alarm = replace(item, bulletin_class=BulletinClass.EMERGENCY)
    assert validate(alarm, at(0, day=-1), QuietHours()) == ()


def test_a_rule_that_is_over_is_refused() -> None:
    item = replace(approved("an-1", timing=RULE), valid_from=at(0, day=280), expires_at=at(0, day=300))
    faults = validate(item, at(0, day=250))
    assert [(f.field, f.code) for f in faults] == [("timing.last", "E_PAST")]


def test_a_rule_is_said_in_words() -> None:
    rule = Rule(
        at=time(5),
        pattern=LunarMonthly(days=(1, 15)),
        first=MONDAY,
        last=date(2027, 1, 31),
        skipped=(date(2026, 12, 9),),
        moved=(Move(day=date(2026, 12, 23), to=date(2026, 12, 24), at=time(17, 30)),),
    )
    assert rule_faults("timing", rule) == ()
    assert rule_words(rule)[0] == (
        "05:00 ngày 1 và 15 âm lịch hằng tháng, từ 23/11/2026 đến 31/01/2027, trừ 09/12, "
        "lượt 23/12 dời sang 17:30 24/12"
    )
