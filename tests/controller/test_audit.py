"""The audit chain: whatever is done to its rows behind its back, `verify` names the first bad one."""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controller.store import audit
from controller.store.audit import BadRow, Fact, Head
from controller.store.database import Conn
from tests.support.store_ground import NOW, Ground, ground

ROWS = 40


def fill(conn: Conn, count: int = ROWS) -> None:
    for k in range(count):
        audit.append(conn, NOW, f"person {k % 3}", "approved", f"bài {k}", {"hash": f"{k:x}", "nodes": k})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as opened:
        opened.write(fill)
        yield opened


@pytest.fixture
def thief(store: Ground, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody with the file and their own SQLite: the triggers are no hindrance."""
    connection = sqlite3.connect(tmp_path / "loa.db", isolation_level=None)
    for name in ("audit_is_not_changed", "audit_is_not_deleted", "audit_head_moves_on", "audit_head_stays"):
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    connection.close()


def test_a_chain_as_written_is_whole(store: Ground) -> None:
    assert store.read(audit.verify) is None
    assert store.read(audit.head).n == ROWS


def test_an_empty_chain_is_whole(tmp_path: Path) -> None:
    with ground(tmp_path) as empty:
        assert empty.read(audit.verify) is None
        assert empty.read(audit.head) == Head(n=0, hash=audit.GENESIS)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET who = 'nobody' WHERE n = 3",
        "DELETE FROM audit WHERE n = 3",
        "INSERT OR REPLACE INTO audit SELECT n, at, 'x', deed, subject, facts, prev, hash FROM audit",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET n = 1",
    ],
)
def test_the_database_itself_refuses_to_change_the_past(store: Ground, sql: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        store.write(Conn.execute, sql)
    assert store.read(audit.verify) is None


Attack = tuple[str, int]


def attack(thief: sqlite3.Connection, rng: random.Random) -> Attack:
    """Do one random thing to the rows; its name and the first row that is then wrong."""
    n = rng.randint(1, ROWS)
    match rng.choice(("edit", "delete", "insert", "reorder", "truncate", "relabel")):
        case "edit":
            column, value = rng.choice(
                (
                    ("who", "x"),
                    ("deed", "x"),
                    ("subject", "x"),
                    ("facts", "{}"),
                    ("at", "2026-01-01T00:00:00.000Z"),
                )
            )
            thief.execute(f"UPDATE audit SET {column} = ? WHERE n = ?", (value, n))
            return "edit", n
        case "delete":
            thief.execute("DELETE FROM audit WHERE n = ?", (n,))
            return "delete", n
        case "insert":
            thief.execute("UPDATE audit SET n = -n - 1 WHERE n > ?", (n,))
            thief.execute("UPDATE audit SET n = -n WHERE n < 0")
            thief.execute(
                "INSERT INTO audit SELECT n + 1, at, 'x', deed, subject, facts, hash, ? FROM audit"
                " WHERE n = ?",
                (f"{rng.getrandbits(256):064x}", n),
            )
            return "insert", n + 1
        case "reorder":
            other = rng.choice([k for k in range(1, ROWS + 1) if k != n])
            thief.execute("UPDATE audit SET n = -1 WHERE n = ?", (n,))
            thief.execute("UPDATE audit SET n = ? WHERE n = ?", (n, other))
            thief.execute("UPDATE audit SET n = ? WHERE n = -1", (other,))
            return "reorder", min(n, other)
        case "truncate":
            thief.execute("DELETE FROM audit WHERE n >= ?", (n,))
            return "truncate", n
        case _:
            thief.execute("UPDATE audit SET hash = ? WHERE n = ?", (f"{rng.getrandbits(256):064x}", n))
            return "relabel", n


@pytest.mark.promise("S67", "P15")
def test_every_random_tampering_is_found_at_its_first_row(store: Ground, thief: sqlite3.Connection) -> None:
    clean = thief.execute("SELECT * FROM audit ORDER BY n").fetchall()
    rng = random.Random(67)
    kinds = set()
    for _ in range(400):
        kind, first_bad = attack(thief, rng)
        kinds.add(kind)
        found = store.read(audit.verify)
        assert found is not None, kind
        assert found.n == first_bad, kind
        thief.execute("BEGIN")
        thief.execute("DELETE FROM audit")
        thief.executemany("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", clean)
        thief.execute("COMMIT")
        assert store.read(audit.verify) is None
    assert kinds == {"edit", "delete", "insert", "reorder", "truncate", "relabel"}


@pytest.mark.promise("S67")
def test_a_tail_cut_off_together_with_the_head_is_known_by_those_who_remember(
    store: Ground, thief: sqlite3.Connection
) -> None:
    remembered = store.read(audit.head)
    thief.execute("DELETE FROM audit WHERE n > 30")
    thief.execute("UPDATE audit_head SET n = 30, hash = (SELECT hash FROM audit WHERE n = 30)")
    assert store.read(audit.verify) is None, "alone it can't know"
    found = store.read(audit.verify, (remembered,))
    assert found is not None
    assert found.n == 31


@pytest.mark.promise("S68")
def test_a_chain_rewritten_as_a_whole_contradicts_the_heads_that_nodes_remember(
    store: Ground, tmp_path: Path
) -> None:
    remembered = store.read(audit.head)
    with ground(tmp_path / "forged") as forged:
        forged.write(fill, ROWS - 1)
        forged.write(audit.append, NOW, "nobody", "approved", "bài khác")
        assert forged.read(audit.verify) is None
        assert forged.read(audit.verify, (remembered,)) == BadRow(n=ROWS, why="others remember another row")


def test_the_facts_come_back_and_can_be_paged(store: Ground) -> None:
    newest = store.read(audit.newest, 3)
    assert [row.n for row in newest] == [40, 39, 38]
    assert newest[0].facts == {"hash": "27", "nodes": 39}
    assert [row.n for row in store.read(audit.newest, 2, before=38)] == [37, 36]
    assert [row.n for row in store.read(audit.newest, 5, subject="bài 7")] == [8]


def test_canonical_json_has_one_form_and_no_floats() -> None:
    facts: dict[str, Fact] = {"b": [1, True, None], "a": {"đ": "Xã"}}
    assert audit.canonical(facts) == '{"a":{"đ":"Xã"},"b":[1,true,null]}'
    odd: Any = {"x": [{"y": 0.1}]}
    with pytest.raises(TypeError):
        audit.canonical(odd)


def test_the_head_follows_every_row(store: Ground) -> None:
    before = store.read(audit.head)
    after = store.write(audit.append, NOW, "an", "wrote", "x")
    assert after == store.read(audit.head)
    assert after != replace(before, n=before.n + 1)
