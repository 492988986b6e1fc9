"""What is known of how a sound came out: who spoke it, what the checks found, what a recogniser heard."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from controller.store.database import Conn, Row, changed, first, insert, update
from controller.store.instants import from_text, to_text
from devices.messages import AlertId
from schedules.announcement import PersonId


class Hearing(StrEnum):
    """Whether a recogniser has listened back."""

    WAITING = "waiting"
    ABSENT = "absent"
    FAILED = "failed"
    HEARD = "heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One sound. ``said``, ``findings`` and ``doubts`` are the plain values of tts/wire.py.

    ``words`` syllables were written, ``alike`` of them heard the same; ``differs``: another number was heard.
    """

    wanted: str
    clip: str
    style: str
    at: datetime
    said: tuple[Mapping[str, Any], ...]
    findings: tuple[Mapping[str, Any], ...]
    words_a_minute: float
    hearing: Hearing = Hearing.WAITING
    words: int = 0
    alike: int = 0
    doubts: tuple[Mapping[str, Any], ...] = ()

    @property
    def differs(self) -> bool:
        """Whether another number was heard than was written."""
        return any(doubt["differs"] for doubt in self.doubts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """Somebody has listened and found it right."""

    who: PersonId
    at: datetime


def save(conn: Conn, report: Report) -> None:
    """The newest sound of this order; what was known of an older one goes."""
    changed(conn, "DELETE FROM speech_report WHERE wanted = ?", report.wanted)
    insert(conn, "speech_report", _row(report))


def save_heard(conn: Conn, report: Report) -> bool:
    """Write what was heard; False where the sound has been made anew meanwhile.

    It is shown in any case, but words of an alert that has been fired are not called back.
    """
    held = find(conn, report.wanted)
    if held is None or held.clip != report.clip:
        return False
    save(conn, report)
    if first(conn, _FIRED, report.wanted) is not None:
        update(conn, "speech_report", {"differs": 0}, wanted=report.wanted)
    return True


_FIRED = (
    "SELECT alert FROM alert_words JOIN alert ON alert = alert.id"
    " WHERE render_hash = ? AND part = 'words' AND state NOT IN ('draft', 'pending_second')"
)


def find(conn: Conn, wanted: str) -> Report | None:
    """What is known of the newest sound of this order."""
    row = first(conn, "SELECT * FROM speech_report WHERE wanted = ?", wanted)
    return None if row is None else _report(row)


def to_hear(conn: Conn) -> Report | None:
    """The oldest sound to which nobody has listened back yet."""
    row = first(conn, "SELECT * FROM speech_report WHERE hearing = 'waiting' ORDER BY at LIMIT 1")
    return None if row is None else _report(row)


def confirm(conn: Conn, alert: AlertId, clip: str, who: PersonId, at: datetime) -> bool:
    """Somebody listened to these words; False where somebody had before."""
    if confirmed(conn, alert, clip) is not None:
        return False
    row = {"alert": alert, "clip": clip, "who": who, "at": to_text(at)}
    insert(conn, "speech_confirmed", row)
    return True


def confirmed(conn: Conn, alert: AlertId, clip: str) -> Confirmed | None:
    """Who has listened to these words of this alert."""
    sql = "SELECT who, at FROM speech_confirmed WHERE alert = ? AND clip = ?"
    row = first(conn, sql, alert, clip)
    return None if row is None else Confirmed(who=PersonId(row["who"]), at=from_text(row["at"]))


def is_held(conn: Conn, alert: AlertId, wanted: str, clip: str) -> bool:
    """Whether these words wait for somebody to listen: another number was heard, nobody said it is right."""
    sql = "SELECT differs FROM speech_report WHERE wanted = ? AND clip = ?"
    row = first(conn, sql, wanted, clip)
    return row is not None and bool(row["differs"]) and confirmed(conn, alert, clip) is None


def _row(report: Report) -> Row:
    return {
        "wanted": report.wanted,
        "clip": report.clip,
        "style": report.style,
        "at": to_text(report.at),
        "said": json.dumps([dict(one) for one in report.said], ensure_ascii=False),
        "findings": json.dumps([dict(one) for one in report.findings], ensure_ascii=False),
        "words_a_minute": report.words_a_minute,
        "hearing": report.hearing.value,
        "words": report.words,
        "alike": report.alike,
        "doubts": json.dumps([dict(one) for one in report.doubts], ensure_ascii=False),
        "differs": int(report.differs),
    }


def _report(row: Row) -> Report:
    return Report(
        wanted=row["wanted"],
        clip=row["clip"],
        style=row["style"],
        at=from_text(row["at"]),
        said=tuple(json.loads(row["said"])),
        findings=tuple(json.loads(row["findings"])),
        words_a_minute=row["words_a_minute"],
        hearing=Hearing(row["hearing"]),
        words=row["words"],
        alike=row["alike"],
        doubts=tuple(json.loads(row["doubts"])),
    )
