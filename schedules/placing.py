"""Everything placed in time: sessions, priority items, then the ordinary ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.announcement import AnnouncementId, BulletinClass
from schedules.area import Tree
from schedules.calendar import QuietHours, Window
from schedules.collision import Collision, ConflictKind
from schedules.holidays import Holidays
from schedules.packing import Delay, listed, pack
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


def place(
    items: tuple[Ready, ...],
    sessions: tuple[Session, ...],
    tree: Tree,
    durations: Mapping[AnnouncementId, timedelta],
    quiet: QuietHours,
    window: Window,
    lead: timedelta,
    holidays: Holidays | None = None,
) -> Placed:
    """Place what the window and a day around it want; the caller cuts to the window.

    Class first: an emergency and a priority item do not move for a lower class but cut it. Within a
    class sessions keep their place, then the lower rank. Two priority items are also asked about.
    """
    horizon = _horizon(items, window)
    near = Window(start=window.start - _MARGIN, end=window.end + _MARGIN)
    by_hand = listed(sessions)
    own_time = (item for item in items if item.announcement.id not in by_hand)
    wishes, troubles = singles(own_time, horizon, quiet, lead, holidays)

    # the sessions first without, then around the priority items: so a higher issuer goes first in both
    draft = pack(items, sessions, tree, durations, quiet, horizon, ())
    drafted = (s for s in draft.slots if s.wish.bulletin_class is BulletinClass.PRIORITY)
    priority = _Placing(Timeline(tree, drafted), quiet)
    priority.place(_of(wishes, BulletinClass.PRIORITY))
    packed = pack(items, sessions, tree, durations, quiet, horizon, tuple(priority.slots))

    ordinary = _Placing(Timeline(tree, packed.slots), quiet)
    ordinary.place(w for w in _of(wishes, BulletinClass.NORMAL) if near.contains(w.wanted_at))
    alarms = _Placing(Timeline(tree), quiet)
    for wish in _of(wishes, BulletinClass.EMERGENCY):
        alarms.place_at_once(wish)

    slots = tuple(sorted((*packed.slots, *priority.slots, *ordinary.slots, *alarms.slots), key=_by_time))
    return Placed(
        slots=slots,
        collisions=(
            *(_waited(delay) for delay in packed.delays),
            *(collision for trouble in packed.troubles for collision in _unplaceable(trouble)),
            *priority.collisions,
            *ordinary.collisions,
            *_cuts(slots, tree),
        ),
        troubles=(
            *troubles,
            *packed.troubles,
            *priority.troubles,
            *ordinary.troubles,
            *alarms.troubles,
        ),
        waiting=packed.waiting,
    )


_FORCE = {BulletinClass.NORMAL: 0, BulletinClass.PRIORITY: 1, BulletinClass.EMERGENCY: 2}


def _of(wishes: Iterable[Wish], kind: BulletinClass) -> tuple[Wish, ...]:
    return tuple(wish for wish in wishes if wish.bulletin_class is kind)


class _Placing:
    """Wishes of one class placed one after the other, the lowest rank first."""

    def __init__(self, timeline: Timeline, quiet: QuietHours) -> None:
        self.timeline = timeline
        self.quiet = quiet
        self.slots: list[Slot] = []
        self.collisions: list[Collision] = []
        self.troubles: list[Trouble] = []

    def place(self, wishes: Iterable[Wish]) -> None:
        for wish in sorted(wishes, key=lambda wish: (wish.rank, wish.wanted_at)):
            self._place(wish)

    def place_at_once(self, wish: Wish) -> None:
        """Where it is wanted, whatever else is heard there."""
        code = refusal_at(wish, wish.wanted_at, self.quiet)
        if code is None:
            self.slots.append(Slot(wish=wish, due_at=wish.wanted_at))
        else:
            self.troubles.append(_trouble(wish, code))

    def _place(self, wish: Wish) -> None:
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


def _cuts(slots: tuple[Slot, ...], tree: Tree) -> tuple[Collision, ...]:
    """Every pair of different classes that sounds at one moment on one ground."""
    timeline = Timeline(tree, slots)
    return tuple(
        Collision(kind=ConflictKind.PREEMPTS, slot=slot, other=other)
        for slot in slots
        if slot.wish.bulletin_class is not BulletinClass.NORMAL
        for other in timeline.overlapping(slot.due_at, slot.end_at, slot.wish.targets)
        if _FORCE[other.wish.bulletin_class] < _FORCE[slot.wish.bulletin_class]
    )


def _horizon(items: tuple[Ready, ...], window: Window) -> Window:
    """From the oldest item that may still wait for a session: only so is it known who was heard."""
    waiting = [
        item.approved_at
        for item in items
        if isinstance(item.announcement.timing, NextSession) and item.announcement.expires_at > window.start
    ]
    oldest = max(min(waiting, default=window.start), window.start - LONGEST)
    return Window(start=min(window.start, oldest) - _MARGIN, end=window.end + _MARGIN)


def _trouble(wish: Wish, code: str, behind: Slot | None = None) -> Trouble:
    return Trouble(item=wish.item, title=wish.title, code=code, at=wish.wanted_at, wish=wish, behind=behind)


def _by_time(slot: Slot) -> tuple[datetime, AnnouncementId, datetime]:
    return slot.due_at, slot.wish.identity, slot.wish.recurrence_at
