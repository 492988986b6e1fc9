"""iCalendar data from outside, read within bounds: each event becomes a timing or a fault."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Never

from icalendar import Calendar
from icalendar.error import BrokenCalendarProperty
from icalendar.prop import vDDDLists

from schedules.announcement import TITLE_LIMIT, clean_text
from schedules.calendar import local
from schedules.errors import CalendarRefused, Fault, TextRefused, TimingRefused
from schedules.pattern import falls_on
from schedules.reading import refuse
from schedules.recurrence import Once, timing_faults
from schedules.rule import LONGEST, MOST_CHANGES, Move, Rule
from schedules.solar import LONGEST_TEXT, read_rrule

MOST_OCTETS = 512 * 1024
MOST_LINES = 20_000
MOST_EVENTS = 500
DEEPEST = 3
HERE = timedelta(hours=7)
_FOLD = re.compile(r"\n[ \t]")
_EDGE = re.compile(r"(BEGIN|END):([A-Za-z0-9-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One event from outside; `length` is None where it says none."""

    uid: str
    summary: str
    timing: Once | Rule
    length: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What could be used, and what could not, each fault named by its event: `event[3].RRULE`."""

    events: tuple[Imported, ...]
    faults: tuple[Fault, ...]


def read_feed(data: bytes) -> Reading:
    """The events of a calendar file; CalendarRefused (`E_CALENDAR`) where it is none, or beyond bounds.

    Times in UTC or any zone are brought to the field's; a repeated event must have the field's offset,
    since another zone's midnight is not ours. A rule without an end gets one after a year.
    """
    found = _components(_guarded(data))
    by_uid: defaultdict[str, list[tuple[int, Any]]] = defaultdict(list)
    for number, component in enumerate(found):
        by_uid[str(component.get("UID", f"event-{number}"))].append((number, component))
    events: list[Imported] = []
    faults: list[Fault] = []
    for uid, members in by_uid.items():
        try:
            events.append(_imported(uid, members))
        except TimingRefused as refused:
            faults.append(refused.fault)
    return Reading(events=tuple(events), faults=tuple(faults))


def _guarded(data: bytes) -> str:
    """The text without its time zones, whose rules we neither need nor trust."""
    if len(data) > MOST_OCTETS:
        _refuse_all("Tệp lịch quá lớn.", "The calendar file is too large.")
    try:
        # unfolded first: a fold within BEGIN would hide it from the count
        lines = _FOLD.sub("", data.decode("utf-8-sig").replace("\r\n", "\n")).split("\n")
    except UnicodeDecodeError:
        _refuse_all("Tệp lịch không phải UTF-8.", "The calendar file is not UTF-8.")
    if len(lines) > MOST_LINES:
        _refuse_all("Tệp lịch có quá nhiều dòng.", "The calendar file has too many lines.")
    kept: list[str] = []
    open_parts: list[str] = []
    events = 0
    for line in lines:
        edge = _EDGE.fullmatch(line.rstrip())
        if edge and edge[1].upper() == "BEGIN":
            open_parts.append(edge[2].upper())
            events += edge[2].upper() == "VEVENT"
        if "VTIMEZONE" not in open_parts and line:
            kept.append(line)
        if edge and edge[1].upper() == "END" and (not open_parts or open_parts.pop() != edge[2].upper()):
            _refuse_all("Tệp lịch bị hỏng.", "The calendar file is broken.")
        if len(open_parts) > DEEPEST or events > MOST_EVENTS:
            _refuse_all("Tệp lịch có quá nhiều mục.", "The calendar file has too many parts.")
    if open_parts:
        _refuse_all("Tệp lịch bị cắt cụt.", "The calendar file is cut off.")
    return "\r\n".join(kept) + "\r\n"


def _components(text: str) -> list[Any]:
    try:
        calendar = Calendar.from_ical(text)
    # the parser's ways of saying that a line is none
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        _refuse_all("Tệp lịch không đọc được.", "The calendar file can't be read.")
    if not isinstance(calendar, Calendar):
        _refuse_all("Đây không phải tệp lịch.", "This is no calendar file.")
    return list(calendar.walk("VEVENT"))


def _imported(uid: str, members: list[tuple[int, Any]]) -> Imported:
    """One event with its altered airings."""
    masters = [(number, one) for number, one in members if "RECURRENCE-ID" not in one]
    number, master = masters[0] if masters else members[0]
    field = f"event[{number}]"
    if len(masters) != 1:
        refuse(f"{field}.UID", "E_CALENDAR", "Mã sự kiện bị lặp.", "The event's UID stands twice.")
    start = _instant(f"{field}.DTSTART", master.get("DTSTART"))
    timing: Once | Rule = Once(at=start.astimezone(UTC))
    if "RDATE" in master:
        refuse(f"{field}.RDATE", "E_CALENDAR", "Không nhận lịch lặp kiểu RDATE.", "RDATE is not read.")
    if "RRULE" in master:
        others = [(n, one) for n, one in members if n != number]
        timing = _rule(field, master, start, others)
    for found in timing_faults(timing):
        raise TimingRefused(replace(found, field=f"{field}.{found.field}"))
    return Imported(
        uid=uid, summary=_summary(field, master), timing=timing, length=_length(field, master, start)
    )


def _rule(field: str, master: Mapping[str, Any], start: datetime, others: Iterable[tuple[int, Any]]) -> Rule:
    if start.utcoffset() != HERE:
        refuse(
            f"{field}.DTSTART",
            "E_CALENDAR",
            "Lịch lặp phải theo giờ Việt Nam.",
            "What repeats must be in Vietnam's time.",
        )
    wall = local(start)
    text = master["RRULE"].to_ical().decode() if hasattr(master["RRULE"], "to_ical") else ""
    pattern = read_rrule(f"{field}.RRULE", text[: LONGEST_TEXT + 1], wall.time())
    last = min(pattern.until or date.max, wall.date() + LONGEST)
    rule = Rule(
        at=wall.time(),
        # its end is the rule's own
        pattern=replace(pattern, until=None),
        first=wall.date(),
        last=max(last, wall.date()),
    )
    skipped = {local(one).date() for one in _exceptions(field, master) if local(one).time() == rule.at}
    moved: dict[date, Move] = {}
    for number, one in others:
        where = f"event[{number}]"
        day = local(_instant(f"{where}.RECURRENCE-ID", one.get("RECURRENCE-ID"))).date()
        if str(one.get("STATUS", "")).upper() == "CANCELLED":
            skipped.add(day)
            continue
        to = local(_instant(f"{where}.DTSTART", one.get("DTSTART")))
        if (to.date(), to.time()) != (day, rule.at):
            moved[day] = Move(day=day, to=to.date(), at=to.time())
    if len(skipped) > MOST_CHANGES or len(moved) > MOST_CHANGES:
        refuse(f"{field}.EXDATE", "E_CALENDAR", "Quá nhiều ngoại lệ.", "Too many exceptions.")
    # exceptions to what the rule never named are common in the wild, and harmless
    named = {day for day in {*skipped, *moved} if day <= rule.last and falls_on(pattern, rule.first, day)}
    return replace(
        rule,
        skipped=tuple(sorted(skipped & named)),
        moved=tuple(moved[day] for day in sorted(moved) if day in named - skipped),
    )


def _exceptions(field: str, master: Mapping[str, Any]) -> list[datetime]:
    said = master.get("EXDATE", [])
    lists = said if isinstance(said, list) else [said]
    found = [one for each in lists for one in (each.dts if isinstance(each, vDDDLists) else (None,))]
    return [_instant(f"{field}.EXDATE", one) for one in found]


def _instant(field: str, value: object) -> datetime:
    """An aware instant; a time without zone is the field's own, a day without time is none."""
    found = _plain(value)
    if not isinstance(found, datetime) or found.microsecond:
        refuse(field, "E_CALENDAR", "Thiếu giờ phát.", "The time is missing.")
    if found.tzinfo is None:
        if getattr(value, "params", {}).get("TZID"):
            refuse(field, "E_CALENDAR", "Không rõ múi giờ.", "The time zone is unknown.")
        return found.replace(tzinfo=local(datetime(2000, 1, 1, tzinfo=UTC)).tzinfo)
    return found


