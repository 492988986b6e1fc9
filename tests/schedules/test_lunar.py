"""The lunar calendar against two others: tables of a second library, and the sky itself."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from functools import cache
from itertools import pairwise
from math import floor

import astronomy
import pytest
from vnlunar import core as tables

from schedules.errors import TimingRefused
from schedules.lunar import LunarDay, lunar_months, lunar_of, month_of, solar_of
from schedules.lunar_pattern import (
    Cycle,
    InLeap,
    InShort,
    LunarMonthly,
    LunarNewYearsEve,
    LunarPattern,
    LunarYearly,
    market_days,
)
from schedules.pattern import days_between, pattern_faults, pattern_from_json, pattern_to_json
from tests.schedules.cast import MONDAY

DAY = timedelta(days=1)
FIRST, LAST = date(2025, 1, 1), date(2044, 12, 31)

# month number, year, whether it is the second of its number
Named = tuple[int, int, bool]


def days(begin: date, end: date) -> Iterator[date]:
    return (begin + n * DAY for n in range((end - begin).days + 1))


def found(pattern: LunarPattern, begin: date = FIRST, end: date = LAST) -> list[date]:
    return list(days_between(pattern, begin, begin, end))


def ours(begin: date, end: date) -> dict[date, Named]:
    """The first day of each lunar month."""
    firsts = ((day, lunar_of(day)) for day in days(begin, end))
    return {day: (lunar.month, lunar.year, lunar.leap) for day, lunar in firsts if lunar.day == 1}


@cache
def the_sky(first_year: int, last_year: int) -> dict[date, Named]:
    """New moons and solar terms of Hanoi, and the rules of the calendar written plainly over them.

    A month begins on the day of the new moon; the one with the winter solstice is the 11th; of thirteen
    months between two solstices the first without a principal term repeats its forerunner's number.
    """
    moons, instant = [], astronomy.Time.Make(first_year - 1, 11, 1, 0, 0, 0)
    while not moons or moons[-1].year <= last_year:
        new_moon = astronomy.SearchMoonPhase(0, instant, 40)
        moons.append(in_hanoi(new_moon))
        instant = new_moon.AddDays(20)
    terms = {
        in_hanoi(astronomy.SearchSunLongitude(30 * n, astronomy.Time.Make(year, 1, 1, 0, 0, 0), 370)): 30 * n
        for year in range(first_year - 1, last_year + 1)
        for n in range(12)
    }
    held = [[terms[day] for day in days(a, b - DAY) if day in terms] for a, b in pairwise(moons)]
    solstices = [n for n, angles in enumerate(held) if 270 in angles]
    named: dict[date, Named] = {}
    for begin, end in pairwise(solstices):
        repeated = next(n for n in range(begin, end) if not held[n]) if end - begin == 13 else None
        month, year = 11, moons[begin].year
        for n in range(begin, end):
            if n not in (begin, repeated):
                month, year = (1, year + 1) if month == 12 else (month + 1, year)
            named[moons[n]] = (month, year, n == repeated)
    return named


def in_hanoi(instant: astronomy.Time) -> date:
    return date(2000, 1, 1) + floor(instant.ut + 0.5 + 7 / 24) * DAY


@pytest.mark.promise("F51")
def test_every_day_of_twenty_years_is_the_day_that_another_library_says() -> None:
    for day in days(FIRST, LAST):
        other = tables.get_lunar_date(day.day, day.month, day.year)
        said = LunarDay(day=other["day"], month=other["month"], year=other["year"], leap=bool(other["leap"]))
        assert lunar_of(day) == said
        assert solar_of(said) == day


@pytest.mark.promise("F51")
def test_every_month_of_twenty_years_begins_with_the_new_moon_of_hanoi() -> None:
    sky = the_sky(2024, 2045)
    assert ours(FIRST, LAST) == {day: named for day, named in sky.items() if FIRST <= day <= LAST}


@pytest.mark.promise("F51")
def test_the_leap_months_of_twenty_years() -> None:
    leaps = {year: [m.month for m in lunar_months(year) if m.leap] for year in range(2025, 2045)}
    assert {year: months for year, months in leaps.items() if months} == {
        2025: [6], 2028: [5], 2031: [3], 2033: [11], 2036: [6], 2039: [5], 2042: [2], 2044: [7],
    }  # fmt: skip


@pytest.mark.promise("F51")
@pytest.mark.parametrize(
    ("year", "eve", "lunar_day"),
    [
        (2025, date(2025, 1, 28), 29),
        (2026, date(2026, 2, 16), 29),
        (2027, date(2027, 2, 5), 29),
        (2028, date(2028, 1, 25), 29),
        (2029, date(2029, 2, 12), 29),
        # a day before the one in China
        (2030, date(2030, 2, 1), 29),
        (2031, date(2031, 1, 22), 29),
        (2032, date(2032, 2, 10), 29),
        (2033, date(2033, 1, 30), 30),
    ],
)
def test_new_years_eve_is_there_every_year_and_a_30th_is_not(year: int, eve: date, lunar_day: int) -> None:
    begin, end = date(year, 1, 1), date(year, 12, 31)
    assert found(LunarNewYearsEve(), begin, end) == [eve]
    assert lunar_of(eve).day == lunar_day
    on_30th = found(LunarYearly(month=12, day=30), begin, date(year, 6, 1))
    assert on_30th == ([eve] if lunar_day == 30 else [])
    assert found(LunarYearly(month=12, day=30, in_short=InShort.LAST_DAY), begin, date(year, 6, 1)) == [eve]


def test_new_years_eve_of_the_whole_century_is_the_day_before_tet() -> None:
    eves = found(LunarNewYearsEve(), date(2000, 1, 1), date(2100, 12, 31))
    assert len(eves) == 101
    assert all((lunar_of(eve + DAY).month, lunar_of(eve + DAY).day) == (1, 1) for eve in eves)


@pytest.mark.promise("F51")
@pytest.mark.parametrize(
    ("pattern", "year", "expected"),
    [
        # the 6th month came twice in 2025: from 25 June and, intercalary, from 25 July
        (LunarYearly(month=6, day=15), 2025, [(7, 9)]),
        (LunarYearly(month=6, day=15, in_leap=InLeap.LEAP), 2025, [(8, 8)]),
        (LunarYearly(month=6, day=15, in_leap=InLeap.BOTH), 2025, [(7, 9), (8, 8)]),
        (LunarYearly(month=5, day=5), 2028, [(5, 28)]),
        (LunarYearly(month=5, day=5, in_leap=InLeap.LEAP), 2028, [(6, 27)]),
        (LunarYearly(month=5, day=5, in_leap=InLeap.LEAP), 2027, []),
        (LunarYearly(month=3, day=10), 2026, [(4, 26)]),
    ],
)
def test_a_yearly_date_in_a_year_with_a_month_twice(
    pattern: LunarYearly, year: int, expected: list[tuple[int, int]]
) -> None:
    assert [(d.month, d.day) for d in found(pattern, date(year, 1, 1), date(year, 12, 31))] == expected


def test_the_first_and_the_fifteenth_are_kept_in_both_months_of_one_number() -> None:
    begin, end = date(2025, 1, 29), date(2026, 2, 16)
    assert len(found(LunarMonthly(days=(1, 15)), begin, end)) == 26
    assert len(found(LunarMonthly(days=(1, 15), in_leap=InLeap.REGULAR), begin, end)) == 24
    assert len(found(LunarMonthly(days=(1, 15), in_leap=InLeap.LEAP), begin, end)) == 2


def test_a_30th_is_skipped_or_becomes_the_29th_in_a_short_month() -> None:
    begin, end = date(2026, 2, 17), date(2027, 2, 5)
    short = [month for month in lunar_months(2026) if month.length == 29]
    assert len(found(LunarMonthly(days=(30,)), begin, end)) == 12 - len(short)
    last = found(LunarMonthly(days=(30,), in_short=InShort.LAST_DAY), begin, end)
    assert last == [month.begins + (month.length - 1) * DAY for month in lunar_months(2026)]
    # asked for both, the 29th of a short month is one day, not two
    both = found(LunarMonthly(days=(29, 30), in_short=InShort.LAST_DAY), begin, end)
    assert len(both) == len(set(both)) == 24 - len(short)


def test_markets_on_every_fifth_or_tenth_lunar_day_or_by_a_cycle_of_their_own() -> None:
    begin, end = date(2026, 2, 17), date(2026, 3, 18)
    assert [lunar_of(day).day for day in found(market_days(2, 5), begin, end)] == [2, 7, 12, 17, 22, 27]
    assert [lunar_of(day).day for day in found(market_days(10, 10), begin, end)] == [10, 20, 30]
    back = found(Cycle(every=6, anchor=MONDAY), MONDAY, MONDAY + 30 * DAY)
    assert back == [MONDAY + n * DAY for n in range(0, 31, 6)]
    assert found(Cycle(every=6, anchor=MONDAY + 600 * DAY), MONDAY, MONDAY + 30 * DAY) == back


@pytest.mark.parametrize("day", [date(2000, 1, 1), date(2000, 2, 4), date(2000, 2, 5), date(2100, 12, 31)])
def test_the_calendar_holds_to_its_very_ends(day: date) -> None:
    assert solar_of(lunar_of(day)) == day
    assert month_of(day).begins <= day


@pytest.mark.parametrize(
    "impossible",
    [
        LunarDay(day=30, month=12, year=2025),
        LunarDay(day=31, month=1, year=2026),
        LunarDay(day=0, month=1, year=2026),
        LunarDay(day=1, month=13, year=2026),
        # lunar-vn itself gives a day for this one: 2026 has no leap month
        LunarDay(day=1, month=6, year=2026, leap=True),
        LunarDay(day=1, month=5, year=2025, leap=True),
    ],
)
def test_an_impossible_lunar_day_has_no_solar_one(impossible: LunarDay) -> None:
    assert solar_of(impossible) is None


@pytest.mark.parametrize(
    ("pattern", "field", "code"),
    [
        (LunarYearly(month=12, day=30), "timing.pattern.day", "E_LUNAR"),
        (LunarYearly(month=7, day=1, in_leap=InLeap.LEAP), "timing.pattern.day", "E_LUNAR"),
        (LunarMonthly(days=(1,), in_leap=InLeap.LEAP), "timing.pattern", "E_TIMING"),
    ],
)
def test_a_lunar_date_that_the_year_lacks_is_refused(pattern: LunarPattern, field: str, code: str) -> None:
    (fault,) = pattern_faults("timing.pattern", pattern, date(2026, 2, 17), date(2027, 2, 5))
    assert (fault.field, fault.code) == (field, code)
    assert "17/02/2026" in fault.vi


YEARLY = {"kind": "lunar_yearly", "month": 3, "day": 10, "in_leap": "regular", "in_short": "skip"}
MONTHLY = {"kind": "lunar_monthly", "days": [15, 1], "in_leap": "both", "in_short": "skip"}


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({**YEARLY, "month": 13}, ".month"),
        ({**YEARLY, "month": True}, ".month"),
        ({**YEARLY, "day": 31}, ".day"),
        ({**YEARLY, "day": 0}, ".day"),
        ({**YEARLY, "in_leap": "never"}, ".in_leap"),
        ({**YEARLY, "in_short": 1}, ".in_short"),
        ({**YEARLY, "year": 2026}, ".year"),
        ({**MONTHLY, "days": []}, ".days"),
        ({**MONTHLY, "days": [1, 1]}, ".days"),
        ({**MONTHLY, "days": [1, 31]}, ".days[1]"),
        ({**MONTHLY, "days": list(range(1, 32))}, ".days"),
        ({"kind": "cycle", "every": 0, "anchor": "2026-11-22"}, ".every"),
        ({"kind": "cycle", "every": 6, "anchor": "2026-02-30"}, ".anchor"),
        ({"kind": "lunar_new_years_eve", "day": 30}, ".day"),
        ({"kind": "moon"}, ".kind"),
        (None, ".kind"),
    ],
)
def test_nonsense_is_refused_with_the_exact_field(value: object, field: str) -> None:
    with pytest.raises(TimingRefused) as raised:
        pattern_from_json("timing.pattern", value, time(5))
    assert raised.value.fault.field == "timing.pattern" + field


@pytest.mark.parametrize(
    "pattern",
    [
        LunarYearly(month=12, day=23, in_leap=InLeap.BOTH, in_short=InShort.LAST_DAY),
        LunarMonthly(days=(1, 15)),
        LunarNewYearsEve(),
        Cycle(every=6, anchor=MONDAY),
        market_days(5, 5),
    ],
)
def test_a_lunar_pattern_survives_its_json(pattern: LunarPattern) -> None:
    assert pattern_from_json("x", pattern_to_json(pattern), time(5)) == pattern
