"""Between store and plan: what communes accepted, who is in which group, the plan read back by item."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from controller.fleet.registry import Registry
from controller.store import deliveries, groups, intake, precedence
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.deliveries import Delivery
from controller.store.nodes import Node
from controller.store.occurrences import Planned
from devices.messages import NodeId
from schedules.announcement import AnnouncementId, AreaCode
from schedules.area import Tree
from schedules.plan import Occurrence, Plan, Refusal
from schedules.precedence import Precedence
from schedules.reach import PART, Chosen, Heard, Listed, carriers, heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What was chosen and which groups stand, as the store held it at one moment."""

    chosen: tuple[Chosen, ...] = ()
    groups: Mapping[str, Listed] = field(default_factory=dict)
    members: Mapping[str, frozenset[NodeId]] = field(default_factory=dict)
    precedence: tuple[Precedence, ...] = ()

    def heard(self, kept: Iterable[Kept], tree: Tree) -> tuple[Heard, ...]:
        """Everything that is planned, commune by commune where they choose."""
        by_item: dict[AnnouncementId, list[Chosen]] = {}
        for one in self.chosen:
            by_item.setdefault(one.item, []).append(one)
        return tuple(
            found
            for one in kept
            for found in heard(one.announcement, by_item.get(one.announcement.id, ()), self.groups, tree)
        )

    def nodes(self, occurrence: Occurrence, registry: Registry, tree: Tree) -> tuple[Node, ...]:
        """The nodes that an occurrence is for, each once, by area and id."""
        if not occurrence.carriers:
            return registry.on_ground(tree.cover(occurrence.targets))
        areas = (AreaCode(code) for code in occurrence.carriers if code in tree)
        found = {node.id: node for node in registry.on_ground(areas)}
        for carrier in occurrence.carriers:
            group, _, commune = carrier.partition(PART)
            for member in self.members.get(group, ()):
                node = registry.nodes.get(member)
                if node is not None and (not commune or tree.descends(node.area, AreaCode(commune))):
                    found[node.id] = node
        return tuple(sorted(found.values(), key=lambda node: (node.area, node.id)))


def reach_of(conn: Conn, until_after: datetime) -> Reach:
    """What the store holds now."""
    return Reach(
        chosen=intake.accepted(conn, until_after),
        groups=groups.listed(conn),
        members=groups.members(conn),
        precedence=precedence.in_force(conn, until_after),
    )


def gone(
    conn: Conn, planned: Iterable[Planned], reach: Reach, registry: Registry, tree: Tree, now: datetime
) -> Iterator[Delivery]:
    """What was planned on a node that has left the group since, of airings still to come."""
    for one in planned:
        if one.occurrence.carriers and one.occurrence.due_at > now:
            meant = {node.id for node in reach.nodes(one.occurrence, registry, tree)}
            yield from (
                row for row in deliveries.open_after(conn, one.occurrence.id) if row.node not in meant
            )


def lengths(
    spread: Iterable[Heard], durations: Mapping[AnnouncementId, timedelta]
) -> dict[AnnouncementId, timedelta]:
    """The length of what each place hears: that of the item."""
    own = {one.announcement.id: durations[one.item] for one in spread if one.item in durations}
    return {**durations, **own}


def by_item(made: Plan, spread: Iterable[Heard], tree: Tree) -> Plan:
    """The plan in the names of the items themselves, each occurrence with the documents that carry it."""
    known = {one.announcement.id: one for one in spread}

    def read_back(one: Occurrence) -> Occurrence | None:
        source = known.get(one.item)
        if source is None:
            return one
        brought = carriers(source, one.targets, tree)
        if source.groups and not brought:
            return None
        is_same = (source.item, brought) == (one.item, one.carriers)
        return one if is_same else replace(one, item=source.item, carriers=brought)

    return replace(
        made,
        occurrences=tuple(found for one in made.occurrences if (found := read_back(one)) is not None),
        refusals=tuple(_refused_of(one, known.get(one.item)) for one in made.refusals),
    )


def _refused_of(one: Refusal, source: Heard | None) -> Refusal:
    """What a commune can't air is told in that commune, not wherever else the item goes."""
    if source is None or source.announcement.id == source.item:
        return one
    return replace(one, item=source.item, areas=one.areas or source.announcement.targets)


def lists(spread: Iterable[Heard]) -> dict[str, Listed]:
    """The groups whose documents carry something, and parts of wider ones, by their name on the wire."""
    return {group.id: group for one in spread for group in one.groups}
