"""What one day's session will say, in order, as the nodes will say it: for the page that orders it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from controller.access import Person
from controller.dispatch.plan.situation import Situation, make, situation_of
from controller.dispatch.room import Room
from controller.dispatch.sessions.programming import Programming
from controller.store.database import Conn
from controller.store.revisions import RevisionDeed
from schedules.announcement import Announcement, AnnouncementId, AreaCode
from schedules.area import Tree
from schedules.blocks import Part
from schedules.calendar import Window, instant_of
from schedules.plan import Occurrence, Plan
from schedules.session import (
    Run,
    Session,
    SessionDay,
    change_on,
    closing_id,
    is_on,
    is_relay,
    is_taped,
    opening_id,
    run_on,
)

DAY = timedelta(days=1)
_SPOKEN = frozenset({Part.PROVINCE, Part.COMMUNE})


class Row(StrEnum):
    """What becomes of an item that this session might say."""

    SAID = "said"
    UNFIT = "unfit"
    PUT_OFF = "put_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sound of the session; ``may_up`` and ``may_down`` say whether there is something to pass."""

    item: AnnouncementId
    part: Part
    title: str
    due_at: datetime
    length: timedelta
    fixed_at: time | None = None
    may_up: bool = False
    may_down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """An item that is not heard in this session, and why in words where nobody asked for that."""

    item: AnnouncementId
    title: str
    row: Row
    vi: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rundown:
    """A day of a session. ``run`` is None on a day that is skipped; ``order`` is that of its own items."""

    session: Session
    day: date
    run: Run | None
    usual_at: datetime
    change: SessionDay | None
    lines: tuple[Line, ...]
    aside: tuple[Aside, ...]
    order: tuple[AnnouncementId, ...]
    begun: bool
    seen: int
    undo: RevisionDeed | None
    may_edit: bool

    @property
    def total(self) -> timedelta:
        """From its start to its last sound, as the cap counts it."""
        if self.run is None or not self.lines:
            return timedelta()
        return max(line.due_at + line.length for line in self.lines) - self.run.start_at


class Rundowns:
    """Read-only, within the asker's branch; what it shows is what the planner plans."""

    def __init__(self, room: Room, programming: Programming) -> None:
        self._room = room
        self._programming = programming

    async def day(self, person: Person, session: str, day: date) -> Rundown | None:
        """None where the session does not run on that day by its usual rules."""
        view = await self._programming.look(person, session)
        if view.removed or not is_on(view.session, day):
            return None
        found = view.session
        run, change, now = run_on(found, day), change_on(found, day), self._room.clock.now()
        if run is None and not (change is not None and change.skipped):
            # a day before the session was made
            return None
        usual_at = instant_of(day, found.start)
        lines: tuple[Line, ...] = ()
        aside: tuple[Aside, ...] = ()
        if run is not None:
            start = instant_of(day, time())
            window = Window(start=start, end=start + DAY)
            situation = await self._room.db.read(_near, window, found.area, self._room.tree)
            made = make(situation, self._room.tenant, self._room.tree, self._room.quiet, window, now)
            items = {kept.announcement.id: kept.announcement for kept in situation.kept}
            lines = _lines(made, run, items, self._room.tree)
            aside = tuple(_aside(made, run, items, lines, self._room.tree))
        return Rundown(
            session=found,
            day=day,
            run=run,
            usual_at=usual_at,
            change=change,
            lines=lines,
            aside=aside,
            order=_order(lines, aside),
            begun=(run.start_at if run is not None else usual_at) <= now,
            seen=view.seen,
            undo=view.undo,
            may_edit=view.may_edit,
        )


def _near(conn: Conn, window: Window, area: AreaCode, tree: Tree) -> Situation:
    """The situation as far as it can touch this ground: the plan of a commune needs no other commune."""
    whole = situation_of(conn, window)
    sessions = tuple(one for one in whole.sessions if one.area in tree and tree.meet((one.area,), (area,)))
    grounds = (area, *(one.area for one in sessions))

    def touches(a: Announcement) -> bool:
        known = tuple(code for code in a.targets if code in tree)
        return bool(a.groups) or (bool(known) and tree.meet(known, grounds) is not None)

    return replace(
        whole, sessions=sessions, kept=tuple(one for one in whole.kept if touches(one.announcement))
    )


def _lines(
    made: Plan, run: Run, items: Mapping[AnnouncementId, Announcement], tree: Tree
) -> tuple[Line, ...]:
    heard = [
        one
        for one in made.occurrences
        if one.session == run.session.id and one.recurrence_at == run.recurrence_at
    ]
    fixed = {one.item: one.at for one in run.session.fixed}
    parts = [_part(one, run.session, items, tree) for one in heard]
    spoken = [n for n, part in enumerate(parts) if part in _SPOKEN]
    found = []
    for n, (one, part) in enumerate(zip(heard, parts, strict=True)):
        mates = [m for m in spoken if parts[m] is part and heard[m].item not in fixed]
        moves = n in mates
        found.append(
            Line(
                item=one.item,
                part=part,
                title=items[one.item].title if one.item in items else run.session.name,
                due_at=one.due_at,
                length=one.duration,
                fixed_at=fixed.get(one.item),
                may_up=moves and n != mates[0],
                may_down=moves and n != mates[-1],
            )
        )
    return tuple(found)


def _part(
    one: Occurrence, session: Session, items: Mapping[AnnouncementId, Announcement], tree: Tree
) -> Part:
    if one.item == opening_id(session.id):
        return Part.OPENING
    if one.item == closing_id(session.id):
        return Part.CLOSING
    if is_relay(one.item) or is_taped(one.item):
        return Part.RELAY
    for block in session.blocks:
        if one.item in block.items:
            return block.part
    above = one.item in items and not tree.descends(items[one.item].area, session.area)
    in_parts = any(block.part is Part.PROVINCE for block in session.blocks)
    return Part.PROVINCE if above and in_parts else Part.COMMUNE


def _aside(
    made: Plan,
    run: Run,
    items: Mapping[AnnouncementId, Announcement],
    lines: tuple[Line, ...],
    tree: Tree,
) -> list[Aside]:
    """What was put off by hand, then what found no room, each once."""
    found = [
        Aside(item=item, title=items[item].title, row=Row.PUT_OFF) for item in run.left_out if item in items
    ]
    known = {line.item for line in lines} | {one.item for one in found}
    for one in made.refusals:
        a = items.get(one.item)
        if one.at != run.start_at or one.item in known or a is None:
            continue
        if tree.meet(tuple(code for code in a.targets if code in tree), (run.session.area,)) is not None:
            known.add(one.item)
            found.append(Aside(item=one.item, title=a.title, row=Row.UNFIT, vi=one.vi, en=one.en))
    return found


def _order(lines: tuple[Line, ...], aside: tuple[Aside, ...]) -> tuple[AnnouncementId, ...]:
    said = [line.item for line in lines if line.part in _SPOKEN]
    return tuple(dict.fromkeys((*said, *(one.item for one in aside if one.row is Row.UNFIT))))
