"""What an author hands in, and a bài with everything that its page shows."""

from dataclasses import dataclass, field
from datetime import datetime

from controller.dispatch.forms.sound import RecordingView, Rendering
from schedules.announcement import Announcement, AnnouncementId, AreaCode, BulletinClass
from schedules.errors import Fault
from schedules.late_rule import LateRule
from schedules.recurrence import Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The whole content of a bài as its author hands it in (write and edit take the same).

    ``valid_from`` None means now. ``area`` owns it; ``targets`` (areas) and ``groups`` lie on that branch.
    """

    area: AreaCode
    title: str
    text: str
    targets: tuple[AreaCode, ...]
    timing: Timing
    expires_at: datetime
    bulletin_class: BulletinClass = BulletinClass.NORMAL
    valid_from: datetime | None = None
    repeat: int = 1
    groups: tuple[str, ...] = ()
    late: LateRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correcting:
    """What a bài has to do with corrections: which one it puts right and how many nodes played that one, and
    whether an approved correction puts this one right. ``spent``: its withdrawal is past undoing."""

    wrong: AnnouncementId | None = None
    opening: str = ""
    asked: int = 0
    corrected: bool = False
    spent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementView:
    """A bài with everything its page shows; ``content_hash`` is what is approved, ``groups``: name, size."""

    announcement: Announcement
    content_hash: str
    author_name: str
    approver_name: str | None
    rendering: Rendering
    faults: tuple[Fault, ...]
    next_at: datetime | None
    returned_reason: str = ""
    may_edit: bool = False
    may_approve: bool = False
    may_withdraw: bool = False
    may_undo: bool = False
    recording: RecordingView | None = None
    groups: tuple[tuple[str, int], ...] = ()
    correcting: Correcting = field(default_factory=Correcting)
