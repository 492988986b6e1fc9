"""Small facts about this installation, and counters that only grow."""

from controller.store.database import Conn, changed, first, upsert


def get(conn: Conn, name: str) -> str | None:
    """One fact."""
    row = first(conn, "SELECT value FROM meta WHERE name = ?", name)
    return None if row is None else str(row["value"])


def put(conn: Conn, name: str, value: str) -> None:
    """Set one fact."""
    upsert(conn, "meta", ({"name": name, "value": value},), key="name")


def instance(conn: Conn, fresh: str) -> str:
    """This installation's id; ``fresh`` becomes it where there is none yet."""
    changed(conn, "INSERT INTO meta (name, value) VALUES ('instance', ?) ON CONFLICT DO NOTHING", fresh)
    return get(conn, "instance") or fresh


def epoch(conn: Conn, kid: str) -> int:
    """The epoch that this controller signs with under a key; a new key starts at 0."""
    return _value(conn, f"epoch:{kid}")


def bump_epoch(conn: Conn, kid: str) -> int:
    """The next epoch of a key, after a restore or a take-over: older ones are fenced off by the nodes."""
    return _next(conn, f"epoch:{kid}")


def next_command_seq(conn: Conn, kid: str) -> int:
    """A sequence number for one command under a key; never handed out twice, the first is 1."""
    return _next(conn, f"command:{kid}")


def next_number(conn: Conn, name: str) -> int:
    """The next value of any counter; the first is 1."""
    return _next(conn, f"number:{name}")


def _value(conn: Conn, name: str) -> int:
    row = first(conn, "SELECT value FROM counter WHERE name = ?", name)
    return 0 if row is None else int(row["value"])


def _next(conn: Conn, name: str) -> int:
    row = first(
        conn,
        "INSERT INTO counter (name, value) VALUES (?, 1)"
        " ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
        name,
    )
    assert row is not None
    return int(row["value"])
