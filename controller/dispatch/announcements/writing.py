"""From draft to air: what authors and approvers do to a bài."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime

from controller.access import Person, Right
from controller.dispatch.announcements.correcting import check_content, check_said
from controller.dispatch.forms.items import AnnouncementView, Draft
from controller.dispatch.forms.sound import Rendering
from controller.dispatch.items import kept_item
from controller.dispatch.refusals import allow, missing, stale, told_as_problems
from controller.dispatch.room import Room
from controller.dispatch.showing import item_rendering
from controller.dispatch.signals import Topic, Wake
from controller.dispatch.sound.rendering import Studio
from controller.errors import Problem
from controller.store import announcements, audit, corrections, groups
from controller.store.announcements import EventDeed
from controller.store.database import Conn
from controller.store.sounds import RenderState, Sound
from devices.messages import GroupId
from schedules import approval
from schedules.announcement import (
    Announcement,
    AnnouncementId,
    BulletinClass,
    PersonId,
    State,
    clean_text,
    content_hash,
    validate,
)
from schedules.approval import Changes
from schedules.errors import Fault, Invalid, TextRefused

Change = Callable[[Announcement, datetime], Announcement]
Look = Callable[[Person, AnnouncementId], Awaitable[AnnouncementView]]

UNDONE = {
    State.SUBMITTED: State.DRAFT,
    State.WITHDRAWN: State.DRAFT,
    State.APPROVED: State.SUBMITTED,
    State.RETURNED: State.SUBMITTED,
}


class Writing:
    """Each deed is one transaction: the row, its history, the audit."""

    def __init__(self, room: Room, studio: Studio, look: Look) -> None:
        self._room = room
        self._studio = studio
        self._look = look

    async def write(self, person: Person, draft: Draft) -> AnnouncementView:
        allow(person, Right.WRITE, draft.area, self._room.tree)
        now = self._room.clock.now()
        with told_as_problems():
            fresh = self._checked(self._announcement(person, draft, now), now)
        await self._check_groups(draft)
        await self._room.db.write(_add, fresh, person, now)
        self._room.signals.tell(Topic.ANNOUNCEMENT, fresh.id)
        return await self._look(person, fresh.id)

    async def edit(
        self,
        person: Person,
        announcement: AnnouncementId,
        draft: Draft,
        *,
        revision: int,
        seen: str | None = None,
    ) -> AnnouncementView:
        correction = await self._room.db.read(corrections.get, announcement)

        def change(before: Announcement, now: datetime) -> Announcement:
            if before.revision != revision or seen not in (None, content_hash(before)):
                raise stale()
            if draft.area != before.area:
                raise Problem("E_FIELD", field="area")
            check_content(correction, before, draft)
            return self._checked(approval.edit(before, person.id, _changes(draft, before), now), now)

        await kept_item(self._room, person, announcement, Right.WRITE)
        await self._check_groups(draft)
        return await self._deed(person, announcement, Right.WRITE, EventDeed.EDITED, change)

    async def submit(
        self, person: Person, announcement: AnnouncementId, acknowledged: tuple[str, ...] = ()
    ) -> AnnouncementView:
        kept = await kept_item(self._room, person, announcement, Right.WRITE)
        if kept.announcement.recording is not None and kept.sound.state is RenderState.FAILED:
            raise Problem(kept.sound.code, field="file", status=409, vi=kept.sound.vi, en=kept.sound.en)
        check_said(await self._room.db.read(corrections.get, announcement), kept.announcement)
        await self._deed(
            person,
            announcement,
            Right.WRITE,
            EventDeed.SUBMITTED,
            lambda before, now: approval.submit(before, person.id, now),
            reason=" ".join(acknowledged),
        )
        await self._studio.want(announcement)
        return await self._look(person, announcement)

    async def approve(
        self, person: Person, announcement: AnnouncementId, seen: str, heard: str | None = None
    ) -> AnnouncementView:
        return await self._deed(
            person,
            announcement,
            Right.APPROVE,
            EventDeed.APPROVED,
            lambda before, now: approval.approve(before, person.id, seen, now),
            heard=heard,
        )

    async def send_back(self, person: Person, announcement: AnnouncementId, reason: str) -> AnnouncementView:
        return await self._deed(
            person,
            announcement,
            Right.APPROVE,
            EventDeed.SENT_BACK,
            lambda before, now: approval.send_back(before, person.id, reason, now),
            reason=reason.strip(),
        )

    async def render_now(self, person: Person, announcement: AnnouncementId) -> Rendering:
        kept = await kept_item(self._room, person, announcement, Right.READ)
        await self._studio.want(kept.announcement.id)
        return item_rendering(await kept_item(self._room, person, announcement, Right.READ), self._studio)

    async def _deed(
        self,
        person: Person,
        announcement: AnnouncementId,
        right: Right,
        deed: EventDeed,
        change: Change,
        reason: str = "",
        heard: str | None = None,
    ) -> AnnouncementView:
        """Decide on what the store holds at that very moment (S77: two at once give one outcome)."""
        await kept_item(self._room, person, announcement, right)
        now = self._room.clock.now()
        with told_as_problems():
            await self._room.db.write(change_kept, announcement, change, person, deed, reason, now, heard)
        self._room.signals.tell(Topic.ANNOUNCEMENT, announcement)
        self._room.signals.wake(Wake.PLANNER)
        return await self._look(person, announcement)

    def _announcement(self, person: Person, draft: Draft, now: datetime) -> Announcement:
        return Announcement(
            id=AnnouncementId(f"b-{secrets.token_hex(8)}"),
            area=draft.area,
            title=_clean("title", draft.title),
            text=_clean("text", draft.text),
            bulletin_class=draft.bulletin_class,
            targets=draft.targets,
            groups=draft.groups,
            late=draft.late,
            timing=draft.timing,
            valid_from=draft.valid_from or now.replace(microsecond=0),
            expires_at=draft.expires_at,
            repeat=draft.repeat,
            author=person.id,
        )

    async def _check_groups(self, draft: Draft) -> None:
        """Groups of the item's own ground only; what lies elsewhere is answered as if it did not exist."""
        for name in draft.groups:
            found = await self._room.db.read(groups.get, GroupId(name))
            area = None if found is None or found.deleted_at is not None else found.area
            if area is None or not self._room.tree.descends(area, draft.area):
                raise _field("groups", "Có nhóm loa không còn nữa.", "A group does not exist any more.")

    def _checked(self, announcement: Announcement, now: datetime) -> Announcement:
        """Raises Invalid for what may not be kept, Problem for ground that is not its own."""
        if announcement.bulletin_class is BulletinClass.EMERGENCY:
            raise _field(
                "bulletin_class",
                "Tin khẩn cấp được phát ở trang Khẩn cấp.",
                "Emergencies have their own page.",
            )
        for target in announcement.targets:
            if target not in self._room.tree or not self._room.tree.descends(target, announcement.area):
                raise _field(
                    "targets", "Nơi phát nằm ngoài địa bàn của bài.", "A target lies outside its area."
                )
        if faults := validate(announcement, now, self._room.quiet_at(announcement.targets)):
            raise Invalid(faults)
        return announcement


