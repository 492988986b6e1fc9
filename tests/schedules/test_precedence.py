"""Two priority items at one moment: the answer holds on the ground of whoever gave it, and nowhere else."""

from datetime import timedelta

import pytest

from schedules.announcement import Announcement, AreaCode, BulletinClass
from schedules.collision import ConflictKind
from schedules.plan import Plan, plan
from schedules.precedence import Moment, Precedence
from schedules.recurrence import NextSession, Once, Weekly
from tests.schedules.cast import (
    A1,
    MONDAY,
    PROVINCE,
    QUIET,
    TENANT,
    TREE,
    A,
    B,
    approved,
    at,
    code,
    days,
    session,
)

AT = at(5, 10)
WATER = approved(
    "xa-lu", area=PROVINCE, targets=(PROVINCE,), timing=Once(at=AT), bulletin_class=BulletinClass.PRIORITY
)
MEETING = approved("hop-de", timing=Once(at=AT), bulletin_class=BulletinClass.PRIORITY)
MINUTE = timedelta(seconds=60)


def asked(*answers: Precedence, items: tuple[Announcement, ...] = (WATER, MEETING), count: int = 1) -> Plan:
    lengths = {item.id: MINUTE for item in items}
    return plan(TENANT, items, (), TREE, lengths, QUIET, days(count), at(4), precedence=answers)


def moment(item: Announcement, days_on: int = 0) -> Moment:
    return item.id, AT + timedelta(days=days_on)


def times(found: Plan, area: AreaCode) -> list[tuple[str, str]]:
    """What is heard in an area, and when."""
    return [
        (one.item, f"{one.due_at - AT}")
        for one in found.occurrences
        if TREE.meet(one.targets, (area,)) is not None
    ]


def test_unanswered_the_higher_issuer_goes_first() -> None:
    found = asked()
    assert times(found, A) == [("xa-lu", "0:00:00"), ("hop-de", "0:01:01")]
    assert [one.kind for one in found.conflicts] == [ConflictKind.ASK]
    assert "nếu xã không chọn" in found.conflicts[0].vi


def test_the_communes_own_goes_first_where_it_says_so_and_the_others_hear_nothing_later() -> None:
    found = asked(Precedence(area=A, first=moment(MEETING), second=moment(WATER)))
    assert times(found, A) == [("hop-de", "0:00:00"), ("xa-lu", "0:01:01")]
    assert times(found, B) == [("xa-lu", "0:00:00")]
    assert len({one.id for one in found.occurrences}) == 3
    assert "đã chọn “Bài hop-de” phát trước" in found.conflicts[0].vi


def test_confirming_the_default_changes_no_time() -> None:
    found = asked(Precedence(area=A, first=moment(WATER), second=moment(MEETING)))
    assert times(found, A) == times(asked(), A)
    assert times(found, B) == times(asked(), B)


def test_an_answer_holds_for_its_own_day_only() -> None:
    daily = [
        approved(
            item.id,
            area=item.area,
            targets=item.targets,
            bulletin_class=item.bulletin_class,
            timing=Weekly(
                at=(AT + timedelta(hours=7)).time(),
                days=frozenset(range(7)),
                first=MONDAY,
                last=MONDAY + timedelta(days=1),
            ),
        )
        for item in (WATER, MEETING)
    ]
    answer = Precedence(area=A, first=moment(MEETING, 1), second=moment(WATER, 1))
    found = asked(answer, items=tuple(daily), count=2)
    plain = asked(items=tuple(daily), count=2)
    assert times(found, A)[:2] == times(plain, A)[:2]
    assert [item for item, _ in times(found, A)] == ["xa-lu", "hop-de", "hop-de", "xa-lu"]


def test_what_waits_for_an_item_in_a_session_steps_back() -> None:
    framed = approved("trong-buoi", timing=NextSession(), bulletin_class=BulletinClass.PRIORITY)
    alone = approved(
        "hen-gio", area=PROVINCE, targets=(A,), timing=Once(at=AT), bulletin_class=BulletinClass.PRIORITY
    )
    lengths = {framed.id: MINUTE, alone.id: MINUTE}
    sessions = (session(start=(AT + timedelta(hours=7)).time()),)

    def both(*answers: Precedence) -> list[str]:
        found = plan(
            TENANT, (framed, alone), sessions, TREE, lengths, QUIET, days(), at(4), precedence=answers
        )
        return [one.item for one in found.occurrences]

    assert both() == ["hen-gio", "trong-buoi"]
    answer = Precedence(area=A, first=(framed.id, AT), second=moment(alone), waits=True)
    assert both(answer) == ["trong-buoi", "hen-gio"]


@pytest.mark.parametrize("area", [A1, code("99999")])
def test_an_answer_for_a_smaller_ground_divides_only_that(area: AreaCode) -> None:
    found = asked(Precedence(area=area, first=moment(MEETING), second=moment(WATER)))
    heard = {one.targets for one in found.occurrences if one.item == "xa-lu"}
    if area == A1:
        assert (A1,) in heard
    else:
        assert heard == {(PROVINCE,)}
    assert times(found, B) == [("xa-lu", "0:00:00")]
