"""The intake: what nodes said is verified, made durable batch by batch, and only then answered."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.dispatch.alerts.bulletin import bulletins_of, message_of
from controller.dispatch.desired import ensure_desired
from controller.dispatch.plan.delivery import Told, step
from controller.dispatch.receipts.flood import Floodgate
from controller.dispatch.receipts.mail import Letterbox, Opened, Thrown, open_letter
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.fleet import monitor as fleet_monitor
from controller.fleet.monitor import Changes
from controller.store import audit, deliveries, documents, outbox, receipts
from controller.store.database import Conn
from controller.store.deliveries import Delivery, Key
from controller.store.outbox import Letter
from devices import topics
from devices.messages import (
    Answer,
    ClockState,
    Hello,
    NodeId,
    Receipt,
    ReceiptKind,
    Report,
    TenantId,
)

BATCH = 2000
AT_A_STRETCH = 32
WHO = "loa"
_log = logging.getLogger("loa.intake")


@dataclass(slots=True, kw_only=True)
class Counts:
    """What came, for metrics and for the alarm about forgery."""

    letters: int = 0
    receipts: int = 0
    forged: int = 0
    strange: int = 0
    by_node: Counter[NodeId] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one batch's transaction left to be done: letters to carry, and how far each node is durable."""

    letters: tuple[Letter, ...]
    through: dict[NodeId, int]
    touched: tuple[str, ...]


