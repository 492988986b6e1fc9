"""Sessions: the ordered programme blocks of an area's day, and when they run."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from schedules.announcement import AnnouncementId, AreaCode
from schedules.blocks import Block, Part
from schedules.calendar import FIRST_YEAR, Window, instant_of, local
from schedules.pattern import Pattern, falls_on
from schedules.taped import recorded_at

_EVER_SINCE = date(FIRST_YEAR, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """From this day of each year on the session begins at another time: a summer or winter timetable."""

    month: int
    day: int
    start: time
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """An item that begins at exactly this local time; the others fill what is before and after it."""

    item: AnnouncementId
    at: time


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDay:
    """One day on which the session is not as usual; None leaves a thing as it is.

    `left_out` are items that wait for a later session.
    """

    day: date
    skipped: bool = False
    start: time | None = None
    cap: timedelta | None = None
    items: tuple[AnnouncementId, ...] | None = None
    fixed: tuple[Fixed, ...] | None = None
    left_out: tuple[AnnouncementId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A block of the day: opening, items, closing.

    It runs on its weekdays (0 = Monday), on its single dates, and on the days of its `pattern` from its
    `first` day on, at `start` local time, or as the season says; `changes` alter single days. `items` is an
    order given by hand: these come first, and behind them every NextSession item that it reaches, by class,
    then approval. `blocks` are what lies between opening and closing; none means its items alone.
    `cap` bounds the whole session from its first to its last sound. Before `since` it did not exist: nothing
    that waits for a session was heard in it then.
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
    pattern: Pattern | None = None
    first: date | None = None
    seasons: tuple[Season, ...] = ()
    changes: tuple[SessionDay, ...] = ()
    blocks: tuple[Block, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One day's session as it is that day.

    `recurrence_at` is when it begins in a plain year without changes, and its name for good.
    """

    session: Session
    recurrence_at: datetime
    start_at: datetime
    left_out: tuple[AnnouncementId, ...] = ()


def runs(session: Session, window: Window) -> tuple[Run, ...]:
    """The runs that begin in the window, in order of time."""
    day, last = local(window.start).date(), local(window.end).date()
    found = []
    while day <= last:
        run = run_on(session, day)
        if run is not None and window.contains(run.start_at):
            found.append(run)
        day += timedelta(days=1)
    return tuple(found)


def starts(session: Session, window: Window) -> tuple[datetime, ...]:
    """The instants in the window at which the session begins, in order, none twice."""
    return tuple(run.start_at for run in runs(session, window))


def start_on(session: Session, day: date) -> time:
    """The local time at which it begins on a day: that of the season begun last, going round the year."""
    if not session.seasons:
        return session.start
    today = (day.month, day.day)
    in_order = sorted(session.seasons, key=lambda season: (season.month, season.day))
    begun = [season for season in in_order if (season.month, season.day) <= today]
    return (begun or in_order)[-1].start


def run_on(session: Session, day: date) -> Run | None:
    """The run of a day, or None where there is none."""
    run = _run(session, day) if is_on(session, day) else None
    if run is None or (session.since is not None and run.start_at < session.since):
        return None
    return run


def is_on(session: Session, day: date) -> bool:
    """Whether it runs on a day by its usual rules, whatever that one day's change says."""
    if day.weekday() in session.days or day in session.dates:
        return True
    if session.pattern is None:
        return False
    return falls_on(session.pattern, session.first or _EVER_SINCE, day)


def change_on(session: Session, day: date) -> SessionDay | None:
    """What is not as usual on a day."""
    return next((one for one in session.changes if one.day == day), None)


def whole(session: Session) -> tuple[Block, ...]:
    """All its blocks, the opening and the closing among them."""
    middle = session.blocks or (Block(id="items", part=Part.COMMUNE),)
    first = Block(id="opening", part=Part.OPENING, items=(opening_id(session.id),))
    last = Block(id="closing", part=Part.CLOSING, items=(closing_id(session.id),))
    return (*((first,) if session.opening else ()), *middle, *((last,) if session.closing else ()))


def opening_id(session_id: str) -> AnnouncementId:
    """The item id under which a session's opening is rendered, planned and reported."""
    return AnnouncementId(f"session:{session_id}:opening")


def closing_id(session_id: str) -> AnnouncementId:
    """The item id under which a session's closing is rendered, planned and reported."""
    return AnnouncementId(f"session:{session_id}:closing")


def relay_id(session_id: str) -> AnnouncementId:
    """The item id under which a session's relay is planned and reported; it has no clip."""
    return AnnouncementId(f"session:{session_id}:relay")


def is_relay(item: AnnouncementId) -> bool:
    """Whether it stands for what is carried from a higher station."""
    return item.startswith("session:") and item.endswith(":relay")


def taped_id(session_id: str) -> AnnouncementId:
    """The same for a relay that is recorded first and heard later; its clip is another one each time."""
    return AnnouncementId(f"session:{session_id}:taped")


def is_taped(item: AnnouncementId) -> bool:
    """Whether it stands for a relay that is recorded first and heard later."""
    return item.startswith("session:") and item.endswith(":taped")


def taped_at(session: Session, due_at: datetime) -> datetime | None:
    """When the relay that is heard at `due_at` is recorded; None where it is live, or there is none."""
    for block in session.blocks:
        if block.part is Part.RELAY and block.record_at is not None and block.length is not None:
            return recorded_at(due_at, block.record_at, block.length)
    return None


def session_of(item: AnnouncementId) -> str | None:
    """The session that says this itself: its opening, its closing, its relay; None for a bài."""
    return item.removeprefix("session:").rpartition(":")[0] if item.startswith("session:") else None


def is_chime(item: AnnouncementId) -> bool:
    """Whether it opens or closes a session."""
    return item.startswith("session:") and item.endswith((":opening", ":closing"))


def music_of(sessions: Iterable[Session]) -> frozenset[AnnouncementId]:
    """What is heard only to fill time. An anthem is no music."""
    blocks = [block for session in sessions for block in session.blocks]
    filling = {item for block in blocks if block.part is Part.FILLER for item in block.items}
    return frozenset(filling.difference(*(block.items for block in blocks if block.part is Part.ANTHEM)))


def _run(session: Session, day: date) -> Run | None:
    change = change_on(session, day)
    start = start_on(session, day)
    left_out: tuple[AnnouncementId, ...] = ()
    if change is not None:
        if change.skipped:
            return None
        start = change.start or start
        left_out = change.left_out
        session = replace(
            session,
            cap=session.cap if change.cap is None else change.cap,
            items=session.items if change.items is None else change.items,
            fixed=session.fixed if change.fixed is None else change.fixed,
        )
    return Run(
        session=session,
        recurrence_at=instant_of(day, session.start),
        start_at=instant_of(day, start),
        left_out=left_out,
    )
