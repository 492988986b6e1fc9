"""The feed, read by another library; and calendar files from outside, within bounds."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from schedules.calendar import Window
from schedules.errors import CalendarRefused
from schedules.feed import (
    Event,
    announcement_events,
    occurrence_event,
    session_events,
    write_feed,
)
from schedules.feed_reading import MOST_EVENTS, MOST_OCTETS, Imported, Reading, read_feed
from schedules.lunar_pattern import LunarMonthly
from schedules.recurrence import AfterApproval, NextSession, Once, Weekly, moments
from schedules.rule import Move, Only, Rule
from schedules.session import Season
from schedules.solar import Frequency, NthDay, Solar
from tests.schedules.cast import MONDAY, TENANT, approved, at, days, planned, session
from tests.schedules.test_rule import rules

HUE = timezone(timedelta(hours=7))
STAMP = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
HALF = timedelta(seconds=30)
YEARS = Window(start=datetime(2024, 1, 1, tzinfo=UTC), end=datetime(2028, 1, 1, tzinfo=UTC))


def events_of(data: bytes) -> list[Any]:
    return list(Calendar.from_ical(data).walk("VEVENT"))


def heard(data: bytes) -> list[tuple[datetime, datetime]]:
    """(name, time) of every airing in a feed, as a calendar program works them out from RFC 5545."""
    found: dict[tuple[str, datetime], datetime] = {}
    components = events_of(data)
    for one in components:
        if "RECURRENCE-ID" in one:
            continue
        start = one["DTSTART"].dt
        starts = [start]
        if "RRULE" in one:
            text = one["RRULE"].to_ical().decode()
            starts = list(rrulestr(text, dtstart=start))
            assert starts[0] == start, "a program always shows DTSTART"
        said = one.get("EXDATE", [])
        out = {x.dt for each in (said if isinstance(said, list) else [said]) for x in each.dts}
        found |= {(str(one["UID"]), instant): instant for instant in starts if instant not in out}
    for one in components:
        if "RECURRENCE-ID" in one:
            key = (str(one["UID"]), one["RECURRENCE-ID"].dt)
            assert key in found, "an alteration of nothing"
            found[key] = one["DTSTART"].dt
    return sorted((key[1], at_) for key, at_ in found.items())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(rules())
def test_any_rule_is_heard_by_a_calendar_program_as_by_the_nodes(rule: Rule) -> None:
    a = approved("an-1", timing=rule)
    feed = write_feed("Xã", announcement_events(TENANT, a, HALF, YEARS), STAMP)
    found = heard(feed)
    ours = moments(rule, YEARS)
    assert [at_ for _, at_ in sorted(found, key=lambda p: p[1])] == [m.at for m in ours]
    if isinstance(rule.pattern, Solar) and rule.only is Only.ANY:
        assert [name for name, _ in found] == sorted(m.recurrence_at for m in ours)
        assert sum("RECURRENCE-ID" not in one for one in events_of(feed)) == 1


@settings(max_examples=100, deadline=None, derandomize=True)
@given(rules())
def test_what_is_written_is_read_again_with_the_same_airings(rule: Rule) -> None:
    a = approved("an-1", timing=rule)
    events = announcement_events(TENANT, a, HALF, YEARS)
    read = read_feed(write_feed("Xã", events, STAMP))
    assert read.faults == ()
    again = sorted(m.at for one in read.events for m in moments(one.timing, YEARS))
    assert again == sorted(m.at for m in moments(rule, YEARS))


def test_weekly_once_and_waiting_timings() -> None:
    weekly = Weekly(at=time(5, 30), days=frozenset({0, 2}), first=date(2026, 11, 24), last=date(2026, 12, 2))
    (event,) = announcement_events(TENANT, approved("an-1", timing=weekly), HALF, YEARS)
    assert event.rrule == "FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261201T223000Z"
    feed = write_feed("Xã", [event], STAMP)
    assert [f"{at_:%d %H:%M %Z}" for _, at_ in heard(feed)] == [
        "25 05:30 +07",
        "30 05:30 +07",
        "02 05:30 +07",
    ]
    (once,) = announcement_events(TENANT, approved("an-2", timing=Once(at=at(6))), HALF, YEARS)
    assert (once.start_at, once.rrule, once.uid) == (at(6), None, f"an-2@{TENANT}")
    for waiting in (AfterApproval(), NextSession()):
        assert announcement_events(TENANT, approved("an-3", timing=waiting), HALF, YEARS) == ()


def test_planned_airings_and_sessions_keep_their_names_when_they_move() -> None:
    one, moved = (
        planned(approved("an-1", timing=NextSession()), sessions=(session(start=start),)).occurrences[0]
        for start in (time(5), time(5))
    )
    assert occurrence_event(TENANT, one, "Bài") == occurrence_event(TENANT, moved, "Bài")
    later = occurrence_event(TENANT, replace(one, due_at=one.due_at + HALF), "Bài")
    assert later.uid == occurrence_event(TENANT, one, "Bài").uid
    length = timedelta(minutes=30)
    summer = session(seasons=(Season(month=1, day=1, start=time(4, 45)),))
    plain, early = (session_events(TENANT, s, length, days(3)) for s in (session(), summer))
    assert [e.uid for e in plain] == [e.uid for e in early]
    assert [e.start_at - o.start_at for e, o in zip(plain, early, strict=True)] == [timedelta(minutes=15)] * 3


def test_the_feed_is_the_same_bytes_in_any_order_and_well_formed() -> None:
    summary = "Họp dân; mang theo: áo mưa, đèn \\ pin\nđúng giờ " * 4
    events = [Event(uid=f"e{n}", summary=summary, start_at=at(6), duration=HALF) for n in range(4)]
    feed = write_feed("Xã Quảng Điền, Huế", events, STAMP)
    assert feed == write_feed("Xã Quảng Điền, Huế", reversed(events), STAMP)
    lines = feed.split(b"\r\n")
    assert lines[-1] == b""
    assert b"\n" not in feed.replace(b"\r\n", b"")
    assert max(len(line) for line in lines) == 75
    assert all(line.decode() for line in lines[:-1])
    assert feed.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert {str(one["SUMMARY"]) for one in events_of(feed)} == {events[0].summary}
    assert {str(one["UID"]) for one in events_of(feed)} == {"e0", "e1", "e2", "e3"}
    calendar = Calendar.from_ical(feed)
    # a property that the library leaves as it is written
    assert str(calendar["NAME"]) == "Xã Quảng Điền\\, Huế"
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone.to_tz().utcoffset(datetime(2026, 7, 1)) == timedelta(hours=7)


# ── From outside ──────────────────────────────────────────────────────────────────────────────────────────


def calendar(*events: str) -> bytes:
    inner = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{inner}END:VCALENDAR\n".encode()


def only(reading: Reading) -> Imported:
    assert reading.faults == ()
    (event,) = reading.events
    return event


GOOGLE = """
DTSTART;TZID=Asia/Ho_Chi_Minh:20261123T053000
DTEND;TZID=Asia/Ho_Chi_Minh:20261123T054500
RRULE:FREQ=WEEKLY;WKST=MO;UNTIL=20261231T165959Z;BYDAY=MO,WE
EXDATE;TZID=Asia/Ho_Chi_Minh:20261125T053000
DTSTAMP:20261101T000000Z
UID:a@google.com
SUMMARY:Tuyên truyền phòng cháy
"""
MOVED = """
DTSTART;TZID=Asia/Ho_Chi_Minh:20261201T060000
RECURRENCE-ID;TZID=Asia/Ho_Chi_Minh:20261130T053000
UID:a@google.com
SUMMARY:Tuyên truyền phòng cháy
"""
CANCELLED = """
DTSTART;TZID=Asia/Ho_Chi_Minh:20261207T053000
RECURRENCE-ID;TZID=Asia/Ho_Chi_Minh:20261207T053000
UID:a@google.com
STATUS:CANCELLED
"""


def test_a_repeated_event_with_exceptions_is_read() -> None:
    event = only(read_feed(calendar(GOOGLE, MOVED, CANCELLED)))
    assert event.summary == "Tuyên truyền phòng cháy"
    assert event.length == timedelta(minutes=15)
    assert event.timing == Rule(
        at=time(5, 30),
        pattern=Solar(frequency=Frequency.WEEKLY, by_day=(NthDay(weekday=0), NthDay(weekday=2))),
        first=MONDAY,
        last=date(2026, 12, 31),
        skipped=(date(2026, 11, 25), date(2026, 12, 7)),
        moved=(Move(day=date(2026, 11, 30), to=date(2026, 12, 1), at=time(6)),),
    )


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("DTSTART:20261122T220000Z", at(5)),
        ("DTSTART:20261123T050000", at(5)),
        ("DTSTART;TZID=Europe/Paris:20261122T230000", at(5)),
        ("DTSTART;TZID=SE Asia Standard Time:20261123T050000", at(5)),
    ],
)
def test_a_single_time_of_any_zone_is_brought_here(start: str, expected: datetime) -> None:
    event = only(read_feed(calendar(f"UID:1\nSUMMARY:Họp\n{start}")))
    assert event.timing == Once(at=expected)
    assert event.length is None


def test_a_rule_without_an_end_ends_after_a_year() -> None:
    event = only(read_feed(calendar("UID:1\nSUMMARY:Họp\nDTSTART:20261123T050000\nRRULE:FREQ=DAILY")))
    assert isinstance(event.timing, Rule)
    assert event.timing.last == MONDAY + timedelta(days=366)


def test_a_time_zone_of_their_own_making_is_not_believed() -> None:
    false = (
        "BEGIN:VTIMEZONE\nTZID:Asia/Ho_Chi_Minh\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
        "TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nRRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    data = calendar(GOOGLE).replace(b"BEGIN:VEVENT", false.encode() + b"BEGIN:VEVENT")
    assert read_feed(data) == read_feed(calendar(GOOGLE))


BASE = "UID:1\nSUMMARY:Họp\nDTSTART;TZID=Asia/Ho_Chi_Minh:20261123T050000"


@pytest.mark.parametrize(
    ("event", "field", "code"),
    [
        ("UID:1\nSUMMARY:Họp", "event[0].DTSTART", "E_CALENDAR"),
        ("UID:1\nSUMMARY:Họp\nDTSTART;VALUE=DATE:20261123", "event[0].DTSTART", "E_CALENDAR"),
        ("UID:1\nSUMMARY:Họp\nDTSTART:nonsense", "event[0].DTSTART", "E_CALENDAR"),
        ("UID:1\nSUMMARY:Họp\nDTSTART:21500101T000000Z", "event[0].timing.at", "E_TIME"),
        ("UID:1\nSUMMARY:Họp\nDTSTART;TZID=Mars/Base:20261123T050000", "event[0].DTSTART", "E_CALENDAR"),
        ("UID:1\nDTSTART:20261123T050000", "event[0].SUMMARY", "E_CALENDAR"),
        (f"UID:1\nSUMMARY:{'x' * 201}\nDTSTART:20261123T050000", "event[0].SUMMARY", "E_CALENDAR"),
        ("UID:1\nSUMMARY:a\u202eb\nDTSTART:20261123T050000", "event[0].SUMMARY", "E_TEXT"),
        (f"{BASE}\nRRULE:FREQ=SECONDLY", "event[0].RRULE.FREQ", "E_TIMING"),
        (f"{BASE}\nRRULE:FREQ=DAILY;COUNT=1000000000", "event[0].RRULE.COUNT", "E_TIMING"),
        (f"{BASE}\nRRULE:FREQ=DAILY;BYHOUR=1,2,3", "event[0].RRULE.BYHOUR", "E_TIMING"),
        (f"{BASE}\nRRULE:FREQ=FOO", "event[0].RRULE.FREQ", "E_TIMING"),
        (f"{BASE}\nRRULE:FREQ=DAILY\nEXDATE:nonsense", "event[0].EXDATE", "E_CALENDAR"),
        (f"{BASE}\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "event[0].timing.pattern", "E_TIMING"),
        (f"{BASE}\nRDATE:20261124T050000", "event[0].RDATE", "E_CALENDAR"),
        (f"{BASE}\nDURATION:P400D", "event[0].DURATION", "E_CALENDAR"),
        (f"{BASE}\nDTEND;TZID=Asia/Ho_Chi_Minh:20261123T040000", "event[0].DURATION", "E_CALENDAR"),
        (
            "UID:1\nSUMMARY:Họp\nDTSTART;TZID=Europe/Paris:20261123T050000\nRRULE:FREQ=DAILY",
            "event[0].DTSTART",
            "E_CALENDAR",
        ),
    ],
)
def test_an_event_that_can_not_be_used_is_a_fault_and_stops_no_other(
    event: str, field: str, code: str
) -> None:
    other = "UID:2\nSUMMARY:Khác\nDTSTART:20261123T060000"
    reading = read_feed(calendar(event, other))
    assert [(f.field, f.code) for f in reading.faults] == [(field, code)]
    assert reading.faults[0].vi
    assert [one.uid for one in reading.events] == ["2"]


def test_two_events_of_one_name_are_refused() -> None:
    reading = read_feed(calendar(BASE, BASE))
    assert [f.field for f in reading.faults] == ["event[0].UID"]


MANY = "\n".join(
    f"EXDATE;TZID=Asia/Ho_Chi_Minh:2026{m:02}{d:02}T050000" for m in (1, 3, 5) for d in range(1, 32)
)


def test_more_exceptions_than_a_person_makes_are_refused() -> None:
    reading = read_feed(calendar(f"{BASE}\nRRULE:FREQ=DAILY\n{MANY}"))
    assert [f.field for f in reading.faults] == ["event[0].EXDATE"]


def nested(depth: int) -> bytes:
    return b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * depth + b"END:VEVENT\n" * depth + b"END:VCALENDAR\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\xff\xfe\x00",
        b"BEGIN:VCALENDAR\n",
        b"END:VCALENDAR\n",
        b"BEGIN:VCALENDAR\nEND:VEVENT\n",
        b"BEGIN:VEVENT\nUID:1\nEND:VEVENT\n",
        b"BEGIN:VCALENDAR\nsome words\nEND:VCALENDAR\n",
        nested(4),
        nested(5_000),
        # folds may not hide the nesting
        nested(5_000).replace(b"BEGIN:VEV", b"BEGIN:\n VEV"),
        calendar(*["UID:1"] * (MOST_EVENTS + 1)),
        b"BEGIN:VCALENDAR\n" + b"X:1\n" * 30_000 + b"END:VCALENDAR\n",
        b" " * (MOST_OCTETS + 1),
    ],
    ids=range(14),
)
def test_what_is_no_calendar_or_a_bomb_is_refused_whole(data: bytes) -> None:
    with pytest.raises(CalendarRefused) as raised:
        read_feed(data)
    assert raised.value.code == "E_CALENDAR"
    assert raised.value.vi


LINES = st.lists(
    st.one_of(
        st.sampled_from((*GOOGLE.split("\n"), *MOVED.split("\n"), "BEGIN:VALARM", "END:VALARM", "RDATE:1")),
        st.from_regex(r"[A-Z-]{1,12}(;[A-Z]{1,5}=[^\n\r]{0,6})?:[^\n\r]{0,20}", fullmatch=True),
    ),
    max_size=14,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(LINES)
def test_any_lines_are_read_or_refused_and_never_break(lines: list[str]) -> None:
    try:
        reading = read_feed(calendar("\n".join(lines)))
    except CalendarRefused:
        return
    for event in reading.events:
        assert event.summary
        assert len(moments(event.timing, YEARS)) <= 367
    assert all(re.match(r"event\[\d+\]\.", f.field) for f in reading.faults)


def test_a_lunar_rule_becomes_single_events_with_lasting_names() -> None:
    rule = Rule(at=time(5), pattern=LunarMonthly(days=(1, 15)), first=MONDAY, last=date(2027, 1, 31))
    item = approved("an-1", timing=rule)
    names = [e.uid for e in announcement_events(TENANT, item, HALF, YEARS)]
    assert names[0] == f"an-1-20261123@{TENANT}"
    assert len(set(names)) == len(names) == len(moments(rule, YEARS))
    moved = replace(rule, moved=(Move(day=MONDAY, to=MONDAY + timedelta(days=1), at=time(6)),))
    again = announcement_events(TENANT, approved("an-1", timing=moved), HALF, YEARS)
    assert {e.uid for e in again} == set(names)
