"""Deliveries: one occurrence, or one round of an alert, on one node, and every verdict that ever stood."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, first, rows
from controller.store.instants import from_text, maybe_from, maybe_text, to_text
from devices.messages import Heard, NodeId
from schedules.announcement import AreaCode


class Kind(StrEnum):
    """What is delivered."""

    OCCURRENCE = "occurrence"
    ALERT = "alert"


class Verdict(StrEnum):
    """How a delivery ended; exactly one is the newest."""

    AIRED = "aired"
    AIRED_LATE = "aired_late"
    PARTIAL = "partial"
    MISSED = "missed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUSED = "refused"


class Source(StrEnum):
    """Who said so: the node's own receipt, the auditor who waited for one, or the plan that dropped it."""

    RECEIPT = "receipt"
    AUDITOR = "auditor"
    PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One verdict with its why. A later one supersedes it; all are kept."""

    verdict: Verdict
    at: datetime
    source: Source
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRuling:
    """A ruling with what was known of the hearing at that moment."""

    ruling: Ruling
    heard: Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row. ``subject`` is an occurrence's or an alert's id; ``area`` the node's village when planned.

    ``ends_at`` is the last instant at which it could have ended on the node.
    """

    kind: Kind
    subject: str
    node: NodeId
    area: AreaCode
    due_at: datetime
    ends_at: datetime
    planned_at: datetime
    duration_ms: int
    round: int = 0
    revision: int = 0
    accepted_at: datetime | None = None
    cached_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    heard_at: datetime | None = None
    late_ms: int = 0
    played_ms: int = 0
    heard: Heard = Heard.UNKNOWN
    ruling: Ruling | None = None

    @property
    def key(self) -> tuple[str, int, NodeId]:
        """What makes it the same delivery: subject, round, node."""
        return (self.subject, self.round, self.node)

    @property
    def emergency(self) -> bool:
        """Whether it is a round of an alert."""
        return self.kind is Kind.ALERT


Key = tuple[str, int, NodeId]

_COLUMNS = (
    "kind",
    "subject",
    "round",
    "node",
    "area",
    "revision",
    "due_at",
    "ends_at",
    "planned_at",
    "duration_ms",
    "accepted_at",
    "cached_at",
    "started_at",
    "finished_at",
    "heard_at",
    "late_ms",
    "played_ms",
    "heard",
    "verdict",
    "source",
    "code",
    "reason",
    "verdict_at",
)
_VALUES = ", ".join(f":{column}" for column in _COLUMNS)
_INSERT = (
    f"INSERT INTO delivery ({', '.join(_COLUMNS)}) VALUES ({_VALUES}) ON CONFLICT (subject, round, node)"
)
_ALIKE = {"node": "ground.key", "area": "ground.value"}
_REPLAN = """DO UPDATE SET
    area = excluded.area, revision = excluded.revision, due_at = excluded.due_at, ends_at = excluded.ends_at,
    duration_ms = excluded.duration_ms,
    verdict = NULL, source = NULL, code = NULL, reason = NULL, verdict_at = NULL
WHERE delivery.started_at IS NULL AND delivery.revision <= excluded.revision
    AND (delivery.verdict IS NULL
        OR (delivery.kind = 'occurrence' AND delivery.verdict = 'cancelled' AND delivery.source = 'plan'))"""
_PLAN = f"{_INSERT} {_REPLAN}"
# The condition keeps SQLite from reading ON CONFLICT as that of a join.
_PLAN_ALIKE = f"""INSERT INTO delivery ({", ".join(_COLUMNS)})
SELECT {", ".join(_ALIKE.get(column, f":{column}") for column in _COLUMNS)} FROM json_each(:ground) AS ground
WHERE true ON CONFLICT (subject, round, node) {_REPLAN}"""
_SETTLED = ("kind", "subject", "round", "node", "area", "planned_at")
_SAVE = f"""{_INSERT} DO UPDATE SET
    {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS if column not in _SETTLED)}"""


def plan(conn: Conn, deliveries: Iterable[Delivery]) -> None:
    """New ones, or another time for those of which nothing has been heard and which have no verdict.

    One that was cancelled because its plan had been withdrawn is open again.
    """
    conn.conn.executemany(_PLAN, (_row(delivery) for delivery in deliveries))


def plan_alike(conn: Conn, delivery: Delivery, ground: Mapping[NodeId, AreaCode]) -> None:
    """``plan`` for as many nodes as stand on some ground, all as this one but for node and area.

    One statement: between the button and the sirens there is no time for a thousand.
    """
    conn.conn.execute(_PLAN_ALIKE, {**_row(delivery), "ground": json.dumps(ground)})


def save(conn: Conn, deliveries: Iterable[Delivery]) -> None:
    """Write their present state; a changed verdict or hearing is also kept as history.

    Raises sqlite3.IntegrityError for a step back: an instant unsaid, an aired one declared missed.
    """
    conn.conn.executemany(_SAVE, (_row(delivery) for delivery in deliveries))


def find(conn: Conn, keys: Iterable[Key]) -> dict[Key, Delivery]:
    """Those of the keys that exist."""
    found: dict[Key, Delivery] = {}
    for subject, number, node in dict.fromkeys(keys):
        row = first(
            conn, "SELECT * FROM delivery WHERE subject = ? AND round = ? AND node = ?", subject, number, node
        )
        if row is not None:
            found[subject, number, node] = _delivery(row)
    return found


