"""The area's list of relay sources: its order, its filler, how each address fares; with one step back."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from controller.access import Person, Right, may
from controller.dispatch.broadcasts.tuning import Tuner
from controller.dispatch.refusals import allow, stale, told_as_problems
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import audit, people, relays
from controller.store.database import Conn
from controller.store.relays import Checked, RelayList, RelaySource
from controller.streams.address import check
from controller.streams.checking import try_out
from controller.streams.pulling import pull
from schedules.announcement import AnnouncementId, AreaCode, clean_text

LONGEST_NAME = 80
FRESH = timedelta(seconds=10)

Change = Callable[[tuple[RelaySource, ...]], tuple[RelaySource, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One source as people see it; ``checked`` None: never tried."""

    source: RelaySource
    checked: Checked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesView:
    """A list with what its last change must bring along (``version``)."""

    area: AreaCode
    area_name: str
    version: int
    lines: tuple[SourceLine, ...]
    filler_name: str
    changed_by: str
    changed_at: datetime | None
    may_change: bool
    may_undo: bool
    inherited_from: str = ""


class Sourcing:
    """Each deed is one transaction with its audit. 412 ``E_STALE`` where somebody else was first."""

    def __init__(self, room: Room, tuner: Tuner) -> None:
        self._room = room
        self._tuner = tuner
        self._bells: str | None = None
        self._trying = asyncio.Lock()

    async def look(self, person: Person, area: AreaCode) -> SourcesView:
        """The area's list; where it has none, that of the nearest area above it."""
        allow(person, Right.READ, area, self._room.tree)
        return await self._room.db.read(self._shown, person, area)

    async def add(self, person: Person, area: AreaCode, name: str, url: str, *, version: int) -> SourcesView:
        """One more at the end. 422 ``E_URL``, ``E_FIELD``; 409 ``E_STATE`` for one too many."""
        with told_as_problems():
            called = " ".join(clean_text(name).split())
        if not 1 <= len(called) <= LONGEST_NAME:
            raise Problem("E_FIELD", field="name")
        place = check(url.strip(), self._tuner.allowed)

        def change(before: tuple[RelaySource, ...]) -> tuple[RelaySource, ...]:
            if len(before) >= relays.MOST or any(one.url == place.url for one in before):
                raise Problem("E_STATE")
            return (*before, RelaySource(name=called, url=place.url))

        view = await self._changed(person, area, version, "added", change)
        self._room.signals.wake(Wake.RELAYS)
        return view

    async def move(self, person: Person, area: AreaCode, place: int, by: int, *, version: int) -> SourcesView:
        """One place up (-1) or down (1); beyond the ends nothing happens."""

        def change(before: tuple[RelaySource, ...]) -> tuple[RelaySource, ...]:
            _need(0 <= place < len(before))
            to = min(max(place + by, 0), len(before) - 1)
            rest = [one for at, one in enumerate(before) if at != place]
            return (*rest[:to], before[place], *rest[to:])

        return await self._changed(person, area, version, "moved", change)

    async def remove(self, person: Person, area: AreaCode, place: int, *, version: int) -> SourcesView:
        """Take one away."""

        def change(before: tuple[RelaySource, ...]) -> tuple[RelaySource, ...]:
            _need(0 <= place < len(before))
            return (*before[:place], *before[place + 1 :])

        return await self._changed(person, area, version, "removed", change)

    async def undo(self, person: Person, area: AreaCode, *, version: int) -> SourcesView:
        """The list as it was before its last change, by whoever changed it."""

        def deed(conn: Conn) -> None:
            listed = self._held(conn, person, area, version)
            if listed.before is None or listed.changed_by != person.id:
                raise Problem("E_STATE")
            self._save(conn, person, replace(listed, sources=listed.before), "undid", keep_before=False)

        return await self._done(person, area, deed)

    async def choose_filler(
        self, person: Person, area: AreaCode, item: AnnouncementId | None, *, version: int
    ) -> SourcesView:
        """What sounds where no source does: an approved bài, or (None) the bells."""
        clip = None if item is None else await self._tuner.clip_of(person, item)
        name = "" if item is None else await self._tuner.title_of(item)

        def deed(conn: Conn) -> None:
            listed = self._held(conn, person, area, version)
            self._save(conn, person, replace(listed, filler=clip, filler_name=name), "filler")

        return await self._done(person, area, deed)

    async def check_now(self, person: Person, area: AreaCode) -> SourcesView:
        """Try every source of the list; takes some seconds. Whoever reads may: nothing is changed by it."""
        allow(person, Right.READ, area, self._room.tree)
        await self.check_area(area)
        return await self.look(person, area)

    async def check_area(self, area: AreaCode) -> tuple[Checked, ...]:
        """Each source one after the other; one that was tried a moment ago is not asked again."""
        room = self._room
        async with self._trying:
            sources = await self._tuner.sources(area)
            known = await room.db.read(relays.last_checked, tuple(one.url for one in sources))
            found = []
            for source in sources:
                before = known.get(source.url)
                if before is None or room.clock.now() - before.at >= FRESH:
                    before = await self._try(source.url)
                found.append(before)
        room.signals.tell(Topic.BROADCAST)
        return tuple(found)

    async def _try(self, url: str) -> Checked:
        room = self._room
        trial = await try_out(partial(pull, self._tuner.fetcher, url))
        checked = Checked(
            url=url, health=trial.health, at=room.clock.now(), why=trial.why, level_dbfs=trial.level_dbfs
        )
        await room.db.write(relays.note, checked)
        return checked

    async def _changed(
        self, person: Person, area: AreaCode, version: int, deed_name: str, change: Change
    ) -> SourcesView:
        def deed(conn: Conn) -> None:
            listed = self._held(conn, person, area, version)
            self._save(conn, person, replace(listed, sources=change(listed.sources)), deed_name)

        return await self._done(person, area, deed)

    async def _done(self, person: Person, area: AreaCode, deed: Callable[[Conn], None]) -> SourcesView:
        room = self._room
        allow(person, Right.RULES, area, room.tree)
        self._bells = await self._tuner.bells_clip()
        await room.db.write(deed)
        room.signals.wake(Wake.PLANNER, Wake.RELAYS)
        room.signals.tell(Topic.PROGRAMME)
        return await self.look(person, area)

    def _held(self, conn: Conn, person: Person, area: AreaCode, version: int) -> RelayList:
        listed = relays.get(conn, area)
        if listed.version != version:
            raise stale()
        return listed

    def _save(
        self, conn: Conn, person: Person, listed: RelayList, deed: str, *, keep_before: bool = True
    ) -> None:
        now = self._room.clock.now()
        new = replace(listed, version=listed.version + 1, filler=listed.filler or self._bells)
        relays.save(conn, new, person.id, now, keep_before=keep_before)
        facts: dict[str, audit.Fact] = {
            "version": new.version,
            "sources": [one.url for one in new.sources],
            "filler": new.filler,
        }
        audit.append(conn, now, person.id, f"relay_list.{deed}", new.area, facts)

    def _shown(self, conn: Conn, person: Person, area: AreaCode) -> SourcesView:
        tree = self._room.tree
        own = relays.get(conn, area)
        used = own if own.sources else relays.above(conn, tree.chain(area)) or own
        checked = relays.last_checked(conn, tuple(one.url for one in used.sources))
        names = people.names(conn)
        changes = may(person, Right.RULES, area, tree)
        return SourcesView(
            area=area,
            area_name=tree.area(area).name,
            version=own.version,
            lines=tuple(SourceLine(source=one, checked=checked.get(one.url)) for one in used.sources),
            filler_name=used.filler_name,
            changed_by="" if own.changed_by is None else names.get(own.changed_by, own.changed_by),
            changed_at=own.changed_at,
            may_change=changes,
            may_undo=changes and own.before is not None and own.changed_by == person.id,
            inherited_from="" if used.area == area else tree.area(used.area).name,
        )


def _need(right: bool) -> None:
    if not right:
        raise Problem("E_FIELD", field="place")
