"""What a chunk of a stream costs a node, beside the raw library's verification of the same octets."""

import base64
import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from devices import chunks, signing, stream_gate, topics
from devices.chunks import Chunk
from devices.grants import Grant
from devices.memory import Window
from devices.messages import (
    Action,
    AreaCode,
    BootId,
    BulletinClass,
    Command,
    CommandId,
    CommandKind,
    Delegation,
    Desired,
    KeyId,
    KeyList,
    Mode,
    NodeId,
    TenantId,
)
from firmware_sim import node
from firmware_sim.effects import Arrived, PowerOn, Tick
from firmware_sim.power import Identity
from firmware_sim.state import Habits, NodeState

FULL, QUICK = 3_000, 100
CHUNK_MS, PACKET_MS = 200, 20
BITRATE = 24_000
MOST_OF_RAW = 3.0
BEGAN = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TENANT, AREA, GRANT = TenantId("t"), AreaCode("19804"), "voice"

Row = dict[str, Any]


def measure(*, quick: bool = False) -> list[Row]:
    """Rows of name, value, unit, baseline, ratio, goal, met; a quick run meets no goal."""
    count = QUICK if quick else FULL
    root, online = signing.generate_key("root"), signing.generate_key("online")
    sealed = [chunks.seal(_chunk(number), online, TENANT, GRANT) for number in range(count)]
    state = _listening(root, online)
    raw_us = _micros(sealed, _raw(online.public.public_bytes_raw()))
    gate_us = _micros(sealed, _gate(state))
    step_us = _stepped(state, sealed)
    wrapped = [_as_jws(number, online) for number in range(count)]
    jws_us = _micros(wrapped, _jws(online))
    raw_words = f"raw Ed25519 verification of the same octets: {raw_us:.0f} µs"
    return [
        _row("a chunk at the node's gate", gate_us, "µs", raw_words, gate_us / raw_us, count == FULL),
        _row("a chunk through the whole node, buffer and player", step_us, "µs", raw_words, step_us / raw_us),
        _row(
            "octets of a chunk",
            len(sealed[0]),
            "B",
            f"the same packets as a compact JWS: {len(wrapped[0])} B, {jws_us:.0f} µs to read and verify",
            len(sealed[0]) / len(wrapped[0]),
        ),
    ]


def _row(name: str, value: float, unit: str, baseline: str, ratio: float, judged: bool = False) -> Row:
    return {
        "name": f"chunks: {name}",
        "value": round(value, 1),
        "unit": unit,
        "baseline": baseline,
        "ratio": round(ratio, 3),
        "goal": f"≤ {MOST_OF_RAW}" if judged else None,
        "met": ratio <= MOST_OF_RAW if judged else None,
    }


