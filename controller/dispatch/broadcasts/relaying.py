"""The relays of the programme: their sources tried beforehand, pulled half a minute before, sent on time."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.dispatch.broadcasts.onair import RELAY_CHUNK_MS, Ended, OnAir, Run
from controller.dispatch.broadcasts.sourcing import Sourcing
from controller.dispatch.broadcasts.tuning import Tuner
from controller.dispatch.plan.relay_entries import PREFIX, grant_of
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic
from controller.errors import Problem
from controller.store import audit, occurrences
from controller.store.database import Conn
from controller.store.occurrences import Planned
from controller.store.relays import Checked
from controller.streams.choosing import Health
from schedules.announcement import AreaCode
from schedules.session import is_relay

PULL_BEFORE = timedelta(seconds=30)
SEND_BEFORE = timedelta(seconds=2)
LONGEST = timedelta(hours=4)
LOOK_AHEAD = timedelta(hours=3)
AGAIN_AFTER = timedelta(seconds=10)
_log = logging.getLogger("loa.relay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A relay that is about to begin and has a source that is not well; ``good``: how many are."""

    occurrence: str
    title: str
    area: AreaCode
    due_at: datetime
    good: int
    bad: tuple[Checked, ...]


class Relaying:
    """One run for each planned relay that is due; what the planner takes back is ended."""

    def __init__(self, room: Room, onair: OnAir, tuner: Tuner, sourcing: Sourcing) -> None:
        self._room = room
        self._onair = onair
        self._tuner = tuner
        self._sourcing = sourcing
        self._checked: set[tuple[str, datetime]] = set()
        self.findings: dict[str, Finding] = {}

    async def turn(self) -> datetime | None:
        """Try, begin and end what is due; when the next of these is."""
        room = self._room
        now = room.clock.now()
        planned = await room.db.read(planned_relays, now - LONGEST, now + LOOK_AHEAD)
        await self._end_what_is_over(planned, now)
        wakes: list[datetime] = []
        for one in planned:
            begins, ends = one.occurrence.due_at, one.occurrence.due_at + one.occurrence.duration
            if now >= ends:
                self.findings.pop(one.occurrence.id, None)
                continue
            check_at = begins - timedelta(minutes=room.settings.relay_check_min)
            if now < check_at:
                wakes.append(check_at)
            elif now < begins and (one.occurrence.id, begins) not in self._checked:
                await self._check(one)
            if now >= begins - PULL_BEFORE:
                wakes.append(ends if await self._runs(one, now) else now + AGAIN_AFTER)
            elif now >= check_at:
                wakes.append(begins - PULL_BEFORE)
        return min(wakes, default=None)

    async def _check(self, one: Planned) -> None:
        """Told as a finding with its reason, while somebody can still do something about it."""
        self._checked.add((one.occurrence.id, one.occurrence.due_at))
        area = one.occurrence.targets[0]
        found = await self._sourcing.check_area(area)
        bad = tuple(checked for checked in found if checked.health is not Health.GOOD)
        facts: dict[str, audit.Fact] = {checked.url: checked.why or "good" for checked in found}
        await self._room.db.write(
            audit.append, self._room.clock.now(), "loa", "relay.checked", one.occurrence.id, facts
        )
        if not bad:
            self.findings.pop(one.occurrence.id, None)
            return
        self.findings[one.occurrence.id] = Finding(
            occurrence=one.occurrence.id,
            title=one.title,
            area=area,
            due_at=one.occurrence.due_at,
            good=len(found) - len(bad),
            bad=bad,
        )
        self._room.signals.tell(Topic.LINK)

    async def _runs(self, one: Planned, now: datetime) -> bool:
        """Whether it is on its way; False where it has to be tried again."""
        occurrence = one.occurrence
        grant = grant_of(occurrence.id)
        if grant in self._onair.grants:
            return True
        sends_at = occurrence.due_at - SEND_BEFORE
        try:
            voice = await self._tuner.relay(occurrence.targets[0], grant)
            # trying the sources has taken its time
            now = self._room.clock.now()
            run = Run(
                grant=grant,
                areas=tuple(self._room.tree.cover(occurrence.targets)),
                voice=voice,
                chunk_ms=RELAY_CHUNK_MS,
                first_ms=_whole_chunks(now - sends_at),
                mute_s=max(0.0, (sends_at - now).total_seconds()),
            )
            await self._onair.begin(run, self._ended)
        except Problem as problem:
            _log.warning("relay.not_begun grant=%s code=%s", grant, problem.code)
            return False
        facts: dict[str, audit.Fact] = {"title": one.title, "targets": list(occurrence.targets)}
        await self._room.db.write(audit.append, now, "loa", "relay.begun", occurrence.id, facts)
        return True

    async def _end_what_is_over(self, planned: Iterable[Planned], now: datetime) -> None:
        due = {
            grant_of(one.occurrence.id)
            for one in planned
            if now < one.occurrence.due_at + one.occurrence.duration
        }
        for grant in self._onair.grants:
            if grant.startswith(PREFIX) and grant not in due:
                self._onair.finish(grant)

    async def _ended(self, ended: Ended) -> None:
        now = self._room.clock.now()
        facts: dict[str, audit.Fact] = {
            "sound_ms": ended.sound // timedelta(milliseconds=1),
            "fault": ended.fault or "",
        }
        await self._room.db.write(audit.append, now, "loa", "relay.ended", ended.grant, facts)


def planned_relays(conn: Conn, start: datetime, end: datetime) -> tuple[Planned, ...]:
    """Those of the programme that begin within these bounds."""
    return tuple(one for one in occurrences.between(conn, start, end) if is_relay(one.occurrence.item))


def _whole_chunks(late: timedelta) -> int:
    """Media time at which a run begins that comes late, as after a restart."""
    late_ms = max(0, late // timedelta(milliseconds=1))
    return -(-late_ms // RELAY_CHUNK_MS) * RELAY_CHUNK_MS
