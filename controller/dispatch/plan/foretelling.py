"""What a plan would make of a change that nobody has decided yet, by the same rules as on air."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from controller.access import Person, Right
from controller.dispatch.items import kept_item
from controller.dispatch.plan.compile import Sound
from controller.dispatch.plan.situation import Situation, explained, make, places, situation_of, window_of
from controller.dispatch.plan.spoken import spoken_of, tongues_of
from controller.dispatch.refusals import allow, missing
from controller.dispatch.room import Room
from controller.store import announcements
from controller.store.announcements import Kept
from controller.store.database import Conn
from devices.messages import ClipHash, ClipRef
from schedules.announcement import (
    Announcement,
    AnnouncementId,
    Approval,
    AreaCode,
    PersonId,
    State,
    content_hash,
)
from schedules.calendar import Window, instant_of, local
from schedules.explain import Explanation, Fate
from schedules.local_rules import LocalRules
from schedules.plan import Conflict, Occurrence, Plan, Refusal
from schedules.reach import ground_of
from schedules.session import is_chime

AHEAD_DAYS = 7
A_DAY = timedelta(days=1)
A_WORD_MS = 400
"""Read out slowly, about 150 words a minute: only until its own sound is there."""
NOBODY = PersonId("~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Silenced:
    """One planned sound that would be heard in fewer places, or (``gone``) nowhere; ``refusal`` says why."""

    title: str
    occurrence: Occurrence
    gone: bool
    refusal: Refusal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What the plan makes of one airing at another time.

    ``due_at`` is None where it would not be heard at all, ``refusal`` says why. ``conflicts`` are those that
    it has a part in, ``refused`` what would be refused newly: it in single places, or others because of it.
    """

    due_at: datetime | None
    refusal: Refusal | None
    conflicts: tuple[Conflict, ...]
    refused: tuple[Refusal, ...]


