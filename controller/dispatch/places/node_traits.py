"""What is said of an area's nodes one by one: changed from what was seen, audited, and told to them."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from controller.dispatch.desired import renew_desired
from controller.dispatch.refusals import missing, stale
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.fleet.registry import make_registry
from controller.store import audit, nodes
from controller.store.database import Conn
from controller.store.nodes import Node
from devices.messages import NodeId
from schedules.announcement import AreaCode, PersonId

T = TypeVar("T")
TOLD_IN_AUDIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTrait(Generic[T]):
    """One thing that is said of a node: how it is read off, stored, and written in the audit."""

    of: Callable[[Node], T]
    store: Callable[[Conn, NodeId, T], None]
    text: Callable[[T], str]

    def seen(self, found: Iterable[Node]) -> str:
        """Names the state of these nodes: what a change must bring along."""
        lines = sorted(f"{node.id} {self.text(self.of(node))}" for node in found)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def otherwise(self, conn: Conn, area: AreaCode, wanted: Mapping[NodeId, T], seen: str) -> dict[NodeId, T]:
        """What stands now for those that are not yet as wanted.

        404 for a node that is not of the area, 412 ``E_STALE`` for old news.
        """
        found = nodes.of_areas(conn, (area,))
        if not {node.id for node in found}.issuperset(wanted):
            raise missing()
        if self.seen(found) != seen:
            raise stale()
        stands = {node.id: self.of(node) for node in found}
        return {node: was for node, was in stands.items() if node in wanted and was != wanted[node]}

    def put(
        self, conn: Conn, area: AreaCode, after: Mapping[NodeId, T], deed: str, who: PersonId, now: datetime
    ) -> None:
        """The new values, with their audit; nothing at all where there are none."""
        for node, value in after.items():
            self.store(conn, node, value)
        if after:
            facts: dict[str, audit.Fact] = {
                "area": area,
                "nodes": [
                    f"{node}:{self.text(value)}" for node, value in list(after.items())[:TOLD_IN_AUDIT]
                ],
                "count": len(after),
            }
            audit.append(conn, now, who, deed, area, facts)


async def tell_nodes(room: Room, others: Iterable[NodeId]) -> None:
    """The house knows the new values, and so do these nodes; one that dies here tells them at its start."""
    room.registry = make_registry(await room.db.read(nodes.in_service), room.tree)
    await room.db.write(renew_desired, room, others, room.clock.now())
    room.signals.tell(Topic.NODE)
    room.signals.wake(Wake.SENDER)
