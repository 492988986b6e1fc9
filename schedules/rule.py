"""A repeated timing: a pattern of days at one local time, without some days and with some moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from schedules.calendar import FIRST_YEAR, LAST_YEAR, Window, instant_of, local
from schedules.errors import Fault
from schedules.holidays import Holidays
from schedules.pattern import (
    Pattern,
    days_between,
    falls_on,
    pattern_faults,
    pattern_from_json,
    pattern_to_json,
)
from schedules.reading import fault, read_clock, read_day, read_list, read_object, read_whole, read_word

LONGEST = timedelta(days=366)
FARTHEST = timedelta(days=31)
MOST_CHANGES = 60
MOST_TIMES = 999


class Only(StrEnum):
    """Which of the pattern's days count: all, working days (Vietnam's, swaps included), or days off."""

    ANY = "any"
    WORKING = "working"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What was due on `day` is heard at `at` on `to` instead (RFC 5545's RECURRENCE-ID).

    `times` counts how often somebody has moved it since it was written: it raises the revision of that
    airing alone, also where it was moved back.
    """

    day: date
    to: date
    at: time
    times: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The pattern's days from `first` to `last` at `at` local time, `skipped` days left out, some moved."""

    at: time
    pattern: Pattern
    first: date
    last: date
    only: Only = Only.ANY
    skipped: tuple[date, ...] = ()
    moved: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One wanted airing: its name for good is `recurrence_at`, its time is `at`; `times` as in `Move`."""

    recurrence_at: datetime
    at: datetime
    times: int = 0


def rule_days(rule: Rule, holidays: Holidays, begin: date, end: date) -> Iterator[date]:
    """The days from `begin` to `end` that the rule names, before any is skipped or moved."""
    for day in days_between(rule.pattern, rule.first, begin, min(end, rule.last)):
        if _counts(rule.only, holidays, day):
            yield day


def rule_moments(rule: Rule, window: Window, holidays: Holidays) -> tuple[Moment, ...]:
    """What a rule asks for in a window, in order of time; asking costs by the window, not by its past."""
    days = rule_days(rule, holidays, *_local_days(window))
    if rule.skipped or rule.moved:
        changed = {*rule.skipped, *(move.day for move in rule.moved)}
        days = (day for day in days if day not in changed)
    found = [moment for day in days if window.contains((moment := _moment(rule, day, day, rule.at)).at)]
    if not rule.moved:
        return tuple(found)
    found += [
        moment
        for move in rule.moved
        if move.day not in rule.skipped and _names(rule, holidays, move.day)
        if window.contains((moment := _moment(rule, move.day, move.to, move.at, move.times)).at)
    ]
    return tuple(sorted(found, key=lambda moment: (moment.at, moment.recurrence_at)))


def rule_faults(field: str, rule: Rule) -> tuple[Fault, ...]:
    """What is wrong with a rule by itself, each with its field."""
    faults = _span_faults(field, rule)
    if faults:
        return faults
    return (
        *pattern_faults(f"{field}.pattern", rule.pattern, rule.first, rule.last),
        *_skip_faults(field, rule),
        *_move_faults(field, rule),
    )


def rule_to_json(rule: Rule) -> dict[str, object]:
    """A rule as plain JSON values; `rule_from_json` gives back an equal one."""
    return {
        "at": f"{rule.at:%H:%M:%S}",
        "pattern": pattern_to_json(rule.pattern),
        "first": rule.first.isoformat(),
        "last": rule.last.isoformat(),
        "only": rule.only.value,
        "skipped": [day.isoformat() for day in rule.skipped],
        "moved": [_move_to_json(move) for move in rule.moved],
    }


RULE_KEYS = ("at", "pattern", "first", "last", "only", "skipped", "moved")


def rule_from_json(field: str, value: dict[str, object]) -> Rule:
    """A rule from plain JSON values, strictly; TimingRefused names the exact field."""
    at = read_clock(f"{field}.at", value["at"])
    skipped = read_list(f"{field}.skipped", value["skipped"], MOST_CHANGES)
    moved = read_list(f"{field}.moved", value["moved"], MOST_CHANGES)
    return Rule(
        at=at,
        pattern=pattern_from_json(f"{field}.pattern", value["pattern"], at),
        first=read_day(f"{field}.first", value["first"]),
        last=read_day(f"{field}.last", value["last"]),
        only=read_word(f"{field}.only", value["only"], Only),
        skipped=tuple(sorted(read_day(f"{field}.skipped[{n}]", day) for n, day in enumerate(skipped))),
        moved=tuple(
            sorted(
                (_read_move(f"{field}.moved[{n}]", move) for n, move in enumerate(moved)),
                key=lambda move: (move.day, move.to, move.at),
            )
        ),
    )


def _move_to_json(move: Move) -> dict[str, object]:
    """Without `times` where it is none: what was approved before there was such a thing keeps its hash."""
    said: dict[str, object] = {
        "day": move.day.isoformat(),
        "to": move.to.isoformat(),
        "at": f"{move.at:%H:%M:%S}",
    }
    return {**said, "times": move.times} if move.times else said


def _read_move(field: str, value: object) -> Move:
    counted = isinstance(value, dict) and "times" in value
    said = read_object(field, value, ("day", "to", "at", *(("times",) if counted else ())))
    return Move(
        day=read_day(f"{field}.day", said["day"]),
        to=read_day(f"{field}.to", said["to"]),
        at=read_clock(f"{field}.at", said["at"]),
        times=read_whole(f"{field}.times", said["times"], 0, MOST_TIMES) if counted else 0,
    )


@lru_cache(maxsize=64)
def _local_days(window: Window) -> tuple[date, date]:
    """The first and the last local day of which the window holds a moment."""
    return local(window.start).date(), local(window.end - timedelta(microseconds=1)).date()


def _moment(rule: Rule, day: date, to: date, at: time, times: int = 0) -> Moment:
    return Moment(recurrence_at=instant_of(day, rule.at), at=instant_of(to, at), times=times)


def _names(rule: Rule, holidays: Holidays, day: date) -> bool:
    return (
        rule.first <= day <= rule.last
        and falls_on(rule.pattern, rule.first, day)
        and _counts(rule.only, holidays, day)
    )


def _counts(only: Only, holidays: Holidays, day: date) -> bool:
    return only is Only.ANY or holidays.is_working(day) is (only is Only.WORKING)


def _span_faults(field: str, rule: Rule) -> tuple[Fault, ...]:
    faults = []
    if rule.at.tzinfo is not None or rule.at.microsecond:
        faults.append(fault(f"{field}.at", "E_TIME", "Giờ phát không hợp lệ.", "Not a plain local time."))
    for name, day in (("first", rule.first), ("last", rule.last)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            faults.append(
                fault(
                    f"{field}.{name}",
                    "E_TIME",
                    f"Năm phải từ {FIRST_YEAR} đến {LAST_YEAR}.",
                    f"The year must lie between {FIRST_YEAR} and {LAST_YEAR}.",
                )
            )
    if rule.last < rule.first:
        faults.append(
            fault(
                f"{field}.last", "E_ORDER", "Ngày cuối phải từ ngày đầu trở đi.", "It ends before it begins."
            )
        )
    elif rule.last - rule.first > LONGEST:
        faults.append(
            fault(f"{field}.last", "E_WINDOW", "Lịch lặp không quá một năm.", "It repeats for over a year.")
        )
    return tuple(faults)


def _skip_faults(field: str, rule: Rule) -> Iterator[Fault]:
    """Skipped days that the rule never named are a slip of the pen, which would pass unseen."""
    for n, day in enumerate(rule.skipped):
        if day in rule.skipped[:n]:
            yield _double(f"{field}.skipped[{n}]", day)
        elif not _planned(rule, day):
            yield _stray(f"{field}.skipped[{n}]", day)


def _move_faults(field: str, rule: Rule) -> Iterator[Fault]:
    for n, move in enumerate(rule.moved):
        where = f"{field}.moved[{n}]"
        # what was moved by hand may be left out afterwards; to write both is a slip
        is_slip = move.day in rule.skipped and not move.times
        if is_slip or any(move.day == other.day for other in rule.moved[:n]):
            yield _double(f"{where}.day", move.day)
        elif not _planned(rule, move.day):
            yield _stray(f"{where}.day", move.day)
        if abs(move.to - move.day) > FARTHEST:
            yield fault(
                f"{where}.to",
                "E_WINDOW",
                f"Chỉ dời được trong vòng {FARTHEST.days} ngày.",
                f"It can be moved by at most {FARTHEST.days} days.",
            )
        if move.at.tzinfo is not None or move.at.microsecond:
            yield fault(f"{where}.at", "E_TIME", "Giờ phát không hợp lệ.", "Not a plain local time.")


def _planned(rule: Rule, day: date) -> bool:
    return rule.first <= day <= rule.last and falls_on(rule.pattern, rule.first, day)


def _double(field: str, day: date) -> Fault:
    return fault(
        field, "E_DOUBLE", f"Ngày {day:%d/%m/%Y} đã được đổi rồi.", "This day has been changed already."
    )


def _stray(field: str, day: date) -> Fault:
    return fault(
        field,
        "E_TIMING",
        f"Ngày {day:%d/%m/%Y} vốn không có lượt phát.",
        "There is nothing on that day to change.",
    )
