"""Named groups of nodes (nhóm loa) in the store: who is in which, in which version, and what was done."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, changed, first, insert, rows, update
from controller.store.instants import from_text, maybe_from, maybe_text, to_text
from devices.messages import GroupId, NodeId
from schedules.announcement import AreaCode, PersonId
from schedules.area import Level
from schedules.reach import Listed, part_id

_ABOVE = (Level.NATION, Level.PROVINCE)


class GroupDeed(StrEnum):
    """What somebody did to a group."""

    MADE = "made"
    RENAMED = "renamed"
    CHANGED = "changed"
    DELETED = "deleted"
    UNDID = "undid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some nodes of an area under one name; ``version`` rises with each change."""

    id: GroupId
    area: AreaCode
    name: str
    version: int
    members: tuple[NodeId, ...]
    made_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The newest deed of a group that was not taken back, with what the group was before it."""

    n: int
    at: datetime
    who: PersonId
    deed: GroupDeed
    name: str
    members: tuple[NodeId, ...]
    deleted: bool


def make(conn: Conn, group: Group) -> None:
    """A new group; sqlite3.IntegrityError where the area has one of that name, or 200 already."""
    insert(
        conn,
        "node_group",
        {
            "id": group.id,
            "area": group.area,
            "name": group.name,
            "spelt": spelt(group.name),
            "version": group.version,
            "made_at": to_text(group.made_at),
        },
    )
    _join(conn, group.id, group.members)


def save(conn: Conn, before: Group, after: Group) -> None:
    """Another name, other members, or deleted; the version must have risen.

    Raises sqlite3.IntegrityError for a name that is taken and for a node of other ground.
    """
    update(
        conn,
        "node_group",
        {
            "name": after.name,
            "spelt": spelt(after.name),
            "version": after.version,
            "deleted_at": maybe_text(after.deleted_at),
        },
        id=after.id,
    )
    for node in set(before.members) - set(after.members):
        changed(conn, "DELETE FROM node_group_member WHERE node_group = ? AND node = ?", after.id, node)
    _join(conn, after.id, tuple(sorted(set(after.members) - set(before.members))))


def get(conn: Conn, group: GroupId) -> Group | None:
    """One group, also a deleted one."""
    row = first(conn, "SELECT * FROM node_group WHERE id = ?", group)
    return None if row is None else _group(conn, row)


def named(conn: Conn, area: AreaCode, name: str) -> Group | None:
    """The group of an area that is called so now; upper and lower case are the same."""
    row = first(
        conn,
        "SELECT * FROM node_group WHERE area = ? AND spelt = ? AND deleted_at IS NULL",
        area,
        spelt(name),
    )
    return None if row is None else _group(conn, row)


def of_branch(conn: Conn, area: AreaCode) -> tuple[Group, ...]:
    """The groups of an area and everything in it, by area and name; without the deleted."""
    sql = (
        f"{BRANCH} SELECT node_group.* FROM node_group JOIN branch ON area = branch.code"
        " WHERE deleted_at IS NULL ORDER BY area, spelt, id"
    )
    return tuple(_group(conn, row) for row in rows(conn, sql, area))


def of_node(conn: Conn, node: NodeId) -> dict[GroupId, int]:
    """The version of each group that the node is in, by id.

    Of a group that spans communes also its part in the node's own commune: each commune accepts for itself.
    """
    found = rows(
        conn,
        "SELECT node_group.id, version, owner.level, node.area FROM node_group_member"
        " JOIN node_group ON node_group.id = node_group JOIN area AS owner ON owner.code = node_group.area"
        " JOIN node ON node.id = node WHERE node = ? AND deleted_at IS NULL ORDER BY node_group.id",
        node,
    )
    belongs: dict[GroupId, int] = {}
    for row in found:
        belongs[GroupId(row["id"])] = row["version"]
        commune = _commune_of(conn, row["area"]) if row["level"] in _ABOVE else None
        if commune is not None:
            belongs[GroupId(part_id(row["id"], commune))] = row["version"]
    return belongs


def listed(conn: Conn) -> dict[str, Listed]:
    """Every group with the areas in which its nodes hang, as the plan wants them; without the deleted."""
    ground: dict[str, list[AreaCode]] = {}
    sql = (
        "SELECT DISTINCT node_group, node.area AS area FROM node_group_member JOIN node ON node.id = node"
        " WHERE retired_at IS NULL ORDER BY node_group, area"
    )
    for row in rows(conn, sql):
        ground.setdefault(row["node_group"], []).append(AreaCode(row["area"]))
    groups = rows(conn, "SELECT id, area, version FROM node_group WHERE deleted_at IS NULL ORDER BY id")
    return {
        row["id"]: Listed(
            id=row["id"],
            area=AreaCode(row["area"]),
            version=row["version"],
            ground=tuple(ground.get(row["id"], ())),
        )
        for row in groups
    }


def members(conn: Conn) -> dict[str, frozenset[NodeId]]:
    """The nodes in service of every group that stands, by id."""
    found: dict[str, set[NodeId]] = {}
    sql = (
        "SELECT node_group, node FROM node_group_member JOIN node ON node.id = node"
        " JOIN node_group ON node_group.id = node_group WHERE retired_at IS NULL AND deleted_at IS NULL"
    )
    for row in rows(conn, sql):
        found.setdefault(row["node_group"], set()).add(NodeId(row["node"]))
    return {group: frozenset(nodes) for group, nodes in found.items()}


def note(
    conn: Conn, before: Group | None, after: Group, deed: GroupDeed, who: PersonId, now: datetime
) -> None:
    """One deed, with what the group was before it (nothing, where it is new)."""
    was = {
        "name": before.name if before else after.name,
        "members": list(before.members) if before else [],
        "deleted": before is None or before.deleted_at is not None,
    }
    insert(
        conn,
        "node_group_deed",
        {
            "node_group": after.id,
            "at": to_text(now),
            "who": who,
            "deed": deed.value,
            "version": after.version,
            "before": json.dumps(was, ensure_ascii=False),
        },
    )


def last_deed(conn: Conn, group: GroupId) -> Done | None:
    """The newest deed that still stands; the taking back itself is none."""
    row = first(
        conn,
        "SELECT * FROM node_group_deed WHERE node_group = ? AND undone = 0 AND deed <> 'undid'"
        " ORDER BY n DESC LIMIT 1",
        group,
    )
    if row is None:
        return None
    was = json.loads(row["before"])
    return Done(
        n=row["n"],
        at=from_text(row["at"]),
        who=PersonId(row["who"]),
        deed=GroupDeed(row["deed"]),
        name=was["name"],
        members=tuple(NodeId(node) for node in was["members"]),
        deleted=was["deleted"],
    )


def take_back(conn: Conn, n: int) -> None:
    """This deed does not stand any more."""
    changed(conn, "UPDATE node_group_deed SET undone = 1 WHERE n = ?", n)


def spelt(name: str) -> str:
    """A name as names are compared: SQLite's own lower() knows no Đ."""
    return " ".join(name.lower().split())


def _commune_of(conn: Conn, code: str) -> AreaCode | None:
    row = first(
        conn,
        "SELECT above FROM area_above JOIN area ON area.code = above"
        " WHERE area_above.code = ? AND level = 'commune'",
        code,
    )
    return None if row is None else AreaCode(row["above"])


def _join(conn: Conn, group: GroupId, members: tuple[NodeId, ...]) -> None:
    if members:
        insert(conn, "node_group_member", *({"node_group": group, "node": node} for node in members))


def _group(conn: Conn, row: Row) -> Group:
    members = rows(
        conn,
        "SELECT node FROM node_group_member JOIN node ON node.id = node"
        " WHERE node_group = ? AND retired_at IS NULL ORDER BY node",
        row["id"],
    )
    return Group(
        id=GroupId(row["id"]),
        area=AreaCode(row["area"]),
        name=row["name"],
        version=row["version"],
        members=tuple(NodeId(member["node"]) for member in members),
        made_at=from_text(row["made_at"]),
        deleted_at=maybe_from(row["deleted_at"]),
    )
