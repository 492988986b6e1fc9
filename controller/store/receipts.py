"""Receipts of the nodes: each is kept once, however often it is sent."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from controller.store.database import Conn, Row, first, rows
from controller.store.instants import from_text, to_text
from devices.messages import (
    AlertId,
    ClipHash,
    ClockState,
    CommandId,
    Heard,
    NodeId,
    OccurrenceId,
    Receipt,
    ReceiptKind,
)

Arrived = tuple[NodeId, Receipt]

_INSERT = f"INSERT INTO receipt VALUES ({', '.join('?' * 22)})"
_MARK = (
    "INSERT INTO receipt_mark (node, through) VALUES (?, ?)"
    " ON CONFLICT (node) DO UPDATE SET through = excluded.through"
)


def insert_new(conn: Conn, arrived: Sequence[Arrived], now: datetime) -> tuple[Arrived, ...]:
    """Keep those that are not known yet and give them back, each node's in the order given.

    One call for all that waits: the cost of a commit is shared by the batch.
    """
    by_node: defaultdict[NodeId, dict[int, Receipt]] = defaultdict(dict)
    for node, receipt in arrived:
        by_node[node].setdefault(receipt.seq, receipt)
    marks: dict[NodeId, int] = {}
    for node, receipts in by_node.items():
        mark = through(conn, node)
        beyond = _beyond(conn, node, mark)
        if any(seq <= mark for seq in receipts):
            beyond |= _within(conn, node, min(receipts), mark)
        for seq in beyond & receipts.keys():
            del receipts[seq]
        marks[node] = _contiguous(mark, beyond | receipts.keys())
    fresh = [(node, receipt) for node, receipts in by_node.items() for receipt in receipts.values()]
    received_at = to_text(now)
    conn.conn.executemany(_INSERT, [_values(node, receipt, received_at) for node, receipt in fresh])
    conn.conn.executemany(_MARK, [(node, mark) for node, mark in marks.items() if by_node[node]])
    return tuple(fresh)


def through(conn: Conn, node: NodeId) -> int:
    """Up to this sequence number every receipt of the node is durable; 0 where none is."""
    row = conn.conn.execute("SELECT through FROM receipt_mark WHERE node = ?", (node,)).fetchone()
    return 0 if row is None else int(row[0])


def skip_to(conn: Conn, node: NodeId, seq: int) -> int:
    """The node has lost what lies before ``seq + 1`` (a new flash): don't wait for it. The new mark."""
    mark = max(seq, through(conn, node))
    mark = _contiguous(mark, _beyond(conn, node, mark))
    conn.conn.execute(_MARK, (node, mark))
    return mark


def of_node(conn: Conn, node: NodeId, limit: int = 1000) -> tuple[Receipt, ...]:
    """A node's receipts, the newest first."""
    sql = "SELECT * FROM receipt WHERE node = ? ORDER BY seq DESC LIMIT ?"
    return tuple(_receipt(row) for row in rows(conn, sql, node, limit))


def count(conn: Conn) -> int:
    """How many are kept."""
    row = first(conn, "SELECT COUNT(*) AS number FROM receipt")
    return 0 if row is None else int(row["number"])


def _beyond(conn: Conn, node: NodeId, mark: int) -> set[int]:
    """What is kept above the mark, after a gap: mostly nothing."""
    found = conn.conn.execute("SELECT seq FROM receipt WHERE node = ? AND seq > ?", (node, mark))
    return {seq for (seq,) in found.fetchall()}


def _within(conn: Conn, node: NodeId, first_seq: int, last_seq: int) -> set[int]:
    found = conn.conn.execute(
        "SELECT seq FROM receipt WHERE node = ? AND seq BETWEEN ? AND ?", (node, first_seq, last_seq)
    )
    return {seq for (seq,) in found.fetchall()}


def _contiguous(mark: int, kept: set[int]) -> int:
    while mark + 1 in kept:
        mark += 1
    return mark


def _values(node: NodeId, receipt: Receipt, received_at: str) -> tuple[object, ...]:
    return (
        node,
        receipt.seq,
        receipt.kind.value,
        to_text(receipt.at),
        received_at,
        receipt.occurrence,
        receipt.alert,
        receipt.command,
        receipt.round,
        receipt.revision,
        receipt.topic,
        receipt.version,
        receipt.clip,
        receipt.code,
        receipt.reason,
        receipt.heard.value,
        receipt.played_ms,
        receipt.duration_ms,
        receipt.late_ms,
        receipt.cuts,
        receipt.restarts,
        receipt.clock.value,
    )


def _receipt(row: Row) -> Receipt:
    return Receipt(
        seq=row["seq"],
        kind=ReceiptKind(row["kind"]),
        at=from_text(row["at"]),
        occurrence=None if row["occurrence"] is None else OccurrenceId(row["occurrence"]),
        alert=None if row["alert"] is None else AlertId(row["alert"]),
        command=None if row["command"] is None else CommandId(row["command"]),
        round=row["round"],
        revision=row["revision"],
        topic=row["topic"],
        version=row["version"],
        clip=None if row["clip"] is None else ClipHash(row["clip"]),
        code=row["code"],
        reason=row["reason"],
        heard=Heard(row["heard"]),
        played_ms=row["played_ms"],
        duration_ms=row["duration_ms"],
        late_ms=row["late_ms"],
        cuts=row["cuts"],
        restarts=row["restarts"],
        clock=ClockState(row["clock"]),
    )
