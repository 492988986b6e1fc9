"""The outbox: what must still be published, found again after every crash, the emergency lane first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from controller.store.database import Conn, Row, changed, first, insert_once, marks, rows
from controller.store.instants import from_text, to_text


class OutboxLane(StrEnum):
    """An emergency never waits behind a programme."""

    EMERGENCY = "emergency"
    NORMAL = "normal"


class OutboxState(StrEnum):
    """What became of a row."""

    WAITING = "waiting"
    SENT = "sent"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    PARKED = "parked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Something to publish. ``id`` says what it is, so that writing it twice is the same row."""

    id: str
    topic: str
    payload: bytes
    created_at: datetime
    expires_at: datetime
    lane: OutboxLane = OutboxLane.NORMAL
    qos: int = 1
    retain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A letter with how it fared."""

    letter: Letter
    state: OutboxState
    attempts: int
    failures: int
    next_at: datetime
    reason: str


def post(conn: Conn, letter: Letter) -> None:
    """Write it, in the transaction of the deed. Waiting older letters to the same retained topic give way."""
    if letter.retain:
        changed(
            conn,
            "UPDATE outbox SET state = 'superseded' WHERE topic = ? AND state = 'waiting' AND retain = 1"
            " AND id <> ?",
            letter.topic,
            letter.id,
        )
    insert_once(
        conn,
        "outbox",
        {
            "id": letter.id,
            "topic": letter.topic,
            "payload": letter.payload,
            "qos": letter.qos,
            "retain": int(letter.retain),
            "lane": letter.lane.value,
            "created_at": to_text(letter.created_at),
            "expires_at": to_text(letter.expires_at),
            "state": OutboxState.WAITING.value,
            "next_at": to_text(letter.created_at),
        },
    )


def claim(
    conn: Conn, now: datetime, limit: int = 50, hold: timedelta = timedelta(seconds=30)
) -> tuple[Posted, ...]:
    """Take what is due, emergencies first; what is not marked sent comes back after ``hold``."""
    due = rows(
        conn,
        "SELECT n FROM outbox WHERE state = 'waiting' AND next_at <= ? AND expires_at > ?"
        " ORDER BY lane, n LIMIT ?",
        to_text(now),
        to_text(now),
        limit,
    )
    numbers = [row["n"] for row in due]
    changed(
        conn,
        f"UPDATE outbox SET attempts = attempts + 1, next_at = ? WHERE n IN ({marks(len(numbers))})",
        to_text(now + hold),
        *numbers,
    )
    sql = f"SELECT * FROM outbox WHERE n IN ({marks(len(numbers))}) ORDER BY lane, n"
    return tuple(_posted(row) for row in rows(conn, sql, *numbers))


def sent(conn: Conn, letters: Iterable[str], now: datetime) -> int:
    """The broker has acknowledged these."""
    ids = tuple(letters)
    return changed(
        conn,
        "UPDATE outbox SET state = 'sent', sent_at = ? WHERE state = 'waiting'"
        f" AND id IN ({marks(len(ids))})",
        to_text(now),
        *ids,
    )


def postpone(conn: Conn, letter: str, next_at: datetime, reason: str) -> None:
    """It could not go (the link is down): again at ``next_at``."""
    changed(
        conn,
        "UPDATE outbox SET next_at = ?, reason = ? WHERE id = ? AND state = 'waiting'",
        to_text(next_at),
        reason,
        letter,
    )


def failed(conn: Conn, letter: str, next_at: datetime, reason: str, park_after: int = 3) -> OutboxState:
    """The broker refuses it for good: tried again, then parked so that the others go on."""
    row = first(
        conn,
        "UPDATE outbox SET failures = failures + 1, next_at = ?, reason = ?,"
        " state = CASE WHEN failures + 1 >= ? THEN 'parked' ELSE state END"
        " WHERE id = ? AND state = 'waiting' RETURNING state",
        to_text(next_at),
        reason,
        park_after,
        letter,
    )
    if row is None:
        row = first(conn, "SELECT state FROM outbox WHERE id = ?", letter) or {"state": "expired"}
    return OutboxState(row["state"])


def expire(conn: Conn, now: datetime) -> int:
    """Close what is too old to be published."""
    return changed(
        conn,
        "UPDATE outbox SET state = 'expired' WHERE state = 'waiting' AND expires_at <= ?",
        to_text(now),
    )


def cancel(conn: Conn, letter: str, reason: str) -> None:
    """Nobody wants it any more."""
    changed(
        conn,
        "UPDATE outbox SET state = 'superseded', reason = ? WHERE id = ? AND state = 'waiting'",
        reason,
        letter,
    )


def release(conn: Conn, now: datetime) -> int:
    """Everything that waits is due at once: after a start and after the link has come back."""
    return changed(
        conn,
        "UPDATE outbox SET next_at = ? WHERE state = 'waiting' AND next_at > ?",
        to_text(now),
        to_text(now),
    )


def next_wake(conn: Conn) -> datetime | None:
    """The next instant at which anything here can happen."""
    row = first(
        conn,
        "SELECT MIN(CASE WHEN next_at < expires_at THEN next_at ELSE expires_at END) AS at"
        " FROM outbox WHERE state = 'waiting'",
    )
    return None if row is None or row["at"] is None else from_text(row["at"])


def get(conn: Conn, letter: str) -> Posted | None:
    """One letter and how it fared."""
    row = first(conn, "SELECT * FROM outbox WHERE id = ?", letter)
    return None if row is None else _posted(row)


def counts(conn: Conn) -> dict[OutboxState, int]:
    """How many letters are in each state."""
    found = rows(conn, "SELECT state, COUNT(*) AS number FROM outbox GROUP BY state")
    return {OutboxState(row["state"]): row["number"] for row in found}


def parked(conn: Conn) -> tuple[Posted, ...]:
    """What a person must look at."""
    return tuple(_posted(row) for row in rows(conn, "SELECT * FROM outbox WHERE state = 'parked' ORDER BY n"))


def forget(conn: Conn, created_before: datetime) -> int:
    """Clear away what is done with."""
    return changed(
        conn,
        "DELETE FROM outbox WHERE state <> 'waiting' AND state <> 'parked' AND created_at < ?",
        to_text(created_before),
    )


def _posted(row: Row) -> Posted:
    return Posted(
        letter=Letter(
            id=row["id"],
            topic=row["topic"],
            payload=row["payload"],
            created_at=from_text(row["created_at"]),
            expires_at=from_text(row["expires_at"]),
            lane=OutboxLane(row["lane"]),
            qos=row["qos"],
            retain=bool(row["retain"]),
        ),
        state=OutboxState(row["state"]),
        attempts=row["attempts"],
        failures=row["failures"],
        next_at=from_text(row["next_at"]),
        reason=row["reason"],
    )
