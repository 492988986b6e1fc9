"""Broadcast sessions (buổi phát) in the store: the ordered blocks of an area's day, and how they changed."""

import json
from datetime import date, datetime, time, timedelta

from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, changed, first, insert, rows, upsert
from controller.store.revisions import Revision, RevisionDeed, revision, revision_row, thing_of
from schedules.announcement import AnnouncementId, AreaCode, PersonId
from schedules.session import Session
from schedules.session_json import session_days_to_json, with_session_days


def save(conn: Conn, session: Session) -> None:
    """Insert or update."""
    upsert(conn, "session", (_row(session),), key="id")


def note(
    conn: Conn,
    deed: RevisionDeed,
    before: Session | None,
    after: Session | None,
    who: PersonId,
    now: datetime,
) -> None:
    """One line of the history."""
    row = revision_row(deed, before, after, who, now, _text)
    insert(conn, "session_event", {"session": thing_of(before, after).id, **row})


def last_event(conn: Conn, session: str) -> Revision[Session] | None:
    """The newest change of one session."""
    row = first(conn, "SELECT * FROM session_event WHERE session = ? ORDER BY n DESC LIMIT 1", session)
    return None if row is None else revision(row, lambda text: _session(json.loads(text)))


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


def _text(session: Session) -> str:
    return json.dumps(_row(session), ensure_ascii=False)


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
