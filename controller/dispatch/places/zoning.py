"""What lies around each node: near a school or a hospital it is quieter by the hour, emergencies excepted."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.access import Person, Right
from controller.dispatch.receipts.intake import ensure_desired
from controller.dispatch.refusals import allow, missing, stale
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.fleet.registry import make_registry
from controller.store import audit, documents, nodes, outbox
from controller.store.database import Conn
from controller.store.nodes import Node
from devices import topics
from devices.messages import NodeId
from schedules.announcement import AreaCode
from schedules.loudness import Zone

TOLD_IN_AUDIT = 200


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
        return ZonesView(area=area, nodes=found, seen=_seen(found))

    async def change(
        self, person: Person, area: AreaCode, zones: Mapping[NodeId, Zone | None], seen: str
    ) -> int:
        """The new zones of some nodes of the area; how many changed. 412 ``E_STALE`` for old news."""
        room = self._room
        allow(person, Right.NODES, area, room.tree)
        others = await room.db.write(_changed, person, area, dict(zones), seen, room.clock.now())
        room.registry = make_registry(await room.db.read(nodes.in_service), room.tree)
        # a house that dies here tells them at its start
        await room.db.write(self._desired_anew, others)
        room.signals.tell(Topic.NODE)
        room.signals.wake(Wake.SENDER)
        return len(others)

    def _desired_anew(self, conn: Conn, others: list[NodeId]) -> None:
        for node in others:
            # one that has no place yet is told with its place, at its first hello
            if documents.get(conn, topics.desired(node)) is not None:
                for letter in ensure_desired(conn, self._room, node, self._room.clock.now()):
                    outbox.post(conn, letter)


def _changed(
    conn: Conn,
    person: Person,
    area: AreaCode,
    zones: dict[NodeId, Zone | None],
    seen: str,
    now: datetime,
) -> list[NodeId]:
    before = nodes.of_areas(conn, (area,))
    if not {node.id for node in before}.issuperset(zones):
        raise missing()
    if _seen(before) != seen:
        raise stale()
    others = [node.id for node in before if node.id in zones and zones[node.id] != node.zone]
    for node in others:
        nodes.set_zone(conn, node, zones[node])
    if others:
        facts: dict[str, audit.Fact] = {
            "area": area,
            "nodes": [f"{node}:{zones[node] or 'unsaid'}" for node in others[:TOLD_IN_AUDIT]],
            "count": len(others),
        }
        audit.append(conn, now, person.id, "node.zoned", area, facts)
    return others


def _seen(found: Iterable[Node]) -> str:
    said = "\n".join(f"{node.id} {node.zone or ''}" for node in sorted(found, key=lambda node: node.id))
    return hashlib.sha256(said.encode()).hexdigest()[:16]
