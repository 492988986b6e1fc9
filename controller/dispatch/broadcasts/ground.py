"""Where a broadcast goes: areas, and named sets of nodes that a document of their own carries."""

from collections.abc import Iterable
from dataclasses import dataclass

from controller.dispatch.room import Room
from controller.store import groups
from controller.store.database import Conn
from controller.store.nodes import Node
from schedules.announcement import AreaCode
from schedules.reach import Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """``areas`` is all the ground that is touched; ``nodes`` are exactly those that hear it, each once.

    ``doubled`` are nodes that two of its documents would reach: no grant may be opened to them twice.
    """

    areas: tuple[AreaCode, ...]
    nodes: tuple[Node, ...]
    groups: tuple[Listed, ...]
    doubled: tuple[Node, ...]


def ground_of(conn: Conn, room: Room, targets: Iterable[AreaCode], named: Iterable[str]) -> Ground:
    """As the lists of the groups stand now; a group that is gone reaches nobody."""
    tree, registry = room.tree, room.registry
    known = tuple(code for code in targets if code in tree)
    wanted = tuple(named)
    if not wanted:
        return Ground(areas=tree.cover(known), nodes=registry.on_ground(known), groups=(), doubled=())
    listed, members = groups.listed(conn), groups.members(conn)
    standing = tuple(listed[name] for name in wanted if name in listed)
    found = {node.id: node for node in registry.on_ground(known)}
    doubled: dict[str, Node] = {}
    for group in standing:
        for member in sorted(members.get(group.id, ())):
            node = registry.nodes.get(member)
            if node is not None:
                doubled |= {node.id: node} if node.id in found else {}
                found[node.id] = node
    touched = (*known, *(code for group in standing for code in group.ground if code in tree))
    return Ground(
        areas=tree.cover(touched),
        nodes=tuple(sorted(found.values(), key=lambda node: (node.area, node.id))),
        groups=standing,
        doubled=tuple(doubled.values()),
    )
