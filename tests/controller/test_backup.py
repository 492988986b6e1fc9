"""The backup that `docs/operations.md` tells people to make, made while the house writes without pause."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller.lanes import inline_lanes
from controller.store import audit, meta
from controller.store.database import Conn, Database, first
from tests.support.store_ground import NOW, at_once

OPERATIONS = Path(__file__).resolve().parents[2] / "docs/operations.md"
BACKUPS = 10


def documented() -> str:
    """What stands between the quotes of the documented command."""
    found = re.search(r"python -c '([^']+)' /var/lib/loa/loa\.db", OPERATIONS.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


class Scribe:
    """Writes deeds, each with its audit row, one after the other until it is told to end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ended = threading.Event()
        self._more = threading.Condition()
        self.acknowledged = 0
        self.error: BaseException | None = None

    def live(self) -> None:
        try:
            self._write()
        except BaseException as error:
            self.error = error
        with self._more:
            self._ended.set()
            self._more.notify_all()

    def end(self) -> None:
        self._ended.set()

    def wait_past(self, count: int) -> int:
        """Until more deeds than these are durable; how many."""
        with self._more:
            self._more.wait_for(lambda: self.acknowledged > count or self._ended.is_set(), 60)
            assert self.error is None, self.error
            assert self.acknowledged > count
            return self.acknowledged

    def _write(self) -> None:
        db = at_once(Database.open(self._path, inline_lanes(), NOW))
        try:
            while not self._ended.is_set():
                at_once(db.write(_deed))
                with self._more:
                    self.acknowledged += 1
                    self._more.notify_all()
        finally:
            at_once(db.close())


def _deed(conn: Conn) -> None:
    n = meta.next_number(conn, "deed")
    meta.put(conn, f"deed {n}", "x" * 500)
    audit.append(conn, NOW, "an", "did", str(n))


@contextmanager
def writing(path: Path) -> Iterator[Scribe]:
    scribe = Scribe(path)
    thread = threading.Thread(target=scribe.live, name="scribe")
    thread.start()
    try:
        yield scribe
    finally:
        scribe.end()
        thread.join(60)
        assert not thread.is_alive()


def backed_up(path: Path, copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", documented(), str(path), str(copy)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def check(copy: Path, at_least: int) -> None:
    """It is one moment of the house, with everything that was acknowledged before the backup began."""
    db = at_once(Database.open(copy, inline_lanes(), NOW))
    try:
        deeds = at_once(db.read(first, "SELECT count(*) AS n FROM meta WHERE name LIKE 'deed %'"))
        assert deeds is not None
        assert deeds["n"] >= at_least
        assert at_once(db.read(audit.head)).n == deeds["n"], "a deed and its audit row are one moment"
        assert at_once(db.read(audit.verify)) is None
        assert at_once(db.read(first, "PRAGMA integrity_check")) == {"integrity_check": "ok"}
    finally:
        at_once(db.close())


@pytest.mark.promise("F77")
def test_a_backup_made_under_full_write_load_is_one_moment_with_everything_acknowledged(
    place: Path,
) -> None:
    path, moments = place / "loa.db", []
    with writing(path) as scribe:
        durable = scribe.wait_past(0)
        for n in range(BACKUPS):
            backed_up(path, place / f"copy-{n}.db")
            moments.append((place / f"copy-{n}.db", durable))
            durable = scribe.wait_past(durable)

    for copy, before in moments:
        check(copy, before)


@pytest.mark.promise("F77")
def test_a_backup_holds_what_was_acknowledged_a_moment_ago(place: Path) -> None:
    path = place / "loa.db"
    db = at_once(Database.open(path, inline_lanes(), NOW))
    try:
        for n in range(1, 4):
            at_once(db.write(_deed))
            backed_up(path, place / f"copy-{n}.db")
            check(place / f"copy-{n}.db", n)
    finally:
        at_once(db.close())
