"""The corrector: carries a đính chính to exactly the nodes that played the wrong bài, late ones included."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.dispatch.announcements.wave_paper import publish
from controller.dispatch.desired import renew_desired
from controller.dispatch.plan.compile import AFTER_DAY, day_end, latest_start
from controller.dispatch.plan.delivery import Dropped, step
from controller.dispatch.plan.planning import WHO
from controller.dispatch.plan.situation import clip_ref, read_programme
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.store import (
    announcements,
    audit,
    clips,
    corrections,
    deliveries,
    documents,
    occurrences,
)
from controller.store.announcements import Kept
from controller.store.corrections import Correction, Told, Wave
from controller.store.database import Conn
from controller.store.deliveries import Delivery, Kind, Verdict
from controller.store.occurrences import OccurrenceState, Planned
from controller.store.sounds import RenderState
from devices import topics
from devices.messages import (
    ClipRef,
    GroupId,
    NodeId,
)
from schedules.announcement import Announcement
from schedules.approval import is_approved
from schedules.calendar import Window, local
from schedules.plan import Occurrence, plan

LEAD = timedelta(seconds=30)
"""What a node gets to learn that it is in the group, to subscribe and to fetch the clip."""
JOINS_UNTIL = timedelta(seconds=20)
LOOK_AGAIN = timedelta(minutes=5)
AHEAD = timedelta(days=7)
HEARD = frozenset({Verdict.AIRED, Verdict.AIRED_LATE, Verdict.PARTIAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What one turn sent, and whether some nodes still have to be told."""

    letters: int = 0
    waiting: bool = False


