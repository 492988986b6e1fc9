"""What was approved and found no place by its moment, kept with the reason that people were told."""

from collections.abc import Iterable
from datetime import datetime

from controller.store.database import Conn, rows
from controller.store.instants import from_text, to_text
from schedules.announcement import AnnouncementId
from schedules.plan import Refusal


def note(conn: Conn, refusals: Iterable[Refusal], now: datetime) -> None:
    """Each once: the reason that was known first stands."""
    conn.conn.executemany(
        "INSERT INTO unplaced (item, at, code, vi, en, noted_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        ((one.item, to_text(one.at), one.code, one.vi, one.en, to_text(now)) for one in refusals),
    )


def between(conn: Conn, start: datetime, end: datetime) -> tuple[Refusal, ...]:
    """Those whose moment lay in ``[start, end)``, in order."""
    sql = "SELECT * FROM unplaced WHERE at >= ? AND at < ? ORDER BY at, item, code"
    return tuple(
        Refusal(
            item=AnnouncementId(row["item"]),
            code=row["code"],
            at=from_text(row["at"]),
            vi=row["vi"],
            en=row["en"],
        )
        for row in rows(conn, sql, to_text(start), to_text(end))
    )
