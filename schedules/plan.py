"""The plan: a window of time as occurrences with deterministic ids, conflicts named, refusals explained."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import NewType

from schedules.again import Home, Placings, Wanted
from schedules.announcement import Announcement, AnnouncementId, AreaCode, BulletinClass
from schedules.area import Tree, inside
from schedules.calendar import QuietHours, Window, stamp
from schedules.caps import Breach
from schedules.collision import Collision, ConflictKind
from schedules.errors import Refused
from schedules.late_rule import Coalesce, LateRule
from schedules.local_rules import Cut, LocalRules, cut
from schedules.placing import Frame, Placed, horizon_of
from schedules.precedence import Precedence
from schedules.session import Session, music_of, opening_id, starts
from schedules.wish import Ready, Slot, Trouble
from schedules.wording import collision_words, held_words, trouble_words

OccurrenceId = NewType("OccurrenceId", str)

LEAD = timedelta(seconds=10)
LONGEST_WINDOW = timedelta(days=366)
NO_RULES = LocalRules()
_MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One planned sound. `recurrence_at` is its original instant, `due_at` when it begins now.

    `duration` is that of its whole clip (chime, text, every reading); it ends by `expires_at`.
    `targets` is its ground; `carriers` are the documents that bring it, areas and groups of nodes, where
    they are not just the ground's own. `late` is its author's late rule; from `superseded_at` on the
    item's next airing stands for this one too.
    """

    id: OccurrenceId
    item: AnnouncementId
    revision: int
    recurrence_at: datetime
    due_at: datetime
    duration: timedelta
    expires_at: datetime
    targets: tuple[AreaCode, ...]
    bulletin_class: BulletinClass
    session: str | None
    repeat: int
    carriers: tuple[str, ...] = ()
    late: LateRule | None = None
    superseded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two sounds that wanted the same moment on the same ground, and what the rule made of it.

    `occurrences` names first the one that acts (moves, pre-empts, has no place), then the other.
    """

    kind: ConflictKind
    occurrences: tuple[OccurrenceId, ...]
    area: AreaCode
    at: datetime
    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An approved item that is not heard at `at`, and why; `areas` where only single places refuse it."""

    item: AnnouncementId
    code: str
    at: datetime
    vi: str
    en: str
    areas: tuple[AreaCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is heard in a window, in order of time."""

    occurrences: tuple[Occurrence, ...]
    conflicts: tuple[Conflict, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a commune (or several at once) hears: on a day that the window touches, and within it.

    A day's caps count all of that day.
    """

    placed: Placed
    near: tuple[Occurrence, ...]
    inside: tuple[Occurrence, ...]
    held: tuple[Slot, ...]
    collisions: tuple[Collision, ...]
    troubles: tuple[Trouble, ...]


@dataclass(slots=True)
class Memo:
    """What a planner keeps from one plan to the next, so that little is done twice; no plan depends on it."""

    wanted: Wanted = field(default_factory=Wanted)
    placings: Placings = field(default_factory=Placings)
    said: tuple[str, Window] | None = None
    parts: dict[Home, _Part] = field(default_factory=dict)

    def again(self, tenant: str, window: Window, placed: Mapping[Home, Placed]) -> tuple[_Part, ...]:
        """The parts of a plan; one whose placing is the very same is the very same."""
        known = self.parts if self.said == (tenant, window) else {}
        parts: dict[Home, _Part] = {}
        for home, one in sorted(placed.items(), key=lambda pair: pair[0] or ""):
            before = known.get(home)
            is_same = before is not None and before.placed is one
            parts[home] = before if before is not None and is_same else _part(tenant, window, one)
        self.said, self.parts = (tenant, window), parts
        return tuple(parts.values())


def occurrence_id(tenant: str, item: AnnouncementId, recurrence_at: datetime) -> OccurrenceId:
    """The one name of an airing, BLAKE2b-128 in hex: moving or editing the item keeps it (RFC 5545)."""
    key = json.dumps([tenant, item, stamp(recurrence_at)], ensure_ascii=False, separators=(",", ":"))
    return OccurrenceId(hashlib.blake2b(key.encode(), digest_size=16).hexdigest())


def plan(
    tenant: str,
    announcements: Iterable[Announcement],
    sessions: Iterable[Session],
    tree: Tree,
    durations: Mapping[AnnouncementId, timedelta],
    quiet: QuietHours,
    window: Window,
    now: datetime,
    lead: timedelta = LEAD,
    rules: LocalRules = NO_RULES,
    memo: Memo | None = None,
    precedence: tuple[Precedence, ...] = (),
) -> Plan:
    """Everything due in the window, a function of its arguments alone.

    `durations` are those of whole clips, session openings and closings among them. `lead` is what the
    nodes get to fetch an item that is wanted right after its approval. `rules` are those of single places:
    what they refuse is left out there, and heard elsewhere. `precedence` is what communes answered about
    two priority items at one moment. `now` only decides whether a
    question to the commune is still open: it moves nothing, so the past never changes. Order of input
    never matters. With a `memo` of the last plan only what has changed is worked out anew.
    Raises Refused (`E_WINDOW`) for an empty window or one of over a year.
    """
    _check(window)
    sessions = tuple(sessions)
    memo = Memo() if memo is None else memo
    items, unready = memo.wanted.again(announcements, durations, tree, window)
    frame = Frame(
        tree=tree,
        quiet=quiet,
        window=window,
        lead=lead,
        holidays=rules.holidays,
        horizon=horizon_of(items, window),
        precedence=precedence,
        durations=durations,
    )
    parts = memo.again(tenant, window, memo.placings.again(frame, items, sessions))
    left = cut(_in_order(part.near for part in parts), rules, tree, quiet, music_of(sessions))
    conflicts = (
        *(_conflict(tenant, tree, quiet, now, c) for part in parts for c in part.collisions),
        *(_held(tenant, tree, quiet, slot) for part in parts for slot in part.held),
    )
    waiting = (item for part in parts for item in part.placed.waiting)
    lost = (*unready, *_homeless(waiting, window), *_astray(sessions, tree, window))
    refusals = (*lost, *(trouble for part in parts for trouble in part.troubles))
    return Plan(
        occurrences=tuple(_newest(tuple(_narrowed(_in_order(part.inside for part in parts), left)))),
        conflicts=tuple(sorted(conflicts, key=lambda c: (c.at, c.kind, c.occurrences))),
        refusals=tuple(
            sorted(
                (
                    *(_refusal(trouble, quiet) for trouble in refusals),
                    *_refused_there((one for one in left.breaches if window.contains(one.at)), items),
                ),
                key=lambda r: (r.at, r.item, r.code),
            )
        ),
    )


def _check(window: Window) -> None:
    if not timedelta() < window.end - window.start <= LONGEST_WINDOW:
        raise Refused(
            "E_WINDOW",
            "Khoảng lập lịch phải dài hơn 0 giây và không quá một năm.",
            "A plan covers more than no time and at most a year.",
        )


def _homeless(waiting: Iterable[Ready], window: Window) -> tuple[Trouble, ...]:
    """Items that wait for a session and met none up to the window's end."""
    return tuple(
        Trouble(item=a.id, title=a.title, code="E_NO_SESSION", at=max(item.approved_at, window.start))
        for item in waiting
        if (a := item.announcement).expires_at > window.start and item.approved_at < window.end
    )


def _astray(sessions: tuple[Session, ...], tree: Tree, window: Window) -> tuple[Trouble, ...]:
    return tuple(
        Trouble(item=opening_id(s.id), title=s.name, code="E_TARGET", at=window.start)
        for s in sessions
        if s.area not in tree and starts(s, window)
    )


def _occurrence(tenant: str, slot: Slot) -> Occurrence:
    wish = slot.wish
    return Occurrence(
        id=_id(tenant, slot),
        item=wish.item,
        revision=wish.revision,
        recurrence_at=wish.recurrence_at,
        due_at=slot.due_at,
        duration=wish.duration,
        expires_at=wish.expires_at,
        targets=wish.targets,
        bulletin_class=wish.bulletin_class,
        session=wish.session,
        repeat=wish.repeat,
        late=wish.late,
    )


def _part(tenant: str, window: Window, placed: Placed) -> "_Part":
    near = Window(start=window.start - _MARGIN, end=window.end + _MARGIN)
    occurrences = tuple(_occurrence(tenant, slot) for slot in placed.slots if near.contains(slot.due_at))
    return _Part(
        placed=placed,
        near=occurrences,
        inside=tuple(one for one in occurrences if window.contains(one.due_at)),
        held=tuple(s for s in placed.slots if s.wish.held_by_quiet and window.contains(s.due_at)),
        collisions=tuple(c for c in placed.collisions if window.contains(c.slot.due_at)),
        troubles=tuple(trouble for trouble in placed.troubles if window.contains(trouble.at)),
    )


def _in_order(parts: Iterable[tuple[Occurrence, ...]]) -> list[Occurrence]:
    # each part is in order, and parts are in the order of their homes: what begins together has one order
    return sorted(chain.from_iterable(parts), key=attrgetter("due_at"))


def _narrowed(every: list[Occurrence], left: Cut) -> Iterable[Occurrence]:
    """The occurrences on the ground that the rules leave them."""
    if not left.ground:
        return every
    grounds = ((one, left.ground.get(one.id, one.targets)) for one in every)
    return (
        one if ground == one.targets else replace(one, targets=ground) for one, ground in grounds if ground
    )


def _newest(every: tuple[Occurrence, ...]) -> Iterator[Occurrence]:
    """Of an item whose missed airings become one, each airing is worth hearing until its next one only."""
    coming: dict[AnnouncementId, datetime] = {}
    found: list[Occurrence] = []
    for one in reversed(every):
        if isinstance(one.late, Coalesce):
            later = coming.get(one.item)
            coming[one.item] = one.due_at
            found.append(one if later is None else replace(one, superseded_at=later))
        else:
            found.append(one)
    return reversed(found)


def _refused_there(breaches: Iterable[Breach], items: Iterable[Ready]) -> Iterator[Refusal]:
    titles: dict[AnnouncementId, str] = {}
    for breach in breaches:
        titles = titles or {one.announcement.id: one.announcement.title for one in items}
        vi, en = breach.vi, breach.en
        if title := titles.get(breach.item):
            vi, en = f"“{title}”: {vi[:1].lower()}{vi[1:]}", f"“{title}”: {en[:1].lower()}{en[1:]}"
        yield Refusal(item=breach.item, code=breach.code, at=breach.at, vi=vi, en=en, areas=breach.areas)


def _conflict(tenant: str, tree: Tree, quiet: QuietHours, now: datetime, c: Collision) -> Conflict:
    area = tree.meet(c.slot.wish.targets, c.other.wish.targets) or c.slot.wish.targets[0]
    vi, en = collision_words(c, inside(tree.area(area).name), quiet, is_open=c.slot.due_at > now)
    return Conflict(
        kind=c.kind,
        occurrences=(_id(tenant, c.slot), _id(tenant, c.other)),
        area=area,
        at=c.slot.due_at,
        vi=vi,
        en=en,
    )


def _held(tenant: str, tree: Tree, quiet: QuietHours, slot: Slot) -> Conflict:
    area = slot.wish.targets[0]
    vi, en = held_words(slot, inside(tree.area(area).name), quiet)
    return Conflict(
        kind=ConflictKind.MOVED, occurrences=(_id(tenant, slot),), area=area, at=slot.due_at, vi=vi, en=en
    )


def _refusal(trouble: Trouble, quiet: QuietHours) -> Refusal:
    vi, en = trouble_words(trouble, quiet)
    return Refusal(item=trouble.item, code=trouble.code, at=trouble.at, vi=vi, en=en)


def _id(tenant: str, slot: Slot) -> OccurrenceId:
    return occurrence_id(tenant, slot.wish.identity, slot.wish.recurrence_at)
