"""Recorded relays as people see them: what was recorded, what failed and why, and what is not to be heard."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from controller.access import Person, Right, may
from controller.dispatch.refusals import allow, missing, stale
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import audit, people, tapes
from controller.store.database import Conn
from controller.store.tapes import Tape, TapeState
from schedules.announcement import AreaCode

SHOWN = 12
TOLD_BEFORE = timedelta(hours=27)
"""So long before its slot a recording that failed is told at the top of the pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeLine:
    """One recording; ``octets`` is what each node fetches of it. Whoever ``may_hear`` may also drop it."""

    tape: Tape
    area_name: str
    changed_by: str
    octets: int
    may_hear: bool
    may_change: bool


class TapeDesk:
    """Within the asker's branch; what lies outside it is 404 ``E_NOT_FOUND``."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def newest(self, person: Person, area: AreaCode) -> tuple[TapeLine, ...]:
        """The last recordings for the area and everything in it."""
        allow(person, Right.READ, area, self._room.tree)
        return await self._room.db.read(self._lines, person, area)

    async def lost(self, person: Person) -> tuple[Tape, ...]:
        """Those on the person's ground that failed and whose slot is still to come."""
        room, now = self._room, self._room.clock.now()
        found = await room.db.read(tapes.between, now, now + TOLD_BEFORE)
        return tuple(
            tape
            for tape in found
            if tape.state is TapeState.FAILED
            and tape.area in room.tree
            and room.tree.meet((tape.area,), (person.area,)) is not None
        )

    async def clip(self, person: Person, occurrence: str) -> tuple[Path, str]:
        """The sound, for whoever may approve, and its hash. 409 ``E_NOT_READY`` where there is none."""
        tape = await self._found(person, occurrence)
        if tape.clip is None:
            raise Problem("E_NOT_READY")
        return self._room.clips / tape.clip, tape.clip

    async def turn(self, person: Person, occurrence: str, *, heard: bool) -> Tape:
        """Let it be heard, or the filler in its place; once more changes nothing.

        409 ``E_STATE`` where it failed or its time has come, 412 ``E_STALE`` where somebody was faster.
        """
        room, now = self._room, self._room.clock.now()
        before = await self._found(person, occurrence)
        after = replace(
            before,
            state=TapeState.KEPT if heard else TapeState.DROPPED,
            changed_at=now,
            changed_by=person.id,
        )
        if before.clip is None or before.due_at <= now:
            raise Problem("E_STATE")
        if before.state is after.state:
            return before

        def deed(conn: Conn) -> None:
            if not tapes.turn(conn, after):
                raise stale()
            audit.append(
                conn, now, person.id, f"tape.{after.state.value}", occurrence, {"clip": after.clip or ""}
            )

        await room.db.write(deed)
        room.signals.tell(Topic.BROADCAST)
        room.signals.wake(Wake.PLANNER)
        return after

    async def _found(self, person: Person, occurrence: str) -> Tape:
        tape = await self._room.db.read(tapes.get, occurrence)
        if tape is None:
            raise missing()
        allow(person, Right.APPROVE, tape.area, self._room.tree)
        return tape

    def _lines(self, conn: Conn, person: Person, area: AreaCode) -> tuple[TapeLine, ...]:
        names, tree, now = people.names(conn), self._room.tree, self._room.clock.now()
        return tuple(
            _line(
                tape,
                octets,
                names.get(tape.changed_by, "") if tape.changed_by else "",
                person,
                self._room,
                now,
            )
            for tape, octets in tapes.of_branch(conn, area, SHOWN)
            if tape.area in tree
        )


def _line(tape: Tape, octets: int, by: str, person: Person, room: Room, now: datetime) -> TapeLine:
    approves = may(person, Right.APPROVE, tape.area, room.tree) and tape.clip is not None
    return TapeLine(
        tape=tape,
        area_name=room.tree.area(tape.area).name,
        changed_by=by,
        octets=octets,
        may_hear=approves,
        may_change=approves and tape.due_at > now,
    )
