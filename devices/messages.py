"""What travels between the controller and a node: every document, command and report, as frozen data.

Bytes become these types, and these types become bytes, only in ``devices.codec``. Field names and enum
values are the wire's own (``docs/wire.md``). Instants are aware UTC and travel as
``2026-11-22T05:30:00.000Z``; durations travel as whole milliseconds (``_ms``).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from devices.grants import WHEN_GIVEN, Grant, Relay

TenantId = NewType("TenantId", str)
AreaCode = NewType("AreaCode", str)
GroupId = NewType("GroupId", str)
NodeId = NewType("NodeId", str)
KeyId = NewType("KeyId", str)
OccurrenceId = NewType("OccurrenceId", str)
AlertId = NewType("AlertId", str)
CommandId = NewType("CommandId", str)
ClipHash = NewType("ClipHash", str)
BootId = NewType("BootId", str)

WIRE_VERSION = 1


class BulletinClass(StrEnum):
    """Circular 39/2020's three classes; they decide who pre-empts whom."""

    NORMAL = "normal"
    PRIORITY = "priority"
    EMERGENCY = "emergency"


class Mode(StrEnum):
    """CAP's status words: a drill can never become live, nor live a drill."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"


class Action(StrEnum):
    """What a key may sign (its delegation)."""

    PROGRAMME = "programme"
    ALERTS = "alerts"
    STOP = "stop"
    TEST = "test"
    LIVE = "live"
    DESIRED = "desired"
    TIME = "time"
    ANSWER = "answer"


class ClockState(StrEnum):
    """How far a node believes its own clock. Ordinary items play in trusted and held."""

    TRUSTED = "trusted"
    HELD = "held"
    UNSURE = "unsure"


class Heard(StrEnum):
    """From the amplifier or microphone sense, never from the player."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class AlertState(StrEnum):
    """An alert stays in the list when cancelled, so that a node that missed the start learns the end."""

    ACTIVE = "active"
    CANCELLED = "cancelled"


class ReceiptKind(StrEnum):
    """The steps of one delivery, as the node saw them."""

    ACCEPTED = "accepted"
    CACHED = "cached"
    STARTED = "started"
    FINISHED = "finished"
    REFUSED = "refused"
    HEARD = "heard"