def _micros(given: list[bytes], act: Callable[[bytes], None]) -> float:
    """The middle of many, in µs each."""
    took = []
    for one in given:
        began = time.perf_counter()
        act(one)
        took.append(time.perf_counter() - began)
    return sorted(took)[len(took) // 2] * 1e6


def _raw(public: bytes) -> Callable[[bytes], None]:
    key = Ed25519PublicKey.from_public_bytes(public)
    head = chunks.DOMAIN + b"t\nvoice\n"

    def verify(octets: bytes) -> None:
        key.verify(octets[-64:], head + octets[:-64])

    return verify


def _gate(state: NodeState) -> Callable[[bytes], None]:
    topic, item = topics.live(AREA, GRANT), stream_gate.live_item(state.memory.grants[GRANT])
    window = Window()

    def admit(octets: bytes) -> None:
        nonlocal window
        at = BEGAN + timedelta(milliseconds=CHUNK_MS * window.top)
        answer = stream_gate.admit(octets, topic, False, item, window, state.memory, at)
        assert isinstance(answer, stream_gate.Taken), answer
        window = answer.window

    return admit


def _stepped(state: NodeState, sealed: list[bytes]) -> float:
    """The chunk and every wake that it causes, in µs each."""
    topic, spent = topics.live(AREA, GRANT), 0.0
    last = node.step(state, Tick(), 1.0)
    for number, octets in enumerate(sealed):
        at = 1.0 + number * CHUNK_MS / 1000
        began = time.perf_counter()
        while last.wake_at is not None and last.wake_at < at:
            last = node.step(last.state, Tick(), last.wake_at + 1e-4)
        last = node.step(last.state, Arrived(topic=topic, payload=octets, retained=False), at)
        spent += time.perf_counter() - began
    return spent / len(sealed) * 1e6


def _chunk(number: int) -> Chunk:
    rng = random.Random(number)
    size = BITRATE * PACKET_MS // 8_000 - 1
    packets = tuple(b"\x48" + rng.randbytes(size) for _ in range(CHUNK_MS // PACKET_MS))
    return Chunk(
        kid=KeyId("online"),
        sequence=number,
        position_ms=number * CHUNK_MS,
        sent_at=BEGAN + timedelta(milliseconds=number * CHUNK_MS),
        packets=packets,
    )


def _as_jws(number: int, key: signing.SigningKey) -> bytes:
    chunk = _chunk(number)
    payload = {
        "grant": GRANT,
        "packets": [base64.urlsafe_b64encode(one).decode().rstrip("=") for one in chunk.packets],
        "position_ms": chunk.position_ms,
        "sent_at": chunk.sent_at.isoformat(),
        "sequence": number,
        "tenant": TENANT,
    }
    return signing.sign_payload(json.dumps(payload, separators=(",", ":")).encode(), "loa-command+jws", key)


def _jws(key: signing.SigningKey) -> Callable[[bytes], None]:
    def read(octets: bytes) -> None:
        envelope = signing.open_envelope(octets)
        assert signing.verify(envelope, key.public)
        tree = json.loads(envelope.payload)
        assert all(base64.urlsafe_b64decode(one + "==") for one in tree["packets"])

    return read


def _listening(root: signing.SigningKey, online: signing.SigningKey) -> NodeState:
    """A node that holds its keys, its place and an open grant."""
    me, until = NodeId("n-1"), BEGAN + timedelta(days=30)
    right = Delegation(
        kid=online.kid,
        public=online.public_text,
        areas=(AREA,),
        classes=tuple(BulletinClass),
        modes=(Mode.ACTUAL,),
        actions=tuple(Action),
        volume_max=100,
        not_before=BEGAN - timedelta(days=1),
        expires_at=BEGAN + timedelta(days=90),
    )
    place = Desired(
        tenant=TENANT,
        node=me,
        version=1,
        epoch=0,
        issued_at=BEGAN,
        expires_at=until,
        areas=(AREA,),
        groups={},
        clip_base="http://127.0.0.1:1",
    )
    known = KeyList(tenant=TENANT, version=1, issued_at=BEGAN, expires_at=until, keys=(right,))
    power = PowerOn(
        boot=BootId("b"),
        boot_nonce="0" * 32,
        documents={
            topics.keys(): signing.sign(known, root),
            topics.desired(me): signing.sign(place, online),
        },
        facts={"floor": BEGAN.isoformat().encode()},
        rtc_at=BEGAN,
    )
    identity = Identity(tenant=TENANT, node=me, root_public=root.public_text)
    state = node.boot(identity, Habits(telemetry_s=1e6), power).state
    command = Command(
        tenant=TENANT,
        id=CommandId(GRANT),
        kind=CommandKind.LIVE,
        seq=1,
        epoch=0,
        mode=Mode.ACTUAL,
        issued_at=BEGAN,
        expires_at=BEGAN + timedelta(minutes=15),
        area=AREA,
        grant=GRANT,
        live=Grant(ends_at=BEGAN + timedelta(hours=1)),
    )
    order = Arrived(topic=topics.command(AREA), payload=signing.sign(command, online), retained=False)
    return node.step(state, order, 0.5).state
