"""How loud a node may be by hour and zone, as a table; an emergency is never made quieter."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

from schedules.announcement import BulletinClass
from schedules.calendar import local
from schedules.errors import TableRefused, TimingRefused
from schedules.reading import read_clock

LEAST_DB, MOST_DB = -40.0, 0.0


class Zone(StrEnum):
    """QCVN 26: a special zone is around a hospital, school, nursery, pagoda or church."""

    ORDINARY = "ordinary"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From a local time of day on, in a zone, so many decibels below the node's own setting."""

    zone: Zone
    since: time
    gain_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """Steps over the day; what stood last the day before holds until the first step of a day."""

    steps: tuple[Step, ...]


def gain_at(loudness: Loudness, zone: Zone, instant: datetime, bulletin_class: BulletinClass) -> float:
    """Decibels (0 or less) for a sound that begins at an instant."""
    if bulletin_class is BulletinClass.EMERGENCY:
        return 0.0
    in_order = sorted((step for step in loudness.steps if step.zone is zone), key=lambda step: step.since)
    if not in_order:
        return 0.0
    wall = local(instant).time()
    begun = [step for step in in_order if step.since <= wall]
    return (begun or in_order)[-1].gain_db


def quietest(
    loudness: Loudness, zone: Zone, start: datetime, end: datetime, bulletin_class: BulletinClass
) -> float:
    """The lowest gain that holds anywhere in `[start, end)`: a sound is not turned down while it is heard."""
    if bulletin_class is BulletinClass.EMERGENCY:
        return 0.0
    first, last = local(start), local(end)
    held = [gain_at(loudness, zone, start, bulletin_class)]
    for step in loudness.steps:
        on_first = datetime.combine(first.date(), step.since, first.tzinfo)
        on_last = datetime.combine(last.date(), step.since, last.tzinfo)
        if step.zone is zone and (first < on_first < last or first < on_last < last):
            held.append(step.gain_db)
    return min(held)


def volume_with(volume: int, gain_db: float) -> int:
    """A volume of 0 to 100 with a gain: the wire's volume is a share of the full amplitude."""
    return max(round(volume * 10 ** (gain_db / 20)), 1 if volume else 0)


def percents(loudness: Loudness, zone: Zone) -> tuple[tuple[time, int], ...]:
    """The steps of a zone as shares of the volume in percent; empty where nothing is ever turned down."""
    steps = sorted(
        (step.since, volume_with(100, step.gain_db)) for step in loudness.steps if step.zone is zone
    )
    return tuple(steps) if any(percent < 100 for _, percent in steps) else ()


def parse_loudness(text: str) -> Loudness:
    """A table of tab-separated lines; TableRefused (`E_TABLE`) names the first line that is none."""
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            try:
                steps.append(_step(line.split("\t"), steps))
            except (ValueError, TimingRefused):
                raise TableRefused(
                    f"Dòng {number} của bảng âm lượng không đọc được.",
                    f"Line {number} of the table of loudness can't be read.",
                ) from None
    return Loudness(steps=tuple(steps))


@lru_cache(maxsize=1)
def house_loudness() -> Loudness:
    """The table that comes with the house."""
    return parse_loudness(files("schedules").joinpath("data/loudness.tsv").read_text(encoding="utf-8"))


def _step(cells: list[str], before: list[Step]) -> Step:
    zone, since, gain, _source = cells
    step = Step(zone=Zone(zone), since=read_clock("since", since), gain_db=float(gain))
    if not LEAST_DB <= step.gain_db <= MOST_DB:
        raise ValueError(gain)
    if any((step.zone, step.since) == (one.zone, one.since) for one in before):
        raise ValueError(since)
    return step
