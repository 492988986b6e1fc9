"""How a node is: well, uneasy, silent or retired, always with reasons (the controller's view)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from devices.messages import BootId, ClockState, State, Telemetry

SILENT_AFTER = timedelta(seconds=60)
BATTERY_LOW = 20
STORAGE_LOW_MB = 64
HOT_C = 75.0


class Condition(StrEnum):
    """Unknown is never well: a node not yet heard is silent."""

    WELL = "well"
    UNEASY = "uneasy"
    SILENT = "silent"
    RETIRED = "retired"


class Reason(StrEnum):
    """Why it is not well; a board shows each in words."""

    NEVER_HEARD = "never_heard"
    NO_HEARTBEAT = "no_heartbeat"
    SAID_OFFLINE = "said_offline"
    RETIRED = "retired"
    AMPLIFIER_FAULT = "amplifier_fault"
    NO_SOUND = "no_sound"
    ALIEN_SOUND = "alien_sound"
    MAINS_LOST = "mains_lost"
    BATTERY_LOW = "battery_low"
    STORAGE_LOW = "storage_low"
    HOT = "hot"
    CLOCK_UNSURE = "clock_unsure"
    CLIPS_MISSING = "clips_missing"
    REFUSING = "refusing"
    CLOCK_APART = "clock_apart"
    FLOODING = "flooding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is known of one node.

    ``telemetry`` is its newest heartbeat; ``alive_at`` the last sign of life.
    """

    condition: Condition = Condition.SILENT
    reasons: tuple[Reason, ...] = (Reason.NEVER_HEARD,)
    since_at: datetime | None = None
    alive_at: datetime | None = None
    boot: BootId | None = None
    said_offline: bool = False
    telemetry: Telemetry | None = None
    new_refusals: int = 0
    noted: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What no node says of itself: all that the house finds by comparing it with the others."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """Any other word from the node (hello, report): a sign of life of that boot."""

    boot: BootId


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """Taken out of service by a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Nothing but time has passed."""


Input = Telemetry | State | Alive | Retire | Noted | Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The condition or its reasons are now others than before."""

    before: Condition
    after: Condition
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    health: Health
    effects: tuple[Changed, ...]
    wake_at: datetime | None


def step(health: Health, given: Input, now: datetime) -> Step:
    """One more fact about a node. ``wake_at`` is when its silence would begin to count."""
    known = _know(health, given, now)
    reasons = _reasons(known, now)
    condition = _condition(reasons)
    if (condition, reasons) == (health.condition, health.reasons):
        return Step(health=known, effects=(), wake_at=_wake_at(known, condition))
    since_at = now if condition is not health.condition or health.since_at is None else health.since_at
    known = replace(known, condition=condition, reasons=reasons, since_at=since_at)
    change = Changed(before=health.condition, after=condition, reasons=reasons)
    return Step(health=known, effects=(change,), wake_at=_wake_at(known, condition))


def _know(health: Health, given: Input, now: datetime) -> Health:
    if health.condition is Condition.RETIRED:
        return health
    match given:
        case Retire():
            return replace(health, condition=Condition.RETIRED)
        case Tick():
            return health
        case Noted(reasons=reasons):
            return replace(health, noted=reasons)
        case State(online=False):
            # A take-over fires the will of the boot before: it says nothing about the present one.
            return replace(health, said_offline=True) if given.boot == health.boot else health
        case State() | Alive():
            return replace(health, alive_at=now, boot=given.boot, said_offline=False)
        case Telemetry():
            return _with_heartbeat(health, given, now)


def _with_heartbeat(health: Health, beat: Telemetry, now: datetime) -> Health:
    before = health.telemetry
    same_boot = before is not None and before.boot == beat.boot
    if before is not None and same_boot and beat.seq <= before.seq:
        return health  # late or doubled: QoS 0 keeps no order over a reconnect
    grown = beat.refusals - before.refusals if before is not None and same_boot else beat.refusals
    return replace(
        health,
        alive_at=now,
        boot=beat.boot,
        said_offline=False,
        telemetry=beat,
        new_refusals=max(0, grown),
    )


def _reasons(health: Health, now: datetime) -> tuple[Reason, ...]:
    if health.condition is Condition.RETIRED:
        return (Reason.RETIRED,)
    if health.alive_at is None:
        return (Reason.NEVER_HEARD,)
    if health.said_offline:
        return (Reason.SAID_OFFLINE,)
    if now - health.alive_at > SILENT_AFTER:
        return (Reason.NO_HEARTBEAT, *health.noted)
    own = _faults(health, health.telemetry) if health.telemetry is not None else ()
    return (*own, *health.noted)


def _faults(health: Health, beat: Telemetry) -> tuple[Reason, ...]:
    found = (
        (Reason.AMPLIFIER_FAULT, beat.amplifier_fault),
        (Reason.NO_SOUND, beat.sounding is not None and beat.amplifier_on and beat.sense_level < 0.01),
        (Reason.ALIEN_SOUND, beat.sound_without_session),
        (Reason.MAINS_LOST, not beat.mains),
        (Reason.BATTERY_LOW, beat.battery_percent < BATTERY_LOW),
        (Reason.STORAGE_LOW, beat.storage_free_mb < STORAGE_LOW_MB),
        (Reason.HOT, beat.temperature_c > HOT_C),
        (Reason.CLOCK_UNSURE, beat.clock is ClockState.UNSURE),
        (Reason.CLIPS_MISSING, beat.clips_missing > 0),
        (Reason.REFUSING, health.new_refusals > 0),
    )
    return tuple(reason for reason, present in found if present)


_ABSENT = frozenset({Reason.NEVER_HEARD, Reason.NO_HEARTBEAT, Reason.SAID_OFFLINE})


def _condition(reasons: tuple[Reason, ...]) -> Condition:
    if Reason.RETIRED in reasons:
        return Condition.RETIRED
    if _ABSENT & set(reasons):
        return Condition.SILENT
    return Condition.UNEASY if reasons else Condition.WELL


def _wake_at(health: Health, condition: Condition) -> datetime | None:
    if health.alive_at is None or condition in (Condition.SILENT, Condition.RETIRED):
        return None
    return health.alive_at + SILENT_AFTER + timedelta(milliseconds=1)
