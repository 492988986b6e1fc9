"""Planned occurrences in the store: what the plan of a day is, and was."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from controller.store.database import Conn, Row, changed, first, rows, upsert
from controller.store.instants import from_text, maybe_from, maybe_text, to_text
from controller.store.seen import Seen
from schedules.announcement import AnnouncementId, AreaCode, BulletinClass
from schedules.late_rule import late_rule_from_json, late_rule_to_json
from schedules.plan import Occurrence, OccurrenceId


class OccurrenceState(StrEnum):
    """A withdrawn one stays, so that what it left behind can be explained."""

    PLANNED = "planned"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An occurrence with the sound it was planned with."""

    occurrence: Occurrence
    title: str
    clip: str
    state: OccurrenceState = OccurrenceState.PLANNED


def save(conn: Conn, planned: Iterable[Planned]) -> None:
    """Insert or update; raises sqlite3.IntegrityError where a revision would go back."""
    upsert(conn, "occurrence", (_row(one) for one in planned), key="id")


def withdraw(conn: Conn, occurrences: Iterable[OccurrenceId]) -> None:
    """They are no longer planned."""
    for occurrence in occurrences:
        changed(conn, "UPDATE occurrence SET state = 'withdrawn' WHERE id = ?", occurrence)


def get(conn: Conn, occurrence: OccurrenceId) -> Planned | None:
    """One occurrence, also a withdrawn one."""
    row = first(conn, "SELECT * FROM occurrence WHERE id = ?", occurrence)
    return None if row is None else _planned(row)


def between(
    conn: Conn,
    start: datetime,
    end: datetime,
    *,
    withdrawn: bool = False,
    waves: bool = True,
    seen: Seen[Planned] | None = None,
) -> tuple[Planned, ...]:
    """Those due in ``[start, end)``, in order; the withdrawn ones too when asked for.

    Without ``waves`` those of corrections are left out: the planner has no say in them.
    """
    sql = (
        "SELECT * FROM occurrence WHERE due_at >= ? AND due_at < ? AND (state = 'planned' OR ?)"
        " AND (? OR id NOT IN (SELECT occurrence FROM correction_wave)) ORDER BY due_at, id"
    )
    found = rows(conn, sql, to_text(start), to_text(end), int(withdrawn), int(waves))
    return (seen or Seen()).of(found, "id", _planned)


def untaped(conn: Conn, start: datetime, end: datetime) -> tuple[Planned, ...]:
    """The relays due in ``[start, end)`` that are recorded first and of which nothing is recorded yet."""
    sql = (
        "SELECT occurrence.* FROM occurrence LEFT JOIN tape ON tape.occurrence = occurrence.id "
        "WHERE occurrence.due_at >= ? AND occurrence.due_at < ? AND occurrence.state = 'planned' "
        "AND item LIKE 'session:%:taped' AND tape.occurrence IS NULL ORDER BY occurrence.due_at, id"
    )
    return tuple(_planned(row) for row in rows(conn, sql, to_text(start), to_text(end)))


def of_item(conn: Conn, item: AnnouncementId) -> tuple[Planned, ...]:
    """All times of one announcement, in order."""
    sql = "SELECT * FROM occurrence WHERE item = ? ORDER BY due_at"
    return tuple(_planned(row) for row in rows(conn, sql, item))


def next_due(conn: Conn, after: datetime) -> datetime | None:
    """When the next planned one begins."""
    row = first(
        conn,
        "SELECT MIN(due_at) AS at FROM occurrence WHERE state = 'planned' AND due_at > ?",
        to_text(after),
    )
    return None if row is None or row["at"] is None else from_text(row["at"])


def _row(planned: Planned) -> Row:
    occurrence = planned.occurrence
    return {
        "id": occurrence.id,
        "item": occurrence.item,
        "revision": occurrence.revision,
        "title": planned.title,
        "bulletin_class": occurrence.bulletin_class.value,
        "targets": json.dumps(list(occurrence.targets)),
        "carriers": json.dumps(list(occurrence.carriers)),
        "late": None if occurrence.late is None else json.dumps(late_rule_to_json(occurrence.late)),
        "superseded_at": maybe_text(occurrence.superseded_at),
        "recurrence_at": to_text(occurrence.recurrence_at),
        "due_at": to_text(occurrence.due_at),
        "duration_ms": occurrence.duration // timedelta(milliseconds=1),
        "ends_at": to_text(occurrence.due_at + occurrence.duration),
        "expires_at": to_text(occurrence.expires_at),
        "session": occurrence.session,
        "repeat": occurrence.repeat,
        "clip": planned.clip,
        "state": planned.state.value,
    }


def _planned(row: Row) -> Planned:
    return Planned(
        occurrence=Occurrence(
            id=OccurrenceId(row["id"]),
            item=AnnouncementId(row["item"]),
            revision=row["revision"],
            recurrence_at=from_text(row["recurrence_at"]),
            due_at=from_text(row["due_at"]),
            duration=timedelta(milliseconds=row["duration_ms"]),
            expires_at=from_text(row["expires_at"]),
            targets=tuple(AreaCode(code) for code in json.loads(row["targets"])),
            bulletin_class=BulletinClass(row["bulletin_class"]),
            session=row["session"],
            repeat=row["repeat"],
            carriers=tuple(json.loads(row["carriers"])),
            late=None if row["late"] is None else late_rule_from_json("late", json.loads(row["late"])),
            superseded_at=maybe_from(row["superseded_at"]),
        ),
        title=row["title"],
        clip=row["clip"],
        state=OccurrenceState(row["state"]),
    )
