"""Areas in the store: the tree of places."""

from collections.abc import Iterable

from controller.store.database import Conn, Row, insert_once, rows, upsert
from schedules.announcement import AreaCode
from schedules.area import LEVELS, Area, Level, Tree

BRANCH = """
WITH RECURSIVE branch (code) AS (
    SELECT code FROM area WHERE code = ?
    UNION
    SELECT area.code FROM area JOIN branch ON area.parent = branch.code
)
"""
"""Begins a query about everything in one area: its first value is the area's code."""


def save(conn: Conn, areas: Iterable[Area]) -> None:
    """Insert or update, parents first whatever the order given."""
    ordered = sorted(areas, key=lambda area: LEVELS.index(area.level))
    upsert(conn, "area", (_row(area) for area in ordered), key="code")


def add_missing(conn: Conn, areas: Iterable[Area]) -> int:
    """Insert those whose code is new, parents first, and leave the others as they are; how many were new."""
    ordered = sorted(areas, key=lambda area: LEVELS.index(area.level))
    return sum(insert_once(conn, "area", _row(area), key="code") for area in ordered)


def everywhere(conn: Conn) -> tuple[Area, ...]:
    """All areas, by code."""
    return tuple(_area(row) for row in rows(conn, "SELECT * FROM area ORDER BY code"))


def tree(conn: Conn) -> Tree:
    """All areas as a tree."""
    return Tree(everywhere(conn))


def heard_communes(conn: Conn) -> tuple[Area, ...]:
    """The communes in which, or in whose villages, a node in service stands, by code."""
    sql = """
    WITH RECURSIVE up (code) AS (
        SELECT area FROM node WHERE retired_at IS NULL
        UNION
        SELECT parent FROM area JOIN up ON area.code = up.code WHERE parent IS NOT NULL
    )
    SELECT area.* FROM area JOIN up ON area.code = up.code WHERE level = ? ORDER BY area.code
    """
    return tuple(_area(row) for row in rows(conn, sql, Level.COMMUNE.value))


def _row(area: Area) -> Row:
    return {
        "code": area.code,
        "parent": area.parent,
        "level": area.level.value,
        "name": area.name,
        "population": area.population,
        "latitude": area.latitude,
        "longitude": area.longitude,
    }


def _area(row: Row) -> Area:
    return Area(
        code=AreaCode(row["code"]),
        parent=None if row["parent"] is None else AreaCode(row["parent"]),
        level=Level(row["level"]),
        name=row["name"],
        population=row["population"],
        latitude=row["latitude"],
        longitude=row["longitude"],
    )
