"""The item that somebody asks for, if it is theirs to see."""

from controller.access import Person, Right
from controller.dispatch.refusals import allow, missing
from controller.dispatch.room import Room
from controller.store import announcements
from controller.store.announcements import Kept
from schedules.announcement import AnnouncementId


async def kept_item(room: Room, person: Person, item: AnnouncementId, right: Right) -> Kept:
    """As it is kept. 404 ``E_NOT_FOUND`` outside the person's branch, 403 ``E_RIGHT`` without the right."""
    kept = await room.db.read(announcements.get, item)
    if kept is None:
        raise missing()
    allow(person, right, kept.announcement.area, room.tree)
    return kept
