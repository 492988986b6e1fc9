"""What people see of a lexicon: its lines, what it inherits, and what is aired by an older one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.access import Person, Right, may
from controller.dispatch.plan.lexicon_use import used_in
from controller.dispatch.refusals import allow
from controller.dispatch.room import Room
from controller.dispatch.sound.rendering import order_of
from controller.store import announcements, lexicon, lexicon_sounds, people
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.lexicon import Done, Entry, Own
from schedules.announcement import Announcement, AnnouncementId, AreaCode, PersonId, State
from tts.reading.regions import Region

MOST_LOOKED_AT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconView:
    """A place's lexicon with everything its page shows; ``undoable`` is the asker's own newest deed."""

    area: AreaCode
    entries: tuple[Entry, ...]
    inherited: tuple[Entry, ...]
    own_region: Region | None
    region: Region
    region_above: Region
    names: Mapping[PersonId, str]
    undoable: Done | None
    may_write: bool


class LexiconViews:
    """Read-only. A place outside the person's branch is 404; what it inherits from above is shown to all."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def lexicon(self, person: Person, area: AreaCode) -> LexiconView:
        """The whole lexicon of a place."""
        allow(person, Right.READ, area, self._room.tree)
        return await self._room.db.read(self._view, person, area)

    async def own(self, person: Person, area: AreaCode) -> Own:
        """How words are read in a place."""
        allow(person, Right.READ, area, self._room.tree)
        return await self._room.db.read(lexicon.own, area)

    async def read_otherwise(self, person: Person, area: AreaCode) -> tuple[Announcement, ...]:
        """What is approved, still true, and would be read otherwise by the lexicon of this moment."""
        allow(person, Right.READ, area, self._room.tree)
        now = self._room.clock.now()
        found = await self._room.db.read(_in_force, area, now)
        return tuple([kept.announcement for kept, own in found if await self._otherwise(kept, own)])

    async def is_read_otherwise(self, person: Person, announcement: AnnouncementId) -> bool:
        """Whether an approved bài is aired by an older lexicon, as its approver heard it."""
        found = await self._room.db.read(_one, announcement)
        if found is None or found[0].announcement.state is not State.APPROVED:
            return False
        allow(person, Right.READ, found[0].announcement.area, self._room.tree)
        return await self._otherwise(*found)

    async def _otherwise(self, kept: Kept, own: Own) -> bool:
        if not kept.sound.wanted or kept.announcement.recording is not None:
            return False
        used = await self._room.lanes.files.run(used_in, kept.announcement.text, own)
        return order_of(kept.announcement, used).print != kept.sound.wanted

    def _view(self, conn: Conn, person: Person, area: AreaCode) -> LexiconView:
        last = lexicon.last_done(conn, area)
        mine = last is not None and last.who == person.id and bool(last.changes)
        open_still = last is not None and not last.undone and last.deed is not lexicon.LexiconDeed.UNDID
        parent = self._room.tree.area(area).parent
        return LexiconView(
            area=area,
            entries=lexicon.of_area(conn, area),
            inherited=lexicon.inherited(conn, area),
            own_region=lexicon.own_region(conn, area),
            region=lexicon.region(conn, area),
            region_above=Region.NORTH if parent is None else lexicon.region(conn, parent),
            names=people.names(conn),
            undoable=last if mine and open_still else None,
            may_write=may(person, Right.WRITE, area, self._room.tree),
        )


def _in_force(conn: Conn, area: AreaCode, now: datetime) -> tuple[tuple[Kept, Own], ...]:
    found = lexicon_sounds.approved_in_force(conn, area, now, MOST_LOOKED_AT)
    kept = announcements.several(conn, found)
    owns = {place: lexicon.own(conn, place) for place in {one.announcement.area for one in kept.values()}}
    return tuple((kept[one], owns[kept[one].announcement.area]) for one in found if one in kept)


def _one(conn: Conn, announcement: AnnouncementId) -> tuple[Kept, Own] | None:
    kept = announcements.get(conn, announcement)
    return None if kept is None else (kept, lexicon.own(conn, kept.announcement.area))
