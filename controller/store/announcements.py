"""Announcements in the store: content, history, the state of their sound, and finding them again."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, first, insert, marks, rows, update
from controller.store.database import search as matching
from controller.store.folding import fold, prefixes
from controller.store.instants import from_text, maybe_text, to_text
from controller.store.seen import Seen
from controller.store.sounds import Sound, sound_from, sound_row
from controller.store.track_rows import tracks_from, tracks_text
from schedules.announcement import (
    Announcement,
    AnnouncementId,
    Approval,
    AreaCode,
    BulletinClass,
    PersonId,
    RecordingId,
    State,
    content_hash,
)
from schedules.late_rule import late_rule_from_json, late_rule_to_json
from schedules.recurrence import timing_from_json, timing_to_json


class EventDeed(StrEnum):
    """What a person did to an announcement."""

    WROTE = "wrote"
    EDITED = "edited"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    WITHDREW = "withdrew"
    UNDID = "undid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An announcement as it lies in the store."""

    announcement: Announcement
    sound: Sound
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of an announcement's history."""

    announcement: AnnouncementId
    at: datetime
    who: PersonId
    deed: EventDeed
    revision: int
    content_hash: str
    reason: str = ""


def add(conn: Conn, announcement: Announcement, now: datetime) -> None:
    """A new one; raises sqlite3.IntegrityError where the id exists."""
    insert(
        conn, "announcement", {**_row(announcement), "created_at": to_text(now), "updated_at": to_text(now)}
    )


def save(conn: Conn, announcement: Announcement, now: datetime, expected: Announcement | None = None) -> bool:
    """Write its present state. False, and nothing written, where it is no longer as ``expected`` was."""
    if expected is not None:
        held = get(conn, announcement.id)
        if held is None or held.announcement != expected:
            return False
    row = {**_row(announcement), "updated_at": to_text(now)}
    return update(conn, "announcement", row, id=announcement.id) == 1


def save_sound(conn: Conn, announcement: AnnouncementId, sound: Sound) -> None:
    """Write how far its sound is."""
    update(conn, "announcement", sound_row(sound), id=announcement)


def get(conn: Conn, announcement: AnnouncementId) -> Kept | None:
    """One announcement."""
    row = first(conn, "SELECT * FROM announcement WHERE id = ?", announcement)
    return None if row is None else kept_from(row)


def several(conn: Conn, announcements: Iterable[AnnouncementId]) -> dict[AnnouncementId, Kept]:
    """Those of the ids that exist."""
    ids = tuple(announcements)
    found = rows(conn, f"SELECT * FROM announcement WHERE id IN ({marks(len(ids))})", *ids)
    return {AnnouncementId(row["id"]): kept_from(row) for row in found}


def of_branch(
    conn: Conn, area: AreaCode, states: tuple[State, ...] = (), limit: int = 100
) -> tuple[Kept, ...]:
    """What the area and everything in it own, newest change first; all states when ``states`` is empty."""
    wanted = states or tuple(State)
    sql = (
        f"{BRANCH} SELECT announcement.* FROM announcement JOIN branch ON area = branch.code"
        f" WHERE state IN ({marks(len(wanted))}) ORDER BY updated_at DESC, n DESC LIMIT ?"
    )
    return tuple(kept_from(row) for row in rows(conn, sql, area, *(state.value for state in wanted), limit))


def in_tray(conn: Conn, approver: PersonId, area: AreaCode) -> tuple[Kept, ...]:
    """What waits for this approver: submitted on their branch by somebody else, the oldest first."""
    sql = (
        f"{BRANCH} SELECT announcement.* FROM announcement JOIN branch ON area = branch.code"
        " WHERE state = 'submitted' AND author <> ? ORDER BY updated_at, n"
    )
    return tuple(kept_from(row) for row in rows(conn, sql, area, approver))


def in_force(conn: Conn, until_after: datetime, seen: Seen[Kept] | None = None) -> tuple[Kept, ...]:
    """Everything approved that is still true after an instant: what the planner plans.

    Corrections are addressed to single nodes, so the corrector plans them (``dispatch.waves``). What was
    ``seen`` before and has not changed is the very same object.
    """
    sql = (
        "SELECT * FROM announcement WHERE state = 'approved' AND expires_at > ?"
        " AND id NOT IN (SELECT announcement FROM correction) ORDER BY n"
    )
    return (seen or Seen()).of(rows(conn, sql, to_text(until_after)), "id", kept_from)


def to_render(conn: Conn) -> tuple[Kept, ...]:
    """Those whose text is to be read and is not yet, the longest waiting first (also after a crash)."""
    return _waiting(conn, "recording IS NULL")


def to_take(conn: Conn) -> tuple[Kept, ...]:
    """Those whose recording is to be prepared and is not yet, the longest waiting first."""
    return _waiting(conn, "recording IS NOT NULL")


def unasked(conn: Conn, now: datetime) -> tuple[AnnouncementId, ...]:
    """Handed in or approved, and nobody has asked for its sound: whoever handed it in died before that."""
    sql = (
        "SELECT id FROM announcement WHERE state IN ('submitted', 'approved') AND render = 'none'"
        " AND expires_at > ? ORDER BY updated_at, id"
    )
    return tuple(AnnouncementId(row["id"]) for row in rows(conn, sql, to_text(now)))


