"""What is understood around each node: the languages in which it plays, in order, one after the other."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.access import Person, Right
from controller.dispatch.places.node_traits import NodeTrait, tell_nodes
from controller.dispatch.refusals import allow, told_as_problems
from controller.dispatch.room import Room
from controller.dispatch.signals import Wake
from controller.errors import Problem
from controller.store import nodes, tongues
from controller.store.database import Conn
from controller.store.nodes import Node
from controller.store.tongues import Lists
from devices.messages import NodeId
from schedules import language
from schedules.announcement import AreaCode

MOST = 4
_LANGUAGES: NodeTrait[tuple[str, ...]] = NodeTrait(
    of=lambda node: node.languages, store=nodes.set_languages, text=" ".join
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TonguesView:
    """The nodes of an area; ``seen`` names the state that a change starts from."""

    area: AreaCode
    nodes: tuple[Node, ...]
    seen: str
    may_undo: bool


class Tongues:
    """Each deed: the rows, its history, the audit, and what the nodes are told."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def look(self, person: Person, area: AreaCode) -> TonguesView:
        """Every node in service there, by place and name."""
        allow(person, Right.NODES, area, self._room.tree)
        return await self._room.db.read(_look, person, area)

    async def change(
        self, person: Person, area: AreaCode, chosen: Iterable[NodeId], languages: Iterable[str], seen: str
    ) -> int:
        """Some nodes of the area play in these languages from now on; how many changed.

        412 ``E_STALE`` for old news, 422 ``E_LANGUAGE`` for a language that is not in the list, 422
        ``E_FIELD`` for none at all, too many, or no node.
        """
        room = self._room
        allow(person, Right.NODES, area, room.tree)
        wanted = tuple(dict.fromkeys(self._tags(languages)))
        if not 1 <= len(wanted) <= MOST:
            raise Problem("E_FIELD", field="languages")
        which = frozenset(chosen)
        if not which:
            raise Problem(
                "E_FIELD", field="nodes", vi="Chưa chọn cụm loa nào.", en="No loudspeaker is chosen."
            )
        others = await room.db.write(_changed, person, area, which, wanted, seen, room.clock.now())
        await self._told(others)
        return len(others)

    async def undo(self, person: Person, area: AreaCode) -> int:
        """What this person changed last in the area stands as before. 409 ``E_STATE`` where it can't."""
        allow(person, Right.NODES, area, self._room.tree)
        others = await self._room.db.write(_undone, person, area, self._room.clock.now())
        await self._told(others)
        return len(others)

    def _tags(self, languages: Iterable[str]) -> list[str]:
        with told_as_problems():
            try:
                return [language.tag(one) for one in languages if one.strip()]
            except Problem as problem:
                raise Problem(problem.code, field="languages") from problem

    async def _told(self, others: list[NodeId]) -> None:
        await tell_nodes(self._room, others)
        self._room.signals.wake(Wake.PLANNER)


def _look(conn: Conn, person: Person, area: AreaCode) -> TonguesView:
    found, last = nodes.of_areas(conn, (area,)), tongues.last(conn, area)
    return TonguesView(
        area=area,
        nodes=found,
        seen=_LANGUAGES.seen(found),
        may_undo=last is not None
        and not last.undone
        and last.who == person.id
        and _stands(found, last.after),
    )


def _changed(
    conn: Conn,
    person: Person,
    area: AreaCode,
    chosen: frozenset[NodeId],
    languages: tuple[str, ...],
    seen: str,
    now: datetime,
) -> list[NodeId]:
    before = _LANGUAGES.otherwise(conn, area, dict.fromkeys(chosen, languages), seen)
    return _set(conn, person, area, before, dict.fromkeys(before, languages), "node.languages_set", now)


def _undone(conn: Conn, person: Person, area: AreaCode, now: datetime) -> list[NodeId]:
    last, found = tongues.last(conn, area), nodes.of_areas(conn, (area,))
    if last is None or last.undone or last.who != person.id or not _stands(found, last.after):
        raise Problem(
            "E_STATE",
            status=409,
            vi="Không hoàn tác được nữa: đã có thay đổi khác sau đó.",
            en="This can't be taken back any more: something else was changed since.",
        )
    others = _set(conn, person, area, last.after, last.before, "node.languages_undone", now)
    deed = tongues.last(conn, area)
    assert deed is not None
    tongues.mark_undone(conn, deed)
    return others


def _set(
    conn: Conn, person: Person, area: AreaCode, before: Lists, after: Lists, deed: str, now: datetime
) -> list[NodeId]:
    if after:
        tongues.note(conn, area, person.id, before, after, now)
    _LANGUAGES.put(conn, area, after, deed, person.id, now)
    return list(after)


def _stands(found: Iterable[Node], lists: Lists) -> bool:
    """Whether the nodes are still as a deed left them."""
    known = {node.id: node.languages for node in found}
    return all(known.get(node) == languages for node, languages in lists.items())
