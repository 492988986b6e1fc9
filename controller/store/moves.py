"""Airings of approved items moved by hand in the store: which day, to when, under which approval, by whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from controller.store.database import Conn, insert, rows
from controller.store.instants import from_text, to_text
from schedules.announcement import AnnouncementId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One airing at another time: that of `day` is due at `due_at` since `who` said so at `at`."""

    day: date
    times: int
    due_at: datetime
    who: PersonId
    at: datetime


def keep(conn: Conn, announcement: AnnouncementId, approved_at: datetime, moved: Moved) -> None:
    """sqlite3.IntegrityError where the author of the item moves it."""
    row = {
        "announcement": announcement,
        "day": moved.day.isoformat(),
        "times": moved.times,
        "due_at": to_text(moved.due_at),
        "approved_at": to_text(approved_at),
        "who": moved.who,
        "at": to_text(moved.at),
    }
    insert(conn, "move", row)


def under(conn: Conn, announcement: AnnouncementId, approved_at: datetime) -> Mapping[date, Moved]:
    """The last move of each day since that approval."""
    sql = "SELECT * FROM move WHERE announcement = ? AND approved_at = ? ORDER BY day, times"
    return {
        (day := date.fromisoformat(row["day"])): Moved(
            day=day,
            times=row["times"],
            due_at=from_text(row["due_at"]),
            who=PersonId(row["who"]),
            at=from_text(row["at"]),
        )
        for row in rows(conn, sql, announcement, to_text(approved_at))
    }
