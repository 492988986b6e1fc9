"""What the horn gives back: amplifier, microphone, mains and battery as a model, and how it is judged."""

from dataclasses import dataclass
from enum import StrEnum

from devices.messages import Heard

LOUD = 0.2
"""Above this share of full level, the sense counts as sound."""
NOISE = 0.03


class Device(StrEnum):
    """The sound device under the player."""

    READY = "ready"
    MISSING = "missing"
    BUSY = "busy"
    BLOCKED = "blocked"
    """It takes the sound and lets none out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The physical truth around one node; faults change it, the node only sees ``reading``.

    ``alien`` is sound on the line that no session caused (a foreign FM station, a stuck relay).
    """

    amplifier_alive: bool = True
    sense_fitted: bool = True
    device: Device = Device.READY
    alien: bool = False
    mains: bool = True
    battery_percent: int = 100
    temperature_c: float = 34.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at the sense; ``fitted`` False means that nothing is known."""

    level: float
    fitted: bool
    mains: bool = True
    battery_percent: int = 100
    temperature_c: float = 34.0


def reading(around: Surroundings, *, playing: bool, relay_on: bool, volume: int) -> Reading:
    """The level on the horn line: the played sound where the amplifier lives, alien sound, noise."""
    level = NOISE
    if playing and relay_on and around.amplifier_alive:
        level = max(level, 0.3 + 0.6 * volume / 100)
    if around.alien:
        level = max(level, 0.7)
    return Reading(
        level=round(level, 3) if around.sense_fitted else 0.0,
        fitted=around.sense_fitted,
        mains=around.mains,
        battery_percent=around.battery_percent,
        temperature_c=around.temperature_c,
    )


def heard(look: Reading) -> Heard:
    """Whether the village heard it, judged while it sounds; never from the player."""
    if not look.fitted:
        return Heard.UNKNOWN
    return Heard.YES if look.level >= LOUD else Heard.NO


def sound_without_session(look: Reading, *, playing: bool) -> bool:
    """Sound on the line while nothing was asked for (DOMAIN.md 7)."""
    return look.fitted and not playing and look.level >= LOUD
