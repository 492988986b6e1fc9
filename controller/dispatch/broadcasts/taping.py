"""Relays that are recorded first and heard later: recorded on time, prepared, handed to the planner."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from controller.dispatch.broadcasts.tuning import Tuner
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.store import audit, clips, occurrences, relays, sessions, tapes
from controller.store.database import Conn
from controller.store.relays import RelaySource
from controller.store.tapes import Tape, TapeState
from controller.streams.deck import Taped, TapeFile, record
from controller.studio.speech import SpeechFailed
from controller.studio.taking import Prepared, Taker
from schedules.area import Tree
from schedules.plan import OccurrenceId
from schedules.session import taped_at
from schedules.taped import LONGEST_TAPE

LISTEN = timedelta(seconds=8)
"""So long before a recording its sources are opened: who is good is known when it begins."""
LOOK_AHEAD = timedelta(hours=27)
"""A recording begins a day and some before its slot at the most."""
WHOLE = 0.9
"""Of its time a station must have sounded: less is no relay any more."""
LEAST_LEAD = timedelta(minutes=1)
MOST_DECKS = 4
AGAIN_AFTER = timedelta(seconds=5)
TIDY_EVERY = timedelta(hours=24)
_SECOND = timedelta(seconds=1)
_log = logging.getLogger("loa.tape")

Key = tuple[datetime, timedelta, tuple[RelaySource, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A recording that is to be made, and the stations that it may come from."""

    tape: Tape
    sources: tuple[RelaySource, ...]


class Taping:
    """Places that relay the same stations at the same time share one recording."""

    def __init__(self, room: Room, tuner: Tuner, taker: Taker) -> None:
        self._room = room
        self._tuner = tuner
        self._taker = taker
        self._decks: set[asyncio.Task[None]] = set()
        self._tidied_at: datetime | None = None

    async def turn(self) -> datetime | None:
        """Begin what is due; when the next of these is."""
        room = self._room
        now = room.clock.now()
        await self._tidy(now)
        wakes: list[datetime] = []
        begun: defaultdict[Key, list[Tape]] = defaultdict(list)
        for one in await room.db.read(wanted, room.tree, now):
            tape = one.tape
            if now < tape.begins_at - LISTEN:
                wakes.append(tape.begins_at - LISTEN)
            elif now > tape.begins_at + (1 - WHOLE) * tape.length:
                await self._note((_failed(tape, "missed", now),))
            elif not one.sources:
                await self._note((_failed(tape, "no_source", now),))
            else:
                begun[tape.begins_at, tape.length, one.sources].append(tape)
        for (_, _, sources), some in begun.items():
            if len(self._decks) >= MOST_DECKS:
                wakes.append(now + AGAIN_AFTER)
            else:
                await self._begin(tuple(some), sources)
        return min(wakes, default=None)

    async def stop(self) -> None:
        """What is being recorded is lost; the next start says so."""
        decks = tuple(self._decks)
        for task in decks:
            task.cancel()
        await asyncio.gather(*decks, return_exceptions=True)

    async def _begin(self, some: tuple[Tape, ...], sources: tuple[RelaySource, ...]) -> None:
        await self._note(some)
        task = asyncio.create_task(self._recorded(some, sources), name=f"tape {some[0].occurrence}")
        self._decks.add(task)
        task.add_done_callback(self._decks.discard)

    async def _note(self, some: Iterable[Tape]) -> None:
        await self._room.db.write(_added, tuple(some))
        self._room.signals.tell(Topic.BROADCAST)

    async def _recorded(self, some: tuple[Tape, ...], sources: tuple[RelaySource, ...]) -> None:
        file = TapeFile(self._room.settings.tapes_dir / f"{some[0].occurrence[:40]}.wav")
        try:
            await self.close(some, *await self._made(file, some[0], sources))
        except Exception:  # noqa: BLE001 - top of a recording's task: its rows must not stay open
            _log.exception("tape.failed occurrence=%s", some[0].occurrence)
            await self.close(some, "fault", None, "")
        finally:
            with suppress(OSError):
                await self._room.lanes.files.run(file.remove)

    async def _made(
        self, file: TapeFile, first: Tape, sources: tuple[RelaySource, ...]
    ) -> tuple[str, Prepared | None, str]:
        """Why nothing came of it, or what did, and who was recorded."""
        files, now = self._room.lanes.files, self._room.clock.now()
        ends_at = first.begins_at + min(first.length, LONGEST_TAPE)
        begins_at = max(now, first.begins_at)
        try:
            await files.run(file.open)
            taped = await record(
                self._tuner.stations(sources, f"tape-{first.occurrence[:35]}"),
                lambda data: files.run(file.append, data),
                length_s=(ends_at - begins_at).total_seconds(),
                listen_s=(begins_at - now).total_seconds(),
            )
            await files.run(file.close)
        except OSError as error:
            _log.warning("tape.not_written %s", error)
            return "disk", None, ""
        source = "" if taped.source is None else sources[taped.source].name
        if (why := _lacking(taped, first.length)) is not None:
            return why, None, source
        try:
            return "", await self._taker.take_in(file.path, repeat=1, chime=False, clean=False), source
        except SpeechFailed as failure:
            _log.warning("tape.not_prepared code=%s %s", failure.code, failure.en)
            return "no_sound" if failure.code == "E_AUDIO_LEVEL" else "fault", None, source

    async def close(self, some: tuple[Tape, ...], why: str, done: Prepared | None, source: str) -> None:
        """What came of a recording: into its rows, and from there into the programme."""
        room = self._room
        await room.db.write(_closed, some, why, done, source, room.clock.now())
        room.metrics.tapes.labels("kept" if done is not None else "failed").inc(len(some))
        room.signals.tell(Topic.BROADCAST)
        room.signals.wake(Wake.PLANNER)

    async def _tidy(self, now: datetime) -> None:
        if self._tidied_at is not None and now - self._tidied_at < TIDY_EVERY:
            return
        self._tidied_at = now
        before = now - timedelta(days=self._room.settings.relay_tapes_days)
        await self._room.db.write(_forgotten, self._room.clips, before)


