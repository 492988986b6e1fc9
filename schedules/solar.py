"""Days by the solar calendar: a bounded part of RFC 5545's recurrence rules, asked day by day."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import takewhile
from typing import Never

from dateutil.rrule import rrulestr

from schedules.calendar import local
from schedules.reading import refuse

MOST_COUNT = 366
MOST_INTERVAL = 366
LONGEST_TEXT = 300
_FARTHEST_COUNTED = timedelta(days=10_000)
_NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "UNTIL", "COUNT", "WKST"}
_NTH_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,3}", re.ASCII)
_UNTIL = re.compile(r"(\d{8})(T\d{6}Z)?", re.ASCII)


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True, kw_only=True)
class NthDay:
    """A weekday (0 = Monday): every one, or the nth of its month or year, from the end where negative."""

    weekday: int
    nth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Solar:
    """RFC 5545 3.3.10 without hours, year days and week numbers; weeks begin on Monday.

    A month without the day asked for has none: the 31st is not moved to the 30th.
    """

    frequency: Frequency
    interval: int = 1
    by_day: tuple[NthDay, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    until: date | None = None
    count: int | None = None


def solar_falls_on(rule: Solar, first: date, day: date) -> bool:
    """Whether a rule begun on `first` names `day`; costs the same however long ago it began."""
    if day < first or (rule.until is not None and day > rule.until):
        return False
    if not _in_step(rule, first, day) or not _fits(rule, first, day):
        return False
    if rule.by_set_pos and not _at_set_pos(rule, first, day):
        return False
    return rule.count is None or day <= _last_counted(rule, first)


def _in_step(rule: Solar, first: date, day: date) -> bool:
    """Whether the day's period is one of every `interval`."""
    if rule.interval == 1:
        return True
    match rule.frequency:
        case Frequency.DAILY:
            periods = day.toordinal() - first.toordinal()
        case Frequency.WEEKLY:
            # the first day of year 1 was a Monday
            periods = (day.toordinal() - 1) // 7 - (first.toordinal() - 1) // 7
        case Frequency.MONTHLY:
            periods = (day.year - first.year) * 12 + day.month - first.month
        case Frequency.YEARLY:
            periods = day.year - first.year
    return periods % rule.interval == 0


def _fits(rule: Solar, first: date, day: date) -> bool:
    """Whether the day has what every BY part asks, or what the first day says where they are silent."""
    if rule.by_month and day.month not in rule.by_month:
        return False
    if rule.by_month_day:
        from_end = day.day - calendar.monthrange(day.year, day.month)[1] - 1
        if day.day not in rule.by_month_day and from_end not in rule.by_month_day:
            return False
    if rule.by_day:
        return any(nth.weekday == day.weekday() and _is_nth(rule, nth.nth, day) for nth in rule.by_day)
    if rule.by_month_day:
        return True
    match rule.frequency:
        case Frequency.DAILY:
            return True
        case Frequency.WEEKLY:
            return day.weekday() == first.weekday()
        case Frequency.MONTHLY:
            return day.day == first.day
        case Frequency.YEARLY:
            return day.day == first.day and (bool(rule.by_month) or day.month == first.month)


def _is_nth(rule: Solar, nth: int, day: date) -> bool:
    if nth == 0:
        return True
    if rule.frequency is Frequency.YEARLY and not rule.by_month:
        from_start = day.timetuple().tm_yday
        length = 366 if calendar.isleap(day.year) else 365
    else:
        from_start, length = day.day, calendar.monthrange(day.year, day.month)[1]
    return nth == (from_start - 1) // 7 + 1 or nth == -((length - from_start) // 7 + 1)


def _at_set_pos(rule: Solar, first: date, day: date) -> bool:
    """Whether the day is one of the positions asked for among its month's or year's days."""
    begin = day.replace(day=1)
    length = calendar.monthrange(day.year, day.month)[1]
    if rule.frequency is Frequency.YEARLY:
        begin, length = date(day.year, 1, 1), 366 if calendar.isleap(day.year) else 365
    members = [one for n in range(length) if _fits(rule, first, one := begin + timedelta(days=n))]
    position = members.index(day)
    return position + 1 in rule.by_set_pos or position - len(members) in rule.by_set_pos


