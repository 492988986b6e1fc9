"""One airing of a repeated bài moved to another time by an approver: looked at first, and moved back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from controller.access import Person, Right, may
from controller.dispatch.plan.foretelling import Foretelling, Foretold
from controller.dispatch.refusals import allow, missing, stale, told_as_problems
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import announcements, audit, moves, people
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.moves import Moved
from schedules.announcement import Announcement, AnnouncementId, PersonId, content_hash
from schedules.calendar import instant_of
from schedules.holidays import Holidays, statutory
from schedules.moving import airing_on, move, move_back
from schedules.reach import needs_choice
from schedules.rule import Rule
from schedules.skipping import Airing


@dataclass(frozen=True, slots=True, kw_only=True)
class Movable:
    """One airing to be moved; ``seen`` is what the deed must bring along, ``airing`` None once it is over.

    ``why_not`` is the refusal that awaits this person; ``by`` who moved it last, and when.
    """

    announcement: Announcement
    day: date
    airing: Airing | None
    seen: str
    why_not: Problem | None
    by: tuple[str, datetime] | None


class Moving:
    """To move an airing is to schedule, as with a session's day: what is heard was approved already.

    403 ``E_RIGHT`` without the approver's right, ``E_SECOND_PERSON`` for the author, 409 ``E_STATE`` where
    the airing is over, left out or a commune's own choice, 412 ``E_STALE`` where it is not as it was seen.
    """

    def __init__(self, room: Room, foretelling: Foretelling) -> None:
        self._room = room
        self._foretelling = foretelling

    async def look(self, person: Person, announcement: AnnouncementId, day: date) -> Movable:
        """404 outside the person's branch."""
        kept, moved, names = await self._room.db.read(_found, announcement)
        if kept is None:
            raise missing()
        a, now = kept.announcement, self._room.clock.now()
        allow(person, Right.READ, a.area, self._room.tree)
        last = moved.get(day)
        return Movable(
            announcement=a,
            day=day,
            airing=airing_on(a, day, now, self._holidays()),
            seen=content_hash(a),
            why_not=self._why_not(person, a),
            by=None if last is None else (names.get(last.who, last.who), last.at),
        )

    async def foresee(
        self, person: Person, announcement: AnnouncementId, day: date, to: date, at: time
    ) -> tuple[Movable, Foretold]:
        """What the plan would make of it; raises what the deed itself would raise."""
        found = await self._allowed(person, announcement, day)
        with told_as_problems():
            after = move(found.announcement, day, to, at, self._room.clock.now(), self._holidays())
        return found, await self._foretold(found, after, instant_of(to, at))

    async def move(
        self, person: Person, announcement: AnnouncementId, day: date, to: date, at: time, seen: str
    ) -> None:
        """What the plan refuses at that time is refused here with its code; once more changes nothing."""
        found = await self._allowed(person, announcement, day)
        wanted_at = instant_of(to, at)
        if found.airing is not None and found.airing.at == wanted_at:
            return
        if seen != found.seen:
            raise stale()
        now = self._room.clock.now()
        with told_as_problems():
            after = move(found.announcement, day, to, at, now, self._holidays())
        told = await self._foretold(found, after, wanted_at)
        if told.due_at is None:
            raise _refused(told)
        await self._keep(person, found, after, wanted_at, now)

    async def put_back(self, person: Person, announcement: AnnouncementId, day: date, seen: str) -> None:
        """At its usual time again, where that is still to come; once more changes nothing."""
        found = await self._allowed(person, announcement, day)
        if found.airing is not None and not found.airing.moved:
            return
        if seen != found.seen:
            raise stale()
        now = self._room.clock.now()
        with told_as_problems():
            after = move_back(found.announcement, day, now, self._holidays())
        assert found.airing is not None
        await self._keep(person, found, after, found.airing.usual_at, now)

    async def _foretold(self, found: Movable, after: Announcement, wanted_at: datetime) -> Foretold:
        assert found.airing is not None
        return await self._foretelling.moved(after, found.airing.usual_at, wanted_at)

    async def _allowed(self, person: Person, announcement: AnnouncementId, day: date) -> Movable:
        found = await self.look(person, announcement, day)
        if found.why_not is not None:
            raise found.why_not
        return found

    async def _keep(
        self, person: Person, found: Movable, after: Announcement, due_at: datetime, now: datetime
    ) -> None:
        assert isinstance(after.timing, Rule)
        times = next(one.times for one in after.timing.moved if one.day == found.day)
        moved = Moved(day=found.day, times=times, due_at=due_at, who=person.id, at=now)
        await self._room.db.write(_save, found.announcement, after, moved)
        self._room.signals.tell(Topic.PROGRAMME)
        self._room.signals.wake(Wake.PLANNER)

    def _why_not(self, person: Person, a: Announcement) -> Problem | None:
        tree = self._room.tree
        if not may(person, Right.APPROVE, a.area, tree):
            return Problem("E_RIGHT")
        if person.id == a.author:
            return Problem(
                "E_SECOND_PERSON",
                vi="Người viết không tự dời giờ bài của mình. Xin nhờ người duyệt khác.",
                en="The author may not move an airing of their own item.",
            )
        if needs_choice(a, tree):
            return Problem(
                "E_STATE",
                vi="Tin thông thường của cấp trên do từng xã chọn giờ phát, nên không dời chung được.",
                en="Each commune chooses when an ordinary item from above is heard.",
            )
        return None

    def _holidays(self) -> Holidays:
        return self._room.rules.holidays or statutory()


def _refused(told: Foretold) -> Problem:
    if told.refusal is None:
        return Problem("E_STATE")
    why = told.refusal
    return Problem(why.code, field="at", status=422, vi=why.vi, en=why.en)


def _found(
    conn: Conn, announcement: AnnouncementId
) -> tuple[Kept | None, Mapping[date, Moved], Mapping[PersonId, str]]:
    kept = announcements.get(conn, announcement)
    approval = kept.announcement.approval if kept is not None else None
    if approval is None:
        return kept, {}, {}
    moved = moves.under(conn, announcement, approval.approved_at)
    return kept, moved, people.names(conn)


def _save(conn: Conn, before: Announcement, after: Announcement, moved: Moved) -> None:
    if not announcements.save(conn, after, moved.at, expected=before):
        raise stale()
    assert after.approval is not None
    moves.keep(conn, after.id, after.approval.approved_at, moved)
    facts: dict[str, audit.Fact] = {
        "day": moved.day.isoformat(),
        "due_at": moved.due_at.isoformat(),
        "content_hash": after.approval.content_hash,
    }
    audit.append(conn, moved.at, moved.who, "announcement.airing_moved", after.id, facts)
