"""Which of two priority items goes first at one moment: what a commune answered, or that nobody did."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.store.database import Conn, Row, first, insert_once, rows, upsert
from controller.store.instants import from_text, to_text
from schedules.announcement import AnnouncementId, AreaCode, PersonId
from schedules.precedence import Moment, Precedence

ASKED_AHEAD = timedelta(days=31)
"""Nobody is asked about a moment further ahead than the plan reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One pair in the order that stands; ``who`` None: unanswered, the default was taken."""

    precedence: Precedence
    who: PersonId | None
    at: datetime


def answer(conn: Conn, order: Order) -> None:
    """What was answered about a pair takes the place of what stood."""
    upsert(conn, "precedence", (_row(order),), key="pair")


def default(conn: Conn, order: Order) -> bool:
    """Nobody answered in time; False where somebody had, or it was noted before."""
    return insert_once(conn, "precedence", _row(order), key="pair")


def get(conn: Conn, one: Moment, other: Moment) -> Order | None:
    """What stands about these two, in whichever order."""
    row = first(conn, "SELECT * FROM precedence WHERE pair = ?", _pair(one, other))
    return None if row is None else _order(row)


def in_force(conn: Conn, since: datetime) -> tuple[Precedence, ...]:
    """Every answer that can matter for what is heard from an instant on, the oldest first."""
    sql = "SELECT * FROM precedence WHERE who IS NOT NULL AND at >= ? ORDER BY at, pair"
    return tuple(_order(row).precedence for row in rows(conn, sql, to_text(since - ASKED_AHEAD)))


def _pair(one: Moment, other: Moment) -> str:
    return "|".join(sorted(f"{item} {to_text(at)}" for item, at in (one, other)))


def _row(order: Order) -> Row:
    said = order.precedence
    return {
        "area": said.area,
        "first_item": said.first[0],
        "first_at": to_text(said.first[1]),
        "second_item": said.second[0],
        "second_at": to_text(said.second[1]),
        "pair": _pair(said.first, said.second),
        "waits": int(said.waits),
        "who": order.who,
        "at": to_text(order.at),
    }


def _order(row: Row) -> Order:
    return Order(
        precedence=Precedence(
            area=AreaCode(row["area"]),
            first=(AnnouncementId(row["first_item"]), from_text(row["first_at"])),
            second=(AnnouncementId(row["second_item"]), from_text(row["second_at"])),
            waits=bool(row["waits"]),
        ),
        who=None if row["who"] is None else PersonId(row["who"]),
        at=from_text(row["at"]),
    )
