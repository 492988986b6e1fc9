"""The cast of these tests: one tenant's keys, one node in its place, and short ways to say things to it."""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any

from devices import admission, signing, topics
from devices.incoming import Why
from devices.items import Content, Item, occurrence_claim
from devices.memory import Memory, new_memory
from devices.messages import (
    Action,
    Alert,
    AlertId,
    Alerts,
    AlertState,
    Answer,
    AreaCode,
    Beacon,
    BulletinClass,
    ClipHash,
    ClipRef,
    ClockState,
    Command,
    CommandId,
    CommandKind,
    Delegation,
    Desired,
    Downward,
    Entry,
    GroupId,
    KeyList,
    Mode,
    NodeId,
    OccurrenceId,
    Programme,
    TenantId,
)

TENANT, NODE = TenantId("46"), NodeId("node-7f3a")
NATION, PROVINCE, COMMUNE, VILLAGE = (AreaCode(code) for code in ("vn", "46", "19774", "19774-01"))
NEIGHBOUR = AreaCode("19775")
GROUP = GroupId("truong-hoc")
NONCE = "AAAAAAAAAAAAAAAAAAAAAA"
# 12:30 on a Sunday in Vietnam
NOW = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

ROOT = signing.key_from_bytes(bytes([1]) * 32, "root")
ONLINE = signing.key_from_bytes(bytes([2]) * 32, "online")
DRILL = signing.key_from_bytes(bytes([3]) * 32, "exercise")
LOCAL = signing.key_from_bytes(bytes([4]) * 32, "commune")
MUTE = signing.key_from_bytes(bytes([5]) * 32, "mute")
OLD = signing.key_from_bytes(bytes([6]) * 32, "old")
STRANGER = signing.key_from_bytes(bytes([7]) * 32, "stranger")

CLIP = ClipRef(sha256=ClipHash("1a" * 32), bytes=151_042, duration_ms=50_000)
WORDS = ClipRef(sha256=ClipHash("2b" * 32), bytes=64_210, duration_ms=21_000)
CONTENT = Content(sha256=CLIP.sha256, bytes=CLIP.bytes, duration_ms=CLIP.duration_ms)


def delegation(key: signing.SigningKey = ONLINE, **changes: Any) -> Delegation:
    given: dict[str, Any] = {
        "kid": key.kid,
        "public": key.public_text,
        "areas": (PROVINCE,),
        "classes": tuple(BulletinClass),
        "modes": (Mode.ACTUAL, Mode.TEST),
        "actions": tuple(Action),
        "volume_max": 100,
        "not_before": NOW - timedelta(days=30),
        "expires_at": NOW + timedelta(days=300),
    }
    return Delegation(**{**given, **changes})


DELEGATIONS = (
    delegation(ONLINE),
    delegation(DRILL, modes=(Mode.EXERCISE,)),
    delegation(
        LOCAL,
        areas=(COMMUNE,),
        classes=(BulletinClass.NORMAL,),
        volume_max=70,
        hours=("05:00", "21:00"),
        actions=(Action.PROGRAMME, Action.TEST),
    ),
    delegation(MUTE, actions=(Action.TIME,)),
    delegation(OLD, revoked=True),
)


def key_list(*keys: Delegation, **changes: Any) -> KeyList:
    given: dict[str, Any] = {
        "tenant": TENANT,
        "version": 1,
        "issued_at": NOW - timedelta(days=1),
        "expires_at": NOW + timedelta(days=365),
        "keys": keys or DELEGATIONS,
    }
    return KeyList(**{**given, **changes})


def desired(**changes: Any) -> Desired:
    given: dict[str, Any] = {
        "tenant": TENANT,
        "node": NODE,
        "version": 3,
        "epoch": 2,
        "issued_at": NOW - timedelta(days=1),
        "expires_at": NOW + timedelta(days=365),
        "areas": (NATION, PROVINCE, COMMUNE, VILLAGE),
        "groups": {GROUP: 4},
        "clip_base": "http://127.0.0.1:8080",
        "volume_ceiling": 80,
    }
    return Desired(**{**given, **changes})


def entry(**changes: Any) -> Entry:
    given: dict[str, Any] = {
        "occurrence": OccurrenceId("occ-1"),
        "revision": 0,
        "starts_at": NOW + HOUR,
        "latest_at": NOW + HOUR + 5 * MINUTE,
        "expires_at": NOW + 2 * HOUR,
        "bulletin_class": BulletinClass.NORMAL,
        "clip": CLIP.sha256,
        "volume": 60,
        "title": "Lịch tiêm chủng",
    }
    return Entry(**{**given, **changes})


def programme(*entries: Entry, **changes: Any) -> Programme:
    given: dict[str, Any] = {
        "tenant": TENANT,
        "area": COMMUNE,
        "date": date(2026, 11, 22),
        "version": 5,
        "epoch": 2,
        "mode": Mode.ACTUAL,
        "issued_at": NOW - HOUR,
        "expires_at": NOW + 12 * HOUR,
        "clips": (CLIP,),
        "entries": entries or (entry(),),
    }
    return Programme(**{**given, **changes})


