"""The newest signed version of every retained document: keys, programmes, alerts, desired states."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from controller.store.database import Conn, Row, changed, first, rows, upsert
from controller.store.instants import from_text, maybe_from, maybe_text, to_text
from controller.store.seen import Seen


class DocumentKind(StrEnum):
    """What is retained at the broker."""

    KEYS = "keys"
    PROGRAMME = "programme"
    ALERTS = "alerts"
    DESIRED = "desired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One signed document. ``content_hash`` is the compiler's: equal means nothing to publish."""

    topic: str
    kind: DocumentKind
    version: int
    content_hash: str
    payload: bytes
    signed_at: datetime
    expires_at: datetime
    area: str | None = None
    local_date: date | None = None
    retired_at: datetime | None = None


def put(conn: Conn, document: Document) -> None:
    """Make it the current one of its topic; raises sqlite3.IntegrityError where its version is older."""
    upsert(
        conn,
        "document",
        (
            {
                "topic": document.topic,
                "kind": document.kind.value,
                "area": document.area,
                "local_date": None if document.local_date is None else document.local_date.isoformat(),
                "version": document.version,
                "content_hash": document.content_hash,
                "payload": document.payload,
                "signed_at": to_text(document.signed_at),
                "expires_at": to_text(document.expires_at),
                "retired_at": maybe_text(document.retired_at),
            },
        ),
        key="topic",
    )


def get(conn: Conn, topic: str) -> Document | None:
    """The newest version of a topic, also a retired one."""
    row = first(conn, "SELECT * FROM document WHERE topic = ?", topic)
    return None if row is None else _document(row)


def next_version(conn: Conn, topic: str) -> int:
    """The version that the next document of a topic must bear; the first is 1."""
    row = first(conn, "SELECT version FROM document WHERE topic = ?", topic)
    return 1 if row is None else int(row["version"]) + 1


def current(conn: Conn, now: datetime, kind: DocumentKind | None = None) -> tuple[Document, ...]:
    """What must lie retained at the broker now: everything neither retired nor expired."""
    sql = (
        "SELECT * FROM document WHERE retired_at IS NULL AND expires_at > ? AND (? IS NULL OR kind = ?)"
        " ORDER BY topic"
    )
    return tuple(_document(row) for row in rows(conn, sql, to_text(now), kind, kind))


def programmes(
    conn: Conn, start: date, end: date, seen: Seen[Document] | None = None
) -> tuple[Document, ...]:
    """The programmes of the local days from ``start`` to ``end``, both included."""
    sql = (
        "SELECT * FROM document WHERE kind = 'programme' AND local_date BETWEEN ? AND ?"
        " ORDER BY local_date, area, topic"
    )
    return (seen or Seen()).of(rows(conn, sql, start.isoformat(), end.isoformat()), "topic", _document)


def to_sign_anew(conn: Conn, signed_before: datetime, kind: DocumentKind) -> tuple[Document, ...]:
    """Documents of a kind that are in use and were signed before an instant."""
    sql = "SELECT * FROM document WHERE retired_at IS NULL AND kind = ? AND signed_at < ? ORDER BY topic"
    return tuple(_document(row) for row in rows(conn, sql, kind.value, to_text(signed_before)))


def over(conn: Conn, expired_before: datetime, most: int) -> tuple[Document, ...]:
    """Programmes that still lie at the broker and expired before an instant, the oldest first."""
    sql = (
        "SELECT * FROM document WHERE retired_at IS NULL AND kind = 'programme' AND expires_at < ?"
        " ORDER BY expires_at, topic LIMIT ?"
    )
    return tuple(_document(row) for row in rows(conn, sql, to_text(expired_before), most))


def retire(conn: Conn, topic: str, now: datetime) -> None:
    """No longer kept at the broker; its version is remembered."""
    changed(conn, "UPDATE document SET retired_at = ? WHERE topic = ?", to_text(now), topic)


def _document(row: Row) -> Document:
    return Document(
        topic=row["topic"],
        kind=DocumentKind(row["kind"]),
        version=row["version"],
        content_hash=row["content_hash"],
        payload=row["payload"],
        signed_at=from_text(row["signed_at"]),
        expires_at=from_text(row["expires_at"]),
        area=row["area"],
        local_date=None if row["local_date"] is None else date.fromisoformat(row["local_date"]),
        retired_at=maybe_from(row["retired_at"]),
    )
