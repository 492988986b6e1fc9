"""The controller's side of a village, as small as can be: it signs, answers and writes down."""

import asyncio
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import soundfile

from devices import codec, topics
from devices.link import Arrival, Ears, Link, Session
from devices.messages import (
    TYP,
    Action,
    Alert,
    AlertId,
    Alerts,
    AlertState,
    Answer,
    AreaCode,
    BulletinClass,
    ClipHash,
    ClipRef,
    Command,
    CommandId,
    CommandKind,
    Delegation,
    Desired,
    Downward,
    Entry,
    Hello,
    KeyList,
    Mode,
    NodeId,
    OccurrenceId,
    Programme,
    Receipt,
    ReceiptKind,
    Report,
    Telemetry,
    TenantId,
)
from devices.signing import SigningKey, generate_key, open_envelope, sign
from tests.support.virtual_time import VirtualLoop

TENANT = TenantId("t-hue")
NATION, PROVINCE, COMMUNE, VILLAGE = (AreaCode(code) for code in ("VN", "46", "19804", "19804-01"))
CHAIN = (NATION, PROVINCE, COMMUNE, VILLAGE)
DAWN = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
"""04:00 in Huế: quiet hours end an hour later."""
MORNING = datetime(2026, 11, 21, 22, 5, tzinfo=UTC)
"""05:05 in Huế."""
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
EVERY_CLASS = tuple(BulletinClass)
ORDINARY = tuple(action for action in Action)


def wall() -> datetime:
    """Now, in virtual or in real time."""
    loop = asyncio.get_running_loop()
    return loop.wall() if isinstance(loop, VirtualLoop) else datetime.now(UTC)


@cache
def opus(seconds: float, pitch: float = 440.0) -> bytes:
    """A clip as nodes get it."""
    time_s = np.arange(round(seconds * 24_000)) / 24_000
    file = io.BytesIO()
    samples = (0.3 * np.sin(2 * np.pi * pitch * time_s)).astype(np.float32)
    soundfile.write(file, samples, 24_000, format="OGG", subtype="OPUS")
    return file.getvalue()


def clip_ref(data: bytes, seconds: float) -> ClipRef:
    """Its name and measures."""
    sha = ClipHash(hashlib.sha256(data).hexdigest())
    return ClipRef(sha256=sha, bytes=len(data), duration_ms=round(seconds * 1000))


@dataclass(frozen=True)
class Keys:
    """The keys of one root of trust."""

    root: SigningKey = field(default_factory=lambda: generate_key("root"))
    online: SigningKey = field(default_factory=lambda: generate_key("online-1"))
    drill: SigningKey = field(default_factory=lambda: generate_key("drill-1"))


