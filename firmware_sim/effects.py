"""What goes into a node's step and what comes out of it, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from devices.messages import BootId, BulletinClass, ClipHash, Heard, Message, Mode
from firmware_sim.sense import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOn:
    """What the flash held when the power came, and what the chip with the battery said.

    ``clips`` are those whose hash was right when read: their length in octets and in ms.
    """

    boot: BootId
    boot_nonce: str
    documents: Mapping[str, bytes] = field(default_factory=dict)
    clips: Mapping[ClipHash, tuple[int, int | None]] = field(default_factory=dict)
    claims: Mapping[str, bytes] = field(default_factory=dict)
    receipts: Mapping[str, bytes] = field(default_factory=dict)
    facts: Mapping[str, bytes] = field(default_factory=dict)
    rtc_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUp:
    """The broker accepted us; ``protocol`` is "5" or "3.1.1"."""

    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDown:
    """The connection is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One message from the broker."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The end of one try to get a clip, unchecked; ``data`` is None where it broke off (``reason``)."""

    sha256: ClipHash
    data: bytes | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """The stored copy, read and hashed right before it sounds; ``digest`` is None where there is none."""

    claim: str
    sha256: ClipHash
    digest: str | None = None
    size: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipsChecked:
    """The hourly look: these copies no longer are what their name says."""

    spoilt: tuple[ClipHash, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFull:
    """A row did not fit into flash; it was not written."""

    table: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundBegan:
    """The first sample of stretch ``number`` went out when it was asked for (told a moment later)."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundOver:
    """Stretch ``number`` ended: at ``to_ms`` of its sound, by itself (``whole``), stopped, or never begun.

    ``trouble`` names what the sound device said.
    """

    number: int
    to_ms: int
    whole: bool
    heard: Heard
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensed:
    """One look at the horn line."""

    look: Reading
    storage_free_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """The moment the node asked to be woken at."""


Input = (
    LinkUp
    | LinkDown
    | Arrived
    | Fetched
    | Examined
    | ClipsChecked
    | StoreFull
    | SoundBegan
    | SoundOver
    | Sensed
    | Tick
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """(filter, QoS) pairs; asked again, the broker sends what it retains again."""

    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """Filters of ground that the node has left."""

    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Sign and send."""

    topic: str
    message: Message
    qos: int
    retain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Write one row of flash."""

    table: str
    key: str
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Erase one row of flash."""

    table: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """All rows so far must survive a power cut before anything after this is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Get a clip, beginning at a random moment within ``spread_s``."""

    sha256: ClipHash
    size: int
    base: str
    spread_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Examine:
    """Read and hash the stored copy now; ``Examined`` follows at once."""

    claim: str
    sha256: ClipHash


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckClips:
    """Hash every stored copy; ``ClipsChecked`` follows."""

    clips: tuple[ClipHash, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartSound:
    """Let one stretch out, relay on: a stored clip or a resident tone, from a position, to its end.

    With neither it is a stream, silent but for what it is fed. ``faded``: it begins and ends softly.
    """

    number: int
    claim: str
    part: str
    source: str
    bulletin_class: BulletinClass
    mode: Mode
    due_at: datetime
    expires_at: datetime
    from_ms: int
    length_ms: int
    volume: int
    restarts: int
    clip: ClipHash | None = None
    tone: str | None = None
    faded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSound:
    """Verified packets into stretch ``number``, a stream: they sound ``offset_ms`` after its beginning."""

    number: int
    offset_ms: int
    packets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSound:
    """Silence, relay off; ``SoundOver`` follows at once."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Read the sense; ``Sensed`` follows at once."""


Effect = (
    Subscribe
    | Unsubscribe
    | Send
    | Keep
    | Forget
    | Sync
    | Fetch
    | Examine
    | CheckClips
    | StartSound
    | FeedSound
    | StopSound
    | Look
)
