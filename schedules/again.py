"""Placing again after a small change: only the communes in which something changed are placed anew.

What lies within one commune (`own`) never meets what lies within another; they meet only through what speaks
to several at once (`wide`). As long as every wide sound keeps its place, the communes are independent.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from schedules.announcement import Announcement, AnnouncementId, AreaCode
from schedules.area import Tree
from schedules.calendar import Window
from schedules.collision import Collision
from schedules.packing import listed
from schedules.placing import Coupled, Frame, Placed, place, place_among
from schedules.session import Session, closing_id, opening_id
from schedules.wish import Ready, Slot, Trouble, ready

Home = AreaCode | None
Own = tuple[tuple[Ready, ...], tuple[Session, ...], tuple[object, ...]]
T = TypeVar("T")

# beyond that many communes placing everything at once costs no more
MOST_ANEW = 20


@dataclass(slots=True)
class Placings:
    """What the last placing was made of, and what it came to in each commune (None: the wide)."""

    frame: Frame | None = None
    own: dict[Home, Own] = field(default_factory=dict)
    placed: dict[Home, Placed] = field(default_factory=dict)
    is_parted: bool = False

    def again(
        self, frame: Frame, items: tuple[Ready, ...], sessions: tuple[Session, ...]
    ) -> Mapping[Home, Placed]:
        """The same as `place`, by commune; what did not change is the very object that it was."""
        own = _by_home(frame, items, sessions)
        is_parted = _is_parted(own, sessions, frame.tree)
        anew = self._anew(frame, own) if is_parted and self.is_parted else None
        try:
            placed = None if anew is None else self._kept(own, anew, frame)
        except Coupled:
            placed = None
        self.placed = placed or _divided(place(frame, items, sessions), own, frame.tree)
        self.frame, self.own, self.is_parted = frame, own, is_parted
        return self.placed

    def _anew(self, frame: Frame, own: Mapping[Home, Own]) -> tuple[Home, ...] | None:
        """The communes to place anew; None where that would be everything."""
        # an answer about two items may divide a wide one: what it is divided into lies in several communes
        if frame.precedence or self.frame != frame or self.own.get(None) != own.get(None):
            return None
        homes = dict.fromkeys((*self.own, *own))
        changed = tuple(home for home in homes if self.own.get(home) != own.get(home))
        return changed if len(changed) <= MOST_ANEW else None

    def _kept(self, own: Mapping[Home, Own], anew: tuple[Home, ...], frame: Frame) -> dict[Home, Placed]:
        fresh = {home: self._commune(home, own, frame) for home in anew}
        return {home: one for home, one in self.placed.items() if home is None or home in own} | fresh

    def _commune(self, home: Home, own: Mapping[Home, Own], frame: Frame) -> Placed:
        wide = self.placed.get(None, _NOTHING)
        before = self.placed.get(home, _NOTHING)
        if any(trouble.behind is not None for trouble in wide.troubles):
            raise Coupled
        for slot in wide.slots:
            # it waited, and what it waited for may have gone
            if slot.due_at != slot.wish.wanted_at and any(_within(slot, other) for other in before.slots):
                raise Coupled
        items, sessions, _ = own.get(home, _NOBODY)
        return place_among(frame, items, sessions, own.get(None, _NOBODY)[0], wide.slots)


_NOBODY: Own = ((), (), ())


@dataclass(slots=True)
class Wanted:
    """What the last plan wanted to be heard: an announcement that is as it was is not looked into again."""

    tree: Tree | None = None
    items: dict[AnnouncementId, Ready] = field(default_factory=dict)

    def again(
        self,
        announcements: Iterable[Announcement],
        durations: Mapping[AnnouncementId, timedelta],
        tree: Tree,
        window: Window,
    ) -> tuple[tuple[Ready, ...], tuple[Trouble, ...]]:
        """The same as `wish.ready`."""
        known = self.items if self.tree is tree else {}
        found: list[Ready] = []
        troubles: list[Trouble] = []
        for a in announcements:
            item = known.get(a.id)
            # a frozen dataclass compares all its fields, also with itself
            is_same = item is not None and (item.announcement is a or item.announcement == a)
            if item is not None and is_same and item.duration == durations.get(a.id):
                found.append(item)
                continue
            may, may_not = ready((a,), durations, tree, window)
            found += may
            troubles += may_not
        self.tree, self.items = tree, {item.announcement.id: item for item in found}
        return tuple(found), tuple(troubles)


_NOTHING = Placed(slots=(), collisions=(), troubles=(), waiting=())


def _by_home(frame: Frame, items: Iterable[Ready], sessions: Iterable[Session]) -> dict[Home, Own]:
    """Everything that the placing of a commune depends on, in the order in which it was given."""
    tree = frame.tree
    spoken: defaultdict[Home, list[Ready]] = defaultdict(list)
    for item in items:
        spoken[item.home].append(item)
    kept: defaultdict[Home, list[Session]] = defaultdict(list)
    for session in sessions:
        kept[tree.commune((session.area,)) if session.area in tree else None].append(session)
    return {
        home: (
            tuple(spoken.get(home, ())),
            tuple(held := kept.get(home, [])),
            tuple(_chime_lengths(session, frame) for session in held),
        )
        for home in {**spoken, **kept}
    }


def _chime_lengths(session: Session, frame: Frame) -> tuple[object, ...]:
    return tuple(frame.durations.get(name(session.id)) for name in (opening_id, closing_id))


def _is_parted(own: Mapping[Home, Own], sessions: tuple[Session, ...], tree: Tree) -> bool:
    """Whether no session joins communes, by its ground or by an item named by hand."""
    spoken, kept, _ = own.get(None, _NOBODY)
    if any(session.area in tree for session in kept):
        return False
    by_hand = listed(sessions)
    return not any(item.announcement.id in by_hand for item in spoken) and not _shared(own, by_hand)


def _shared(own: Mapping[Home, Own], by_hand: frozenset[AnnouncementId]) -> bool:
    """Whether a commune's session names an item of another commune."""
    if not by_hand:
        return False
    homes = {item.announcement.id: home for home, (items, _, _) in own.items() for item in items}
    return any(
        homes.get(item, home) != home for home, (_, sessions, _) in own.items() for item in listed(sessions)
    )


