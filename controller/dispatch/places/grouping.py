"""What people do to groups of nodes (nhóm loa): make, rename, fill, delete, take back; and how they look."""

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from controller.access import Person, Right, may
from controller.dispatch.desired import renew_desired
from controller.dispatch.forms.nodes import NodeLine
from controller.dispatch.refusals import allow, missing, stale, told_as_problems
from controller.dispatch.room import Room
from controller.dispatch.showing import node_line
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import audit, groups, idempotency, people
from controller.store.database import Conn
from controller.store.folding import fold
from controller.store.groups import Group, GroupDeed
from controller.store.idempotency import body_print
from devices.messages import GroupId, NodeId
from schedules.announcement import AreaCode, PersonId, clean_text

LONGEST_NAME = 80
MOST_MEMBERS = 5000
MOST_GROUPS = 200
TOLD_IN_AUDIT = 50

Change = Callable[[Conn, Group], Group]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group as people see it; ``version`` is what a change must bring along."""

    id: GroupId
    area: AreaCode
    area_name: str
    name: str
    version: int
    nodes: tuple[NodeLine, ...]
    may_change: bool
    changed_by: str
    changed_at: datetime | None
    may_undo: bool
    deleted: bool = False

    @property
    def villages(self) -> int:
        return len({line.area for line in self.nodes})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One press of a button; the same key with the same body is the same deed."""

    person: Person
    deed: GroupDeed
    key: str
    body: str


