"""Which days a repeated timing names: solar rules and lunar patterns behind one question, and their JSON."""

from collections.abc import Iterator
from datetime import date, time, timedelta

from schedules.errors import Fault
from schedules.lunar_pattern import (
    LONGEST_CYCLE,
    Cycle,
    InLeap,
    InShort,
    LunarMonthly,
    LunarNewYearsEve,
    LunarPattern,
    LunarYearly,
    lunar_falls_on,
)
from schedules.reading import fault, read_day, read_list, read_object, read_whole, read_word, refuse
from schedules.solar import Solar, read_rrule, rrule_text, solar_falls_on

Pattern = Solar | LunarPattern
DAY = timedelta(days=1)


def falls_on(pattern: Pattern, first: date, day: date) -> bool:
    """Whether a pattern that begins on `first` names `day`."""
    if isinstance(pattern, Solar):
        return solar_falls_on(pattern, first, day)
    return day >= first and lunar_falls_on(pattern, day)


def days_between(pattern: Pattern, first: date, begin: date, end: date) -> Iterator[date]:
    """The pattern's days from `begin` to `end`, both included, in order."""
    day = max(first, begin)
    while day <= end:
        if falls_on(pattern, first, day):
            yield day
        day += DAY


def pattern_faults(field: str, pattern: Pattern, first: date, last: date) -> tuple[Fault, ...]:
    """A pattern that names no day from `first` to `last`: 30 February, a 30th that the month lacks."""
    if next(days_between(pattern, first, first, last), None) is not None:
        return ()
    if isinstance(pattern, LunarYearly):
        return (
            fault(
                f"{field}.day",
                "E_LUNAR",
                f"Không có ngày {pattern.day}/{pattern.month} âm lịch nào từ {first:%d/%m/%Y} "
                f"đến {last:%d/%m/%Y}.",
                "There is no such lunar date in those days.",
            ),
        )
    return (
        fault(
            field,
            "E_TIMING",
            f"Không có ngày nào như vậy từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}.",
            "There is no such day in that time.",
        ),
    )


def pattern_to_json(pattern: Pattern) -> dict[str, object]:
    """A pattern as plain JSON values; `pattern_from_json` gives back an equal one."""
    match pattern:
        case Solar():
            return {"kind": "solar", "rrule": rrule_text(pattern)}
        case LunarYearly():
            return {
                "kind": "lunar_yearly",
                "month": pattern.month,
                "day": pattern.day,
                "in_leap": pattern.in_leap.value,
                "in_short": pattern.in_short.value,
            }
        case LunarMonthly():
            return {
                "kind": "lunar_monthly",
                "days": list(pattern.days),
                "in_leap": pattern.in_leap.value,
                "in_short": pattern.in_short.value,
            }
        case LunarNewYearsEve():
            return {"kind": "lunar_new_years_eve"}
        case Cycle():
            return {"kind": "cycle", "every": pattern.every, "anchor": pattern.anchor.isoformat()}


def pattern_from_json(field: str, value: object, at: time) -> Pattern:
    """A pattern from plain JSON values, strictly; TimingRefused names the exact field."""
    kind = value.get("kind") if isinstance(value, dict) else None
    keys = _KEYS.get(kind) if isinstance(kind, str) else None
    if keys is None:
        refuse(f"{field}.kind", "E_TIMING", "Không rõ cách lặp này.", "No such kind of repetition.")
    said = read_object(field, value, {"kind", *keys})
    match kind:
        case "solar":
            return read_rrule(f"{field}.rrule", said["rrule"], at)
        case "lunar_yearly":
            return LunarYearly(
                month=read_whole(f"{field}.month", said["month"], 1, 12),
                day=_lunar_day(f"{field}.day", said["day"]),
                in_leap=read_word(f"{field}.in_leap", said["in_leap"], InLeap),
                in_short=read_word(f"{field}.in_short", said["in_short"], InShort),
            )
        case "lunar_monthly":
            return LunarMonthly(
                days=_lunar_days(f"{field}.days", said["days"]),
                in_leap=read_word(f"{field}.in_leap", said["in_leap"], InLeap),
                in_short=read_word(f"{field}.in_short", said["in_short"], InShort),
            )
        case "cycle":
            return Cycle(
                every=read_whole(f"{field}.every", said["every"], 1, LONGEST_CYCLE),
                anchor=read_day(f"{field}.anchor", said["anchor"]),
            )
        case _:
            return LunarNewYearsEve()


_KEYS: dict[str, tuple[str, ...]] = {
    "solar": ("rrule",),
    "lunar_yearly": ("month", "day", "in_leap", "in_short"),
    "lunar_monthly": ("days", "in_leap", "in_short"),
    "lunar_new_years_eve": (),
    "cycle": ("every", "anchor"),
}


def _lunar_day(field: str, value: object) -> int:
    if type(value) is not int or not 1 <= value <= 30:
        refuse(
            field,
            "E_LUNAR",
            "Tháng âm lịch chỉ có ngày 1 đến ngày 30.",
            "A lunar month has days 1 to 30.",
        )
    return value


def _lunar_days(field: str, value: object) -> tuple[int, ...]:
    days = [_lunar_day(f"{field}[{n}]", one) for n, one in enumerate(read_list(field, value, 30))]
    if not days or len(set(days)) != len(days):
        refuse(field, "E_LUNAR", "Hãy chọn các ngày âm lịch khác nhau.", "Choose different lunar days.")
    return tuple(sorted(days))
