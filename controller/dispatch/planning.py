"""The planner: what is approved becomes occurrences, programmes, letters and deliveries at once."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time, timedelta

from controller.dispatch.collisions import next_question, note_defaults
from controller.dispatch.compile import (
    Compiled,
    Day,
    Drafts,
    Overfull,
    Sound,
    compile_programmes,
    latest_start,
)
from controller.dispatch.delivery import Dropped, step
from controller.dispatch.outbox import letter_for
from controller.dispatch.reaching import Reach, by_item, gone, lengths, lists, reach_of
from controller.dispatch.room import Room
from controller.dispatch.sounds import session_sounds
from controller.store import (
    announcements,
    audit,
    clips,
    deliveries,
    documents,
    meta,
    occurrences,
    outbox,
    rules,
    sessions,
    unplaced,
)
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.deliveries import Delivery, Kind
from controller.store.documents import Document, DocumentKind
from controller.store.instants import from_text, to_text
from controller.store.occurrences import OccurrenceState, Planned
from controller.store.sounds import RenderState
from devices.codec import decode
from devices.messages import AreaCode, ClipHash, ClipRef, Programme
from devices.programme import fits, topic_of
from devices.signing import open_envelope
from schedules.announcement import AnnouncementId
from schedules.announcement import AreaCode as PlaceCode
from schedules.area import Tree
from schedules.calendar import QuietHours, Window, instant_of, local
from schedules.explain import Explanation, explain
from schedules.local_rules import LocalRules
from schedules.plan import NO_RULES, Memo, Occurrence, OccurrenceId, Plan, plan
from schedules.reach import ground_of
from schedules.session import Session, closing_id, opening_id

WHO = "loa"
ROWS_AHEAD = timedelta(hours=48)
FRESHLY_PAST = timedelta(hours=1)
LONGEST_AWAY = timedelta(days=31)
PLANNED_AT = "planned_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that a plan depends on, as the store held it at one moment."""

    kept: tuple[Kept, ...]
    sessions: tuple[Session, ...]
    sounds: Mapping[AnnouncementId, Sound]
    held: Mapping[Day, Programme]
    before: Mapping[OccurrenceId, Planned]
    rules: LocalRules = NO_RULES
    reach: Reach = field(default_factory=Reach)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a planning changed, and when the clock alone makes another one due."""

    plan: Plan
    overfull: tuple[Overfull, ...]
    published: tuple[Document, ...]
    wake_at: datetime
    told: tuple[Explanation, ...] = ()
    places: Mapping[AnnouncementId, tuple[PlaceCode, ...]] = field(default_factory=dict)
    """Where each item wants to be heard, also one that found no place."""


class Planner:
    """Plans all days ahead; the same situation compiled twice changes nothing."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._memo, self._drafts = Memo(), Drafts()
        self.last: Outcome | None = None

    async def turn(self) -> datetime:
        """Plan, save and post what changed; returns the instant of the next planning."""
        room = self._room
        now = room.clock.now()
        last_at = await room.db.read(_last_planned, now)
        window = window_of(last_at, now, room.settings.plan_days)
        situation = await room.db.read(situation_of, window)
        made, compiled = await room.lanes.plans.run(self._planned, situation, window, now)
        published = await room.db.write(self._save, situation, made, compiled, window, last_at, now)
        if published is None:
            # somebody approved or edited meanwhile: plan again from what stands now
            return now
        self.last = Outcome(
            plan=made,
            overfull=compiled.overfull,
            published=published,
            wake_at=min(_midnight_after(now), next_question(made, now) or _midnight_after(now)),
            told=explained(made, situation),
            places=_places(situation),
        )
        room.rules = situation.rules
        return self.last.wake_at

    def _planned(self, situation: Situation, window: Window, now: datetime) -> tuple[Plan, Compiled]:
        """In a lane of its own: a province's plan from nothing takes seconds, and an alert can't wait."""
        room = self._room
        made = make(situation, room.tenant, room.tree, room.quiet, window, now, self._memo)
        return made, self._compile(situation, made, window, now)

    def _compile(self, situation: Situation, made: Plan, window: Window, now: datetime) -> Compiled:
        room = self._room
        return compile_programmes(
            tenant=room.keyring.tenant,
            epoch=room.epoch,
            occurrences=made.occurrences,
            sounds={
                item: replace(sound, volume=room.settings.volume) for item, sound in situation.sounds.items()
            },
            tree=room.tree,
            quiet=room.quiet,
            held=situation.held,
            groups=lists(situation.reach.heard(situation.kept, room.tree)),
            days=_days(now, window),
            fits=fits,
            now=now,
            drafts=self._drafts,
        )

    def _save(
        self,
        conn: Conn,
        situation: Situation,
        made: Plan,
        compiled: Compiled,
        window: Window,
        last_at: datetime,
        now: datetime,
    ) -> tuple[Document, ...] | None:
        """One transaction; None, and nothing saved, where what was planned upon has changed."""
        if announcements.in_force(conn, window.start) != situation.kept:
            return None
        left_out = {OccurrenceId(overfull.occurrence) for overfull in compiled.overfull}
        kept = tuple(o for o in made.occurrences if o.item in situation.sounds and o.id not in left_out)
        self._save_occurrences(conn, situation, kept, last_at, now)
        unplaced.note(conn, (refusal for refusal in made.refusals if refusal.at <= now), now)
        note_defaults(conn, made, self._room.tree, now)
        meta.put(conn, PLANNED_AT, to_text(now))
        published = tuple(self._document(programme) for programme in compiled.changed)
        for document, programme in zip(published, compiled.changed, strict=True):
            documents.put(conn, document)
            outbox.post(conn, letter_for(document))
            facts: dict[str, audit.Fact] = {
                "version": programme.version,
                "entries": len(programme.entries),
                "hash": document.content_hash,
            }
            audit.append(conn, now, WHO, "programme.published", document.topic, facts)
        return published

    def _save_occurrences(
        self,
        conn: Conn,
        situation: Situation,
        kept: tuple[Occurrence, ...],
        last_at: datetime,
        now: datetime,
    ) -> None:
        begun = _begun(situation, now)
        planned = {
            key: begun.get(key) or _planned(o, situation.sounds[o.item])
            for o in kept
            if (key := OccurrenceId(o.id))
        }
        changed = tuple(one for key, one in planned.items() if situation.before.get(key) != one)
        occurrences.save(conn, changed)
        vanished = tuple(
            key
            for key, one in situation.before.items()
            if key not in planned and one.occurrence.due_at > now and one.state.value == "planned"
        )
        occurrences.withdraw(conn, vanished)
        self._close(conn, (row for key in vanished for row in deliveries.of_subject(conn, key)), now)
        # What fell due while nobody planned has its rows too, also where no node can have heard of it.
        since = min(last_at, now - FRESHLY_PAST)
        soon = tuple(
            one
            for key, one in planned.items()
            if one.occurrence.due_at <= now + ROWS_AHEAD
            and (one.occurrence.due_at > since or key not in situation.before)
        )
        deliveries.plan(conn, (row for one in soon for row in self._rows(one, situation.reach, now)))
        self._close(conn, gone(conn, soon, situation.reach, self._room.registry, self._room.tree, now), now)

    def _close(self, conn: Conn, withdrawn: Iterable[Delivery], now: datetime) -> None:
        """Nothing will be heard of it: each node that has begun nothing has its verdict at once."""
        closed: list[Delivery] = []
        for row in withdrawn:
            after = step(row, Dropped(reason="withdrawn"), now)
            if after.ruling is not None:
                closed.append(after.delivery)
                self._room.metrics.deliveries.labels(after.ruling.verdict.value).inc()
        deliveries.save(conn, closed)

    def _rows(self, planned: Planned, reach: Reach, now: datetime) -> Iterable[Delivery]:
        """One row for each node on the ground, once, however many of its areas are targets."""
        room, occurrence = self._room, planned.occurrence
        ends_at = min(latest_start(occurrence, room.quiet) + occurrence.duration, occurrence.expires_at)
        for node in reach.nodes(occurrence, room.registry, room.tree):
            yield Delivery(
                kind=Kind.OCCURRENCE,
                subject=occurrence.id,
                node=node.id,
                area=node.area,
                revision=occurrence.revision,
                due_at=occurrence.due_at,
                ends_at=ends_at,
                planned_at=now,
                duration_ms=occurrence.duration // timedelta(milliseconds=1),
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


def make(
    situation: Situation,
    tenant: str,
    tree: Tree,
    quiet: QuietHours,
    window: Window,
    now: datetime,
    memo: Memo | None = None,
) -> Plan:
    """The plan of a situation; what has begun keeps its moment. ``memo``: what the last plan left behind."""
    spread = situation.reach.heard(situation.kept, tree)
    made = plan(
        tenant,
        (one.announcement for one in spread),
        situation.sessions,
        tree,
        lengths(spread, _durations(situation.sounds)),
        quiet,
        window,
        now,
        rules=situation.rules,
        memo=memo,
        precedence=situation.reach.precedence,
    )
    made = by_item(made, spread, tree)
    begun = _begun(situation, now)
    return replace(
        made,
        occurrences=tuple(
            replace(one, due_at=begun[key].occurrence.due_at)
            if (key := OccurrenceId(one.id)) in begun
            else one
            for one in made.occurrences
        ),
    )


def explained(made: Plan, situation: Situation) -> tuple[Explanation, ...]:
    """Why everything of a plan is as it is."""
    items = {kept.announcement.id: kept.announcement for kept in situation.kept}
    return explain(made, items, situation.sessions)


def _places(situation: Situation) -> dict[AnnouncementId, tuple[PlaceCode, ...]]:
    items = {
        kept.announcement.id: ground_of(kept.announcement, situation.reach.groups) for kept in situation.kept
    }
    chimes = {
        chime: (session.area,)
        for session in situation.sessions
        for chime in (opening_id(session.id), closing_id(session.id))
    }
    return {**chimes, **items}


def _begun(situation: Situation, now: datetime) -> dict[OccurrenceId, Planned]:
    """What may sound by now: a later approval moves it no more."""
    return {
        key: one
        for key, one in situation.before.items()
        if one.occurrence.due_at <= now and one.state is OccurrenceState.PLANNED
    }


def content_print(programme: Programme) -> str:
    """A hash of what is heard, whatever its version."""
    heard = [[asdict(entry) for entry in programme.entries], [asdict(clip) for clip in programme.clips]]
    return hashlib.sha256(json.dumps(heard, default=str, sort_keys=True).encode()).hexdigest()


def read_programme(document: Document) -> Programme:
    """Our own signed bytes, read back."""
    return decode(open_envelope(document.payload).payload, Programme)


def situation_of(conn: Conn, window: Window) -> Situation:
    """What the store holds now."""
    kept = announcements.in_force(conn, window.start)
    every = sessions.everything(conn)
    first, last = local(window.start).date(), local(window.end).date()
    return Situation(
        kept=kept,
        sessions=every,
        sounds={**_item_sounds(conn, kept), **session_sounds(conn, every)},
        held={
            (AreaCode(document.area or ""), document.local_date or first): read_programme(document)
            for document in documents.programmes(conn, first, last)
        },
        before={
            OccurrenceId(one.occurrence.id): one
            for one in occurrences.between(conn, window.start, window.end, withdrawn=True, waves=False)
        },
        rules=rules.in_force(conn),
        reach=reach_of(conn, window.start),
    )


def _item_sounds(conn: Conn, kept: tuple[Kept, ...]) -> dict[AnnouncementId, Sound]:
    found: dict[AnnouncementId, Sound] = {}
    for one in kept:
        if one.sound.state is not RenderState.READY or one.sound.clip is None:
            continue
        facts = clips.find(conn, one.sound.clip)
        if facts is not None:
            found[one.announcement.id] = Sound(clip=clip_ref(facts), title=one.announcement.title)
    return found


def clip_ref(facts: clips.ClipFacts) -> ClipRef:
    return ClipRef(
        sha256=ClipHash(facts.sha256),
        bytes=facts.bytes,
        duration_ms=facts.duration_ms,
        media_type=facts.media_type,
    )


def _planned(occurrence: Occurrence, sound: Sound) -> Planned:
    return Planned(occurrence=occurrence, title=sound.title, clip=sound.clip.sha256)


def _durations(sounds: Mapping[AnnouncementId, Sound]) -> dict[AnnouncementId, timedelta]:
    return {item: timedelta(milliseconds=sound.clip.duration_ms) for item, sound in sounds.items()}


def _last_planned(conn: Conn, now: datetime) -> datetime:
    """When this house planned last; never more than a month ago, and never in the future."""
    said = meta.get(conn, PLANNED_AT)
    return now if said is None else min(now, max(from_text(said), now - LONGEST_AWAY))


def window_of(last_at: datetime, now: datetime, days: int) -> Window:
    """From the day of the last planning, so that what fell due in between is not passed over."""
    first, today = local(last_at).date(), local(now).date()
    return Window(start=instant_of(first, time()), end=instant_of(today + timedelta(days=days), time()))


def _days(now: datetime, window: Window) -> tuple[date, ...]:
    """The days whose programmes are written: what is past is not said anew."""
    first, last = local(now).date(), local(window.end).date()
    return tuple(first + timedelta(days=n) for n in range((last - first).days))


def _midnight_after(now: datetime) -> datetime:
    return instant_of(local(now).date() + timedelta(days=1), time())
