"""The life of a bài for its page: written, handed in, approved, planned, heard, taken back, put right."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.access import Person, Right, may
from controller.dispatch.forms.items import Correcting
from controller.dispatch.items import kept_item
from controller.dispatch.room import Room
from controller.store import announcements, corrections, lives, people, withdrawals
from controller.store.announcements import Event, EventDeed
from controller.store.corrections import Correction
from controller.store.database import Conn
from controller.store.lives import Ahead, Aired
from schedules.announcement import Announcement, AnnouncementId, PersonId, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Somebody did it then; ``reason`` where one was given."""

    who: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Another bài that this one puts right, or that puts this one right."""

    id: AnnouncementId
    title: str
    state: State
    aired: Aired
    asked: int
    """How many nodes played the wrong one: these are to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Everything that its strip shows; what has not come yet is None or empty."""

    state: State
    wrote: Deed | None
    submitted: Deed | None
    approved: Deed | None
    content_hash: str
    ahead: tuple[Ahead, ...]
    sounding: int
    aired: Aired
    withdrew: Deed | None
    stopped: bool
    corrections: tuple[Linked, ...]
    corrects: Linked | None
    opening: str
    may_correct: bool


class Lives:
    """Read-only, within the asker's branch."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def look(self, person: Person, announcement: AnnouncementId) -> Life:
        """404 ``E_NOT_FOUND`` outside the branch."""
        room = self._room
        kept = await kept_item(room, person, announcement, Right.READ)
        writes = may(person, Right.WRITE, kept.announcement.area, room.tree)
        return await room.db.read(_life, kept.announcement, writes, room.clock.now())

    async def last_played(self, items: Iterable[AnnouncementId]) -> dict[AnnouncementId, datetime]:
        """When each of these, which the asker has been shown, was played last."""
        return await self._room.db.read(lives.last_played, tuple(items))

    async def corrects(self, person: Person, announcement: AnnouncementId) -> Linked | None:
        """What a bài puts right, if anything."""
        return (await self.look(person, announcement)).corrects


def correcting_facts(conn: Conn, a: Announcement, now: datetime) -> Correcting:
    """What a list and the writing pages must know of it."""
    own = corrections.get(conn, a.id)
    taken = withdrawals.newest(conn, a.id) if a.state is State.WITHDRAWN else None
    return Correcting(
        wrong=None if own is None else own.wrong,
        opening="" if own is None else own.opening,
        asked=0 if own is None else len(corrections.played(conn, own.wrong)),
        corrected=corrections.is_corrected(conn, a.id),
        spent=taken is not None and not withdrawals.is_open(taken, now),
    )


def _life(conn: Conn, a: Announcement, writes: bool, now: datetime) -> Life:
    names = people.names(conn)
    history = announcements.history(conn, a.id)
    taken = withdrawals.newest(conn, a.id) if a.state is State.WITHDRAWN else None
    # what was withdrawn shows who had stood up for it
    approval = a.approval or (None if taken is None else taken.approval_before)
    own = corrections.get(conn, a.id)
    aired = lives.aired(conn, a.id)
    put_right = corrections.of_wrong(conn, a.id)
    linked = tuple(_linked(conn, one.announcement, a.id) for one in put_right)
    return Life(
        state=a.state,
        wrote=_deed(history, (EventDeed.WROTE, EventDeed.EDITED), names),
        submitted=_deed(history, (EventDeed.SUBMITTED,), names),
        approved=None
        if approval is None
        else Deed(who=names.get(approval.by, approval.by), at=approval.approved_at),
        content_hash="" if approval is None else approval.content_hash,
        ahead=lives.ahead(conn, a.id, now) if a.state is State.APPROVED else (),
        sounding=lives.sounding(conn, a.id),
        aired=aired,
        withdrew=None
        if taken is None
        else Deed(who=names.get(taken.who, taken.who), at=taken.at, reason=taken.reason),
        stopped=taken is not None and bool(taken.stopped),
        corrections=tuple(one for one in linked if one is not None),
        corrects=None if own is None else _linked(conn, own.wrong, own.wrong),
        opening="" if own is None else own.opening,
        may_correct=writes and aired.played > 0 and not _open(put_right, linked),
    )


def _open(found: tuple[Correction, ...], linked: tuple[Linked | None, ...]) -> bool:
    """One at a time: who wants to say more goes on with the one that is begun."""
    return any(one is not None and one.state is not State.APPROVED for one in linked) and bool(found)


def _linked(conn: Conn, other: AnnouncementId, wrong: AnnouncementId) -> Linked | None:
    kept = announcements.get(conn, other)
    if kept is None:
        return None
    a = kept.announcement
    return Linked(
        id=a.id,
        title=a.title,
        state=a.state,
        aired=lives.aired(conn, other),
        asked=len(corrections.played(conn, wrong)),
    )


def _deed(
    history: tuple[Event, ...], deeds: tuple[EventDeed, ...], names: dict[PersonId, str]
) -> Deed | None:
    last = next((event for event in reversed(history) if event.deed in deeds), None)
    return None if last is None else Deed(who=names.get(last.who, last.who), at=last.at, reason=last.reason)
