"""Sessions: the ordered programme blocks of an area's day."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from schedules.announcement import AnnouncementId, AreaCode
from schedules.calendar import Window, instant_of
from schedules.recurrence import weekly_instants


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A block of the day: opening, items, closing.

    It runs on its weekdays (0 = Monday) and on its single dates, at `start` local time. `items` is an
    order given by hand; empty means every NextSession item that it reaches, by class, then approval.
    `cap` bounds the whole block from its first to its last sound.
    """

    id: str
    area: AreaCode
    name: str
    start: time
    days: frozenset[int] = frozenset()
    dates: tuple[date, ...] = ()
    items: tuple[AnnouncementId, ...] = ()
    opening: bool = True
    closing: bool = True
    cap: timedelta | None = None


def starts(session: Session, window: Window) -> tuple[datetime, ...]:
    """The instants in the window at which the session begins, in order, none twice."""
    weekly = weekly_instants(session.start, session.days, date.min, date.max, window)
    single = (instant_of(day, session.start) for day in session.dates)
    return tuple(sorted({*weekly, *(instant for instant in single if window.contains(instant))}))


def opening_id(session_id: str) -> AnnouncementId:
    """The item id under which a session's opening is rendered, planned and reported."""
    return AnnouncementId(f"session:{session_id}:opening")


def closing_id(session_id: str) -> AnnouncementId:
    """The item id under which a session's closing is rendered, planned and reported."""
    return AnnouncementId(f"session:{session_id}:closing")
