"""Where stations are relayed from: each area's ordered list, its filler, and how each address fared last."""

import json
from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Conn, Row, changed, first, insert, rows, upsert
from controller.store.instants import from_text, to_text
from controller.streams.choosing import Health
from schedules.announcement import AreaCode, PersonId

MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySource:
    """One address and what people call it."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayList:
    """An area's sources in the order in which they are believed; ``version`` 0: nobody has made one yet.

    ``filler`` is the clip that sounds where no source does. ``before`` is what the last change found.
    """

    area: AreaCode
    version: int = 0
    sources: tuple[RelaySource, ...] = ()
    filler: str | None = None
    filler_name: str = ""
    changed_by: PersonId | None = None
    changed_at: datetime | None = None
    before: tuple[RelaySource, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How an address fared when it was tried."""

    url: str
    health: Health
    at: datetime
    why: str = ""
    level_dbfs: float | None = None


def get(conn: Conn, area: AreaCode) -> RelayList:
    """The area's own list; an empty one where there is none."""
    row = first(conn, "SELECT * FROM relay_list WHERE area = ?", area)
    return RelayList(area=area) if row is None else _list(conn, row)


def above(conn: Conn, chain: tuple[AreaCode, ...]) -> RelayList | None:
    """The list of the nearest area of the chain (the outermost first) that has any source."""
    for area in reversed(chain):
        found = get(conn, area)
        if found.sources:
            return found
    return None


def save(conn: Conn, listed: RelayList, by: PersonId, now: datetime, *, keep_before: bool = True) -> None:
    """Replace the list; what it was is kept for one step back."""
    was = get(conn, listed.area)
    before = json.dumps([[one.name, one.url] for one in was.sources]) if keep_before else ""
    upsert(
        conn,
        "relay_list",
        (
            {
                "area": listed.area,
                "version": listed.version,
                "filler": listed.filler,
                "filler_name": listed.filler_name,
                "changed_at": to_text(now),
                "changed_by": by,
                "before": before,
            },
        ),
        key="area",
    )
    changed(conn, "DELETE FROM relay_source WHERE area = ?", listed.area)
    if listed.sources:
        insert(
            conn,
            "relay_source",
            *(
                {"area": listed.area, "place": place, "name": one.name, "url": one.url}
                for place, one in enumerate(listed.sources)
            ),
        )


def note(conn: Conn, checked: Checked) -> None:
    """How an address fared now."""
    upsert(
        conn,
        "relay_health",
        (
            {
                "url": checked.url,
                "health": checked.health.value,
                "why": checked.why[:200],
                "level_dbfs": checked.level_dbfs,
                "checked_at": to_text(checked.at),
            },
        ),
        key="url",
    )


def last_checked(conn: Conn, urls: tuple[str, ...]) -> dict[str, Checked]:
    """How they fared last, by address."""
    found = {}
    for url in urls:
        row = first(conn, "SELECT * FROM relay_health WHERE url = ?", url)
        if row is not None:
            found[url] = Checked(
                url=url,
                health=Health(row["health"]),
                at=from_text(row["checked_at"]),
                why=row["why"],
                level_dbfs=row["level_dbfs"],
            )
    return found


def _list(conn: Conn, row: Row) -> RelayList:
    found = rows(conn, "SELECT name, url FROM relay_source WHERE area = ? ORDER BY place", row["area"])
    return RelayList(
        area=AreaCode(row["area"]),
        version=row["version"],
        sources=tuple(RelaySource(name=one["name"], url=one["url"]) for one in found),
        filler=row["filler"],
        filler_name=row["filler_name"],
        changed_by=PersonId(row["changed_by"]),
        changed_at=from_text(row["changed_at"]),
        before=tuple(RelaySource(name=name, url=url) for name, url in json.loads(row["before"]))
        if row["before"]
        else None,
    )
