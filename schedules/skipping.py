"""One airing of a repeated, approved item left out, and put back: less than was approved, never more."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from schedules.announcement import Announcement, content_hash
from schedules.approval import is_approved
from schedules.calendar import Window, local
from schedules.errors import Refused
from schedules.holidays import Holidays
from schedules.recurrence import Weekly
from schedules.rule import MOST_CHANGES, Rule, rule_moments
from schedules.solar import Frequency, NthDay, Solar

AHEAD = timedelta(days=60)
MOST_SHOWN = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Airing:
    """One day of a repeated item that is still to come; `usual_at` is when it was due before any move."""

    day: date
    at: datetime
    skipped: bool
    usual_at: datetime

    @property
    def moved(self) -> bool:
        return self.at != self.usual_at


def airings(a: Announcement, now: datetime, holidays: Holidays) -> tuple[Airing, ...]:
    """The next ones of a repeated, approved item, the skipped ones among them; none for any other."""
    rule = rule_of(a)
    if rule is None or not is_approved(a):
        return ()
    every = replace(rule, skipped=())
    end = min(now + AHEAD, a.expires_at)
    if end <= now:
        return ()
    found = (
        Airing(day=day, at=one.at, skipped=day in rule.skipped, usual_at=one.recurrence_at)
        for one in rule_moments(every, Window(start=now, end=end), holidays)
        if one.at > now and (day := local(one.recurrence_at).date())
    )
    return tuple(_first(found))


def skip(a: Announcement, day: date, now: datetime, holidays: Holidays) -> Announcement:
    """Without that day. The approval stays, with whose it is and when: everything left was approved."""
    rule = _changeable(a, day, now, holidays, skipped=False)
    if len(rule.skipped) >= MOST_CHANGES:
        raise Refused(
            "E_TIMING", "Đã nghỉ quá nhiều lượt, hãy sửa lịch của bài.", "Too many days are skipped already."
        )
    return kept_approved(a, replace(rule, skipped=tuple(sorted((*rule.skipped, day)))))


def unskip(a: Announcement, day: date, now: datetime, holidays: Holidays) -> Announcement:
    """With that day again; the caller answers for its having been approved."""
    rule = _changeable(a, day, now, holidays, skipped=True)
    return kept_approved(a, replace(rule, skipped=tuple(one for one in rule.skipped if one != day)))


def _changeable(a: Announcement, day: date, now: datetime, holidays: Holidays, *, skipped: bool) -> Rule:
    rule = rule_of(a)
    known = {one.day for one in airings(a, now, holidays) if one.skipped is skipped}
    if rule is None or day not in known:
        raise Refused(
            "E_STATE",
            "Lượt này không còn đổi được: đã phát, đã đổi rồi hoặc bài chưa được duyệt.",
            "This airing can't be changed: it is over, changed already, or the item is not approved.",
        )
    return rule


def kept_approved(a: Announcement, rule: Rule) -> Announcement:
    """With that timing under the approval that stands; the caller answers for what may change so."""
    changed = replace(a, timing=rule)
    assert a.approval is not None
    return replace(changed, approval=replace(a.approval, content_hash=content_hash(changed)))


def rule_of(a: Announcement) -> Rule | None:
    """How it repeats, None where it does not."""
    if isinstance(a.timing, Weekly):
        days = tuple(NthDay(weekday=day) for day in sorted(a.timing.days))
        pattern = Solar(frequency=Frequency.WEEKLY, by_day=days)
        return Rule(at=a.timing.at, pattern=pattern, first=a.timing.first, last=a.timing.last)
    return a.timing if isinstance(a.timing, Rule) else None


def _first(found: Iterator[Airing]) -> Iterator[Airing]:
    for _, one in zip(range(MOST_SHOWN), found, strict=False):
        yield one
