"""The plan, by example: order, moves, refusals and their words."""

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from schedules.announcement import AnnouncementId, BulletinClass
from schedules.approval import edit
from schedules.calendar import QuietHours, Window
from schedules.collision import ConflictKind
from schedules.errors import Refused
from schedules.plan import occurrence_id
from schedules.recurrence import AfterApproval, NextSession, Once
from tests.schedules.cast import (
    A1,
    A2,
    AUTHOR,
    PROVINCE,
    TENANT,
    A,
    B,
    approved,
    at,
    code,
    codes,
    draft,
    planned,
    timetable,
)

PRIORITY, EMERGENCY = BulletinClass.PRIORITY, BulletinClass.EMERGENCY


def test_an_item_is_heard_at_its_own_time() -> None:
    plan = planned(approved(timing=Once(at=at(6))))
    (occurrence,) = plan.occurrences
    assert (occurrence.due_at, occurrence.recurrence_at) == (at(6), at(6))
    assert occurrence.due_at.tzinfo is UTC
    assert not plan.conflicts
    assert not plan.refusals


def test_only_an_approved_item_is_planned() -> None:
    once = Once(at=at(6))
    unseen = replace(approved("an-2", timing=once), text="Chữ khác với chữ đã duyệt.")
    own = approved("an-3", timing=once)
    own = replace(own, author=own.approval.by) if own.approval else own
    assert not planned(draft(timing=once), unseen, own).occurrences


def test_an_approved_item_without_sound_is_named() -> None:
    plan = planned(approved(timing=Once(at=at(6))), lengths={})
    assert codes(plan) == {("an-1", "E_NOT_RENDERED")}


def test_ids_are_deterministic_and_name_tenant_item_and_original_instant() -> None:
    name = AnnouncementId("an-1")
    same = occurrence_id(TENANT, name, at(6))
    # a golden value: a change of the key would make every node play what it has already played
    assert same == "31843471042b3848f5d51aba825383cc"
    assert same == occurrence_id(TENANT, name, at(6).astimezone(timezone(timedelta(hours=7))))
    others = {
        occurrence_id("vn-48", name, at(6)),
        occurrence_id(TENANT, AnnouncementId("an-2"), at(6)),
        occurrence_id(TENANT, name, at(6, 0, 1)),
        occurrence_id("vn-46an", AnnouncementId("-1"), at(6)),
    }
    assert len(others | {same}) == 5


def test_editing_keeps_the_id_and_raises_the_revision() -> None:
    first = approved(timing=Once(at=at(6)))
    again = edit(first, AUTHOR, {"text": "Mời bà con đi họp sớm."}, at(12, day=-1))
    again = approved(timing=Once(at=at(6)), text=again.text, revision=again.revision)
    (before,), (after,) = planned(first).occurrences, planned(again).occurrences
    assert before.id == after.id
    assert (before.revision, after.revision) == (1, 2)


def test_moving_keeps_the_id() -> None:
    early = approved("an-1", approved_at=at(9, day=-1), timing=Once(at=at(6)))
    late = approved("an-2", approved_at=at(10, day=-1), timing=Once(at=at(6)))
    alone = {o.item: o for o in planned(late).occurrences}
    both = {o.item: o for o in planned(early, late).occurrences}
    assert both["an-2"].due_at > alone["an-2"].due_at
    assert both["an-2"].id == alone["an-2"].id
    assert both["an-2"].recurrence_at == at(6)


def test_the_later_approved_of_one_class_moves_behind_the_earlier_and_it_is_said() -> None:
    early = approved("an-1", approved_at=at(9, day=-1), timing=Once(at=at(6)))
    late = approved("an-2", approved_at=at(10, day=-1), timing=Once(at=at(5, 59, 30)))
    plan = planned(early, late)
    assert timetable(plan) == {"an-1": "23 06:00:00", "an-2": "23 06:01:01"}
    (conflict,) = plan.conflicts
    assert conflict.kind is ConflictKind.MOVED
    assert conflict.area == A
    assert conflict.vi == (
        "Bài “Bài an-2” dời sang 06:01 thứ Hai 23/11 vì trùng giờ với “Bài an-1” tại xã Quảng Điền."
    )


def test_items_on_different_ground_do_not_meet() -> None:
    one = approved("an-1", timing=Once(at=at(6)), targets=(A1,))
    other = approved("an-2", timing=Once(at=at(6)), targets=(A2,))
    far = approved("an-3", timing=Once(at=at(6)), targets=(B,))
    plan = planned(one, other, far)
    assert set(timetable(plan).values()) == {"23 06:00:00"}
    assert not plan.conflicts


