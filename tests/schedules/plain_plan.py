"""The planner's rules once more, slow and plain: whole lists, every day looked at, nothing clever."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, time, timedelta, timezone

from schedules.announcement import Announcement, BulletinClass, State, content_hash
from schedules.calendar import Window
from schedules.recurrence import AfterApproval, NextSession, Once, Weekly
from schedules.rule import Rule
from schedules.session import Session
from tests.schedules.cast import TREE
from tests.schedules.plain_rule import plainly

LOCAL = timezone(timedelta(hours=7))
SECOND = timedelta(seconds=1)
NORMAL, PRIORITY, EMERGENCY = BulletinClass.NORMAL, BulletinClass.PRIORITY, BulletinClass.EMERGENCY
PARENTS = {area.code: area.parent for area in TREE.areas}
DEPTH = {"vn": 0, "46": 1, "19867": 2, "19885": 2}

# id, item, due, duration, targets
Row = tuple[str, str, datetime, timedelta, tuple[str, ...]]


class Sound:
    """One sound on its way to a place."""

    def __init__(self, a, identity, recurrence, wanted, duration, targets, session, rank):  # type: ignore[no-untyped-def]
        self.a, self.identity, self.recurrence = a, identity, recurrence
        self.due, self.duration, self.targets, self.session, self.rank = (
            wanted,
            duration,
            targets,
            session,
            rank,
        )

    @property
    def end(self) -> datetime:
        return self.due + self.duration


def inside(code: str | None, ancestor: str) -> bool:
    while code is not None:
        if code == ancestor:
            return True
        code = PARENTS[code]
    return False


def meet(one: Sound, other: Sound) -> bool:
    ground = any(inside(x, y) or inside(y, x) for x in one.targets for y in other.targets)
    return ground and one.due < other.end and other.due < one.end


def quiet(start: datetime, end: datetime) -> bool:
    """Whether some second of it lies in 21:00-05:00."""
    local = start.astimezone(LOCAL)
    evening = datetime.combine(local.date(), time(21), LOCAL)
    return local.hour < 5 or local.hour >= 21 or end > evening


def full(instant: datetime) -> datetime:
    while instant.microsecond:
        instant += timedelta(microseconds=1000 - instant.microsecond % 1000)
    return instant


def why_not(s: Sound) -> str | None:
    if s.due < s.a.valid_from:
        return "E_EARLY"
    if s.end > s.a.expires_at:
        return "E_EXPIRED"
    if s.a.bulletin_class is not EMERGENCY and quiet(s.due, s.end):
        return "E_QUIET"
    return None


def settle(s: Sound, blockers: list[Sound]) -> None:
    while hit := [b for b in blockers if meet(s, b)]:
        s.due = full(max(b.end for b in hit) + SECOND)


def own_times(
    a: Announcement, duration: timedelta, days: list[datetime]
) -> Iterator[tuple[datetime, datetime]]:
    assert a.approval is not None
    match a.timing:
        case AfterApproval():
            due = max(full(a.approval.approved_at + 10 * SECOND), a.valid_from)
            while a.bulletin_class is not EMERGENCY and quiet(due, due + duration):
                due = due.replace(second=0) + timedelta(minutes=1)
            yield a.approval.approved_at, due
        case Once(at=at):
            if at >= a.approval.approved_at:
                yield at, at
        case Weekly():
            for day in days:
                due = datetime.combine(day.date(), a.timing.at, LOCAL)
                if (
                    day.weekday() in a.timing.days
                    and a.timing.first <= day.date() <= a.timing.last
                    and due >= a.approval.approved_at
                ):
                    yield due, due
        case Rule():
            reach = Window(start=days[0] - timedelta(days=40), end=days[-1] + timedelta(days=40))
            for recurrence, due in plainly(a.timing, reach):
                if due >= a.approval.approved_at:
                    yield recurrence, due


def plain(
    tenant: str,
    announcements: list[Announcement],
    sessions: list[Session],
    lengths: dict[str, timedelta],
    start: datetime,
    end: datetime,
) -> list[Row]:
    """What `schedules.plan.plan` must find, for quiet hours 21:00-05:00 and short ranges of days."""
    days = [start.astimezone(LOCAL) + timedelta(days=n) for n in range(-12, (end - start).days + 2)]
    items = [
        a
        for a in sorted(announcements, key=lambda a: a.id)
        if a.state is State.APPROVED
        and a.approval is not None
        and a.approval.content_hash == content_hash(a)
        and a.id in lengths
    ]
    ranks = {}
    for a in items:
        assert a.approval is not None
        level, at_once = 0, False
        if a.bulletin_class is PRIORITY:
            at_once = isinstance(a.timing, AfterApproval)
            level = 0 if at_once else DEPTH[a.area]
        ranks[a.id] = (at_once, level, a.approval.approved_at, a.id)
    by_hand = {i for s in sessions for i in s.items}
    loose: dict[BulletinClass, list[Sound]] = {NORMAL: [], PRIORITY: [], EMERGENCY: []}
    for a in items:
        if a.id not in by_hand:
            for recurrence, due in own_times(a, lengths[a.id], days):
                loose[a.bulletin_class].append(
                    Sound(a, a.id, recurrence, due, lengths[a.id], a.targets, None, ranks[a.id])
                )
    for sounds in loose.values():
        sounds.sort(key=lambda s: (s.rank, s.due))

    draft = fill(items, sessions, lengths, days, ranks, [])
    priority: list[Sound] = []
    for s in loose[PRIORITY]:
        above = [x for x in draft if x.a.bulletin_class is PRIORITY and x.rank < s.rank]
        keep(s, priority, priority + above)
    placed = fill(items, sessions, lengths, days, ranks, priority)
    normal: list[Sound] = []
    for s in loose[NORMAL]:
        keep(s, normal, normal + placed)
    emergency = [s for s in loose[EMERGENCY] if why_not(s) is None]
    rows = [
        (name(tenant, s), s.a.id, s.due, s.duration, tuple(s.targets))
        for s in placed + priority + normal + emergency
        if start <= s.due < end
    ]
    return sorted(rows, key=lambda row: (row[2], row[0]))


def keep(s: Sound, placed: list[Sound], blockers: list[Sound]) -> None:
    if why_not(s) is None:
        settle(s, blockers)
        if why_not(s) is None:
            placed.append(s)


def fill(items, sessions, lengths, days, ranks, priority):  # type: ignore[no-untyped-def]
    runs = sorted(
        (
            (datetime.combine(day.date(), s.start, LOCAL), DEPTH[s.area], s.id, s)
            for s in sessions
            for day in days
            if day.weekday() in s.days or day.date() in s.dates
        ),
        key=lambda run: run[:3],
    )
    by_hand = {i for s in sessions for i in s.items}
    heard, placed = set(), []
    for begin, _, _, session in runs:
        wanted = [a for i in dict.fromkeys(session.items) for a in items if a.id == i]
        wanted += [
            a
            for a in sorted(items, key=lambda a: ("epn".index(a.bulletin_class[0]), *ranks[a.id][2:]))
            if isinstance(a.timing, NextSession)
            and a.id not in by_hand
            and all(inside(t, session.area) for t in a.targets)
            and a.valid_from <= begin < a.expires_at
        ]
        taken: list[Sound] = []
        cursor = begin
        for a in wanted:
            once = isinstance(a.timing, NextSession)
            if a.approval.approved_at > begin:
                continue
            targets, identity = list(a.targets), a.id
            if not all(inside(t, session.area) for t in targets):
                identity = f"{a.id}@{session.area}"
                if any(inside(session.area, t) for t in targets):
                    targets = [session.area]
                else:
                    targets = [t for t in targets if inside(t, session.area)]
            if once and heard & {a.id, identity}:
                continue
            if not targets or any(p.identity == identity and p.recurrence == begin for p in placed):
                continue
            s = Sound(a, identity, begin, cursor, lengths[a.id], tuple(targets), session, ranks[a.id])
            if a.bulletin_class is not EMERGENCY:
                settle(s, placed + (priority if a.bulletin_class is PRIORITY else []))
            too_long = session.cap is not None and s.end > begin + session.cap
            if why_not(s) is None and not too_long:
                taken.append(s)
                cursor = full(s.end + SECOND)
                if once:
                    heard.add(identity)
        placed += taken
    return placed


def name(tenant: str, s: Sound) -> str:
    instant = s.recurrence.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: UP017
    key = f'["{tenant}","{s.identity}","{instant}"]'
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
