"""Thu hồi bài: what has not been heard of it is taken out, what sounds now is stopped; and one step back."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.access import Person, Right
from controller.dispatch.announcements.writing import UNDONE, audited
from controller.dispatch.forms.items import AnnouncementView
from controller.dispatch.halting import stop_letter
from controller.dispatch.items import kept_item
from controller.dispatch.plan.compile import ground, latest_start
from controller.dispatch.plan.delivery import Dropped, step
from controller.dispatch.refusals import missing, stale, told_as_problems
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import announcements, deliveries, occurrences, outbox, withdrawals
from controller.store.announcements import EventDeed
from controller.store.database import Conn
from controller.store.occurrences import OccurrenceState, Planned
from controller.store.outbox import Letter
from schedules import approval
from schedules.announcement import Announcement, AnnouncementId, State, clean_text
from schedules.approval import is_approved

AT_THE_DOOR = timedelta(seconds=5)
"""What begins so soon may have begun before the shorter programme arrives: it is stopped too."""
REASON_LIMIT = 500
Look = Callable[[Person, AnnouncementId], Awaitable[AnnouncementView]]
FIRST_STEPS = (EventDeed.WROTE, EventDeed.EDITED, EventDeed.UNDID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a withdrawal meets: times that may sound now, and the first of those to come."""

    now: tuple[Planned, ...]
    first_due_at: datetime | None


class Withdrawing:
    """Each deed is one transaction: the row, its history, the audit, and the orders to the nodes."""

    def __init__(self, room: Room, look: Look) -> None:
        self._room = room
        self._look = look

    async def withdraw(self, person: Person, announcement: AnnouncementId, reason: str) -> AnnouncementView:
        """Take it back. ``E_REASON`` where it was approved already and nothing is said about why."""
        room = self._room
        await kept_item(self._room, person, announcement, Right.WRITE)
        now = room.clock.now()
        with told_as_problems():
            letters = await room.db.write(self._withdraw, person, announcement, reason, now)
        await room.sender.express(letters)
        self._tell(announcement)
        return await self._look(person, announcement)

    async def undo(self, person: Person, announcement: AnnouncementId) -> AnnouncementView:
        """One step back by whoever did it; 409 ``E_STATE`` where something has come of it by now."""
        await kept_item(self._room, person, announcement, Right.READ)
        now = self._room.clock.now()
        with told_as_problems():
            await self._room.db.write(_undo, person, announcement, now)
        self._tell(announcement)
        return await self._look(person, announcement)

    def _tell(self, announcement: AnnouncementId) -> None:
        signals = self._room.signals
        signals.tell(Topic.ANNOUNCEMENT, announcement)
        signals.wake(Wake.PLANNER, Wake.SENDER, Wake.AUDITOR, Wake.CORRECTOR)

    def _withdraw(
        self, conn: Conn, person: Person, announcement: AnnouncementId, reason: str, now: datetime
    ) -> tuple[Letter, ...]:
        kept = announcements.get(conn, announcement)
        if kept is None:
            raise missing()
        before = kept.announcement
        after = approval.withdraw(before, person.id, now)
        why = _why(before, reason)
        found = self._found(conn, announcement, now)
        if not announcements.save(conn, after, now, expected=before):
            raise stale()
        announcements.note(conn, after, person.id, EventDeed.WITHDREW, now, why)
        stopped = tuple(one.occurrence.id for one in found.now)
        withdrawals.keep(conn, announcement, before.state, before.approval, stopped, found.first_due_at)
        audited(conn, after, person.id, EventDeed.WITHDREW, now, why)
        self._close(conn, found.now, now)
        letters = self._stops(conn, found.now, now)
        for letter in letters:
            outbox.post(conn, letter)
        return letters

    def _found(self, conn: Conn, announcement: AnnouncementId, now: datetime) -> Found:
        """What may sound now is any time that some node has not ended; what it will refuse is not asked."""
        planned = [
            one for one in occurrences.of_item(conn, announcement) if one.state is OccurrenceState.PLANNED
        ]
        sounding = tuple(
            one
            for one in planned
            if one.occurrence.due_at <= now + AT_THE_DOOR
            and now < self._over_at(one)
            and deliveries.open_after(conn, one.occurrence.id)
        )
        to_come = [one.occurrence.due_at for one in planned if one.occurrence.due_at > now]
        return Found(now=sounding, first_due_at=min(to_come, default=None))

    def _over_at(self, planned: Planned) -> datetime:
        o = planned.occurrence
        return min(latest_start(o, self._room.quiet_at(o.targets)) + o.duration, o.expires_at)

    def _close(self, conn: Conn, sounding: Iterable[Planned], now: datetime) -> None:
        """Nodes that have said nothing of it have their verdict at once; a receipt outranks it."""
        for one in sounding:
            after = [
                step(row, Dropped(reason="withdrawn"), now)
                for row in deliveries.open_after(conn, one.occurrence.id)
            ]
            ruled = [each for each in after if each.ruling is not None]
            deliveries.save(conn, (each.delivery for each in ruled))
            self._room.metrics.deliveries.labels("cancelled").inc(len(ruled))

    def _stops(self, conn: Conn, sounding: tuple[Planned, ...], now: datetime) -> tuple[Letter, ...]:
        """One signed order for each place of it, naming only its own times: nothing else falls silent."""
        if not sounding:
            return ()
        room = self._room
        references = tuple(sorted(one.occurrence.id for one in sounding))
        places = ground(room.tree, {code for one in sounding for code in one.occurrence.targets})
        return tuple(stop_letter(conn, room, place, now, references) for place in places)


