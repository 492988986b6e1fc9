"""Two priority items at one moment: the commune is asked which goes first, and what it says stands."""

from dataclasses import dataclass
from datetime import datetime

from controller.access import Person, Right, may
from controller.dispatch.plan.collisions import asked_of, meetings, moment
from controller.dispatch.plan.planning import Planner
from controller.dispatch.refusals import allow, missing
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import announcements, audit, precedence
from controller.store.database import Conn
from controller.store.precedence import Order
from schedules.announcement import Announcement, AnnouncementId, AreaCode
from schedules.area import Tree
from schedules.plan import Occurrence
from schedules.precedence import Moment, Precedence


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: what it is, whose, when it would begin as things stand, how long it is."""

    item: AnnouncementId
    recurrence_at: datetime
    title: str
    from_name: str
    due_at: datetime
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``first`` goes first as things stand: by default, or (``answered``) because somebody said so."""

    area: AreaCode
    at: datetime
    first: Side
    second: Side
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meeting:
    area: AreaCode
    ahead: Occurrence
    behind: Occurrence


class Ordering:
    """An answer holds for this one moment on the ground of whoever was asked; the other button changes it.

    The question closes when the first of the two begins: then the default is taken and noted.
    """

    def __init__(self, room: Room, planner: Planner) -> None:
        self._room = room
        self._planner = planner

    async def questions(self, person: Person) -> tuple[Question, ...]:
        """What this person may decide now, the soonest first."""
        found = await self._room.db.read(self._open, person)
        return tuple(sorted((question for question, _ in found), key=lambda question: question.at))

    async def answer(self, person: Person, first: Moment, second: Moment) -> None:
        """``first`` before ``second``. 409 ``E_STATE`` where that is not asked (any more) of this person."""
        now = self._room.clock.now()

        def deed(conn: Conn) -> None:
            pair = {first, second}
            asked = next(
                (
                    meeting
                    for question, meeting in self._open(conn, person)
                    if {_key(question.first), _key(question.second)} == pair
                ),
                None,
            )
            if asked is None:
                raise self._not_asked(conn, person, first, second)
            allow(person, Right.WRITE, asked.area, self._room.tree)
            order = _order(asked, first, second, person, now, self._room.tree)
            if order is None:
                raise Problem("E_STATE")
            held = precedence.get(conn, first, second)
            if held is not None and held.who is not None and held.precedence == order.precedence:
                return
            precedence.answer(conn, order)
            facts: dict[str, audit.Fact] = {"area": asked.area, "before": second[0]}
            audit.append(conn, now, person.id, "precedence.answered", first[0], facts)

        await self._room.db.write(deed)
        self._room.signals.tell(Topic.PROGRAMME)
        self._room.signals.wake(Wake.PLANNER)

    def _not_asked(self, conn: Conn, person: Person, first: Moment, second: Moment) -> Problem:
        """Too late, or nobody's question: said so to whoever may know one of the two at all."""
        tree = self._room.tree
        known = announcements.several(conn, (first[0], second[0])).values()
        areas = [one.announcement.area for one in known if one.announcement.area in tree]
        return Problem("E_STATE") if any(tree.descends(a, person.area) for a in areas) else missing()

    def _open(self, conn: Conn, person: Person) -> tuple[tuple[Question, _Meeting], ...]:
        outcome, room = self._planner.last, self._room
        if outcome is None:
            return ()
        now, found = room.clock.now(), []
        for ahead, behind in meetings(outcome.plan):
            if min(ahead.due_at, behind.due_at) <= now:
                continue
            kept = announcements.several(conn, (ahead.item, behind.item))
            owners = [kept[one.item].announcement for one in (ahead, behind) if one.item in kept]
            area = asked_of(owners, room.tree)
            if len(owners) != 2 or area is None or not _decides(person, area, room.tree):
                continue
            meeting = _Meeting(area=area, ahead=ahead, behind=behind)
            if not _askable(meeting, room.tree):
                continue
            held = precedence.get(conn, moment(ahead), moment(behind))
            sides = [_side(one, kept[one.item].announcement, room.tree) for one in (ahead, behind)]
            question = Question(
                area=area,
                at=min(ahead.due_at, behind.due_at),
                first=sides[0],
                second=sides[1],
                answered=held is not None and held.who is not None,
            )
            found.append((question, meeting))
        return tuple(found)


def _decides(person: Person, area: AreaCode, tree: Tree) -> bool:
    """The commune decides on its own ground, nobody above it; two of the province are its own affair."""
    commune = tree.commune((area,))
    near = person.area == area if commune is None else tree.descends(person.area, commune)
    return near and may(person, Right.WRITE, area, tree)


def _askable(meeting: _Meeting, tree: Tree) -> bool:
    """A session has its own order: what lies in one can't step back, and is not divided."""
    framed = [one for one in (meeting.ahead, meeting.behind) if one.session is not None]
    inside = all(tree.descends(code, meeting.area) for one in framed for code in one.targets)
    return len(framed) < 2 and inside


def _order(
    meeting: _Meeting, first: Moment, second: Moment, person: Person, now: datetime, tree: Tree
) -> Order | None:
    known = {moment(one): one for one in (meeting.ahead, meeting.behind)}
    if first not in known or second not in known:
        return None
    waits = known[first].session is not None
    said = Precedence(area=meeting.area, first=first, second=second, waits=waits)
    return Order(precedence=said, who=person.id, at=now)


def _side(one: Occurrence, a: Announcement, tree: Tree) -> Side:
    return Side(
        item=one.item,
        recurrence_at=one.recurrence_at,
        title=a.title,
        from_name=tree.area(a.area).name,
        due_at=one.due_at,
        duration_ms=int(one.duration.total_seconds() * 1000),
    )


def _key(side: Side) -> Moment:
    return side.item, side.recurrence_at
