"""Late rules: what becomes of an airing that missed its time, as its author chooses, and in words."""

from dataclasses import dataclass
from datetime import timedelta

from schedules.errors import TimingRefused
from schedules.reading import fault, read_object, read_whole

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
