"""Alerts in the store: drafted, waiting for a second person, in force, over; their words and their reach."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.store.areas import BRANCH
from controller.store.database import Conn, Row, changed, first, insert, marks, rows, update
from controller.store.instants import from_text, maybe_from, maybe_text, to_text
from controller.store.sounds import Sound, sound_from, sound_row
from devices.messages import AlertId, Mode
from schedules.announcement import AreaCode, PersonId


class AlertKind(StrEnum):
    """An alert, or what takes one back."""

    ALERT = "alert"
    CORRECTION = "correction"
    ALL_CLEAR = "all_clear"


class AlertPhase(StrEnum):
    """The life of an alert: forward only. A draft is a preview that nobody has fired."""

    DRAFT = "draft"
    PENDING_SECOND = "pending_second"
    ACTIVE = "active"
    CANCELLED = "cancelled"
    ENDED = "ended"
    REFUSED = "refused"


class Part(StrEnum):
    """What may have to be said about an alert."""

    WORDS = "words"
    CORRECTION = "correction"
    ALL_CLEAR = "all_clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertWords:
    """One text of an alert and its sound."""

    text: str
    sound: Sound = field(default_factory=Sound)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert as it lies in the store. ``area`` is its issuer's; ``issued_at`` is None until it sounds."""

    id: AlertId
    kind: AlertKind
    area: AreaCode
    issuer_level: str
    hazard: str
    level: int
    mode: Mode
    tone: str
    headline: str
    text: str
    words: dict[Part, AlertWords]
    targets: tuple[AreaCode, ...]
    phase: AlertPhase
    scope_hash: str
    people: int
    rounds: int
    every_ms: int
    volume: int
    drafted_by: PersonId
    drafted_at: datetime
    ends_at: datetime
    refers_to: tuple[AlertId, ...] = ()
    second_by: PersonId | None = None
    break_glass_reason: str = ""
    issued_at: datetime | None = None
    cancelled_by: PersonId | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    broker_ms: float | None = None
    offsets_ms: tuple[int, ...] | None = None
    """When the first rounds begin where they are not all ``every_ms`` apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageReach:
    """How far an alert has come in one village; every node is counted once, over all rounds."""

    area: AreaCode
    nodes: int
    accepted: int
    sounding: int
    finished: int
    heard: int
    unheard: int
    refused: int
    silent: int


def add(conn: Conn, alert: AlertRow) -> None:
    """A new one, with its targets and its words."""
    insert(conn, "alert", _row(alert))
    insert(conn, "alert_target", *({"area": area, "alert": alert.id} for area in alert.targets))
    for part, words in alert.words.items():
        sound = sound_row(words.sound)
        insert(conn, "alert_words", {"alert": alert.id, "part": part.value, "text": words.text, **sound})


def save(conn: Conn, alert: AlertRow) -> None:
    """Its present state; targets and texts are as they were added, sounds go by ``save_sound``.

    Raises sqlite3.IntegrityError for a step back or another mode.
    """
    update(conn, "alert", _row(alert), id=alert.id)


def save_sound(conn: Conn, alert: AlertId, part: Part, sound: Sound) -> None:
    """How far the sound of one of its texts is."""
    update(conn, "alert_words", sound_row(sound), alert=alert, part=part.value)


def save_broker_ms(conn: Conn, alert: AlertId, broker_ms: float) -> None:
    """How long it took from the button to the broker's acknowledgement."""
    changed(conn, "UPDATE alert SET broker_ms = ? WHERE id = ? AND broker_ms IS NULL", broker_ms, alert)


def get(conn: Conn, alert: AlertId) -> AlertRow | None:
    """One alert."""
    found = _alerts(conn, rows(conn, "SELECT * FROM alert WHERE id = ?", alert))
    return found[0] if found else None


def newest(conn: Conn, area: AreaCode, limit: int = 50, *, drafts: bool = False) -> tuple[AlertRow, ...]:
    """Alerts issued by, or sounding on, the branch of an area; the newest first."""
    sql = (
        f"{BRANCH} SELECT * FROM alert WHERE (state <> 'draft' OR ?) AND (area IN (SELECT code FROM branch)"
        " OR id IN (SELECT alert FROM alert_target JOIN branch ON alert_target.area = branch.code))"
        " ORDER BY drafted_at DESC, id LIMIT ?"
    )
    return _alerts(conn, rows(conn, sql, area, int(drafts), limit))


