"""The database: whole transactions or nothing, durable, and shaped by migrations alone."""

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.errors import StoreFault
from controller.lanes import inline_lanes, thread_lanes
from controller.store import audit, meta
from controller.store.database import (
    Conn,
    Database,
    first,
    insert,
    insert_once,
    migrate,
    migrations,
    rows,
    update,
    upsert,
)
from tests.support.store_ground import NOW, Ground, at_once, ground


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as opened:
        yield opened


def test_a_deed_that_fails_after_its_writes_leaves_nothing(store: Ground) -> None:
    def deed(conn: Conn) -> None:
        insert(conn, "meta", {"name": "half", "value": "done"})
        audit.append(conn, NOW, "an", "wrote", "half")
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        store.write(deed)
    assert store.read(meta.get, "half") is None
    assert store.read(audit.head).n == 0
    store.write(meta.put, "next", "works")
    assert store.read(meta.get, "next") == "works"


@pytest.mark.parametrize("way", ["insert", "insert_once", "upsert"])
def test_every_way_of_writing_stays_inside_the_transaction(store: Ground, way: str) -> None:
    record = {"name": "x", "value": "y"}

    def deed(conn: Conn) -> None:
        match way:
            case "insert":
                insert(conn, "meta", record)
            case "insert_once":
                insert_once(conn, "meta", record, key="name")
            case _:
                upsert(conn, "meta", (record,), key="name")
        assert conn.conn.in_transaction
        raise LookupError

    with pytest.raises(LookupError):
        store.write(deed)
    assert store.read(meta.get, "x") is None


def test_a_row_that_does_not_fit_is_refused_and_never_swallowed(store: Ground) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        store.write(insert_once, "meta", {"name": "x", "value": None}, key="name")
    with pytest.raises(sqlite3.IntegrityError):
        store.write(upsert, "meta", ({"name": "x", "value": None},), key="name")
    with pytest.raises(sqlite3.IntegrityError):
        store.write(insert, "area", {"code": "1", "parent": "nowhere", "level": "village", "name": "x"})


def test_upsert_changes_what_exists_and_adds_what_does_not(store: Ground) -> None:
    store.write(upsert, "meta", ({"name": "a", "value": "1"}, {"name": "b", "value": "2"}), key="name")
    store.write(upsert, "meta", ({"name": "a", "value": "3"},), key="name")
    assert (store.read(meta.get, "a"), store.read(meta.get, "b")) == ("3", "2")
    assert store.write(update, "meta", {"value": "4"}, name="b", value="2") == 1
    assert store.write(update, "meta", {"value": "5"}, name="b", value="2") == 0


@pytest.mark.promise("P2")
def test_the_writer_syncs_every_commit(store: Ground) -> None:
    def settings(conn: Conn) -> tuple[object, ...]:
        names = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        return tuple(conn.execute(f"PRAGMA {name}").fetchone()[0] for name in names)

    assert store.write(settings) == ("wal", 2, 1, 1)


def test_a_write_holds_the_lock_from_its_first_moment(store: Ground, tmp_path: Path) -> None:
    def deed(conn: Conn) -> None:
        other = sqlite3.connect(tmp_path / "loa.db", timeout=0, isolation_level=None)
        try:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        finally:
            other.close()

    store.write(deed)


def test_a_reader_cannot_write(store: Ground) -> None:
    with pytest.raises(sqlite3.OperationalError):
        store.read(meta.put, "x", "y")


def test_a_reader_sees_one_moment(store: Ground) -> None:
    def twice(conn: Conn) -> tuple[str | None, str | None]:
        before = meta.get(conn, "x")
        store.write(meta.put, "x", "new")
        return before, meta.get(conn, "x")

    store.write(meta.put, "x", "old")
    assert store.read(twice) == ("old", "old")
    assert store.read(meta.get, "x") == "new"


def test_no_table_is_born_of_an_insert_and_no_trigger_is_dropped(store: Ground) -> None:
    def shape(conn: Conn) -> tuple[str, ...]:
        return tuple(str(row["sql"]) for row in rows(conn, "SELECT sql FROM sqlite_master ORDER BY name"))

    before = store.read(shape)
    with pytest.raises(sqlite3.DatabaseError):
        store.write(insert, "invented", {"name": "x"})
    for sql in (
        "DROP TRIGGER audit_is_not_changed",
        "ALTER TABLE meta ADD COLUMN extra TEXT",
        "DROP TABLE audit",
    ):
        with pytest.raises(sqlite3.DatabaseError):
            store.write(Conn.execute, sql)
    assert store.read(shape) == before


