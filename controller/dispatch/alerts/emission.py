"""What emergencies and stops have in common: saved whole in one transaction, then carried at once."""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.access import Person
from controller.dispatch.alerts.bulletin import (
    bulletins_of,
    cancel_rows,
    clip_letters,
    first_rows,
    post_bulletins,
)
from controller.dispatch.room import Room
from controller.dispatch.showing import Showing
from controller.dispatch.signals import Topic, Wake
from controller.errors import Problem
from controller.store import alerts, audit, idempotency, outbox
from controller.store.alerts import AlertKind, AlertPhase, AlertRow, Part
from controller.store.database import Conn
from controller.store.outbox import Letter
from controller.store.sounds import Sound
from devices.messages import AlertId
from schedules.announcement import AreaCode
from schedules.area import Tree

CLIPS_AFTER = timedelta(seconds=2)
SUPERSEDED = "superseded"
_log = logging.getLogger("loa.alarm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press of a button: by whom, what it is called in the audit, and the key that makes it once."""

    person: Person
    deed: str
    pressed: float
    key: str | None = None
    body: str = ""


class Emission:
    """Nothing leaves that is not durable; what is durable and did not leave is found in the outbox."""

    def __init__(self, room: Room, showing: Showing) -> None:
        self._room = room
        self._showing = showing

    async def answered(self, person: Person, key: str, body: str) -> AlertId | None:
        """The alert that this key has made already."""
        if not key:
            raise Problem("E_IDEMPOTENCY_KEY")
        known = await self._room.db.read(idempotency.recall, person.id, key, body)
        return None if known is None else AlertId(str(known.answer["alert"]))

    async def emit(self, press: Press, row: AlertRow, cancels: tuple[AlertRow, ...] = ()) -> AlertId:
        """Save the alert in its new phase with all that follows, and carry what sounds to the broker."""
        payloads = await self.clip_bytes((row,))
        alert, letters = await self._room.db.write_urgent(self._save, press, row, cancels, payloads)
        await self._carry(alert, letters, press.pressed)
        return alert

    def _save(
        self,
        conn: Conn,
        press: Press,
        row: AlertRow,
        cancels: tuple[AlertRow, ...],
        payloads: dict[str, bytes],
    ) -> tuple[AlertId, tuple[Letter, ...]]:
        """Rows, documents, letters, deliveries, audit and the idempotency key: all or nothing."""
        person, key = press.person, press.key
        if key is not None and (known := idempotency.recall(conn, person.id, key, press.body)) is not None:
            return AlertId(str(known.answer["alert"])), ()
        now = row.issued_at or self._room.clock.now()
        older = self._superseded(conn, row)
        if older:
            row = replace(row, refers_to=tuple(other.id for other in older))
        stored = alerts.get(conn, row.id)
        if stored is None:
            alerts.add(conn, row)
        elif stored.phase not in (AlertPhase.DRAFT, AlertPhase.PENDING_SECOND):
            raise Problem("E_STATE")
        else:
            # its sounds may have become ready since it was read; only its own columns are written
            alerts.save(conn, row)
        for other in cancels:
            self.cancel(conn, other, person, press.deed, now)
        for other in older:
            self.cancel(conn, other, person, SUPERSEDED, now)
        letters: tuple[Letter, ...] = ()
        if row.phase is AlertPhase.ACTIVE:
            places = {*row.targets, *(area for other in older for area in other.targets)}
            letters = self.bulletins(conn, places, payloads, now)
            first_rows(conn, self._room, row, now)
        audit.append(conn, now, person.id, press.deed, row.id, _facts(row))
        if key is not None:
            answer = {"alert": row.id}
            idempotency.remember(conn, person.id, key, press.body, status=201, answer=answer, now=now)
        return row.id, letters

    def _superseded(self, conn: Conn, row: AlertRow) -> tuple[AlertRow, ...]:
        """The issuer's own running alerts of the same hazard whose whole ground the new one covers."""
        if row.phase is not AlertPhase.ACTIVE or row.kind is not AlertKind.ALERT:
            return ()
        return tuple(other for other in alerts.running(conn) if is_superseded(other, row, self._room.tree))

    def cancel(self, conn: Conn, row: AlertRow, person: Person, reason: str, now: datetime) -> None:
        """End an alert that runs; nothing where it is over already."""
        held = alerts.get(conn, row.id)
        if held is None or held.phase is not AlertPhase.ACTIVE:
            return
        gone = replace(
            held, phase=AlertPhase.CANCELLED, cancelled_by=person.id, cancelled_at=now, cancel_reason=reason
        )
        alerts.save(conn, gone)
        cancel_rows(conn, self._room, row.id, now)
        audit.append(conn, now, person.id, "alert.cancelled", row.id, {"reason": reason})

    def bulletins(
        self, conn: Conn, areas: Iterable[AreaCode], payloads: dict[str, bytes], now: datetime
    ) -> tuple[Letter, ...]:
        """New versions for these areas, to be carried at once; small clips are posted to follow soon."""
        found = bulletins_of(conn, self._room, tuple(sorted(areas)), now)
        signed, clips = post_bulletins(conn, self._room, found, now), clip_letters(found, payloads, now)
        for letter in (*signed, *clips):
            outbox.post(conn, letter)
        for letter in clips:
            # A thousand clips would stand before the last sirens; the words have the siren's length to come.
            outbox.postpone(conn, letter.id, now + CLIPS_AFTER, "after the sirens")
        return signed

    async def clip_bytes(self, rows: Iterable[AlertRow]) -> dict[str, bytes]:
        """The small clips that go along with the alert itself."""
        found: dict[str, bytes] = {}
        for row in rows:
            sound = row.words[Part.WORDS].sound if Part.WORDS in row.words else Sound()
            if sound.clip is not None:
                payload = await self._showing.clip_bytes(sound.clip)
                if payload is not None:
                    found[sound.clip] = payload
        return found

    async def _carry(self, alert: AlertId, letters: tuple[Letter, ...], pressed: float) -> None:
        room = self._room
        if letters and await room.sender.express(letters):
            broker_ms = round((room.clock.monotonic() - pressed) * 1000, 3)
            await room.db.write_urgent(alerts.save_broker_ms, alert, broker_ms)
            room.metrics.emergency_broker.observe(broker_ms / 1000)
            _log.info("alert.at_broker alert=%s ms=%s", alert, broker_ms)
        room.signals.tell(Topic.ALERT, alert)
        room.signals.wake(Wake.SENDER, Wake.RENDERER, Wake.AUDITOR, Wake.RENEWER)


def is_superseded(older: AlertRow, newer: AlertRow, tree: Tree) -> bool:
    """Whether the newer bulletin takes the older one's place: a storm is told every three hours."""
    same = older.area == newer.area and older.hazard == newer.hazard and older.mode is newer.mode
    running = older.phase is AlertPhase.ACTIVE and older.kind is AlertKind.ALERT and older.id != newer.id
    return (
        same
        and running
        and all(any(tree.descends(place, target) for target in newer.targets) for place in older.targets)
    )


def _facts(row: AlertRow) -> dict[str, audit.Fact]:
    return {
        "hazard": row.hazard,
        "level": row.level,
        "mode": row.mode.value,
        "targets": list(row.targets),
        "people": row.people,
        "phase": row.phase.value,
        "text": hashlib.sha256(row.text.encode()).hexdigest(),
        "refers_to": list(row.refers_to),
        "reason": row.break_glass_reason,
    }
