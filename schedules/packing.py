"""Sessions filled: which items each run takes, in which order, one behind the other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schedules.announcement import AnnouncementId, AreaCode, BulletinClass
from schedules.area import Tree
from schedules.blocks import Part
from schedules.calendar import QuietHours, Window, local
from schedules.filling import Hand, Key, Placed, fill, within
from schedules.recurrence import NextSession
from schedules.session import Fixed, Run, Session, run_on, runs
from schedules.timeline import Timeline
from schedules.wish import Ready, Slot, Trouble, Wish, wish_for

_CLASS_ORDER = (BulletinClass.EMERGENCY, BulletinClass.PRIORITY, BulletinClass.NORMAL)
_KEPT = frozenset({Part.ANTHEM, Part.FILLER})


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
    """The items that some session names, by hand or in a block: no time of their own airs them any more."""
    return frozenset(
        item
        for session in sessions
        for items in (
            session.items,
            *(change.items or () for change in session.changes),
            *(block.items for block in session.blocks),
        )
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
    may be heard in any session, tries the next run; an order by hand holds it no longer than that day.
    """
    known = frozenset(item.announcement.id for item in items)
    sessions = tuple(_with_taken(session, known) for session in sessions)
    packer = _Packer(items, sessions, tree, durations, quiet, obstacles)
    for run in _runs(sessions, tree, horizon):
        packer.fill(run)
    return packer.result()


def _runs(sessions: tuple[Session, ...], tree: Tree, horizon: Window) -> tuple[Run, ...]:
    found = [run for session in sessions if session.area in tree for run in runs(session, horizon)]
    found.sort(key=lambda run: (run.start_at, len(tree.chain(run.session.area)), run.session.id))
    return tuple(found)


def _with_taken(session: Session, known: frozenset[AnnouncementId]) -> Session:
    """The session with what its commune has taken from above under the name that it is planned by."""

    def named(item: AnnouncementId) -> AnnouncementId:
        own = AnnouncementId(f"{item}@{session.area}")
        return item if item in known or own not in known else own

    def fixes(fixed: tuple[Fixed, ...]) -> tuple[Fixed, ...]:
        return tuple(replace(one, item=named(one.item)) for one in fixed)

    return replace(
        session,
        items=tuple(named(item) for item in session.items),
        fixed=fixes(session.fixed),
        changes=tuple(
            replace(
                one,
                items=None if one.items is None else tuple(named(item) for item in one.items),
                fixed=None if one.fixed is None else fixes(one.fixed),
                left_out=tuple(named(item) for item in one.left_out),
            )
            for one in session.changes
        ),
    )


