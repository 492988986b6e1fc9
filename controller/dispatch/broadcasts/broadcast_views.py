"""Broadcasts as people see them: who speaks now, with which authority, until when, and who hears it."""

from controller.access import Person, Right, may, within
from controller.dispatch.broadcasts.ground import ground_of
from controller.dispatch.broadcasts.live_forms import BroadcastView
from controller.dispatch.refusals import allow, missing
from controller.dispatch.room import Room
from controller.store import broadcasts, deliveries, groups, people
from controller.store.broadcasts import Broadcast
from controller.store.database import Conn
from controller.store.deliveries import Verdict
from devices.messages import GroupId, Heard


class BroadcastViews:
    """Read-only; what neither began on the asker's branch nor is heard there does not exist for them."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def one(self, person: Person, broadcast: str) -> BroadcastView:
        """404 ``E_NOT_FOUND``."""
        allow(person, Right.READ, person.area, self._room.tree)
        row = await self._room.db.read(broadcasts.get, broadcast)
        if row is None or not await self._in_sight(person, row):
            raise missing()
        return await self._room.db.read(self._view, person, row)

    async def running(self, person: Person) -> tuple[BroadcastView, ...]:
        """Who speaks now to the person's ground, the oldest first."""
        rows = await self._room.db.read(broadcasts.running)
        mine = [row for row in rows if await self._in_sight(person, row)]
        return tuple([await self._room.db.read(self._view, person, row) for row in mine])

    async def recent(self, person: Person, limit: int = 10) -> tuple[BroadcastView, ...]:
        """Those of the person's branch, the newest first."""
        allow(person, Right.READ, person.area, self._room.tree)
        rows = await self._room.db.read(broadcasts.of_branch, person.area, limit)
        return tuple([await self._room.db.read(self._view, person, row) for row in rows])

    async def group_names(self, named: tuple[str, ...]) -> tuple[str, ...]:
        """What people call these groups of nodes."""
        return await self._room.db.read(_group_names, named) if named else ()

    async def _in_sight(self, person: Person, row: Broadcast) -> bool:
        room = self._room
        if within(person, row.area, room.tree):
            return True
        ground = await room.db.read(ground_of, room, row.targets, row.groups)
        return room.tree.meet(ground.areas, (person.area,)) is not None

    def _view(self, conn: Conn, person: Person, row: Broadcast) -> BroadcastView:
        tree = self._room.tree
        names = people.names(conn)
        found = deliveries.of_subject(conn, row.id)
        return BroadcastView(
            id=row.id,
            kind=row.kind,
            title=row.title,
            bulletin_class=row.bulletin_class,
            area=row.area,
            area_name=tree.area(row.area).name,
            targets=row.targets,
            target_names=tuple(tree.area(code).name for code in row.targets if code in tree),
            speaker_name=names.get(row.speaker, row.speaker),
            made_at=row.made_at,
            delay=row.delay,
            longest=row.longest,
            opened_at=row.opened_at,
            ends_at=row.ends_at,
            ended_at=row.ended_at,
            reason=row.reason,
            ended_by_name="" if row.ended_by is None else names.get(row.ended_by, row.ended_by),
            sound=row.sound,
            group_names=_group_names(conn, row.groups),
            nodes=len(found) or len(ground_of(conn, self._room, row.targets, row.groups).nodes),
            sounding=sum(one.started_at is not None for one in found),
            heard=sum(one.heard is Heard.YES for one in found),
            refused=sum(one.ruling is not None and one.ruling.verdict is Verdict.REFUSED for one in found),
            mine=row.speaker == person.id,
            may_end=row.ended_at is None and may(person, Right.STOP, row.area, tree),
        )


def _group_names(conn: Conn, named: tuple[str, ...]) -> tuple[str, ...]:
    """Also of one that was deleted since."""
    found = (groups.get(conn, GroupId(name)) for name in named)
    return tuple(group.name for group in found if group is not None)
