"""Who hears an item: communes that choose, groups as ground, and the documents that carry it."""

from dataclasses import replace
from typing import Any

from schedules.announcement import BulletinClass, content_hash
from schedules.approval import is_approved
from schedules.reach import (
    Choice,
    Chosen,
    Heard,
    Listed,
    carriers,
    communes_on,
    heard,
    needs_choice,
)
from schedules.recurrence import AfterApproval, NextSession, Once
from tests.schedules.cast import A1, A2, B1, PROVINCE, TREE, A, B, approved, at, code, draft

SCHOOLS = Listed(id="g-01", area=PROVINCE, version=3, ground=(A1, B1))
POLES = Listed(id="g-02", area=A, version=1, ground=(A2,))
GROUPS = {"g-01": SCHOOLS, "g-02": POLES}


def above(**changes: Any) -> Any:
    return approved("an-1", area=PROVINCE, **{"targets": (PROVINCE,), **changes})


def answer(commune: Any, choice: Choice = Choice.ACCEPTED, **changes: Any) -> Chosen:
    facts: dict[str, Any] = {"item": "an-1", "revision": 1, "timing": NextSession(), "at": at(8)}
    return Chosen(commune=commune, choice=choice, **{**facts, **changes})


def test_only_ordinary_items_from_above_ask_and_they_ask_every_commune_they_touch() -> None:
    assert needs_choice(above(), TREE)
    assert not needs_choice(above(bulletin_class=BulletinClass.PRIORITY), TREE)
    assert not needs_choice(approved(area=A), TREE)
    assert not needs_choice(approved(area=A1, targets=(A1,)), TREE)
    assert communes_on(TREE, (PROVINCE,)) == (A, B)
    assert communes_on(TREE, (A1, A2)) == (A,)
    assert communes_on(TREE, (code("99999"),)) == ()


def test_without_an_answer_nothing_is_planned_and_each_acceptance_is_planned_for_itself() -> None:
    assert heard(above(), (), GROUPS, TREE) == ()
    assert heard(above(), (answer(A, Choice.DECLINED),), GROUPS, TREE) == ()
    assert heard(above(), (answer(A, revision=2),), GROUPS, TREE) == (), "an older revision was accepted"
    one, other = heard(above(), (answer(A), answer(B, timing=Once(at=at(9)))), GROUPS, TREE)
    assert (one.announcement.id, one.item, one.announcement.targets) == ("an-1@19867", "an-1", (A,))
    assert (other.announcement.targets, other.announcement.timing) == ((B,), Once(at=at(9)))
    assert is_approved(one.announcement)
    assert one.announcement.approval is not None
    assert one.announcement.approval.approved_at == at(8), "it is heard after it was accepted"


def test_what_was_not_approved_as_it_stands_is_not_approved_by_a_commune() -> None:
    changed = replace(above(), text="Ai đó đã sửa.")
    (one,) = heard(changed, (answer(A),), GROUPS, TREE)
    assert not is_approved(one.announcement)
    (unsent,) = heard(draft(area=PROVINCE, targets=(PROVINCE,)), (answer(A),), GROUPS, TREE)
    assert not is_approved(unsent.announcement)


def test_a_chosen_session_is_not_taken_by_an_earlier_one() -> None:
    (one,) = heard(above(), (answer(A, not_before=at(17)),), GROUPS, TREE)
    assert one.announcement.valid_from == at(17)
    (early,) = heard(above(), (answer(A, not_before=at(0, day=-20)),), GROUPS, TREE)
    assert early.announcement.valid_from == above().valid_from


def test_a_group_is_placed_on_its_ground_and_carried_by_its_document() -> None:
    item = approved(targets=(A1,), groups=("g-02", "g-gone"), timing=Once(at=at(9)))
    (one,) = heard(item, (), GROUPS, TREE)
    assert one.announcement.targets == (A1, A2)
    assert is_approved(one.announcement)
    assert carriers(one, one.announcement.targets, TREE) == (A1, "g-02")
    assert carriers(one, (A1,), TREE) == (A1,), (
        "where the rules refuse one of its places the group is left out"
    )
    assert carriers(one, (A2,), TREE) == ("g-02",)


def test_of_a_wide_group_each_commune_gets_its_own_part() -> None:
    item = above(targets=(), groups=("g-01",), timing=Once(at=at(9)))
    (one,) = heard(item, (answer(B),), GROUPS, TREE)
    assert one.announcement.targets == (B1,)
    assert carriers(one, (B1,), TREE) == ("g-01.19885",)
    assert [(g.area, g.version) for g in one.groups] == [(B, 3)]
    (whole,) = heard(
        above(targets=(), groups=("g-01",), bulletin_class=BulletinClass.PRIORITY), (), GROUPS, TREE
    )
    assert carriers(whole, whole.announcement.targets, TREE) == ("g-01",)


def test_plain_items_are_given_as_they_are() -> None:
    item = approved(timing=AfterApproval())
    assert heard(item, (), GROUPS, TREE) == (Heard(announcement=item, item=item.id, areas=item.targets),)
    assert carriers(heard(item, (), GROUPS, TREE)[0], (A,), TREE) == ()


def test_groups_are_part_of_what_is_approved() -> None:
    plain = draft()
    assert content_hash(replace(plain, groups=("g-02",))) != content_hash(plain)
    assert content_hash(replace(plain, groups=())) == content_hash(plain)