class CommandKind(StrEnum):
    """The short-lived ones; everything else is state."""

    STOP = "stop"
    TEST = "test"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRef:
    """One encoded sound, bound by its hash; ``bytes`` is its length in octets."""

    sha256: ClipHash
    bytes: int
    duration_ms: int
    media_type: str = "audio/ogg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A key and what it may say. ``public`` is the raw 32 bytes in base64url without padding.

    ``hours`` are local wall-clock bounds ("05:00", "21:00") for ordinary items; None means any hour.
    """

    kid: KeyId
    public: str
    areas: tuple[AreaCode, ...]
    classes: tuple[BulletinClass, ...]
    modes: tuple[Mode, ...]
    actions: tuple[Action, ...]
    volume_max: int
    not_before: datetime
    expires_at: datetime
    hours: tuple[str, str] | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyList:
    """Signed by the root key (kid ``root``), whose public part the node has pinned."""

    tenant: TenantId
    version: int
    issued_at: datetime
    expires_at: datetime
    keys: tuple[Delegation, ...]
    v: int = WIRE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Beacon:
    """Each 60 s on ``time``: raises the node's time floor only, and carries the audit head."""

    tenant: TenantId
    epoch: int
    now: datetime
    audit_n: int = 0
    audit_head: str = ""
    v: int = WIRE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """An entry in one language (BCP 47)."""

    language: str
    clip: ClipHash


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One occurrence in a programme.

    It starts at ``starts_at``; a late node may still start it until ``latest_at`` (misfire grace); nothing of
    it is heard at or after ``expires_at``. ``volume`` is 0..100 before the node's own ceiling. With
    ``relay`` it is a stream, and ``clip`` what lies on the node instead of it. With ``tracks`` a node plays
    those of its own languages, and ``clip`` only where there is none (``devices.tracks``).
    """

    occurrence: OccurrenceId
    revision: int
    starts_at: datetime
    latest_at: datetime
    expires_at: datetime
    bulletin_class: BulletinClass
    clip: ClipHash
    volume: int = 80
    title: str = ""
    relay: Relay | None = field(default=None, metadata=WHEN_GIVEN)
    tracks: tuple[Track, ...] | None = field(default=None, metadata=WHEN_GIVEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Everything that an area hears on one local date. An empty list withdraws the day.

    On a group's topic ``group`` and ``group_version`` are set and ``area`` is the ground that the group lies
    in.
    """

    tenant: TenantId
    area: AreaCode
    date: date
    version: int
    epoch: int
    mode: Mode
    issued_at: datetime
    expires_at: datetime
    clips: tuple[ClipRef, ...]
    entries: tuple[Entry, ...]
    group: GroupId | None = None
    group_version: int = 0
    v: int = WIRE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One emergency: the resident tone at once, then the words as soon as their clip lies on the node.

    Round k (0-based) begins at ``issued_at + k * every_ms`` while k < ``rounds`` and before ``ends_at``. With
    ``offsets_ms`` the first rounds begin so long after ``issued_at``, those after them every ``every_ms``.
    """

    id: AlertId
    event: str
    level: int
    issuer: str
    issuer_level: str
    mode: Mode
    state: AlertState
    issued_at: datetime
    ends_at: datetime
    tone: str
    words: ClipHash | None
    rounds: int = 1
    every_ms: int = 0
    volume: int = 100
    headline: str = ""
    references: tuple[AlertId, ...] = ()
    offsets_ms: tuple[int, ...] | None = field(default=None, metadata=WHEN_GIVEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """The alerts of an area. The document is short-lived (15 min at most); each alert has its own end.

    With ``boot_nonce`` it is meant for the one node that said that nonce in this boot (topic
    ``node/<id>/command``).
    """

    tenant: TenantId
    area: AreaCode
    version: int
    epoch: int
    issued_at: datetime
    expires_at: datetime
    clips: tuple[ClipRef, ...]
    alerts: tuple[Alert, ...]
    boot_nonce: str | None = None
    group: GroupId | None = None
    group_version: int = 0
    v: int = WIRE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A short-lived order to one area or one node (exactly one of the two is set).

    ``stop`` ends what sounds now of the ordinary items (all of it, or only ``references``).
    ``test`` carries ``pattern``: ``beep`` is audible, ``silent`` only exercises the road and the amplifier
    sense. ``live`` opens or renews a grant (``grant``) until ``expires_at``; the member ``live`` says what it
    is for. Receipts about it carry the grant's name as ``command``: the opening command has that very id.
    """

    tenant: TenantId
    id: CommandId
    kind: CommandKind
    seq: int
    epoch: int
    mode: Mode
    issued_at: datetime
    expires_at: datetime
    area: AreaCode | None = None
    node: NodeId | None = None
    bulletin_class: BulletinClass = BulletinClass.NORMAL
    references: tuple[str, ...] = ()
    pattern: str | None = None
    grant: str | None = None
    live: Grant | None = field(default=None, metadata=WHEN_GIVEN)
    boot_nonce: str | None = None
    group: GroupId | None = None
    group_version: int = 0
    v: int = WIRE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeStep:
    """From a local wall-clock time on ordinary sounds have so many percent of their volume at this node."""

    since: str
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What one node shall be: its area chain from the nation down, its ceilings, where its clips lie.

    Quiet hours are local wall-clock times ("21:00", "05:00"); only emergencies pass them. Nor do
    ``volume_steps`` make an emergency quieter: of those that a sound touches the lowest holds for all of it.
    """

    tenant: TenantId
    node: NodeId
    version: int
    epoch: int
    issued_at: datetime
    expires_at: datetime
    areas: tuple[AreaCode, ...]
    groups: dict[GroupId, int]
    clip_base: str
    languages: tuple[str, ...] = ("vi",)
    volume_ceiling: int = 100
    quiet_from: str = "21:00"
    quiet_to: str = "05:00"
    zone: str = "Asia/Ho_Chi_Minh"
    volume_steps: tuple[VolumeStep, ...] | None = field(default=None, metadata=WHEN_GIVEN)
    v: int = WIRE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The signed answer to one hello or report: trusted time, and how far the receipts are durable.

    ``held_ms``: how long the question had lain here when ``now`` was read; it is no part of the way.
    """

    tenant: TenantId
    node: NodeId
    boot_nonce: str
    epoch: int
    now: datetime
    held_ms: int
    through: int
    v: int = WIRE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """After each connect: what the node holds. ``documents`` maps a topic to the version held."""

    node: NodeId
    boot: BootId
    boot_nonce: str
    clock: ClockState
    documents: dict[str, int]
    last_seq: int
    protocol: str
    firmware: str
    sent_at: datetime
    v: int = WIRE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Retained birth and last will.

    An offline of another boot is ignored (a take-over fires the old will).
    """

    node: NodeId
    boot: BootId
    online: bool
    v: int = WIRE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """The heartbeat (DOMAIN.md 7, first part).

    ``sounding`` is what the node plays, ``sense`` what the horn gives.
    """

    node: NodeId
    boot: BootId
    seq: int
    sent_at: datetime
    uptime_s: int
    clock: ClockState
    clock_offset_ms: int
    sounding: str | None
    sense_level: float
    amplifier_on: bool
    sound_without_session: bool
    amplifier_fault: bool
    mains: bool
    battery_percent: int
    storage_free_mb: int
    temperature_c: float
    clips_cached: int
    clips_missing: int
    refusals: int
    v: int = WIRE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One step of one delivery. ``seq`` grows by one per node for ever, over reboots.

    Exactly one of ``occurrence``, ``alert``, ``command`` is set, except for the refusal of a document that
    could not be read (none is set, ``topic`` names where it came from). ``played_ms`` counts samples that
    went out; ``late_ms`` is first sample minus due instant.
    """

    seq: int
    kind: ReceiptKind
    at: datetime
    occurrence: OccurrenceId | None = None
    alert: AlertId | None = None
    command: CommandId | None = None
    round: int = 0
    revision: int = 0
    topic: str = ""
    version: int = 0
    clip: ClipHash | None = None
    code: str | None = None
    reason: str | None = None
    heard: Heard = Heard.UNKNOWN
    played_ms: int = 0
    duration_ms: int = 0
    late_ms: int = 0
    cuts: int = 0
    restarts: int = 0
    clock: ClockState = ClockState.TRUSTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Receipts from the node's journal, oldest first, sent again until an answer covers them.

    ``through``: an answer has covered everything up to this number, so the node holds none of it any more.
    """

    node: NodeId
    boot: BootId
    receipts: tuple[Receipt, ...]
    through: int = 0
    v: int = WIRE_VERSION


Downward = KeyList | Beacon | Programme | Alerts | Command | Desired | Answer
Upward = Hello | State | Telemetry | Report
Message = Downward | Upward

TYP: dict[type[Message], str] = {
    KeyList: "loa-keys+jws",
    Beacon: "loa-time+jws",
    Programme: "loa-programme+jws",
    Alerts: "loa-alerts+jws",
    Command: "loa-command+jws",
    Desired: "loa-desired+jws",
    Answer: "loa-answer+jws",
    Hello: "loa-hello+jws",
    State: "loa-state+jws",
    Telemetry: "loa-telemetry+jws",
    Report: "loa-report+jws",
}
"""The header's ``typ`` of each kind, so that no document can be replayed as another."""
