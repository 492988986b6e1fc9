"""Rules by the solar calendar: read strictly, and asked by the day as dateutil would walk to it."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from warnings import catch_warnings, simplefilter

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.errors import TimingRefused
from schedules.pattern import days_between
from schedules.solar import Frequency, NthDay, Solar, read_rrule, rrule_text, solar_falls_on

FIELD = "timing.pattern.rrule"
FIVE = time(5)


def read(text: object, at: time = FIVE) -> Solar:
    return read_rrule(FIELD, text, at)


def walked(rule: Solar, first: date, begin: date, end: date) -> list[date]:
    """What dateutil finds when it walks from the first day."""
    text = rrule_text(replace(rule, until=None))
    walk = rrulestr(text, dtstart=datetime.combine(first, FIVE))
    with catch_warnings():
        # a count together with an end is no RFC 5545; here the end only stops the walk
        simplefilter("ignore", DeprecationWarning)
        bounded = walk.replace(until=datetime.combine(min(end, rule.until or end), FIVE))
    return [wall.date() for wall in bounded if wall.date() >= begin]


NUMBERS = st.integers(1, 5).flatmap(lambda n: st.sampled_from((n, -n)))


@st.composite
def rules(draw: st.DrawFn) -> Solar:
    frequency = draw(st.sampled_from(Frequency))
    far = frequency in (Frequency.MONTHLY, Frequency.YEARLY)
    by_month = tuple(sorted(draw(st.frozensets(st.integers(1, 12), max_size=4))))
    weekdays = draw(st.frozensets(st.integers(0, 6), max_size=4))
    nth = draw(st.booleans()) if far else False
    by_day = tuple(NthDay(weekday=day, nth=draw(NUMBERS) if nth else 0) for day in sorted(weekdays))
    by_month_day: tuple[int, ...] = ()
    if frequency is not Frequency.WEEKLY:
        month_day = st.integers(1, 31).flatmap(lambda n: st.sampled_from((n, -n)))
        by_month_day = tuple(sorted(draw(st.frozensets(month_day, max_size=5))))
    by_set_pos: tuple[int, ...] = ()
    if far and (by_day or by_month_day):
        by_set_pos = tuple(sorted(draw(st.frozensets(NUMBERS, max_size=2))))
    count = draw(st.none() | st.integers(1, 40))
    return Solar(
        frequency=frequency,
        interval=draw(st.integers(1, 5)),
        by_day=by_day,
        by_month_day=by_month_day,
        by_month=by_month,
        by_set_pos=by_set_pos,
        count=count,
        until=None if count else draw(st.none() | st.dates(date(2025, 1, 1), date(2032, 1, 1))),
    )


@pytest.mark.promise("F51")
@settings(max_examples=250, deadline=None, derandomize=True)
@given(rules(), st.dates(date(2020, 1, 1), date(2026, 12, 31)), st.integers(0, 2500), st.integers(0, 400))
def test_any_rule_names_the_days_that_dateutil_walks_to(
    rule: Solar, first: date, later: int, days: int
) -> None:
    begin = first + timedelta(days=later)
    end = begin + timedelta(days=days)
    assert list(days_between(rule, first, begin, end)) == walked(rule, first, begin, end)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(rules())
def test_a_rule_survives_its_text(rule: Solar) -> None:
    again = read(rrule_text(rule))
    assert again == replace(rule, by_day=tuple(sorted(rule.by_day, key=lambda d: (d.weekday, d.nth))))
    assert rrule_text(again) == rrule_text(rule)


@pytest.mark.promise("F51")
def test_twenty_years_of_the_31st_and_of_29_february() -> None:
    begin, end = date(2025, 1, 1), date(2044, 12, 31)
    on_31st = list(days_between(read("FREQ=MONTHLY;BYMONTHDAY=31"), begin, begin, end))
    assert len(on_31st) == 7 * 20
    assert {day.month for day in on_31st} == {1, 3, 5, 7, 8, 10, 12}
    last_days = list(days_between(read("FREQ=MONTHLY;BYMONTHDAY=-1"), begin, begin, end))
    assert len(last_days) == 240
    assert all((day + timedelta(days=1)).day == 1 for day in last_days)
    leap_days = list(days_between(read("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), begin, begin, end))
    assert [day.year for day in leap_days] == [2028, 2032, 2036, 2040, 2044]


@pytest.mark.promise("F51")
def test_begun_on_the_31st_it_stays_on_the_31st() -> None:
    first = date(2026, 1, 31)
    found = list(days_between(read("FREQ=MONTHLY"), first, first, date(2026, 8, 31)))
    assert [day.month for day in found] == [1, 3, 5, 7, 8]


def test_every_second_week_keeps_step_with_the_week_it_began_in() -> None:
    wednesday = date(2026, 11, 25)
    rule = read("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE")
    found = list(days_between(rule, wednesday, wednesday, date(2026, 12, 31)))
    assert [(day.month, day.day) for day in found] == [(11, 25), (12, 7), (12, 9), (12, 21), (12, 23)]


@pytest.mark.parametrize(
    ("until", "at", "expected"),
    [
        ("20261231", FIVE, date(2026, 12, 31)),
        # the end of 31 December in Vietnam, as calendar programs write it
        ("20261231T165959Z", FIVE, date(2026, 12, 31)),
        ("20261230T220000Z", FIVE, date(2026, 12, 31)),
        # one second before the airing of that day
        ("20261230T215959Z", FIVE, date(2026, 12, 30)),
    ],
)
def test_an_until_with_a_time_counts_by_the_local_day(until: str, at: time, expected: date) -> None:
    assert read(f"FREQ=DAILY;UNTIL={until}", at).until == expected


@pytest.mark.promise("S55")
@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", ""),
        ("FREQ", ""),
        ("BYDAY=MO", ".FREQ"),
        ("FREQ=HOURLY", ".FREQ"),
        ("FREQ=SECONDLY;COUNT=1000000", ".FREQ"),
        ("FREQ=DAILY;FREQ=DAILY", ".FREQ"),
        ("FREQ=DAILY;INTERVAL=0", ".INTERVAL"),
        ("FREQ=DAILY;INTERVAL=-1", ".INTERVAL"),
        ("FREQ=DAILY;INTERVAL=367", ".INTERVAL"),
        ("FREQ=DAILY;COUNT=1000000", ".COUNT"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261231", ".COUNT"),
        ("FREQ=DAILY;UNTIL=20260231", ".UNTIL"),
        ("FREQ=DAILY;UNTIL=99991231T235959Z", ".UNTIL"),
        ("FREQ=DAILY;BYHOUR=3", ".BYHOUR"),
        ("FREQ=DAILY;BYMINUTE=0,1,2", ".BYMINUTE"),
        ("FREQ=DAILY;BYDAY=1MO", ".BYDAY"),
        ("FREQ=DAILY;BYSETPOS=1", ".BYSETPOS"),
        ("FREQ=WEEKLY;BYDAY=XX", ".BYDAY"),
        ("FREQ=WEEKLY;BYDAY=2MO", ".BYDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", ".BYMONTHDAY"),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1", ".BYSETPOS"),
        ("FREQ=WEEKLY;WKST=SU", ".WKST"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", ".BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", ".BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,x", ".BYMONTHDAY"),
        ("FREQ=MONTHLY;BYDAY=6MO", ".BYDAY"),
        ("FREQ=MONTHLY;BYDAY=0MO", ".BYDAY"),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", ".BYDAY"),
        ("FREQ=MONTHLY;BYSETPOS=1", ".BYSETPOS"),
        ("FREQ=YEARLY;BYMONTH=13", ".BYMONTH"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=6MO", ".BYDAY"),
        ("FREQ=YEARLY;BYDAY=54MO", ".BYDAY"),
        ("FREQ=YEARLY;BYWEEKNO=1", ".BYWEEKNO"),
        ("FREQ=YEARLY;BYEASTER=0", ".BYEASTER"),
        ("FREQ=DAILY;" + "BYMONTH=1," * 60, ""),
        ("FREQ=DAILY\nEXDATE:20260101", ".FREQ"),
        ("ＦＲＥＱ=DAILY", ""),
        (None, ""),
        (7, ""),
        (["FREQ=DAILY"], ""),
    ],
)
def test_a_bad_rule_is_refused_with_its_exact_part(text: object, part: str) -> None:
    with pytest.raises(TimingRefused) as raised:
        read(text)
    assert raised.value.fault.field == FIELD + part
    assert raised.value.code == "E_TIMING"
    assert raised.value.fault.vi


@given(st.text(max_size=40) | st.from_regex(r"FREQ=(DAILY|YEARLY)(;[A-Z]{2,10}=[0-9A-Z,+-]{1,9}){0,3}"))
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    try:
        rule = read(text)
    except TimingRefused:
        return
    assert read(rrule_text(rule)) == rule
    assert solar_falls_on(rule, date(2026, 1, 1), date(2026, 1, 1)) in (True, False)