def test_every_table_is_strict_and_every_instant_has_its_fixed_form(store: Ground) -> None:
    tables = store.read(
        rows, "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%_fts%'"
    )
    assert len(tables) > 20
    typed = {"receipt", "migration"}  # written from typed messages in bulk, and by the code itself
    for table in tables:
        assert re.search(r"\)\s*STRICT", table["sql"]), table["name"]
        for line in table["sql"].splitlines():
            column = line.strip().split(" ")[0]
            if column in {"at", "valid_from"} or column.endswith("_at"):
                assert f"{column} LIKE '____-__-__T__:__:__.___Z'" in line or table["name"] in typed, line


def test_opening_again_applies_nothing_twice(tmp_path: Path) -> None:
    with ground(tmp_path) as store:
        store.write(meta.put, "x", "kept")
        once = store.read(rows, "SELECT * FROM migration")
    with ground(tmp_path) as store:
        assert store.read(meta.get, "x") == "kept"
        assert store.read(rows, "SELECT * FROM migration") == once
        assert len(once) == len(migrations())


@pytest.mark.promise("F81")
def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with ground(tmp_path):
        pass
    other = sqlite3.connect(tmp_path / "loa.db")
    other.execute("INSERT INTO migration VALUES (9999, '2030-01-01T00:00:00.000Z')")
    other.commit()
    other.close()
    with pytest.raises(StoreFault, match="newer"), ground(tmp_path):
        pass


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loa.db").write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(StoreFault), ground(tmp_path):
        pass


def test_a_migration_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    good = (1, "CREATE TABLE good (a TEXT) STRICT;")
    try:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, (good, (2, "CREATE TABLE half (a TEXT) STRICT; CREATE NONSENSE;")), NOW)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert tables == {"migration", "good"}
        migrate(connection, (good, (2, "CREATE TABLE half (a TEXT) STRICT;")), NOW)
        assert connection.execute("SELECT number FROM migration").fetchall() == [(1,), (2,)]
    finally:
        connection.close()


def test_the_real_lanes_keep_writes_in_order_and_close_cleanly(tmp_path: Path) -> None:
    async def story() -> tuple[int, int]:
        lanes = thread_lanes(readers=2)
        db = await Database.open(tmp_path / "loa.db", lanes, NOW)
        try:
            numbers = await asyncio.gather(*(db.write(meta.next_number, "x") for _ in range(50)))
            assert numbers == list(range(1, 51))
            read = await asyncio.gather(*(db.read(meta.epoch, "k") for _ in range(10)))
            return len(numbers), len(read)
        finally:
            await db.close()
            await db.close()
            await lanes.close()

    assert asyncio.run(story()) == (50, 10)


_DYING = """
import os, sys
from pathlib import Path
from tests.support.store_ground import NOW, at_once
from controller.lanes import inline_lanes
from controller.store import audit, meta
from controller.store.database import Database

path, label, after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
seen = 0

def crash(at):
    global seen
    seen += at == label
    if seen > after:
        os._exit(137)

def deed(conn, k):
    meta.put(conn, f"deed {k}", "done")
    audit.append(conn, NOW, "an", "did", str(k))

db = at_once(Database.open(path, inline_lanes(), NOW, crash))
for k in range(10):
    at_once(db.write(deed, k))
    os.write(1, b"%d\\n" % k)
"""


@pytest.mark.promise("F02", "P2")
@pytest.mark.parametrize("label", ["before_begin", "before_commit", "after_commit"])
@pytest.mark.parametrize("after", [0, 4])
def test_a_process_that_dies_at_a_crash_point_loses_nothing_acknowledged(
    tmp_path: Path, label: str, after: int
) -> None:
    path = tmp_path / "loa.db"
    died = subprocess.run(
        [sys.executable, "-c", _DYING, str(path), label, str(after)],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert died.returncode == 137, died.stderr.decode()
    acknowledged = len(died.stdout.split())
    assert acknowledged == after
    db = at_once(Database.open(path, inline_lanes(), NOW))
    try:
        done = at_once(db.read(rows, "SELECT * FROM meta WHERE name LIKE 'deed %'"))
        assert len(done) == after + (label == "after_commit")
        assert at_once(db.read(audit.head)).n == len(done), "the deed and its audit row are one"
        assert at_once(db.read(audit.verify)) is None
        assert at_once(db.read(first, "PRAGMA integrity_check")) == {"integrity_check": "ok"}
    finally:
        at_once(db.close())
