"""What a plan depends on, read from the store at one moment, and the plan made of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from controller.dispatch.plan.compile import Day, Sound, sound_of
from controller.dispatch.plan.reaching import Reach, by_item, lengths, reach_of
from controller.dispatch.plan.sounds import relay_sounds, session_sounds, tape_sounds
from controller.dispatch.plan.spoken import Tongues, longest, spoken_of, tongues_of
from controller.store import announcements, clips, documents, occurrences, rules, sessions
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.documents import Document
from controller.store.occurrences import OccurrenceState, Planned
from controller.store.seen import Seen
from controller.store.sounds import RenderState
from devices.codec import decode
from devices.messages import AreaCode, ClipHash, ClipRef, Programme
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
    tapes: Mapping[OccurrenceId, Sound] = field(default_factory=dict)
    tongues: Tongues = field(default_factory=dict)
    """Read only where something is to be heard in several languages."""

    def sound(self, occurrence: Occurrence) -> Sound | None:
        """What is heard then; None where nothing is ready."""
        return sound_of(occurrence, self.sounds, self.tapes)


@dataclass(slots=True)
class Shelf:
    """What was read for the last plan, so that only what has changed is read into objects again."""

    kept: Seen[Kept] = field(default_factory=Seen)
    planned: Seen[Planned] = field(default_factory=Seen)
    documents: Seen[Document] = field(default_factory=Seen)
    programmes: dict[str, tuple[Document, Programme]] = field(default_factory=dict)
    clips: dict[str, ClipRef] = field(default_factory=dict)

    def programme(self, document: Document) -> Programme:
        """As ``read_programme``."""
        known = self.programmes.get(document.topic)
        if known is None or known[0] is not document:
            known = self.programmes[document.topic] = (document, read_programme(document))
        return known[1]

    def clip(self, conn: Conn, sha256: str) -> ClipRef | None:
        """A clip that is known; what its hash says of it never changes."""
        found = self.clips.get(sha256)
        if found is None and (facts := clips.find(conn, sha256)) is not None:
            found = self.clips[sha256] = clip_ref(facts)
        return found


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
        lengths(spread, durations(situation, tree)),
        quiet,
        window,
        now,
        rules=situation.rules,
        memo=memo,
        precedence=situation.reach.precedence,
    )
    made = by_item(made, spread, tree)
    earlier = begun(situation, now)
    return replace(
        made,
        occurrences=tuple(
            replace(one, due_at=earlier[key].occurrence.due_at)
            if (key := OccurrenceId(one.id)) in earlier
            else one
            for one in _as_recorded(made.occurrences, situation.tapes)
        ),
    )


def _as_recorded(every: Iterable[Occurrence], tapes: Mapping[OccurrenceId, Sound]) -> Iterator[Occurrence]:
    """A recorded relay lasts as long as what was recorded; the slot that is kept for it stays."""
    for one in every:
        tape = tapes.get(one.id)
        yield one if tape is None else replace(one, duration=_length(tape))


def explained(
    made: Plan, situation: Situation, only: AnnouncementId | None = None
) -> tuple[Explanation, ...]:
    """Why everything of a plan, or one item of it, is as it is."""
    if only is not None:
        made = replace(
            made,
            occurrences=tuple(one for one in made.occurrences if one.item == only),
            refusals=tuple(one for one in made.refusals if one.item == only),
        )
    items = {kept.announcement.id: kept.announcement for kept in situation.kept}
    return explain(made, items, situation.sessions)


def places(situation: Situation) -> dict[AnnouncementId, tuple[PlaceCode, ...]]:
    """Where each item wants to be heard, also one that finds no place."""
    items = {
        kept.announcement.id: ground_of(kept.announcement, situation.reach.groups) for kept in situation.kept
    }
    chimes = {
        chime: (session.area,)
        for session in situation.sessions
        for chime in (opening_id(session.id), closing_id(session.id))
    }
    return {**chimes, **items}


def begun(situation: Situation, now: datetime) -> dict[OccurrenceId, Planned]:
    """What may sound by now: a later approval moves it no more."""
    return {
        key: one
        for key, one in situation.before.items()
        if one.occurrence.due_at <= now and one.state is OccurrenceState.PLANNED
    }


def read_programme(document: Document) -> Programme:
    """Our own signed bytes, read back."""
    return decode(open_envelope(document.payload).payload, Programme)


def situation_of(conn: Conn, window: Window, shelf: Shelf | None = None) -> Situation:
    """What the store holds now; with the ``shelf`` of the last reading only what has changed is read."""
    shelf = Shelf() if shelf is None else shelf
    kept = announcements.in_force(conn, window.start, shelf.kept)
    every = sessions.everything(conn)
    first, last = local(window.start).date(), local(window.end).date()
    return Situation(
        kept=kept,
        sessions=every,
        sounds={
            **_item_sounds(conn, kept, shelf),
            **session_sounds(conn, every),
            **relay_sounds(conn, every),
        },
        held={
            (AreaCode(document.area or ""), document.local_date or first): shelf.programme(document)
            for document in documents.programmes(conn, first, last, shelf.documents)
        },
        before={
            OccurrenceId(one.occurrence.id): one
            for one in occurrences.between(
                conn, window.start, window.end, withdrawn=True, waves=False, seen=shelf.planned
            )
        },
        rules=rules.in_force(conn),
        reach=reach_of(conn, window.start),
        tapes=tape_sounds(conn, window),
        tongues=tongues_of(conn) if any(one.announcement.tracks for one in kept) else {},
    )


def _item_sounds(conn: Conn, kept: tuple[Kept, ...], shelf: Shelf) -> dict[AnnouncementId, Sound]:
    found: dict[AnnouncementId, Sound] = {}
    for one in kept:
        if one.sound.state is not RenderState.READY or one.sound.clip is None:
            continue
        clip = shelf.clip(conn, one.sound.clip)
        if clip is not None:
            spoken = spoken_of(conn, one.announcement, clip)
            found[one.announcement.id] = Sound(clip=clip, title=one.announcement.title, spoken=spoken)
    return found


def clip_ref(facts: clips.ClipFacts) -> ClipRef:
    return ClipRef(
        sha256=ClipHash(facts.sha256),
        bytes=facts.bytes,
        duration_ms=facts.duration_ms,
        media_type=facts.media_type,
    )


def durations(situation: Situation, tree: Tree) -> dict[AnnouncementId, timedelta]:
    """How long each item is where it is heard longest."""
    every = {item: _length(sound) for item, sound in situation.sounds.items()}
    for one in situation.kept:
        sound = situation.sounds.get(one.announcement.id)
        if sound is not None and sound.spoken:
            ground = ground_of(one.announcement, situation.reach.groups)
            every[one.announcement.id] = longest(sound.clip, sound.spoken, situation.tongues, ground, tree)
    return every


def _length(sound: Sound) -> timedelta:
    return timedelta(milliseconds=sound.clip.duration_ms)


def window_of(last_at: datetime, now: datetime, days: int) -> Window:
    """From the day of the last planning, so that what fell due in between is not passed over."""
    first, today = local(last_at).date(), local(now).date()
    return Window(start=instant_of(first, time()), end=instant_of(today + timedelta(days=days), time()))
