"""Recordings that were sent in: whose, by whom, what they were like; the bytes lie beside the database."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.store.database import Conn, Row, changed, first, insert_once, rows, update
from controller.store.instants import from_text, to_text
from schedules.announcement import AreaCode, PersonId, RecordingId


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the original was like: its length and level, the silence cut, what can't be mended."""

    duration_ms: int
    lufs: float
    peak_dbfs: float
    cut_ms: int
    findings: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRow:
    """One original as it was sent; ``name`` is what its sender called it, for people only.

    ``before`` is None until it has been prepared once.
    """

    area: AreaCode
    sha256: str
    name: str
    kind: str
    bytes: int
    sent_by: PersonId
    sent_at: datetime
    before: Before | None = None

    @property
    def id(self) -> RecordingId:
        return recording_id(self.area, self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much is kept: the recordings of one area, and the octets of all."""

    of_area: int
    bytes: int


def recording_id(area: AreaCode, sha256: str) -> RecordingId:
    """The same sound sent to two communes is two recordings: neither learns of the other's."""
    return RecordingId(f"{area}.{sha256}")


def take_print(recording: RecordingId, repeat: int) -> str:
    """A recording as it is to be heard, so often; equal prints are the same sound."""
    said = ["recording", recording, repeat]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def save(conn: Conn, recording: RecordingRow) -> bool:
    """Remember it; False where this area has had it before, whose row then stays."""
    return insert_once(
        conn,
        "recording",
        {
            "id": recording.id,
            "area": recording.area,
            "sha256": recording.sha256,
            "name": recording.name,
            "kind": recording.kind,
            "bytes": recording.bytes,
            "sent_by": recording.sent_by,
            "sent_at": to_text(recording.sent_at),
        },
    )


def save_before(conn: Conn, recording: RecordingId, before: Before) -> None:
    """What preparing it has shown."""
    row = {
        "duration_ms": before.duration_ms,
        "lufs": before.lufs,
        "peak_dbfs": before.peak_dbfs,
        "cut_ms": before.cut_ms,
        "findings": json.dumps([dict(one) for one in before.findings], ensure_ascii=False),
    }
    update(conn, "recording", row, id=recording)


def get(conn: Conn, recording: RecordingId) -> RecordingRow | None:
    """One recording."""
    row = first(conn, "SELECT * FROM recording WHERE id = ?", recording)
    return None if row is None else _recording(row)


def several(conn: Conn, recordings: tuple[RecordingId, ...]) -> dict[RecordingId, RecordingRow]:
    """Those of the ids that exist."""
    found = (get(conn, one) for one in recordings)
    return {row.id: row for row in found if row is not None}


def room(conn: Conn, area: AreaCode) -> Room:
    """How much of the quota is used; one file that several areas sent counts once."""
    own = first(conn, "SELECT COUNT(*) AS number FROM recording WHERE area = ?", area)
    total = first(
        conn,
        "SELECT COALESCE(SUM(bytes), 0) AS octets FROM"
        " (SELECT MAX(bytes) AS bytes FROM recording GROUP BY sha256)",
    )
    assert own is not None
    assert total is not None
    return Room(of_area=own["number"], bytes=total["octets"])


_OF_TRACKS = (
    "SELECT json_extract(value, '$.recording') FROM announcement, json_each(announcement.tracks)"
    " WHERE tracks <> '[]' UNION SELECT json_extract(value, '$.recording')"
    " FROM announcement_version, json_each(announcement_version.tracks) WHERE tracks <> '[]'"
)


def forget_unused(conn: Conn, before: datetime) -> tuple[str, ...]:
    """Forget what no announcement holds or was handed in with; the files (hashes) that nobody needs now."""
    unused = rows(
        conn,
        "SELECT id, sha256 FROM recording WHERE sent_at < ?"
        " AND id NOT IN (SELECT recording FROM announcement WHERE recording IS NOT NULL)"
        " AND id NOT IN (SELECT recording FROM announcement_version WHERE recording IS NOT NULL)"
        f" AND id NOT IN ({_OF_TRACKS})",
        to_text(before),
    )
    for row in unused:
        changed(conn, "DELETE FROM recording WHERE id = ?", row["id"])
    return tuple(sorted({row["sha256"] for row in unused if not is_kept(conn, row["sha256"])}))


def forget(conn: Conn, recording: RecordingId) -> bool:
    """Forget one that no announcement holds; False, and nothing done, where one does."""
    held = (
        "SELECT 1 FROM announcement WHERE recording = ?1"
        " UNION ALL SELECT 1 FROM announcement_version WHERE recording = ?1"
        f" UNION ALL SELECT 1 WHERE ?1 IN ({_OF_TRACKS})"
    )
    return changed(conn, f"DELETE FROM recording WHERE id = ?1 AND NOT EXISTS ({held})", recording) == 1


def is_kept(conn: Conn, sha256: str) -> bool:
    """Whether any area has this file."""
    return first(conn, "SELECT 1 AS found FROM recording WHERE sha256 = ?", sha256) is not None


def _recording(row: Row) -> RecordingRow:
    return RecordingRow(
        area=AreaCode(row["area"]),
        sha256=row["sha256"],
        name=row["name"],
        kind=row["kind"],
        bytes=row["bytes"],
        sent_by=PersonId(row["sent_by"]),
        sent_at=from_text(row["sent_at"]),
        before=_before(row),
    )


def _before(row: Row) -> Before | None:
    if row["duration_ms"] is None:
        return None
    return Before(
        duration_ms=row["duration_ms"],
        lufs=row["lufs"],
        peak_dbfs=row["peak_dbfs"],
        cut_ms=row["cut_ms"],
        findings=tuple(json.loads(row["findings"])),
    )
