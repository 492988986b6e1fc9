"""Items and a floor to lay them on."""

from datetime import timedelta
from typing import Any

from devices import arbitration as arb
from devices.arbitration import (
    Effect,
    Floor,
    Step,
)
from devices.items import ClaimId, Item
from devices.messages import AlertId, BulletinClass
from tests.devices.cast import HOUR, NOW, item, siren

SECOND = timedelta(seconds=1)
NORMAL, PRIORITY, EMERGENCY = BulletinClass


def make(name: str, kind: BulletinClass = NORMAL, **changes: Any) -> Item:
    base = {"claim": ClaimId(name), "duration_ms": 60_000, "latest_at": NOW + HOUR, **changes}
    if kind is EMERGENCY:
        return siren(**{"alert": AlertId(name), "expires_at": NOW + 2 * HOUR, **base})
    return item(bulletin_class=kind, **base)


def run(*story: tuple[float, arb.Input], floor: Floor | None = None) -> tuple[Step, list[Effect]]:
    """Steps through (seconds, input) pairs; gives the last step and all effects."""
    effects: list[Effect] = []
    step = Step(floor=floor or Floor(), effects=(), wake_at=None)
    for seconds, fact in story:
        step = arb.step(step.floor, fact, NOW + seconds * SECOND)
        effects += step.effects
    return step, effects
