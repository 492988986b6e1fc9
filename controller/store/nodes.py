"""Nodes in the store: what was registered, and what each says of itself."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, changed, first, insert, rows, upsert
from controller.store.instants import maybe_from, maybe_text, to_text
from devices.codec import decode, encode
from devices.health import Condition, Health, Reason
from devices.messages import BootId, ClockState, NodeId, Telemetry
from schedules.announcement import AreaCode
from schedules.loudness import Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A registered node (cụm loa); ``public_key`` is its raw Ed25519 key in base64url."""

    id: NodeId
    name: str
    area: AreaCode
    public_key: str
    latitude: float | None = None
    longitude: float | None = None
    volume_ceiling: int = 100
    languages: tuple[str, ...] = ("vi",)
    zone: Zone | None = None
    desired_version: int = 0
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What a node has last said of itself."""

    node: NodeId
    health: Health = field(default_factory=Health)
    boot_nonce: str | None = None
    protocol: str = ""
    firmware: str = ""
    clock: ClockState = ClockState.UNSURE


def register(conn: Conn, node: Node, now: datetime) -> None:
    """A new node, not heard yet; sqlite3.IntegrityError where its id or its key is known (S71)."""
    insert(
        conn,
        "node",
        {
            "id": node.id,
            "name": node.name,
            "area": node.area,
            "public_key": node.public_key,
            "latitude": node.latitude,
            "longitude": node.longitude,
            "volume_ceiling": node.volume_ceiling,
            "languages": json.dumps(list(node.languages)),
            "zone": None if node.zone is None else node.zone.value,
            "desired_version": node.desired_version,
            "registered_at": to_text(now),
            "retired_at": maybe_text(node.retired_at),
        },
    )
    save_live(conn, (Live(node=node.id),))


def next_desired(conn: Conn, node: NodeId) -> int:
    """The version of the next desired state of a node; the first is 1."""
    row = first(
        conn,
        "UPDATE node SET desired_version = desired_version + 1 WHERE id = ? RETURNING desired_version",
        node,
    )
    return 1 if row is None else int(row["desired_version"])


def move(conn: Conn, node: NodeId, area: AreaCode) -> None:
    """It hangs elsewhere now."""
    changed(conn, "UPDATE node SET area = ? WHERE id = ?", area, node)


def set_zone(conn: Conn, node: NodeId, zone: Zone | None) -> None:
    """What lies around it: a school, a hospital, a pagoda, a church, or just houses."""
    changed(conn, "UPDATE node SET zone = ? WHERE id = ?", None if zone is None else zone.value, node)


def set_languages(conn: Conn, node: NodeId, languages: tuple[str, ...]) -> None:
    """What is understood around it, in the order in which it is heard."""
    changed(conn, "UPDATE node SET languages = ? WHERE id = ?", json.dumps(list(languages)), node)


def retire(conn: Conn, node: NodeId, now: datetime) -> None:
    """Out of service."""
    changed(conn, "UPDATE node SET retired_at = ? WHERE id = ? AND retired_at IS NULL", to_text(now), node)


def get(conn: Conn, node: NodeId) -> Node | None:
    """One node, also a retired one."""
    row = first(conn, "SELECT * FROM node WHERE id = ?", node)
    return None if row is None else _node(row)


def in_service(conn: Conn) -> tuple[Node, ...]:
    """All nodes that are not retired, by area and name."""
    return tuple(
        _node(row)
        for row in rows(conn, "SELECT * FROM node WHERE retired_at IS NULL ORDER BY area, name, id")
    )


def of_areas(conn: Conn, areas: Iterable[AreaCode]) -> tuple[Node, ...]:
    """The nodes in service in these areas and everything in them, none twice."""
    found: dict[NodeId, Node] = {}
    sql = (
        f"{BRANCH} SELECT node.* FROM node JOIN branch ON area = branch.code"
        " WHERE retired_at IS NULL ORDER BY area, name, id"
    )
    for area in areas:
        found.update({NodeId(row["id"]): _node(row) for row in rows(conn, sql, area)})
    return tuple(found.values())


def tongues(conn: Conn) -> tuple[tuple[AreaCode, tuple[str, ...]], ...]:
    """Each language list of each village, once."""
    sql = "SELECT DISTINCT area, languages FROM node WHERE retired_at IS NULL"
    return tuple((AreaCode(row["area"]), tuple(json.loads(row["languages"]))) for row in rows(conn, sql))


def board(conn: Conn, area: AreaCode) -> tuple[tuple[Node, Live], ...]:
    """The nodes in service on a branch, each with what it says of itself."""
    sql = (
        f"{BRANCH} SELECT node.*, node_live.* FROM node JOIN branch ON area = branch.code"
        " JOIN node_live ON node_live.node = node.id WHERE retired_at IS NULL ORDER BY area, name, id"
    )
    return tuple((_node(row), _live(row)) for row in rows(conn, sql, area))


def silent(conn: Conn, area: AreaCode) -> tuple[tuple[Node, Live], ...]:
    """Those of a branch that are not heard of, the longest silent first."""
    lost = [pair for pair in board(conn, area) if pair[1].health.condition is Condition.SILENT]
    return tuple(sorted(lost, key=lambda pair: (maybe_text(pair[1].health.since_at) or "", pair[0].id)))


def live(conn: Conn, node: NodeId) -> Live | None:
    """What one node says of itself."""
    row = first(conn, "SELECT * FROM node_live WHERE node = ?", node)
    return None if row is None else _live(row)


def everything_live(conn: Conn) -> dict[NodeId, Live]:
    """What every node says of itself: read once at start."""
    return {NodeId(row["node"]): _live(row) for row in rows(conn, "SELECT * FROM node_live")}


def save_live(conn: Conn, lives: Iterable[Live]) -> None:
    """Insert or update; one call for all that waits."""
    upsert(conn, "node_live", (_live_row(one) for one in lives), key="node")


def counts(conn: Conn, area: AreaCode) -> dict[Condition, int]:
    """How many nodes of a branch are in each condition."""
    sql = (
        f"{BRANCH} SELECT condition, COUNT(*) AS number FROM node JOIN branch ON area = branch.code"
        " JOIN node_live ON node_live.node = node.id WHERE retired_at IS NULL GROUP BY condition"
    )
    return {Condition(row["condition"]): row["number"] for row in rows(conn, sql, area)}


def _node(row: Row) -> Node:
    return Node(
        id=NodeId(row["id"]),
        name=row["name"],
        area=AreaCode(row["area"]),
        public_key=row["public_key"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        volume_ceiling=row["volume_ceiling"],
        languages=tuple(json.loads(row["languages"])),
        zone=None if row["zone"] is None else Zone(row["zone"]),
        desired_version=row["desired_version"],
        retired_at=maybe_from(row["retired_at"]),
    )


def _live_row(one: Live) -> Row:
    health = one.health
    return {
        "node": one.node,
        "condition": health.condition.value,
        "reasons": json.dumps([reason.value for reason in health.reasons]),
        "since_at": maybe_text(health.since_at),
        "alive_at": maybe_text(health.alive_at),
        "boot": health.boot,
        "said_offline": int(health.said_offline),
        "telemetry": None if health.telemetry is None else encode(health.telemetry),
        "new_refusals": health.new_refusals,
        "boot_nonce": one.boot_nonce,
        "protocol": one.protocol,
        "firmware": one.firmware,
        "clock": one.clock.value,
    }


def _live(row: Row) -> Live:
    return Live(
        node=NodeId(row["node"]),
        health=Health(
            condition=Condition(row["condition"]),
            reasons=tuple(Reason(reason) for reason in json.loads(row["reasons"])),
            since_at=maybe_from(row["since_at"]),
            alive_at=maybe_from(row["alive_at"]),
            boot=None if row["boot"] is None else BootId(row["boot"]),
            said_offline=bool(row["said_offline"]),
            telemetry=None if row["telemetry"] is None else decode(row["telemetry"], Telemetry),
            new_refusals=row["new_refusals"],
        ),
        boot_nonce=row["boot_nonce"],
        protocol=row["protocol"],
        firmware=row["firmware"],
        clock=ClockState(row["clock"]),
    )
