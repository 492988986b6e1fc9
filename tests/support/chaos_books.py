"""The books of a kill -9 campaign: what the store ends up with, and what the nodes' journals say."""

import asyncio
import json
import random
import sqlite3
import time
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

from controller.app import Loa
from controller.config import Settings
from controller.deploy.serving import complain
from controller.dispatch.plan.compile import latest_start
from controller.lanes import inline_lanes, thread_lanes
from controller.store import audit, deliveries, unplaced
from controller.store.database import Conn, Database, rows
from controller.store.occurrences import between
from devices.link import Ears, Link, LinkSettings
from devices.link_paho import PahoLink
from firmware_sim.journal import Row, row_from_json
from schedules.announcement import BulletinClass
from schedules.calendar import QuietHours
from tests.support.chaos_judge import Due
from tests.support.chaos_life import ShiftedClock
from tests.support.inline_speaker import InlineSpeaker

DAYS = timedelta(days=2)
CLOSED_WITHIN_S = 30.0


def open_deliveries(database: Path) -> int:
    """How many have no verdict at this moment, seen from outside."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        (count,) = connection.execute("SELECT COUNT(*) FROM delivery WHERE verdict IS NULL").fetchone()
        return int(count)


def aired_deliveries(database: Path) -> int:
    """How many were heard whole."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        sql = "SELECT COUNT(*) FROM delivery WHERE verdict IN ('aired', 'aired_late')"
        return int(connection.execute(sql).fetchone()[0])


async def close_books(settings: Settings, shift: timedelta) -> bool:
    """A controller whose clock has moved on by ``shift`` closes what nobody speaks of; False if it can't."""
    lanes = thread_lanes(1)

    def link(ears: Ears) -> Link:
        place = LinkSettings(host="127.0.0.1", port=settings.broker_port, client_id="loa-controller")
        return PahoLink(place, ears, random.Random(1), complain)

    loa = Loa(
        settings=settings,
        clock=ShiftedClock(shift),
        lanes=lanes,
        link_factory=link,
        speaker=InlineSpeaker(settings.clips_dir),
    )
    try:
        await loa.start()
        ends = time.monotonic() + CLOSED_WITHIN_S
        while open_deliveries(settings.database) and time.monotonic() < ends:
            await asyncio.sleep(0.2)
        return open_deliveries(settings.database) == 0
    finally:
        await loa.stop()
        await lanes.close()


async def read_books(settings: Settings, now: datetime) -> tuple[list[Due], set[str], str | None]:
    """Every delivery, the items that were planned, and what is wrong with the audit chain."""
    db = await Database.open(settings.database, inline_lanes(), now)
    try:
        due, planned = await db.read(_due, now)
        bad = await db.read(audit.verify)
    finally:
        await db.close()
    return due, planned, None if bad is None else f"audit row {bad.n}: {bad.why}"


def read_journal(journal: Path) -> tuple[Row, ...]:
    """The rows of one life; a line that the kill tore in two says nothing."""
    found: list[Row] = []
    if journal.exists():
        for line in journal.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                row = row_from_json(json.loads(line))
                found += [row] if row is not None else []
    return tuple(found)


def complaints_in(log: Path) -> tuple[str, ...]:
    """What the processes complained of, each kind of line once."""
    marks = ("NODE FAULT", "LOOP ERRORS", "turn.failed", "render.failed", "never retrieved")
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return tuple(dict.fromkeys(line for line in lines if any(mark in line for mark in marks)))


def _due(conn: Conn, now: datetime) -> tuple[list[Due], set[str]]:
    planned = {
        str(one.occurrence.id): one.occurrence
        for one in between(conn, now - DAYS, now + DAYS, withdrawn=True)
    }
    found = []
    for row in rows(conn, "SELECT subject, node, round FROM delivery"):
        (one,) = deliveries.find(conn, [(row["subject"], row["round"], row["node"])]).values()
        occurrence, ruling = planned[one.subject], one.ruling
        found.append(
            Due(
                occurrence=one.subject,
                item=occurrence.item,
                node=one.node,
                bulletin_class=BulletinClass(occurrence.bulletin_class.value),
                due_at=occurrence.due_at,
                latest_at=latest_start(occurrence, QuietHours()),
                expires_at=occurrence.expires_at,
                duration_ms=occurrence.duration // timedelta(milliseconds=1),
                verdict=None if ruling is None else ruling.verdict.value,
                source=None if ruling is None else ruling.source.value,
                why="" if ruling is None else ruling.code or ruling.reason or "",
                planned_at=one.planned_at,
                accepted_at=one.accepted_at,
                cached_at=one.cached_at,
            )
        )
    # approved and refused by the plan, with its reason, is an outcome too
    refused = {str(one.item) for one in unplaced.between(conn, now - DAYS, now + DAYS)}
    return found, refused | {str(occurrence.item) for occurrence in planned.values()}