class Corrector:
    """A correction is no entry of an area's programme: each *wave* of it is a group of its own.

    Who is in a wave is decided from receipts alone. A wave only grows, so its version is 1 for ever; a node
    that reports an airing when its wave has begun already gets the next one.
    """

    def __init__(self, room: Room) -> None:
        self._room = room

    async def turn(self) -> datetime | None:
        """Tell whoever has to be told by now; take back what is not approved any more."""
        room = self._room
        now = room.clock.now()
        if not await room.db.read(corrections.to_settle, now):
            return None
        done = await room.db.write(self._settle, now)
        if done.letters:
            room.signals.wake(Wake.SENDER, Wake.AUDITOR)
            room.signals.tell(Topic.PROGRAMME)
        return now + LOOK_AGAIN if done.waiting else None

    def _settle(self, conn: Conn, now: datetime) -> Settled:
        letters, waiting = 0, False
        for correction in corrections.to_settle(conn, now):
            kept = announcements.get(conn, correction.announcement)
            if kept is None:
                continue
            a = kept.announcement
            every = corrections.waves(conn, a.id)
            for wave in every:
                if wave.over_at > now:
                    letters += self._keep(conn, wave, is_approved(a) and a.revision == wave.revision, now)
            if is_approved(a) and a.expires_at > now:
                lacking = self._lacking(conn, correction, a, now)
                waiting = waiting or bool(lacking)
                ready = frozenset(node for node, again in lacking.items() if not again)
                if ready and (clip := _clip(conn, kept)) is not None:
                    letters += self._reach(conn, kept, every, ready, clip, now)
        return Settled(letters=letters, waiting=waiting)

    def _lacking(
        self, conn: Conn, correction: Correction, a: Announcement, now: datetime
    ) -> dict[NodeId, bool]:
        """The nodes that have to be told; True for one that can't be yet."""
        room = self._room
        told = corrections.told(conn, a.id, a.revision)
        found: dict[NodeId, bool] = {}
        for node, began_at in corrections.played(conn, correction.wrong).items():
            area = room.registry.areas.get(node)
            if area is None or not room.tree.descends(area, a.area):
                continue
            before = told.get(node)
            if before is None or _heard_wrong_again(before, began_at):
                found[node] = False
            elif before.verdict in (Verdict.MISSED, Verdict.EXPIRED, Verdict.REFUSED):
                # once a day is enough, and what a silent node has played meanwhile is not known yet
                found[node] = before.day >= local(now).date() or room.monitor.is_silent(node)
        return found

    def _reach(
        self,
        conn: Conn,
        kept: Kept,
        every: tuple[Wave, ...],
        nodes: frozenset[NodeId],
        clip: ClipRef,
        now: datetime,
    ) -> int:
        """Take these nodes into a wave that has not begun, or make one; how many letters that was."""
        a = kept.announcement
        for wave in reversed(every):
            planned = occurrences.get(conn, wave.occurrence)
            fits = planned is not None and planned.state is OccurrenceState.PLANNED
            if planned is None or not fits or wave.revision != a.revision:
                continue
            if planned.occurrence.due_at > now + JOINS_UNTIL and not nodes & set(
                corrections.members(conn, wave.id)
            ):
                grown = replace(planned, occurrence=self._grounded(planned.occurrence, nodes))
                occurrences.save(conn, (grown,))
                return self._take_in(conn, wave, grown, nodes, now)
        occurrence = self._occurrence(a, clip, nodes, now)
        if occurrence is None:
            return 0
        planned = Planned(occurrence=occurrence, title=a.title, clip=clip.sha256)
        occurrences.save(conn, (planned,))
        day = local(occurrence.due_at).date()
        wave = Wave(
            id=GroupId(f"c-{secrets.token_hex(8)}"),
            correction=a.id,
            revision=a.revision,
            occurrence=occurrence.id,
            day=day,
            made_at=now,
            over_at=day_end(day) + AFTER_DAY,
        )
        corrections.add_wave(conn, wave)
        count = self._take_in(conn, wave, planned, nodes, now)
        return count + publish(conn, self._room, wave, planned, live=True, now=now)

    def _occurrence(
        self, a: Announcement, clip: ClipRef, nodes: Iterable[NodeId], now: datetime
    ) -> Occurrence | None:
        """When it is heard: as the planner would place it if it were approved at this moment, outside the
        quiet hours of every place that it goes to. No cap holds it back: it is owed."""
        assert a.approval is not None
        room = self._room
        fresh = replace(a, approval=replace(a.approval, approved_at=now))
        made = plan(
            room.tenant,
            (fresh,),
            (),
            room.tree,
            {a.id: timedelta(milliseconds=clip.duration_ms)},
            room.quiet_at({room.registry.areas[node] for node in nodes}),
            Window(start=now, end=min(a.expires_at, now + AHEAD)),
            now,
            LEAD,
        )
        return next((self._grounded(replace(o, targets=()), nodes) for o in made.occurrences), None)

    def _grounded(self, occurrence: Occurrence, nodes: Iterable[NodeId]) -> Occurrence:
        """For people it is heard in the villages where these nodes hang."""
        villages = {self._room.registry.areas[node] for node in nodes} | set(occurrence.targets)
        return replace(occurrence, targets=tuple(sorted(villages)))

    def _take_in(
        self, conn: Conn, wave: Wave, planned: Planned, nodes: frozenset[NodeId], now: datetime
    ) -> int:
        corrections.join(conn, wave.id, sorted(nodes))
        deliveries.plan(conn, self._rows(planned, sorted(nodes), now))
        letters = renew_desired(conn, self._room, sorted(nodes), now)
        facts: dict[str, audit.Fact] = {
            "correction": wave.correction,
            "due_at": planned.occurrence.due_at.isoformat(),
            "nodes": len(nodes),
        }
        audit.append(conn, now, WHO, "correction.addressed", wave.id, facts)
        return letters

    def _rows(self, planned: Planned, nodes: Iterable[NodeId], now: datetime) -> Iterable[Delivery]:
        o = planned.occurrence
        for node in nodes:
            yield Delivery(
                kind=Kind.OCCURRENCE,
                subject=o.id,
                node=node,
                area=self._room.registry.areas[node],
                revision=o.revision,
                due_at=o.due_at,
                ends_at=min(latest_start(o, self._room.quiet_at(o.targets)) + o.duration, o.expires_at),
                planned_at=now,
                duration_ms=o.duration // timedelta(milliseconds=1),
            )

    def _keep(self, conn: Conn, wave: Wave, live: bool, now: datetime) -> int:
        """What lies at the broker follows the approval; said anew in a new epoch."""
        planned = occurrences.get(conn, wave.occurrence)
        document = documents.get(conn, topics.group_programme(wave.id, wave.day))
        if planned is None or document is None:
            return 0
        held = read_programme(document)
        if bool(held.entries) == live and held.epoch == self._room.epoch:
            return 0
        if live and not held.entries:
            occurrences.save(conn, (replace(planned, state=OccurrenceState.PLANNED),))
            nodes = [node for node in corrections.members(conn, wave.id) if node in self._room.registry.areas]
            deliveries.plan(conn, self._rows(planned, nodes, now))
        elif not live:
            self._close(conn, planned, now)
        return publish(conn, self._room, wave, planned, live=live, now=now)

    def _close(self, conn: Conn, planned: Planned, now: datetime) -> None:
        if planned.occurrence.due_at > now:
            occurrences.withdraw(conn, (planned.occurrence.id,))
        after = [
            step(row, Dropped(reason="withdrawn"), now)
            for row in deliveries.of_subject(conn, planned.occurrence.id)
        ]
        deliveries.save(conn, (one.delivery for one in after if one.ruling is not None))
        self._room.metrics.deliveries.labels(Verdict.CANCELLED.value).inc(
            sum(one.ruling is not None for one in after)
        )


def _heard_wrong_again(before: Told, began_at: datetime) -> bool:
    """It was told, and has played the wrong one once more after that."""
    return before.verdict in HEARD and before.started_at is not None and began_at > before.started_at


def _clip(conn: Conn, kept: Kept) -> ClipRef | None:
    if kept.sound.state is not RenderState.READY or kept.sound.clip is None:
        return None
    facts = clips.find(conn, kept.sound.clip)
    return None if facts is None else clip_ref(facts)
