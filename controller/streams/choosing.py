"""Which of several sources is on air: a pure step over what each of them gave lately."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

THIN_S = 1.0
STALL_S = 3.0
HUSHED_S = 2.0
SILENT_S = 6.0
SILENT_DBFS = -55.0
STEADY_S = 10.0
"""So long an earlier source must have been good before it is believed again."""
PATIENCE_S = 4.0
"""So long a later source waits at the beginning for an earlier one that has not answered yet."""
AGAIN_S = 30.0
AGAIN_IN_NEED_S = 5.0


class Health(StrEnum):
    """What a source is worth at this moment."""

    NEW = "new"
    GOOD = "good"
    DOUBTFUL = "doubtful"
    STALLED = "stalled"
    SILENT = "silent"
    FAILED = "failed"


BAD = frozenset({Health.STALLED, Health.SILENT, Health.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of an open source; instants are seconds of one clock, None: not yet."""

    opened_at: float
    frame_at: float | None = None
    loud_at: float | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """``on_air`` is None where the filler sounds. ``good_since`` and ``tried_at`` are kept by source."""

    sources: int
    on_air: int | None = None
    open: frozenset[int] = frozenset()
    good_since: Mapping[int, float]
    tried_at: Mapping[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """The sound changed hands; ``why`` is the health of what was left, GOOD where something better came."""

    before: int | None
    after: int | None
    why: Health


def begin(sources: int, now: float) -> Choice:
    """Everything is opened at once: who is good is known before the slot begins."""
    everything = frozenset(range(sources))
    return Choice(sources=sources, open=everything, good_since={}, tried_at=dict.fromkeys(everything, now))


def health(seen: Seen, now: float) -> Health:
    """By the last frame and the last audible one."""
    if seen.failed is not None:
        return Health.FAILED
    without_frame = now - (seen.opened_at if seen.frame_at is None else seen.frame_at)
    if seen.frame_at is None:
        # a server may take its time to answer
        return Health.STALLED if without_frame > 3 * STALL_S else Health.NEW
    if without_frame > STALL_S:
        return Health.STALLED
    without_sound = now - (seen.opened_at if seen.loud_at is None else seen.loud_at)
    if without_sound > SILENT_S:
        return Health.SILENT
    if seen.loud_at is None:
        return Health.NEW
    return Health.DOUBTFUL if without_frame > THIN_S or without_sound > HUSHED_S else Health.GOOD


def step(choice: Choice, seen: Mapping[int, Seen], now: float) -> tuple[Choice, Switch | None]:
    """Who sounds from now on and who is kept open. ``seen`` holds the open sources."""
    found = {index: health(one, now) for index, one in seen.items()}
    since = {index: choice.good_since.get(index, now) for index, one in found.items() if one is Health.GOOD}
    held_back = choice.on_air is None and any(
        one is Health.NEW and now - seen[index].opened_at < PATIENCE_S and index < min(since, default=0)
        for index, one in found.items()
    )
    on_air, switch = (None, None) if held_back else _chosen(choice, found, since, now)
    kept = replace(choice, on_air=on_air, good_since=since)
    return _opened(kept, found, now), switch


def _chosen(
    choice: Choice, found: Mapping[int, Health], since: Mapping[int, float], now: float
) -> tuple[int | None, Switch | None]:
    current = choice.on_air
    if current is None or found.get(current, Health.FAILED) in BAD:
        after = min(since, default=None)
        if after == current:
            return current, None
        why = Health.GOOD if current is None else found.get(current, Health.FAILED)
        return after, Switch(before=current, after=after, why=why)
    earlier = [index for index, at in since.items() if index < current and now - at >= STEADY_S]
    if earlier:
        return min(earlier), Switch(before=current, after=min(earlier), why=Health.GOOD)
    return current, None


def _opened(choice: Choice, found: Mapping[int, Health], now: float) -> Choice:
    current = choice.on_air
    well = current is not None and found[current] is Health.GOOD
    need = range(current or 0) if well else range(choice.sources)
    every = AGAIN_IN_NEED_S if current is None else AGAIN_S
    tried = dict(choice.tried_at)
    open_now: set[int] = set()
    for index in need:
        if index in found:
            if found[index] not in BAD:
                open_now.add(index)
        elif now - tried.get(index, now - every) >= every:
            open_now.add(index)
            tried[index] = now
    if current is not None:
        open_now.add(current)
    return replace(choice, open=frozenset(open_now), tried_at=tried)