def test_a_sound_across_the_hour_is_met_on_both_sides_of_it() -> None:
    early = approved("an-1", approved_at=at(9, day=-1), timing=Once(at=at(5, 59, 30)))
    late = approved("an-2", approved_at=at(10, day=-1), timing=Once(at=at(6)))
    assert timetable(planned(early, late))["an-2"] == "23 06:00:31"


@pytest.mark.parametrize(("begin", "end"), [(at(6, 0, 30), at(7)), (at(5, 30), at(5, 59, 45))])
def test_what_lies_beside_the_window_still_moves_what_lies_in_it(begin: datetime, end: datetime) -> None:
    before = approved("an-1", approved_at=at(9, day=-1), timing=Once(at=at(6)))
    during = approved("an-2", approved_at=at(10, day=-1), timing=Once(at=at(6, 0, 40)))
    early = approved("an-3", approved_at=at(11, day=-1), timing=Once(at=at(5, 59, 40)), targets=(A1,))
    cut = timetable(planned(before, during, early, window=Window(start=begin, end=end)))
    whole = timetable(planned(before, during, early))
    assert whole == {"an-1": "23 06:00:00", "an-2": "23 06:01:01", "an-3": "23 06:02:02"}
    assert cut == {item: due for item, due in whole.items() if begin <= planned_at(due) < end}


def planned_at(due: str) -> datetime:
    hour, minute, second = (int(part) for part in due.removeprefix("23 ").split(":"))
    return at(hour, minute, second)


def test_a_village_and_its_commune_are_one_ground() -> None:
    one = approved("an-1", approved_at=at(9, day=-1), timing=Once(at=at(6)), targets=(A,))
    other = approved("an-2", approved_at=at(10, day=-1), timing=Once(at=at(6)), targets=(A1,))
    plan = planned(one, other)
    assert timetable(plan)["an-2"] == "23 06:01:01"
    assert plan.conflicts[0].area == A1


def test_a_higher_class_cuts_and_does_not_move() -> None:
    normal = approved("an-1", approved_at=at(9, day=-1), timing=Once(at=at(6)))
    priority = approved("an-2", timing=Once(at=at(6)), bulletin_class=PRIORITY)
    plan = planned(normal, priority)
    assert set(timetable(plan).values()) == {"23 06:00:00"}
    (conflict,) = plan.conflicts
    assert conflict.kind is ConflictKind.PREEMPTS
    assert conflict.vi == "Bài “Bài an-2” lúc 06:00 thứ Hai 23/11 sẽ ngắt “Bài an-1” tại xã Quảng Điền."


def test_two_priority_items_are_asked_about_and_the_higher_issuer_goes_first() -> None:
    commune = approved("an-1", approved_at=at(9, day=-1), timing=Once(at=at(6)), bulletin_class=PRIORITY)
    province = approved(
        "an-2",
        approved_at=at(10, day=-1),
        timing=Once(at=at(6)),
        bulletin_class=PRIORITY,
        area=PROVINCE,
        targets=(PROVINCE,),
    )
    plan = planned(commune, province)
    assert timetable(plan) == {"an-2": "23 06:00:00", "an-1": "23 06:01:01"}
    (conflict,) = plan.conflicts
    assert conflict.kind is ConflictKind.ASK
    assert "nếu xã không chọn thì “Bài an-2” phát trước" in conflict.vi
    (settled,) = planned(commune, province, now=at(7)).conflicts
    assert "xã không chọn, nên" in settled.vi


def test_of_two_priority_items_of_one_issuer_the_older_goes_first() -> None:
    older = approved("an-2", approved_at=at(9, day=-1), timing=Once(at=at(6)), bulletin_class=PRIORITY)
    newer = approved("an-1", approved_at=at(10, day=-1), timing=Once(at=at(6)), bulletin_class=PRIORITY)
    assert timetable(planned(newer, older)) == {"an-2": "23 06:00:00", "an-1": "23 06:01:01"}


def test_a_priority_item_right_after_approval_waits_for_what_already_sounds() -> None:
    own = approved("an-1", timing=Once(at=at(6)), bulletin_class=PRIORITY)
    high = approved(
        "an-2",
        approved_at=at(6, 0, 20),
        timing=AfterApproval(),
        bulletin_class=PRIORITY,
        area=PROVINCE,
        targets=(PROVINCE,),
    )
    assert timetable(planned(own, high)) == {"an-1": "23 06:00:00", "an-2": "23 06:01:01"}


@pytest.mark.promise("S14")
def test_an_ordinary_item_at_a_quarter_past_three_is_refused_with_a_sentence() -> None:
    plan = planned(approved(timing=Once(at=at(3, 15)), bulletin_class=PRIORITY))
    assert not plan.occurrences
    (refusal,) = plan.refusals
    assert (refusal.code, refusal.at) == ("E_QUIET", at(3, 15))
    assert refusal.vi == (
        "Không phát được bài “Bài an-1” lúc 03:15 thứ Hai 23/11 vì đang giờ yên tĩnh (21:00–05:00), "
        "hãy chọn giờ khác."
    )


