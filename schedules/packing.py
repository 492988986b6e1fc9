"""Sessions filled: which items each run takes, one behind the other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schedules.announcement import AnnouncementId, AreaCode, BulletinClass
from schedules.area import Tree
from schedules.calendar import QuietHours, Window, local
from schedules.recurrence import NextSession
from schedules.session import Run, Session, closing_id, opening_id, runs
from schedules.timeline import BREATH, Timeline
from schedules.wish import Ready, Slot, Trouble, Wish, refusal_at, whole_second, wish_for

_CHIME_GRACE = timedelta(minutes=5)
_CLASS_ORDER = (BulletinClass.EMERGENCY, BulletinClass.PRIORITY, BulletinClass.NORMAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """A sound that had to wait behind another."""

    slot: Slot
    behind: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    slots: tuple[Slot, ...]
    delays: tuple[Delay, ...]
    troubles: tuple[Trouble, ...]
    waiting: tuple[Ready, ...]


def listed(sessions: Iterable[Session]) -> frozenset[AnnouncementId]:
    """The items that some session names by hand: they are heard there, and only there."""
    return frozenset(
        item
        for session in sessions
        for items in (session.items, *(change.items or () for change in session.changes))
        for item in items
    )


def pack(
    items: tuple[Ready, ...],
    sessions: Iterable[Session],
    tree: Tree,
    durations: Mapping[AnnouncementId, timedelta],
    quiet: QuietHours,
    horizon: Window,
    obstacles: tuple[Slot, ...],
) -> Packed:
    """Every run of the sessions in the horizon, in order of time, the wider area first.

    A session keeps its place: a sound in it waits only for an earlier session on the same ground and,
    where it is priority itself, for the priority `obstacles`. What finds no room is named and, if it
    may be heard in any session, tries the next run.
    """
    sessions = tuple(sessions)
    packer = _Packer(items, listed(sessions), tree, durations, quiet, obstacles)
    for run in _runs(sessions, tree, horizon):
        packer.fill(run)
    return packer.result()


def _runs(sessions: tuple[Session, ...], tree: Tree, horizon: Window) -> tuple[Run, ...]:
    found = [run for session in sessions if session.area in tree for run in runs(session, horizon)]
    found.sort(key=lambda run: (run.start_at, len(tree.chain(run.session.area)), run.session.id))
    return tuple(found)


class _Packer:
    """The state of one packing: what lies where, and who has been heard."""

    def __init__(
        self,
        items: tuple[Ready, ...],
        by_hand: frozenset[AnnouncementId],
        tree: Tree,
        durations: Mapping[AnnouncementId, timedelta],
        quiet: QuietHours,
        obstacles: tuple[Slot, ...],
    ) -> None:
        self.tree = tree
        self.durations = durations
        self.quiet = quiet
        self.timeline = Timeline(tree, obstacles)
        self.by_id = {item.announcement.id: item for item in items}
        free = [i for i in items if _is_next(i) and i.announcement.id not in by_hand]
        self.queue = sorted(free, key=_queue_key)
        self.queue_in: defaultdict[AreaCode | None, list[Ready]] = defaultdict(list)
        for item in self.queue:
            self.queue_in[tree.commune(item.announcement.targets)].append(item)
        self.heard: set[AnnouncementId] = set()
        self.claimed: set[tuple[AnnouncementId, datetime]] = set()
        self.slots: list[Slot] = []
        self.delays: list[Delay] = []
        self.troubles: list[Trouble] = []

    def fill(self, run: Run) -> None:
        cursor = run.start_at
        opening, trouble = self._chime(run, run.session.opening, opening_id(run.session.id), cursor)
        if opening is not None:
            cursor = whole_second(opening.slot.end_at + BREATH)
        reserve = self._reserve(run)
        taken: list[_Placed] = []
        for wish in self._wishes(run):
            placed = self._place(run, wish, cursor, reserve)
            if placed is not None:
                taken.append(placed)
                cursor = whole_second(placed.slot.end_at + BREATH)
        # a session in which nothing is said neither opens nor closes, and need not say why
        if not taken:
            return
        closing, other = self._chime(run, run.session.closing, closing_id(run.session.id), cursor)
        self.troubles.extend(found for found in (trouble, other) if found is not None)
        ground = self.tree.cover(code for placed in taken for code in placed.slot.wish.targets)
        for chime in (opening, closing):
            if chime is not None:
                self._keep(_settled(chime, ground))
        for placed in taken:
            self._keep(placed)

    def result(self) -> Packed:
        waiting = tuple(item for item in self.queue if item.announcement.id not in self.heard)
        return Packed(
            slots=tuple(self.slots),
            delays=tuple(self.delays),
            troubles=tuple(self.troubles),
            waiting=waiting,
        )

    def _wishes(self, run: Run) -> Iterator[Wish]:
        if run.session.items:
            yield from self._by_hand(run)
            return
        commune = self.tree.commune((run.session.area,))
        # what a commune's session reaches lies in that commune
        for item in self.queue if commune is None else self.queue_in[commune]:
            a = item.announcement
            reached = all(self.tree.descends(target, run.session.area) for target in a.targets)
            # approved too late for this run is no refusal: it takes the next one
            timely = item.approved_at <= run.start_at and a.valid_from <= run.start_at < a.expires_at
            if reached and timely and a.id not in self.heard:
                yield wish_for(item, run.recurrence_at, run.start_at, session=run.session.id)

    def _by_hand(self, run: Run) -> Iterator[Wish]:
        for item in (self.by_id[i] for i in dict.fromkeys(run.session.items) if i in self.by_id):
            a = item.announcement
            if a.id in self.heard:
                continue
            if item.approved_at > run.start_at:
                if local(run.start_at).date() in run.session.dates:
                    self._trouble(a.id, a.title, "E_LATE", run.start_at)
                continue
            targets, whole = _within(self.tree, a.targets, run.session.area)
            if not targets:
                self._trouble(a.id, a.title, "E_TARGET_EMPTY", run.start_at)
                continue
            # two communes may take the same item at the same moment: each airing is its own
            identity = a.id if whole else AnnouncementId(f"{a.id}@{run.session.area}")
            yield wish_for(
                item,
                run.recurrence_at,
                run.start_at,
                session=run.session.id,
                targets=targets,
                identity=identity,
            )

    def _place(self, run: Run, wish: Wish, cursor: datetime, reserve: timedelta) -> "_Placed | None":
        key = (wish.identity, wish.recurrence_at)
        if key in self.claimed:
            self._trouble(wish.item, wish.title, "E_DOUBLE", run.start_at, wish)
            return None
        due_at, behind = self._free(wish, cursor)
        code = refusal_at(wish, due_at, self.quiet) or _over_cap(run, due_at + wish.duration + reserve)
        if code is not None:
            self._trouble(wish.item, wish.title, code, run.start_at, wish, behind)
            return None
        self.claimed.add(key)
        if _is_next(self.by_id[wish.item]):
            self.heard.add(wish.item)
        return _Placed(slot=Slot(wish=wish, due_at=due_at), behind=behind)

    def _chime(
        self, run: Run, wanted: bool, item: AnnouncementId, cursor: datetime
    ) -> "tuple[_Placed | None, Trouble | None]":
        if not wanted:
            return None, None
        name = run.session.name
        duration = self.durations.get(item, timedelta())
        if duration <= timedelta():
            return None, Trouble(item=item, title=name, code="E_NOT_RENDERED", at=run.start_at)
        wish = _chime_wish(run, item, cursor, duration)
        due_at, behind = self._free(wish, cursor)
        code = refusal_at(wish, due_at, self.quiet) or _over_cap(run, due_at + duration)
        if code is not None:
            return None, Trouble(item=item, title=name, code=code, at=run.start_at, wish=wish, behind=behind)
        return _Placed(slot=Slot(wish=wish, due_at=due_at), behind=behind), None

    def _free(self, wish: Wish, cursor: datetime) -> tuple[datetime, Slot | None]:
        if wish.bulletin_class is BulletinClass.EMERGENCY:
            return cursor, None
        priority = wish.bulletin_class is BulletinClass.PRIORITY

        def blocks(slot: Slot) -> bool:
            return slot.wish.session is not None or priority

        return self.timeline.first_free(cursor, wish.duration, wish.targets, blocks)

    def _reserve(self, run: Run) -> timedelta:
        """What the closing needs at the end of a capped session."""
        closing = self.durations.get(closing_id(run.session.id), timedelta())
        if not run.session.closing or closing <= timedelta():
            return timedelta()
        return closing + 2 * BREATH

    def _keep(self, placed: "_Placed") -> None:
        self.slots.append(placed.slot)
        self.timeline.add(placed.slot)
        if placed.behind is not None:
            self.delays.append(Delay(slot=placed.slot, behind=placed.behind))

    def _trouble(
        self,
        item: AnnouncementId,
        title: str,
        code: str,
        at: datetime,
        wish: Wish | None = None,
        behind: Slot | None = None,
    ) -> None:
        self.troubles.append(Trouble(item=item, title=title, code=code, at=at, wish=wish, behind=behind))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    slot: Slot
    behind: Slot | None


def _settled(chime: _Placed, ground: tuple[AreaCode, ...]) -> _Placed:
    """A chime only where something is said, and not long after its moment."""
    slot = chime.slot
    wish = replace(slot.wish, targets=ground, expires_at=slot.end_at + _CHIME_GRACE)
    return _Placed(slot=Slot(wish=wish, due_at=slot.due_at), behind=chime.behind)


def _over_cap(run: Run, end_at: datetime) -> str | None:
    cap = run.session.cap
    return "E_CAP" if cap is not None and end_at > run.start_at + cap else None


def _chime_wish(run: Run, item: AnnouncementId, cursor: datetime, duration: timedelta) -> Wish:
    return Wish(
        item=item,
        identity=item,
        title=run.session.name,
        revision=1,
        recurrence_at=run.recurrence_at,
        wanted_at=cursor,
        duration=duration,
        valid_from=run.start_at,
        expires_at=run.start_at + timedelta(days=1),
        targets=(run.session.area,),
        bulletin_class=BulletinClass.NORMAL,
        session=run.session.id,
        repeat=1,
        rank=(False, 0, run.start_at, item),
    )


def _within(tree: Tree, targets: tuple[AreaCode, ...], area: AreaCode) -> tuple[tuple[AreaCode, ...], bool]:
    """The targets as far as they lie in the area, and whether that is all of them."""
    inside = tuple(target for target in targets if tree.descends(target, area))
    if len(inside) == len(targets):
        return targets, True
    if any(tree.descends(area, target) for target in targets):
        return (area,), False
    return inside, False


def _is_next(item: Ready) -> bool:
    return isinstance(item.announcement.timing, NextSession)


def _queue_key(item: Ready) -> tuple[int, datetime, AnnouncementId]:
    a = item.announcement
    return _CLASS_ORDER.index(a.bulletin_class), item.approved_at, a.id
