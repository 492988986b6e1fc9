"""Repeat policies: when an alert of a hazard is said again, as a table that a place can replace."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from schedules.emergency import FIRST_LEVEL, LAST_LEVEL, Hazard, level
from schedules.errors import TableRefused

LONGEST = timedelta(days=1)
MOST_OFFSETS = 24
EVERY_OTHER = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatPolicy:
    """When an alert is said: at these offsets from its issue, then every `every` (None: no more)."""

    offsets: tuple[timedelta, ...]
    every: timedelta | None


Repeats = Mapping[tuple[Hazard, int], RepeatPolicy]


def repeat_policy(hazard: Hazard, number: int) -> RepeatPolicy:
    """The rounds of a hazard at a level by the table of the house; Refused (`E_LEVEL`) for no such level."""
    level(number)
    return house_repeats()[hazard, number]


def rounds(policy: RepeatPolicy, issued_at: datetime, until: datetime) -> tuple[datetime, ...]:
    """The instants at which an alert begins a round, from its issue to before `until`, in order."""
    found = [issued_at + offset for offset in policy.offsets]
    if policy.every is not None:
        following = found[-1] + policy.every
        while following < until:
            found.append(following)
            following += policy.every
    return tuple(instant for instant in found if instant < until)


def count_rounds(policy: RepeatPolicy, life: timedelta) -> int:
    """How many rounds begin within that time of the issue, counted without naming them."""
    first = sum(offset < life for offset in policy.offsets)
    left = life - policy.offsets[-1]
    if policy.every is None or left <= timedelta():
        return first
    return first + max(0, -(-left // policy.every) - 1)


@lru_cache(maxsize=1)
def house_repeats() -> Repeats:
    """The table that comes with the house."""
    return parse_repeats(files("schedules").joinpath("data/repeats.tsv").read_text(encoding="utf-8"))


def parse_repeats(text: str) -> Repeats:
    """A table of tab-separated lines, for every hazard and level; TableRefused (`E_TABLE`) names the first
    line that is none, or that hazards are left without one."""
    lines: dict[tuple[str, int], RepeatPolicy] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            try:
                key, policy = _line(line.split("\t"))
                if key in lines:
                    raise ValueError(line)
            except ValueError:
                raise TableRefused(
                    f"Dòng {number} của bảng nhắc lại không đọc được.",
                    f"Line {number} of the table of repeats can't be read.",
                ) from None
            lines[key] = policy
    asked = [(hazard, number) for hazard in Hazard for number in range(FIRST_LEVEL, LAST_LEVEL + 1)]
    standing = ((key, _standing(lines, *key)) for key in asked)
    found = {key: policy for key, policy in standing if policy is not None}
    if len(found) != len(asked):
        raise TableRefused(
            "Bảng nhắc lại thiếu dòng chung (*) từ cấp 1.", "The table of repeats has no line for the others."
        )
    return found


def _standing(
    lines: Mapping[tuple[str, int], RepeatPolicy], hazard: Hazard, number: int
) -> RepeatPolicy | None:
    for name in (hazard.value, EVERY_OTHER):
        known = [since for of, since in lines if of == name and since <= number]
        if known:
            return lines[name, max(known)]
    return None


def _line(cells: list[str]) -> tuple[tuple[str, int], RepeatPolicy]:
    hazard, since, at, every, _source = cells
    name = EVERY_OTHER if hazard == EVERY_OTHER else Hazard(hazard).value
    offsets = tuple(timedelta(minutes=int(minute)) for minute in at.split(","))
    distance = None if every == "-" else timedelta(minutes=int(every))
    rising = all(one < other for one, other in pairwise(offsets))
    if not FIRST_LEVEL <= int(since) <= LAST_LEVEL or offsets[0] or not rising or offsets[-1] > LONGEST:
        raise ValueError(cells)
    if len(offsets) > MOST_OFFSETS or (distance is not None and not timedelta() < distance <= LONGEST):
        raise ValueError(cells)
    return (name, int(since)), RepeatPolicy(offsets=offsets, every=distance)