def test_an_emergency_is_heard_at_night() -> None:
    plan = planned(approved(timing=Once(at=at(3, 15)), bulletin_class=EMERGENCY))
    assert timetable(plan) == {"an-1": "23 03:15:00"}


def test_an_item_that_would_end_in_quiet_hours_is_refused() -> None:
    plan = planned(approved(timing=Once(at=at(20, 59, 30))))
    assert codes(plan) == {("an-1", "E_QUIET")}
    assert planned(approved(timing=Once(at=at(20, 59)))).occurrences


def test_without_quiet_hours_the_night_is_free() -> None:
    none = QuietHours(start=time(0), end=time(0))
    assert planned(approved(timing=Once(at=at(3, 15))), quiet=none).occurrences


def test_what_is_approved_at_night_is_heard_when_the_quiet_hours_end_and_it_is_said() -> None:
    plan = planned(approved(approved_at=at(22, 10, day=-1), timing=AfterApproval()))
    assert timetable(plan) == {"an-1": "23 05:00:00"}
    (conflict,) = plan.conflicts
    assert conflict.vi == (
        "Bài “Bài an-1” được duyệt trong giờ yên tĩnh (21:00–05:00) nên dời sang 05:00 thứ Hai 23/11 "
        "tại xã Quảng Điền."
    )


def test_right_after_approval_leaves_the_nodes_time_to_fetch() -> None:
    plan = planned(approved(approved_at=at(9, 30), timing=AfterApproval()))
    (occurrence,) = plan.occurrences
    assert occurrence.recurrence_at == at(9, 30)
    assert occurrence.due_at == at(9, 30, 10)


def test_an_item_approved_after_its_time_is_named_and_not_heard() -> None:
    plan = planned(approved(approved_at=at(6, 30), timing=Once(at=at(6))))
    assert not plan.occurrences
    assert codes(plan) == {("an-1", "E_LATE")}


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"expires_at": at(6, 0, 59)}, "E_EXPIRED"),
        ({"valid_from": at(6, 0, 1)}, "E_EARLY"),
        ({"targets": (code("00000"),)}, "E_TARGET"),
        ({"targets": ()}, "E_TARGET_EMPTY"),
    ],
)
def test_an_item_outside_its_validity_or_ground_is_refused(change: dict[str, object], refused: str) -> None:
    plan = planned(approved(timing=Once(at=at(6)), **change))
    assert not plan.occurrences
    assert codes(plan) == {("an-1", refused)}


def test_an_item_that_ends_exactly_when_it_expires_is_heard() -> None:
    assert planned(approved(timing=Once(at=at(6)), expires_at=at(6, 1))).occurrences


def test_what_can_not_move_any_further_is_unplaceable_and_named() -> None:
    early = approved("an-1", approved_at=at(9, day=-1), timing=Once(at=at(20, 59)))
    late = approved("an-2", approved_at=at(10, day=-1), timing=Once(at=at(20, 58, 30)))
    plan = planned(early, late)
    assert codes(plan) == {("an-2", "E_QUIET")}
    (conflict,) = plan.conflicts
    assert conflict.kind is ConflictKind.UNPLACEABLE
    assert conflict.occurrences[0] not in {o.id for o in plan.occurrences}
    assert "dời đi thì vào giờ yên tĩnh (21:00–05:00), nên không phát được." in conflict.vi


def test_every_conflict_and_refusal_is_one_vietnamese_sentence() -> None:
    items = [
        approved(
            f"an-{n}",
            approved_at=at(9 + n, day=-1),
            timing=Once(at=at(20, 56)),
            bulletin_class=PRIORITY if n % 2 else BulletinClass.NORMAL,
        )
        for n in range(9)
    ]
    plan = planned(*items, approved("an-10", timing=NextSession()), approved("an-11", timing=Once(at=at(3))))
    assert {c.kind for c in plan.conflicts} == set(ConflictKind)
    for said in (*plan.conflicts, *plan.refusals):
        assert re.fullmatch(r"[^.]+\.", said.vi)
        assert re.search("[ăâđêôơưạảấầ]", said.vi)
        assert "{" not in said.vi + said.en


@pytest.mark.promise("S55")
@pytest.mark.parametrize("length", [timedelta(), timedelta(days=-1), timedelta(days=3650)])
def test_a_window_of_no_time_or_of_ten_years_is_refused(length: timedelta) -> None:
    with pytest.raises(Refused) as refused:
        planned(window=Window(start=at(0), end=at(0) + length))
    assert refused.value.code == "E_WINDOW"