def running(conn: Conn) -> tuple[AlertRow, ...]:
    """Every alert that is active, the oldest first."""
    return _alerts(conn, rows(conn, "SELECT * FROM alert WHERE state = 'active' ORDER BY issued_at, id"))


def in_document(conn: Conn, area: AreaCode, now: datetime) -> tuple[AlertRow, ...]:
    """What the area's own alerts document lists: in force, or cancelled before their end had come."""
    sql = (
        "SELECT alert.* FROM alert JOIN alert_target ON alert_target.alert = alert.id"
        " WHERE alert_target.area = ? AND issued_at IS NOT NULL AND state IN ('active', 'cancelled')"
        " AND ends_at > ? ORDER BY issued_at, id"
    )
    return _alerts(conn, rows(conn, sql, area, to_text(now)))


def to_end(conn: Conn, now: datetime) -> tuple[AlertRow, ...]:
    """Active ones whose end has come, and requests for a second person that are too late."""
    sql = "SELECT * FROM alert WHERE state IN ('active', 'pending_second') AND ends_at <= ? ORDER BY ends_at"
    return _alerts(conn, rows(conn, sql, to_text(now)))


def next_end(conn: Conn) -> datetime | None:
    """When the next one ends by itself."""
    row = first(conn, "SELECT MIN(ends_at) AS at FROM alert WHERE state IN ('active', 'pending_second')")
    return None if row is None or row["at"] is None else from_text(row["at"])


def to_render(conn: Conn) -> tuple[tuple[AlertId, Part, AlertWords], ...]:
    """Texts whose sound is asked for and not there, what must be said before what may have to be."""
    sql = (
        "SELECT alert_words.* FROM alert_words JOIN alert ON alert = alert.id"
        " WHERE render IN ('waiting', 'rendering') AND state IN ('draft', 'pending_second', 'active')"
        " ORDER BY CASE part WHEN 'words' THEN 0 ELSE 1 END, drafted_at, part"
    )
    return tuple(
        (AlertId(row["alert"]), Part(row["part"]), AlertWords(text=row["text"], sound=sound_from(row)))
        for row in rows(conn, sql)
    )


def reach(conn: Conn, alert: AlertId) -> tuple[VillageReach, ...]:
    """How far an alert has come, village by village."""
    sql = """
    WITH per_node AS (
        SELECT node, MIN(area) AS area,
            MAX(CASE WHEN accepted_at IS NOT NULL OR started_at IS NOT NULL THEN 1 ELSE 0 END) AS accepted,
            MAX(CASE WHEN started_at IS NOT NULL THEN 1 ELSE 0 END) AS started,
            MAX(
                CASE WHEN started_at IS NOT NULL AND finished_at IS NULL AND verdict IS NULL THEN 1 ELSE 0 END
            ) AS sounding,
            MAX(CASE WHEN finished_at IS NOT NULL THEN 1 ELSE 0 END) AS finished,
            MAX(CASE WHEN heard = 'yes' THEN 1 ELSE 0 END) AS heard,
            MAX(CASE WHEN heard = 'no' THEN 1 ELSE 0 END) AS deaf,
            MAX(CASE WHEN verdict = 'refused' THEN 1 ELSE 0 END) AS refused
        FROM delivery WHERE subject = ? GROUP BY node
    )
    SELECT area, COUNT(*) AS nodes, SUM(accepted) AS accepted, SUM(sounding) AS sounding,
        SUM(finished) AS finished, SUM(heard) AS heard,
        SUM(CASE WHEN deaf = 1 AND heard = 0 THEN 1 ELSE 0 END) AS unheard,
        SUM(CASE WHEN refused = 1 AND started = 0 THEN 1 ELSE 0 END) AS refused,
        SUM(CASE WHEN accepted = 0 AND refused = 0 THEN 1 ELSE 0 END) AS silent
    FROM per_node GROUP BY area ORDER BY area
    """
    return tuple(VillageReach(**{**row, "area": AreaCode(row["area"])}) for row in rows(conn, sql, alert))


