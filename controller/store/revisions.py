"""The history of a thing that people change: each revision with what stood before it and after it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from controller.store.database import Row
from controller.store.instants import from_text, to_text
from schedules.announcement import PersonId

T = TypeVar("T")


class RevisionDeed(StrEnum):
    """What somebody did to it."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision(Generic[T]):
    """One change: ``before`` is None for a new thing, ``after`` for one that was taken away; never both."""

    n: int
    at: datetime
    who: PersonId
    deed: RevisionDeed
    before: T | None
    after: T | None

    @property
    def thing(self) -> T:
        """What it is about, as it stands or last stood."""
        return thing_of(self.before, self.after)


def seen_of(newest: Revision[T] | None) -> int:
    """The number that names the state which a change starts from."""
    return 0 if newest is None else newest.n


def undo_of(newest: Revision[T] | None) -> RevisionDeed | None:
    """The deed that may be taken back; an undoing may not."""
    return None if newest is None or newest.deed is RevisionDeed.UNDONE else newest.deed


def thing_of(before: T | None, after: T | None) -> T:
    """What a change is about: as it is now, or as it last was."""
    found = before if after is None else after
    if found is None:
        raise ValueError("a change of nothing")
    return found


def revision_row(
    deed: RevisionDeed,
    before: T | None,
    after: T | None,
    who: PersonId,
    now: datetime,
    text: Callable[[T], str],
) -> Row:
    """The columns that every history has; ``text`` writes the thing down."""
    return {
        "at": to_text(now),
        "who": who,
        "deed": deed.value,
        "before": None if before is None else text(before),
        "after": None if after is None else text(after),
    }


def revision(row: Row, thing: Callable[[str], T]) -> Revision[T]:
    """One row of a history; ``thing`` reads what was written of it."""
    return Revision(
        n=row["n"],
        at=from_text(row["at"]),
        who=PersonId(row["who"]),
        deed=RevisionDeed(row["deed"]),
        before=None if row["before"] is None else thing(row["before"]),
        after=None if row["after"] is None else thing(row["after"]),
    )