def _within(slot: Slot, other: Slot) -> bool:
    return other.due_at < slot.end_at and slot.wish.wanted_at < other.end_at


def _divided(placed: Placed, own: Mapping[Home, Own], tree: Tree) -> dict[Home, Placed]:
    homes: dict[AnnouncementId, Home] = {
        item.announcement.id: home for home, (items, _, _) in own.items() for item in items
    }
    of_session = {session.id: home for home, (_, sessions, _) in own.items() for session in sessions}

    def of_slot(slot: Slot) -> Home:
        return tree.commune(slot.wish.targets)

    def of_collision(collision: Collision) -> Home:
        return of_slot(collision.slot) or of_slot(collision.other)

    def of_trouble(trouble: Trouble) -> Home:
        if trouble.wish is not None:
            return tree.commune(trouble.wish.targets)
        session = trouble.item.split(":")[1] if trouble.item.startswith("session:") else None
        return homes.get(trouble.item) if session is None else of_session.get(session)

    slots = _grouped(placed.slots, of_slot)
    collisions = _grouped(placed.collisions, of_collision)
    troubles = _grouped(placed.troubles, of_trouble)
    waiting = _grouped(placed.waiting, lambda item: item.home)
    return {
        home: Placed(
            slots=tuple(slots.get(home, ())),
            collisions=tuple(collisions.get(home, ())),
            troubles=tuple(troubles.get(home, ())),
            waiting=tuple(waiting.get(home, ())),
        )
        for home in {**dict.fromkeys(own), **slots, **collisions, **troubles, **waiting}
    }


def _grouped(things: Iterable[T], home: Callable[[T], Home]) -> dict[Home, list[T]]:
    found: defaultdict[Home, list[T]] = defaultdict(list)
    for thing in things:
        found[home(thing)].append(thing)
    return found
