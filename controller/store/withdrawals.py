"""What a withdrawal (thu hồi bài) found and did, so that it can be undone as long as nothing came of it."""

import json
from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Conn, changed, first
from controller.store.instants import from_text, maybe_from, maybe_text, to_text
from schedules.announcement import AnnouncementId, Approval, PersonId, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """One taking back.

    ``stopped`` are the occurrences that sounded then; ``first_due_at`` is the next planned time that was
    taken out, from which on there is nothing to go back to.
    """

    announcement: AnnouncementId
    at: datetime
    who: PersonId
    reason: str
    state_before: State
    approval_before: Approval | None
    stopped: tuple[str, ...]
    first_due_at: datetime | None


def keep(
    conn: Conn,
    announcement: AnnouncementId,
    state_before: State,
    approval_before: Approval | None,
    stopped: tuple[str, ...],
    first_due_at: datetime | None,
) -> None:
    """Beside the event that has just been noted, in its transaction."""
    approval = approval_before
    changed(
        conn,
        "INSERT INTO withdrawal (n, announcement, state_before, approved_by, approved_at, approved_hash,"
        " stopped, first_due_at) SELECT MAX(n), announcement, ?, ?, ?, ?, ?, ? FROM announcement_event"
        " WHERE announcement = ? AND deed = 'withdrew' GROUP BY announcement",
        state_before.value,
        None if approval is None else approval.by,
        maybe_text(None if approval is None else approval.approved_at),
        None if approval is None else approval.content_hash,
        json.dumps(list(stopped)),
        None if first_due_at is None else to_text(first_due_at),
        announcement,
    )


def newest(conn: Conn, announcement: AnnouncementId) -> Withdrawal | None:
    """The last one; also one that was undone since."""
    row = first(
        conn,
        "SELECT withdrawal.*, e.at, e.who, e.reason FROM withdrawal"
        " JOIN announcement_event AS e ON e.n = withdrawal.n"
        " WHERE withdrawal.announcement = ? ORDER BY withdrawal.n DESC LIMIT 1",
        announcement,
    )
    if row is None:
        return None
    approval = None
    if row["approved_by"] is not None:
        approval = Approval(
            by=PersonId(row["approved_by"]),
            approved_at=from_text(row["approved_at"]),
            content_hash=row["approved_hash"],
        )
    return Withdrawal(
        announcement=AnnouncementId(row["announcement"]),
        at=from_text(row["at"]),
        who=PersonId(row["who"]),
        reason=row["reason"],
        state_before=State(row["state_before"]),
        approval_before=approval,
        stopped=tuple(json.loads(row["stopped"])),
        first_due_at=maybe_from(row["first_due_at"]),
    )


def is_open(taken: Withdrawal, now: datetime) -> bool:
    """Whether nothing has come of it yet: nothing was stopped, and no time of it has passed since."""
    return not taken.stopped and (taken.first_due_at is None or now < taken.first_due_at)
