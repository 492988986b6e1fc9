"""Rule packs: quiet hours and how much a place may be spoken to, as tables that a place can replace."""

import tomllib
from dataclasses import dataclass
from datetime import time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import TypeVar

from schedules.calendar import QuietHours
from schedules.errors import TableRefused, TimingRefused
from schedules.reading import read_clock, read_list, read_object, read_whole
from schedules.recurrence import EVERY_DAY

LONGEST_DAY = 24 * 60
MOST_SESSIONS = 48
_KEYS = ("name", "source", "quiet", "days")
T = TypeVar("T", int, timedelta)
_MORE = ("sessions_a_day", "minutes_a_session", "minutes_a_day", "starts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be heard that is no emergency; None where there is no limit.

    `days` are the weekdays (0 = Monday) on which anything may be heard at all.
    """

    days: frozenset[int] = EVERY_DAY
    sessions_a_day: int | None = None
    a_session: timedelta | None = None
    a_day: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePack:
    """The rules of a kind of place, with the document that they come from; `starts` for its templates."""

    id: str
    name: str
    source: str
    quiet: QuietHours
    limits: Limits
    starts: tuple[time, ...] = ()


PACKS = ("default", "ha_noi_inner", "ha_noi_outer", "lien_chieu")


@lru_cache(maxsize=len(PACKS))
def rule_pack(pack_id: str) -> RulePack:
    """One of the packs that come with the house."""
    text = files("schedules").joinpath(f"data/packs/{pack_id}.toml").read_text(encoding="utf-8")
    return parse_pack(pack_id, text)


def parse_pack(pack_id: str, text: str) -> RulePack:
    """A pack from its TOML; TableRefused (`E_TABLE`) names the field that can't be read."""
    try:
        return _pack(pack_id, tomllib.loads(text))
    except TimingRefused as refused:
        raise TableRefused(
            f"Mục {refused.fault.field} của bộ quy tắc không hợp lệ: {refused.vi}",
            f"The field {refused.fault.field} of the rule pack: {refused.en}",
        ) from None
    except tomllib.TOMLDecodeError as broken:
        raise TableRefused("Bộ quy tắc không đọc được.", f"The rule pack is no TOML: {broken}.") from None


def raised(one: Limits, other: Limits) -> Limits:
    """The wider of two limits in everything."""
    return Limits(
        days=one.days | other.days,
        sessions_a_day=_wider(one.sessions_a_day, other.sessions_a_day),
        a_session=_wider(one.a_session, other.a_session),
        a_day=_wider(one.a_day, other.a_day),
    )


def _wider(one: T | None, other: T | None) -> T | None:
    return None if one is None or other is None else max(one, other)


def _pack(pack_id: str, value: dict[str, object]) -> RulePack:
    said = read_object("pack", value, {*_KEYS, *(key for key in _MORE if key in value)})
    quiet = read_object("pack.quiet", said["quiet"], ("start", "end"))
    days = read_list("pack.days", said["days"], 7)
    starts = read_list("pack.starts", said.get("starts", []), MOST_SESSIONS)
    return RulePack(
        id=pack_id,
        name=str(said["name"]),
        source=str(said["source"]),
        quiet=QuietHours(
            start=read_clock("pack.quiet.start", quiet["start"]),
            end=read_clock("pack.quiet.end", quiet["end"]),
        ),
        limits=Limits(
            days=frozenset(read_whole(f"pack.days[{n}]", day, 0, 6) for n, day in enumerate(days)),
            sessions_a_day=_count(said, "sessions_a_day"),
            a_session=_minutes(said, "minutes_a_session"),
            a_day=_minutes(said, "minutes_a_day"),
        ),
        starts=tuple(read_clock(f"pack.starts[{n}]", at) for n, at in enumerate(starts)),
    )


def _count(said: dict[str, object], key: str) -> int | None:
    return read_whole(f"pack.{key}", said[key], 0, MOST_SESSIONS) if key in said else None


def _minutes(said: dict[str, object], key: str) -> timedelta | None:
    return timedelta(minutes=read_whole(f"pack.{key}", said[key], 0, LONGEST_DAY)) if key in said else None
