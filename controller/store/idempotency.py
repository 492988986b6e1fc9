"""The answer that was given to a request, so that the same request again gets the same answer."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.errors import Problem
from controller.store.database import Conn, changed, first, insert
from controller.store.instants import to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What was answered then."""

    status: int
    answer: Mapping[str, Any]


def recall(conn: Conn, account: str, key: str, body_hash: str) -> Remembered | None:
    """The answer given under this key, or None. Problem ``E_IDEMPOTENCY`` where the body was another."""
    row = first(
        conn, "SELECT body_hash, status, answer FROM idempotency WHERE account = ? AND key = ?", account, key
    )
    if row is None:
        return None
    if row["body_hash"] != body_hash:
        raise Problem("E_IDEMPOTENCY")
    return Remembered(status=row["status"], answer=json.loads(row["answer"]))


def remember(
    conn: Conn,
    account: str,
    key: str,
    body_hash: str,
    *,
    status: int,
    answer: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep the answer, in the transaction of the deed; sqlite3.IntegrityError where the key is taken."""
    insert(
        conn,
        "idempotency",
        {
            "account": account,
            "key": key,
            "body_hash": body_hash,
            "status": status,
            "answer": json.dumps(answer, ensure_ascii=False),
            "created_at": to_text(now),
        },
    )


def forget(conn: Conn, before: datetime) -> int:
    """Drop what nobody will repeat any more."""
    return changed(conn, "DELETE FROM idempotency WHERE created_at < ?", to_text(before))


def body_print(*parts: str) -> str:
    """What an idempotency key was used for."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()