def _clean(field: str, text: str) -> str:
    try:
        return clean_text(text)
    except TextRefused as refused:
        fault = Fault(field=field, code=refused.code, vi=refused.vi, en=refused.en)
        raise Invalid((fault,)) from refused


def _changes(draft: Draft, before: Announcement) -> Changes:
    return Changes(
        title=_clean("title", draft.title),
        text=_clean("text", draft.text),
        bulletin_class=draft.bulletin_class,
        targets=draft.targets,
        groups=draft.groups,
        late=draft.late,
        timing=draft.timing,
        valid_from=draft.valid_from or before.valid_from,
        expires_at=draft.expires_at,
        repeat=draft.repeat,
    )


def _field(field: str, vi: str, en: str) -> Problem:
    return Problem("E_FIELD", field=field, vi=vi, en=en)


def _add(conn: Conn, fresh: Announcement, person: Person, now: datetime) -> None:
    announcements.add(conn, fresh, now)
    announcements.note(conn, fresh, person.id, EventDeed.WROTE, now)
    audited(conn, fresh, person.id, EventDeed.WROTE, now)


def change_kept(
    conn: Conn,
    announcement: AnnouncementId,
    change: Change,
    person: Person,
    deed: EventDeed,
    reason: str,
    now: datetime,
    heard: str | None = None,
) -> None:
    """One deed on what the store holds at that very moment; nothing where it changes nothing."""
    kept = announcements.get(conn, announcement)
    if kept is None:
        raise missing()
    if heard is not None and heard != kept.sound.wanted:
        # the place's lexicon has changed meanwhile: nobody has heard how it is read now
        raise Problem("E_CHANGED", field="heard")
    after = change(kept.announcement, now)
    if after == kept.announcement:
        return
    if not announcements.save(conn, after, now, expected=kept.announcement):
        raise stale()
    if _heard(after) != _heard(kept.announcement):
        announcements.save_sound(conn, announcement, Sound())
    announcements.note(conn, after, person.id, deed, now, reason)
    audited(conn, after, person.id, deed, now, reason)


def _heard(a: Announcement) -> tuple[str, int]:
    """What its sound is made of."""
    return a.recording or a.text, a.repeat


def audited(
    conn: Conn, a: Announcement, who: PersonId, deed: EventDeed, now: datetime, reason: str = ""
) -> None:
    """One deed on a bài in the audit, in its transaction."""
    facts: dict[str, audit.Fact] = {
        "area": a.area,
        "revision": a.revision,
        "state": a.state.value,
        "hash": content_hash(a),
    }
    if a.recording is not None:
        facts["recording"] = a.recording
    if reason:
        facts["reason"] = reason
    audit.append(conn, now, who, f"announcement.{deed.value}", a.id, facts)
