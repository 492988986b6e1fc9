"""What is late: whether it is still worth hearing, and what several missed airings become."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import assert_never

from schedules.announcement import BulletinClass
from schedules.calendar import QuietHours, instant_of, local
from schedules.late_rule import Coalesce, LateRule, PlayIfLateUnder, PlayOnce, Skip

PUNCTUAL = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Airing:
    """One airing that has not been heard."""

    due_at: datetime
    duration: timedelta
    expires_at: datetime
    bulletin_class: BulletinClass = BulletinClass.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """What of the missed airings is heard now, in order of time, and what never will be."""

    play: tuple[Airing, ...]
    dropped: tuple[Airing, ...]


def default_rule(bulletin_class: BulletinClass) -> LateRule:
    """Ten minutes for ordinary items; a priority item or an emergency while its day lasts."""
    if bulletin_class is BulletinClass.NORMAL:
        return PlayIfLateUnder(under=timedelta(minutes=10))
    return PlayOnce()


def latest_start(rule: LateRule, airing: Airing, quiet: QuietHours) -> datetime:
    """The last instant at which the airing may begin, its own time at least.

    Begun by then it ends before its expiry, and what is no emergency before the next quiet hours; nothing
    is carried into the next local day.
    """
    due_at = airing.due_at
    bounds = [airing.expires_at - airing.duration, _day_after(due_at) - timedelta(seconds=1)]
    match rule:
        case Skip():
            bounds.append(due_at + PUNCTUAL)
        case PlayIfLateUnder(under=under):
            bounds.append(due_at + under)
        case PlayOnce() | Coalesce():
            pass
        case _:
            assert_never(rule)
    if airing.bulletin_class is not BulletinClass.EMERGENCY and quiet.start != quiet.end:
        bounds.append(_next(quiet.start, due_at) - airing.duration)
    return max(min(bounds), due_at)


def catch_up(rule: LateRule, missed: Iterable[Airing], quiet: QuietHours, now: datetime) -> CatchUp:
    """What becomes of the missed airings of one item at `now`; those still ahead are left alone.

    An airing once dropped is dropped at every later instant too.
    """
    due = sorted((one for one in missed if one.due_at <= now), key=lambda one: one.due_at)
    play = [one for one in due if now <= latest_start(rule, one, quiet)]
    if isinstance(rule, Coalesce):
        # the newest stands for all, also where it is itself too late by now
        play = [one for one in play if one is due[-1]]
    return CatchUp(play=tuple(play), dropped=tuple(one for one in due if one not in play))


def _day_after(instant: datetime) -> datetime:
    return instant_of(local(instant).date() + timedelta(days=1), time())


def _next(wall: time, after: datetime) -> datetime:
    """The first instant after `after` at which the local clock shows `wall`."""
    today = instant_of(local(after).date(), wall)
    return today if today > after else today + timedelta(days=1)
