"""What communes chose about items from above: append-only deeds, of which the newest stands."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.store.announcements import Kept, kept_from
from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, first, insert, marks, rows
from controller.store.instants import from_text, maybe_from, maybe_text, to_text
from schedules.announcement import AnnouncementId, AreaCode, PersonId
from schedules.reach import Choice, Chosen
from schedules.recurrence import timing_from_json, timing_to_json

_NEWEST = "SELECT MAX(n) FROM intake GROUP BY item, revision, commune"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One deed of a commune; ``n`` is what a later one must have seen."""

    n: int
    chosen: Chosen
    reason: str
    who: PersonId


def note(conn: Conn, chosen: Chosen, who: PersonId, reason: str = "") -> None:
    """One deed, in the transaction of whoever did it."""
    insert(
        conn,
        "intake",
        {
            "item": chosen.item,
            "revision": chosen.revision,
            "commune": chosen.commune,
            "state": chosen.choice.value,
            "timing": None if chosen.timing is None else json.dumps(timing_to_json(chosen.timing)),
            "not_before": maybe_text(chosen.not_before),
            "reason": reason,
            "who": who,
            "at": to_text(chosen.at),
        },
    )


def standing(conn: Conn, items: Iterable[AnnouncementId]) -> dict[AnnouncementId, tuple[Answer, ...]]:
    """The newest answer of every commune about each revision of these items, by commune."""
    ids = tuple(items)
    sql = f"SELECT * FROM intake WHERE item IN ({marks(len(ids))}) AND n IN ({_NEWEST}) ORDER BY commune, n"
    found: dict[AnnouncementId, tuple[Answer, ...]] = {}
    for row in rows(conn, sql, *ids):
        answer = _answer(row)
        found[answer.chosen.item] = (*found.get(answer.chosen.item, ()), answer)
    return found


def last(conn: Conn, item: AnnouncementId, revision: int, commune: AreaCode) -> Answer | None:
    """The newest deed of one commune about one revision."""
    row = first(
        conn,
        "SELECT * FROM intake WHERE item = ? AND revision = ? AND commune = ? ORDER BY n DESC LIMIT 1",
        item,
        revision,
        commune,
    )
    return None if row is None else _answer(row)


def accepted(conn: Conn, until_after: datetime) -> tuple[Chosen, ...]:
    """Every standing acceptance of what is approved and still true after an instant, in order."""
    sql = (
        f"SELECT intake.* FROM intake JOIN announcement ON announcement.id = item"
        f" WHERE intake.state = 'accepted' AND announcement.state = 'approved' AND expires_at > ?"
        f" AND intake.revision = announcement.revision AND intake.n IN ({_NEWEST}) ORDER BY item, commune"
    )
    return tuple(_answer(row).chosen for row in rows(conn, sql, to_text(until_after)))


def from_above(conn: Conn, above: Iterable[AreaCode], until_after: datetime) -> tuple[Kept, ...]:
    """The ordinary items in force of these higher areas, newest first; corrections go their own way."""
    codes = tuple(above)
    sql = (
        "SELECT * FROM announcement WHERE state = 'approved' AND bulletin_class = 'normal' AND expires_at > ?"
        f" AND area IN ({marks(len(codes))}) AND id NOT IN (SELECT announcement FROM correction)"
        " ORDER BY updated_at DESC, n DESC"
    )
    return tuple(kept_from(row) for row in rows(conn, sql, to_text(until_after), *codes))


def aired(conn: Conn, item: AnnouncementId, area: AreaCode) -> int:
    """How many deliveries of an item in an area were heard or at least played."""
    row = first(
        conn,
        f"{BRANCH} SELECT COUNT(*) AS n FROM delivery JOIN branch ON delivery.area = branch.code"
        " JOIN occurrence ON occurrence.id = subject"
        " WHERE item = ? AND verdict IN ('aired', 'aired_late', 'partial')",
        area,
        item,
    )
    return 0 if row is None else int(row["n"])


def _answer(row: Row) -> Answer:
    timing = None if row["timing"] is None else timing_from_json(json.loads(row["timing"]))
    return Answer(
        n=row["n"],
        chosen=Chosen(
            item=AnnouncementId(row["item"]),
            revision=row["revision"],
            commune=AreaCode(row["commune"]),
            choice=Choice(row["state"]),
            at=from_text(row["at"]),
            timing=timing,
            not_before=maybe_from(row["not_before"]),
        ),
        reason=row["reason"],
        who=PersonId(row["who"]),
    )
