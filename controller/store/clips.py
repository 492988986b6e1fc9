"""What is known of each clip; its bytes lie beside the database, named by their hash."""

from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Conn, Row, first, insert_once
from controller.store.instants import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFacts:
    """One encoded sound; ``bytes`` is its length in octets."""

    sha256: str
    bytes: int
    duration_ms: int
    lufs: float
    peak_dbfs: float
    engine: str
    media_type: str = "audio/ogg"


def save(conn: Conn, clip: ClipFacts, now: datetime) -> None:
    """Remember it; a clip that is known already stays as it is."""
    insert_once(
        conn,
        "clip",
        {
            "sha256": clip.sha256,
            "bytes": clip.bytes,
            "duration_ms": clip.duration_ms,
            "lufs": clip.lufs,
            "peak_dbfs": clip.peak_dbfs,
            "engine": clip.engine,
            "media_type": clip.media_type,
            "created_at": to_text(now),
        },
        key="sha256",
    )


def find(conn: Conn, sha256: str) -> ClipFacts | None:
    """The facts of one clip."""
    row = first(conn, "SELECT * FROM clip WHERE sha256 = ?", sha256)
    return None if row is None else from_row(row)


def made_at(conn: Conn, sha256: str) -> datetime | None:
    """When it was rendered."""
    row = first(conn, "SELECT created_at FROM clip WHERE sha256 = ?", sha256)
    return None if row is None else from_text(row["created_at"])


def from_row(row: Row) -> ClipFacts:
    """The facts in a row that carries the table's own columns."""
    return ClipFacts(
        sha256=row["sha256"],
        bytes=row["bytes"],
        duration_ms=row["duration_ms"],
        lufs=row["lufs"],
        peak_dbfs=row["peak_dbfs"],
        engine=row["engine"],
        media_type=row["media_type"],
    )