@lru_cache(maxsize=4096)
def _last_counted(rule: Solar, first: date) -> date:
    """The day of the COUNTth occurrence: dateutil walks there once, and not much over 27 years far."""
    start = datetime.combine(first, time())
    walked = rrulestr(rrule_text(rule), dtstart=start)
    last = start
    for wall in takewhile(lambda wall: wall - start <= _FARTHEST_COUNTED, walked):
        last = wall
    return last.date()


# ── The text of a rule ────────────────────────────────────────────────────────────────────────────────────


def rrule_text(rule: Solar) -> str:
    """The rule as RFC 5545 writes it, parts in one fixed order; UNTIL is a day."""
    parts = [f"FREQ={rule.frequency.upper()}"]
    if rule.interval != 1:
        parts.append(f"INTERVAL={rule.interval}")
    for name, values in (
        ("BYMONTH", rule.by_month),
        ("BYMONTHDAY", rule.by_month_day),
        ("BYDAY", tuple(f"{one.nth or ''}{_NAMES[one.weekday]}" for one in rule.by_day)),
        ("BYSETPOS", rule.by_set_pos),
    ):
        if values:
            parts.append(f"{name}={','.join(str(value) for value in values)}")
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    if rule.until is not None:
        parts.append(f"UNTIL={rule.until:%Y%m%d}")
    return ";".join(parts)


def read_rrule(field: str, value: object, at: time) -> Solar:
    """A rule from its text for occurrences at a local time; TimingRefused names the part at fault.

    Lists come out sorted and without doubles, so two texts of one rule are one value. An UNTIL with a time
    counts by its local day, the day before where that day's occurrence would come later.
    """
    parts = _parts(field, value)
    rule = Solar(
        frequency=_frequency(field, parts),
        interval=_number(field, parts, "INTERVAL", MOST_INTERVAL) or 1,
        by_day=_days(field, parts),
        by_month_day=_numbers(field, parts, "BYMONTHDAY", -31, 31),
        by_month=_numbers(field, parts, "BYMONTH", 1, 12),
        by_set_pos=_numbers(field, parts, "BYSETPOS", -366, 366),
        until=_until(field, parts, at),
        count=_number(field, parts, "COUNT", MOST_COUNT),
    )
    _check_together(field, rule)
    return rule


def _parts(field: str, value: object) -> dict[str, str]:
    if not isinstance(value, str) or not value.isascii() or len(value) > LONGEST_TEXT:
        refuse(field, "E_TIMING", "Quy tắc lặp không đọc được.", "The rule can't be read.")
    found: dict[str, str] = {}
    for part in value.upper().split(";"):
        name, equals, said = part.partition("=")
        if not equals or not said:
            refuse(field, "E_TIMING", "Quy tắc lặp không đọc được.", "The rule can't be read.")
        if name not in _PARTS:
            _refuse_part(field, name, f"Không dùng được mục {name[:20]}.", "There is no such part here.")
        if name in found:
            _refuse_part(field, name, f"Mục {name} bị lặp.", "The part stands twice.")
        found[name] = said
    if found.get("WKST", "MO") != "MO":
        _refuse_part(field, "WKST", "Tuần phải bắt đầu từ thứ Hai.", "A week begins on Monday.")
    return found


def _frequency(field: str, parts: dict[str, str]) -> Frequency:
    said = parts.get("FREQ", "").lower()
    if said not in tuple(Frequency):
        _refuse_part(
            field,
            "FREQ",
            "Chỉ lặp theo ngày, tuần, tháng hoặc năm.",
            "It repeats by day, week, month or year.",
        )
    return Frequency(said)