class Groups:
    """Each deed is one transaction: the group, its history, the audit, its nodes' desired state, the key.

    A group belongs to an area and holds nodes of that ground alone. Every change raises its version, so
    that a node refuses what was signed for an older list (``E_TARGET``).
    """

    def __init__(self, room: Room) -> None:
        self._room = room

    async def on_branch(self, person: Person, words: str = "") -> tuple[GroupView, ...]:
        """The groups of the person's branch whose name (or place) has every word, accents or not."""
        allow(person, Right.READ, person.area, self._room.tree)
        views = await self._room.db.read(self._shown_all, person)
        wanted = fold(words).split()
        return tuple(
            view for view in views if all(word in fold(f"{view.name} {view.area_name}") for word in wanted)
        )

    async def one(self, person: Person, group: GroupId) -> GroupView:
        """One group, also a deleted one as long as whoever deleted it may take that back."""
        found = await self._room.db.read(groups.get, group)
        if found is None:
            raise missing()
        allow(person, Right.READ, found.area, self._room.tree)
        view = await self._room.db.read(self._shown, person, found)
        if view.deleted and not view.may_undo:
            raise missing()
        return view

    async def make(
        self, person: Person, area: AreaCode, name: str, nodes: Iterable[NodeId], key: str
    ) -> GroupView:
        """A new group. 409 ``E_TAKEN`` for a name that the area has, 422 ``E_FIELD`` with the field."""
        room = self._room
        allow(person, Right.NODES, area, room.tree)
        wanted, ready = tuple(sorted(set(nodes))), _name(name)
        asked = _asked(person, GroupDeed.MADE, key, area, ready, wanted)
        now = room.clock.now()

        def deed(conn: Conn) -> GroupId:
            if (known := idempotency.recall(conn, person.id, key, asked.body)) is not None:
                return GroupId(known.answer["group"])
            self._check_nodes(area, wanted, wanted)
            _check_name(conn, area, ready)
            if sum(1 for one in groups.of_branch(conn, area) if one.area == area) >= MOST_GROUPS:
                raise Problem(
                    "E_STATE",
                    vi=f"Đã có {MOST_GROUPS} nhóm. Xin xóa bớt nhóm không dùng.",
                    en=f"There are {MOST_GROUPS} groups already; delete some that are not used.",
                )
            group = Group(
                id=GroupId(f"g-{secrets.token_hex(8)}"),
                area=area,
                name=ready,
                version=1,
                members=wanted,
                made_at=now,
            )
            groups.make(conn, group)
            self._settle(conn, asked, None, group, now)
            return group.id

        return await self._told(person, await room.db.write(deed))

    async def rename(self, person: Person, group: GroupId, name: str, key: str, *, version: int) -> GroupView:
        """Another name. 412 ``E_STALE`` where ``version`` is not the stored one, 409 ``E_TAKEN``."""
        ready = _name(name)

        def change(conn: Conn, before: Group) -> Group:
            _check_name(conn, before.area, ready, group)
            return replace(before, name=ready)

        return await self._do(
            group, _asked(person, GroupDeed.RENAMED, key, group, version, ready), version, change
        )

    async def fill(
        self,
        person: Person,
        group: GroupId,
        key: str,
        *,
        version: int,
        add: Iterable[NodeId] = (),
        remove: Iterable[NodeId] = (),
    ) -> GroupView:
        """Take nodes in and out; one that is there already, or is not, changes nothing.

        422 ``E_FIELD`` (``add``) for a node that does not hang on the group's ground, or nowhere at all.
        """
        coming, going = tuple(sorted(set(add))), tuple(sorted(set(remove)))

        def change(conn: Conn, before: Group) -> Group:
            members = tuple(sorted((set(before.members) - set(going)) | set(coming)))
            self._check_nodes(before.area, coming, members)
            return replace(before, members=members)

        asked = _asked(person, GroupDeed.CHANGED, key, group, version, coming, going)
        return await self._do(group, asked, version, change)

    async def delete(self, person: Person, group: GroupId, key: str, *, version: int) -> GroupView:
        """End a group; whoever did it may take it back."""
        now = self._room.clock.now()
        asked = _asked(person, GroupDeed.DELETED, key, group, version)
        return await self._do(
            group, asked, version, lambda conn, before: replace(before, members=(), deleted_at=now)
        )

    async def undo(self, person: Person, group: GroupId, key: str, *, version: int) -> GroupView:
        """Take back the last deed, by whoever did it; what was made new goes. 409 ``E_STATE`` otherwise.

        Nodes that hang elsewhere by now stay out.
        """
        room = self._room

        def change(conn: Conn, before: Group) -> Group:
            last = groups.last_deed(conn, group)
            if last is None or last.who != person.id:
                raise Problem("E_STATE")
            if not last.deleted:
                _check_name(conn, before.area, last.name, group)
            groups.take_back(conn, last.n)
            ground = {node.id for node in room.registry.on_ground((before.area,))}
            return replace(
                before,
                name=last.name,
                members=() if last.deleted else tuple(node for node in last.members if node in ground),
                deleted_at=room.clock.now() if last.deleted else None,
            )

        asked = _asked(person, GroupDeed.UNDID, key, group, version)
        return await self._do(group, asked, version, change)

    async def _do(self, group: GroupId, asked: _Asked, version: int, change: Change) -> GroupView:
        room, person = self._room, asked.person
        found = await room.db.read(groups.get, group)
        if found is None:
            raise missing()
        allow(person, Right.NODES, found.area, room.tree)
        now = room.clock.now()

        def deed(conn: Conn) -> None:
            if idempotency.recall(conn, person.id, asked.key, asked.body) is not None:
                return
            before = groups.get(conn, group)
            if before is None or (before.deleted_at is not None and asked.deed is not GroupDeed.UNDID):
                raise missing()
            if before.version != version:
                raise stale()
            after = change(conn, before)
            if after == before:
                return
            after = replace(after, version=before.version + 1)
            groups.save(conn, before, after)
            self._settle(conn, asked, before, after, now)

        await room.db.write(deed)
        return await self._told(person, group)

    def _settle(self, conn: Conn, asked: _Asked, before: Group | None, after: Group, now: datetime) -> None:
        """What belongs to every deed: history, audit, what the nodes are told, the key."""
        who = asked.person.id
        groups.note(conn, before, after, asked.deed, who, now)
        was = set(before.members) if before else set()
        facts: dict[str, audit.Fact] = {
            "area": after.area,
            "name": after.name,
            "version": after.version,
            "nodes": len(after.members),
            "added": list(sorted(set(after.members) - was)[:TOLD_IN_AUDIT]),
            "removed": list(sorted(was - set(after.members))[:TOLD_IN_AUDIT]),
        }
        audit.append(conn, now, who, f"group.{asked.deed.value}", after.id, facts)
        renew_desired(conn, self._room, sorted(was | set(after.members)), now)
        answer = {"group": after.id}
        idempotency.remember(conn, who, asked.key, asked.body, status=200, answer=answer, now=now)

    async def _told(self, person: Person, group: GroupId) -> GroupView:
        self._room.signals.tell(Topic.NODE)
        self._room.signals.wake(Wake.SENDER, Wake.PLANNER)
        found = await self._room.db.read(groups.get, group)
        if found is None:
            raise missing()
        return await self._room.db.read(self._shown, person, found)

    def _check_nodes(self, area: AreaCode, coming: tuple[NodeId, ...], members: tuple[NodeId, ...]) -> None:
        ground = {node.id for node in self._room.registry.on_ground((area,))}
        if not ground.issuperset(coming):
            raise Problem(
                "E_FIELD",
                field="nodes",
                vi="Có cụm loa không treo trên địa bàn của nhóm.",
                en="A node does not hang on the ground of the group.",
            )
        if len(members) > MOST_MEMBERS:
            raise Problem(
                "E_FIELD",
                field="nodes",
                vi=f"Một nhóm có nhiều nhất {MOST_MEMBERS} cụm loa.",
                en=f"A group holds {MOST_MEMBERS} nodes at most.",
            )

    def _shown_all(self, conn: Conn, person: Person) -> tuple[GroupView, ...]:
        return tuple(self._shown(conn, person, group) for group in groups.of_branch(conn, person.area))

    def _shown(self, conn: Conn, person: Person, group: Group) -> GroupView:
        room = self._room
        may_change = may(person, Right.NODES, group.area, room.tree)
        last = groups.last_deed(conn, group.id)
        by = None if last is None else people.by_id(conn, PersonId(last.who))
        known = (room.registry.nodes.get(node) for node in group.members)
        lines = [node_line(node, room.monitor.live(node.id), room) for node in known if node is not None]
        return GroupView(
            id=group.id,
            area=group.area,
            area_name=room.tree.area(group.area).name,
            name=group.name,
            version=group.version,
            nodes=tuple(sorted(lines, key=lambda line: (line.area, line.name, line.node))),
            may_change=may_change,
            changed_by="" if by is None else by.person.name,
            changed_at=None if last is None else last.at,
            may_undo=may_change and last is not None and last.who == person.id,
            deleted=group.deleted_at is not None,
        )


def _asked(person: Person, deed: GroupDeed, key: str, *said: object) -> _Asked:
    if not 1 <= len(key) <= 200:
        raise Problem("E_IDEMPOTENCY_KEY")
    return _Asked(person=person, deed=deed, key=key, body=body_print(f"group.{deed.value}", json.dumps(said)))


def _name(name: str) -> str:
    with told_as_problems():
        ready = " ".join(clean_text(name).split())
    if not ready or len(ready) > LONGEST_NAME or not any(character.isalnum() for character in ready):
        raise Problem(
            "E_FIELD",
            field="name",
            vi=f"Xin đặt tên nhóm, nhiều nhất {LONGEST_NAME} chữ.",
            en=f"Give the group a name of {LONGEST_NAME} characters at most.",
        )
    return ready


def _check_name(conn: Conn, area: AreaCode, name: str, own: GroupId | None = None) -> None:
    other = groups.named(conn, area, name)
    if other is not None and other.id != own:
        raise Problem(
            "E_TAKEN",
            field="name",
            status=409,
            vi=f"Đã có nhóm tên “{name}”. Xin chọn tên khác.",
            en=f"There is a group called “{name}” already; choose another name.",
        )
