"""Daily windows of local wall-clock time: what touches them, and when the next begins."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def touches(start: datetime, end: datetime, from_wall: str, to_wall: str, zone: str) -> bool:
    """Whether [start, end) meets the daily window [from, to), which may run over midnight.

    Equal bounds are an empty window. An empty interval counts as its one instant.
    """
    place = ZoneInfo(zone)
    day = start.astimezone(place).date() - _DAY
    last = end.astimezone(place).date()
    while day <= last:
        begins, ends = _window(day, from_wall, to_wall, place)
        if start < ends and begins < max(end, start + timedelta(microseconds=1)) and begins < ends:
            return True
        day += _DAY
    return False


def next_start(after: datetime, from_wall: str, to_wall: str, zone: str) -> datetime | None:
    """The first beginning of the window later than ``after``, in UTC; None for an empty window."""
    if from_wall == to_wall:
        return None
    place = ZoneInfo(zone)
    day = after.astimezone(place).date()
    begins, _ = _window(day, from_wall, to_wall, place)
    if begins <= after:
        begins, _ = _window(day + _DAY, from_wall, to_wall, place)
    return begins.astimezone(UTC)


def lowest(steps: Iterable[tuple[str, int]], start: datetime, end: datetime, zone: str) -> int | None:
    """The lowest value that holds anywhere in [start, end); each holds from its wall time to the next one's.

    What stood last holds over midnight. None without steps.
    """
    place = ZoneInfo(zone)
    in_order = sorted((time.fromisoformat(since), value) for since, value in steps)
    if not in_order:
        return None
    first, last = start.astimezone(place), end.astimezone(place)
    begun = [value for since, value in in_order if since <= first.time()]
    held = [begun[-1] if begun else in_order[-1][1]]
    for day in {first.date(), last.date()}:
        for since, value in in_order:
            if first < datetime.combine(day, since, tzinfo=place) < last:
                held.append(value)
    return min(held)


def _window(day: date, from_wall: str, to_wall: str, place: ZoneInfo) -> tuple[datetime, datetime]:
    begins_at, ends_at = time.fromisoformat(from_wall), time.fromisoformat(to_wall)
    begins = datetime.combine(day, begins_at, tzinfo=place)
    ends = datetime.combine(day if ends_at >= begins_at else day + _DAY, ends_at, tzinfo=place)
    return begins.astimezone(UTC), ends.astimezone(UTC)
