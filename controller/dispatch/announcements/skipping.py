"""One airing of a repeated bài left out by hand, or put back, without another approval."""

from dataclasses import dataclass
from datetime import date, datetime

from controller.access import Person, Right
from controller.dispatch.refusals import allow, missing, stale, told_as_problems
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import announcements, audit, skips
from controller.store.announcements import Kept
from controller.store.database import Conn
from schedules.announcement import Announcement, AnnouncementId
from schedules.holidays import Holidays, statutory
from schedules.skipping import Airing, airings, skip, unskip


@dataclass(frozen=True, slots=True, kw_only=True)
class Airings:
    """The next airings of a bài; those in ``back`` may be put back by whoever may write."""

    announcement: Announcement
    airings: tuple[Airing, ...]
    back: frozenset[date]
    may_edit: bool


class Skipping:
    """What is left after a skip was approved, so the approval stays; only such a day comes back as easily."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def look(self, person: Person, announcement: AnnouncementId) -> Airings:
        """404 outside the person's branch."""
        kept, back = await self._room.db.read(_found, announcement)
        if kept is None:
            raise missing()
        a = kept.announcement
        allow(person, Right.READ, a.area, self._room.tree)
        return Airings(
            announcement=a,
            airings=airings(a, self._room.clock.now(), self._holidays()),
            back=back,
            may_edit=self._may(person, a),
        )

    async def skip(self, person: Person, announcement: AnnouncementId, day: date) -> None:
        """409 ``E_STATE`` where that airing is over, left out already or not approved."""
        await self._do(person, announcement, day, away=True)

    async def put_back(self, person: Person, announcement: AnnouncementId, day: date) -> None:
        """409 ``E_STATE`` too for a day that was no part of what was approved."""
        await self._do(person, announcement, day, away=False)

    async def _do(self, person: Person, announcement: AnnouncementId, day: date, *, away: bool) -> None:
        view = await self.look(person, announcement)
        allow(person, Right.WRITE, view.announcement.area, self._room.tree)
        now = self._room.clock.now()
        if not away and day not in view.back:
            raise Problem("E_STATE")
        with told_as_problems():
            change = skip if away else unskip
            after = change(view.announcement, day, now, self._holidays())
        await self._room.db.write(_save, view.announcement, after, day, away, person, now)
        self._room.signals.tell(Topic.PROGRAMME)
        self._room.signals.wake(Wake.PLANNER)

    def _holidays(self) -> Holidays:
        return self._room.rules.holidays or statutory()

    def _may(self, person: Person, a: Announcement) -> bool:
        try:
            allow(person, Right.WRITE, a.area, self._room.tree)
        except Problem:
            return False
        return True


def _found(conn: Conn, announcement: AnnouncementId) -> tuple[Kept | None, frozenset[date]]:
    kept = announcements.get(conn, announcement)
    approval = kept.announcement.approval if kept is not None else None
    if approval is None:
        return kept, frozenset()
    return kept, skips.under(conn, announcement, approval.approved_at)


def _save(
    conn: Conn,
    before: Announcement,
    after: Announcement,
    day: date,
    away: bool,
    person: Person,
    now: datetime,
) -> None:
    if not announcements.save(conn, after, now, expected=before):
        raise stale()
    assert after.approval is not None
    if away:
        skips.keep(conn, after.id, day, after.approval.approved_at, person.id, now)
    else:
        skips.drop(conn, after.id, day)
    facts: dict[str, audit.Fact] = {"day": day.isoformat(), "content_hash": after.approval.content_hash}
    deed = "announcement.airing_skipped" if away else "announcement.airing_put_back"
    audit.append(conn, now, person.id, deed, after.id, facts)