def search(conn: Conn, area: AreaCode, typed: str, limit: int = 50) -> tuple[Kept, ...]:
    """What the branch owns and holds every typed word, with or without accents; the best match first."""
    query = prefixes(typed)
    if not query:
        return ()
    branch = tuple(row["code"] for row in rows(conn, f"{BRANCH} SELECT code FROM branch", area))
    values = {f"area{k}": code for k, code in enumerate(branch)}
    where = f"area IN ({', '.join(f':{name}' for name in values)})"
    return tuple(kept_from(row) for row in matching(conn, "announcement", query, where, values, limit))


def note(
    conn: Conn, announcement: Announcement, who: PersonId, deed: EventDeed, now: datetime, reason: str = ""
) -> None:
    """One line of history, in the transaction of the deed."""
    insert(
        conn,
        "announcement_event",
        {
            "announcement": announcement.id,
            "at": to_text(now),
            "who": who,
            "deed": deed.value,
            "revision": announcement.revision,
            "content_hash": content_hash(announcement),
            "reason": reason,
        },
    )


def history(conn: Conn, announcement: AnnouncementId) -> tuple[Event, ...]:
    """Everything that was done to it, the oldest first."""
    sql = "SELECT * FROM announcement_event WHERE announcement = ? ORDER BY n"
    return tuple(_event(row) for row in rows(conn, sql, announcement))


def last_event(conn: Conn, announcement: AnnouncementId, deed: EventDeed | None = None) -> Event | None:
    """The newest line of its history, or the newest of one deed (``sent_back`` holds the reason)."""
    row = first(
        conn,
        "SELECT * FROM announcement_event WHERE announcement = ? AND (? IS NULL OR deed = ?)"
        " ORDER BY n DESC LIMIT 1",
        announcement,
        deed,
        deed,
    )
    return None if row is None else _event(row)


def _waiting(conn: Conn, which: str) -> tuple[Kept, ...]:
    wanted = f"render IN ('waiting', 'rendering') AND {which}"
    sql = f"SELECT * FROM announcement WHERE {wanted} ORDER BY updated_at, n"
    return tuple(kept_from(row) for row in rows(conn, sql))


def _row(a: Announcement) -> Row:
    approval = a.approval
    return {
        "id": a.id,
        "area": a.area,
        "title": a.title,
        "text": a.text,
        "bulletin_class": a.bulletin_class.value,
        "targets": json.dumps(list(a.targets)),
        "groups": json.dumps(list(a.groups)),
        "late": None if a.late is None else json.dumps(late_rule_to_json(a.late)),
        "tracks": tracks_text(a.tracks),
        "timing": json.dumps(timing_to_json(a.timing)),
        "valid_from": to_text(a.valid_from),
        "expires_at": to_text(a.expires_at),
        "repeat": a.repeat,
        "recording": a.recording,
        "author": a.author,
        "state": a.state.value,
        "revision": a.revision,
        "approved_by": None if approval is None else approval.by,
        "approved_at": maybe_text(None if approval is None else approval.approved_at),
        "approved_hash": None if approval is None else approval.content_hash,
        "folded": fold(f"{a.title} {a.text}"),
    }


def kept_from(row: Row) -> Kept:
    """A row of the table as what it holds."""
    return Kept(
        announcement=_announcement(row),
        sound=sound_from(row),
        created_at=from_text(row["created_at"]),
        updated_at=from_text(row["updated_at"]),
    )


def _announcement(row: Row) -> Announcement:
    return Announcement(
        id=AnnouncementId(row["id"]),
        area=AreaCode(row["area"]),
        title=row["title"],
        text=row["text"],
        bulletin_class=BulletinClass(row["bulletin_class"]),
        targets=tuple(AreaCode(code) for code in json.loads(row["targets"])),
        timing=timing_from_json(json.loads(row["timing"])),
        valid_from=from_text(row["valid_from"]),
        expires_at=from_text(row["expires_at"]),
        repeat=row["repeat"],
        author=PersonId(row["author"]),
        state=State(row["state"]),
        revision=row["revision"],
        approval=_approval(row),
        recording=None if row["recording"] is None else RecordingId(row["recording"]),
        groups=tuple(json.loads(row["groups"])),
        late=None if row["late"] is None else late_rule_from_json("late", json.loads(row["late"])),
        tracks=tracks_from(row["tracks"]),
    )


def _approval(row: Row) -> Approval | None:
    if row["approved_by"] is None:
        return None
    return Approval(
        by=PersonId(row["approved_by"]),
        approved_at=from_text(row["approved_at"]),
        content_hash=row["approved_hash"],
    )


def _event(row: Row) -> Event:
    return Event(
        announcement=AnnouncementId(row["announcement"]),
        at=from_text(row["at"]),
        who=PersonId(row["who"]),
        deed=EventDeed(row["deed"]),
        revision=row["revision"],
        content_hash=row["content_hash"],
        reason=row["reason"],
    )
