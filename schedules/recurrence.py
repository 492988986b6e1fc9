"""When an announcement is wanted: five kinds of timing, their JSON and their instants."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import assert_never

from schedules.calendar import FIRST_YEAR, LAST_YEAR, Window, instant_of, local, stamp
from schedules.errors import Fault, TimingRefused
from schedules.holidays import Holidays, statutory
from schedules.reading import fault, read_clock, read_day, read_instant, read_object, refuse
from schedules.rule import (
    RULE_KEYS,
    Moment,
    Rule,
    rule_faults,
    rule_from_json,
    rule_moments,
    rule_to_json,
)

LONGEST = timedelta(days=366)
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterApproval:
    """As soon as it is approved and the nodes have it ("ngay sau khi duyệt")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextSession:
    """Once, in the next session that reaches all its targets ("buổi gần nhất")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """At one instant (aware UTC, whole seconds)."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """At one local time on some weekdays (0 = Monday) from `first` to `last`, both included."""

    at: time
    days: frozenset[int]
    first: date
    last: date

    @property
    def every_day(self) -> bool:
        return self.days == EVERY_DAY


Timing = AfterApproval | NextSession | Once | Weekly | Rule


def instants(
    timing: Timing, window: Window, approved_at: datetime | None = None, holidays: Holidays | None = None
) -> tuple[datetime, ...]:
    """The UTC instants in the window at which the timing wants to be heard, in order."""
    return tuple(moment.at for moment in moments(timing, window, approved_at, holidays))


def moments(
    timing: Timing, window: Window, approved_at: datetime | None = None, holidays: Holidays | None = None
) -> tuple[Moment, ...]:
    """The same with the name of each: its original instant, which a move for one day does not change.

    AfterApproval names `approved_at`, where given; NextSession names none, sessions do.
    """
    found: tuple[datetime, ...]
    match timing:
        case AfterApproval():
            found = () if approved_at is None else (approved_at,)
        case NextSession():
            found = ()
        case Once(at=at):
            found = (at,)
        case Weekly():
            found = weekly_instants(timing.at, timing.days, timing.first, timing.last, window)
        case Rule():
            return rule_moments(timing, window, holidays or statutory())
        case _:
            assert_never(timing)
    return tuple(Moment(recurrence_at=at, at=at) for at in found if window.contains(at))


def given_instants(timing: Timing) -> tuple[tuple[str, datetime], ...]:
    """The clock times that people gave, each as its field and one instant at which the clock shows it."""
    match timing:
        case Once(at=at):
            return (("timing.at", at),)
        case Weekly(at=wall, first=first):
            return (("timing.at", instant_of(first, wall)),)
        case Rule(at=wall, first=first, moved=moved):
            moves = ((f"timing.moved[{n}].at", instant_of(m.to, m.at)) for n, m in enumerate(moved))
            return (("timing.at", instant_of(first, wall)), *moves)
        case _:
            return ()


def weekly_instants(
    at: time, days: frozenset[int], first: date, last: date, window: Window
) -> tuple[datetime, ...]:
    """The instants of a weekly rule in a window; the cost is that of the window's days."""
    day = max(first, local(window.start).date())
    end = min(last, local(window.end).date())
    found = []
    while day <= end:
        if day.weekday() in days:
            found.append(instant_of(day, at))
        day += timedelta(days=1)
    return tuple(instant for instant in found if window.contains(instant))


def timing_faults(timing: Timing) -> tuple[Fault, ...]:
    """What is wrong with a timing by itself, each with its field."""
    match timing:
        case AfterApproval() | NextSession():
            return ()
        case Once(at=at):
            return instant_faults("timing.at", at)
        case Weekly():
            return _weekly_faults(timing)
        case Rule():
            return rule_faults("timing", timing)
        case _:
            assert_never(timing)


def instant_faults(field: str, instant: datetime) -> tuple[Fault, ...]:
    """What is wrong with an instant that people gave: no zone, an absurd year, split seconds."""
    if instant.tzinfo is None:
        return (fault(field, "E_TIME", "Giờ phải kèm múi giờ.", "An instant must carry its zone."),)
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        return (_year_fault(field),)
    if instant.microsecond:
        return (fault(field, "E_TIME", "Giờ phải tròn giây.", "An instant must have whole seconds."),)
    return ()