class Desk:
    """The controller's side, as small as can be."""

    def __init__(self, keys: Keys, link: Callable[[Ears], Link]) -> None:
        self.keys = keys
        self.tenant = TENANT
        self.shelf: dict[str, bytes] = {}
        self.receipts: dict[NodeId, dict[int, Receipt]] = {}
        self.hellos: list[Hello] = []
        self.telemetry: list[Telemetry] = []
        self.reports = 0
        self.answering = True
        self.version = 0
        self.seq = 0
        self.epoch = 0
        self.nonces: dict[NodeId, str] = {}
        self.link = link(self)
        self.link.subscribe(topics.controller_subscriptions())

    def up(self, session: Session) -> None:
        """Nothing to do."""

    def down(self, reason: str) -> None:
        """Nothing to do."""

    def heard(self, arrival: Arrival) -> None:
        """Reads what nodes say and answers."""
        place = topics.parse(arrival.topic)
        assert place is not None
        assert place.node is not None
        envelope = open_envelope(arrival.payload)
        kinds = {typ: kind for kind, typ in TYP.items()}
        message = codec.decode(envelope.payload, kinds[envelope.typ])
        match message:
            case Hello():
                self.hellos.append(message)
                self.nonces[place.node] = message.boot_nonce
                self.answer(place.node)
            case Report():
                self.reports += 1
                known = self.receipts.setdefault(place.node, {})
                for receipt in message.receipts:
                    assert receipt.seq not in known or known[receipt.seq] == receipt
                    known[receipt.seq] = receipt
                self.answer(place.node)
            case Telemetry():
                self.telemetry.append(message)
            case _:
                pass

    def answer(self, node: NodeId, now: datetime | None = None) -> None:
        """Trusted time, and all receipts without a gap are durable."""
        if not self.answering or node not in self.nonces:
            return
        known, through = self.receipts.get(node, {}), 0
        while through + 1 in known:
            through += 1
        message = Answer(
            tenant=self.tenant,
            node=node,
            boot_nonce=self.nonces[node],
            epoch=self.epoch,
            now=now or wall(),
            held_ms=0,
            through=through,
        )
        self.say(topics.answer(node), message)

    def say(
        self, topic: str, message: Downward, *, key: SigningKey | None = None, retain: bool = False
    ) -> None:
        """Signed by the online key unless another is given."""
        self.throw(topic, sign(message, key or self.keys.online), retain=retain)

    def throw(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Any bytes."""
        assert self.link.post(topic, payload, qos=1, retain=retain)

    def delegation(self, key: SigningKey, **changes: Any) -> Delegation:
        """What the online key may, or what is changed of it."""
        base = Delegation(
            kid=key.kid,
            public=key.public_text,
            areas=(NATION,),
            classes=EVERY_CLASS,
            modes=(Mode.ACTUAL, Mode.TEST),
            actions=ORDINARY,
            volume_max=100,
            not_before=datetime(2026, 1, 1, tzinfo=UTC),
            expires_at=datetime(2028, 1, 1, tzinfo=UTC),
        )
        return replace(base, **changes)

    def publish_keys(self, *extra: Delegation) -> None:
        """The key list, signed by the root."""
        self.version += 1
        drill = self.delegation(self.keys.drill, modes=(Mode.EXERCISE,))
        named = {key.kid: key for key in (self.delegation(self.keys.online), drill, *extra)}
        message = KeyList(
            tenant=self.tenant,
            version=self.version,
            issued_at=wall() - timedelta(seconds=1),
            expires_at=wall() + timedelta(days=90),
            keys=tuple(named.values()),
        )
        self.say(topics.keys(), message, key=self.keys.root, retain=True)

    def publish_desired(self, node: NodeId, **changes: Any) -> None:
        """Where the node stands."""
        self.version += 1
        message = Desired(
            tenant=self.tenant,
            node=node,
            version=self.version,
            epoch=self.epoch,
            issued_at=wall() - timedelta(seconds=1),
            expires_at=wall() + timedelta(days=90),
            areas=CHAIN,
            groups={},
            clip_base="http://127.0.0.1:1",
        )
        self.say(topics.desired(node), replace(message, **changes), retain=True)

    def put(self, seconds: float, pitch: float = 440.0) -> ClipRef:
        """A clip on the server."""
        data = opus(seconds, pitch)
        ref = clip_ref(data, seconds)
        self.shelf[ref.sha256] = data
        return ref

    def entry(self, name: str, at: datetime, ref: ClipRef, **changes: Any) -> Entry:
        """One occurrence."""
        base = Entry(
            occurrence=OccurrenceId(name),
            revision=1,
            starts_at=at,
            latest_at=at + timedelta(minutes=10),
            expires_at=at + timedelta(hours=2),
            bulletin_class=BulletinClass.NORMAL,
            clip=ref.sha256,
        )
        return replace(base, **changes)

    def programme(self, entries: tuple[Entry, ...], refs: tuple[ClipRef, ...], **changes: Any) -> Programme:
        """One day of the commune."""
        self.version += 1
        day = (entries[0].starts_at if entries else wall()).astimezone(ZONE).date()
        base = Programme(
            tenant=self.tenant,
            area=COMMUNE,
            date=day,
            version=self.version,
            epoch=self.epoch,
            mode=Mode.ACTUAL,
            issued_at=wall(),
            expires_at=wall() + timedelta(days=8),
            clips=tuple({ref.sha256: ref for ref in refs}.values()),
            entries=entries,
        )
        return replace(base, **changes)

    def publish_programme(
        self, entries: tuple[Entry, ...], refs: tuple[ClipRef, ...], **changes: Any
    ) -> None:
        """Retained, as in real life."""
        message = self.programme(entries, refs, **changes)
        self.say(topics.programme(message.area, message.date), message, retain=True)

    def alert(self, name: str, **changes: Any) -> Alert:
        """A flood."""
        base = Alert(
            id=AlertId(name),
            event="flood",
            level=3,
            issuer="UBND",
            issuer_level="commune",
            mode=Mode.ACTUAL,
            state=AlertState.ACTIVE,
            issued_at=wall(),
            ends_at=wall() + timedelta(hours=2),
            tone="flood2",
            words=None,
        )
        return replace(base, **changes)

    def alerts(self, alerts: tuple[Alert, ...], refs: tuple[ClipRef, ...] = (), **changes: Any) -> Alerts:
        """The list of the commune."""
        self.version += 1
        base = Alerts(
            tenant=self.tenant,
            area=COMMUNE,
            version=self.version,
            epoch=self.epoch,
            issued_at=wall(),
            expires_at=wall() + timedelta(minutes=14),
            clips=refs,
            alerts=alerts,
        )
        return replace(base, **changes)

    def publish_alerts(self, *alerts: Alert, refs: tuple[ClipRef, ...] = (), **changes: Any) -> None:
        """The trigger."""
        message = self.alerts(alerts, refs, **changes)
        self.say(topics.alerts(message.area), message, retain=True)

    def command(self, kind: CommandKind, **changes: Any) -> Command:
        """An order to the commune, with the next number."""
        self.seq += 1
        base = Command(
            tenant=self.tenant,
            id=CommandId(f"c-{self.seq}"),
            kind=kind,
            seq=self.seq,
            epoch=self.epoch,
            mode=Mode.ACTUAL,
            issued_at=wall(),
            expires_at=wall() + timedelta(minutes=5),
            area=COMMUNE,
        )
        return replace(base, **changes)

    def stop(self, **changes: Any) -> None:
        """DỪNG."""
        self.say(topics.command(COMMUNE), self.command(CommandKind.STOP, **changes))

    def of(self, node: NodeId, kind: ReceiptKind | None = None) -> list[Receipt]:
        """Receipts of a node in order."""
        found = [receipt for _, receipt in sorted(self.receipts.get(node, {}).items())]
        return [receipt for receipt in found if kind is None or receipt.kind is kind]

    def codes(self, node: NodeId) -> list[str | None]:
        """Codes of its refusals."""
        return [receipt.code for receipt in self.of(node, ReceiptKind.REFUSED)]


def morning(desk: Desk, *, seconds: float = 60.0, **changes: object) -> None:
    """One item at 05:05."""
    item = desk.put(seconds)
    desk.publish_programme((desk.entry("morning", MORNING, item, **changes),), (item,))
