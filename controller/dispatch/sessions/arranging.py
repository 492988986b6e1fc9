"""One day of a session otherwise than usual: its order by hand, what waits, fixed times, skipped, moved."""

from dataclasses import replace
from datetime import date, time, timedelta
from enum import StrEnum

from controller.access import Person, Right
from controller.dispatch.refusals import allow, missing
from controller.dispatch.room import Room
from controller.dispatch.sessions.programming import Programming
from controller.dispatch.sessions.rundown import Rundown, Rundowns
from controller.errors import Problem
from schedules.announcement import AnnouncementId
from schedules.blocks import moved
from schedules.calendar import instant_of
from schedules.session import Fixed, Session, SessionDay
from schedules.session_json import MOST_CHANGES

LONGEST_WAY = timedelta(hours=3)


class Arrangement(StrEnum):
    """What somebody does to one day of a session."""

    UP = "up"
    DOWN = "down"
    PUT_OFF = "put_off"
    TAKE_BACK = "take_back"
    FIX = "fix"
    LOOSEN = "loosen"
    KEEP = "keep"
    BY_ITSELF = "by_itself"
    SKIP = "skip"
    MOVE = "move"
    AS_USUAL = "as_usual"


_OF_AN_ITEM = frozenset(
    {
        Arrangement.UP,
        Arrangement.DOWN,
        Arrangement.PUT_OFF,
        Arrangement.TAKE_BACK,
        Arrangement.FIX,
        Arrangement.LOOSEN,
    }
)
_IN_A_RUN = _OF_AN_ITEM | {Arrangement.KEEP, Arrangement.BY_ITSELF}


class Arranging:
    """Each is one change of the session (a ``SessionDay``), audited and taken back like any other."""

    def __init__(self, room: Room, programming: Programming, rundowns: Rundowns) -> None:
        self._room = room
        self._programming = programming
        self._rundowns = rundowns

    async def arrange(
        self,
        person: Person,
        session: str,
        day: date,
        what: Arrangement,
        seen: int,
        *,
        item: AnnouncementId | None = None,
        at: time | None = None,
    ) -> Session:
        """404 for a day or an item that is not there, 409 ``E_STATE`` once the day's session has begun."""
        found = await self._rundowns.day(person, session, day)
        if found is None:
            raise missing()
        allow(person, Right.WRITE, found.session.area, self._room.tree)
        if found.begun or (found.run is None and what in _IN_A_RUN):
            raise Problem("E_STATE")
        known = {*found.order, *(one.item for one in found.aside)}
        if what in _OF_AN_ITEM and item not in known:
            raise missing()
        if what in (Arrangement.FIX, Arrangement.MOVE):
            self._check(found, what, at)
        after = _arranged(found, what, item, at)
        return await self._programming.put(person, found.session, after, seen)

    def _check(self, found: Rundown, what: Arrangement, at: time | None) -> None:
        """A time that is over helps nobody, nor does one that the session never reaches."""
        said_at = None if at is None else instant_of(found.day, at)
        starts_at = found.usual_at if found.run is None else found.run.start_at
        field = "fixed" if what is Arrangement.FIX else "start"
        if said_at is None or said_at <= self._room.clock.now():
            raise Problem(
                "E_TIME", field=field, vi="Giờ này đã qua. Hãy chọn giờ khác.", en="That time is over."
            )
        if what is Arrangement.FIX and not starts_at <= said_at <= starts_at + LONGEST_WAY:
            raise Problem(
                "E_TIME",
                field=field,
                vi="Giờ cố định phải nằm trong buổi phát, từ giờ bắt đầu trở đi.",
                en="A fixed time lies within the session.",
            )


def _arranged(found: Rundown, what: Arrangement, item: AnnouncementId | None, at: time | None) -> Session:
    change = found.change or SessionDay(day=found.day)
    if what is Arrangement.KEEP:
        kept = replace(change, items=None, fixed=None)
        standing = replace(found.session, items=found.order, fixed=_fixed(found))
        return _with(standing, kept)
    return _with(found.session, _changed(found, change, what, item, at))


def _changed(
    found: Rundown, change: SessionDay, what: Arrangement, item: AnnouncementId | None, at: time | None
) -> SessionDay:
    match what:
        case Arrangement.SKIP:
            return replace(change, skipped=True)
        case Arrangement.MOVE:
            return replace(change, skipped=False, start=at)
        case Arrangement.AS_USUAL:
            return replace(change, skipped=False, start=None)
        case Arrangement.BY_ITSELF:
            return replace(change, items=None, fixed=None, left_out=())
    assert item is not None
    order, fixed = found.order, tuple(one for one in _fixed(found) if one.item != item)
    match what:
        case Arrangement.UP:
            return replace(change, items=_passed(found, item, -1))
        case Arrangement.DOWN:
            return replace(change, items=_passed(found, item, 1))
        case Arrangement.PUT_OFF:
            rest = tuple(one for one in order if one != item)
            left_out = tuple(dict.fromkeys((*change.left_out, item)))
            items = rest if change.items is not None else None
            return replace(change, items=items, fixed=fixed or None, left_out=left_out)
        case Arrangement.TAKE_BACK:
            return replace(change, left_out=tuple(one for one in change.left_out if one != item))
        case Arrangement.FIX:
            assert at is not None
            return replace(change, items=order, fixed=(*fixed, Fixed(item=item, at=at)))
        case _:
            return replace(change, fixed=fixed)


def _passed(found: Rundown, item: AnnouncementId, way: int) -> tuple[AnnouncementId, ...]:
    """The order with the item beyond the next one that it can pass: of its own part, without a fixed time."""
    order = found.order
    parts = {line.item: line.part for line in found.lines}
    fixed = {one.item for one in _fixed(found)}
    own = parts.get(item)
    at = order.index(item)
    to = at + way
    while 0 <= to < len(order) and (
        order[to] in fixed or (own is not None and parts.get(order[to], own) != own)
    ):
        to += way
    return moved(order, at, to) if 0 <= to < len(order) else order


def _fixed(found: Rundown) -> tuple[Fixed, ...]:
    return found.run.session.fixed if found.run is not None else ()


def _with(session: Session, change: SessionDay) -> Session:
    """The session with that day; a day that is as usual again needs no line, and the oldest ones go first."""
    others = tuple(one for one in session.changes if one.day != change.day)
    if change != SessionDay(day=change.day):
        others = (*others, change)
    return replace(session, changes=tuple(sorted(others, key=lambda one: one.day))[-MOST_CHANGES:])
