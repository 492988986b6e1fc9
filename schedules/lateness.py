"""What is late: whether it is still worth hearing, and what several missed airings become."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import assert_never

from schedules.announcement import BulletinClass
from schedules.calendar import QuietHours, instant_of, local
from schedules.errors import TimingRefused
from schedules.reading import fault, read_object, read_whole

PUNCTUAL = timedelta(seconds=30)
LONGEST_UNDER = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """At its time or not at all; half a minute is still its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayOnce:
    """Each missed airing once, however late on its day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayIfLateUnder:
    """Only while it is late by no more than `under`."""

    under: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalesce:
    """However late on its day, but of several missed airings only the newest."""


LateRule = Skip | PlayOnce | PlayIfLateUnder | Coalesce


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


def late_rule_to_json(rule: LateRule) -> dict[str, object]:
    """A rule as plain JSON values; `late_rule_from_json` gives back an equal one."""
    match rule:
        case Skip():
            return {"kind": "skip"}
        case PlayOnce():
            return {"kind": "play_once"}
        case PlayIfLateUnder(under=under):
            return {"kind": "play_if_late_under", "minutes": under // timedelta(minutes=1)}
        case Coalesce():
            return {"kind": "coalesce"}


def late_rule_from_json(field: str, value: object) -> LateRule:
    """A rule from plain JSON values, strictly; TimingRefused names the exact field."""
    kind = value.get("kind") if isinstance(value, dict) else None
    match kind:
        case "skip" | "play_once" | "coalesce":
            read_object(field, value, ("kind",))
            return Skip() if kind == "skip" else PlayOnce() if kind == "play_once" else Coalesce()
        case "play_if_late_under":
            said = read_object(field, value, ("kind", "minutes"))
            minutes = read_whole(f"{field}.minutes", said["minutes"], 1, LONGEST_UNDER)
            return PlayIfLateUnder(under=timedelta(minutes=minutes))
    raise TimingRefused(
        fault(f"{field}.kind", "E_TIMING", "Không rõ quy tắc phát trễ này.", "No such late rule.")
    )


def late_words(rule: LateRule) -> tuple[str, str]:
    """The rule in words, Vietnamese and English."""
    match rule:
        case Skip():
            return "lỡ giờ thì bỏ", "left out when late"
        case PlayOnce():
            return "lỡ giờ vẫn phát một lần trong ngày", "heard once, however late that day"
        case PlayIfLateUnder(under=under):
            minutes = under // timedelta(minutes=1)
            return f"phát nếu trễ không quá {minutes} phút", f"heard when at most {minutes} minutes late"
        case Coalesce():
            return "lỡ nhiều lượt thì chỉ phát lượt mới nhất", "of several missed only the newest is heard"


def _day_after(instant: datetime) -> datetime:
    return instant_of(local(instant).date() + timedelta(days=1), time())


def _next(wall: time, after: datetime) -> datetime:
    """The first instant after `after` at which the local clock shows `wall`."""
    today = instant_of(local(after).date(), wall)
    return today if today > after else today + timedelta(days=1)
