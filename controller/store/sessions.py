"""Broadcast sessions (buổi phát) in the store: the ordered blocks of an area's day, and how they changed."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, changed, first, insert, rows, upsert
from controller.store.instants import from_text, to_text
from schedules.announcement import AnnouncementId, AreaCode, PersonId
from schedules.session import Session
from schedules.session_json import session_days_to_json, with_session_days


class SessionDeed(StrEnum):
    """What somebody did to a session."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent:
    """One change: ``before`` is None for a new session, ``after`` for one taken out of the day."""

    n: int
    session: str
    at: datetime
    who: PersonId
    deed: SessionDeed
    before: Session | None
    after: Session | None


def save(conn: Conn, session: Session) -> None:
    """Insert or update."""
    upsert(conn, "session", (_row(session),), key="id")


def note(
    conn: Conn,
    deed: SessionDeed,
    before: Session | None,
    after: Session | None,
    who: PersonId,
    now: datetime,
) -> None:
    """One line of the history."""
    subject = after or before
    if subject is None:
        raise ValueError("a change of nothing")
    insert(
        conn,
        "session_event",
        {
            "session": subject.id,
            "at": to_text(now),
            "who": who,
            "deed": deed.value,
            "before": None if before is None else json.dumps(_row(before), ensure_ascii=False),
            "after": None if after is None else json.dumps(_row(after), ensure_ascii=False),
        },
    )


def last_event(conn: Conn, session: str) -> SessionEvent | None:
    """The newest change of one session."""
    row = first(conn, "SELECT * FROM session_event WHERE session = ? ORDER BY n DESC LIMIT 1", session)
    return None if row is None else _event(row)


def get(conn: Conn, session: str) -> Session | None:
    """One session."""
    row = first(conn, "SELECT * FROM session WHERE id = ?", session)
    return None if row is None else _session(row)


def everything(conn: Conn) -> tuple[Session, ...]:
    """All sessions, by area and start."""
    return tuple(_session(row) for row in rows(conn, "SELECT * FROM session ORDER BY area, start, id"))


def of_branch(conn: Conn, area: AreaCode) -> tuple[Session, ...]:
    """The sessions of an area and of everything in it."""
    sql = f"{BRANCH} SELECT session.* FROM session JOIN branch ON area = branch.code ORDER BY start, id"
    return tuple(_session(row) for row in rows(conn, sql, area))


def remove(conn: Conn, session: str) -> None:
    """Take it out of the day; what it has aired stays in the log."""
    changed(conn, "DELETE FROM session WHERE id = ?", session)


def _event(row: Row) -> SessionEvent:
    return SessionEvent(
        n=row["n"],
        session=row["session"],
        at=from_text(row["at"]),
        who=PersonId(row["who"]),
        deed=SessionDeed(row["deed"]),
        before=None if row["before"] is None else _session(json.loads(row["before"])),
        after=None if row["after"] is None else _session(json.loads(row["after"])),
    )


def _row(session: Session) -> Row:
    return {
        "id": session.id,
        "area": session.area,
        "name": session.name,
        "start": f"{session.start:%H:%M:%S}",
        "days": json.dumps(sorted(session.days)),
        "dates": json.dumps([day.isoformat() for day in session.dates]),
        "items": json.dumps(list(session.items)),
        "opening": int(session.opening),
        "closing": int(session.closing),
        "cap_ms": None if session.cap is None else session.cap // timedelta(milliseconds=1),
        "more": json.dumps(session_days_to_json(session), ensure_ascii=False),
    }


def _session(row: Row) -> Session:
    plain = Session(
        id=row["id"],
        area=AreaCode(row["area"]),
        name=row["name"],
        start=time.fromisoformat(row["start"]),
        days=frozenset(json.loads(row["days"])),
        dates=tuple(date.fromisoformat(day) for day in json.loads(row["dates"])),
        items=tuple(AnnouncementId(item) for item in json.loads(row["items"])),
        opening=bool(row["opening"]),
        closing=bool(row["closing"]),
        cap=None if row["cap_ms"] is None else timedelta(milliseconds=row["cap_ms"]),
    )
    # a row or a line of history from before migration 0013 has no more
    more = row.get("more")
    return plain if more is None else with_session_days(plain, json.loads(more))
