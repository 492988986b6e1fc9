"""Who may speak now: pre-empt, wait, resume (class first, by Circular 39/2020; then DOMAIN.md 3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from devices.alerts import ISSUER_RANK
from devices.items import ClaimId, Item
from devices.messages import BulletinClass, Mode

LATE_AFTER_REBOOT = timedelta(seconds=30)
_CLASS_RANK = {BulletinClass.NORMAL: 0, BulletinClass.PRIORITY: 1, BulletinClass.EMERGENCY: 2}


class Reason(StrEnum):
    """Why something was cut or never began. The values are the wire's own (a receipt's ``reason``)."""

    PREEMPTED = "preempted"
    STOPPED = "stopped"
    EXPIRED = "expired"
    QUIET = "quiet"
    LATE = "late"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """What sounds, since when, and from which position of its sound."""

    item: Item
    since_at: datetime
    from_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What will sound next: ``from_ms`` > 0 or ``begun`` when it was cut, else it has not begun."""

    item: Item
    from_ms: int = 0
    begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """One voice at most; the others in the order they will have it."""

    sounding: Sounding | None = None
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The start gate has cleared this item."""

    item: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The player has come to the end of it (or failed): the position it reached."""

    claim: ClaimId
    played_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Ordinary items end: all that sounds or waits, or only those named by occurrence, command or claim.

    With ``alerts`` it names alerts instead (a cancelled alert ends at once, and nothing of it resumes). A
    drill's stop ends nothing real.
    """

    references: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    mode: Mode = Mode.ACTUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """The same thing, with another end: the grant of a stream was renewed."""

    item: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Nothing but time has passed."""


