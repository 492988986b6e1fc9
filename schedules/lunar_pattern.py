"""Days by the lunar calendar: yearly dates, monthly days, new year's eve, and market cycles."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from schedules.lunar import lunar_months, lunar_of, month_of

LONGEST_CYCLE = 366


class InLeap(StrEnum):
    """What happens in a year that has a month twice.

    `regular`: in the first of the two only, as anniversaries are kept. `leap`: in the intercalary one
    only, so not at all in other years. `both`: in each, as the 1st and the 15th are kept.
    """

    REGULAR = "regular"
    LEAP = "leap"
    BOTH = "both"


class InShort(StrEnum):
    """What the 30th becomes in a month of 29 days: nothing, or the 29th."""

    SKIP = "skip"
    LAST_DAY = "last_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class LunarYearly:
    """One lunar date a year, for example the 10th of the 3rd month."""

    month: int
    day: int
    in_leap: InLeap = InLeap.REGULAR
    in_short: InShort = InShort.SKIP


@dataclass(frozen=True, slots=True, kw_only=True)
class LunarMonthly:
    """Some days of every lunar month, for example the 1st and the 15th."""

    days: tuple[int, ...]
    in_leap: InLeap = InLeap.BOTH
    in_short: InShort = InShort.SKIP


@dataclass(frozen=True, slots=True, kw_only=True)
class LunarNewYearsEve:
    """The last day of the 12th month ("30 Tết"), which is the 29th where that month has no 30th."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """Every so many days from an anchor, before and after it: markets that keep no calendar."""

    every: int
    anchor: date


LunarPattern = LunarYearly | LunarMonthly | LunarNewYearsEve | Cycle


def market_days(first: int, step: int) -> LunarMonthly:
    """A market on every fifth or tenth lunar day: `(2, 5)` is the 2nd, 7th, 12th, 17th, 22nd and 27th."""
    return LunarMonthly(days=tuple(range(first, 31, step)))


def lunar_falls_on(pattern: LunarPattern, day: date) -> bool:
    """Whether the pattern names a solar day."""
    match pattern:
        case Cycle(every=every, anchor=anchor):
            return (day.toordinal() - anchor.toordinal()) % every == 0
        case LunarNewYearsEve():
            last = lunar_months(lunar_of(day).year)[-1]
            return last.month == 12 and day == last.begins + timedelta(days=last.length - 1)
        case LunarYearly():
            lunar = lunar_of(day)
            return (
                lunar.month == pattern.month
                and _is_day(lunar.day, (pattern.day,), pattern.in_short, day)
                and _may(pattern.in_leap, lunar.leap)
            )
        case LunarMonthly():
            lunar = lunar_of(day)
            return _is_day(lunar.day, pattern.days, pattern.in_short, day) and _may(
                pattern.in_leap, lunar.leap
            )


def _may(in_leap: InLeap, leap: bool) -> bool:
    return in_leap is InLeap.BOTH or leap is (in_leap is InLeap.LEAP)


def _is_day(lunar_day: int, wanted: tuple[int, ...], in_short: InShort, day: date) -> bool:
    if lunar_day in wanted:
        return True
    return in_short is InShort.LAST_DAY and 30 in wanted and lunar_day == 29 and month_of(day).length == 29