def _why(before: Announcement, reason: str) -> str:
    """Why it is taken back. Whoever approved it, and whoever expected to hear it, may ask."""
    why = " ".join(clean_text(reason[:REASON_LIMIT]).split())
    if not why and before.state is State.APPROVED:
        raise Problem(
            "E_REASON",
            field="reason",
            vi="Bài đã được duyệt: xin ghi lý do thu hồi.",
            en="The item has been approved: say why it is withdrawn.",
        )
    return why


def _undo(conn: Conn, person: Person, announcement: AnnouncementId, now: datetime) -> None:
    kept = announcements.get(conn, announcement)
    if kept is None:
        raise missing()
    last = announcements.last_event(conn, announcement)
    before = kept.announcement
    if last is None or last.who != person.id or last.deed in FIRST_STEPS or before.state not in UNDONE:
        raise Problem("E_STATE")
    after = replace(before, state=UNDONE[before.state], approval=None)
    if before.state is State.WITHDRAWN:
        after = _as_it_was(conn, before, now)
    if not announcements.save(conn, after, now, expected=before):
        raise stale()
    announcements.note(conn, after, person.id, EventDeed.UNDID, now)
    audited(conn, after, person.id, EventDeed.UNDID, now)


def _as_it_was(conn: Conn, before: Announcement, now: datetime) -> Announcement:
    """With its approval, which stands for exactly this content; what was stopped or missed stays so."""
    found = withdrawals.newest(conn, before.id)
    if found is None:
        return replace(before, state=State.DRAFT)
    if found.stopped:
        raise Problem(
            "E_STATE",
            vi="Không hoàn tác được: bài đang phát thì đã bị dừng. Xin viết bài mới nếu cần phát lại.",
            en="This can't be undone: it was stopped while it sounded. Write a new item to say it again.",
        )
    if found.first_due_at is not None and found.first_due_at <= now:
        raise Problem(
            "E_STATE",
            vi="Không hoàn tác được: giờ phát đã qua sau khi thu hồi. Xin viết bài mới.",
            en="This can't be undone: its time has passed since it was withdrawn. Write a new item.",
        )
    after = replace(before, state=found.state_before, approval=found.approval_before)
    return (
        after
        if found.state_before is not State.APPROVED or is_approved(after)
        else replace(before, state=State.DRAFT, approval=None)
    )
