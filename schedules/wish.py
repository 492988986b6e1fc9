"""What approved announcements ask of the programme, before anything is placed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.announcement import Announcement, AnnouncementId, AreaCode, BulletinClass
from schedules.approval import is_approved
from schedules.area import LEVELS, Tree
from schedules.calendar import QuietHours, Window
from schedules.holidays import Holidays
from schedules.late_rule import LateRule
from schedules.recurrence import AfterApproval, NextSession, Once, moments

Rank = tuple[bool, int, datetime, AnnouncementId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One sound that wants a place: `identity` and `recurrence_at` name it for good.

    The lower `rank` keeps its place: for priority items one with a time of its own, then the higher
    issuer, then the older approval (Circular 39/2020 leaves the order to the commune; this is the
    default); for others the older approval.
    """

    item: AnnouncementId
    identity: AnnouncementId
    title: str
    revision: int
    recurrence_at: datetime
    wanted_at: datetime
    duration: timedelta
    valid_from: datetime
    expires_at: datetime
    targets: tuple[AreaCode, ...]
    bulletin_class: BulletinClass
    session: str | None
    repeat: int
    rank: Rank
    held_by_quiet: bool = False
    late: LateRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A wish with its place."""

    wish: Wish
    due_at: datetime

    @property
    def end_at(self) -> datetime:
        return self.due_at + self.wish.duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A wish that found no place, and why; `behind` is what stood in its way."""

    item: AnnouncementId
    title: str
    code: str
    at: datetime
    wish: Wish | None = None
    behind: Slot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An announcement that may be heard: approved, with a rendered length and known ground.

    `home` is the one commune that it speaks to, None where it speaks to several.
    """

    announcement: Announcement
    approved_at: datetime
    duration: timedelta
    rank: Rank
    home: AreaCode | None


def ready(
    announcements: Iterable[Announcement],
    durations: Mapping[AnnouncementId, timedelta],
    tree: Tree,
    window: Window,
) -> tuple[tuple[Ready, ...], tuple[Trouble, ...]]:
    """The announcements that may be heard; approved ones that can't be in the window are named."""
    found: list[Ready] = []
    troubles: list[Trouble] = []
    for a in announcements:
        if not is_approved(a) or a.approval is None:
            continue
        approved_at = a.approval.approved_at
        duration = durations.get(a.id, timedelta())
        code: str | None = None
        if a.area not in tree or any(target not in tree for target in a.targets):
            code = "E_TARGET"
        elif not a.targets:
            code = "E_TARGET_EMPTY"
        elif duration <= timedelta():
            code = "E_NOT_RENDERED"
        if code is None:
            rank = _rank(a, approved_at, tree)
            home = tree.commune(a.targets)
            found.append(
                Ready(announcement=a, approved_at=approved_at, duration=duration, rank=rank, home=home)
            )
        elif a.expires_at > window.start and approved_at < window.end:
            at = max(approved_at, window.start)
            troubles.append(Trouble(item=a.id, title=a.title, code=code, at=at))
    return tuple(found), tuple(troubles)


def singles(
    items: Iterable[Ready],
    window: Window,
    quiet: QuietHours,
    lead: timedelta,
    holidays: Holidays | None = None,
) -> tuple[tuple[Wish, ...], tuple[Trouble, ...]]:
    """The wishes of items with their own times, within the window."""
    wishes: list[Wish] = []
    troubles: list[Trouble] = []
    for item in items:
        timing = item.announcement.timing
        if isinstance(timing, NextSession):
            continue
        if isinstance(timing, AfterApproval):
            wishes.append(_after_approval(item, quiet, lead))
            continue
        for moment in moments(timing, window, holidays=holidays):
            if moment.at >= item.approved_at:
                wishes.append(wish_for(item, moment.recurrence_at, moment.at, times=moment.times))
            elif isinstance(timing, Once):
                a = item.announcement
                troubles.append(Trouble(item=a.id, title=a.title, code="E_LATE", at=moment.at))
    return tuple(wishes), tuple(troubles)


def wish_for(
    item: Ready,
    recurrence_at: datetime,
    wanted_at: datetime,
    *,
    session: str | None = None,
    targets: tuple[AreaCode, ...] | None = None,
    identity: AnnouncementId | None = None,
    held_by_quiet: bool = False,
    times: int = 0,
) -> Wish:
    a = item.announcement
    return Wish(
        item=a.id,
        identity=identity or a.id,
        title=a.title,
        revision=a.revision + times,
        recurrence_at=recurrence_at,
        wanted_at=wanted_at,
        duration=item.duration,
        valid_from=a.valid_from,
        expires_at=a.expires_at,
        targets=targets or a.targets,
        bulletin_class=a.bulletin_class,
        session=session,
        repeat=a.repeat,
        rank=item.rank,
        held_by_quiet=held_by_quiet,
        late=a.late,
    )


def refusal_at(wish: Wish, due_at: datetime, quiet: QuietHours) -> str | None:
    """Why the wish may not be heard at that instant, or None."""
    end_at = due_at + wish.duration
    if due_at < wish.valid_from:
        return "E_EARLY"
    if end_at > wish.expires_at:
        return "E_EXPIRED"
    if wish.bulletin_class is not BulletinClass.EMERGENCY and quiet.overlaps(due_at, end_at):
        return "E_QUIET"
    return None


def whole_second(instant: datetime) -> datetime:
    """The instant, or the next whole second after it."""
    down = instant.replace(microsecond=0)
    return down if down == instant else down + timedelta(seconds=1)


def _after_approval(item: Ready, quiet: QuietHours, lead: timedelta) -> Wish:
    a = item.announcement
    soonest = max(whole_second(item.approved_at + lead), a.valid_from)
    free = soonest
    if a.bulletin_class is not BulletinClass.EMERGENCY:
        free = quiet.free_from(soonest, item.duration)
    return wish_for(item, item.approved_at, free, held_by_quiet=free != soonest)


def _rank(a: Announcement, approved_at: datetime, tree: Tree) -> Rank:
    if a.bulletin_class is not BulletinClass.PRIORITY:
        return False, 0, approved_at, a.id
    # what comes right after its approval was unknown before: it displaces nothing that may already sound
    if isinstance(a.timing, AfterApproval):
        return True, 0, approved_at, a.id
    return False, LEVELS.index(tree.area(a.area).level), approved_at, a.id
