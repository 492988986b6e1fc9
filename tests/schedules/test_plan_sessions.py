"""Sessions in the plan, by example: what they take, in which order, and what waits for them."""

from datetime import time, timedelta

from schedules.announcement import AnnouncementId, BulletinClass
from schedules.collision import ConflictKind
from schedules.recurrence import NextSession, Once, Weekly
from tests.schedules.cast import (
    A1,
    B1,
    MONDAY,
    PROVINCE,
    A,
    B,
    approved,
    at,
    codes,
    days,
    planned,
    seconds,
    session,
    timetable,
)

PRIORITY = BulletinClass.PRIORITY
EVERY_NOON = Weekly(at=time(12), days=frozenset(range(7)), first=MONDAY, last=MONDAY)


def test_a_session_opens_says_its_items_by_class_then_approval_and_closes() -> None:
    items = (
        approved("an-1", approved_at=at(9, day=-1), timing=NextSession()),
        approved("an-2", approved_at=at(8, day=-1), timing=NextSession()),
        approved("an-3", approved_at=at(10, day=-1), timing=NextSession(), bulletin_class=PRIORITY),
    )
    lengths = seconds(an_1=20, an_2=20.5, an_3=20) | {
        AnnouncementId("session:sang:opening"): timedelta(seconds=8),
        AnnouncementId("session:sang:closing"): timedelta(seconds=6),
    }
    plan = planned(*items, sessions=(session(opening=True, closing=True),), lengths=lengths)
    assert timetable(plan) == {
        "session:sang:opening": "23 05:00:00",
        "an-3": "23 05:00:09",
        "an-2": "23 05:00:30",
        "an-1": "23 05:00:52",
        "session:sang:closing": "23 05:01:13",
    }
    assert {o.recurrence_at for o in plan.occurrences} == {at(5)}
    assert {o.session for o in plan.occurrences} == {"sang"}


def test_an_item_for_the_next_session_is_heard_once() -> None:
    item = approved(timing=NextSession())
    plan = planned(item, sessions=(session(),), window=days(7))
    assert timetable(plan) == {"an-1": "23 05:00:00"}
    assert len(plan.occurrences) == 1
    # a week later the planner still knows, without a memory
    mondays = session(days=frozenset({0}))
    assert planned(item, sessions=(mondays,), window=days(1)).occurrences
    assert not planned(item, sessions=(mondays,), window=days(1, first=7)).occurrences


def test_a_session_says_nothing_when_there_is_nothing_to_say() -> None:
    lengths = {AnnouncementId("session:sang:opening"): timedelta(seconds=8)}
    plan = planned(sessions=(session(opening=True, closing=True),), lengths=lengths)
    assert not plan.occurrences
    assert not plan.refusals


def test_a_session_opens_only_where_something_is_said() -> None:
    lengths = seconds(an_1=20) | {AnnouncementId("session:sang:opening"): timedelta(seconds=8)}
    item = approved(timing=NextSession(), targets=(A1,))
    plan = planned(item, sessions=(session(opening=True),), lengths=lengths)
    assert {o.targets for o in plan.occurrences} == {(A1,)}


def test_a_full_session_hands_the_rest_to_the_next_one_and_says_so() -> None:
    items = [approved(f"an-{n}", approved_at=at(6 + n, day=-1), timing=NextSession()) for n in range(1, 4)]
    morning = session(cap=timedelta(seconds=125))
    plan = planned(*items, sessions=(morning,), window=days(2))
    assert timetable(plan) == {"an-1": "23 05:00:00", "an-2": "23 05:01:01", "an-3": "24 05:00:00"}
    (refusal,) = plan.refusals
    assert (refusal.item, refusal.code, refusal.at) == ("an-3", "E_CAP", at(5))
    assert "đã đủ thời lượng" in refusal.vi


def test_an_item_that_no_session_reaches_is_named() -> None:
    plan = planned(approved(timing=NextSession(), targets=(A, B)), sessions=(session(),))
    assert codes(plan) == {("an-1", "E_NO_SESSION")}


def test_an_order_by_hand_is_kept_and_replaces_the_items_own_time() -> None:
    one = approved("an-1", timing=Once(at=at(9)))
    two = approved("an-2", timing=NextSession())
    by_hand = session(items=(one.id, two.id), days=frozenset(), dates=(MONDAY,))
    plan = planned(one, two, sessions=(by_hand,))
    assert timetable(plan) == {"an-1": "23 05:00:00", "an-2": "23 05:01:01"}


def test_a_province_item_taken_by_two_communes_is_one_airing_in_each() -> None:
    item = approved(area=PROVINCE, targets=(PROVINCE,), timing=NextSession())
    weekly = approved("an-2", area=PROVINCE, targets=(A, B1), timing=EVERY_NOON)
    runs = tuple(session(f"s-{area}", area=area, items=(weekly.id,)) for area in (A, B))
    plan = planned(item, weekly, sessions=runs)
    assert sorted(o.targets for o in plan.occurrences) == [(A,), (B1,)]
    assert len({o.id for o in plan.occurrences}) == 2


def test_an_item_in_two_sessions_at_one_moment_is_heard_once_and_it_is_said() -> None:
    item = approved(timing=EVERY_NOON)
    wide = session("tinh", area=PROVINCE, items=(item.id,))
    plan = planned(item, sessions=(wide, session(items=(item.id,))))
    assert len(plan.occurrences) == 1
    assert codes(plan) == {("an-1", "E_DOUBLE")}


def test_an_ordinary_item_waits_for_the_whole_session() -> None:
    items = [approved(f"an-{n}", timing=NextSession()) for n in range(1, 4)]
    single = approved("an-9", approved_at=at(1, day=-2), timing=Once(at=at(5, 1)))
    plan = planned(*items, single, sessions=(session(),))
    assert timetable(plan)["an-9"] == "23 05:03:03"


def test_a_higher_issuers_priority_item_goes_before_the_sessions_own() -> None:
    own = approved("an-1", timing=NextSession(), bulletin_class=PRIORITY)
    after = approved("an-2", timing=NextSession())
    high = approved(
        "an-3", timing=Once(at=at(5)), bulletin_class=PRIORITY, area=PROVINCE, targets=(PROVINCE,)
    )
    plan = planned(own, after, high, sessions=(session(),))
    assert timetable(plan) == {"an-3": "23 05:00:00", "an-1": "23 05:01:01", "an-2": "23 05:02:02"}
    assert [c.kind for c in plan.conflicts] == [ConflictKind.ASK]


def test_two_sessions_on_one_ground_follow_each_other_the_wider_first() -> None:
    wide = session("tinh", area=PROVINCE, items=(AnnouncementId("an-1"),))
    items = (
        approved("an-1", timing=NextSession(), area=PROVINCE, targets=(PROVINCE,)),
        approved("an-2", timing=NextSession()),
    )
    plan = planned(*items, sessions=(session(items=(AnnouncementId("an-2"),)), wide))
    assert timetable(plan) == {"an-1": "23 05:00:00", "an-2": "23 05:01:01"}
    assert [c.kind for c in plan.conflicts] == [ConflictKind.MOVED]