def timing_to_json(timing: Timing) -> dict[str, object]:
    """A timing as plain JSON values; `timing_from_json` gives back an equal one."""
    match timing:
        case AfterApproval():
            return {"kind": "after_approval"}
        case NextSession():
            return {"kind": "next_session"}
        case Once(at=at):
            return {"kind": "once", "at": stamp(at)}
        case Weekly():
            return {
                "kind": "weekly",
                "at": f"{timing.at:%H:%M:%S}",
                "days": sorted(timing.days),
                "first": timing.first.isoformat(),
                "last": timing.last.isoformat(),
            }
        case Rule():
            return {"kind": "rule", **rule_to_json(timing)}
        case _:
            assert_never(timing)


def timing_from_json(value: object) -> Timing:
    """A timing from plain JSON values, strictly: exact keys, types and existing dates.

    Raises TimingRefused whose fault names the exact field. Clock times are `HH:MM` or `HH:MM:SS`,
    days `YYYY-MM-DD`, instants ISO-8601 with `Z` or an offset and whole seconds.
    """
    if not isinstance(value, dict):
        refuse("timing", "E_TIMING", "Thời gian phát phải là một đối tượng.", "A timing must be an object.")
    kind = value.get("kind")
    keys = _KEYS.get(kind) if isinstance(kind, str) else None
    if keys is None:
        refuse("timing.kind", "E_TIMING", "Không rõ cách hẹn giờ này.", "No such kind of timing.")
    timing = _read(str(kind), read_object("timing", value, ("kind", *keys)))
    for found in timing_faults(timing):
        raise TimingRefused(found)
    return timing


_KEYS: dict[str, tuple[str, ...]] = {
    "after_approval": (),
    "next_session": (),
    "once": ("at",),
    "weekly": ("at", "days", "first", "last"),
    "rule": RULE_KEYS,
}


def _read(kind: str, value: dict[str, object]) -> Timing:
    match kind:
        case "after_approval":
            return AfterApproval()
        case "next_session":
            return NextSession()
        case "once":
            return Once(at=read_instant("timing.at", value["at"]))
        case "rule":
            return rule_from_json("timing", value)
        case _:
            return Weekly(
                at=read_clock("timing.at", value["at"]),
                days=_days(value["days"]),
                first=read_day("timing.first", value["first"]),
                last=read_day("timing.last", value["last"]),
            )


def _days(value: object) -> frozenset[int]:
    fits = isinstance(value, list) and all(type(day) is int and 0 <= day <= 6 for day in value)
    if not isinstance(value, list) or not fits or len(set(value)) != len(value):
        refuse(
            "timing.days",
            "E_TIMING",
            "Ngày trong tuần phải là các số khác nhau từ 0 (thứ Hai) đến 6 (Chủ nhật).",
            "Weekdays must be different numbers from 0 (Monday) to 6 (Sunday).",
        )
    return frozenset(value)


def _weekly_faults(timing: Weekly) -> tuple[Fault, ...]:
    faults = []
    if not timing.days or not timing.days <= EVERY_DAY:
        faults.append(
            fault("timing.days", "E_TIMING", "Hãy chọn ít nhất một ngày trong tuần.", "No weekday.")
        )
    if timing.at.tzinfo is not None or timing.at.microsecond:
        faults.append(fault("timing.at", "E_TIME", "Giờ phát không hợp lệ.", "Not a plain local time."))
    for field, day in (("timing.first", timing.first), ("timing.last", timing.last)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            faults.append(_year_fault(field))
    if timing.last < timing.first:
        faults.append(
            fault("timing.last", "E_ORDER", "Ngày cuối phải từ ngày đầu trở đi.", "It ends before it begins.")
        )
    elif timing.last - timing.first > LONGEST:
        faults.append(
            fault("timing.last", "E_WINDOW", "Lịch lặp không quá một năm.", "It repeats for over a year.")
        )
    return tuple(faults)


def _year_fault(field: str) -> Fault:
    return fault(
        field,
        "E_TIME",
        f"Năm phải từ {FIRST_YEAR} đến {LAST_YEAR}.",
        f"The year must lie between {FIRST_YEAR} and {LAST_YEAR}.",
    )
