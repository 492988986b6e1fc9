"""The planner: what is approved becomes occurrences, programmes, letters and deliveries at once."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from controller.dispatch.outbox import letter_for
from controller.dispatch.plan.collisions import next_question, note_defaults
from controller.dispatch.plan.compile import (
    Compiled,
    Drafts,
    Overfull,
    Sound,
    compile_programmes,
    latest_start,
)
from controller.dispatch.plan.delivery import Dropped, step
from controller.dispatch.plan.reaching import gone, lists
from controller.dispatch.plan.situation import (
    Shelf,
    Situation,
    begun,
    explained,
    make,
    places,
    situation_of,
    window_of,
)
from controller.dispatch.plan.spoken import length_of
from controller.dispatch.room import Room
from controller.store import (
    announcements,
    audit,
    deliveries,
    documents,
    meta,
    occurrences,
    outbox,
    unplaced,
)
from controller.store.database import Conn
from controller.store.deliveries import Delivery, Kind
from controller.store.documents import Document, DocumentKind
from controller.store.instants import from_text, to_text
from controller.store.occurrences import Planned
from devices.messages import Programme
from devices.programme import fits, topic_of
from schedules.announcement import AnnouncementId
from schedules.announcement import AreaCode as PlaceCode
from schedules.calendar import Window, instant_of, local
from schedules.explain import Explanation
from schedules.plan import Memo, Occurrence, OccurrenceId, Plan

WHO = "loa"
ROWS_AHEAD = timedelta(hours=48)
FRESHLY_PAST = timedelta(hours=1)
LONGEST_AWAY = timedelta(days=31)
PLANNED_AT = "planned_at"
AT_ONCE = 250
K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a planning changed, and when the clock alone makes another one due."""

    plan: Plan
    overfull: tuple[Overfull, ...]
    published: tuple[Document, ...]
    wake_at: datetime
    situation: Situation
    places: Mapping[AnnouncementId, tuple[PlaceCode, ...]]
    """Where each item wants to be heard, also one that found no place."""

    def why(self, item: AnnouncementId) -> tuple[Explanation, ...]:
        """What the plan makes of an item, and why, one sentence a time."""
        return explained(self.plan, self.situation, item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a plan changes in the store: new times, what is planned no more, and what wants its rows."""

    changed: tuple[Planned, ...]
    vanished: tuple[OccurrenceId, ...]
    soon: tuple[Planned, ...]

    def ahead(self) -> "Iterator[Changes]":
        """What is written before the rest, where it is much: a province's rows would hold up everybody."""
        if len(self.soon) > AT_ONCE:
            changed = {one.occurrence.id for one in self.changed}
            for n in range(0, len(self.soon), AT_ONCE):
                some = self.soon[n : n + AT_ONCE]
                fresh = tuple(one for one in some if one.occurrence.id in changed)
                yield Changes(changed=fresh, vanished=(), soon=some)

    def rest(self) -> "Changes":
        """What is left then."""
        if len(self.soon) <= AT_ONCE:
            return self
        written = {one.occurrence.id for one in self.soon}
        left = tuple(one for one in self.changed if one.occurrence.id not in written)
        return Changes(changed=left, vanished=self.vanished, soon=())


class Planner:
    """Plans all days ahead; the same situation compiled twice changes nothing."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._memo, self._drafts, self._shelf = Memo(), Drafts(), Shelf()
        self._rowed: tuple[object, ...] = ()
        self.last: Outcome | None = None

    async def turn(self) -> datetime:
        """Plan, save and post what changed; returns the instant of the next planning."""
        room = self._room
        now = room.clock.now()
        last_at = await room.db.read(_last_planned, now)
        window = window_of(last_at, now, room.settings.plan_days)
        situation = await room.db.read(situation_of, window, self._shelf)
        made, compiled, changes = await room.lanes.plans.run(
            self._worked_out, situation, window, last_at, now
        )
        for some in changes.ahead():
            if not await room.db.write(self._save_ahead, situation, some, window, now):
                return now
        published = await room.db.write(self._save, situation, made, compiled, changes, window, now)
        if published is None:
            # somebody approved or edited meanwhile: plan again from what stands now
            return now
        self._rowed = (room.registry, situation.reach, situation.rules)
        self.last = Outcome(
            plan=made,
            overfull=compiled.overfull,
            published=published,
            wake_at=min(_midnight_after(now), next_question(made, now) or _midnight_after(now)),
            situation=situation,
            places=places(situation),
        )
        room.rules = situation.rules
        return self.last.wake_at

    def _worked_out(
        self, situation: Situation, window: Window, last_at: datetime, now: datetime
    ) -> tuple[Plan, Compiled, Changes]:
        """In a lane of its own: a province's plan from nothing takes seconds, and an alert can't wait."""
        room = self._room
        made = make(situation, room.tenant, room.tree, room.quiet, window, now, self._memo)
        compiled = self._compile(situation, made, window, now)
        return made, compiled, self._changes(situation, made, compiled, last_at, now)

    def _compile(self, situation: Situation, made: Plan, window: Window, now: datetime) -> Compiled:
        room = self._room
        return compile_programmes(
            tenant=room.keyring.tenant,
            epoch=room.epoch,
            occurrences=made.occurrences,
            sounds=_at(situation.sounds, room.settings.volume),
            tapes=_at(situation.tapes, room.settings.volume),
            tree=room.tree,
            quiet=room.quiet,
            held=situation.held,
            groups=lists(situation.reach.heard(situation.kept, room.tree)),
            days=_days(now, window),
            fits=fits,
            now=now,
            drafts=self._drafts,
        )

    def _save_ahead(
        self, conn: Conn, situation: Situation, changes: Changes, window: Window, now: datetime
    ) -> bool:
        """Some of the occurrences with their rows, told to nobody yet; False where the ground has changed.

        What is never followed by the rest is taken back, or written again, by the next planning.
        """
        if announcements.in_force(conn, window.start, self._shelf.kept) != situation.kept:
            return False
        occurrences.save(conn, changes.changed)
        rows = (row for one in changes.soon for row in self._rows(one, situation, now))
        deliveries.plan(conn, rows)
        return True

    def _save(
        self,
        conn: Conn,
        situation: Situation,
        made: Plan,
        compiled: Compiled,
        changes: Changes,
        window: Window,
        now: datetime,
    ) -> tuple[Document, ...] | None:
        """One transaction; None, and nothing saved, where what was planned upon has changed."""
        if not self._save_ahead(conn, situation, changes.rest(), window, now):
            return None
        occurrences.withdraw(conn, changes.vanished)
        self._close(conn, (row for key in changes.vanished for row in deliveries.of_subject(conn, key)), now)
        registry, tree = self._room.registry, self._room.tree
        self._close(conn, gone(conn, changes.soon, situation.reach, registry, tree, now), now)
        unplaced.note(conn, (refusal for refusal in made.refusals if refusal.at <= now), now)
        note_defaults(conn, made, self._room.tree, now)
        meta.put(conn, PLANNED_AT, to_text(now))
        published = tuple(self._document(programme) for programme in compiled.changed)
        for document, programme in zip(published, compiled.changed, strict=True):
            publish(conn, document, programme, now)
        return published

    def _changes(
        self, situation: Situation, made: Plan, compiled: Compiled, last_at: datetime, now: datetime
    ) -> Changes:
        left_out = {OccurrenceId(overfull.occurrence) for overfull in compiled.overfull}
        earlier, before = begun(situation, now), situation.before
        planned = {
            key: earlier.get(key) or _planned(o, sound)
            for o in made.occurrences
            if (sound := situation.sound(o)) is not None and (key := OccurrenceId(o.id)) not in left_out
        }
        vanished = (
            key
            for key, one in before.items()
            if key not in planned and one.occurrence.due_at > now and one.state.value == "planned"
        )
        # What fell due while nobody planned has its rows too, also where no node can have heard of it.
        since = min(last_at, now - FRESHLY_PAST)
        anew = self._rowed != (self._room.registry, situation.reach, situation.rules)
        soon = (
            one
            for key, one in planned.items()
            if (one.occurrence.due_at <= now + ROWS_AHEAD or _had_rows(before.get(key), last_at))
            and (one.occurrence.due_at > since or key not in before)
            # its rows stand already, where neither it nor who may hear it has changed since
            and (anew or one.occurrence.due_at > last_at + ROWS_AHEAD or before.get(key) != one)
        )
        return Changes(
            changed=tuple(one for key, one in planned.items() if before.get(key) != one),
            vanished=tuple(vanished),
            soon=tuple(soon),
        )

    def _close(self, conn: Conn, withdrawn: Iterable[Delivery], now: datetime) -> None:
        """Nothing will be heard of it: each node that has begun nothing has its verdict at once."""
        closed: list[Delivery] = []
        for row in withdrawn:
            after = step(row, Dropped(reason="withdrawn"), now)
            if after.ruling is not None:
                closed.append(after.delivery)
                self._room.metrics.deliveries.labels(after.ruling.verdict.value).inc()
        deliveries.save(conn, closed)

    def _rows(self, planned: Planned, situation: Situation, now: datetime) -> Iterable[Delivery]:
        """One row for each node on the ground, once, however many of its areas are targets."""
        room, occurrence = self._room, planned.occurrence
        ends_at = min(latest_start(occurrence, room.quiet) + occurrence.duration, occurrence.expires_at)
        sound = situation.sound(occurrence)
        for node in situation.reach.nodes(occurrence, room.registry, room.tree):
            # what one node hears of several languages may be less than the longest
            own = occurrence.duration
            if sound is not None and sound.spoken:
                own = length_of(sound.clip, sound.spoken, node.languages)
            yield Delivery(
                kind=Kind.OCCURRENCE,
                subject=occurrence.id,
                node=node.id,
                area=node.area,
                revision=occurrence.revision,
                due_at=occurrence.due_at,
                ends_at=ends_at,
                planned_at=now,
                duration_ms=own // timedelta(milliseconds=1),
            )

    def _document(self, programme: Programme) -> Document:
        return Document(
            topic=topic_of(programme),
            kind=DocumentKind.PROGRAMME,
            version=programme.version,
            content_hash=content_print(programme),
            payload=self._room.keyring.sign(programme),
            signed_at=programme.issued_at,
            expires_at=programme.expires_at,
            area=programme.group or programme.area,
            local_date=programme.date,
        )


def publish(conn: Conn, document: Document, programme: Programme, now: datetime) -> None:
    """Keep a signed programme, post it, and say so in the audit."""
    documents.put(conn, document)
    outbox.post(conn, letter_for(document))
    facts: dict[str, audit.Fact] = {
        "version": programme.version,
        "entries": len(programme.entries),
        "hash": document.content_hash,
    }
    audit.append(conn, now, WHO, "programme.published", document.topic, facts)


def content_print(programme: Programme) -> str:
    """A hash of what is heard, whatever its version."""
    heard = [[asdict(entry) for entry in programme.entries], [asdict(clip) for clip in programme.clips]]
    return hashlib.sha256(json.dumps(heard, default=str, sort_keys=True).encode()).hexdigest()


def _at(sounds: Mapping[K, Sound], volume: int) -> dict[K, Sound]:
    return {key: replace(sound, volume=volume) for key, sound in sounds.items()}


def _planned(occurrence: Occurrence, sound: Sound) -> Planned:
    return Planned(occurrence=occurrence, title=sound.title, clip=sound.clip.sha256)


def _had_rows(before: Planned | None, last_at: datetime) -> bool:
    """One moved to a later day takes its rows along: at the old time they would be misses."""
    return before is not None and before.occurrence.due_at <= last_at + ROWS_AHEAD


def _last_planned(conn: Conn, now: datetime) -> datetime:
    """When this house planned last; never more than a month ago, and never in the future."""
    said = meta.get(conn, PLANNED_AT)
    return now if said is None else min(now, max(from_text(said), now - LONGEST_AWAY))


def _days(now: datetime, window: Window) -> tuple[date, ...]:
    """The days whose programmes are written: what is past is not said anew."""
    first, last = local(now).date(), local(window.end).date()
    return tuple(first + timedelta(days=n) for n in range((last - first).days))


def _midnight_after(now: datetime) -> datetime:
    return instant_of(local(now).date() + timedelta(days=1), time())
