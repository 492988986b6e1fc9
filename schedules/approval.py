"""From draft to air: who may do what to an announcement, as a table of states."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from schedules import language, tracks
from schedules.announcement import (
    Announcement,
    Approval,
    AreaCode,
    BulletinClass,
    PersonId,
    RecordingId,
    State,
    Track,
    clean_text,
    validate,
)
from schedules.announcement import (
    content_hash as hash_of,
)
from schedules.errors import Invalid, Refused
from schedules.late_rule import LateRule
from schedules.recurrence import Timing
from schedules.rule import Rule


class Deed(StrEnum):
    SUBMIT = "submit"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    WITHDRAW = "withdraw"
    EDIT = "edit"


class Changes(TypedDict, total=False):
    """What an edit may change, and nothing else."""

    title: str
    text: str
    bulletin_class: BulletinClass
    targets: tuple[AreaCode, ...]
    groups: tuple[str, ...]
    timing: Timing
    valid_from: datetime
    expires_at: datetime
    repeat: int
    recording: RecordingId | None
    late: LateRule | None
    tracks: tuple[Track, ...]


TRANSITIONS: Mapping[tuple[State, Deed], State] = {
    (State.DRAFT, Deed.SUBMIT): State.SUBMITTED,
    (State.RETURNED, Deed.SUBMIT): State.SUBMITTED,
    (State.SUBMITTED, Deed.APPROVE): State.APPROVED,
    (State.SUBMITTED, Deed.SEND_BACK): State.RETURNED,
    (State.DRAFT, Deed.WITHDRAW): State.WITHDRAWN,
    (State.SUBMITTED, Deed.WITHDRAW): State.WITHDRAWN,
    (State.APPROVED, Deed.WITHDRAW): State.WITHDRAWN,
    (State.RETURNED, Deed.WITHDRAW): State.WITHDRAWN,
    (State.DRAFT, Deed.EDIT): State.DRAFT,
    (State.SUBMITTED, Deed.EDIT): State.DRAFT,
    (State.APPROVED, Deed.EDIT): State.DRAFT,
    (State.RETURNED, Deed.EDIT): State.DRAFT,
}

_STATE_VI = {
    State.DRAFT: "đang soạn",
    State.SUBMITTED: "đang chờ duyệt",
    State.APPROVED: "đã được duyệt",
    State.RETURNED: "đã bị trả lại",
    State.WITHDRAWN: "đã được rút",
}


def submit(a: Announcement, by: PersonId, now: datetime) -> Announcement:
    """Ask for approval; refused (Invalid) while anything is wrong with it."""
    state = _next(a, Deed.SUBMIT)
    if faults := validate(a, now):
        raise Invalid(faults)
    return replace(a, state=state, approval=None)


def approve(a: Announcement, by: PersonId, content_hash: str, now: datetime) -> Announcement:
    """Stand up for exactly the content that was seen.

    `E_SECOND_PERSON` for the author, `E_CHANGED` where the content is not the one seen, `E_TRACK_REVIEW`
    where a track of it was not confirmed, Invalid where it has expired or its time has passed meanwhile.
    """
    state = _next(a, Deed.APPROVE)
    if by == a.author:
        raise Refused(
            "E_SECOND_PERSON",
            "Người viết không được tự duyệt bài của mình. Xin nhờ người khác duyệt.",
            "The author may not approve their own item.",
        )
    if hash_of(a) != content_hash:
        raise Refused(
            "E_CHANGED",
            "Bài đã thay đổi sau khi ông/bà xem. Xin xem lại rồi duyệt.",
            "The content has changed since it was seen.",
        )
    if unheard := tracks.waiting(a):
        named = ", ".join(language.inside(one.language) for one in unheard)
        raise Refused(
            "E_TRACK_REVIEW",
            f"Chưa có người xác nhận bản {named} nói đúng như bài. Xin nhờ người biết tiếng nghe lại.",
            f"Nobody has confirmed the tracks yet: {', '.join(one.language for one in unheard)}.",
        )
    if faults := validate(a, now):
        raise Invalid(faults)
    return replace(a, state=state, approval=Approval(by=by, approved_at=now, content_hash=content_hash))


def send_back(a: Announcement, by: PersonId, reason: str, now: datetime) -> Announcement:
    """Return it to its author; the reason must say something (`E_REASON`)."""
    state = _next(a, Deed.SEND_BACK)
    if not clean_text(reason):
        raise Refused("E_REASON", "Xin ghi lý do trả lại.", "A reason is needed.")
    return replace(a, state=state, approval=None)


def withdraw(a: Announcement, by: PersonId, now: datetime) -> Announcement:
    """Take it back for good; nothing of it is planned any more."""
    return replace(a, state=_next(a, Deed.WITHDRAW), approval=None)


def edit(a: Announcement, by: PersonId, changes: Changes, now: datetime) -> Announcement:
    """Change the content: whoever does it is its author from then on, so can't approve it.

    After submission or approval an edit voids both and makes a new revision. An edit that changes
    nothing gives back the same announcement. Unknown fields are refused (`E_FIELD`).
    """
    state = _next(a, Deed.EDIT)
    for field in changes.keys() - Changes.__annotations__.keys():
        raise Refused("E_FIELD", f"Không sửa được mục {field}.", f"The field {field} can't be edited.")
    changed = replace(a, **changes)
    if changed == a:
        return a
    revision = a.revision if a.state is State.DRAFT else a.revision + 1 + _most_moved(a)
    return replace(changed, author=by, state=state, revision=revision, approval=None)


def _most_moved(a: Announcement) -> int:
    """An airing that was moved by hand has a higher revision than its item: the next one is above both."""
    moves = a.timing.moved if isinstance(a.timing, Rule) else ()
    return max((move.times for move in moves), default=0)


def is_approved(a: Announcement) -> bool:
    """Whether somebody else stands up for exactly this content."""
    return (
        a.state is State.APPROVED
        and a.approval is not None
        and a.approval.by != a.author
        and a.approval.content_hash == hash_of(a)
    )


def _next(a: Announcement, deed: Deed) -> State:
    try:
        return TRANSITIONS[a.state, deed]
    except KeyError:
        raise Refused(
            "E_STATE",
            f"Không làm được việc này vì bài {_STATE_VI[a.state]}.",
            f"This can't be done to an item that is {a.state}.",
        ) from None