def _plain(value: object) -> object:
    """What a property says, None where the parser could make nothing of it."""
    try:
        return getattr(value, "dt", None)
    except BrokenCalendarProperty:
        return None


def _length(field: str, master: Mapping[str, Any], start: datetime) -> timedelta | None:
    if "DURATION" in master:
        length = _plain(master["DURATION"])
    elif "DTEND" in master:
        length = _instant(f"{field}.DTEND", master["DTEND"]) - start
    else:
        return None
    if not isinstance(length, timedelta) or not timedelta() <= length <= timedelta(days=1):
        refuse(f"{field}.DURATION", "E_CALENDAR", "Thời lượng không hợp lệ.", "There is no such length.")
    return length


def _summary(field: str, master: Mapping[str, Any]) -> str:
    try:
        title = clean_text(str(master.get("SUMMARY", ""))).strip()
    except TextRefused as refused:
        refuse(f"{field}.SUMMARY", refused.code, refused.vi, refused.en)
    if not title or len(title) > TITLE_LIMIT:
        refuse(
            f"{field}.SUMMARY", "E_CALENDAR", "Tên bài trống hoặc quá dài.", "The title is empty or too long."
        )
    return title


def _refuse_all(vi: str, en: str) -> Never:
    raise CalendarRefused("E_CALENDAR", vi, en)
