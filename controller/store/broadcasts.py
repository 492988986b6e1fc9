"""Broadcasts that somebody opens by hand: live, a relay or a recording to chosen ground now."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, first, insert, rows, update
from controller.store.instants import from_text, maybe_from, maybe_text, to_text
from devices.messages import BulletinClass
from schedules.announcement import AreaCode, PersonId


class BroadcastKind(StrEnum):
    """Whose sound it is: somebody's voice, a station's, or a recording that was approved."""

    LIVE = "live"
    RELAY = "relay"
    RECORDING = "recording"


class End(StrEnum):
    """Why it ended."""

    DONE = "done"
    FINISHED = "finished"
    TIME_UP = "time_up"
    LINK_LOST = "link_lost"
    STOPPED = "stopped"
    NEVER_BEGAN = "never_began"
    RESTARTED = "restarted"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """One row; ``id`` is the grant's name on the wire too. ``opened_at`` None: nothing has gone out yet."""

    id: str
    kind: BroadcastKind
    area: AreaCode
    targets: tuple[AreaCode, ...]
    bulletin_class: BulletinClass
    title: str
    speaker: PersonId
    longest: timedelta
    made_at: datetime
    delay: timedelta = timedelta()
    clip: str | None = None
    opened_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    reason: End | None = None
    ended_by: PersonId | None = None
    sound: timedelta = timedelta()
    groups: tuple[str, ...] = ()


def add(conn: Conn, broadcast: Broadcast) -> None:
    """A new one."""
    insert(conn, "broadcast", _row(broadcast))


def save(conn: Conn, broadcast: Broadcast) -> None:
    """Its new state; sqlite3.IntegrityError where it has ended already or its end would be put off."""
    update(conn, "broadcast", _row(broadcast), id=broadcast.id)


def get(conn: Conn, broadcast: str) -> Broadcast | None:
    """One."""
    row = first(conn, "SELECT * FROM broadcast WHERE id = ?", broadcast)
    return None if row is None else _broadcast(row)


def running(conn: Conn) -> tuple[Broadcast, ...]:
    """Those that have not ended, the oldest first."""
    return _all(rows(conn, "SELECT * FROM broadcast WHERE ended_at IS NULL ORDER BY made_at, id"))


def of_branch(conn: Conn, area: AreaCode, limit: int = 20) -> tuple[Broadcast, ...]:
    """Those that were made in an area and everything in it, the newest first."""
    sql = (
        f"{BRANCH} SELECT broadcast.* FROM broadcast JOIN branch ON area = branch.code"
        " ORDER BY made_at DESC, id LIMIT ?"
    )
    return _all(rows(conn, sql, area, limit))


def _all(found: Iterable[Row]) -> tuple[Broadcast, ...]:
    return tuple(_broadcast(row) for row in found)


def _row(one: Broadcast) -> Row:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "area": one.area,
        "targets": json.dumps(one.targets),
        "groups": json.dumps(one.groups),
        "bulletin_class": one.bulletin_class.value,
        "title": one.title,
        "speaker": one.speaker,
        "longest_s": one.longest // timedelta(seconds=1),
        "delay_s": one.delay // timedelta(seconds=1),
        "clip": one.clip,
        "made_at": to_text(one.made_at),
        "opened_at": maybe_text(one.opened_at),
        "ends_at": maybe_text(one.ends_at),
        "ended_at": maybe_text(one.ended_at),
        "reason": None if one.reason is None else one.reason.value,
        "ended_by": one.ended_by,
        "sound_ms": one.sound // timedelta(milliseconds=1),
    }


def _broadcast(row: Row) -> Broadcast:
    return Broadcast(
        id=row["id"],
        kind=BroadcastKind(row["kind"]),
        area=AreaCode(row["area"]),
        targets=tuple(AreaCode(code) for code in json.loads(row["targets"])),
        groups=tuple(json.loads(row["groups"])),
        bulletin_class=BulletinClass(row["bulletin_class"]),
        title=row["title"],
        speaker=PersonId(row["speaker"]),
        longest=timedelta(seconds=row["longest_s"]),
        made_at=from_text(row["made_at"]),
        delay=timedelta(seconds=row["delay_s"]),
        clip=row["clip"],
        opened_at=maybe_from(row["opened_at"]),
        ends_at=maybe_from(row["ends_at"]),
        ended_at=maybe_from(row["ended_at"]),
        reason=None if row["reason"] is None else End(row["reason"]),
        ended_by=None if row["ended_by"] is None else PersonId(row["ended_by"]),
        sound=timedelta(milliseconds=row["sound_ms"]),
    )
