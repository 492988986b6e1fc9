"""The audit: append-only, each row chained to the one before by SHA-256, so that tampering shows."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.store.database import Conn, Row, changed, first, insert, rows
from controller.store.instants import from_text, to_text

GENESIS = "0" * 64
Fact = str | int | bool | None | list["Fact"] | dict[str, "Fact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest row; 0 and zeros where nothing has happened yet."""

    n: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """Who did what to what, when, with which facts."""

    n: int
    at: datetime
    who: str
    deed: str
    subject: str
    facts: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """The first row that is not as it was written."""

    n: int
    why: str


def append(
    conn: Conn, at: datetime, who: str, deed: str, subject: str, facts: Mapping[str, Fact] | None = None
) -> Head:
    """Add one row, in the transaction of the deed itself. Facts hold no floats and no secrets."""
    before = head(conn)
    row = {
        "n": before.n + 1,
        "at": to_text(at),
        "who": who,
        "deed": deed,
        "subject": subject,
        "facts": canonical(dict(facts or {})),
        "prev": before.hash,
    }
    row["hash"] = _digest(row)
    insert(conn, "audit", row)
    after = Head(n=before.n + 1, hash=str(row["hash"]))
    changed(
        conn,
        "INSERT INTO audit_head (one, n, hash) VALUES (1, ?, ?)"
        " ON CONFLICT (one) DO UPDATE SET n = excluded.n, hash = excluded.hash",
        after.n,
        after.hash,
    )
    return after


def head(conn: Conn) -> Head:
    """The newest row's number and hash, as sent to the nodes in the time beacon."""
    row = first(conn, "SELECT n, hash FROM audit_head")
    return Head(n=0, hash=GENESIS) if row is None else Head(n=row["n"], hash=row["hash"])


def verify(conn: Conn, known: Iterable[Head] = ()) -> BadRow | None:
    """Walk the whole chain; None when every row is as it was written.

    ``known`` are heads that others remember (nodes, the province): they show even a chain that was
    rewritten as a whole.
    """
    remembered = {row.n: row.hash for row in known if row.n > 0}
    at, prev = 0, GENESIS
    for row in conn.query("SELECT * FROM audit ORDER BY n"):
        if (why := _fault(row, at + 1, prev)) is not None:
            return BadRow(n=at + 1, why=why)
        at, prev = row["n"], row["hash"]
        if remembered.get(at, prev) != prev:
            return BadRow(n=at, why="others remember another row")
    kept = head(conn)
    if (kept.n, kept.hash) != (at, prev):
        # the shorter of the two is where the truth ends
        return BadRow(n=min(kept.n, at) + 1, why="the head names another last row")
    if lost := [n for n in remembered if n > at]:
        return BadRow(n=at + 1, why=f"others remember row {min(lost)}")
    return None


def newest(
    conn: Conn, limit: int = 100, before: int | None = None, subject: str | None = None
) -> tuple[AuditRow, ...]:
    """Rows for people to read, newest first; ``before`` pages on, ``subject`` narrows to one thing."""
    found = rows(
        conn,
        "SELECT * FROM audit WHERE n < ? AND (? IS NULL OR subject = ?) ORDER BY n DESC LIMIT ?",
        2**62 if before is None else before,
        subject,
        subject,
        limit,
    )
    return tuple(_row(row) for row in found)


def canonical(facts: Fact) -> str:
    """RFC 8785 for what facts may hold; raises TypeError for a float, whose text differs by language."""
    _refuse_floats(facts)
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _refuse_floats(facts: Fact) -> None:
    if isinstance(facts, float):
        raise TypeError("facts hold no floats")
    if isinstance(facts, dict):
        for value in facts.values():
            _refuse_floats(value)
    elif isinstance(facts, list):
        for value in facts:
            _refuse_floats(value)


def _digest(row: Mapping[str, Any]) -> str:
    said = {key: row[key] for key in ("n", "at", "who", "deed", "subject", "facts")}
    return hashlib.sha256(f"{row['prev']}|{canonical(said)}".encode()).hexdigest()


def _fault(row: Row, n: int, prev: str) -> str | None:
    if row["n"] != n:
        return "a row is missing here" if row["n"] > n else "a row too many"
    if row["prev"] != prev:
        return "does not follow the row before it"
    if row["hash"] != _digest(row):
        return "is not what was written"
    return None


def _row(row: Row) -> AuditRow:
    return AuditRow(
        n=row["n"],
        at=from_text(row["at"]),
        who=row["who"],
        deed=row["deed"],
        subject=row["subject"],
        facts=json.loads(row["facts"]),
        hash=row["hash"],
    )