def forget_drafts(conn: Conn, drafted_before: datetime) -> int:
    """Clear away previews that nobody fired."""
    old = "SELECT id FROM alert WHERE state = 'draft' AND drafted_at < ?"
    for table in ("alert_words", "alert_target"):
        changed(conn, f"DELETE FROM {table} WHERE alert IN ({old})", to_text(drafted_before))
    return changed(conn, f"DELETE FROM alert WHERE id IN ({old})", to_text(drafted_before))


def _alerts(conn: Conn, found: Iterable[Row]) -> tuple[AlertRow, ...]:
    found = tuple(found)
    words: dict[str, dict[Part, AlertWords]] = {row["id"]: {} for row in found}
    sql = f"SELECT * FROM alert_words WHERE alert IN ({marks(len(words))}) ORDER BY alert, part"
    for row in rows(conn, sql, *words):
        words[row["alert"]][Part(row["part"])] = AlertWords(text=row["text"], sound=sound_from(row))
    return tuple(_alert(row, words[row["id"]]) for row in found)


def _row(alert: AlertRow) -> Row:
    return {
        "id": alert.id,
        "kind": alert.kind.value,
        "area": alert.area,
        "issuer_level": alert.issuer_level,
        "hazard": alert.hazard,
        "level": alert.level,
        "mode": alert.mode.value,
        "tone": alert.tone,
        "headline": alert.headline,
        "text": alert.text,
        "targets": json.dumps(list(alert.targets)),
        "refers_to": json.dumps(list(alert.refers_to)),
        "state": alert.phase.value,
        "scope_hash": alert.scope_hash,
        "people": alert.people,
        "rounds": alert.rounds,
        "every_ms": alert.every_ms,
        "volume": alert.volume,
        "drafted_by": alert.drafted_by,
        "drafted_at": to_text(alert.drafted_at),
        "second_by": alert.second_by,
        "break_glass_reason": alert.break_glass_reason,
        "issued_at": maybe_text(alert.issued_at),
        "ends_at": to_text(alert.ends_at),
        "cancelled_by": alert.cancelled_by,
        "cancelled_at": maybe_text(alert.cancelled_at),
        "cancel_reason": alert.cancel_reason,
        "broker_ms": alert.broker_ms,
        "offsets_ms": None if alert.offsets_ms is None else json.dumps(list(alert.offsets_ms)),
    }


def _alert(row: Row, words: dict[Part, AlertWords]) -> AlertRow:
    return AlertRow(
        id=AlertId(row["id"]),
        kind=AlertKind(row["kind"]),
        area=AreaCode(row["area"]),
        issuer_level=row["issuer_level"],
        hazard=row["hazard"],
        level=row["level"],
        mode=Mode(row["mode"]),
        tone=row["tone"],
        headline=row["headline"],
        text=row["text"],
        words=words,
        targets=tuple(AreaCode(code) for code in json.loads(row["targets"])),
        phase=AlertPhase(row["state"]),
        scope_hash=row["scope_hash"],
        people=row["people"],
        rounds=row["rounds"],
        every_ms=row["every_ms"],
        volume=row["volume"],
        drafted_by=PersonId(row["drafted_by"]),
        drafted_at=from_text(row["drafted_at"]),
        ends_at=from_text(row["ends_at"]),
        refers_to=tuple(AlertId(alert) for alert in json.loads(row["refers_to"])),
        second_by=None if row["second_by"] is None else PersonId(row["second_by"]),
        break_glass_reason=row["break_glass_reason"],
        issued_at=maybe_from(row["issued_at"]),
        cancelled_by=None if row["cancelled_by"] is None else PersonId(row["cancelled_by"]),
        cancelled_at=maybe_from(row["cancelled_at"]),
        cancel_reason=row["cancel_reason"],
        broker_ms=row["broker_ms"],
        offsets_ms=None if row["offsets_ms"] is None else tuple(json.loads(row["offsets_ms"])),
    )
