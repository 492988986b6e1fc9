"""One airing of a repeated, approved item moved to another time, and moved back; its name stays."""

from dataclasses import replace
from datetime import date, datetime, time

from schedules.announcement import Announcement
from schedules.approval import is_approved
from schedules.calendar import Window, instant_of, local
from schedules.errors import Refused
from schedules.holidays import Holidays
from schedules.plan import LEAD
from schedules.rule import FARTHEST, MOST_CHANGES, MOST_TIMES, Move, Rule, rule_moments
from schedules.skipping import Airing, airings, kept_approved, rule_of


def airing_on(a: Announcement, day: date, now: datetime, holidays: Holidays) -> Airing | None:
    """The airing that was due on that day, where it is still to come and heard."""
    found = (one for one in airings(a, now, holidays) if one.day == day and not one.skipped)
    return next(found, None)


def move(a: Announcement, day: date, to: date, at: time, now: datetime, holidays: Holidays) -> Announcement:
    """With what was due on `day` heard at `at` on `to`; its occurrence has a higher revision from then on.

    Who approved and when stays: the content is the same. Refused `E_STATE` where that airing can't be
    changed any more, `E_PAST`, `E_OUTSIDE` the item's validity, `E_WINDOW` too far away, `E_DOUBLE` where
    another airing of it is heard then, `E_TIMING` after too many changes.
    """
    rule = _changeable(a, day, now, holidays)
    new_at = instant_of(to, at)
    if new_at <= now + LEAD:
        raise Refused("E_PAST", "Giờ này đã qua hoặc quá sát. Hãy chọn giờ khác.", "That time is over.")
    if not a.valid_from <= new_at < a.expires_at:
        raise Refused(
            "E_OUTSIDE",
            f"Bài chỉ có hiệu lực đến {local(a.expires_at):%H:%M %d/%m/%Y}. Hãy chọn giờ trong hạn đó.",
            "That time is outside the item's validity.",
        )
    if abs(to - day) > FARTHEST:
        raise Refused(
            "E_WINDOW",
            f"Chỉ dời được trong vòng {FARTHEST.days} ngày.",
            f"It can be moved by at most {FARTHEST.days} days.",
        )
    if _is_heard(rule, day, new_at, holidays):
        raise Refused(
            "E_DOUBLE", "Bài này đã có một lượt phát đúng giờ đó.", "Another airing of it is heard then."
        )
    return _moved(a, rule, Move(day=day, to=to, at=at))


def move_back(a: Announcement, day: date, now: datetime, holidays: Holidays) -> Announcement:
    """At its usual time again. Refused `E_STATE` where it is there already or that time has passed."""
    found = airing_on(a, day, now, holidays)
    rule = _changeable(a, day, now, holidays)
    if found is None or not found.moved or found.usual_at <= now + LEAD:
        raise _too_late()
    return _moved(a, rule, Move(day=day, to=day, at=rule.at))


def _moved(a: Announcement, rule: Rule, wanted: Move) -> Announcement:
    before = next((one for one in rule.moved if one.day == wanted.day), None)
    others = tuple(one for one in rule.moved if one.day != wanted.day)
    times = before.times + 1 if before is not None else 1
    if len(others) >= MOST_CHANGES or times > MOST_TIMES:
        raise Refused(
            "E_TIMING", "Đã dời quá nhiều lượt, hãy sửa lịch của bài.", "Too many airings are moved already."
        )
    moves = (*others, replace(wanted, times=times))
    return kept_approved(a, replace(rule, moved=tuple(sorted(moves, key=lambda one: one.day))))


def _changeable(a: Announcement, day: date, now: datetime, holidays: Holidays) -> Rule:
    rule = rule_of(a)
    if rule is None or not is_approved(a) or airing_on(a, day, now, holidays) is None:
        raise _too_late()
    return rule


def _is_heard(rule: Rule, day: date, at: datetime, holidays: Holidays) -> bool:
    window = Window(start=at, end=at.replace(microsecond=1))
    return any(local(one.recurrence_at).date() != day for one in rule_moments(rule, window, holidays))


def _too_late() -> Refused:
    return Refused(
        "E_STATE",
        "Lượt này không còn dời được: đã phát, đã nghỉ hoặc bài chưa được duyệt.",
        "This airing can't be moved: it is over, left out, or the item is not approved.",
    )