class Intake:
    """Takes letters from the box, in batches, whatever their number."""

    def __init__(self, room: Room, box: Letterbox) -> None:
        self._room = room
        self._box = box
        self.gate = Floodgate()
        self.counts = Counts()

    async def turn(self) -> None:
        """Everything that waits, batch after batch."""
        while letters := self._box.take(BATCH):
            opened: list[Opened] = []
            forged: list[Thrown] = []
            passing = self.gate.let_in(letters)
            self._room.monitor.flooding = self.gate.shut(self._room.clock.now())
            for start in range(0, len(passing), AT_A_STRETCH):
                # A flood of reports must not stand before the button: whoever else is due has a turn.
                await asyncio.sleep(0)
                for letter in passing[start : start + AT_A_STRETCH]:
                    match open_letter(letter, self._room.registry.keys):
                        case Opened() as fine:
                            opened.append(fine)
                        case Thrown() as thrown:
                            self._throw(thrown)
                            forged += [thrown] if thrown.forged else []
            self.counts.letters += len(letters)
            await self._batch(opened, forged)
            self._room.link.acknowledge([letter.arrival for letter in letters])

    async def _batch(self, opened: list[Opened], forged: list[Thrown]) -> None:
        room = self._room
        for one in opened:
            room.monitor.heard(one.node, one.words, one.at)
        changes = room.monitor.take()
        now = room.clock.now()
        try:
            kept = await room.db.write(self._keep, opened, forged, changes, now)
        except BaseException:
            room.monitor.restore(changes)
            raise
        self._answer(opened, kept.through)
        if kept.letters:
            room.signals.wake(Wake.SENDER)
        self._tell(changes, kept)

    def _keep(
        self, conn: Conn, opened: list[Opened], forged: list[Thrown], changes: Changes, now: datetime
    ) -> Kept:
        """One transaction: receipts, verdicts, health, desired states, the alarm about forgeries."""
        room = self._room
        arrived = [
            (one.node, receipt)
            for one in opened
            if isinstance(one.words, Report)
            for receipt in one.words.receipts
        ]
        fresh = receipts.insert_new(conn, arrived, now)
        self.counts.receipts += len(fresh)
        room.metrics.receipts.inc(len(fresh))
        room.metrics.receipts_repeated.inc(len(arrived) - len(fresh))
        touched = keep_receipts(conn, room, fresh, now)
        _skip_what_is_gone(conn, opened, now)
        fleet_monitor.save(conn, changes, room.registry.areas)
        letters: list[Letter] = []
        for one in opened:
            if isinstance(one.words, Hello):
                letters += greet(conn, room, one.words, now)
        for letter in letters:
            outbox.post(conn, letter)
        for thrown in _distinct(forged):
            facts: dict[str, audit.Fact] = {"topic": thrown.topic, "why": thrown.why}
            audit.append(conn, now, WHO, "report.forged", thrown.node or thrown.topic, facts)
        told = {one.node for one in opened if isinstance(one.words, Hello | Report)}
        return Kept(
            letters=tuple(letters),
            through={node: receipts.through(conn, node) for node in told},
            touched=touched,
        )

    def _answer(self, opened: list[Opened], through: dict[NodeId, int]) -> None:
        """After the commit, never before: the node may now forget what the answer covers."""
        room = self._room
        asked_at = {one.node: one.at for one in opened if isinstance(one.words, Hello | Report)}
        for node, at in asked_at.items():
            nonce = room.monitor.live(node).boot_nonce
            if nonce is None:
                continue
            answer = Answer(
                tenant=TenantId(room.tenant),
                node=node,
                boot_nonce=nonce,
                epoch=room.epoch,
                now=(now := room.clock.now()),
                held_ms=max(0, (now - at) // timedelta(milliseconds=1)),
                through=through[node],
            )
            room.link.post(topics.answer(node), room.keyring.sign(answer), qos=1)

    def _throw(self, thrown: Thrown) -> None:
        if thrown.forged:
            self.counts.forged += 1
            self._room.metrics.forged.inc()
            _log.warning("report.forged topic=%s why=%s", thrown.topic, thrown.why)
        else:
            self.counts.strange += 1

    def _tell(self, changes: Changes, kept: Kept) -> None:
        signals = self._room.signals
        for live in changes.lives:
            signals.tell(Topic.NODE, live.node)
        for subject in kept.touched:
            signals.tell(Topic.DELIVERY, subject)
        if kept.touched:
            signals.wake(Wake.AUDITOR, Wake.CORRECTOR)


def keep_receipts(
    conn: Conn, room: Room, fresh: Iterable[tuple[NodeId, Receipt]], now: datetime
) -> tuple[str, ...]:
    """Let each new receipt move its delivery; the subjects that moved."""
    rows = tuple(fresh)
    document_words = [row for row in rows if row[1].occurrence is None and row[1].alert is None]
    keyed = [(key, receipt) for node, receipt in rows if (key := key_of(node, receipt)) is not None]
    known = deliveries.find(conn, (key for key, _ in keyed))
    moved: dict[Key, Delivery] = {}
    for key, receipt in keyed:
        before = moved.get(key) or known.get(key)
        if before is None:
            continue
        after = step(before, Told(receipt=receipt), now)
        moved[key] = after.delivery
        if _first_sample(before, receipt):
            room.metrics.emergency_reach.observe(max(0, receipt.late_ms) / 1000)
        if after.ruling is not None:
            room.metrics.deliveries.labels(after.ruling.verdict.value).inc()
    deliveries.save(conn, moved.values())
    for node, receipt in document_words:
        if receipt.kind is ReceiptKind.REFUSED:
            facts: dict[str, audit.Fact] = {
                "topic": receipt.topic,
                "version": receipt.version,
                "code": receipt.code,
                "reason": receipt.reason,
            }
            audit.append(conn, now, node, "document.refused", receipt.topic or node, facts)
    return tuple(dict.fromkeys(key[0] for key in moved))


def _skip_what_is_gone(conn: Conn, opened: Iterable[Opened], now: datetime) -> None:
    """An older database was restored: what a node says an answer has covered will never come again."""
    said = [one.words for one in opened if isinstance(one.words, Report)]
    for report in said:
        mark = receipts.through(conn, report.node) if report.through else 0
        if report.through > mark:
            receipts.skip_to(conn, report.node, report.through)
            facts: dict[str, audit.Fact] = {"after": mark, "through": report.through}
            audit.append(conn, now, report.node, "receipts.lost", report.node, facts)


def _first_sample(before: Delivery, receipt: Receipt) -> bool:
    """The siren's own start: its first round was due when the button was pressed."""
    first_round = receipt.alert is not None and receipt.round == 0
    return first_round and receipt.kind is ReceiptKind.STARTED and before.started_at is None


def key_of(node: NodeId, receipt: Receipt) -> Key | None:
    """Which delivery a receipt is about, if it is about one."""
    if receipt.occurrence is not None:
        return (receipt.occurrence, 0, node)
    if receipt.alert is not None:
        return (receipt.alert, receipt.round, node)
    if receipt.command is not None:
        # a broadcast: its grant has the name of the command that opened it
        return (receipt.command, 0, node)
    return None


def greet(conn: Conn, room: Room, hello: Hello, now: datetime) -> list[Letter]:
    """What a node that has just connected must get: its desired state, and alerts signed for its nonce."""
    letters = ensure_desired(conn, room, hello.node, now)
    node = room.registry.nodes.get(hello.node)
    if node is None or hello.clock is ClockState.TRUSTED:
        return letters
    chain = room.tree.chain(node.area)
    for bulletin in bulletins_of(conn, room, chain, now):
        if not bulletin.alerts:
            continue
        document = documents.get(conn, bulletin.topic)
        version = document.version if document is not None else documents.next_version(conn, bulletin.topic)
        message = message_of(room, bulletin, version, now, boot_nonce=hello.boot_nonce)
        letters.append(
            Letter(
                id=f"nonce:{hello.boot_nonce}:{bulletin.topic}:{version}",
                topic=topics.node_command(hello.node),
                payload=room.keyring.sign(message),
                created_at=now,
                expires_at=message.expires_at,
                lane=outbox.OutboxLane.EMERGENCY,
            )
        )
    return letters


def _distinct(forged: list[Thrown]) -> tuple[Thrown, ...]:
    """One audit row a batch for each source, so that a flood of forgeries does not become a flood of rows."""
    return tuple({(thrown.node, thrown.topic, thrown.why): thrown for thrown in forged}.values())
