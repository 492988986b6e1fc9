"""Optimistic concurrency with undo: what people change by revisions, from the newest one only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from controller.dispatch.refusals import stale
from controller.errors import Problem
from controller.store import audit
from controller.store.database import Conn
from controller.store.revisions import Revision, RevisionDeed, seen_of, thing_of
from schedules.announcement import PersonId

T = TypeVar("T")


class History(Protocol[T]):
    """A module of the store that keeps such things, each with its revisions."""

    def get(self, conn: Conn, subject: str, /) -> T | None: ...

    def save(self, conn: Conn, thing: T, /) -> None: ...

    def remove(self, conn: Conn, subject: str, /) -> None: ...

    def last_event(self, conn: Conn, subject: str, /) -> Revision[T] | None: ...

    def note(
        self,
        conn: Conn,
        deed: RevisionDeed,
        before: T | None,
        after: T | None,
        who: PersonId,
        now: datetime,
        /,
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised(Generic[T]):
    """Each call runs in the caller's transaction: the thing, its history, the audit.

    ``seen`` is the number of the revision that somebody looked at, 0 where there was none: 412 ``E_STALE``
    for an older one. ``kind`` names the thing in the audit, ``facts`` is what is told there of a change.
    """

    history: History[T]
    kind: Callable[[T], str]
    facts: Callable[[T | None, T | None], dict[str, audit.Fact]]

    def put(
        self, conn: Conn, subject: str, after: T | None, deed: RevisionDeed, who: PersonId, now: datetime
    ) -> None:
        """One more revision; None takes the thing away."""
        before = self.history.get(conn, subject)
        if after is None:
            self.history.remove(conn, subject)
        else:
            self.history.save(conn, after)
        self.history.note(conn, deed, before, after, who, now)
        kind = self.kind(thing_of(before, after))
        audit.append(conn, now, who, f"{kind}.{deed.value}", subject, self.facts(before, after))

    def change(
        self, conn: Conn, subject: str, after: T | None, seen: int, who: PersonId, now: datetime
    ) -> None:
        """Another instead of what stands; nothing where it stands already."""
        self._last(conn, subject, seen)
        before = self.history.get(conn, subject)
        if after == before:
            return
        deed = RevisionDeed.CHANGED if before is not None else RevisionDeed.ADDED
        self.put(conn, subject, after, RevisionDeed.REMOVED if after is None else deed, who, now)

    def undo(self, conn: Conn, subject: str, seen: int, who: PersonId, now: datetime) -> None:
        """What stood before the newest revision. 409 ``E_STATE`` where there is none to take back."""
        last = self._last(conn, subject, seen)
        if last is None or last.deed is RevisionDeed.UNDONE:
            raise Problem("E_STATE")
        self.put(conn, subject, last.before, RevisionDeed.UNDONE, who, now)

    def _last(self, conn: Conn, subject: str, seen: int) -> Revision[T] | None:
        last = self.history.last_event(conn, subject)
        if seen_of(last) != seen:
            raise stale()
        return last
