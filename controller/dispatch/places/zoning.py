"""What lies around each node: near a school or a hospital it is quieter by the hour, emergencies excepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.access import Person, Right
from controller.dispatch.places.node_traits import NodeTrait, tell_nodes
from controller.dispatch.refusals import allow
from controller.dispatch.room import Room
from controller.store import nodes
from controller.store.database import Conn
from controller.store.nodes import Node
from devices.messages import NodeId
from schedules.announcement import AreaCode
from schedules.loudness import Zone

_ZONE: NodeTrait[Zone | None] = NodeTrait(
    of=lambda node: node.zone, store=nodes.set_zone, text=lambda zone: zone or "unsaid"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonesView:
    """The nodes of an area; ``seen`` names the state that a change starts from."""

    area: AreaCode
    nodes: tuple[Node, ...]
    seen: str


class Zoning:
    """One deed: the zones of an area's nodes, with the audit and what the nodes are told."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def look(self, person: Person, area: AreaCode) -> ZonesView:
        """Every node in service there, by place and name."""
        allow(person, Right.NODES, area, self._room.tree)
        found = await self._room.db.read(nodes.of_areas, (area,))
        return ZonesView(area=area, nodes=found, seen=_ZONE.seen(found))

    async def change(
        self, person: Person, area: AreaCode, zones: Mapping[NodeId, Zone | None], seen: str
    ) -> int:
        """The new zones of some nodes of the area; how many changed. 412 ``E_STALE`` for old news."""
        room = self._room
        allow(person, Right.NODES, area, room.tree)
        others = await room.db.write(_changed, person, area, dict(zones), seen, room.clock.now())
        await tell_nodes(room, others)
        return len(others)


def _changed(
    conn: Conn,
    person: Person,
    area: AreaCode,
    zones: Mapping[NodeId, Zone | None],
    seen: str,
    now: datetime,
) -> list[NodeId]:
    others = list(_ZONE.otherwise(conn, area, zones, seen))
    _ZONE.put(conn, area, {node: zones[node] for node in others}, "node.zoned", person.id, now)
    return others