Input = Begin | Ended | Stop | Renew | Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    item: Item
    from_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Silence this one now, at ``played_ms`` of its sound. ``resumes``: it waits for its turn to go on."""

    item: Item
    reason: Reason
    played_ms: int
    resumes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """It waited and will not sound (again)."""

    item: Item
    reason: Reason
    played_ms: int


Effect = Play | Cut | Drop


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    floor: Floor
    effects: tuple[Effect, ...]
    wake_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """One thing that will happen to an item of a plan when an alert is sounded."""

    at: datetime
    effect: Effect


def step(floor: Floor, given: Input, now: datetime) -> Step:
    """What one more fact changes on the floor."""
    floor, effects = _without_dead(floor, now)
    match given:
        case Begin(item=item):
            floor, more = _begin(floor, item, now)
        case Ended(claim=claim):
            ended = floor.sounding is not None and floor.sounding.item.claim == claim
            floor, more = (replace(floor, sounding=None), ()) if ended else (floor, ())
        case Stop():
            floor, more = _stop(floor, given, now)
        case Renew(item=item):
            floor, more = _renewed(floor, item), ()
        case Tick():
            more = ()
    floor, last = _next(floor, now)
    return Step(floor=floor, effects=(*effects, *more, *last), wake_at=_wake_at(floor))


def outranks(newcomer: Item, other: Item) -> bool:
    """Class first; between two emergencies the graver. Ordinary items of one class never cut each other."""
    if newcomer.bulletin_class is not other.bulletin_class:
        return _CLASS_RANK[newcomer.bulletin_class] > _CLASS_RANK[other.bulletin_class]
    if newcomer.bulletin_class is not BulletinClass.EMERGENCY or newcomer.alert == other.alert:
        return False
    return _gravity(newcomer) > _gravity(other)


def position_ms(sounding: Sounding, now: datetime) -> int:
    """How far its sound has come."""
    passed = (now - sounding.since_at) // timedelta(milliseconds=1)
    return max(0, min(sounding.item.duration_ms, sounding.from_ms + passed))


def opening_ms(item: Item, now: datetime, reached_ms: int = 0) -> int:
    """From which position it sounds now: where it was, but a stream where the world is by then."""
    if item.stream is None:
        return reached_ms
    return max(0, min(item.duration_ms, (now - item.due_at) // timedelta(milliseconds=1)))


def preview(items: Sequence[Item], alert: Item, now: datetime) -> tuple[Consequence, ...]:
    """What ``alert`` sounding at ``now`` would do to items planned or sounding, by running ``step`` itself.

    Each item is taken to begin when it is due and to last as long as it says. Only effects from ``now`` on
    are given, and not the undisturbed beginnings.
    """
    begins = sorted([(item.due_at, 1, item) for item in items] + [(now, 0, alert)], key=lambda one: one[:2])
    floor, wake_at = Floor(), None
    found: list[Consequence] = []
    while begins or floor.sounding is not None:
        ends_at = _natural_end(floor.sounding)
        moments = [moment for moment in (ends_at, wake_at, begins[0][0] if begins else None) if moment]
        at = min(moments)
        given: Input = Tick()
        if floor.sounding is not None and ends_at == at:
            given = Ended(claim=floor.sounding.item.claim, played_ms=floor.sounding.item.duration_ms)
        elif begins and begins[0][0] == at:
            given = Begin(item=begins.pop(0)[2])
        result = step(floor, given, at)
        undisturbed = Play(item=given.item, from_ms=0) if isinstance(given, Begin) else None
        if at >= now:
            found += [
                Consequence(at=at, effect=effect)
                for effect in result.effects
                if effect != undisturbed or (isinstance(given, Begin) and given.item == alert)
            ]
        floor, wake_at = result.floor, result.wake_at
    return tuple(found)


def after_reboot(item: Item, played_ms: int, now: datetime, restarts: int = 0) -> int | None:
    """From which position an item that a power cut ended sounds again, or None (PROMISES 3.2).

    Emergencies always restart while they live; priority restarts once inside its life; normal goes on only
    within 30 s and when not more than half of it was played.
    """
    if now >= item.expires_at:
        return None
    if item.stream is not None:
        return played_ms if now < (item.stream_ends_at or item.expires_at) else None
    match item.bulletin_class:
        case BulletinClass.EMERGENCY:
            return 0
        case BulletinClass.PRIORITY:
            return 0 if restarts == 0 else None
        case BulletinClass.NORMAL:
            worth_it = now <= resumes_until(item, played_ms) and played_ms * 2 <= item.duration_ms
            return played_ms if worth_it else None


def resumes_until(item: Item, played_ms: int) -> datetime:
    """The last instant at which an item that a power cut ended may sound again, also behind another."""
    if item.stream is not None or item.bulletin_class is not BulletinClass.NORMAL:
        return item.expires_at
    return item.due_at + timedelta(milliseconds=played_ms) + LATE_AFTER_REBOOT


def _gravity(item: Item) -> tuple[int, int, int, datetime]:
    return (
        int(item.mode is Mode.ACTUAL),
        item.level,
        ISSUER_RANK.get(item.issuer_level, 0),
        item.issued_at,
    )


def _hush_at(item: Item) -> datetime:
    return min(item.hush_at, item.expires_at) if item.hush_at is not None else item.expires_at


def _death(item: Item) -> Reason:
    if _hush_at(item) == item.expires_at:
        return Reason.EXPIRED
    missed = item.stream_ends_at is not None and _hush_at(item) > item.stream_ends_at
    return Reason.PREEMPTED if missed else Reason.QUIET


def _without_dead(floor: Floor, now: datetime) -> tuple[Floor, tuple[Effect, ...]]:
    effects: list[Effect] = []
    sounding = floor.sounding
    if sounding is not None and now >= _hush_at(sounding.item):
        cut = Cut(
            item=sounding.item,
            reason=_death(sounding.item),
            played_ms=position_ms(sounding, _hush_at(sounding.item)),
            resumes=False,
        )
        effects.append(cut)
        sounding = None
    kept = []
    for waiting in floor.waiting:
        reason = _fate(waiting, floor.sounding, now)
        if reason is None:
            kept.append(waiting)
        else:
            effects.append(Drop(item=waiting.item, reason=reason, played_ms=waiting.from_ms))
    return Floor(sounding=sounding, waiting=tuple(kept)), tuple(effects)


def _fate(waiting: Waiting, sounding: Sounding | None, now: datetime) -> Reason | None:
    item = waiting.item
    if now >= _hush_at(item):
        return _death(item)
    if waiting.begun or now <= item.latest_at:
        return None
    behind_higher = sounding is not None and sounding.item.bulletin_class is not item.bulletin_class
    return Reason.PREEMPTED if behind_higher else Reason.LATE


def _begin(floor: Floor, item: Item, now: datetime) -> tuple[Floor, tuple[Effect, ...]]:
    sounding = floor.sounding
    known = [one.item.claim for one in floor.waiting]
    if item.claim in known or (sounding is not None and sounding.item.claim == item.claim):
        return floor, ()
    if sounding is None and not known:
        at_once = Sounding(item=item, since_at=now, from_ms=opening_ms(item, now))
        return Floor(sounding=at_once), (Play(item=item, from_ms=at_once.from_ms),)
    floor, effects = _without_older_rounds(floor, item)
    if sounding is None or not outranks(item, sounding.item):
        return replace(floor, waiting=(*floor.waiting, Waiting(item=item))), effects
    played_ms = position_ms(sounding, now)
    resumes = played_ms < sounding.item.duration_ms
    cut = Cut(item=sounding.item, reason=Reason.PREEMPTED, played_ms=played_ms, resumes=resumes)
    # Of two emergencies the loser is heard again from its beginning; anything else goes on where it was.
    lost = sounding.item.bulletin_class is BulletinClass.EMERGENCY
    again = Waiting(item=sounding.item, from_ms=0 if lost else played_ms, begun=True)
    waiting = (*floor.waiting, again) if resumes else floor.waiting
    from_ms = opening_ms(item, now)
    playing = Sounding(item=item, since_at=now, from_ms=from_ms)
    return Floor(sounding=playing, waiting=waiting), (*effects, cut, Play(item=item, from_ms=from_ms))


def _renewed(floor: Floor, item: Item) -> Floor:
    sounding = floor.sounding
    if sounding is not None and sounding.item.claim == item.claim:
        return replace(floor, sounding=replace(sounding, item=item))
    waiting = tuple(replace(one, item=item) if one.item.claim == item.claim else one for one in floor.waiting)
    return replace(floor, waiting=waiting)


def _without_older_rounds(floor: Floor, item: Item) -> tuple[Floor, tuple[Effect, ...]]:
    older = [
        one
        for one in floor.waiting
        if item.alert is not None and one.item.alert == item.alert and one.item.round < item.round
    ]
    drops = tuple(Drop(item=one.item, reason=Reason.SUPERSEDED, played_ms=one.from_ms) for one in older)
    return replace(floor, waiting=tuple(one for one in floor.waiting if one not in older)), drops


def _stop(floor: Floor, stop: Stop, now: datetime) -> tuple[Floor, tuple[Effect, ...]]:
    effects: list[Effect] = []
    sounding = floor.sounding
    if sounding is not None and _is_stopped(sounding.item, stop):
        played_ms = position_ms(sounding, now)
        effects.append(Cut(item=sounding.item, reason=Reason.STOPPED, played_ms=played_ms, resumes=False))
        sounding = None
    kept = []
    for waiting in floor.waiting:
        if _is_stopped(waiting.item, stop):
            effects.append(Drop(item=waiting.item, reason=Reason.STOPPED, played_ms=waiting.from_ms))
        else:
            kept.append(waiting)
    return Floor(sounding=sounding, waiting=tuple(kept)), tuple(effects)


def _is_stopped(item: Item, stop: Stop) -> bool:
    if stop.mode is not Mode.ACTUAL and item.mode is Mode.ACTUAL:
        return False
    if item.bulletin_class is BulletinClass.EMERGENCY:
        named = item.stream is not None and item.command in stop.references
        return named or (item.alert is not None and item.alert in stop.alerts)
    if stop.alerts and not stop.references:
        return False
    return not stop.references or bool({item.claim, item.occurrence, item.command} & set(stop.references))


def _next(floor: Floor, now: datetime) -> tuple[Floor, tuple[Effect, ...]]:
    if floor.sounding is not None or not floor.waiting:
        return floor, ()
    first = max(floor.waiting, key=_turn)
    waiting = tuple(one for one in floor.waiting if one is not first)
    from_ms = opening_ms(first.item, now, first.from_ms)
    sounding = Sounding(item=first.item, since_at=now, from_ms=from_ms)
    return Floor(sounding=sounding, waiting=waiting), (Play(item=first.item, from_ms=from_ms),)


def _turn(waiting: Waiting) -> tuple[int, tuple[int, int, int, datetime] | tuple[()], bool, float]:
    item = waiting.item
    rank = _CLASS_RANK[item.bulletin_class]
    grave = _gravity(item) if item.bulletin_class is BulletinClass.EMERGENCY else ()
    return (rank, grave, waiting.begun, -item.due_at.timestamp())


def _wake_at(floor: Floor) -> datetime | None:
    moments = [_hush_at(one.item) for one in floor.waiting]
    # One millisecond beyond: at ``latest_at`` itself it may still begin.
    moments += [one.item.latest_at + timedelta(milliseconds=1) for one in floor.waiting if not one.begun]
    if floor.sounding is not None:
        moments.append(_hush_at(floor.sounding.item))
    return min(moments, default=None)


def _natural_end(sounding: Sounding | None) -> datetime | None:
    if sounding is None:
        return None
    return sounding.since_at + timedelta(milliseconds=sounding.item.duration_ms - sounding.from_ms)