def alert(**changes: Any) -> Alert:
    given: dict[str, Any] = {
        "id": AlertId("alert-1"),
        "event": "flood",
        "level": 3,
        "issuer": "UBND xã Tam Giang",
        "issuer_level": "commune",
        "mode": Mode.ACTUAL,
        "state": AlertState.ACTIVE,
        "issued_at": NOW,
        "ends_at": NOW + 6 * HOUR,
        "tone": "flood2",
        "words": WORDS.sha256,
        "headline": "Lũ trên báo động II",
    }
    return Alert(**{**given, **changes})


def alerts(*items: Alert, **changes: Any) -> Alerts:
    given: dict[str, Any] = {
        "tenant": TENANT,
        "area": COMMUNE,
        "version": 8,
        "epoch": 2,
        "issued_at": NOW,
        "expires_at": NOW + 15 * MINUTE,
        "clips": (WORDS,),
        "alerts": items or (alert(),),
    }
    return Alerts(**{**given, **changes})


def command(**changes: Any) -> Command:
    given: dict[str, Any] = {
        "tenant": TENANT,
        "id": CommandId("cmd-1"),
        "kind": CommandKind.TEST,
        "seq": 101,
        "epoch": 2,
        "mode": Mode.ACTUAL,
        "issued_at": NOW,
        "expires_at": NOW + 10 * MINUTE,
        "area": COMMUNE,
        "pattern": "beep",
    }
    return Command(**{**given, **changes})


def stop(**changes: Any) -> Command:
    return command(**{"kind": CommandKind.STOP, "pattern": None, "id": CommandId("stop-1"), **changes})


def answer(**changes: Any) -> Answer:
    given: dict[str, Any] = {
        "tenant": TENANT,
        "node": NODE,
        "boot_nonce": NONCE,
        "epoch": 2,
        "now": NOW,
        "held_ms": 120,
        "through": 41,
    }
    return Answer(**{**given, **changes})


def beacon(**changes: Any) -> Beacon:
    return Beacon(**{"tenant": TENANT, "epoch": 2, "now": NOW, **changes})


def home(message: Downward) -> str:
    """The topic on which it properly comes."""
    match message:
        case KeyList():
            return topics.keys()
        case Beacon():
            return topics.time()
        case Answer(node=node):
            return topics.answer(node)
        case Desired(node=node):
            return topics.desired(node)
        case Programme(group=None):
            return topics.programme(message.area, message.date)
        case Programme():
            return topics.group_programme(message.group or GROUP, message.date)
        case Alerts() if message.boot_nonce is not None:
            return topics.node_command(NODE)
        case Alerts(group=None):
            return topics.alerts(message.area)
        case Alerts():
            return topics.group_alerts(message.group or GROUP)
        case Command() if message.node is not None:
            return topics.node_command(message.node)
        case Command():
            assert message.area is not None
            return topics.command(message.area)


def send(
    memory: Memory,
    message: Downward,
    *,
    key: signing.SigningKey = ONLINE,
    topic: str | None = None,
    retained: bool = False,
    now: datetime = NOW,
) -> admission.Accepted | admission.Ignored | admission.Refused:
    """Signs it properly and hands it to the first gate."""
    return admission.receive(signing.sign(message, key), topic or home(message), retained, memory, now)


def took(result: object) -> Memory:
    """The memory after an acceptance; anything else fails the test."""
    assert isinstance(result, admission.Accepted), result
    return result.memory


def refusal(result: object) -> str:
    """The code of a refusal; anything else fails the test."""
    assert isinstance(result, admission.Refused), result
    return result.code.value


def fresh() -> Memory:
    return new_memory(tenant=TENANT, node=NODE, root_public=ROOT.public_text, boot_nonce=NONCE)


def settled(*keys: Delegation, **place: Any) -> Memory:
    """A node that knows its keys, its place and the time."""
    memory = dataclasses.replace(fresh(), clock=ClockState.TRUSTED)
    memory = took(send(memory, key_list(*keys), key=ROOT))
    return took(send(memory, desired(**place)))


def item(**changes: Any) -> Item:
    given: dict[str, Any] = {
        "claim": occurrence_claim(OccurrenceId("occ-1")),
        "bulletin_class": BulletinClass.NORMAL,
        "mode": Mode.ACTUAL,
        "kid": ONLINE.kid,
        "issued_at": NOW - HOUR,
        "due_at": NOW,
        "latest_at": NOW + 5 * MINUTE,
        "expires_at": NOW + 2 * HOUR,
        "duration_ms": CLIP.duration_ms,
        "volume": 60,
        "clip": CLIP,
        "occurrence": OccurrenceId("occ-1"),
    }
    return Item(**{**given, **changes})


def siren(**changes: Any) -> Item:
    number = changes.get("round", 0)
    name = changes.get("alert", AlertId("alert-1"))
    given: dict[str, Any] = {
        "claim": f"alert:{name}:{number}",
        "bulletin_class": BulletinClass.EMERGENCY,
        "issued_at": NOW,
        "latest_at": NOW + HOUR,
        "expires_at": NOW + HOUR,
        "volume": 100,
        "clip": WORDS,
        "tone": "flood2",
        "occurrence": None,
        "alert": name,
        "level": 3,
        "issuer_level": "commune",
    }
    return item(**{**given, **changes})


def ignored(result: object) -> Why:
    """Why it was ignored; fails where it was not."""
    assert isinstance(result, admission.Ignored), result
    return result.why


def unsure(memory: Memory) -> Memory:
    """The same node with a clock that nobody has confirmed."""
    return dataclasses.replace(memory, clock=ClockState.UNSURE)
