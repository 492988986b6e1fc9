"""Who belongs to the fleet: every node in service, its key ready to verify, its ground."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from controller.store.nodes import Node
from devices.errors import DeviceError
from devices.messages import NodeId
from devices.signing import load_public
from schedules.announcement import AreaCode
from schedules.area import Tree

_log = logging.getLogger("loa.fleet")


@dataclass(frozen=True, slots=True)
class Registry:
    """A snapshot of the fleet; a new one is made when nodes are registered, moved or retired."""

    nodes: Mapping[NodeId, Node]
    keys: Mapping[NodeId, Ed25519PublicKey]
    by_area: Mapping[AreaCode, tuple[Node, ...]]
    areas: Mapping[NodeId, AreaCode]
    tree: Tree

    def on_ground(self, areas: Iterable[AreaCode]) -> tuple[Node, ...]:
        """The nodes in these areas and everything in them, none twice, by area and id."""
        wanted = frozenset(areas)
        found = [
            node
            for area, nodes in self.by_area.items()
            if wanted & frozenset(self.tree.chain(area))
            for node in nodes
        ]
        return tuple(sorted(found, key=lambda node: (node.area, node.id)))


def make_registry(nodes: Iterable[Node], tree: Tree) -> Registry:
    """A node with a weak or unreadable key is left without one: nothing it says is believed."""
    known: dict[NodeId, Node] = {}
    keys: dict[NodeId, Ed25519PublicKey] = {}
    by_area: dict[AreaCode, list[Node]] = {}
    for node in nodes:
        known[node.id] = node
        by_area.setdefault(node.area, []).append(node)
        try:
            keys[node.id] = load_public(node.public_key)
        except DeviceError as error:
            _log.error("node.key_refused node=%s reason=%s", node.id, error)
    return Registry(
        known,
        keys,
        {area: tuple(found) for area, found in by_area.items()},
        {node.id: node.area for node in known.values()},
        tree,
    )
