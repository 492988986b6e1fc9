"""No rule of a place can turn a test or a drill into the real thing (F74): rules have no word for it."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from schedules.errors import Refused, TableRefused, TimingRefused
from schedules.holidays import What
from schedules.profile import Profile, ProfileKind
from schedules.rulepack import Limits, parse_pack
from schedules.rules_json import profile_from_json, profile_to_json, swap, swap_from_json, swap_to_json
from tests.schedules.cast import MONDAY, A

RULE_SETS = 10_000
MEMBERS = (
    "mode",
    "modes",
    "class",
    "bulletin_class",
    "as",
    "map",
    "test",
    "exercise",
    "drill",
    "siren",
    "live",
)
MEANINGS: tuple[Any, ...] = (
    "actual",
    "live",
    {"test": "actual"},
    {"exercise": "actual", "test": "live"},
    [["test", "live"]],
    "emergency",
    True,
)

Case = tuple[Callable[[Any], object], Any]


def limits(rng: random.Random) -> Limits:
    return Limits(
        days=frozenset(rng.sample(range(7), rng.randint(0, 7))),
        sessions_a_day=rng.choice((None, rng.randint(0, 48))),
        a_session=rng.choice((None, timedelta(minutes=rng.randint(0, 1440)))),
        a_day=rng.choice((None, timedelta(minutes=rng.randint(0, 1440)))),
    )


def profile(rng: random.Random) -> Profile:
    kind = rng.choice(tuple(ProfileKind))
    return Profile(
        id=f"p-{rng.randrange(1 << 30)}",
        kind=kind,
        name="Tên đợt",
        document=f"Số {rng.randrange(999)}/UBND",
        area=A,
        first=MONDAY,
        last=MONDAY + timedelta(days=rng.randrange(60)),
        music=rng.random() < 0.5,
        chimes=rng.random() < 0.5,
        ordinary=rng.random() < 0.5,
        raised=limits(rng) if rng.random() < 0.5 else None,
    )


def pack(rng: random.Random) -> dict[str, Any]:
    wall = time(rng.randrange(24), rng.randrange(60))
    found: dict[str, Any] = {
        "name": "Bộ quy tắc",
        "source": "Quyết định",
        "quiet": {"start": wall.isoformat("minutes"), "end": "05:00"},
        "days": sorted(rng.sample(range(7), rng.randint(0, 7))),
    }
    if rng.random() < 0.5:
        found["minutes_a_day"] = rng.randrange(1440)
    return found


def read_pack(value: dict[str, Any]) -> object:
    lines = [f"{key} = {toml(one)}" for key, one in value.items()]
    return parse_pack("made", "\n".join(lines))


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def made(rng: random.Random) -> Case:
    """A rule set of some kind as it is stored, and what reads it."""
    match rng.randrange(3):
        case 0:
            return lambda value: profile_from_json("profile", value), profile_to_json(profile(rng))
        case 1:
            row = swap(rng.choice((What.OFF, What.WORK)), MONDAY, "Ngày bù", "Công văn 1/UBND")
            return lambda value: swap_from_json("swap", value), swap_to_json(replace(row, name="Nghỉ bù"))
        case _:
            return read_pack, pack(rng)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in it, at any depth."""
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from objects(one)


@pytest.mark.promise("F74")
def test_of_ten_thousand_rule_sets_none_that_says_what_a_test_shall_be_is_taken() -> None:
    rng = random.Random(74)
    for n in range(RULE_SETS):
        read, value = made(rng)
        read(value)
        place = rng.choice(tuple(objects(value)))
        member = rng.choice(MEMBERS)
        place[member] = rng.choice(MEANINGS)
        with pytest.raises((TimingRefused, TableRefused)) as refused:
            read(value)
        assert isinstance(refused.value, Refused), n
        assert member in f"{refused.value.vi} {getattr(getattr(refused.value, 'fault', None), 'field', '')}"
