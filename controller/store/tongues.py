"""What is understood around the nodes of an area, as it was changed: each deed with what stood before it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Conn, changed, first, insert
from controller.store.instants import from_text, to_text
from devices.messages import NodeId
from schedules.announcement import AreaCode, PersonId

Lists = Mapping[NodeId, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One change of some nodes; ``undone`` once it was taken back."""

    n: int
    area: AreaCode
    at: datetime
    who: PersonId
    before: Lists
    after: Lists
    undone: bool


def note(conn: Conn, area: AreaCode, who: PersonId, before: Lists, after: Lists, at: datetime) -> None:
    """One more deed, in its own transaction."""
    row = {"area": area, "at": to_text(at), "who": who, "before": _text(before), "after": _text(after)}
    insert(conn, "tongues_deed", row)


def last(conn: Conn, area: AreaCode) -> Deed | None:
    """The newest deed of an area."""
    row = first(conn, "SELECT * FROM tongues_deed WHERE area = ? ORDER BY n DESC LIMIT 1", area)
    if row is None:
        return None
    return Deed(
        n=row["n"],
        area=AreaCode(row["area"]),
        at=from_text(row["at"]),
        who=PersonId(row["who"]),
        before=_lists(row["before"]),
        after=_lists(row["after"]),
        undone=bool(row["undone"]),
    )


def mark_undone(conn: Conn, deed: Deed) -> None:
    """It was taken back."""
    changed(conn, "UPDATE tongues_deed SET undone = 1 WHERE n = ?", deed.n)


def _text(lists: Lists) -> str:
    return json.dumps({node: list(languages) for node, languages in lists.items()})


def _lists(text: str) -> Lists:
    return {NodeId(node): tuple(languages) for node, languages in json.loads(text).items()}
