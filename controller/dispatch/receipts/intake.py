"""The intake: what nodes said is verified, made durable batch by batch, and only then answered."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.dispatch.alerts.bulletin import bulletins_of, message_of
from controller.dispatch.outbox import letter_for
from controller.dispatch.plan.compile import at_least
from controller.dispatch.plan.delivery import Told, step
from controller.dispatch.receipts.mail import Letterbox, Opened, Thrown, open_letter
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.fleet import monitor as fleet_monitor
from controller.fleet.monitor import Changes
from controller.store import audit, corrections, deliveries, documents, groups, nodes, outbox, receipts, rules
from controller.store.database import Conn
from controller.store.deliveries import Delivery, Key
from controller.store.documents import Document, DocumentKind
from controller.store.outbox import Letter
from devices import topics
from devices.messages import (
    Answer,
    AreaCode,
    ClockState,
    Desired,
    GroupId,
    Hello,
    NodeId,
    Receipt,
    ReceiptKind,
    Report,
    TenantId,
    VolumeStep,
)
from schedules.calendar import QuietHours
from schedules.loudness import house_loudness, percents

BATCH = 2000
AT_A_STRETCH = 32
DESIRED_LIFE = timedelta(days=30)
USUAL = ("vi",)
"""What a node plays where nobody has said more: told from the first, so no reason to tell it anew."""
DESIRED_RENEW = timedelta(days=7)
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
        self.counts = Counts()

    async def turn(self) -> None:
        """Everything that waits, batch after batch."""
        while letters := self._box.take(BATCH):
            opened: list[Opened] = []
            forged: list[Thrown] = []
            for start in range(0, len(letters), AT_A_STRETCH):
                # A flood of reports must not stand before the button: whoever else is due has a turn.
                await asyncio.sleep(0)
                for letter in letters[start : start + AT_A_STRETCH]:
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


def ensure_desired(conn: Conn, room: Room, node_id: NodeId, now: datetime) -> list[Letter]:
    """The node's desired state, signed anew where its content changed or its life runs out."""
    node = room.registry.nodes.get(node_id)
    if node is None:
        return []
    topic = topics.desired(node_id)
    held = documents.get(conn, topic)
    belongs = {**groups.of_node(conn, node_id), **corrections.groups_of_node(conn, node_id, now)}
    quiet = _quiet(conn, room, node)
    wanted = _desired(room, node, belongs, quiet, 0, now)
    content = repr(
        (
            wanted.areas,
            wanted.clip_base,
            wanted.volume_ceiling,
            wanted.quiet_from,
            wanted.quiet_to,
            wanted.volume_steps,
        )
    )
    if belongs:
        content += f" in {belongs}"
    if wanted.languages != USUAL:
        content += f" in {wanted.languages}"
    if room.epoch:
        # The node may hold what a restored database has forgotten: it is told anew.
        content += f" in epoch {room.epoch}"
    lasts = held is not None and held.expires_at > now + DESIRED_RENEW and held.retired_at is None
    if held is not None and lasts and held.content_hash == content:
        return []
    version = max(nodes.next_desired(conn, node_id), 1 + (held.version if held is not None else 0))
    desired = _desired(room, node, belongs, quiet, at_least(version, room.epoch), now)
    document = Document(
        topic=topic,
        kind=DocumentKind.DESIRED,
        version=desired.version,
        content_hash=content,
        payload=room.keyring.sign(desired),
        signed_at=now,
        expires_at=desired.expires_at,
        area=node.area,
    )
    documents.put(conn, document)
    return [letter_for(document)]


def _quiet(conn: Conn, room: Room, node: nodes.Node) -> QuietHours:
    """Those of its area's pack and of the house together, as the plan judges by them."""
    pack = rules.pack_above(conn, room.tree.chain(node.area))
    return room.quiet if pack is None else pack.quiet.united(room.quiet)


def _desired(
    room: Room,
    node: nodes.Node,
    belongs: dict[GroupId, int],
    quiet: QuietHours,
    version: int,
    now: datetime,
) -> Desired:
    settings = room.settings
    return Desired(
        tenant=TenantId(room.tenant),
        node=node.id,
        version=version,
        epoch=room.epoch,
        issued_at=now,
        expires_at=now + DESIRED_LIFE,
        areas=tuple(AreaCode(code) for code in room.tree.chain(node.area)),
        groups=belongs,
        clip_base=room.clip_base,
        languages=node.languages,
        volume_ceiling=node.volume_ceiling,
        quiet_from=f"{quiet.start:%H:%M}",
        quiet_to=f"{quiet.end:%H:%M}",
        zone=settings.zone,
        volume_steps=_volume_steps(node),
    )


def _volume_steps(node: nodes.Node) -> tuple[VolumeStep, ...] | None:
    """How loud the hours and its place let it be; nothing where nobody has looked at the place."""
    if node.zone is None:
        return None
    steps = percents(house_loudness(), node.zone)
    return tuple(VolumeStep(since=f"{since:%H:%M}", percent=percent) for since, percent in steps) or None


def _distinct(forged: list[Thrown]) -> tuple[Thrown, ...]:
    """One audit row a batch for each source, so that a flood of forgeries does not become a flood of rows."""
    return tuple({(thrown.node, thrown.topic, thrown.why): thrown for thrown in forged}.values())
