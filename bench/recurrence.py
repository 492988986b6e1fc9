"""Asking 100,000 repeated timings for one day, beside dateutil with its start moved to that day."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

from schedules.calendar import Window, instant_of
from schedules.holidays import statutory
from schedules.lunar_pattern import LunarMonthly, LunarNewYearsEve, LunarYearly
from schedules.rule import Rule, rule_moments
from schedules.solar import Frequency, NthDay, Solar

FULL = 100_000
QUICK = 2_000
SEED = 4
MOST_OF_DATEUTIL = 0.3
DAY = date(2026, 11, 23)
BEGUN = date(2026, 1, 1)
ENDS = date(2026, 12, 31)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Seconds and how many instants were found."""

    seconds: float
    found: int


def measure(*, quick: bool = False, count: int | None = None) -> list[Row]:
    """Rows of name, value, unit, baseline, ratio, goal, met; fewer than 100,000 rules meet no goal.

    Every solar rule is one that dateutil can begin on the day itself without changing its meaning
    (no interval, no count), so both sides must find the same; the lunar ones have no baseline there.
    """
    wanted = count or (QUICK if quick else FULL)
    rules = tuple(solar_rules(wanted, Random(SEED)))
    start = instant_of(DAY, datetime.min.time())
    window = Window(start=start, end=start + timedelta(days=1))
    statutory()
    ours, theirs = _asked(rules, window), _walked(rules)
    if ours.found != theirs.found:
        raise RuntimeError(f"{ours.found} instants found, dateutil finds {theirs.found}")
    lunar = _asked(tuple(lunar_rules(wanted, Random(SEED))), window)
    ratio = ours.seconds / theirs.seconds
    return [
        {
            "name": f"recurrence: {wanted:,} rules for one day",
            "value": round(ours.seconds, 3),
            "unit": "s",
            "baseline": f"dateutil, dtstart moved, as many found ({theirs.found:,}): {theirs.seconds:.2f} s",
            "ratio": round(ratio, 4),
            "goal": f"≤ {MOST_OF_DATEUTIL}",
            "met": ratio <= MOST_OF_DATEUTIL if wanted >= FULL else None,
        },
        {
            "name": f"recurrence: {wanted:,} lunar rules for one day",
            "value": round(lunar.seconds, 3),
            "unit": "s",
            "baseline": "the solar rules above",
            "ratio": round(lunar.seconds / ours.seconds, 4),
            "goal": None,
            "met": None,
        },
    ]


def solar_rules(count: int, random: Random) -> Iterator[Rule]:
    """Rules as communes have them: mostly weekly and monthly, at full and half hours of the day."""
    weekdays = [tuple(NthDay(weekday=day) for day in days) for days in ((0,), (1, 3), (0, 2, 4), (5, 6))]
    patterns = [
        Solar(frequency=Frequency.DAILY),
        *(Solar(frequency=Frequency.WEEKLY, by_day=days) for days in weekdays),
        *(Solar(frequency=Frequency.MONTHLY, by_month_day=(day,)) for day in (1, 15, 23, 31, -1)),
        *(
            Solar(frequency=Frequency.MONTHLY, by_day=(NthDay(weekday=day, nth=nth),))
            for day, nth in product((0, 4), (1, 4, -1))
        ),
        Solar(frequency=Frequency.YEARLY, by_month=(11,), by_month_day=(20, 23)),
    ]
    for _ in range(count):
        yield _rule(random.choice(patterns), random)


def lunar_rules(count: int, random: Random) -> Iterator[Rule]:
    """The 1st and the 15th, yearly dates, the eve."""
    patterns = [
        LunarMonthly(days=(1, 15)),
        LunarYearly(month=3, day=10),
        LunarYearly(month=10, day=15),
        LunarNewYearsEve(),
    ]
    for _ in range(count):
        yield _rule(random.choice(patterns), random)


def _rule(pattern: Solar | LunarMonthly | LunarYearly | LunarNewYearsEve, random: Random) -> Rule:
    at = datetime(2026, 1, 1, 5, 0) + timedelta(minutes=30 * random.randrange(30))
    return Rule(at=at.time(), pattern=pattern, first=BEGUN, last=ENDS)


def _asked(rules: Sequence[Rule], window: Window) -> Timed:
    holidays, found = statutory(), 0
    began = time.perf_counter()
    for rule in rules:
        found += len(rule_moments(rule, window, holidays))
    return Timed(seconds=time.perf_counter() - began, found=found)


def _walked(rules: Sequence[Rule]) -> Timed:
    """dateutil: each rule begun and ended on the day, its parts read beforehand."""
    asked = [(_parts(rule.pattern), rule.at) for rule in rules if isinstance(rule.pattern, Solar)]
    found = 0
    end = datetime.combine(DAY, datetime.max.time())
    began = time.perf_counter()
    for parts, at in asked:
        found += len(list(rrule(**parts, dtstart=datetime.combine(DAY, at), until=end)))
    return Timed(seconds=time.perf_counter() - began, found=found)


def _parts(rule: Solar) -> dict[str, Any]:
    parts: dict[str, Any] = {"freq": _FREQUENCIES[rule.frequency]}
    if rule.by_month:
        parts["bymonth"] = rule.by_month
    if rule.by_month_day:
        parts["bymonthday"] = rule.by_month_day
    if rule.by_day:
        parts["byweekday"] = [weekday(one.weekday, one.nth or None) for one in rule.by_day]
    return parts


_FREQUENCIES = {
    Frequency.DAILY: DAILY,
    Frequency.WEEKLY: WEEKLY,
    Frequency.MONTHLY: MONTHLY,
    Frequency.YEARLY: YEARLY,
}
