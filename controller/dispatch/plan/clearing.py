"""What is over leaves the broker: a node that comes back meets the days ahead, not the year behind."""

from datetime import datetime, timedelta

from controller.dispatch.outbox import clearing_letter
from controller.dispatch.room import Room
from controller.dispatch.signals import Wake
from controller.store import documents, outbox
from controller.store.database import Conn

REST = timedelta(hours=1)
"""After its expiry: a node's clock may be a little behind, and nobody is in a hurry."""
LOOK_EVERY = timedelta(hours=1)
AT_ONCE = 250


class Clearer:
    """Programmes of days and waves long past are retained by the broker until somebody clears them."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def turn(self) -> datetime:
        """Take away what is over, in portions; returns when to look again."""
        room = self._room
        now = room.clock.now()
        if not await room.db.read(documents.over, now - REST, 1):
            return now + LOOK_EVERY
        cleared = await room.db.write(self._clear, now)
        room.signals.wake(Wake.SENDER)
        return now if cleared == AT_ONCE else now + LOOK_EVERY

    def _clear(self, conn: Conn, now: datetime) -> int:
        over = documents.over(conn, now - REST, AT_ONCE)
        for document in over:
            documents.retire(conn, document.topic, now)
            outbox.post(conn, clearing_letter(document, now))
        return len(over)
