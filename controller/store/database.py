"""The one door to SQLite: one writer in its lane, readers in theirs, migrations in order."""

import itertools
import re
import sqlite3
import time
import urllib.parse
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import sqlite_utils
from sqlite_utils.db import Table

from controller.errors import Problem, StoreFault
from controller.lanes import Lanes
from controller.store.ballast import Ballast
from controller.store.instants import to_text

T = TypeVar("T")
P = ParamSpec("P")
Conn = sqlite_utils.Database
"""What every function of the store takes first: sqlite-utils over one connection inside one transaction."""

Row = dict[str, Any]
Timed = Callable[[float], None]
Crash = Callable[[str], None]
"""Called with a label at each point at which a process may die; the product's own does nothing."""

_NUMBERED = re.compile(r"(\d{4})_[a-z_]+\.sql")
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA wal_autocheckpoint = 1000",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA temp_store = MEMORY",
)


_SHAPING = frozenset(
    {
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_CREATE_VTABLE,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_TRIGGER,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_DROP_VTABLE,
    }
)


_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)


def nowhere(label: str) -> None:
    """The product's crash point: none."""


def untimed(seconds: float) -> None:
    """Nobody wants to know how long a write took."""


class _Held(sqlite3.Connection):
    """A connection whose transaction belongs to the Database alone.

    sqlite-utils wraps each insert in ``with connection:``, which commits: here that must change nothing, or a
    deed would be saved without its audit row.
    """

    def __enter__(self) -> "_Held":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> Literal[False]:
        return False


