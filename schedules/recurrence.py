"""When an announcement is wanted: four kinds of timing, their JSON and their instants."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Never, TypeVar, assert_never

from dateutil.rrule import WEEKLY, rrule

from schedules.calendar import FIRST_YEAR, LAST_YEAR, Window, instant_of, local, stamp
from schedules.errors import Fault, TimingRefused

LONGEST = timedelta(days=366)
EVERY_DAY = frozenset(range(7))
_CLOCK = re.compile(r"\d{2}:\d{2}(:\d{2})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})")
T = TypeVar("T")


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


Timing = AfterApproval | NextSession | Once | Weekly


def instants(timing: Timing, window: Window, approved_at: datetime | None = None) -> tuple[datetime, ...]:
    """The UTC instants in the window that the timing names, in order.

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
        case _:
            assert_never(timing)
    return tuple(instant for instant in found if window.contains(instant))


def weekly_instants(
    at: time, days: frozenset[int], first: date, last: date, window: Window
) -> tuple[datetime, ...]:
    """The instants of a weekly rule in a window."""
    # rrule walks from its start: begin beside the window, not years before it
    begin = max(first, local(window.start).date())
    end = min(last, local(window.end).date())
    if not days or end < begin:
        return ()
    rule = rrule(
        WEEKLY, dtstart=datetime.combine(begin, at), until=datetime.combine(end, at), byweekday=sorted(days)
    )
    found = (instant_of(wall.date(), at) for wall in rule)
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
        case _:
            assert_never(timing)


def instant_faults(field: str, instant: datetime) -> tuple[Fault, ...]:
    """What is wrong with an instant that people gave: no zone, an absurd year, split seconds."""
    if instant.tzinfo is None:
        return (_fault(field, "E_TIME", "Giờ phải kèm múi giờ.", "An instant must carry its zone."),)
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        return (_year_fault(field),)
    if instant.microsecond:
        return (_fault(field, "E_TIME", "Giờ phải tròn giây.", "An instant must have whole seconds."),)
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
        case _:
            assert_never(timing)


def timing_from_json(value: object) -> Timing:
    """A timing from plain JSON values, strictly: exact keys, types and existing dates.

    Raises TimingRefused whose fault names the exact field. Clock times are `HH:MM` or `HH:MM:SS`,
    days `YYYY-MM-DD`, instants ISO-8601 with `Z` or an offset and whole seconds.
    """
    if not isinstance(value, dict):
        _refuse("timing", "E_TIMING", "Thời gian phát phải là một đối tượng.", "A timing must be an object.")
    kind = value.get("kind")
    keys = _KEYS.get(kind) if isinstance(kind, str) else None
    if keys is None:
        _refuse("timing.kind", "E_TIMING", "Không rõ cách hẹn giờ này.", "No such kind of timing.")
    for key in keys - value.keys():
        _refuse(f"timing.{key}", "E_FIELD", "Còn thiếu mục này.", "This field is missing.")
    for key in value.keys() - keys:
        _refuse(f"timing.{key}", "E_FIELD", "Không có mục này.", "There is no such field.")
    timing = _read(str(kind), value)
    for fault in timing_faults(timing):
        raise TimingRefused(fault)
    return timing


_KEYS = {
    "after_approval": {"kind"},
    "next_session": {"kind"},
    "once": {"kind", "at"},
    "weekly": {"kind", "at", "days", "first", "last"},
}


def _read(kind: str, value: dict[str, object]) -> Timing:
    match kind:
        case "after_approval":
            return AfterApproval()
        case "next_session":
            return NextSession()
        case "once":
            return Once(at=_parse("timing.at", value["at"], _INSTANT, _utc))
        case _:
            return Weekly(
                at=_parse("timing.at", value["at"], _CLOCK, time.fromisoformat),
                days=_days(value["days"]),
                first=_parse("timing.first", value["first"], _DAY, date.fromisoformat),
                last=_parse("timing.last", value["last"], _DAY, date.fromisoformat),
            )


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _parse(field: str, value: object, shape: re.Pattern[str], read: Callable[[str], T]) -> T:
    try:
        if isinstance(value, str) and shape.fullmatch(value):
            return read(value)
        raise ValueError(field)
    # OverflowError: an instant beside year 1 or 9999 has no UTC equal
    except (ValueError, OverflowError):
        fault = _fault(field, "E_TIME", "Ngày giờ không có thật.", "There is no such date or time.")
        raise TimingRefused(fault) from None


def _days(value: object) -> frozenset[int]:
    fits = isinstance(value, list) and all(type(day) is int and 0 <= day <= 6 for day in value)
    if not isinstance(value, list) or not fits or len(set(value)) != len(value):
        _refuse(
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
            _fault("timing.days", "E_TIMING", "Hãy chọn ít nhất một ngày trong tuần.", "No weekday.")
        )
    if timing.at.tzinfo is not None or timing.at.microsecond:
        faults.append(_fault("timing.at", "E_TIME", "Giờ phát không hợp lệ.", "Not a plain local time."))
    for field, day in (("timing.first", timing.first), ("timing.last", timing.last)):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            faults.append(_year_fault(field))
    if timing.last < timing.first:
        faults.append(
            _fault(
                "timing.last", "E_ORDER", "Ngày cuối phải từ ngày đầu trở đi.", "It ends before it begins."
            )
        )
    elif timing.last - timing.first > LONGEST:
        faults.append(
            _fault("timing.last", "E_WINDOW", "Lịch lặp không quá một năm.", "It repeats for over a year.")
        )
    return tuple(faults)


def _year_fault(field: str) -> Fault:
    return _fault(
        field,
        "E_TIME",
        f"Năm phải từ {FIRST_YEAR} đến {LAST_YEAR}.",
        f"The year must lie between {FIRST_YEAR} and {LAST_YEAR}.",
    )


def _fault(field: str, code: str, vi: str, en: str) -> Fault:
    return Fault(field=field, code=code, vi=vi, en=en)


def _refuse(field: str, code: str, vi: str, en: str) -> Never:
    raise TimingRefused(_fault(field, code, vi, en))