class Foretelling:
    """Read-only; nothing of it is kept. Plans in the lane for files, so that the house goes on meanwhile."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def with_rules(
        self, person: Person, area: AreaCode, change: Callable[[LocalRules], LocalRules]
    ) -> tuple[Silenced, ...]:
        """What of the days ahead would fall silent in an area if its rules were changed like that."""
        room = self._room
        allow(person, Right.READ, area, room.tree)
        now = room.clock.now()
        window = _ahead(now)
        situation = await room.db.read(situation_of, window)
        return await room.lanes.files.run(self._compared, situation, change, area, window, now)

    async def item(self, person: Person, announcement: AnnouncementId) -> tuple[Explanation, ...]:
        """What the rules would take away of an item if it were approved now; nothing where all is heard.

        Planned with what shares its ground: what lies elsewhere uses up nothing there.
        """
        room = self._room
        kept = await kept_item(room, person, announcement, Right.READ)
        now = room.clock.now()
        window = _ahead(now)
        situation = self._around(await room.db.read(situation_of, window), kept)
        if not situation.rules.packs and not situation.rules.profiles:
            return ()
        if kept.announcement.tracks:
            situation = await room.db.read(_in_its_languages, situation, kept)
        return await room.lanes.files.run(self._of_item, _approved(situation, kept, now), kept, window, now)

    async def moved(self, after: Announcement, recurrence_at: datetime, wanted_at: datetime) -> Foretold:
        """What becomes of the airing of an approved item that is due at ``wanted_at`` in its new timing."""
        room = self._room
        now = room.clock.now()
        window = _ahead(now)
        if not window.contains(wanted_at):
            day = instant_of(local(wanted_at).date(), time())
            window = Window(start=day - A_DAY, end=day + 2 * A_DAY)
        kept = await room.db.read(announcements.get, after.id)
        if kept is None:
            raise missing()
        situation = _guessed(self._around(await room.db.read(situation_of, window), kept))
        return await room.lanes.files.run(
            self._of_move, situation, after, recurrence_at, wanted_at, window, now
        )

    def _of_move(
        self,
        situation: Situation,
        after: Announcement,
        recurrence_at: datetime,
        wanted_at: datetime,
        window: Window,
        now: datetime,
    ) -> Foretold:
        item = after.id
        changed = tuple(
            replace(one, announcement=after) if one.announcement.id == item else one for one in situation.kept
        )
        before = {(one.item, one.at, one.code) for one in self._make(situation, window, now).refusals}
        made = self._make(replace(situation, kept=changed), window, now)
        own = tuple(one for one in made.occurrences if (one.item, one.recurrence_at) == (item, recurrence_at))
        names = {one.id for one in own}
        refused = tuple(one for one in made.refusals if (one.item, one.at, one.code) not in before)
        why = next((one for one in made.refusals if (one.item, one.at) == (item, wanted_at)), None)
        return Foretold(
            due_at=min((one.due_at for one in own), default=None),
            refusal=None if own else why,
            conflicts=tuple(one for one in made.conflicts if names & set(one.occurrences)),
            refused=refused if own else (),
        )

    def _around(self, situation: Situation, kept: Kept) -> Situation:
        tree, every = self._room.tree, places(situation)
        here = ground_of(kept.announcement, situation.reach.groups)
        ground = tuple(code for code in here if code in tree)

        def shares(where: Iterable[AreaCode]) -> bool:
            return tree.meet([code for code in where if code in tree], ground) is not None

        return replace(
            situation,
            kept=tuple(one for one in situation.kept if shares(every[one.announcement.id])),
            sessions=tuple(one for one in situation.sessions if shares((one.area,))),
        )

    def _compared(
        self,
        situation: Situation,
        change: Callable[[LocalRules], LocalRules],
        area: AreaCode,
        window: Window,
        now: datetime,
    ) -> tuple[Silenced, ...]:
        before = self._make(situation, window, now)
        after = self._make(replace(situation, rules=change(situation.rules)), window, now)
        left = {one.id: one for one in after.occurrences}
        why = {(one.item, one.at): one for one in after.refusals}
        tree = self._room.tree
        return tuple(
            Silenced(
                title=situation.sounds[one.item].title,
                occurrence=one,
                gone=one.id not in left,
                refusal=why.get((one.item, one.due_at)),
            )
            for one in before.occurrences
            if one.due_at > now
            and not is_chime(one.item)
            and one.item in situation.sounds
            and (one.id not in left or left[one.id].targets != one.targets)
            and tree.meet(one.targets, (area,))
        )

    def _of_item(
        self, situation: Situation, kept: Kept, window: Window, now: datetime
    ) -> tuple[Explanation, ...]:
        made = self._make(situation, window, now)
        told = (one for one in explained(made, situation) if one.item == kept.announcement.id)
        return tuple(one for one in told if one.fate is Fate.REFUSED and one.at >= now)

    def _make(self, situation: Situation, window: Window, now: datetime) -> Plan:
        room = self._room
        return make(situation, room.tenant, room.tree, room.quiet, window, now)


def _ahead(now: datetime) -> Window:
    return window_of(now, now, AHEAD_DAYS)


def _approved(situation: Situation, kept: Kept, now: datetime) -> Situation:
    """The same with one item approved at this moment; what has no sound yet is as long as its words."""
    a = kept.announcement
    stood = Approval(by=NOBODY, approved_at=now, content_hash=content_hash(a))
    approved = replace(kept, announcement=replace(a, state=State.APPROVED, approval=stood))
    every = (*(one for one in situation.kept if one.announcement.id != a.id), approved)
    return _guessed(replace(situation, kept=every))


def _in_its_languages(conn: Conn, situation: Situation, kept: Kept) -> Situation:
    """With what would be heard of one item beside its main track, and by whom."""
    sound = _sound_like(kept)
    spoken = spoken_of(conn, kept.announcement, sound.clip)
    sounds = {**situation.sounds, kept.announcement.id: replace(sound, spoken=spoken)}
    return replace(situation, sounds=sounds, tongues=tongues_of(conn))


def _guessed(situation: Situation) -> Situation:
    guessed = {one.announcement.id: _sound_like(one) for one in situation.kept}
    return replace(situation, sounds={**guessed, **situation.sounds})


def _sound_like(kept: Kept) -> Sound:
    a = kept.announcement
    words = kept.sound.duration_ms or max(len(a.text.split()), 1) * A_WORD_MS * a.repeat
    length = timedelta(milliseconds=words)
    return Sound(
        clip=ClipRef(
            sha256=ClipHash(kept.sound.clip or "0" * 64),
            bytes=1,
            duration_ms=length // timedelta(milliseconds=1),
            media_type="audio/ogg",
        ),
        title=a.title,
    )
