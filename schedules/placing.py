"""Everything placed in time: sessions, priority items, then the ordinary ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schedules.announcement import AnnouncementId, BulletinClass
from schedules.area import Tree
from schedules.calendar import QuietHours, Window
from schedules.collision import Collision, ConflictKind
from schedules.holidays import Holidays
from schedules.packing import Delay, listed, pack
from schedules.precedence import Precedence, ordered
from schedules.recurrence import LONGEST, NextSession
from schedules.session import Session
from schedules.timeline import Timeline
from schedules.wish import Ready, Slot, Trouble, Wish, refusal_at, singles

# a chain of sounds that wait for each other never passes the quiet hours of a day
_MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Every slot in order of time, what collided, what found no place, and what no session took."""

    slots: tuple[Slot, ...]
    collisions: tuple[Collision, ...]
    troubles: tuple[Trouble, ...]
    waiting: tuple[Ready, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every place depends on. `horizon` reaches back to the oldest item that still waits."""

    tree: Tree
    quiet: QuietHours
    window: Window
    lead: timedelta
    holidays: Holidays | None
    horizon: Window
    precedence: tuple[Precedence, ...] = ()
    durations: Mapping[AnnouncementId, timedelta] = field(compare=False)

    @property
    def near(self) -> Window:
        return Window(start=self.window.start - _MARGIN, end=self.window.end + _MARGIN)


class Coupled(Exception):
    """A sound that speaks to several communes would not keep its place: all of them are placed together."""


def place(frame: Frame, items: tuple[Ready, ...], sessions: tuple[Session, ...]) -> Placed:
    """Place what the window and a day around it want; the caller cuts to the window.

    Class first: an emergency and a priority item do not move for a lower class but cut it. Within a
    class sessions keep their place, then the lower rank. Two priority items are also asked about.
    """
    return _place(frame, items, sessions, _wishes(frame, items, sessions), {})


def place_among(
    frame: Frame,
    items: tuple[Ready, ...],
    sessions: tuple[Session, ...],
    wide: tuple[Ready, ...],
    standing: tuple[Slot, ...],
) -> Placed:
    """Place what lies in one commune while the `wide` items keep the slots in which they stand.

    Raises Coupled where one of them would have to make room. What is found of them alone is left out.
    """
    wishes, troubles = _wishes(frame, items, sessions)
    others, _ = _wishes(frame, wide, ())
    fixed = {(slot.wish.identity, slot.wish.recurrence_at): slot for slot in standing}
    stood = tuple(wish for wish in others if (wish.identity, wish.recurrence_at) in fixed)
    return _place(frame, items, sessions, ((*wishes, *stood), troubles), fixed)


def horizon_of(items: tuple[Ready, ...], window: Window) -> Window:
    """From the oldest item that may still wait for a session: only so is it known who was heard."""
    waiting = [
        item.approved_at
        for item in items
        if isinstance(item.announcement.timing, NextSession) and item.announcement.expires_at > window.start
    ]
    oldest = max(min(waiting, default=window.start), window.start - LONGEST)
    return Window(start=min(window.start, oldest) - _MARGIN, end=window.end + _MARGIN)


Wishes = tuple[tuple[Wish, ...], tuple[Trouble, ...]]
Fixed = Mapping[tuple[AnnouncementId, datetime], Slot]


def _wishes(frame: Frame, items: tuple[Ready, ...], sessions: tuple[Session, ...]) -> Wishes:
    by_hand = listed(sessions)
    own_time = (item for item in items if item.announcement.id not in by_hand)
    wishes, troubles = singles(own_time, frame.horizon, frame.quiet, frame.lead, frame.holidays)
    return ordered(wishes, frame.precedence, frame.tree), troubles


def _place(
    frame: Frame, items: tuple[Ready, ...], sessions: tuple[Session, ...], wanted: Wishes, fixed: Fixed
) -> Placed:
    tree, quiet, durations, horizon = frame.tree, frame.quiet, frame.durations, frame.horizon
    wishes, troubles = wanted

    # the sessions first without, then around the priority items: so a higher issuer goes first in both
    urgent = any(item.announcement.bulletin_class is BulletinClass.PRIORITY for item in items)
    draft = pack(items, sessions, tree, durations, quiet, horizon, ()).slots if urgent else ()
    drafted = (slot for slot in draft if slot.wish.bulletin_class is BulletinClass.PRIORITY)
    priority = _Placing(Timeline(tree, drafted), quiet, fixed)
    priority.place(_of(wishes, BulletinClass.PRIORITY))
    packed = pack(items, sessions, tree, durations, quiet, horizon, (*priority.slots, *priority.stood))

    ordinary = _Placing(Timeline(tree, packed.slots), quiet, fixed)
    ordinary.place(w for w in _of(wishes, BulletinClass.NORMAL) if frame.near.contains(w.wanted_at))
    alarms = _Placing(Timeline(tree), quiet, fixed)
    for wish in _of(wishes, BulletinClass.EMERGENCY):
        alarms.place_at_once(wish)

    loose = (priority, ordinary, alarms)
    slots = tuple(sorted((*packed.slots, *(s for one in loose for s in one.slots)), key=_by_time))
    return Placed(
        slots=slots,
        collisions=(
            *(_waited(delay) for delay in packed.delays),
            *(collision for trouble in packed.troubles for collision in _unplaceable(trouble)),
            *(collision for one in loose for collision in one.collisions),
            *_cuts(slots, tuple(slot for one in loose for slot in one.stood), tree),
        ),
        troubles=(*troubles, *packed.troubles, *(trouble for one in loose for trouble in one.troubles)),
        waiting=packed.waiting,
    )


_FORCE = {BulletinClass.NORMAL: 0, BulletinClass.PRIORITY: 1, BulletinClass.EMERGENCY: 2}


def _of(wishes: Iterable[Wish], kind: BulletinClass) -> tuple[Wish, ...]:
    return tuple(wish for wish in wishes if wish.bulletin_class is kind)


class _Placing:
    """Wishes of one class placed one after the other, the lowest rank first; those in `fixed` only stand."""

    def __init__(self, timeline: Timeline, quiet: QuietHours, fixed: Fixed) -> None:
        self.timeline = timeline
        self.quiet = quiet
        self.fixed = fixed
        self.slots: list[Slot] = []
        self.stood: list[Slot] = []
        self.collisions: list[Collision] = []
        self.troubles: list[Trouble] = []

    def place(self, wishes: Iterable[Wish]) -> None:
        for wish in sorted(wishes, key=lambda wish: (wish.rank, wish.wanted_at)):
            self._place(wish)

    def place_at_once(self, wish: Wish) -> None:
        """Where it is wanted, whatever else is heard there."""
        if (stands := self.fixed.get((wish.identity, wish.recurrence_at))) is not None:
            self.stood.append(stands)
            return
        code = refusal_at(wish, wish.wanted_at, self.quiet)
        if code is None:
            self.slots.append(Slot(wish=wish, due_at=wish.wanted_at))
        else:
            self.troubles.append(_trouble(wish, code))

    def _place(self, wish: Wish) -> None:
        if (stands := self.fixed.get((wish.identity, wish.recurrence_at))) is not None:
            self._stand(wish, stands)
            return
        code = refusal_at(wish, wish.wanted_at, self.quiet)
        if code is not None:
            self.troubles.append(_trouble(wish, code))
            return
        due_at, behind = self.timeline.first_free(
            wish.wanted_at, wish.duration, wish.targets, lambda slot: _waits(wish, slot)
        )
        code = refusal_at(wish, due_at, self.quiet)
        if code is not None:
            trouble = _trouble(wish, code, behind)
            self.troubles.append(trouble)
            self.collisions.extend(_unplaceable(trouble))
            return
        slot = Slot(wish=wish, due_at=due_at)
        if behind is not None:
            self.collisions.append(_waited(Delay(slot=slot, behind=behind)))
        self.slots.append(slot)
        self.timeline.add(slot)

    def _stand(self, wish: Wish, slot: Slot) -> None:
        near = self.timeline.overlapping(wish.wanted_at, slot.end_at, wish.targets)
        if any(_waits(wish, other) for other in near if other not in self.stood):
            raise Coupled
        self.stood.append(slot)
        self.timeline.add(slot)


def _waits(wish: Wish, slot: Slot) -> bool:
    """An item waits for those placed before it; a priority item only for the session items above it."""
    if wish.bulletin_class is BulletinClass.PRIORITY and slot.wish.session is not None:
        return slot.wish.rank < wish.rank
    return True


def _waited(delay: Delay) -> Collision:
    both = {delay.slot.wish.bulletin_class, delay.behind.wish.bulletin_class}
    kind = ConflictKind.ASK if both == {BulletinClass.PRIORITY} else ConflictKind.MOVED
    return Collision(kind=kind, slot=delay.slot, other=delay.behind)


def _unplaceable(trouble: Trouble) -> tuple[Collision, ...]:
    if trouble.wish is None or trouble.behind is None:
        return ()
    slot = Slot(wish=trouble.wish, due_at=trouble.wish.wanted_at)
    return (Collision(kind=ConflictKind.UNPLACEABLE, slot=slot, other=trouble.behind, code=trouble.code),)


def _cuts(slots: tuple[Slot, ...], stood: tuple[Slot, ...], tree: Tree) -> tuple[Collision, ...]:
    """Every pair of different classes that sounds at one moment on one ground, but two that only stand."""
    found = []
    for cutting, cut in ((slots, (*slots, *stood)), (stood, slots)):
        strong = tuple(slot for slot in cutting if slot.wish.bulletin_class is not BulletinClass.NORMAL)
        timeline = Timeline(tree, cut if strong else ())
        found += [
            Collision(kind=ConflictKind.PREEMPTS, slot=slot, other=other)
            for slot in strong
            for other in timeline.overlapping(slot.due_at, slot.end_at, slot.wish.targets)
            if _FORCE[other.wish.bulletin_class] < _FORCE[slot.wish.bulletin_class]
        ]
    return tuple(found)


def _trouble(wish: Wish, code: str, behind: Slot | None = None) -> Trouble:
    return Trouble(item=wish.item, title=wish.title, code=code, at=wish.wanted_at, wish=wish, behind=behind)


def _by_time(slot: Slot) -> tuple[datetime, AnnouncementId, datetime]:
    return slot.due_at, slot.wish.identity, slot.wish.recurrence_at
