"""Repeated timings once more, slow and plain: each day looked at, dateutil walked, another library's moon."""

from datetime import date, datetime, time, timedelta, timezone
from functools import cache

from dateutil.rrule import rrulestr
from vnlunar import core as tables

from schedules.calendar import Window
from schedules.lunar_pattern import Cycle, InLeap, InShort, LunarMonthly, LunarNewYearsEve, LunarYearly
from schedules.pattern import Pattern
from schedules.rule import Only, Rule
from schedules.solar import Solar, rrule_text

LOCAL = timezone(timedelta(hours=7))
DAY = timedelta(days=1)


@cache
def lunar(day: date) -> tuple[int, int, bool]:
    found = tables.get_lunar_date(day.day, day.month, day.year)
    return found["day"], found["month"], bool(found["leap"])


@cache
def walked(pattern: Solar, first: date) -> frozenset[date]:
    """The days of a rule's first year and a month, as dateutil walks there."""
    start = datetime.combine(first, time())
    walk = rrulestr(rrule_text(pattern), dtstart=start)
    return frozenset(wall.date() for wall in walk.between(start, start + 400 * DAY, inc=True))


def plainly_named(pattern: Pattern, first: date, day: date) -> bool:
    """Whether the pattern names the day, by dateutil's walk and by another library's moon."""
    if isinstance(pattern, Solar):
        return day in walked(pattern, first)
    if isinstance(pattern, Cycle):
        return (day - pattern.anchor).days % pattern.every == 0
    number, month, leap = lunar(day)
    tomorrow = lunar(day + DAY)
    if isinstance(pattern, LunarNewYearsEve):
        return tomorrow[:2] == (1, 1)
    fits = {InLeap.REGULAR: not leap, InLeap.LEAP: leap, InLeap.BOTH: True}[pattern.in_leap]
    wanted = pattern.days if isinstance(pattern, LunarMonthly) else (pattern.day,)
    if isinstance(pattern, LunarYearly) and month != pattern.month:
        return False
    named = number in wanted
    if number == 29 and tomorrow[0] == 1 and 30 in wanted and pattern.in_short is InShort.LAST_DAY:
        named = True
    return fits and named


def plainly_working(day: date) -> bool:
    """Offices' days of 2025 and 2026 as they were decreed, by hand."""
    off = {
        *(date(2025, 1, n) for n in (1, 27, 28, 29, 30, 31)),
        *(date(2025, *m) for m in ((4, 7), (4, 30), (5, 1), (5, 2), (9, 1), (9, 2))),
        *(date(2026, *m) for m in ((1, 1), (1, 2), (4, 27), (4, 30), (5, 1), (8, 31), (9, 1), (9, 2))),
        date(2026, 11, 24),
        *(date(2026, 2, n) for n in range(16, 21)),
    }  # fmt: skip
    made_up = {date(2025, 4, 26), date(2026, 1, 10), date(2026, 8, 22)}
    return day in made_up or (day.weekday() < 5 and day not in off)


def plainly(rule: Rule, window: Window) -> list[tuple[datetime, datetime]]:
    """(name, time) of every airing of the rule, looking at each of its days."""
    found = []
    for n in range((rule.last - rule.first).days + 1):
        day = rule.first + n * DAY
        counts = rule.only is Only.ANY or plainly_working(day) is (rule.only is Only.WORKING)
        if not counts or day in rule.skipped or not plainly_named(rule.pattern, rule.first, day):
            continue
        to, wall = next(((m.to, m.at) for m in rule.moved if m.day == day), (day, rule.at))
        found.append((datetime.combine(day, rule.at, LOCAL), datetime.combine(to, wall, LOCAL)))
    return sorted((pair for pair in found if window.contains(pair[1])), key=lambda pair: pair[::-1])
