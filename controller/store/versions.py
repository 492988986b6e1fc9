"""What was handed in each time: the versions of an announcement that somebody was asked to approve."""

import json
from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Conn, Row, rows
from controller.store.instants import from_text
from controller.store.track_rows import tracks_from
from schedules.announcement import AnnouncementId, AreaCode, BulletinClass, RecordingId, Track
from schedules.late_rule import LateRule, late_rule_from_json
from schedules.recurrence import Timing, timing_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The content as it was handed in."""

    at: datetime
    title: str
    text: str
    bulletin_class: BulletinClass
    targets: tuple[AreaCode, ...]
    timing: Timing
    expires_at: datetime
    repeat: int
    recording: RecordingId | None = None
    late: LateRule | None = None
    tracks: tuple[Track, ...] = ()


def handed_in(conn: Conn, announcement: AnnouncementId, limit: int = 2) -> tuple[Version, ...]:
    """The last versions handed in, the newest first."""
    sql = "SELECT * FROM announcement_version WHERE announcement = ? ORDER BY n DESC LIMIT ?"
    return tuple(_version(row) for row in rows(conn, sql, announcement, limit))


def _version(row: Row) -> Version:
    return Version(
        at=from_text(row["at"]),
        title=row["title"],
        text=row["text"],
        bulletin_class=BulletinClass(row["bulletin_class"]),
        targets=tuple(AreaCode(code) for code in json.loads(row["targets"])),
        timing=timing_from_json(json.loads(row["timing"])),
        expires_at=from_text(row["expires_at"]),
        repeat=row["repeat"],
        recording=None if row["recording"] is None else RecordingId(row["recording"]),
        late=None if row["late"] is None else late_rule_from_json("late", json.loads(row["late"])),
        tracks=tracks_from(row["tracks"]),
    )
