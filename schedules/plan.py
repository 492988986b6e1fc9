"""The plan: a window of time as occurrences with deterministic ids, conflicts named, refusals explained."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NewType

from schedules.announcement import Announcement, AnnouncementId, AreaCode, BulletinClass
from schedules.area import Tree, inside
from schedules.calendar import QuietHours, Window, stamp
from schedules.caps import Breach
from schedules.collision import Collision, ConflictKind
from schedules.errors import Refused
from schedules.local_rules import Cut, LocalRules, cut
from schedules.placing import place
from schedules.session import Session, opening_id, starts
from schedules.wish import Ready, Slot, Trouble, ready
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
    """An approved item that is not heard at `at`, and why."""

    item: AnnouncementId
    code: str
    at: datetime
    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is heard in a window, in order of time."""

    occurrences: tuple[Occurrence, ...]
    conflicts: tuple[Conflict, ...]
    refusals: tuple[Refusal, ...]


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
) -> Plan:
    """Everything due in the window, a function of its arguments alone.

    `durations` are those of whole clips, session openings and closings among them. `lead` is what the
    nodes get to fetch an item that is wanted right after its approval. `rules` are those of single places:
    what they refuse is left out there, and heard elsewhere. `now` only decides whether a
    question to the commune is still open: it moves nothing, so the past never changes. Order of input
    never matters. Raises Refused (`E_WINDOW`) for an empty window or one of over a year.
    """
    _check(window)
    sessions = tuple(sessions)
    items, unready = ready(announcements, durations, tree, window)
    placed = place(items, sessions, tree, durations, quiet, window, lead, rules.holidays)
    every = tuple(_occurrence(tenant, slot) for slot in placed.slots if _near(window, slot))
    left = cut(every, rules, tree, quiet)
    held = tuple(slot for slot in placed.slots if slot.wish.held_by_quiet)
    conflicts = (
        *(
            _conflict(tenant, tree, quiet, now, c)
            for c in placed.collisions
            if window.contains(c.slot.due_at)
        ),
        *(_held(tenant, tree, quiet, slot) for slot in held if window.contains(slot.due_at)),
    )
    lost = (*unready, *_homeless(placed.waiting, window), *_astray(sessions, tree, window))
    refusals = (*lost, *(trouble for trouble in placed.troubles if window.contains(trouble.at)))
    return Plan(
        occurrences=tuple(_narrowed(every, left, window)),
        conflicts=tuple(sorted(conflicts, key=lambda c: (c.at, c.kind, c.occurrences))),
        refusals=tuple(
            sorted(
                (
                    *(_refusal(trouble, quiet) for trouble in refusals),
                    *(_refused_there(breach) for breach in left.breaches if window.contains(breach.at)),
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


def _homeless(waiting: tuple[Ready, ...], window: Window) -> tuple[Trouble, ...]:
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
    )


def _near(window: Window, slot: Slot) -> bool:
    """In the window or on a day that it touches: a day's caps count all of that day."""
    return window.start - _MARGIN <= slot.due_at < window.end + _MARGIN


def _narrowed(every: tuple[Occurrence, ...], left: Cut, window: Window) -> Iterator[Occurrence]:
    """The window's occurrences on the ground that the rules leave them."""
    for one in every:
        targets = left.ground.get(one.id, one.targets)
        if targets and window.contains(one.due_at):
            yield one if targets == one.targets else replace(one, targets=targets)


def _refused_there(breach: Breach) -> Refusal:
    return Refusal(item=breach.item, code=breach.code, at=breach.at, vi=breach.vi, en=breach.en)


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