def _number(field: str, parts: dict[str, str], name: str, most: int) -> int | None:
    if name not in parts:
        return None
    found = _whole(parts[name])
    if found is None or not 1 <= found <= most:
        _refuse_part(field, name, f"Phải là số từ 1 đến {most}.", f"This must be a number from 1 to {most}.")
    return found


def _numbers(field: str, parts: dict[str, str], name: str, least: int, most: int) -> tuple[int, ...]:
    if name not in parts:
        return ()
    found = {_whole(said) for said in parts[name].split(",")}
    numbers = {number for number in found if number is not None and number != 0 and least <= number <= most}
    if numbers != found:
        _refuse_part(
            field, name, f"Phải là các số từ {least} đến {most}, khác 0.", "A number is out of range."
        )
    return tuple(sorted(numbers))


def _days(field: str, parts: dict[str, str]) -> tuple[NthDay, ...]:
    if "BYDAY" not in parts:
        return ()
    found = set()
    for said in parts["BYDAY"].split(","):
        match = _NTH_DAY.fullmatch(said)
        nth = int(match[1] or 0) if match else 0
        if match is None or (match[1] is not None and not 1 <= abs(nth) <= 53):
            _refuse_part(field, "BYDAY", "Ngày trong tuần không hợp lệ.", "There is no such weekday.")
        found.add(NthDay(weekday=_NAMES.index(match[2]), nth=nth))
    # dateutil and others read "MO,1TU" differently: such a rule has no certain meaning
    if len({one.nth == 0 for one in found}) > 1:
        _refuse_part(
            field,
            "BYDAY",
            "Không trộn ngày có số thứ tự với ngày không có số thứ tự.",
            "Numbered and plain weekdays can't be mixed.",
        )
    return tuple(sorted(found, key=lambda one: (one.weekday, one.nth)))


def _until(field: str, parts: dict[str, str], at: time) -> date | None:
    if "UNTIL" not in parts:
        return None
    match = _UNTIL.fullmatch(parts["UNTIL"])
    try:
        if match is None:
            raise ValueError(field)
        if match[2] is None:
            return datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=UTC).date()
        end = local(datetime.strptime(match[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
        return end.date() if at <= end.time() else end.date() - timedelta(days=1)
    except (ValueError, OverflowError):
        _refuse_part(field, "UNTIL", "Ngày kết thúc không có thật.", "There is no such last day.")


def _check_together(field: str, rule: Solar) -> None:
    """What the parts may not ask in company."""
    numbered = any(one.nth for one in rule.by_day)
    longest = 53 if rule.frequency is Frequency.YEARLY and not rule.by_month else 5
    if rule.count is not None and rule.until is not None:
        _refuse_part(field, "COUNT", "Chỉ chọn số lần hoặc ngày cuối.", "Either a number or a last day.")
    if rule.by_month_day and rule.frequency is Frequency.WEEKLY:
        _refuse_part(
            field, "BYMONTHDAY", "Lặp theo tuần không dùng ngày trong tháng.", "Not in a weekly rule."
        )
    if numbered and rule.frequency in (Frequency.DAILY, Frequency.WEEKLY):
        _refuse_part(
            field,
            "BYDAY",
            "Số thứ tự chỉ dùng khi lặp theo tháng hoặc năm.",
            "Numbered weekdays need months or years.",
        )
    if any(abs(one.nth) > longest for one in rule.by_day):
        _refuse_part(field, "BYDAY", "Không có thứ tự này.", "There is no such week.")
    if not rule.by_set_pos:
        return
    if rule.frequency in (Frequency.DAILY, Frequency.WEEKLY) or not (rule.by_day or rule.by_month_day):
        _refuse_part(
            field,
            "BYSETPOS",
            "Vị trí chỉ dùng với ngày trong tháng hoặc năm.",
            "A position needs the days of a month or year.",
        )


def _whole(said: str) -> int | None:
    return int(said) if _WHOLE.fullmatch(said) else None


def _refuse_part(field: str, name: str, vi: str, en: str) -> Never:
    refuse(f"{field}.{name[:20]}", "E_TIMING", vi, en)
