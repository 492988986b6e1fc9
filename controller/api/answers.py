"""What /api answers where the Desk's own dataclasses would not tell it plainly enough."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from controller.access import RIGHTS, Person, Right, Role
from controller.dispatch.forms.items import AnnouncementView
from controller.dispatch.forms.sound import RecordingView, Rendering
from schedules.announcement import BulletinClass, State
from schedules.errors import Fault
from schedules.late_rule import late_rule_to_json
from schedules.recurrence import timing_to_json


class Answer(BaseModel):
    """Frozen, like everything that leaves."""

    model_config = ConfigDict(frozen=True)


class PersonAnswer(Answer):
    """Who is logged in and what they may."""

    id: str
    username: str
    name: str
    role: Role
    area: str
    rights: list[Right]


class RecordingAnswer(Answer):
    """What was sent for a bài; ``before_…`` are null until it has been prepared."""

    id: str
    name: str
    kind: str
    bytes: int
    sent_by_name: str
    sent_at: datetime
    before_ms: int | None
    before_lufs: float | None
    before_peak_dbfs: float | None
    cut_ms: int
    after_lufs: float | None
    flaws: list[str]
    flaws_en: list[str]


class AnnouncementAnswer(Answer):
    """A bài as everybody on its branch sees it; ``timing`` has the shape in which it was handed in."""

    id: str
    area: str
    title: str
    text: str
    bulletin_class: BulletinClass
    targets: list[str]
    groups: list[str]
    timing: dict[str, Any]
    valid_from: datetime
    expires_at: datetime
    repeat: int
    state: State
    revision: int
    content_hash: str
    author: str
    author_name: str
    approver_name: str | None
    approved_at: datetime | None
    returned_reason: str
    next_at: datetime | None
    rendering: Rendering
    faults: list[Fault]
    recording: RecordingAnswer | None
    late: dict[str, Any] | None
    corrects: str | None
    corrected: bool


class AuditAnswer(Answer):
    """Whether the chain of deeds holds, and where it first does not."""

    whole: bool
    first_bad: int | None


class Health(Answer):
    """Whether this process answers and hears its nodes."""

    status: str
    link_up: bool
    now: datetime


def person_answer(person: Person) -> PersonAnswer:
    """The person with the rights of the role."""
    return PersonAnswer(
        id=person.id,
        username=person.username,
        name=person.name,
        role=person.role,
        area=person.area,
        rights=sorted(RIGHTS[person.role]),
    )


def announcement_answer(view: AnnouncementView) -> AnnouncementAnswer:
    """The view, flat."""
    a = view.announcement
    return AnnouncementAnswer(
        id=a.id,
        area=a.area,
        title=a.title,
        text=a.text,
        bulletin_class=a.bulletin_class,
        targets=list(a.targets),
        groups=list(a.groups),
        timing=timing_to_json(a.timing),
        valid_from=a.valid_from,
        expires_at=a.expires_at,
        repeat=a.repeat,
        state=a.state,
        revision=a.revision,
        content_hash=view.content_hash,
        author=a.author,
        author_name=view.author_name,
        approver_name=view.approver_name,
        approved_at=a.approval.approved_at if a.approval else None,
        returned_reason=view.returned_reason,
        next_at=view.next_at,
        rendering=view.rendering,
        faults=list(view.faults),
        recording=None if view.recording is None else recording_answer(view.recording),
        late=None if a.late is None else late_rule_to_json(a.late),
        corrects=view.correcting.wrong,
        corrected=view.correcting.corrected,
    )


def recording_answer(view: RecordingView) -> RecordingAnswer:
    """The view, flat."""
    return RecordingAnswer(
        id=view.id,
        name=view.name,
        kind=view.kind,
        bytes=view.size,
        sent_by_name=view.sent_by_name,
        sent_at=view.sent_at,
        before_ms=view.before_ms,
        before_lufs=view.before_lufs,
        before_peak_dbfs=view.before_peak_dbfs,
        cut_ms=view.cut_ms,
        after_lufs=view.after_lufs,
        flaws=[vi for vi, _ in view.flaws],
        flaws_en=[en for _, en in view.flaws],
    )
