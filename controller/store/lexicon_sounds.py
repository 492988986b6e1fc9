"""Lexicons and sounds: what each was read by, what is to be looked at anew, and what stays as it was."""

import json
from datetime import datetime

from controller.store.areas import BRANCH
from controller.store.database import Conn, changed, first, rows
from controller.store.instants import to_text
from controller.store.lexicon import USUAL, Own
from schedules.announcement import AnnouncementId, AreaCode
from tts.normalize import Reading
from tts.reading.regions import Region

_NOT_APPROVED = "('draft', 'submitted', 'returned')"


def to_reread(conn: Conn) -> tuple[tuple[AreaCode, int], ...]:
    """The places whose lexicon changed since their sounds were looked at, and up to which change."""
    found = rows(conn, "SELECT area, changed FROM lexicon_place WHERE reread < changed ORDER BY area")
    return tuple((AreaCode(row["area"]), int(row["changed"])) for row in found)


def mark_reread(conn: Conn, area: AreaCode, up_to: int) -> None:
    """Every sound of the branch that is not yet approved has been looked at."""
    changed(conn, "UPDATE lexicon_place SET reread = ? WHERE area = ? AND reread < ?", up_to, area, up_to)


def not_approved(conn: Conn, area: AreaCode) -> tuple[AnnouncementId, ...]:
    """What the branch owns, has or wants a sound of, and nobody has approved."""
    sql = (
        f"{BRANCH} SELECT id FROM announcement JOIN branch ON area = branch.code"
        f" WHERE state IN {_NOT_APPROVED} AND render <> 'none' ORDER BY updated_at DESC, n"
    )
    return tuple(AnnouncementId(row["id"]) for row in rows(conn, sql, area))


def approved_in_force(conn: Conn, area: AreaCode, after: datetime, limit: int) -> tuple[AnnouncementId, ...]:
    """What the branch owns that is approved and still true after an instant, the newest first."""
    sql = (
        f"{BRANCH} SELECT id FROM announcement JOIN branch ON area = branch.code"
        " WHERE state = 'approved' AND expires_at > ? ORDER BY n DESC LIMIT ?"
    )
    return tuple(AnnouncementId(row["id"]) for row in rows(conn, sql, area, to_text(after), limit))


def remember_used(conn: Conn, wanted: str, own: Own) -> None:
    """What an order is read by, under its print; nothing where it is read as everywhere."""
    if own == USUAL:
        return
    lines = [[line.written, line.reading, line.priority] for line in own.lines]
    changed(
        conn,
        "INSERT INTO lexicon_used (wanted, region, lines) VALUES (?, ?, ?) ON CONFLICT (wanted) DO NOTHING",
        wanted,
        own.region.value,
        json.dumps(lines, ensure_ascii=False),
    )


def forget_used(conn: Conn) -> int:
    """Drop what no sound is wanted or read by any more."""
    return changed(
        conn,
        "DELETE FROM lexicon_used WHERE wanted NOT IN"
        " (SELECT render_hash FROM announcement UNION SELECT render_hash FROM alert_words)",
    )


def used(conn: Conn, wanted: str) -> Own:
    """What the order of this print is read by."""
    row = first(conn, "SELECT * FROM lexicon_used WHERE wanted = ?", wanted)
    if row is None:
        return USUAL
    lines = tuple(
        Reading(written=written, reading=reading, priority=priority)
        for written, reading, priority in json.loads(row["lines"])
    )
    return Own(lines=lines, region=Region(row["region"]))
