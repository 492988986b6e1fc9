"""An upgrade of the database, killed at any statement, leaves the old shape or the new, and every row."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from controller.lanes import inline_lanes
from controller.store import announcements, audit, meta
from controller.store.database import Database, first, migrate, migrations
from controller.store.instants import to_text
from schedules.announcement import AnnouncementId
from tests.support.store_ground import NOW, at_once

AT = to_text(NOW)
DEEDS = 3
WRITTEN = "Mời bà con đưa trâu bò đến nhà văn hóa thôn để tiêm phòng."
SCRIPTS = migrations()
EARLIER = [pytest.param(number, id=f"from_{number:02}") for number in range(1, len(SCRIPTS))]

Shape = tuple[tuple[str, ...], ...]


def opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    return connection


def lived_in(path: Path, number: int) -> None:
    """A database of the schema ``number`` in which somebody has worked."""
    with closing(opened(path)) as connection:
        migrate(connection, SCRIPTS[:number], NOW)
        connection.execute("INSERT INTO meta VALUES ('house', 'Đan Điền')")
        connection.execute("INSERT INTO area (code, level, name) VALUES ('19804', 'commune', 'Xã Đan Điền')")
        connection.execute(
            "INSERT INTO account (id, username, name, role, area, password_hash, created_at)"
            " VALUES ('an', 'an', 'An', 'author', '19804', 'no hash', ?)",
            (AT,),
        )
        connection.execute(
            "INSERT INTO node (id, name, area, public_key, registered_at)"
            " VALUES ('n-1', 'Cột đình', '19804', 'a key', ?)",
            (AT,),
        )
        for n in range(DEEDS):
            audit.append(sqlite_utils.Database(connection), NOW, "an", "tried", str(n))
        if number >= 2:
            connection.execute(
                "INSERT INTO announcement (n, id, area, title, text, bulletin_class, targets, timing,"
                " valid_from, expires_at, repeat, author, state, revision, folded, created_at, updated_at)"
                " VALUES (1, 'a1', '19804', 'Tiêm phòng', ?, 'normal', '[\"19804\"]',"
                " '{\"kind\": \"after_approval\"}', ?, ?, 1, 'an', 'draft', 1, 'tiem phong', ?, ?)",
                (WRITTEN, AT, to_text(NOW.replace(year=NOW.year + 1)), AT, AT),
            )


def shape(path: Path) -> tuple[Shape, list[int]]:
    """Every table, index and trigger, and which scripts the file says that it has had."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        numbers = [n for (n,) in connection.execute("SELECT number FROM migration ORDER BY number")]
    return tuple(tuple(str(part) for part in row) for row in found), numbers


def cuts(path: Path, number: int, into: Path) -> Iterator[Path]:
    """The files as a kill -9 before each statement of script ``number`` leaves them, and after the last."""
    made: list[Path] = []

    def cut(_: str = "") -> None:
        folder = into / f"cut-{len(made):03}"
        folder.mkdir(parents=True)
        for suffix in ("", "-wal"):  # the index of the log is memory: whoever comes next makes it anew
            if (file := path.with_name(path.name + suffix)).exists():
                shutil.copyfile(file, folder / f"loa.db{suffix}")
        made.append(folder / "loa.db")

    with closing(opened(path)) as connection:
        connection.set_trace_callback(cut)
        migrate(connection, SCRIPTS[:number], NOW)
        connection.set_trace_callback(None)
        cut()
    yield from made


@pytest.mark.promise("F80")
@pytest.mark.parametrize("number", EARLIER)
def test_an_upgrade_killed_at_any_statement_is_the_old_or_the_new_and_is_then_finished(
    place: Path, number: int
) -> None:
    path = place / "loa.db"
    lived_in(path, number)
    old, old_numbers = shape(path)
    found = list(cuts(path, number + 1, place))
    new, new_numbers = shape(path)

    seen = [shape(cut) for cut in found]

    assert (len(old_numbers), len(new_numbers)) == (number, number + 1)
    assert all(one in ((old, old_numbers), (new, new_numbers)) for one in seen), "never between"
    assert (seen[0], seen[-1]) == ((old, old_numbers), (new, new_numbers))
    for cut in (found[0], found[len(found) // 2], found[-1]):
        finished(cut, number)


def finished(path: Path, number: int) -> None:
    """This version opens it, brings it up to date, and finds everything that had been written."""
    db = at_once(Database.open(path, inline_lanes(), NOW))
    try:
        assert at_once(db.read(meta.get, "house")) == "Đan Điền"
        assert at_once(db.read(first, "SELECT name FROM node WHERE id = 'n-1'")) == {"name": "Cột đình"}
        assert at_once(db.read(audit.verify)) is None
        assert at_once(db.read(audit.head)).n == DEEDS
        assert at_once(db.read(first, "PRAGMA integrity_check")) == {"integrity_check": "ok"}
        if number >= 2:
            kept = at_once(db.read(announcements.get, AnnouncementId("a1")))
            assert kept is not None
            assert kept.announcement.text == WRITTEN
    finally:
        at_once(db.close())
