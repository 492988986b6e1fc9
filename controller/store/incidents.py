"""Incidents: a node's health changed and stayed changed, until it is well again."""

import json
from dataclasses import dataclass
from datetime import datetime

from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, changed, insert, rows
from controller.store.instants import from_text, maybe_from, to_text
from devices.health import Condition, Reason
from devices.messages import NodeId
from schedules.announcement import AreaCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One stretch of time in which a node was uneasy or silent."""

    id: str
    node: NodeId
    area: AreaCode
    kind: Condition
    reasons: tuple[Reason, ...]
    opened_at: datetime
    closed_at: datetime | None = None


def begin(conn: Conn, incident: Incident) -> bool:
    """Open it. False where the node has one of this kind already; its reasons are then brought up to date."""
    reasons = json.dumps([reason.value for reason in incident.reasons])
    known = changed(
        conn,
        "UPDATE incident SET reasons = ? WHERE node = ? AND kind = ? AND closed_at IS NULL",
        reasons,
        incident.node,
        incident.kind.value,
    )
    if known:
        return False
    insert(
        conn,
        "incident",
        {
            "id": incident.id,
            "node": incident.node,
            "area": incident.area,
            "kind": incident.kind.value,
            "reasons": reasons,
            "opened_at": to_text(incident.opened_at),
        },
    )
    return True


def end(conn: Conn, node: NodeId, kind: Condition, now: datetime) -> bool:
    """Close it. False where there is none."""
    return (
        changed(
            conn,
            "UPDATE incident SET closed_at = ? WHERE node = ? AND kind = ? AND closed_at IS NULL",
            to_text(now),
            node,
            kind.value,
        )
        > 0
    )


def running(conn: Conn, area: AreaCode) -> tuple[Incident, ...]:
    """The open ones of a branch, the oldest first."""
    sql = (
        f"{BRANCH} SELECT incident.* FROM incident JOIN branch ON area = branch.code"
        " WHERE closed_at IS NULL ORDER BY opened_at, incident.id"
    )
    return tuple(_incident(row) for row in rows(conn, sql, area))


def of_node(conn: Conn, node: NodeId, limit: int = 100) -> tuple[Incident, ...]:
    """Those of one node, the newest first."""
    sql = "SELECT * FROM incident WHERE node = ? ORDER BY opened_at DESC, id LIMIT ?"
    return tuple(_incident(row) for row in rows(conn, sql, node, limit))


def _incident(row: Row) -> Incident:
    return Incident(
        id=row["id"],
        node=NodeId(row["node"]),
        area=AreaCode(row["area"]),
        kind=Condition(row["kind"]),
        reasons=tuple(Reason(reason) for reason in json.loads(row["reasons"])),
        opened_at=from_text(row["opened_at"]),
        closed_at=maybe_from(row["closed_at"]),
    )
