"""A commune's week and a province's day, as blocks: what is planned, what it became, what did not fit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from controller.access import Person, Right
from controller.dispatch.forms.day import ConflictLine, OccurrenceLine
from controller.dispatch.refusals import allow
from controller.dispatch.room import Room
from controller.dispatch.views import Views, by_occurrence, occurrence_line
from controller.store import announcements, occurrences, sessions, tallies, unplaced
from controller.store.database import Conn
from controller.store.occurrences import Planned
from controller.store.tallies import Count
from schedules.announcement import Announcement, AnnouncementId, AreaCode, PersonId
from schedules.area import Level, Tree
from schedules.calendar import Window, instant_of, local
from schedules.plan import Occurrence, Refusal
from schedules.recurrence import Weekly
from schedules.rule import Rule
from schedules.session import Session, change_on, is_on, start_on, starts

DAY = timedelta(days=1)
WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """What a sound of its own is one airing of: whose item, and the day it was due before any move.

    ``usual_at`` is its usual time where it has been moved.
    """

    area: AreaCode
    author: PersonId
    day: date
    usual_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A session on one day with everything that it airs, or (``session`` None) a sound of its own."""

    session: Session | None
    start_at: datetime
    lines: tuple[OccurrenceLine, ...]
    conflicts: tuple[ConflictLine, ...]
    relays: tuple[Occurrence, ...] = ()
    skipped: bool = False
    repeated: Repeated | None = None

    @property
    def end_at(self) -> datetime:
        """When the last of its sounds ends; its start where it airs nothing."""
        ends = [line.due_at + timedelta(milliseconds=line.duration_ms) for line in self.lines]
        return max([*ends, *(one.due_at + one.duration for one in self.relays)], default=self.start_at)

    @property
    def length(self) -> timedelta:
        """From its first to its last sound, as the cap counts it."""
        begins = [*(line.due_at for line in self.lines), *(one.due_at for one in self.relays)]
        return self.end_at - min(begins, default=self.end_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """One local day of one area; ``conflicts`` are those that belong to no block."""

    area: AreaCode
    date: date
    blocks: tuple[Block, ...]
    conflicts: tuple[ConflictLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    planned: tuple[Planned, ...]
    counts: tuple[Count, ...]
    sessions: tuple[Session, ...]
    refused: tuple[Refusal, ...]
    places: Mapping[AnnouncementId, tuple[AreaCode, ...]]
    repeated: Mapping[str, Repeated]


class Weeks:
    """Read-only, within the asker's branch."""

    def __init__(self, room: Room, views: Views) -> None:
        self._room = room
        self._views = views

    async def week(self, person: Person, area: AreaCode, first: date) -> tuple[DayPlan, ...]:
        """Seven days from ``first`` on."""
        allow(person, Right.READ, area, self._room.tree)
        facts = await self._facts(area, first, WEEK, repeated=True)
        return tuple(self._day(area, first + timedelta(days=n), facts, facts.counts) for n in range(WEEK))

    async def days(self, area: AreaCode, first: date, count: int) -> tuple[DayPlan, ...]:
        """The same for whoever was let in by other means than a login."""
        facts = await self._facts(area, first, count)
        return tuple(self._day(area, first + timedelta(days=n), facts, facts.counts) for n in range(count))

    async def communes(self, person: Person, area: AreaCode, day: date) -> tuple[DayPlan, ...]:
        """That day of each commune in an area, in the tree's order; a commune gives itself."""
        tree = self._room.tree
        allow(person, Right.READ, area, tree)
        facts = await self._facts(area, day, 1)
        by_commune: defaultdict[AreaCode, list[Count]] = defaultdict(list)
        for count in facts.counts:
            by_commune[_commune(tree, count.area)].append(count)
        inside = [a.code for a in tree.areas if a.level is Level.COMMUNE and tree.descends(a.code, area)]
        return tuple(self._day(code, day, facts, by_commune[code]) for code in inside)

    async def _facts(self, area: AreaCode, first: date, days: int, *, repeated: bool = False) -> _Facts:
        start = instant_of(first, time())
        return await self._room.db.read(_read, area, start, start + days * DAY, repeated)

    def _day(self, area: AreaCode, day: date, facts: _Facts, counts: Iterable[Count]) -> DayPlan:
        tree, start = self._room.tree, instant_of(day, time())
        window = Window(start=start, end=start + DAY)
        by_subject = by_occurrence(counts)
        lines = tuple(
            occurrence_line(one, by_subject[one.occurrence.id])
            for one in facts.planned
            if window.contains(one.occurrence.due_at) and _meets(tree, one.occurrence.targets, area)
        )
        here = tuple(one for one in facts.sessions if _meets(tree, (one.area,), area))
        conflicts = (*self._past(facts, area, window), *self._views.conflicts(area, day))
        # one that has a source and a filler is in the programme already
        listed = {str(line.occurrence) for line in lines}
        relays = tuple(
            one
            for one in self._views.relays(window)
            if _meets(tree, one.targets, area) and str(one.id) not in listed
        )
        made = _blocks(area, day, lines, here, window, tuple(dict.fromkeys(conflicts)), relays)
        return replace(made, blocks=tuple(_with_repeated(one, facts.repeated) for one in made.blocks))

    def _past(self, facts: _Facts, area: AreaCode, window: Window) -> tuple[ConflictLine, ...]:
        """What found no place on a day that is over, with the reason that was given then."""
        # what waited while there was no session, and has one since
        found = {one.occurrence.item for one in facts.planned}
        return tuple(
            ConflictLine(kind=one.code, at=one.at, announcement=one.item, vi=one.vi, en=one.en)
            for one in facts.refused
            if not (one.code == "E_NO_SESSION" and one.item in found)
            if window.contains(one.at) and _meets(self._room.tree, facts.places.get(one.item, ()), area)
        )


def _blocks(
    area: AreaCode,
    day: date,
    lines: tuple[OccurrenceLine, ...],
    here: tuple[Session, ...],
    window: Window,
    conflicts: tuple[ConflictLine, ...],
    relays: tuple[Occurrence, ...],
) -> DayPlan:
    by_session: defaultdict[str, list[OccurrenceLine]] = defaultdict(list)
    for line in lines:
        by_session[line.session or line.occurrence].append(line)
    known = {session.id: session for session in here}
    begins = {session.id: at for session in here for at in starts(session, window)}
    off = {
        session.id: instant_of(day, start_on(session, day))
        for session in here
        if is_on(session, day) and (change := change_on(session, day)) is not None and change.skipped
    }
    found: list[Block] = []
    taken: set[ConflictLine] = set()
    for key in dict.fromkeys((*begins, *by_session, *off)):
        inside = tuple(sorted(by_session[key], key=lambda line: line.due_at))
        start_at = begins.get(key) or (inside[0].due_at if inside else off[key])
        block = Block(
            session=known.get(key),
            start_at=start_at,
            lines=inside,
            conflicts=(),
            relays=tuple(one for one in relays if one.session == key),
            skipped=key in off and not inside,
        )
        own = tuple(one for one in conflicts if _belongs(one, block) and one not in taken)
        taken.update(own)
        found.append(replace(block, conflicts=own))
    return DayPlan(
        area=area,
        date=day,
        blocks=tuple(sorted(found, key=lambda block: (block.start_at, block.end_at))),
        conflicts=tuple(one for one in conflicts if one not in taken),
    )


def _with_repeated(block: Block, repeated: Mapping[str, Repeated]) -> Block:
    if block.session is not None or len(block.lines) != 1:
        return block
    return replace(block, repeated=repeated.get(block.lines[0].occurrence))


def _belongs(conflict: ConflictLine, block: Block) -> bool:
    if conflict.at is None:
        return any(line.announcement == conflict.announcement for line in block.lines)
    end_at = max(
        block.end_at, block.start_at + (block.session.cap or timedelta()) if block.session else block.end_at
    )
    return block.start_at <= conflict.at <= end_at


def _meets(tree: Tree, places: tuple[AreaCode, ...], area: AreaCode) -> bool:
    known = tuple(code for code in places if code in tree)
    return bool(known) and tree.meet(known, (area,)) is not None


def _commune(tree: Tree, area: AreaCode) -> AreaCode:
    """The commune that an area lies in; the area itself where it lies in none."""
    if area not in tree:
        return area
    return next((code for code in tree.chain(area) if tree.area(code).level is Level.COMMUNE), area)


def _read(conn: Conn, area: AreaCode, start: datetime, end: datetime, repeated: bool) -> _Facts:
    refused = unplaced.between(conn, start, end)
    planned = occurrences.between(conn, start, end)
    found = ((one.item, announcements.get(conn, one.item)) for one in refused)
    return _Facts(
        planned=planned,
        counts=tallies.of_branch(conn, area, start, end),
        sessions=sessions.everything(conn),
        refused=refused,
        places={item: kept.announcement.targets for item, kept in found if kept is not None},
        repeated=_repeated(conn, planned) if repeated else {},
    )


def _repeated(conn: Conn, planned: tuple[Planned, ...]) -> dict[str, Repeated]:
    """Those that repeat, of what is heard outside sessions, by occurrence."""
    own = tuple(one.occurrence for one in planned if one.occurrence.session is None)
    items = announcements.several(conn, dict.fromkeys(one.item for one in own))
    return {
        one.id: Repeated(
            area=a.area,
            author=a.author,
            day=(day := local(one.recurrence_at).date()),
            usual_at=_usual(a, day),
        )
        for one in own
        if one.item in items and (a := items[one.item].announcement) and isinstance(a.timing, Weekly | Rule)
    }


def _usual(a: Announcement, day: date) -> datetime | None:
    moves = a.timing.moved if isinstance(a.timing, Rule) else ()
    move = next((one for one in moves if one.day == day), None)
    if move is None or not isinstance(a.timing, Rule) or (move.to, move.at) == (day, a.timing.at):
        return None
    return instant_of(day, a.timing.at)


def monday(day: date) -> date:
    """The first day of a day's week."""
    return day - timedelta(days=day.weekday())


def local_day(instant: datetime) -> date:
    """The field's date at an instant."""
    return local(instant).date()
