"""Announcements of a branch that may say what another one says."""

import re
from datetime import datetime

from controller.store import announcements
from controller.store.announcements import Kept
from controller.store.areas import BRANCH
from controller.store.database import Conn, rows
from controller.store.database import search as matching
from controller.store.folding import fold
from controller.store.instants import to_text
from schedules.announcement import AnnouncementId, AreaCode

MOST_WORDS = 40
_WORD = re.compile(r"[^\W_]{2,}")


def any_word(text: str) -> str:
    """A full-text query that the longest MOST_WORDS different words of a text are looked for by; quoted, so
    that nothing typed is an operator. Empty where there is no word."""
    different = sorted(dict.fromkeys(_WORD.findall(fold(text))), key=len, reverse=True)
    return " OR ".join(f'folded:"{word}"' for word in different[:MOST_WORDS])


def recent_alike(
    conn: Conn, area: AreaCode, text: str, since: datetime, besides: AnnouncementId | None, limit: int = 8
) -> tuple[Kept, ...]:
    """What the branch has touched since then, shares the most words with a text and was not withdrawn."""
    query = any_word(text)
    if not query:
        return ()
    branch = tuple(row["code"] for row in rows(conn, f"{BRANCH} SELECT code FROM branch", area))
    values = {f"area{k}": code for k, code in enumerate(branch)}
    where = (
        f"area IN ({', '.join(f':{name}' for name in values)})"
        " AND updated_at >= :since AND state <> 'withdrawn' AND id <> :besides"
    )
    facts = {**values, "since": to_text(since), "besides": besides or ""}
    found = [AnnouncementId(row["id"]) for row in matching(conn, "announcement", query, where, facts, limit)]
    kept = announcements.several(conn, found)
    return tuple(kept[one] for one in found if one in kept)
