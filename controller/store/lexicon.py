"""How a place's own words are read: its lines, its region, and who changed them."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from controller.store.database import Conn, Row, changed, first, insert, rows
from controller.store.folding import fold
from controller.store.instants import from_text, to_text
from schedules.announcement import AreaCode, PersonId
from tts.normalize import Reading
from tts.reading.regions import Region

_UP = """
WITH RECURSIVE up (code, parent, far) AS (
    SELECT code, parent, 0 FROM area WHERE code = ?
    UNION ALL
    SELECT area.code, area.parent, far + 1 FROM area JOIN up ON area.code = up.parent
)
"""


class LexiconDeed(StrEnum):
    """What somebody did to a lexicon."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    IMPORTED = "imported"
    REGION = "region"
    UNDID = "undid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a place's lexicon; ``written`` is unique there."""

    area: AreaCode
    written: str
    reading: str
    priority: int
    note: str
    revision: int
    changed_by: PersonId
    changed_at: datetime

    def as_reading(self) -> Reading:
        return Reading(written=self.written, reading=self.reading, priority=self.priority)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a line says, whoever wrote it."""

    written: str
    reading: str
    priority: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One step of a deed; None where there was, or is, no such line. A region is a step without a line."""

    before: Line | None = None
    after: Line | None = None
    region_before: Region | None = None
    region_after: Region | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One deed in a lexicon's history."""

    id: str
    area: AreaCode
    at: datetime
    who: PersonId
    deed: LexiconDeed
    changes: tuple[Changed, ...]
    undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """How words are read in a place: its lines and those it inherits, and whose words for numbers."""

    lines: tuple[Reading, ...] = ()
    region: Region = Region.NORTH


USUAL = Own()
"""As everywhere."""


def of_area(conn: Conn, area: AreaCode) -> tuple[Entry, ...]:
    """The lines of one place, what goes first first, then by the alphabet without accents."""
    sql = "SELECT * FROM lexicon_entry WHERE area = ? ORDER BY priority DESC, folded, written"
    return tuple(_entry(row) for row in rows(conn, sql, area))


def get(conn: Conn, area: AreaCode, written: str) -> Entry | None:
    """One line."""
    row = first(conn, "SELECT * FROM lexicon_entry WHERE area = ? AND written = ?", area, written)
    return None if row is None else _entry(row)


def count(conn: Conn, area: AreaCode) -> int:
    """How many lines a place has."""
    row = first(conn, "SELECT COUNT(*) AS n FROM lexicon_entry WHERE area = ?", area)
    return 0 if row is None else int(row["n"])


def inherited(conn: Conn, area: AreaCode) -> tuple[Entry, ...]:
    """What holds from the places above, the nearest first; what the place says itself is left out."""
    return tuple(entry for entry in _in_force(conn, area) if entry.area != area)


def own_region(conn: Conn, area: AreaCode) -> Region | None:
    """The region that the place chose itself."""
    row = first(conn, "SELECT region FROM lexicon_place WHERE area = ?", area)
    return None if row is None or row["region"] is None else Region(row["region"])


def own(conn: Conn, area: AreaCode) -> Own:
    """How words are read in a place; of two lines for the same letters the nearer place's holds."""
    return Own(lines=tuple(entry.as_reading() for entry in _in_force(conn, area)), region=region(conn, area))


def region(conn: Conn, area: AreaCode) -> Region:
    """The nearest choice going up the tree; where nobody chose, the usual."""
    sql = (
        f"{_UP} SELECT region FROM up JOIN lexicon_place ON area = up.code"
        " WHERE region IS NOT NULL ORDER BY far LIMIT 1"
    )
    row = first(conn, sql, area)
    return Region.NORTH if row is None else Region(row["region"])


def put(conn: Conn, area: AreaCode, line: Line, who: PersonId, now: datetime) -> None:
    """Write one line; raises sqlite3.IntegrityError where the lexicon is full."""
    held = get(conn, area, line.written)
    row = {
        "reading": line.reading,
        "priority": line.priority,
        "note": line.note,
        "changed_by": who,
        "changed_at": to_text(now),
    }
    if held is None:
        made = {"area": area, "written": line.written, "folded": fold(f"{line.written} {line.reading}")}
        insert(conn, "lexicon_entry", {**made, **row, "revision": 1})
        return
    changed(
        conn,
        "UPDATE lexicon_entry SET reading = ?, priority = ?, note = ?, changed_by = ?, changed_at = ?,"
        " folded = ?, revision = revision + 1 WHERE area = ? AND written = ?",
        *row.values(),
        fold(f"{line.written} {line.reading}"),
        area,
        line.written,
    )


