"""The sender: carries the outbox to the broker, emergencies first, never while the link is down."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from controller.clock import Clock
from controller.dispatch.signals import Signals, Topic, Wake
from controller.metrics import Metrics, open_metrics
from controller.store import documents, outbox
from controller.store.database import Conn, Database
from controller.store.outbox import Letter, OutboxLane, OutboxState, Posted
from devices.link import Link, LinkDown, LinkError, LinkFull, PublishRefused

BATCH = 64
BACK_OFF_S = (1, 2, 4, 8, 16, 30)
PUBACK_WITHIN_S = 10.0
CLEARED_WITHIN = timedelta(days=31)
"""A broker that was away so long has come back with nothing, or is told again by nobody."""
_log = logging.getLogger("loa.outbox")


def again_after(attempts: int) -> timedelta:
    """1, 2, 4, 8, 16, 30, 30 … seconds."""
    return timedelta(seconds=BACK_OFF_S[min(max(attempts, 1), len(BACK_OFF_S)) - 1])


class Sender:
    """One per controller. Publishing twice is harmless: a node takes an equal version as the same."""

    def __init__(
        self, *, db: Database, link: Link, clock: Clock, signals: Signals, metrics: Metrics | None = None
    ) -> None:
        self._db = db
        self._link = link
        self._clock = clock
        self._signals = signals
        metrics = open_metrics() if metrics is None else metrics
        self._count = metrics.outbox
        self._express: set[str] = set()
        self.published = 0
        self.parked = 0

    async def express(self, letters: Iterable[Letter]) -> bool:
        """Carry these now, without waiting for a turn; True when the broker has acknowledged all of them.

        They are in the outbox already, so what fails here is found there again.
        """
        mine = tuple(letters)
        if not self._link.up or not mine:
            return False
        self._express.update(letter.id for letter in mine)
        try:
            done = await self._carry(mine)
        finally:
            self._express.difference_update(letter.id for letter in mine)
        return len(done) == len(mine)

    async def turn(self) -> datetime | None:
        """Carry what is due; returns when to be asked again, None to be woken by a signal only."""
        if not self._link.up:
            return None
        now = self._clock.now()
        due = await self._db.read(outbox.next_wake)
        if due is None or due > now:
            return due
        self._count.labels(OutboxState.EXPIRED.value).inc(await self._db.write(outbox.expire, now))
        while self._link.up and (claimed := await self._db.write(outbox.claim, self._clock.now(), BATCH)):
            for lane in OutboxLane:
                posted = [
                    one for one in claimed if one.letter.lane is lane and one.letter.id not in self._express
                ]
                await self._carry_posted(posted)
        return await self._db.read(outbox.next_wake)

    async def republish(self) -> int:
        """After each link-up: everything retained, for the broker may have lost it (F04)."""
        now = self._clock.now()
        current = await self._db.read(documents.current, now)
        await self._db.write(outbox.release, now)
        letters = tuple(_again(document, now) for document in sorted(current, key=_urgency))
        for start in range(0, len(letters), BATCH):
            if not self._link.up:
                break
            await self._offer(letters[start : start + BATCH])
        self._signals.wake(Wake.SENDER)
        return len(letters)

    async def _carry_posted(self, posted: list[Posted]) -> None:
        posted = [one for one in posted if one.letter.id not in self._express]
        attempts = {one.letter.id: one.attempts for one in posted}
        letters = tuple(one.letter for one in posted)
        outcome = await self._offer(letters)
        await self._settle(outcome, attempts)

    async def _carry(self, letters: tuple[Letter, ...]) -> tuple[str, ...]:
        outcome = await self._offer(letters)
        await self._settle(outcome, dict.fromkeys(outcome, 1))
        return tuple(letter for letter, error in outcome.items() if error is None)

    async def _offer(self, letters: tuple[Letter, ...]) -> dict[str, LinkError | None]:
        """Every letter out before any answer is awaited; then what became of each."""
        outcome: dict[str, LinkError | None] = {}
        waiting: dict[str, asyncio.Future[None]] = {}
        for letter in letters:
            try:
                waiting[letter.id] = self._link.offer(
                    letter.topic, letter.payload, qos=letter.qos, retain=letter.retain
                )
            except LinkError as error:
                outcome[letter.id] = error
        if waiting:
            await asyncio.wait(waiting.values(), timeout=PUBACK_WITHIN_S)
        for name, future in waiting.items():
            outcome[name] = _answer(future)
        published = sum(error is None for error in outcome.values())
        self.published += published
        self._count.labels(OutboxState.SENT.value).inc(published)
        return outcome

    async def _settle(self, outcome: dict[str, LinkError | None], attempts: dict[str, int]) -> None:
        if outcome:
            parked = await self._db.write(_settle, outcome, attempts, self._clock.now())
            self.parked += parked
            self._count.labels(OutboxState.PARKED.value).inc(parked)
            if parked:
                self._signals.tell(Topic.LINK)


def _answer(future: asyncio.Future[None]) -> LinkError | None:
    if not future.done():
        future.cancel()
        return LinkDown("no answer from the broker in time")
    if future.cancelled():
        return LinkDown("given up")
    error = future.exception()
    return error if isinstance(error, LinkError) else None


def _settle(conn: Conn, outcome: dict[str, LinkError | None], attempts: dict[str, int], now: datetime) -> int:
    """Write what became of each letter; how many were parked."""
    parked = 0
    outbox.sent(conn, (letter for letter, error in outcome.items() if error is None), now)
    for letter, error in outcome.items():
        next_at = now + again_after(attempts[letter])
        if isinstance(error, LinkFull | LinkDown):
            outbox.postpone(conn, letter, next_at, str(error))
        elif isinstance(error, PublishRefused) or error is not None:
            _log.warning("letter.refused id=%s reason=%s", letter, error)
            parked += outbox.failed(conn, letter, next_at, str(error)) is OutboxState.PARKED
    return parked


def _again(document: documents.Document, now: datetime) -> Letter:
    return Letter(
        id=letter_id(document),
        topic=document.topic,
        payload=document.payload,
        created_at=now,
        expires_at=document.expires_at,
        retain=True,
    )


def letter_id(document: documents.Document) -> str:
    """The same document is the same letter, however often it is written."""
    return f"{document.topic}#{document.version}@{document.signed_at:%Y%m%dT%H%M%S.%f}"


_ORDER = {
    documents.DocumentKind.KEYS: 0,
    documents.DocumentKind.ALERTS: 1,
    documents.DocumentKind.DESIRED: 2,
    documents.DocumentKind.PROGRAMME: 3,
}


def _urgency(document: documents.Document) -> tuple[int, str]:
    return _ORDER[document.kind], document.topic


def letter_for(document: documents.Document, lane: OutboxLane = OutboxLane.NORMAL) -> Letter:
    """The letter that carries a newly signed document."""
    return Letter(
        id=letter_id(document),
        topic=document.topic,
        payload=document.payload,
        created_at=document.signed_at,
        expires_at=document.expires_at,
        lane=lane,
        retain=True,
    )


def clearing_letter(document: documents.Document, now: datetime) -> Letter:
    """The letter that takes a document off the broker: nobody who comes later meets it there."""
    return Letter(
        id=f"{document.topic}#{document.version}@cleared",
        topic=document.topic,
        payload=b"",
        created_at=now,
        expires_at=now + CLEARED_WITHIN,
        retain=True,
    )