def wanted(conn: Conn, tree: Tree, now: datetime) -> tuple[Wanted, ...]:
    """What the programme wants recorded and nobody has begun to, with its stations."""
    found = []
    for one in occurrences.untaped(conn, now, now + LOOK_AHEAD):
        planned = one.occurrence
        if planned.session is None or planned.duration < _SECOND:
            continue
        session = sessions.get(conn, planned.session)
        begins_at = None if session is None else taped_at(session, planned.due_at)
        area = planned.targets[0]
        if begins_at is None or area not in tree:
            continue
        listed = relays.above(conn, tree.chain(area))
        tape = Tape(
            occurrence=OccurrenceId(planned.id),
            session=planned.session,
            area=area,
            title=one.title,
            due_at=planned.due_at,
            begins_at=begins_at,
            length=planned.duration // _SECOND * _SECOND,
            state=TapeState.RECORDING,
            changed_at=now,
        )
        found.append(Wanted(tape=tape, sources=() if listed is None else listed.sources))
    return tuple(found)


def sweep_tapes(conn: Conn, folder: Path, now: datetime) -> None:
    """At a start: what was being recorded is lost, and said to be."""
    for tape in tapes.running(conn):
        tapes.close(conn, _failed(tape, "restart", now))
        audit.append(conn, now, "loa", "tape.failed", tape.occurrence, {"why": "restart"})
    if folder.is_dir():
        for left in folder.iterdir():
            left.unlink(missing_ok=True)


def _added(conn: Conn, some: tuple[Tape, ...]) -> None:
    for tape in some:
        if tapes.add(conn, tape):
            facts: dict[str, audit.Fact] = {"title": tape.title, "area": tape.area}
            if tape.why:
                facts["why"] = tape.why
            deed = "tape.begun" if tape.state is TapeState.RECORDING else "tape.failed"
            audit.append(conn, tape.changed_at, "loa", deed, tape.occurrence, facts)


def _closed(
    conn: Conn, some: tuple[Tape, ...], why: str, done: Prepared | None, source: str, now: datetime
) -> None:
    """The clip and every row that it is for, together."""
    if done is not None:
        clips.save(conn, done.clip, now)
    for tape in some:
        after = replace(tape, source=source[:80], changed_at=now)
        if done is None or now > tape.due_at - LEAST_LEAD:
            after = _failed(after, why or "late", now)
        else:
            sound = timedelta(milliseconds=done.clip.duration_ms)
            after = replace(after, state=TapeState.KEPT, clip=done.clip.sha256, sound=sound)
        if tapes.close(conn, after):
            facts: dict[str, audit.Fact] = {"why": after.why, "clip": after.clip or "", "source": source}
            audit.append(conn, now, "loa", f"tape.{after.state.value}", tape.occurrence, facts)


def _forgotten(conn: Conn, folder: Path, before: datetime) -> None:
    for clip in tapes.forget(conn, before):
        with suppress(OSError):
            (folder / clip).unlink(missing_ok=True)


def _failed(tape: Tape, why: str, now: datetime) -> Tape:
    return replace(tape, state=TapeState.FAILED, why=why, changed_at=now)


def _lacking(taped: Taped, length: timedelta) -> str | None:
    """Why a recording is none."""
    if taped.sound_s < 1:
        return "no_sound"
    return "gaps" if taped.sound_s < WHOLE * length.total_seconds() else None
