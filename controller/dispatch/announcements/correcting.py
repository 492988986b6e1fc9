"""Đính chính: a bài that puts a wrong one right, begun for its author from what was heard of that one."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from controller.access import Person, Right
from controller.dispatch.forms.items import AnnouncementView, Draft
from controller.dispatch.items import kept_item
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic
from controller.errors import Problem
from controller.store import announcements, audit, corrections
from controller.store.announcements import EventDeed
from controller.store.corrections import Correction
from controller.store.database import Conn
from schedules.announcement import TITLE_LIMIT, Announcement, AnnouncementId, BulletinClass, State
from schedules.calendar import local
from schedules.recurrence import AfterApproval

LIFE = timedelta(days=7)
"""How long a node that was away may still be told."""
TITLE = "Đính chính: "

Look = Callable[[Person, AnnouncementId], Awaitable[AnnouncementView]]


class Correcting:
    """Where and when of a correction are not chosen: they follow from who played the wrong one."""

    def __init__(self, room: Room, look: Look) -> None:
        self._room = room
        self._look = look

    async def write(self, person: Person, wrong: AnnouncementId) -> AnnouncementView:
        """The draft of a correction; the one that is being worked on where there is one already.

        409 ``E_STATE`` while nobody has heard anything of the wrong one.
        """
        room = self._room
        found = await kept_item(room, person, wrong, Right.WRITE)
        now = room.clock.now()
        correction = await room.db.write(_begin, found.announcement, person, now)
        room.signals.tell(Topic.ANNOUNCEMENT, correction)
        return await self._look(person, correction)


def opening_words(title: str, airings: tuple[datetime, ...]) -> str:
    """What is customarily said first: which bài, and when it was heard."""
    first, last = local(airings[0]), local(airings[-1])
    if first == last:
        when = f"phát lúc {first:%H:%M} ngày {first:%d/%m/%Y}"
    elif first.date() == last.date():
        when = f"phát từ {first:%H:%M} đến {last:%H:%M} ngày {last:%d/%m/%Y}"
    else:
        when = f"phát từ {first:%H:%M} ngày {first:%d/%m/%Y} đến {last:%H:%M} ngày {last:%d/%m/%Y}"
    return f"Đính chính bản tin “{title}” {when}."


def check_content(correction: Correction | None, before: Announcement, draft: Draft) -> None:
    """A correction keeps its opening, its class, and goes where and when the wrong one was heard."""
    if correction is None:
        return
    if (draft.bulletin_class, draft.timing, draft.targets) != (
        before.bulletin_class,
        before.timing,
        before.targets,
    ):
        raise Problem(
            "E_CORRECTION",
            field="targets",
            vi="Bài đính chính được phát ưu tiên, ngay sau khi duyệt, trên đúng các cụm loa đã phát bài sai.",
            en="A correction is heard with priority, right after its approval, by exactly the nodes that"
            " played the wrong item.",
        )
    if not draft.text.strip().startswith(correction.opening):
        raise Problem(
            "E_CORRECTION",
            field="text",
            vi=f"Xin giữ câu mở đầu: “{correction.opening}”",
            en=f"Keep the opening sentence: “{correction.opening}”",
        )


def check_said(correction: Correction | None, a: Announcement) -> None:
    """More than the opening: what was wrong, and what is right."""
    if correction is not None and a.recording is None and a.text.strip() == correction.opening:
        raise Problem(
            "E_CORRECTION",
            field="text",
            vi="Xin viết tiếp sau câu mở đầu: nội dung đúng là gì.",
            en="Go on after the opening sentence: what is right.",
        )


def _begin(conn: Conn, wrong: Announcement, person: Person, now: datetime) -> AnnouncementId:
    for known in corrections.of_wrong(conn, wrong.id):
        kept = announcements.get(conn, known.announcement)
        if kept is not None and kept.announcement.state is not State.APPROVED:
            return known.announcement
    airings = corrections.airings(conn, wrong.id)
    if not airings:
        raise Problem(
            "E_STATE",
            vi="Chưa cụm loa nào phát bài này, nên không có gì để đính chính. Xin sửa hoặc thu hồi bài.",
            en="No node has played this item, so there is nothing to correct. Edit or withdraw it.",
        )
    opening = opening_words(wrong.title, airings)
    fresh = Announcement(
        id=AnnouncementId(f"b-{secrets.token_hex(8)}"),
        area=wrong.area,
        title=f"{TITLE}{wrong.title.removeprefix(TITLE)}"[:TITLE_LIMIT].strip(),
        text=opening,
        bulletin_class=BulletinClass.PRIORITY,
        targets=wrong.targets or (wrong.area,),
        timing=AfterApproval(),
        valid_from=now.replace(microsecond=0),
        expires_at=now.replace(microsecond=0) + LIFE,
        repeat=1,
        author=person.id,
    )
    announcements.add(conn, fresh, now)
    announcements.note(conn, fresh, person.id, EventDeed.WROTE, now)
    corrections.add(conn, Correction(announcement=fresh.id, wrong=wrong.id, opening=opening, written_at=now))
    facts: dict[str, audit.Fact] = {"area": fresh.area, "wrong": wrong.id, "opening": opening}
    audit.append(conn, now, person.id, "correction.begun", fresh.id, facts)
    return fresh.id