class Database:
    """Reads and writes in transactions; made by ``Database.open`` and ended by ``close``."""

    def __init__(
        self,
        *,
        lanes: Lanes,
        writer: Conn,
        readers: tuple[Conn, ...],
        crash: Crash,
        timed: Timed = untimed,
        ballast: Ballast | None = None,
    ) -> None:
        self._lanes = lanes
        self._writer = writer
        self._readers = readers
        self._turn = itertools.cycle(range(len(readers)))
        self._crash = crash
        self._timed = timed
        self._ballast = ballast
        self._open = True

    @classmethod
    async def open(
        cls,
        path: Path,
        lanes: Lanes,
        now: datetime,
        crash: Crash = nowhere,
        timed: Timed = untimed,
        ballast: Ballast | None = None,
    ) -> "Database":
        """Open the file (made where it does not exist) and bring its tables up to date.

        ``timed`` is told, in the writer's lane, how many seconds each committed write took.
        Raises StoreFault when the file was made by a newer version or has been damaged.
        """
        writer = await lanes.writer.run(_open_writer, path, now)
        readers = tuple([await lane.run(_open_reader, path) for lane in lanes.readers])
        return cls(lanes=lanes, writer=writer, readers=readers, crash=crash, timed=timed, ballast=ballast)

    async def write(self, work: Callable[Concatenate[Conn, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``work(conn, *args)`` in one BEGIN IMMEDIATE … COMMIT; what it raises rolls everything back.

        When this returns, what was written survives a power cut. Problem ``E_DISK`` on a full disk.
        """
        return await self._lanes.writer.run(
            lambda: self._in_transaction(lambda conn: work(conn, *args, **kwargs))
        )

    async def write_urgent(
        self, work: Callable[Concatenate[Conn, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """``write`` for an emergency and for a stop: on a full disk the ballast makes room, once."""
        return await self._lanes.writer.run(lambda: self._urgently(lambda conn: work(conn, *args, **kwargs)))

    async def read(self, work: Callable[Concatenate[Conn, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``work(conn, *args)`` on a read-only connection that sees one moment of the database."""
        turn = next(self._turn)

        def bound(conn: Conn) -> T:
            return work(conn, *args, **kwargs)

        return await self._lanes.readers[turn].run(_at_one_moment, self._readers[turn], bound)

    async def close(self) -> None:
        """Close the connections, each in its lane; may be called twice."""
        if not self._open:
            return
        self._open = False
        for lane, reader in zip(self._lanes.readers, self._readers, strict=True):
            await lane.run(reader.conn.close)
        await self._lanes.writer.run(self._writer.conn.close)

    def _urgently(self, work: Callable[[Conn], T]) -> T:
        try:
            return self._in_transaction(work)
        except Problem as problem:
            if problem.code != "E_DISK" or self._ballast is None or not self._ballast.give_up():
                raise
        return self._in_transaction(work)

    def _in_transaction(self, work: Callable[[Conn], T]) -> T:
        connection = self._writer.conn
        began = time.perf_counter()
        self._crash("before_begin")
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._writer)
            self._crash("before_commit")
            connection.execute("COMMIT")
        except BaseException as error:
            # SQLite itself rolls back on a full disk; a second rollback is then an error of no interest
            with suppress(sqlite3.OperationalError):
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode in _FULL:
                raise Problem("E_DISK") from error
            raise
        self._timed(time.perf_counter() - began)
        self._crash("after_commit")
        return result


def migrations() -> tuple[tuple[int, str], ...]:
    """Every numbered script with its number, in order, without a gap."""
    folder = resources.files("controller.store").joinpath("migrations")
    found = sorted(
        (int(match[1]), entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if (match := _NUMBERED.fullmatch(entry.name))
    )
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise StoreFault("migrations are not numbered 1, 2, 3 … without a gap")
    return tuple(found)


def rows(conn: Conn, sql: str, *values: object) -> tuple[Row, ...]:
    """All rows of one question, as dictionaries."""
    return tuple(conn.query(sql, values))


def first(conn: Conn, sql: str, *values: object) -> Row | None:
    """The first row of one question."""
    return next(conn.query(sql, values), None)


def insert(conn: Conn, table: str, *records: Row) -> None:
    """New rows, all with the same columns; sqlite3.IntegrityError for one that exists or does not fit."""
    Table(conn, table).insert_all(records)


def insert_once(conn: Conn, table: str, record: Row, key: str = "id") -> bool:
    """A new row where the key does not exist yet; False where it does.

    Not sqlite-utils' ``ignore=True``: OR IGNORE also swallows a row that does not fit.
    """
    values = ", ".join(f":{column}" for column in record)
    cursor = conn.conn.execute(
        f"INSERT INTO {table} ({', '.join(record)}) VALUES ({values}) ON CONFLICT ({key}) DO NOTHING", record
    )
    return int(cursor.rowcount) > 0


def upsert(conn: Conn, table: str, records: Iterable[Row], key: str = "id") -> None:
    """Insert or update by the key column; raises sqlite3.IntegrityError for a row that does not fit.

    Not sqlite-utils' own upsert: it begins with INSERT OR IGNORE of the key alone, so on a table with
    NOT NULL columns it saves nothing and says nothing.
    """
    ready = list(records)
    if not ready:
        return
    columns = tuple(ready[0])
    values = ", ".join(f":{column}" for column in columns)
    sets = ", ".join(f"{column} = excluded.{column}" for column in columns if column != key)
    conn.conn.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"
        f" ON CONFLICT ({key}) DO UPDATE SET {sets}",
        ready,
    )


def search(conn: Conn, table: str, query: str, where: str, values: Row, limit: int) -> tuple[Row, ...]:
    """The rows of a table whose full-text index matches, the best match first."""
    found = Table(conn, table).search(query, where=where, where_args=values, limit=limit)
    return tuple(found)


def update(conn: Conn, table: str, record: Row, **where: object) -> int:
    """Set these columns where all of the conditions hold; how many rows that was."""
    sets = ", ".join(f"{column} = ?" for column in record)
    conditions = " AND ".join(f"{column} = ?" for column in where)
    return changed(conn, f"UPDATE {table} SET {sets} WHERE {conditions}", *record.values(), *where.values())


def changed(conn: Conn, sql: str, *values: object) -> int:
    """How many rows one statement changed."""
    return int(conn.execute(sql, values).rowcount)


def marks(count: int) -> str:
    """``?, ?, ?`` for an IN list; an empty list matches nothing."""
    return ", ".join("?" * count) or "NULL"


def _open_writer(path: Path, now: datetime) -> Conn:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, factory=_Held)
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        migrate(connection, migrations(), now)
        # from here on nothing changes the shape: no table is born of an insert, no trigger is dropped
        connection.set_authorizer(_as_migrated)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreFault(f"{path} can't be opened as Loa's database: {error}") from error
    except BaseException:
        connection.close()
        raise
    return sqlite_utils.Database(connection, execute_plugins=False)


def _as_migrated(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_DENY if action in _SHAPING else sqlite3.SQLITE_OK


def _open_reader(path: Path) -> Conn:
    address = f"file:{urllib.parse.quote(str(path.resolve()))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, factory=_Held)
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    return sqlite_utils.Database(connection, execute_plugins=False)


def migrate(connection: sqlite3.Connection, scripts: tuple[tuple[int, str], ...], now: datetime) -> None:
    """Apply those of the numbered scripts that the file has not had yet; each whole or not at all."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migration"
        " (number INTEGER PRIMARY KEY NOT NULL, applied_at TEXT NOT NULL) STRICT"
    )
    done = {int(number) for (number,) in connection.execute("SELECT number FROM migration")}
    if done - {number for number, _ in scripts}:
        raise StoreFault("the database was made by a newer version of Loa")
    for number, script in scripts:
        if number not in done:
            _apply(connection, number, script, now)


def _apply(connection: sqlite3.Connection, number: int, script: str, now: datetime) -> None:
    # one script is one transaction: a process that dies in the middle leaves nothing of it behind
    record = f"INSERT INTO migration VALUES ({number}, '{to_text(now)}');"
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\n{record}\nCOMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _at_one_moment(reader: Conn, work: Callable[[Conn], T]) -> T:
    reader.conn.execute("BEGIN")
    try:
        return work(reader)
    finally:
        if reader.conn.in_transaction:
            reader.conn.execute("ROLLBACK")