class _Packer:
    """The state of one packing: what lies where, and who has been heard."""

    def __init__(
        self,
        items: tuple[Ready, ...],
        sessions: tuple[Session, ...],
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
        self.kept = _kept(sessions)
        # what stands in a session's own order is heard there, and only there
        standing = {item for session in sessions for item in session.items}
        free = [i for i in items if _is_next(i) and i.announcement.id not in standing | self.kept]
        self.queue = sorted(free, key=_queue_key)
        self.queue_in: defaultdict[AreaCode | None, list[Ready]] = defaultdict(list)
        for item in self.queue:
            self.queue_in[item.home].append(item)
        self.promised = _promised(sessions)
        self.heard: set[AnnouncementId] = set()
        self.claimed: set[Key] = set()
        self.slots: list[Slot] = []
        self.delays: list[Delay] = []
        self.troubles: list[Trouble] = []

    def fill(self, run: Run) -> None:
        wishes = tuple(self._wishes(run))
        hand = Hand(
            wishes=wishes,
            above=frozenset(wish.item for wish in wishes if self._is_above(wish.item, run.session)),
            kept=dict(self._kept_for(run)),
        )
        filled = fill(run, hand, self.tree, self.durations, self.quiet, self.timeline, self.claimed)
        self.troubles.extend(filled.troubles)
        for placed in filled.placed:
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
        """The order by hand, and behind it whatever else may be heard in this run."""
        by_hand = dict.fromkeys(run.session.items)
        for name in by_hand:
            if name in self.by_id and name not in self.kept and name not in run.left_out:
                yield from self._by_hand(run, self.by_id[name])
        commune = self.tree.commune((run.session.area,))
        # what a commune's session reaches lies in that commune
        for item in self.queue if commune is None else self.queue_in[commune]:
            a = item.announcement
            reached = all(self.tree.descends(target, run.session.area) for target in a.targets)
            # approved too late for this run is no refusal: it takes the next one
            timely = item.approved_at <= run.start_at and a.valid_from <= run.start_at < a.expires_at
            waits = a.id in by_hand or a.id in run.left_out or self._is_promised(a.id, run)
            if reached and timely and not waits and a.id not in self.heard:
                yield wish_for(item, run.recurrence_at, run.start_at, session=run.session.id)

    def _by_hand(self, run: Run, item: Ready) -> Iterator[Wish]:
        a = item.announcement
        targets, whole = within(self.tree, a.targets, run.session.area)
        # two communes may take the same item at the same moment: each airing is its own
        identity = a.id if whole else AnnouncementId(f"{a.id}@{run.session.area}")
        if a.id in self.heard or identity in self.heard:
            return
        if item.approved_at > run.start_at:
            if local(run.start_at).date() in run.session.dates:
                self._trouble(item, "E_LATE", run)
        elif not targets:
            self._trouble(item, "E_TARGET_EMPTY", run)
        else:
            yield wish_for(
                item,
                run.recurrence_at,
                run.start_at,
                session=run.session.id,
                targets=targets,
                identity=identity,
            )

    def _kept_for(self, run: Run) -> Iterator[tuple[AnnouncementId, Ready]]:
        """What its anthem and its fillers may say in this run."""
        for name in (name for block in run.session.blocks if block.part in _KEPT for name in block.items):
            item = self.by_id.get(name)
            if item is None or item.approved_at > run.start_at:
                continue
            a = item.announcement
            if (
                a.valid_from <= run.start_at < a.expires_at
                and within(self.tree, a.targets, run.session.area)[0]
            ):
                yield name, item

    def _is_promised(self, item: AnnouncementId, run: Run) -> bool:
        """Whether somebody has put it by hand into a run that is still to come."""
        return any(start_at >= run.start_at for start_at in self.promised.get(item, ()))

    def _is_above(self, item: AnnouncementId, session: Session) -> bool:
        """Whether it comes from above the session's area."""
        return not self.tree.descends(self.by_id[item].announcement.area, session.area)

    def _keep(self, placed: Placed) -> None:
        slot = placed.slot
        self.claimed.add((slot.wish.identity, slot.wish.recurrence_at))
        item = self.by_id.get(slot.wish.item)
        if item is not None and _is_next(item) and slot.wish.item not in self.kept:
            self.heard.add(slot.wish.identity)
        self.slots.append(slot)
        self.timeline.add(slot)
        if placed.behind is not None:
            self.delays.append(Delay(slot=slot, behind=placed.behind))

    def _trouble(self, item: Ready, code: str, run: Run) -> None:
        a = item.announcement
        self.troubles.append(Trouble(item=a.id, title=a.title, code=code, at=run.start_at))


def _kept(sessions: Iterable[Session]) -> frozenset[AnnouncementId]:
    """What is heard only as an anthem or a filler."""
    return frozenset(
        item
        for session in sessions
        for block in session.blocks
        if block.part in _KEPT
        for item in block.items
    )


def _promised(sessions: Iterable[Session]) -> Mapping[AnnouncementId, list[datetime]]:
    """The runs into which somebody has put an item by hand, for that day alone."""
    found: defaultdict[AnnouncementId, list[datetime]] = defaultdict(list)
    for session in sessions:
        for change in session.changes:
            run = run_on(session, change.day) if change.items else None
            if run is not None:
                for item in change.items or ():
                    if item not in run.left_out:
                        found[item].append(run.start_at)
    return found


def _is_next(item: Ready) -> bool:
    return isinstance(item.announcement.timing, NextSession)


def _queue_key(item: Ready) -> tuple[int, datetime, AnnouncementId]:
    a = item.announcement
    return _CLASS_ORDER.index(a.bulletin_class), item.approved_at, a.id
