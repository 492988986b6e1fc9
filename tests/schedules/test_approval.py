"""Approval: the whole table of states, the second person, and what a change voids."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from schedules.announcement import Announcement, PersonId, State, content_hash
from schedules.approval import TRANSITIONS, Deed, approve, edit, is_approved, send_back, submit, withdraw
from schedules.errors import Invalid, Refused
from schedules.recurrence import Once
from tests.schedules.cast import APPROVER, AUTHOR, A, B, at, draft

NOW = at(8)
DEEDS: dict[Deed, Callable[[Announcement], Announcement]] = {
    Deed.SUBMIT: lambda a: submit(a, AUTHOR, NOW),
    Deed.APPROVE: lambda a: approve(a, APPROVER, content_hash(a), NOW),
    Deed.SEND_BACK: lambda a: send_back(a, APPROVER, "Sai ngày", NOW),
    Deed.WITHDRAW: lambda a: withdraw(a, AUTHOR, NOW),
    Deed.EDIT: lambda a: edit(a, AUTHOR, {"text": "Nội dung mới."}, NOW),
}
# written out by hand on purpose: the table in the source is not its own witness
EXPECTED = {
    "draft": {"submit": "submitted", "withdraw": "withdrawn", "edit": "draft"},
    "submitted": {"approve": "approved", "send_back": "returned", "withdraw": "withdrawn", "edit": "draft"},
    "approved": {"withdraw": "withdrawn", "edit": "draft"},
    "returned": {"submit": "submitted", "withdraw": "withdrawn", "edit": "draft"},
    "withdrawn": {},
}


def in_state(state: State) -> Announcement:
    a = draft()
    match state:
        case State.DRAFT:
            return a
        case State.SUBMITTED:
            return submit(a, AUTHOR, NOW)
        case State.APPROVED:
            return approve(submit(a, AUTHOR, NOW), APPROVER, content_hash(a), NOW)
        case State.RETURNED:
            return send_back(submit(a, AUTHOR, NOW), APPROVER, "Sai ngày", NOW)
        case State.WITHDRAWN:
            return withdraw(a, AUTHOR, NOW)


@pytest.mark.parametrize(("state", "deed"), list(product(State, Deed)))
def test_every_deed_in_every_state_does_what_the_table_says(state: State, deed: Deed) -> None:
    a = in_state(state)
    expected = EXPECTED[state].get(deed)
    if expected is None:
        with pytest.raises(Refused) as refused:
            DEEDS[deed](a)
        assert refused.value.code == "E_STATE"
        assert refused.value.vi.startswith("Không làm được việc này vì bài ")
    else:
        assert DEEDS[deed](a).state == expected
        assert TRANSITIONS[state, deed] == expected


@pytest.mark.promise("S38")
def test_the_author_never_approves_their_own_item() -> None:
    a = in_state(State.SUBMITTED)
    with pytest.raises(Refused) as refused:
        approve(a, AUTHOR, content_hash(a), NOW)
    assert refused.value.code == "E_SECOND_PERSON"


@pytest.mark.promise("S38")
def test_who_changes_an_item_becomes_its_author_and_can_not_approve_it() -> None:
    changed = submit(
        edit(in_state(State.SUBMITTED), APPROVER, {"text": "Chữ của người duyệt."}, NOW), AUTHOR, NOW
    )
    with pytest.raises(Refused) as refused:
        approve(changed, APPROVER, content_hash(changed), NOW)
    assert refused.value.code == "E_SECOND_PERSON"


@pytest.mark.promise("S38", "F69")
def test_what_changed_since_it_was_seen_is_not_approved() -> None:
    a = in_state(State.SUBMITTED)
    seen = content_hash(a)
    changed = submit(edit(a, AUTHOR, {"text": "Chữ khác."}, NOW), AUTHOR, NOW)
    with pytest.raises(Refused) as refused:
        approve(changed, APPROVER, seen, NOW)
    assert refused.value.code == "E_CHANGED"


CHANGES: list[dict[str, Any]] = [
    {"title": "Khác"},
    {"text": "Khác."},
    {"targets": (A, B)},
    {"timing": Once(at=at(9))},
    {"repeat": 2},
    {"expires_at": at(0, day=9)},
]


@pytest.mark.promise("F69")
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
@pytest.mark.parametrize("state", [State.SUBMITTED, State.APPROVED, State.RETURNED])
def test_a_change_voids_submission_and_approval(state: State, change: Any) -> None:
    a = in_state(state)
    changed = edit(a, AUTHOR, change, NOW)
    assert (changed.state, changed.approval, changed.revision) == (State.DRAFT, None, a.revision + 1)
    assert not is_approved(changed)


@pytest.mark.promise("F69")
def test_content_changed_behind_the_approvals_back_is_not_approved() -> None:
    a = in_state(State.APPROVED)
    assert is_approved(a)
    assert not is_approved(replace(a, text="Chữ khác."))
    assert not is_approved(replace(a, author=APPROVER))


def test_a_draft_keeps_its_revision_and_an_empty_edit_changes_nothing() -> None:
    assert edit(draft(), AUTHOR, {"text": "Khác."}, NOW).revision == 1
    a = in_state(State.APPROVED)
    assert edit(a, PersonId("ai-do"), {"text": a.text}, NOW) is a


def test_the_approval_says_who_when_and_what() -> None:
    a = in_state(State.APPROVED)
    assert a.approval is not None
    assert (a.approval.by, a.approval.approved_at) == (APPROVER, NOW)
    assert a.approval.content_hash == content_hash(a)


def test_nothing_faulty_is_submitted_and_nothing_expired_is_approved() -> None:
    with pytest.raises(Invalid) as invalid:
        submit(draft(targets=()), AUTHOR, NOW)
    assert [fault.code for fault in invalid.value.faults] == ["E_TARGET_EMPTY"]
    a = in_state(State.SUBMITTED)
    with pytest.raises(Invalid) as late:
        approve(a, APPROVER, content_hash(a), a.expires_at)
    assert late.value.code == "E_EXPIRED"


def test_a_return_needs_a_reason() -> None:
    with pytest.raises(Refused) as refused:
        send_back(in_state(State.SUBMITTED), APPROVER, "  ", NOW)
    assert refused.value.code == "E_REASON"


@pytest.mark.promise("S41")
@pytest.mark.parametrize("field", ["state", "approval", "author", "area", "revision", "id", "role"])
def test_an_edit_can_not_reach_what_is_not_content(field: str) -> None:
    changes: Any = {field: "approved"}
    with pytest.raises(Refused) as refused:
        edit(draft(), AUTHOR, changes, NOW)
    assert refused.value.code == "E_FIELD"
