"""Airings left out of approved items in the store: which day, under which approval, by whom."""

from datetime import date, datetime

from controller.store.database import Conn, changed, insert, rows
from controller.store.instants import to_text
from schedules.announcement import AnnouncementId, PersonId


def keep(
    conn: Conn,
    announcement: AnnouncementId,
    day: date,
    approved_at: datetime,
    who: PersonId,
    now: datetime,
) -> None:
    """That day is left out under that approval."""
    row = {
        "announcement": announcement,
        "day": day.isoformat(),
        "approved_at": to_text(approved_at),
        "who": who,
        "at": to_text(now),
    }
    drop(conn, announcement, day)
    insert(conn, "skip", row)


def drop(conn: Conn, announcement: AnnouncementId, day: date) -> None:
    """It is heard again."""
    changed(conn, "DELETE FROM skip WHERE announcement = ? AND day = ?", announcement, day.isoformat())


def under(conn: Conn, announcement: AnnouncementId, approved_at: datetime) -> frozenset[date]:
    """The days left out since that approval."""
    sql = "SELECT day FROM skip WHERE announcement = ? AND approved_at = ?"
    found = rows(conn, sql, announcement, to_text(approved_at))
    return frozenset(date.fromisoformat(row["day"]) for row in found)
