"""Relays that are recorded first and heard later: what came of each planned time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, first, insert_once, rows, update
from controller.store.instants import from_text, to_text
from schedules.announcement import AreaCode, PersonId
from schedules.plan import OccurrenceId

_SECOND = timedelta(seconds=1)
_MS = timedelta(milliseconds=1)


class TapeState(StrEnum):
    """How far it is; ``dropped`` is a good one that somebody does not want heard."""

    RECORDING = "recording"
    KEPT = "kept"
    DROPPED = "dropped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """The recording for one planned time. ``why`` is a word where it failed; ``source`` who sounded last."""

    occurrence: OccurrenceId
    session: str
    area: AreaCode
    title: str
    due_at: datetime
    begins_at: datetime
    length: timedelta
    state: TapeState
    changed_at: datetime
    why: str = ""
    source: str = ""
    sound: timedelta = timedelta()
    clip: str | None = None
    changed_by: PersonId | None = None


def add(conn: Conn, tape: Tape) -> bool:
    """The first row of a planned time; False where it has one."""
    return insert_once(
        conn,
        "tape",
        {
            "occurrence": tape.occurrence,
            "session": tape.session,
            "area": tape.area,
            "title": tape.title,
            "due_at": to_text(tape.due_at),
            "begins_at": to_text(tape.begins_at),
            "length_s": tape.length // _SECOND,
            "state": tape.state.value,
            "why": tape.why,
            "source": tape.source,
            "sound_ms": tape.sound // _MS,
            "clip": tape.clip,
            "changed_at": to_text(tape.changed_at),
            "changed_by": tape.changed_by,
        },
        key="occurrence",
    )


def close(conn: Conn, tape: Tape) -> bool:
    """What came of a recording that runs; False where it runs no more."""
    return _moved(conn, tape, TapeState.RECORDING)


def turn(conn: Conn, tape: Tape) -> bool:
    """A good one dropped, or taken back; False where somebody was faster."""
    before = TapeState.KEPT if tape.state is TapeState.DROPPED else TapeState.DROPPED
    return _moved(conn, tape, before)


def get(conn: Conn, occurrence: str) -> Tape | None:
    """The recording of a planned time."""
    row = first(conn, "SELECT * FROM tape WHERE occurrence = ?", occurrence)
    return None if row is None else _tape(row)


def between(conn: Conn, start: datetime, end: datetime) -> tuple[Tape, ...]:
    """Those that are heard, or would have been, within these bounds."""
    sql = "SELECT * FROM tape WHERE due_at >= ? AND due_at < ? ORDER BY due_at, occurrence"
    return tuple(_tape(row) for row in rows(conn, sql, to_text(start), to_text(end)))


def of_branch(conn: Conn, area: AreaCode, limit: int) -> tuple[tuple[Tape, int], ...]:
    """The newest of an area and of everything in it, each with the octets of its clip (0: none)."""
    sql = (
        f"{BRANCH} SELECT tape.*, coalesce(clip.bytes, 0) AS octets FROM tape "
        "JOIN branch ON area = branch.code LEFT JOIN clip ON clip.sha256 = tape.clip "
        "ORDER BY due_at DESC, occurrence LIMIT ?"
    )
    return tuple((_tape(row), row["octets"]) for row in rows(conn, sql, area, limit))


def running(conn: Conn) -> tuple[Tape, ...]:
    """Those that are being recorded, or were when the controller died."""
    return tuple(_tape(row) for row in rows(conn, "SELECT * FROM tape WHERE state = 'recording'"))


def forget(conn: Conn, before: datetime) -> tuple[str, ...]:
    """Delete what was to be heard before an instant; the clips that no recording is left of."""
    gone = {
        row["clip"]
        for row in rows(
            conn,
            "DELETE FROM tape WHERE due_at < ? AND state != 'recording' RETURNING clip",
            to_text(before),
        )
        if row["clip"] is not None
    }
    return tuple(
        clip for clip in sorted(gone) if first(conn, "SELECT 1 AS one FROM tape WHERE clip = ?", clip) is None
    )


def _moved(conn: Conn, tape: Tape, before: TapeState) -> bool:
    after: Row = {
        "state": tape.state.value,
        "why": tape.why,
        "source": tape.source,
        "sound_ms": tape.sound // _MS,
        "clip": tape.clip,
        "changed_at": to_text(tape.changed_at),
        "changed_by": tape.changed_by,
    }
    return update(conn, "tape", after, occurrence=tape.occurrence, state=before.value) == 1


def _tape(row: Row) -> Tape:
    return Tape(
        occurrence=OccurrenceId(row["occurrence"]),
        session=row["session"],
        area=AreaCode(row["area"]),
        title=row["title"],
        due_at=from_text(row["due_at"]),
        begins_at=from_text(row["begins_at"]),
        length=timedelta(seconds=row["length_s"]),
        state=TapeState(row["state"]),
        changed_at=from_text(row["changed_at"]),
        why=row["why"],
        source=row["source"],
        sound=timedelta(milliseconds=row["sound_ms"]),
        clip=row["clip"],
        changed_by=None if row["changed_by"] is None else PersonId(row["changed_by"]),
    )
