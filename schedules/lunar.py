"""The Vietnamese lunar calendar as tables of months, from the first day of 2000 to the last of 2100."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from lunar_vn import convert_lunar_to_solar, solar_to_lunar

from schedules.calendar import LAST_YEAR

_LONGEST_MONTH = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LunarDay:
    """A day of the lunar calendar; `leap` says that its month is the intercalary one of that number."""

    day: int
    month: int
    year: int
    leap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LunarMonth:
    """One month of a lunar year: the solar day on which it begins, and its 29 or 30 days."""

    month: int
    leap: bool
    begins: date
    length: int


@lru_cache(maxsize=4096)
def lunar_of(day: date) -> LunarDay:
    """The lunar day of a solar one."""
    year = day.year
    months = lunar_months(year)
    if day < months[0].begins:
        year -= 1
        months = lunar_months(year)
    found = months[bisect_right(months, day, key=_begins) - 1]
    return LunarDay(day=(day - found.begins).days + 1, month=found.month, year=year, leap=found.leap)


@lru_cache(maxsize=4096)
def month_of(day: date) -> LunarMonth:
    """The lunar month in which a solar day lies."""
    months = lunar_months(day.year)
    if day < months[0].begins:
        months = lunar_months(day.year - 1)
    return months[bisect_right(months, day, key=_begins) - 1]


def solar_of(lunar: LunarDay) -> date | None:
    """The solar day, or None where that year has no such month or that month no such day."""
    for month in lunar_months(lunar.year):
        if (month.month, month.leap) == (lunar.month, lunar.leap):
            return month.begins + timedelta(days=lunar.day - 1) if 1 <= lunar.day <= month.length else None
    return None


@lru_cache(maxsize=256)
def lunar_months(year: int) -> tuple[LunarMonth, ...]:
    """The twelve or thirteen months of a lunar year, the intercalary one behind its namesake.

    The last months of 2100 are cut where the solar year ends.
    """
    begins = convert_lunar_to_solar(1, 1, year)
    months: list[LunarMonth] = []
    while True:
        named = solar_to_lunar(begins)
        if named.year != year:
            return tuple(months)
        ends = _next_new_moon(begins)
        length = _LONGEST_MONTH if ends is None else (ends - begins).days
        months.append(LunarMonth(month=named.month, leap=named.leap, begins=begins, length=length))
        if ends is None:
            return tuple(months)
        begins = ends


def _next_new_moon(begins: date) -> date | None:
    for length in (29, _LONGEST_MONTH):
        day = begins + timedelta(days=length)
        if day.year > LAST_YEAR:
            return None
        if solar_to_lunar(day).day == 1:
            return day
    raise ValueError(begins)


def _begins(month: LunarMonth) -> date:
    return month.begins
