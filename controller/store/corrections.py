"""Corrections (đính chính) in the store: what puts which bài right, who played that one, who was told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from controller.store.database import Conn, Row, changed, first, insert, rows
from controller.store.instants import from_text, maybe_from, to_text
from devices.messages import GroupId, NodeId
from schedules.announcement import AnnouncementId
from schedules.plan import OccurrenceId

PLAYED = "(d.verdict IN ('aired', 'aired_late', 'partial') OR (d.verdict IS NOT NULL AND d.played_ms > 0))"
"""Something of it was let out; what was stopped in the middle was heard up to there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """``announcement`` puts ``wrong`` right and begins with ``opening``."""

    announcement: AnnouncementId
    wrong: AnnouncementId
    opening: str
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One airing of a correction: a group on the wire with its occurrence. Nodes come in, none goes."""

    id: GroupId
    correction: AnnouncementId
    revision: int
    occurrence: OccurrenceId
    day: date
    made_at: datetime
    over_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The newest wave of a correction on one node and what became of it there."""

    node: NodeId
    day: date
    verdict: str | None
    started_at: datetime | None


def add(conn: Conn, correction: Correction) -> None:
    """In the transaction that writes its announcement."""
    insert(
        conn,
        "correction",
        {
            "announcement": correction.announcement,
            "wrong": correction.wrong,
            "opening": correction.opening,
            "written_at": to_text(correction.written_at),
        },
    )


def get(conn: Conn, announcement: AnnouncementId) -> Correction | None:
    """What an announcement puts right, if it is a correction."""
    row = first(conn, "SELECT * FROM correction WHERE announcement = ?", announcement)
    return None if row is None else _correction(row)


def of_wrong(conn: Conn, wrong: AnnouncementId) -> tuple[Correction, ...]:
    """The corrections of an announcement that were not withdrawn, the newest first."""
    sql = (
        "SELECT correction.* FROM correction JOIN announcement AS a ON a.id = correction.announcement"
        " WHERE wrong = ? AND a.state <> 'withdrawn' ORDER BY written_at DESC, announcement"
    )
    return tuple(_correction(row) for row in rows(conn, sql, wrong))


def is_corrected(conn: Conn, wrong: AnnouncementId) -> bool:
    """Whether somebody stands up for a correction of it."""
    sql = (
        "SELECT 1 AS found FROM correction JOIN announcement AS a ON a.id = correction.announcement"
        " WHERE wrong = ? AND a.state = 'approved' LIMIT 1"
    )
    return first(conn, sql, wrong) is not None


def to_settle(conn: Conn, now: datetime) -> tuple[Correction, ...]:
    """Those that may still be heard, or have something at the broker that may have to be taken back."""
    sql = (
        "SELECT correction.* FROM correction JOIN announcement AS a ON a.id = correction.announcement"
        " WHERE (a.state = 'approved' AND a.expires_at > :now) OR EXISTS ("
        " SELECT 1 FROM correction_wave AS w WHERE w.correction = a.id AND w.over_at > :now)"
        " ORDER BY written_at, announcement"
    )
    return tuple(_correction(row) for row in conn.query(sql, {"now": to_text(now)}))


def played(conn: Conn, wrong: AnnouncementId) -> dict[NodeId, datetime]:
    """Each node that let out any of an announcement, in whichever revision, and when it last began to."""
    sql = (
        "SELECT d.node, MAX(COALESCE(d.started_at, d.due_at)) AS at FROM occurrence AS o"
        " JOIN delivery AS d ON d.subject = o.id AND d.kind = 'occurrence'"
        f" WHERE o.item = ? AND {PLAYED} GROUP BY d.node ORDER BY d.node"
    )
    return {NodeId(row["node"]): from_text(row["at"]) for row in rows(conn, sql, wrong)}


def airings(conn: Conn, wrong: AnnouncementId) -> tuple[datetime, ...]:
    """The planned times at which anybody heard something of it, in order."""
    sql = (
        "SELECT DISTINCT o.due_at FROM occurrence AS o JOIN delivery AS d ON d.subject = o.id"
        f" WHERE o.item = ? AND d.kind = 'occurrence' AND {PLAYED} ORDER BY o.due_at"
    )
    return tuple(from_text(row["due_at"]) for row in rows(conn, sql, wrong))


def add_wave(conn: Conn, wave: Wave) -> None:
    """Its occurrence must lie in the store already."""
    insert(
        conn,
        "correction_wave",
        {
            "id": wave.id,
            "correction": wave.correction,
            "revision": wave.revision,
            "occurrence": wave.occurrence,
            "local_date": wave.day.isoformat(),
            "made_at": to_text(wave.made_at),
            "over_at": to_text(wave.over_at),
        },
    )


def join(conn: Conn, wave: GroupId, nodes: Iterable[NodeId]) -> None:
    """These nodes belong to it from now on."""
    for node in nodes:
        changed(conn, "INSERT INTO correction_wave_node (wave, node) VALUES (?, ?)", wave, node)


def waves(conn: Conn, correction: AnnouncementId) -> tuple[Wave, ...]:
    """Every wave of a correction, the oldest first."""
    sql = "SELECT * FROM correction_wave WHERE correction = ? ORDER BY made_at, id"
    return tuple(_wave(row) for row in rows(conn, sql, correction))


def members(conn: Conn, wave: GroupId) -> tuple[NodeId, ...]:
    """Who belongs to a wave."""
    found = rows(conn, "SELECT node FROM correction_wave_node WHERE wave = ? ORDER BY node", wave)
    return tuple(NodeId(row["node"]) for row in found)


def told(conn: Conn, correction: AnnouncementId, revision: int) -> dict[NodeId, Told]:
    """The newest wave of this revision on each node that is in one."""
    sql = (
        "SELECT m.node, w.local_date, d.verdict, d.started_at FROM correction_wave AS w"
        " JOIN correction_wave_node AS m ON m.wave = w.id"
        " LEFT JOIN delivery AS d ON d.subject = w.occurrence AND d.node = m.node"
        " WHERE w.correction = ? AND w.revision = ? ORDER BY w.made_at, w.id"
    )
    return {
        NodeId(row["node"]): Told(
            node=NodeId(row["node"]),
            day=date.fromisoformat(row["local_date"]),
            verdict=row["verdict"],
            started_at=maybe_from(row["started_at"]),
        )
        for row in rows(conn, sql, correction, revision)
    }


def groups_of_node(conn: Conn, node: NodeId, now: datetime) -> dict[GroupId, int]:
    """The waves that a node must listen to now, as groups of version 1."""
    sql = (
        "SELECT w.id FROM correction_wave_node AS m JOIN correction_wave AS w ON w.id = m.wave"
        " WHERE m.node = ? AND w.over_at > ? ORDER BY w.id"
    )
    return {GroupId(row["id"]): 1 for row in rows(conn, sql, node, to_text(now))}


def _correction(row: Row) -> Correction:
    return Correction(
        announcement=AnnouncementId(row["announcement"]),
        wrong=AnnouncementId(row["wrong"]),
        opening=row["opening"],
        written_at=from_text(row["written_at"]),
    )


def _wave(row: Row) -> Wave:
    return Wave(
        id=GroupId(row["id"]),
        correction=AnnouncementId(row["correction"]),
        revision=row["revision"],
        occurrence=OccurrenceId(row["occurrence"]),
        day=date.fromisoformat(row["local_date"]),
        made_at=from_text(row["made_at"]),
        over_at=from_text(row["over_at"]),
    )
