"""The secret addresses under which calendar programs read an area's week."""

from dataclasses import dataclass
from datetime import datetime

from controller.store.database import Conn, Row, changed, first, insert
from controller.store.instants import from_text, maybe_from, to_text
from schedules.announcement import AreaCode, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAddress:
    """One secret of one area; a revoked one opens nothing and never comes back."""

    n: int
    area: AreaCode
    secret: str
    made_by: PersonId
    made_at: datetime
    revoked_at: datetime | None


def make(conn: Conn, area: AreaCode, secret: str, who: PersonId, now: datetime) -> None:
    """A new address; sqlite3.IntegrityError while another of that area is in use."""
    insert(conn, "feed_address", {"area": area, "secret": secret, "made_by": who, "made_at": to_text(now)})


def revoke(conn: Conn, area: AreaCode, now: datetime) -> int:
    """The area has no address any more; how many it had."""
    sql = "UPDATE feed_address SET revoked_at = ? WHERE area = ? AND revoked_at IS NULL"
    return changed(conn, sql, to_text(now), area)


def in_use(conn: Conn, area: AreaCode) -> FeedAddress | None:
    """The address of an area that opens its week now."""
    row = first(conn, "SELECT * FROM feed_address WHERE area = ? AND revoked_at IS NULL", area)
    return None if row is None else _address(row)


def opened(conn: Conn, secret: str) -> FeedAddress | None:
    """What a secret opens now."""
    row = first(conn, "SELECT * FROM feed_address WHERE secret = ? AND revoked_at IS NULL", secret)
    return None if row is None else _address(row)


def last_n(conn: Conn, area: AreaCode) -> int:
    """The newest address that the area ever had; 0 before the first."""
    row = first(conn, "SELECT COALESCE(MAX(n), 0) AS n FROM feed_address WHERE area = ?", area)
    return 0 if row is None else int(row["n"])


def _address(row: Row) -> FeedAddress:
    return FeedAddress(
        n=row["n"],
        area=AreaCode(row["area"]),
        secret=row["secret"],
        made_by=PersonId(row["made_by"]),
        made_at=from_text(row["made_at"]),
        revoked_at=maybe_from(row["revoked_at"]),
    )