def remove(conn: Conn, area: AreaCode, written: str) -> bool:
    """Take one line away; False where there is none."""
    return changed(conn, "DELETE FROM lexicon_entry WHERE area = ? AND written = ?", area, written) == 1


def set_region(conn: Conn, area: AreaCode, chosen: Region | None) -> None:
    """The place's own choice; None takes what the places above chose."""
    changed(
        conn,
        "INSERT INTO lexicon_place (area, region, changed, reread) VALUES (?, ?, 1, 0)"
        " ON CONFLICT (area) DO UPDATE SET region = excluded.region",
        area,
        None if chosen is None else chosen.value,
    )


def note(conn: Conn, done: Done) -> None:
    """One deed of the history, in its transaction; from now on sounds wait to be looked at."""
    insert(
        conn,
        "lexicon_deed",
        {
            "id": done.id,
            "area": done.area,
            "at": to_text(done.at),
            "who": done.who,
            "deed": done.deed.value,
            "changes": json.dumps([asdict(one) for one in done.changes], ensure_ascii=False),
        },
    )
    changed(
        conn,
        "INSERT INTO lexicon_place (area, region, changed, reread) VALUES (?, NULL, 1, 0)"
        " ON CONFLICT (area) DO UPDATE SET changed = changed + 1",
        done.area,
    )


def versions(conn: Conn) -> tuple[tuple[AreaCode, int], ...]:
    """How often each place's lexicon was changed: equal as long as nothing is read otherwise."""
    found = rows(conn, "SELECT area, changed FROM lexicon_place ORDER BY area")
    return tuple((AreaCode(row["area"]), int(row["changed"])) for row in found)


def done(conn: Conn, deed: str) -> Done | None:
    """One deed."""
    row = first(conn, "SELECT * FROM lexicon_deed WHERE id = ?", deed)
    return None if row is None else _done(row)


def last_done(conn: Conn, area: AreaCode) -> Done | None:
    """The newest deed in a place."""
    row = first(conn, "SELECT * FROM lexicon_deed WHERE area = ? ORDER BY n DESC LIMIT 1", area)
    return None if row is None else _done(row)


def mark_undone(conn: Conn, deed: str) -> None:
    """It is undone, and can't be undone again."""
    changed(conn, "UPDATE lexicon_deed SET undone = 1 WHERE id = ?", deed)


def _in_force(conn: Conn, area: AreaCode) -> tuple[Entry, ...]:
    sql = (
        f"{_UP} SELECT lexicon_entry.*, far FROM up JOIN lexicon_entry ON area = up.code"
        " ORDER BY far, priority DESC, folded, written"
    )
    nearest: dict[str, int] = {}
    found: list[Entry] = []
    for row in rows(conn, sql, area):
        # a line in small letters is found in any case, so the place nearest by speaks for all of them
        if nearest.setdefault(row["written"].casefold(), row["far"]) == row["far"]:
            found.append(_entry(row))
    return tuple(found)


def _entry(row: Row) -> Entry:
    return Entry(
        area=AreaCode(row["area"]),
        written=row["written"],
        reading=row["reading"],
        priority=row["priority"],
        note=row["note"],
        revision=row["revision"],
        changed_by=PersonId(row["changed_by"]),
        changed_at=from_text(row["changed_at"]),
    )


def _done(row: Row) -> Done:
    return Done(
        id=row["id"],
        area=AreaCode(row["area"]),
        at=from_text(row["at"]),
        who=PersonId(row["who"]),
        deed=LexiconDeed(row["deed"]),
        changes=tuple(_changed(one) for one in json.loads(row["changes"])),
        undone=bool(row["undone"]),
    )


def _changed(facts: Row) -> Changed:
    before, after = facts["before"], facts["after"]
    was, became = facts["region_before"], facts["region_after"]
    return Changed(
        before=None if before is None else Line(**before),
        after=None if after is None else Line(**after),
        region_before=None if was is None else Region(was),
        region_after=None if became is None else Region(became),
    )
