"""A programme as an iCalendar feed (RFC 5545) that ordinary calendar programs read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from schedules.announcement import Announcement
from schedules.calendar import ZONE, Window, instant_of, local
from schedules.holidays import Holidays, statutory
from schedules.plan import Occurrence
from schedules.recurrence import AfterApproval, NextSession, Once, Weekly, moments
from schedules.rule import Only, Rule, rule_days
from schedules.session import Session, runs
from schedules.solar import Frequency, NthDay, Solar, rrule_text

OCTETS_A_LINE = 75
_ZONE_LINES = (
    "BEGIN:VTIMEZONE",
    f"TZID:{ZONE.key}",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0700",
    "TZOFFSETTO:+0700",
    "TZNAME:+07",
    "END:STANDARD",
    "END:VTIMEZONE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One VEVENT; `recurrence_at` is set where it alters one airing of the rule with the same `uid`.

    `sequence` tells a calendar program which of two versions of an event is the newer one.
    """

    uid: str
    summary: str
    start_at: datetime
    duration: timedelta
    description: str = ""
    rrule: str | None = None
    skipped: tuple[datetime, ...] = ()
    recurrence_at: datetime | None = None
    sequence: int = 0


def write_feed(name: str, events: Iterable[Event], stamped_at: datetime) -> bytes:
    """The feed: the same events give the same bytes, in whatever order they come."""
    in_order = sorted(events, key=_order)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Loa//schedules//VI",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        f"X-WR-TIMEZONE:{ZONE.key}",
        *_ZONE_LINES,
        *(line for event in in_order for line in _event_lines(event, stamped_at)),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def occurrence_event(tenant: str, occurrence: Occurrence, title: str) -> Event:
    """A planned airing, known by its occurrence id."""
    return Event(
        uid=f"{occurrence.id}@{tenant}",
        summary=title,
        start_at=occurrence.due_at,
        duration=occurrence.duration,
        sequence=occurrence.revision - 1,
    )


def announcement_events(
    tenant: str, a: Announcement, duration: timedelta, window: Window, holidays: Holidays | None = None
) -> tuple[Event, ...]:
    """An announcement's own times: a solar rule as RRULE, what RRULE can't say as single events in a window.

    One that waits for its approval or a session has none: the plan knows those.
    """
    uid, table = f"{a.id}@{tenant}", holidays or statutory()
    match a.timing:
        case AfterApproval() | NextSession():
            return ()
        case Once(at=at):
            return (Event(uid=uid, summary=a.title, start_at=at, duration=duration),)
        case Weekly() as weekly:
            return tuple(_rule_events(uid, a.title, _as_rule(weekly), duration, table))
        case Rule(pattern=Solar(), only=Only.ANY) as rule:
            return tuple(_rule_events(uid, a.title, rule, duration, table))
        case Rule() as rule:
            return tuple(
                Event(
                    uid=f"{a.id}-{local(moment.recurrence_at):%Y%m%d}@{tenant}",
                    summary=a.title,
                    start_at=moment.at,
                    duration=duration,
                )
                for moment in moments(rule, window, holidays=table)
            )


def session_events(tenant: str, session: Session, length: timedelta, window: Window) -> tuple[Event, ...]:
    """The runs of a session in a window, each known by its day."""
    return tuple(
        Event(
            uid=f"session-{session.id}-{local(run.recurrence_at):%Y%m%d}@{tenant}",
            summary=session.name,
            start_at=run.start_at,
            duration=length,
        )
        for run in runs(session, window)
    )


def _as_rule(weekly: Weekly) -> Rule:
    days = tuple(NthDay(weekday=day) for day in sorted(weekly.days))
    return Rule(
        at=weekly.at,
        pattern=Solar(frequency=Frequency.WEEKLY, by_day=days),
        first=weekly.first,
        last=weekly.last,
    )


def _rule_events(
    uid: str, summary: str, rule: Rule, duration: timedelta, holidays: Holidays
) -> Iterator[Event]:
    """The rule and its moved airings. DTSTART is its first day: calendar programs always show that one."""
    days = tuple(rule_days(rule, holidays, rule.first, rule.last))
    if not days or not isinstance(rule.pattern, Solar):
        return
    endless = replace(rule.pattern, count=None, until=None)
    yield Event(
        uid=uid,
        summary=summary,
        start_at=instant_of(days[0], rule.at),
        duration=duration,
        rrule=f"{rrule_text(endless)};UNTIL={_utc(instant_of(days[-1], rule.at))}",
        skipped=tuple(instant_of(day, rule.at) for day in rule.skipped),
    )
    for move in rule.moved:
        if move.day in days and move.day not in rule.skipped:
            yield Event(
                uid=uid,
                summary=summary,
                start_at=instant_of(move.to, move.at),
                duration=duration,
                recurrence_at=instant_of(move.day, rule.at),
                sequence=move.times,
            )


def _event_lines(event: Event, stamped_at: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(event.uid)}"
    yield f"DTSTAMP:{_utc(stamped_at)}"
    if event.recurrence_at is not None:
        yield _wall("RECURRENCE-ID", event.recurrence_at)
    yield _wall("DTSTART", event.start_at)
    yield f"DURATION:PT{max(1, round(event.duration.total_seconds()))}S"
    if event.rrule is not None:
        yield f"RRULE:{event.rrule}"
    for skipped in event.skipped:
        yield _wall("EXDATE", skipped)
    yield f"SUMMARY:{_text(event.summary)}"
    if event.sequence:
        yield f"SEQUENCE:{event.sequence}"
    if event.description:
        yield f"DESCRIPTION:{_text(event.description)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _order(event: Event) -> tuple[str, str, str]:
    altered = "" if event.recurrence_at is None else _utc(event.recurrence_at)
    return event.uid, altered, _utc(event.start_at)


def _wall(name: str, instant: datetime) -> str:
    return f"{name};TZID={ZONE.key}:{local(instant):%Y%m%dT%H%M%S}"


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """RFC 5545 3.3.11; a bare carriage return would end the line, so it goes."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """A content line of at most 75 octets a piece, never cut within a character."""
    pieces: list[bytes] = []
    piece = b""
    for character in line:
        octets = character.encode()
        # a folded piece begins with a space, which counts
        if len(piece) + len(octets) > OCTETS_A_LINE - bool(pieces):
            pieces.append(piece)
            piece = b""
        piece += octets
    return b"\r\n ".join((*pieces, piece)) + b"\r\n"