def of_subject(conn: Conn, subject: str) -> tuple[Delivery, ...]:
    """Every delivery of one occurrence or one alert, by round, area and node."""
    sql = "SELECT * FROM delivery WHERE subject = ? ORDER BY round, area, node"
    return tuple(_delivery(row) for row in rows(conn, sql, subject))


def of_branch(
    conn: Conn, area: AreaCode, start: datetime, end: datetime, limit: int = 100_000
) -> tuple[Delivery, ...]:
    """Those due in ``[start, end)`` in an area and everything in it, in order of time."""
    sql = (
        f"{BRANCH} SELECT delivery.* FROM delivery JOIN branch ON area = branch.code"
        " WHERE due_at >= ? AND due_at < ? ORDER BY due_at, subject, round, node LIMIT ?"
    )
    return tuple(_delivery(row) for row in rows(conn, sql, area, to_text(start), to_text(end), limit))


def of_node(conn: Conn, node: NodeId, start: datetime, end: datetime) -> tuple[Delivery, ...]:
    """Those of one node due in ``[start, end)``."""
    sql = "SELECT * FROM delivery WHERE node = ? AND due_at >= ? AND due_at < ? ORDER BY due_at, subject"
    return tuple(_delivery(row) for row in rows(conn, sql, node, to_text(start), to_text(end)))


def open_after(conn: Conn, subject: str) -> tuple[Delivery, ...]:
    """Those of a subject that have no verdict yet."""
    sql = "SELECT * FROM delivery WHERE subject = ? AND verdict IS NULL ORDER BY round, node"
    return tuple(_delivery(row) for row in rows(conn, sql, subject))


def overdue(conn: Conn, ended_before: datetime, limit: int = 1000) -> tuple[Delivery, ...]:
    """Those without a verdict that should have ended before an instant: what the auditor closes."""
    sql = "SELECT * FROM delivery WHERE verdict IS NULL AND ends_at <= ? ORDER BY ends_at LIMIT ?"
    return tuple(_delivery(row) for row in rows(conn, sql, to_text(ended_before), limit))


def next_end(conn: Conn) -> datetime | None:
    """When the next one without a verdict should have ended."""
    row = first(conn, "SELECT MIN(ends_at) AS at FROM delivery WHERE verdict IS NULL")
    return None if row is None or row["at"] is None else from_text(row["at"])


def rulings(conn: Conn, key: Key) -> tuple[PastRuling, ...]:
    """Every verdict that ever stood, the oldest first."""
    sql = "SELECT * FROM verdict WHERE subject = ? AND round = ? AND node = ? ORDER BY n"
    return tuple(
        PastRuling(
            ruling=Ruling(
                verdict=Verdict(row["verdict"]),
                at=from_text(row["at"]),
                source=Source(row["source"]),
                code=row["code"],
                reason=row["reason"],
            ),
            heard=Heard(row["heard"]),
        )
        for row in rows(conn, sql, *key)
    )


def drop_untouched(conn: Conn, subject: str) -> int:
    """Remove those of a subject of which no node has said anything (its plan changed before it was sent)."""
    cursor = conn.execute(
        "DELETE FROM delivery WHERE subject = ? AND accepted_at IS NULL AND cached_at IS NULL"
        " AND started_at IS NULL AND verdict IS NULL",
        (subject,),
    )
    return int(cursor.rowcount)


def _row(delivery: Delivery) -> Row:
    ruling = delivery.ruling
    return {
        "kind": delivery.kind.value,
        "subject": delivery.subject,
        "round": delivery.round,
        "node": delivery.node,
        "area": delivery.area,
        "revision": delivery.revision,
        "due_at": to_text(delivery.due_at),
        "ends_at": to_text(delivery.ends_at),
        "planned_at": to_text(delivery.planned_at),
        "duration_ms": delivery.duration_ms,
        "accepted_at": maybe_text(delivery.accepted_at),
        "cached_at": maybe_text(delivery.cached_at),
        "started_at": maybe_text(delivery.started_at),
        "finished_at": maybe_text(delivery.finished_at),
        "heard_at": maybe_text(delivery.heard_at),
        "late_ms": delivery.late_ms,
        "played_ms": delivery.played_ms,
        "heard": delivery.heard.value,
        "verdict": None if ruling is None else ruling.verdict.value,
        "source": None if ruling is None else ruling.source.value,
        "code": None if ruling is None else ruling.code,
        "reason": None if ruling is None else ruling.reason,
        "verdict_at": None if ruling is None else to_text(ruling.at),
    }


def _delivery(row: Row) -> Delivery:
    return Delivery(
        kind=Kind(row["kind"]),
        subject=row["subject"],
        node=NodeId(row["node"]),
        area=AreaCode(row["area"]),
        due_at=from_text(row["due_at"]),
        ends_at=from_text(row["ends_at"]),
        planned_at=from_text(row["planned_at"]),
        duration_ms=row["duration_ms"],
        round=row["round"],
        revision=row["revision"],
        accepted_at=maybe_from(row["accepted_at"]),
        cached_at=maybe_from(row["cached_at"]),
        started_at=maybe_from(row["started_at"]),
        finished_at=maybe_from(row["finished_at"]),
        heard_at=maybe_from(row["heard_at"]),
        late_ms=row["late_ms"],
        played_ms=row["played_ms"],
        heard=Heard(row["heard"]),
        ruling=_ruling(row),
    )


def _ruling(row: Row) -> Ruling | None:
    if row["verdict"] is None:
        return None
    return Ruling(
        verdict=Verdict(row["verdict"]),
        at=from_text(row["verdict_at"]),
        source=Source(row["source"]),
        code=row["code"],
        reason=row["reason"],
    )
