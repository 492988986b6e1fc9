"""What is filled in for an emergency, looked at before it is fired, and shown of it afterwards."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from controller.dispatch.forms.nodes import NodeLine
from controller.dispatch.forms.sound import Rendering
from controller.store.alerts import AlertPhase
from devices.messages import AlertId, AlertState, ClipHash, Mode, OccurrenceId
from schedules.announcement import AreaCode, BulletinClass, PersonId


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
