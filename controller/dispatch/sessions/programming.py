"""The commune's day in blocks: what people do to sessions (buổi phát)."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from controller.access import Person, Right
from controller.dispatch.refusals import allow, missing, stale, told_as_problems
from controller.dispatch.revising import Revised
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import audit, sessions
from controller.store.database import Conn
from controller.store.revisions import Revision, RevisionDeed, seen_of, thing_of, undo_of
from schedules.announcement import AreaCode
from schedules.blocks import Block
from schedules.calendar import local
from schedules.errors import Invalid
from schedules.pattern import Pattern
from schedules.session import Season, Session, SessionDay, run_on
from schedules.session_rules import session_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionForm:
    """A session as its form says it; what is not on the form (single days, an order by hand) stays."""

    area: AreaCode
    name: str
    start: time
    days: frozenset[int]
    opening: bool = True
    closing: bool = True
    cap: timedelta | None = None
    pattern: Pattern | None = None
    seasons: tuple[Season, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A session for its page. ``session`` is what stands, or what was taken out of the day.

    ``seen`` names the state that an edit starts from; ``undo`` is the deed that may be taken back.
    """

    session: Session
    removed: bool
    seen: int
    undo: RevisionDeed | None
    may_edit: bool


class Programming:
    """Each deed is one transaction: the session, its history, the audit. 412 ``E_STALE`` for old news."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._sessions: Revised[Session] = Revised(history=sessions, kind=lambda _: "session", facts=_facts)

    async def look(self, person: Person, session: str) -> SessionView:
        """One session, also one that was removed as long as that can be undone."""
        stands, event = await self._room.db.read(_found, session)
        found = stands or (event.before if event is not None else None)
        if found is None:
            raise missing()
        allow(person, Right.READ, found.area, self._room.tree)
        return SessionView(
            session=found,
            removed=stands is None,
            seen=seen_of(event),
            undo=undo_of(event),
            may_edit=self._may(person, found.area),
        )

    async def add(self, person: Person, form: SessionForm, key: str) -> Session:
        """A new session; the same ``key`` of the same person again gives the one that it made."""
        allow(person, Right.WRITE, form.area, self._room.tree)
        made = hashlib.sha256(f"{person.id}\n{key}".encode()).hexdigest()[:16]
        since = self._room.clock.now().replace(microsecond=0)
        fresh = _with(Session(id=f"s-{made}", area=form.area, name="", start=form.start, since=since), form)
        self._check(fresh)
        stands = await self._room.db.write(self._added, fresh, person, self._room.clock.now())
        self._tell()
        return stands

    async def change(self, person: Person, session: str, form: SessionForm, seen: int) -> Session:
        """Name, time, days, cap, opening and closing; the area stays."""
        before = await self._standing(person, session)
        if form.area != before.area:
            raise Problem("E_FIELD", field="area")
        after = _not_in_the_past(before, _with(before, form), self._room.clock.now())
        return await self.put(person, before, after, seen)

    async def put(self, person: Person, before: Session, after: Session, seen: int) -> Session:
        """One session instead of another, as one change that can be taken back."""
        allow(person, Right.WRITE, before.area, self._room.tree)
        self._check(after)
        await self._room.db.write(self._changed, before, after, seen, person, self._room.clock.now())
        self._tell()
        return after

    async def remove(self, person: Person, session: str, seen: int) -> Session:
        """Out of the day; what it would have aired waits for the next session."""
        before = await self._standing(person, session)
        await self._room.db.write(self._changed, before, None, seen, person, self._room.clock.now())
        self._tell()
        return before

    async def undo(self, person: Person, session: str, seen: int) -> None:
        """Take back the newest change, whoever made it. 409 ``E_STATE`` where there is none to take back."""
        view = await self.look(person, session)
        allow(person, Right.WRITE, view.session.area, self._room.tree)
        await self._room.db.write(self._sessions.undo, session, seen, person.id, self._room.clock.now())
        self._tell()

    async def _standing(self, person: Person, session: str) -> Session:
        found = await self._room.db.read(sessions.get, session)
        if found is None:
            raise missing()
        allow(person, Right.WRITE, found.area, self._room.tree)
        return found

    def _added(self, conn: Conn, fresh: Session, person: Person, now: datetime) -> Session:
        stands = sessions.get(conn, fresh.id)
        if stands is None:
            self._sessions.put(conn, fresh.id, fresh, RevisionDeed.ADDED, person.id, now)
        return stands or fresh

    def _changed(
        self, conn: Conn, before: Session, after: Session | None, seen: int, person: Person, now: datetime
    ) -> None:
        if sessions.get(conn, before.id) != before:
            raise stale()
        self._sessions.change(conn, before.id, after, seen, person.id, now)

    def _may(self, person: Person, area: AreaCode) -> bool:
        try:
            allow(person, Right.WRITE, area, self._room.tree)
        except Problem:
            return False
        return True

    def _check(self, session: Session) -> None:
        with told_as_problems():
            if faults := session_faults(session, self._room.quiet_at((session.area,))):
                raise Invalid(faults)

    def _tell(self) -> None:
        self._room.signals.tell(Topic.PROGRAMME)
        self._room.signals.wake(Wake.PLANNER, Wake.RENDERER)


def _with(session: Session, form: SessionForm) -> Session:
    return replace(
        session,
        name=" ".join(form.name.split()),
        start=form.start.replace(second=0, microsecond=0),
        days=form.days,
        opening=form.opening,
        closing=form.closing,
        cap=form.cap,
        pattern=form.pattern,
        seasons=form.seasons,
        blocks=form.blocks,
    )


def _not_in_the_past(before: Session, after: Session, now: datetime) -> Session:
    """The new times, but never a run today that would be over already: what waits for it would be lost."""
    today = local(now).date()
    was, run = run_on(before, today), run_on(after, today)
    if run is None or run.start_at > now or (was is not None and was.start_at <= now):
        return after
    others = tuple(one for one in after.changes if one.day != today)
    return replace(after, changes=(*others, SessionDay(day=today, skipped=True)))


def _found(conn: Conn, session: str) -> tuple[Session | None, Revision[Session] | None]:
    return sessions.get(conn, session), sessions.last_event(conn, session)


def _facts(before: Session | None, after: Session | None) -> dict[str, audit.Fact]:
    subject = thing_of(before, after)
    return {
        "area": subject.area,
        "name": subject.name,
        "start": f"{subject.start:%H:%M}",
        "days": "".join(str(day) for day in sorted(subject.days)),
        **_days_that_changed(before, after),
    }


def _days_that_changed(before: Session | None, after: Session | None) -> dict[str, audit.Fact]:
    """The single days that are otherwise now, for whoever reads the audit."""
    was, now = (frozenset() if one is None else frozenset(one.changes) for one in (before, after))
    days = sorted({f"{change.day:%Y-%m-%d}" for change in was ^ now})
    return {"changed_days": " ".join(days)} if days else {}
