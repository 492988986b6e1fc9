"""What people hand in and what they are shown: the inputs and the answers of every use case."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from devices.messages import AlertId, AlertState, ClipHash, Heard, Mode, NodeId, OccurrenceId
from schedules.announcement import (
    Announcement,
    AnnouncementId,
    AreaCode,
    BulletinClass,
    PersonId,
    RecordingId,
)
from schedules.errors import Fault
from schedules.late_rule import LateRule
from schedules.recurrence import Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The whole content of a bài as its author hands it in (write and edit take the same).

    ``valid_from`` None means now. ``area`` owns it; ``targets`` (areas) and ``groups`` lie on that branch.
    """

    area: AreaCode
    title: str
    text: str
    targets: tuple[AreaCode, ...]
    timing: Timing
    expires_at: datetime
    bulletin_class: BulletinClass = BulletinClass.NORMAL
    valid_from: datetime | None = None
    repeat: int = 1
    groups: tuple[str, ...] = ()
    late: LateRule | None = None


class RenderState(StrEnum):
    """Where the sound of a text stands."""

    NONE = "none"
    WAITING = "waiting"
    RENDERING = "rendering"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A stretch of the text that the normaliser had to guess, for underlining."""

    start: int
    end: int
    written: str
    spoken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """Progress in real units (sentence ``done`` of ``of``) and, when ready, the clip and how it was read.

    ``wanted`` names what is (to be) heard, by text and lexicon; ``first`` is its first sentence beforehand.
    """

    state: RenderState
    done: int = 0
    of: int = 0
    first: str | None = None
    clip: ClipHash | None = None
    duration_ms: int = 0
    wanted: str = ""
    spoken: str = ""
    guesses: tuple[Reading, ...] = ()
    recorded: bool = False
    code: str = ""
    vi: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingView:
    """The recording of a bài: what was sent, and what preparing it has changed.

    The ``before_…`` are the original's own, None until it is prepared; ``flaws`` can't be mended (vi, en).
    """

    id: RecordingId
    name: str
    kind: str
    size: int
    sent_by_name: str
    sent_at: datetime
    before_ms: int | None = None
    before_lufs: float | None = None
    before_peak_dbfs: float | None = None
    cut_ms: int = 0
    after_lufs: float | None = None
    flaws: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Correcting:
    """What a bài has to do with corrections: which one it puts right and how many nodes played that one, and
    whether an approved correction puts this one right. ``spent``: its withdrawal is past undoing."""

    wrong: AnnouncementId | None = None
    opening: str = ""
    asked: int = 0
    corrected: bool = False
    spent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementView:
    """A bài with everything its page shows; ``content_hash`` is what is approved, ``groups``: name, size."""

    announcement: Announcement
    content_hash: str
    author_name: str
    approver_name: str | None
    rendering: Rendering
    faults: tuple[Fault, ...]
    next_at: datetime | None
    returned_reason: str = ""
    may_edit: bool = False
    may_approve: bool = False
    may_withdraw: bool = False
    may_undo: bool = False
    recording: RecordingView | None = None
    groups: tuple[tuple[str, int], ...] = ()
    correcting: Correcting = field(default_factory=Correcting)


class Hand(StrEnum):
    """How an alert is taken back: the correction of a false one, or the all-clear after a true one."""

    CORRECTION = "correction"
    ALL_CLEAR = "all_clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyForm:
    """Template, level and place are obligatory. ``area`` is the issuer's; ``targets`` lie on its branch.

    ``rounds`` and ``every_ms`` None take the hazard's repeat policy; ``ends_at`` None takes the policy's end.
    """

    area: AreaCode
    targets: tuple[AreaCode, ...]
    hazard: str
    level: int
    text: str
    mode: Mode = Mode.ACTUAL
    rounds: int | None = None
    every_ms: int | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLine:
    """One cụm loa in a list; ``health`` is well, uneasy, silent or retired."""

    node: NodeId
    name: str
    area: AreaCode
    area_name: str
    health: str
    reasons: tuple[str, ...]
    since: datetime | None
    sounding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CutLine:
    """What an alert would interrupt: an item that sounds or will sound while it does."""

    occurrence: OccurrenceId
    title: str
    bulletin_class: BulletinClass
    areas: tuple[AreaCode, ...]
    resumes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyPreview:
    """Everything the operator looks at before firing. ``typed_name`` must be typed to fire."""

    id: str
    form: EmergencyForm
    headline: str
    text: str
    spoken: str
    retraction_text: str
    tone: str
    areas: tuple[AreaCode, ...]
    area_names: tuple[str, ...]
    people: int
    nodes: int
    reachable: int
    unreachable: tuple[NodeLine, ...]
    cuts: tuple[CutLine, ...]
    tone_ms: int
    words_ms: int | None
    words: Rendering
    wide: bool
    only_offline: bool
    typed_name: str
    gate: "Gate"
    made_at: datetime
    expires_at: datetime
    own_words: tuple[tuple[str, str], ...] = ()
    """What is written and how the place's lexicon reads it, where it speaks in these words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether the words of an alert wait for somebody to listen, and who has.

    They are ``held`` where a recogniser heard another number than was written; the siren never is. ``clip``
    is what has to be confirmed, ``may_release`` whether this person may.
    """

    held: bool = False
    clip: ClipHash | None = None
    heard_by_name: str = ""
    heard_at: datetime | None = None
    may_release: bool = False


class AlertPhase(StrEnum):
    """The life of an alert as its page shows it."""

    DRAFT = "draft"
    PENDING_SECOND = "pending_second"
    ACTIVE = "active"
    CANCELLED = "cancelled"
    ENDED = "ended"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far an alert has come in one village (or, summed, in all)."""

    area: AreaCode
    area_name: str
    nodes: int
    accepted: int
    sounding: int
    finished: int
    heard: int
    unheard: int
    refused: int
    silent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One alert and its reach. ``broker_ms`` is button → bytes acknowledged by the broker, monotonic."""

    id: AlertId
    phase: AlertPhase
    state: AlertState
    mode: Mode
    hazard: str
    level: int
    headline: str
    text: str
    retraction_text: str
    issuer: AreaCode
    issuer_name: str
    targets: tuple[AreaCode, ...]
    fired_by: PersonId
    fired_by_name: str
    issued_at: datetime
    ends_at: datetime
    words: Rendering
    total: Reach
    villages: tuple[Reach, ...]
    broker_ms: float | None = None
    second_by_name: str | None = None
    break_glass_reason: str | None = None
    references: tuple[AlertId, ...] = ()
    gate: "Gate | None" = None
    may_confirm: bool = False
    may_retract: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An alert of a higher issuer that a stop leaves sounding, and whom to call about it."""

    alert: AlertId
    headline: str
    issuer: AreaCode
    issuer_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What *DỪNG TẤT CẢ* did: the command's id, the own alerts cancelled, and what still stands."""

    command: str
    area: AreaCode
    at: datetime
    cancelled: tuple[AlertId, ...]
    standing: tuple[Standing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """One delivery: one occurrence (or alert round) on one node, with the newest verdict and the hearing."""

    delivery: str
    node: NodeId
    area: AreaCode
    occurrence: OccurrenceId | None
    alert: AlertId | None
    round: int
    announcement: AnnouncementId | None
    title: str
    due_at: datetime
    state: str
    verdict: str | None
    code: str | None
    reason: str | None
    heard: Heard
    late_ms: int
    played_ms: int
    duration_ms: int
    cached_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Deliveries of one thing, counted: every node is in exactly one of the verdicts or open."""

    total: int
    open: int
    cached: int
    verdicts: dict[str, int]
    heard: int
    unheard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceLine:
    """One planned time in the day's strip."""

    occurrence: OccurrenceId
    announcement: AnnouncementId | None
    title: str
    bulletin_class: BulletinClass
    due_at: datetime
    duration_ms: int
    session: str | None
    targets: tuple[AreaCode, ...]
    tally: Tally
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictLine:
    """A collision or a refusal of the plan, in words."""

    kind: str
    at: datetime | None
    announcement: AnnouncementId | None
    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """A local day of one area: ``nodes`` have something to play in its rest, ``holding`` of them hold it."""

    area: AreaCode
    date: date
    occurrences: tuple[OccurrenceLine, ...]
    conflicts: tuple[ConflictLine, ...]
    waiting_approval: int
    nodes: int
    holding: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """The board of nodes. ``as_of`` is the age of the data: the page has its own dead-man."""

    area: AreaCode
    as_of: datetime
    link_up: bool
    nodes: tuple[NodeLine, ...]
    counts: dict[str, int]
    alerts: tuple[AlertId, ...]
