"""What people do to a place's lexicon: add, change, remove, take in a table, choose the region, undo."""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

from controller.access import Person, Right
from controller.dispatch.places.lexicon_check import checked_line, checked_table
from controller.dispatch.refusals import allow, missing, stale
from controller.dispatch.room import Room
from controller.dispatch.signals import Wake
from controller.errors import Problem
from controller.store import audit, idempotency, lexicon
from controller.store.database import Conn
from controller.store.idempotency import body_print
from controller.store.lexicon import Changed, Done, Entry, LexiconDeed, Line
from schedules.announcement import AreaCode
from tts.lexicon import MOST_READINGS
from tts.reading.regions import Region

Steps = Callable[[Conn], tuple[Changed, ...]]
TOLD_IN_AUDIT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One press of a button; the same key with the same body is the same deed."""

    person: Person
    area: AreaCode
    deed: LexiconDeed
    key: str
    body: str


class Lexicons:
    """Each deed is one transaction: the lines, their history, the audit, the key that makes it once.

    Whoever may write in a place may say how its words are read. Nothing that is approved changes by it.
    """

    def __init__(self, room: Room) -> None:
        self._room = room

    async def add(self, person: Person, area: AreaCode, line: Line, key: str, *, sure: bool = False) -> Done:
        """A new line. 409 ``E_LEXICON_EXISTS``; 422 ``E_LEXICON_…`` for what would be heard otherwise.

        ``sure``: a number that is read as another one is meant so (else ``E_LEXICON_NUMBER``).
        """
        asked = self._asked(person, area, LexiconDeed.ADDED, key, asdict(line), sure)
        ready = checked_line(line, sure=sure)

        def steps(conn: Conn) -> tuple[Changed, ...]:
            if lexicon.get(conn, area, ready.written) is not None:
                raise Problem("E_LEXICON_EXISTS", field="written", written=ready.written)
            return (Changed(after=ready),)

        return await self._do(asked, steps)

    async def change(
        self,
        person: Person,
        area: AreaCode,
        written: str,
        line: Line,
        key: str,
        *,
        revision: int,
        sure: bool = False,
    ) -> Done:
        """Replace a line, also its written form. 404, 412 ``E_STALE``, and as for ``add``."""
        asked = self._asked(person, area, LexiconDeed.CHANGED, key, written, asdict(line), revision, sure)
        ready = checked_line(line, sure=sure)

        def steps(conn: Conn) -> tuple[Changed, ...]:
            held = lexicon.get(conn, area, written)
            if held is None:
                raise missing()
            if held.revision != revision:
                raise stale()
            if ready.written != written and lexicon.get(conn, area, ready.written) is not None:
                raise Problem("E_LEXICON_EXISTS", field="written", written=ready.written)
            before = _line(held)
            return () if before == ready else (Changed(before=before, after=ready),)

        return await self._do(asked, steps)

    async def remove(self, person: Person, area: AreaCode, written: str, key: str) -> Done:
        """Take a line away; ``undo`` brings it back."""

        def steps(conn: Conn) -> tuple[Changed, ...]:
            held = lexicon.get(conn, area, written)
            if held is None:
                raise missing()
            return (Changed(before=_line(held)),)

        return await self._do(self._asked(person, area, LexiconDeed.REMOVED, key, written), steps)

    async def take_in(
        self,
        person: Person,
        area: AreaCode,
        table: str,
        key: str,
        *,
        only_good: bool = False,
        sure: bool = False,
    ) -> Done:
        """Add and change what a table says (``tts.lexicon``); what it does not name stays.

        422 ``E_LEXICON_LINES`` names the wrong lines, unless ``only_good``; numbers as in ``add``.
        """
        asked = self._asked(person, area, LexiconDeed.IMPORTED, key, table, only_good, sure)
        look = partial(checked_table, table, only_good=only_good, sure=sure)
        lines = await self._room.lanes.files.run(look)

        def steps(conn: Conn) -> tuple[Changed, ...]:
            held = {entry.written: _line(entry) for entry in lexicon.of_area(conn, area)}
            found = []
            for reading in lines:
                before = held.get(reading.written)
                after = Line(
                    written=reading.written,
                    reading=reading.reading,
                    priority=before.priority if before else 0,
                    note=before.note if before else "",
                )
                if before != after:
                    found.append(Changed(before=before, after=after))
            return tuple(found)

        return await self._do(asked, steps)

    async def set_region(self, person: Person, area: AreaCode, region: Region | None, key: str) -> Done:
        """Whose words for numbers; None takes what the places above chose."""

        def steps(conn: Conn) -> tuple[Changed, ...]:
            before = lexicon.own_region(conn, area)
            return () if before == region else (Changed(region_before=before, region_after=region),)

        return await self._do(self._asked(person, area, LexiconDeed.REGION, key, region), steps)

    async def undo(self, person: Person, area: AreaCode, deed: str, key: str) -> Done:
        """One deed taken back by whoever did it; ``E_STATE`` where its lines have changed since."""

        def steps(conn: Conn) -> tuple[Changed, ...]:
            done = lexicon.done(conn, deed)
            if done is None or done.area != area:
                raise missing()
            if done.undone or done.deed is LexiconDeed.UNDID or done.who != person.id:
                raise Problem("E_STATE")
            for change in done.changes:
                _still_as_left(conn, area, change)
            lexicon.mark_undone(conn, deed)
            return tuple(
                Changed(
                    before=change.after,
                    after=change.before,
                    region_before=change.region_after,
                    region_after=change.region_before,
                )
                for change in done.changes
            )

        return await self._do(self._asked(person, area, LexiconDeed.UNDID, key, deed), steps)

    def _asked(self, person: Person, area: AreaCode, deed: LexiconDeed, key: str, *said: object) -> _Asked:
        allow(person, Right.WRITE, area, self._room.tree)
        if not key:
            raise Problem("E_IDEMPOTENCY_KEY")
        words = json.dumps(said, ensure_ascii=False, sort_keys=True)
        body = body_print("lexicon", deed.value, area, words)
        return _Asked(person=person, area=area, deed=deed, key=key, body=body)

    async def _do(self, asked: _Asked, steps: Steps) -> Done:
        done = await self._room.db.write(_save, asked, steps, self._room.clock.now())
        self._room.signals.wake(Wake.LEXICON, Wake.RENDERER, Wake.PLANNER)
        return done


def _save(conn: Conn, asked: _Asked, steps: Steps, now: datetime) -> Done:
    person, area = asked.person, asked.area
    known = idempotency.recall(conn, person.id, asked.key, asked.body)
    if known is not None and (before := lexicon.done(conn, str(known.answer["deed"]))) is not None:
        return before
    changes = steps(conn)
    grows = sum((one.after is not None) - (one.before is not None) for one in changes)
    if grows > 0 and lexicon.count(conn, area) + grows > MOST_READINGS:
        raise Problem("E_LEXICON_FULL", most=MOST_READINGS)
    done = Done(
        id=f"x-{secrets.token_hex(8)}",
        area=area,
        at=now,
        who=person.id,
        deed=asked.deed,
        changes=changes,
    )
    for change in changes:
        _apply(conn, done, change)
    lexicon.note(conn, done)
    audit.append(conn, now, person.id, f"lexicon.{asked.deed.value}", done.id, _facts(done))
    idempotency.remember(
        conn, person.id, asked.key, asked.body, status=200, answer={"deed": done.id}, now=now
    )
    return done


def _apply(conn: Conn, done: Done, change: Changed) -> None:
    before, after = change.before, change.after
    if before is None and after is None:
        lexicon.set_region(conn, done.area, change.region_after)
        return
    if before is not None and (after is None or after.written != before.written):
        lexicon.remove(conn, done.area, before.written)
    if after is not None:
        lexicon.put(conn, done.area, after, done.who, done.at)


def _still_as_left(conn: Conn, area: AreaCode, change: Changed) -> None:
    """Problem where what the deed made is not there any more, or what it took away is there again."""
    before, after = change.before, change.after
    if before is None and after is None:
        as_left = lexicon.own_region(conn, area) == change.region_after
    else:
        held = None if after is None else lexicon.get(conn, area, after.written)
        as_left = after is None or (held is not None and _line(held) == after)
        gone = before is not None and (after is None or after.written != before.written)
        if gone and before is not None:
            as_left = as_left and lexicon.get(conn, area, before.written) is None
    if not as_left:
        raise Problem("E_STATE")


def _line(entry: Entry) -> Line:
    return Line(written=entry.written, reading=entry.reading, priority=entry.priority, note=entry.note)


def _facts(done: Done) -> dict[str, audit.Fact]:
    told: list[audit.Fact] = [
        {
            "written": (change.after or change.before or Line(written="", reading="")).written,
            "before": None if change.before is None else change.before.reading,
            "after": None if change.after is None else change.after.reading,
        }
        for change in done.changes[:TOLD_IN_AUDIT]
        if change.before or change.after
    ]
    facts: dict[str, audit.Fact] = {"area": done.area, "count": len(done.changes), "lines": told}
    for change in done.changes:
        if change.before is None and change.after is None:
            facts["region"] = None if change.region_after is None else change.region_after.value
    return facts
