"""The small world of these tests: a tree, people and announcements made in one line."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from schedules.announcement import (
    Announcement,
    AnnouncementId,
    Approval,
    AreaCode,
    BulletinClass,
    PersonId,
    State,
    content_hash,
)
from schedules.area import Area, Level, Tree
from schedules.calendar import QuietHours, Window, instant_of
from schedules.plan import Plan, plan
from schedules.recurrence import AfterApproval
from schedules.session import Session

AUTHOR = PersonId("bientap.qd")
APPROVER = PersonId("pheduyet.qd")
TENANT = "vn-46"
QUIET = QuietHours()
MONDAY = date(2026, 11, 23)


def code(text: str) -> AreaCode:
    return AreaCode(text)


PROVINCE, A, B = code("46"), code("19867"), code("19885")
A1, A2, B1 = code("19867-01"), code("19867-02"), code("19885-01")

TREE = Tree(
    (
        Area(code=code("vn"), parent=None, level=Level.NATION, name="Việt Nam"),
        Area(code=PROVINCE, parent=code("vn"), level=Level.PROVINCE, name="Thành phố Huế"),
        Area(code=A, parent=PROVINCE, level=Level.COMMUNE, name="Xã Quảng Điền", population=9000),
        Area(code=B, parent=PROVINCE, level=Level.COMMUNE, name="Xã Đan Điền"),
        Area(code=A1, parent=A, level=Level.VILLAGE, name="Thôn An Gia", population=2000),
        Area(code=A2, parent=A, level=Level.VILLAGE, name="Thôn Khuông Phò", population=2600),
        Area(code=B1, parent=B, level=Level.VILLAGE, name="Thôn Hạ Lang", population=1300),
    )
)


def at(hour: int, minute: int = 0, second: int = 0, day: int = 0) -> datetime:
    """A local time of the test's Monday (or `day` days later) as a UTC instant."""
    return instant_of(MONDAY + timedelta(days=day), time(hour, minute, second))


def draft(name: str = "an-1", **changes: Any) -> Announcement:
    fields: dict[str, Any] = {
        "id": AnnouncementId(name),
        "area": A,
        "title": f"Bài {name}",
        "text": "Mời bà con đi họp.",
        "bulletin_class": BulletinClass.NORMAL,
        "targets": (A,),
        "timing": AfterApproval(),
        "valid_from": at(0, day=-7),
        "expires_at": at(0, day=30),
        "repeat": 1,
        "author": AUTHOR,
    }
    return Announcement(**{**fields, **changes})


def approved(name: str = "an-1", approved_at: datetime | None = None, **changes: Any) -> Announcement:
    a = draft(name, **changes)
    when = approved_at or at(12, day=-1)
    stamp = Approval(by=APPROVER, approved_at=when, content_hash=content_hash(a))
    return draft(name, **changes, state=State.APPROVED, approval=stamp)


def session(name: str = "sang", **changes: Any) -> Session:
    fields: dict[str, Any] = {
        "id": name,
        "area": A,
        "name": "Buổi sáng",
        "start": time(5),
        "days": frozenset(range(7)),
        "opening": False,
        "closing": False,
    }
    return Session(**{**fields, **changes})


def seconds(**lengths: float) -> dict[AnnouncementId, timedelta]:
    return {AnnouncementId(k.replace("_", "-")): timedelta(seconds=v) for k, v in lengths.items()}


def days(count: int = 1, first: int = 0) -> Window:
    return Window(start=at(0, day=first), end=at(0, day=first + count))


def planned(
    *announcements: Announcement,
    sessions: tuple[Session, ...] = (),
    lengths: dict[AnnouncementId, timedelta] | None = None,
    window: Window | None = None,
    now: datetime | None = None,
    quiet: QuietHours = QUIET,
) -> Plan:
    """A plan of one day for items of 60 s each, unless told otherwise."""
    lengths = {a.id: timedelta(seconds=60) for a in announcements} if lengths is None else lengths
    when = now or datetime(2026, 11, 1, tzinfo=UTC)
    return plan(TENANT, announcements, sessions, TREE, lengths, quiet, window or days(), when)


def timetable(plan: Plan) -> dict[str, str]:
    """Each item with its local start."""
    return {o.item: f"{o.due_at + timedelta(hours=7):%d %H:%M:%S}" for o in plan.occurrences}


def codes(plan: Plan) -> set[tuple[str, str]]:
    return {(refusal.item, refusal.code) for refusal in plan.refusals}
