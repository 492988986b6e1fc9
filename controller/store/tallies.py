"""Deliveries counted where they lie: a province's day is too many rows to carry them all upstairs."""

from dataclasses import dataclass
from datetime import datetime

from controller.store.areas import BRANCH
from controller.store.database import Conn, first, rows
from controller.store.instants import to_text
from schedules.announcement import AreaCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Deliveries of one occurrence in one village with one verdict (None: still open)."""

    subject: str
    area: AreaCode
    verdict: str | None
    total: int
    cached: int
    heard: int
    unheard: int


def holding(conn: Conn, area: AreaCode, start: datetime, end: datetime) -> tuple[int, int]:
    """How many nodes of a branch have something to play in ``[start, end)``, and how many hold all of it."""
    sql = (
        f"{BRANCH}, rest AS (SELECT node, MIN(cached_at IS NOT NULL OR started_at IS NOT NULL) AS held"
        " FROM delivery JOIN branch ON area = branch.code"
        " WHERE due_at >= ? AND due_at < ? AND kind = 'occurrence' AND verdict IS NULL GROUP BY node)"
        " SELECT COUNT(*) AS nodes, COALESCE(SUM(held), 0) AS held FROM rest"
    )
    row = first(conn, sql, area, to_text(start), to_text(end))
    return (0, 0) if row is None else (int(row["nodes"]), int(row["held"]))


def of_branch(conn: Conn, area: AreaCode, start: datetime, end: datetime) -> tuple[Count, ...]:
    """Those of occurrences due in ``[start, end)`` in an area and in everything below it."""
    sql = (
        f"{BRANCH} SELECT subject, area, verdict, COUNT(*) AS total,"
        " SUM(cached_at IS NOT NULL OR started_at IS NOT NULL) AS cached,"
        " SUM(heard = 'yes') AS heard, SUM(heard = 'no') AS unheard"
        " FROM delivery JOIN branch ON area = branch.code"
        " WHERE due_at >= ? AND due_at < ? AND kind = 'occurrence'"
        " GROUP BY subject, area, verdict"
    )
    return tuple(
        Count(
            subject=row["subject"],
            area=AreaCode(row["area"]),
            verdict=row["verdict"],
            total=row["total"],
            cached=row["cached"],
            heard=row["heard"],
            unheard=row["unheard"],
        )
        for row in rows(conn, sql, area, to_text(start), to_text(end))
    )
