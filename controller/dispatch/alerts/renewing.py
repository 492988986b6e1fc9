"""Alerts while they stand: signed anew, said again round by round, followed by their words, and ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.dispatch.alerts.bulletin import (
    Bulletin,
    alert_message,
    bulletins_of,
    clip_letters,
    post_bulletins,
    round_rows,
)
from controller.dispatch.outbox import clearing_letter
from controller.dispatch.room import Room
from controller.dispatch.showing import Showing
from controller.dispatch.signals import Topic, Wake
from controller.store import alerts, audit, deliveries, documents, outbox
from controller.store.alerts import AlertPhase, AlertRow, Part
from controller.store.database import Conn
from controller.store.documents import Document, DocumentKind
from controller.store.outbox import Letter
from devices.alerts import round_times
from schedules.announcement import AreaCode

RENEW_EVERY = timedelta(minutes=5)
CHASE_FIRST = timedelta(seconds=5)
CHASE_MOST = timedelta(seconds=60)
WHO = "loa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """What has to be carried now, what changed for people, and when to look again."""

    letters: tuple[Letter, ...]
    ended: tuple[str, ...]
    wake_at: datetime | None


class Renewer:
    """Content that did not change keeps its version: it is the same document with a later date."""

    def __init__(self, room: Room, showing: Showing) -> None:
        self._room = room
        self._showing = showing
        self._chases: dict[str, tuple[int, datetime]] = {}

    async def turn(self) -> datetime | None:
        room = self._room
        now = room.clock.now()
        running = await room.db.read(alerts.running)
        if not running and not await room.db.read(_is_busy, now):
            return await room.db.read(alerts.next_end)
        payloads = await self._payloads(running)
        renewed = await room.db.write(self._renew, payloads, now)
        if renewed.letters:
            await room.sender.express(renewed.letters)
            room.signals.wake(Wake.SENDER)
        for alert in renewed.ended:
            room.signals.tell(Topic.ALERT, alert)
        return renewed.wake_at

    def _renew(self, conn: Conn, payloads: Mapping[str, bytes], now: datetime) -> Renewed:
        ended = self._end(conn, now)
        running = alerts.running(conn)
        wakes = [self._begin_rounds(conn, row, now) for row in running]
        areas = {area for row in running for area in row.targets}
        held = documents.to_sign_anew(conn, now + timedelta(days=1), DocumentKind.ALERTS)
        areas |= {AreaCode(document.area) for document in held if document.area is not None}
        letters = self._letters(conn, areas, payloads, now)
        for letter in letters:
            outbox.post(conn, letter)
        wakes.append(alerts.next_end(conn))
        if areas:
            wakes.append(now + RENEW_EVERY)
        wakes += [at for _, at in self._chases.values()]
        return Renewed(
            letters=letters, ended=ended, wake_at=min((at for at in wakes if at is not None), default=None)
        )

    def _end(self, conn: Conn, now: datetime) -> tuple[str, ...]:
        over = alerts.to_end(conn, now)
        for row in over:
            phase = AlertPhase.ENDED if row.phase is AlertPhase.ACTIVE else AlertPhase.REFUSED
            alerts.save(conn, replace(row, phase=phase))
            audit.append(conn, now, WHO, f"alert.{phase.value}", row.id)
        return tuple(row.id for row in over)

    def _begin_rounds(self, conn: Conn, row: AlertRow, now: datetime) -> datetime | None:
        """Deliveries of the rounds that have begun; when the next one does."""
        times = round_times(alert_message(self._room, row, None))
        known = {one.round for one in deliveries.of_subject(conn, row.id)}
        for number, at in enumerate(times):
            if at <= now and number not in known:
                round_rows(conn, self._room, row, number, now)
        return next((at for at in times if at > now), None)

    def _letters(
        self, conn: Conn, areas: Iterable[AreaCode], payloads: Mapping[str, bytes], now: datetime
    ) -> tuple[Letter, ...]:
        changed: list[Bulletin] = []
        dated: list[Bulletin] = []
        letters: list[Letter] = []
        for bulletin in bulletins_of(conn, self._room, sorted(areas), now):
            document = documents.get(conn, bulletin.topic)
            if not bulletin.alerts:
                letters += self._retire(conn, document, now)
            elif document is None or document.retired_at or document.content_hash != bulletin.print:
                changed.append(bulletin)
            elif document.signed_at + RENEW_EVERY <= now or self._is_chased(conn, bulletin, now):
                dated.append(bulletin)
        letters += post_bulletins(conn, self._room, changed, now)
        letters += clip_letters(changed, payloads, now)
        letters += post_bulletins(conn, self._room, dated, now)
        return tuple(letters)

    def _retire(self, conn: Conn, document: Document | None, now: datetime) -> tuple[Letter, ...]:
        """Nothing is left to say there: the broker forgets it, so that no node meets an expired document."""
        if document is None or document.retired_at is not None:
            return ()
        documents.retire(conn, document.topic, now)
        self._chases.pop(document.topic, None)
        return (clearing_letter(document, now),)

    def _is_chased(self, conn: Conn, bulletin: Bulletin, now: datetime) -> bool:
        """A node that is well and says nothing of an alert gets it again, at growing distances (F23)."""
        if not self._is_missed(conn, bulletin, now):
            self._chases.pop(bulletin.topic, None)
            return False
        tries, at = self._chases.get(bulletin.topic, (0, now + CHASE_FIRST))
        if at > now:
            self._chases[bulletin.topic] = (tries, at)
            return False
        self._chases[bulletin.topic] = (tries + 1, now + min(CHASE_FIRST * 2 ** (tries + 1), CHASE_MOST))
        return True

    def _is_missed(self, conn: Conn, bulletin: Bulletin, now: datetime) -> bool:
        monitor = self._room.monitor
        for alert in bulletin.alerts:
            for row in deliveries.open_after(conn, alert.id):
                mute = row.round == 0 and row.accepted_at is None and row.started_at is None
                if mute and not monitor.is_silent(row.node):
                    return True
        return False

    async def _payloads(self, running: Iterable[AlertRow]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for row in running:
            words = row.words.get(Part.WORDS)
            if words is None or words.sound.clip is None:
                continue
            payload = await self._showing.clip_bytes(words.sound.clip)
            if payload is not None:
                found[words.sound.clip] = payload
        return found


def _is_busy(conn: Conn, now: datetime) -> bool:
    """Whether something has to be ended or taken off the broker though no alert runs."""
    listed = documents.to_sign_anew(conn, now + timedelta(days=1), DocumentKind.ALERTS)
    return bool(listed or alerts.to_end(conn, now))
