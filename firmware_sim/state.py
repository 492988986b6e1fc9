"""What a node knows between two steps, and one step under way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from devices.arbitration import Floor
from devices.items import ClaimId, Item
from devices.jitter import Buffer
from devices.memory import Memory, Window
from devices.messages import BootId, ClipHash, ClipRef, CommandId, Heard, Receipt
from devices.session import Outgoing
from firmware_sim.clock import NodeClock
from firmware_sim.effects import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How often a node does what. ``luck`` (0..1) is this node's share of every spread, drawn once."""

    luck: float = 0.5
    firmware: str = "loa-sim/1"
    telemetry_s: float = 20.0
    report_within_s: float = 0.5
    chores_after_s: float = 1.2
    chores_within_s: float = 1.2
    fetch_spread_s: float = 2.0
    urgent_spread_s: float = 0.1
    push_wait_s: float = 3.0
    refetch_first_s: float = 1.0
    refetch_most_s: float = 60.0
    urgent_refetch_s: float = 5.0
    mark_s: float = 1.0
    check_clips_s: float = 3600.0
    keep_floor_s: float = 60.0
    words_wait_s: float = 60.0
    silence_most_s: float = 8.0
    live_preroll_s: float = 0.5
    relay_preroll_s: float = 1.0
    stream_hold_s: float = 1.0
    stream_open_s: float = 10.0
    filler_after_s: float = 4.0
    refusals_a_minute: int = 30

    @property
    def chores_wait_s(self) -> float:
        """How long after a first sample this node begins with what is not sound."""
        return self.chores_after_s + self.luck * self.chores_within_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One stretch of an item's sound: ``name`` is tone, words, clip, or the frame of an exercise."""

    name: str
    length_ms: int
    tone: str | None = None
    clip: ClipHash | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Airing:
    """A claimed item on its way: where it is in its parts, and what to say of it at the end.

    ``done_ms`` is the position in the whole up to which it is out, without the stretch under way. ``base_ms``
    is where the first stretch began (after a power cut).
    """

    item: Item
    volume: int
    parts: tuple[Part, ...]
    index: int = 0
    base_ms: int = 0
    done_ms: int = 0
    checked: bool = False
    started: bool = False
    cuts: int = 0
    restarts: int = 0
    heard: Heard = Heard.UNKNOWN
    closing: str | None = None
    silent_since: float | None = None
    words_due: float | None = None
    words_refused: bool = False
    ended: bool = False

    @property
    def duration_ms(self) -> int:
        """Of the whole sound."""
        return sum(part.length_ms for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A claim that was under way when the power went; ``about`` are the fields of its receipts."""

    claim: ClaimId
    at_ms: int
    restarts: int
    until: str
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What the player was told last: part ``index`` of that claim from ``from_ms`` of the part.

    ``filler``: what lies on the node sounds instead of the stream.
    """

    number: int
    claim: ClaimId
    index: int
    from_ms: int
    since: float
    filler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A stream as it comes in: numbers taken, what waits, and how much verified sound went out.

    ``quiet_since`` is from when nothing of it is heard (it may lie ahead); ``fillers`` counts how often the
    resident one began, ``filler_ms`` is where it goes on.
    """

    window: Window = field(default_factory=Window)
    buffer: Buffer = field(default_factory=Buffer)
    quiet_since: float = 0.0
    out_ms: int = 0
    heard: bool = False
    late: bool = False
    fillers: int = 0
    filler_ms: int = 0
    filler_again: float = 0.0
    no_filler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A voice that broke off and was reported; while its grant stands it may come back."""

    receiver: Receiver
    played_ms: int
    restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A clip in flash whose hash was right when it was written or last read."""

    size: int
    duration_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A clip that a document names and flash lacks. ``again_at`` is None while a try is under way."""

    ref: ClipRef
    urgent: bool
    again_at: float | None
    tries: int = 0
    complained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """Receipts that no answer has covered yet, oldest first, and when what leaves again."""

    receipts: tuple[Receipt, ...] = ()
    outgoing: Outgoing = field(default_factory=Outgoing)
    send_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class NodeState:
    """Everything. Instants of its own oscillator are floats (seconds since this boot).

    ``wordless`` are the rounds that ended whole before anybody named their words. Without slots: each step
    copies it, and a dictionary is copied in one go.
    """

    habits: Habits
    memory: Memory
    clock: NodeClock
    boot: BootId
    protocol: str = ""
    linked: bool = False
    asked: float | None = None
    filters: tuple[tuple[str, int], ...] = ()
    again: frozenset[str] = frozenset()
    agenda: tuple[Item, ...] = ()
    rounds_at: float | None = None
    chores_at: float | None = None
    storm_until: datetime | None = None
    examining: Mapping[str, Item] = field(default_factory=dict)
    floor: Floor = field(default_factory=Floor)
    floor_wake: float | None = None
    airings: Mapping[ClaimId, Airing] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()
    resuming: Mapping[ClaimId, tuple[int, int]] = field(default_factory=dict)
    stretch: Stretch | None = None
    stopped: Mapping[int, ClaimId] = field(default_factory=dict)
    number: int = 0
    mark_at: float | None = None
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    lost: Mapping[str, Lost] = field(default_factory=dict)
    chunks_refused: int = 0
    clips: Mapping[ClipHash, Stored] = field(default_factory=dict)
    wanted: Mapping[ClipHash, Wanted] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    wordless: frozenset[ClaimId] = frozenset()
    outbox: Outbox = Outbox()
    answers: Mapping[CommandId, Receipt] = field(default_factory=dict)
    telemetry_at: float = 0.0
    telemetry_seq: int = 0
    check_at: float = 0.0
    floor_kept: float | None = None
    starts_kept: bool = True
    store_ok: bool = True
    amplifier_fault: bool = False
    refusals: int = 0
    ignored: int = 0
    refusals_in_minute: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The new state, what to do in order, and when to ask again (own seconds; None: not by itself)."""

    state: NodeState
    effects: tuple[Effect, ...]
    wake_at: float | None


class Turn:
    """One step under way: a copy of the state as it becomes, and the effects so far.

    The copy is made once and changed in place; nobody sees it before the step is over.
    """

    __slots__ = ("effects", "now", "state")

    def __init__(self, state: NodeState, now: float) -> None:
        self.state = object.__new__(NodeState)
        self.state.__dict__.update(state.__dict__)
        self.now = now
        self.effects: list[Effect] = []

    def change(self, **changes: Any) -> None:
        """Sets fields of the state."""
        self.state.__dict__.update(changes)

    def do(self, *effects: Effect) -> None:
        """Adds to what must be done."""
        self.effects.extend(effects)

    def airing(self, airing: Airing) -> None:
        """Notes how an airing stands."""
        self.change(airings={**self.state.airings, airing.item.claim: airing})
