"""Local time of the field: the zone, windows of time and quiet hours."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FIRST_YEAR, LAST_YEAR = 2000, 2100
_DAY_SECONDS = 86_400
WEEKDAYS_VI = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open stretch `[start, end)` between two aware instants."""

    start: datetime
    end: datetime

    def contains(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Local hours in which only an emergency may speak, `[start, end)`; equal ends mean none at all.

    The default is the field's usual 21:00-05:00; a rule pack gives other hours.
    """

    start: time = time(21)
    end: time = time(5)

    def contains(self, instant: datetime) -> bool:
        wall = local(instant).time()
        if self.start <= self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether any moment of `[start, end)` is quiet (of `start` itself, where they are equal)."""
        if self.start == self.end:
            return False
        return self.contains(start) or self._next(self.start, start) < end

    def over_at(self, instant: datetime) -> datetime:
        """The first instant from `instant` on that is not quiet."""
        return self._next(self.end, instant) if self.contains(instant) else instant

    def free_from(self, instant: datetime, length: timedelta) -> datetime:
        """The first instant from `instant` on after which `length` passes without a quiet moment.

        `instant` itself where no day has that much room.
        """
        free = self.over_at(instant)
        if self.overlaps(free, free + length):
            free = self._next(self.end, self._next(self.start, free))
        return instant if self.overlaps(free, free + length) else free

    def united(self, other: "QuietHours") -> "QuietHours":
        """The shortest hours in which both are quiet; the gap between two that don't meet is quiet too.

        Server and node can so name them with one start and one end. One minute of the day always stays.
        """
        arcs = tuple(arc for arc in (self, other) if arc.start != arc.end)
        if len(arcs) < 2:
            return arcs[0] if arcs else self
        found = [QuietHours(start=one.start, end=two.end) for one in arcs for two in arcs]
        around = [arc for arc in found if all(arc._covers(inner) for inner in arcs)]
        if not around:
            a_minute_before = (_of_day(self.start) - 60) % _DAY_SECONDS
            return QuietHours(start=self.start, end=_wall(a_minute_before))
        return min(around, key=lambda arc: (arc._seconds(), arc.start))

    def __str__(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M}"

    def _seconds(self) -> int:
        return (_of_day(self.end) - _of_day(self.start)) % _DAY_SECONDS

    def _covers(self, inner: "QuietHours") -> bool:
        into = (_of_day(inner.start) - _of_day(self.start)) % _DAY_SECONDS
        return into + inner._seconds() <= self._seconds()

    def _next(self, wall: time, after: datetime) -> datetime:
        """The first instant at or after `after` when the local clock shows `wall`."""
        day = local(after).date()
        today = instant_of(day, wall)
        return today if today >= after else instant_of(day + timedelta(days=1), wall)


def local(instant: datetime) -> datetime:
    """An aware instant as wall-clock time of the field; the host's own zone plays no part."""
    return instant.astimezone(ZONE)


def instant_of(day: date, wall: time) -> datetime:
    """The UTC instant at which the field's clocks show `wall` on `day`."""
    return datetime.combine(day, wall, tzinfo=ZONE).astimezone(UTC)


def said_vi(instant: datetime) -> str:
    """An instant in the words of the screens: `05:30 thứ Bảy 21/11`."""
    wall = local(instant)
    return f"{wall:%H:%M} {WEEKDAYS_VI[wall.weekday()]} {wall:%d/%m}"


def said_en(instant: datetime) -> str:
    """An instant in English words: `05:30 on Saturday 21/11`."""
    wall = local(instant)
    return f"{wall:%H:%M} on {WEEKDAYS_EN[wall.weekday()]} {wall:%d/%m}"


def stamp(instant: datetime) -> str:
    """An aware instant as fixed-width ISO-8601 UTC with whole seconds: `2026-11-21T22:30:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _of_day(wall: time) -> int:
    return wall.hour * 3600 + wall.minute * 60 + wall.second


def _wall(seconds: int) -> time:
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)
