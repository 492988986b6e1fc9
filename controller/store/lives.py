"""The life of one announcement in numbers: how its times ended on the nodes, and what is still to come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.store.corrections import PLAYED
from controller.store.database import Conn, first, marks, rows
from controller.store.instants import from_text, maybe_from, to_text
from schedules.announcement import AnnouncementId


@dataclass(frozen=True, slots=True, kw_only=True)
class Aired:
    """Every delivery that has ended, once: let out and heard or not, or not let out at all."""

    times: int
    last_at: datetime | None
    heard: int
    unheard: int
    unknown: int
    missed: int
    cancelled: int

    @property
    def played(self) -> int:
        return self.heard + self.unheard + self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """One time to come: for how many nodes, and how many of them hold its sound."""

    due_at: datetime
    nodes: int
    holding: int


def aired(conn: Conn, item: AnnouncementId) -> Aired:
    """How it ended so far."""
    row = first(
        conn,
        f"SELECT COUNT(DISTINCT CASE WHEN {PLAYED} THEN o.id END) AS times,"
        f" MAX(CASE WHEN {PLAYED} THEN o.due_at END) AS last_at,"
        f" COALESCE(SUM({PLAYED} AND d.heard = 'yes'), 0) AS heard,"
        f" COALESCE(SUM({PLAYED} AND d.heard = 'no'), 0) AS unheard,"
        f" COALESCE(SUM({PLAYED} AND d.heard = 'unknown'), 0) AS unknown,"
        f" COALESCE(SUM(NOT {PLAYED} AND d.verdict IN ('missed', 'expired', 'refused')), 0) AS missed,"
        f" COALESCE(SUM(NOT {PLAYED} AND d.verdict = 'cancelled'), 0) AS cancelled"
        " FROM occurrence AS o JOIN delivery AS d ON d.subject = o.id AND d.kind = 'occurrence'"
        " WHERE o.item = ? AND d.verdict IS NOT NULL",
        item,
    )
    assert row is not None
    return Aired(
        times=row["times"],
        last_at=maybe_from(row["last_at"]),
        heard=row["heard"],
        unheard=row["unheard"],
        unknown=row["unknown"],
        missed=row["missed"],
        cancelled=row["cancelled"],
    )


def last_played(conn: Conn, items: Iterable[AnnouncementId]) -> dict[AnnouncementId, datetime]:
    """When each of these was played last; who was never played is not among them."""
    wanted = tuple(items)
    sql = (
        "SELECT o.item, MAX(o.due_at) AS at FROM occurrence AS o"
        " JOIN delivery AS d ON d.subject = o.id AND d.kind = 'occurrence'"
        f" WHERE o.item IN ({marks(len(wanted))}) AND {PLAYED} GROUP BY o.item"
    )
    return {AnnouncementId(row["item"]): from_text(row["at"]) for row in rows(conn, sql, *wanted)}


def ahead(conn: Conn, item: AnnouncementId, now: datetime, limit: int = 3) -> tuple[Ahead, ...]:
    """The next times."""
    found = rows(
        conn,
        "SELECT o.due_at, COUNT(d.node) AS nodes, COALESCE(SUM(d.cached_at IS NOT NULL), 0) AS holding"
        " FROM occurrence AS o LEFT JOIN delivery AS d ON d.subject = o.id"
        " WHERE o.item = ? AND o.state = 'planned' AND o.due_at > ? GROUP BY o.id ORDER BY o.due_at LIMIT ?",
        item,
        to_text(now),
        limit,
    )
    return tuple(
        Ahead(due_at=from_text(row["due_at"]), nodes=row["nodes"], holding=row["holding"]) for row in found
    )


def sounding(conn: Conn, item: AnnouncementId) -> int:
    """On how many nodes it has begun and not ended."""
    row = first(
        conn,
        "SELECT COUNT(*) AS n FROM occurrence AS o JOIN delivery AS d ON d.subject = o.id"
        " WHERE o.item = ? AND d.started_at IS NOT NULL AND d.verdict IS NULL",
        item,
    )
    return 0 if row is None else int(row["n"])
