"""The week of one area under a secret address, for calendar programs that can't log in."""

import secrets
from collections import deque
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from controller.access import Person, Right, may
from controller.dispatch.refusals import allow, missing, stale
from controller.dispatch.room import Room
from controller.dispatch.sessions.weeks import DayPlan, Weeks, local_day, monday
from controller.errors import Problem
from controller.store import audit, feeds
from controller.store.database import Conn
from schedules.announcement import AreaCode
from schedules.area import LEVELS, Level

DAYS = 21
MOST_ASKS = 60
ASKS_WITHIN = timedelta(minutes=10)
MOST_ASKERS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressView:
    """The address of an area's week, or that there is none; ``seen`` is what a change must bring along."""

    area: AreaCode
    secret: str | None
    seen: int
    may_change: bool


class Feeds:
    """Whoever holds an address reads that week and nothing else; whoever may write there changes it.

    ``open`` takes 60 questions in ten minutes from one place, right and wrong ones together: 429
    ``E_TOO_MANY``. A wrong secret is a 404 like any other page that is not there.
    """

    def __init__(self, room: Room, weeks: Weeks) -> None:
        self._room = room
        self._weeks = weeks
        self._asked: dict[str, deque[datetime]] = {}

    async def address(self, person: Person, area: AreaCode) -> AddressView:
        """What the page shows."""
        allow(person, Right.READ, area, self._room.tree)
        held = await self._room.db.read(feeds.in_use, area)
        return AddressView(
            area=area,
            secret=None if held is None else held.secret,
            seen=await self._room.db.read(feeds.last_n, area),
            may_change=may(person, Right.WRITE, area, self._room.tree),
        )

    async def renew(self, person: Person, area: AreaCode, *, seen: int) -> None:
        """A new address; the old one opens nothing from now on. 412 ``E_STALE`` where somebody was faster."""
        tree = self._room.tree
        allow(person, Right.WRITE, area, tree)
        if LEVELS.index(tree.area(area).level) < LEVELS.index(Level.COMMUNE):
            raise Problem("E_FIELD", field="noi")
        now = self._room.clock.now()

        def deed(conn: Conn) -> None:
            _as_seen(conn, area, seen)
            feeds.revoke(conn, area, now)
            feeds.make(conn, area, secrets.token_urlsafe(32), person.id, now)
            audit.append(conn, now, person.id, "feed.renewed", area, {"area": area})

        await self._room.db.write(deed)

    async def revoke(self, person: Person, area: AreaCode, *, seen: int) -> None:
        """No address any more; once more changes nothing."""
        allow(person, Right.WRITE, area, self._room.tree)
        now = self._room.clock.now()

        def deed(conn: Conn) -> None:
            _as_seen(conn, area, seen)
            if feeds.revoke(conn, area, now):
                audit.append(conn, now, person.id, "feed.revoked", area, {"area": area})

        await self._room.db.write(deed)

    async def open(self, secret: str, asker: str) -> tuple[AreaCode, tuple[DayPlan, ...]]:
        """The area and three weeks of it: the last, this and the next."""
        now = self._room.clock.now()
        self._admit(asker, now)
        held = await self._room.db.read(feeds.opened, secret)
        if held is None or held.area not in self._room.tree:
            raise missing()
        return held.area, await self._weeks.days(held.area, _first(now), DAYS)

    def _admit(self, asker: str, now: datetime) -> None:
        if len(self._asked) >= MOST_ASKERS and asker not in self._asked:
            self._asked = {who: asks for who, asks in self._asked.items() if asks[-1] > now - ASKS_WITHIN}
            if len(self._asked) >= MOST_ASKERS:
                raise Problem("E_TOO_MANY", retry_after=int(ASKS_WITHIN.total_seconds()))
        asks = self._asked.setdefault(asker, deque(maxlen=MOST_ASKS))
        if len(asks) == MOST_ASKS and (wait := asks[0] + ASKS_WITHIN - now) > timedelta():
            raise Problem("E_TOO_MANY", retry_after=int(wait.total_seconds()) + 1)
        asks.append(now)


def _first(now: datetime) -> date:
    return monday(local_day(now)) - timedelta(days=7)


def _as_seen(conn: Conn, area: AreaCode, seen: int) -> None:
    if feeds.last_n(conn, area) != seen:
        raise stale()
