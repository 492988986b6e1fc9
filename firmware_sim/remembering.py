"""What of a node's memory lies in flash beside its documents: the gates' facts, claims, the floor."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from devices import facts
from devices.items import ClaimId
from devices.memory import Memory
from devices.messages import ClockState
from firmware_sim import flash
from firmware_sim.effects import Keep
from firmware_sim.state import Turn

GATES, FLOOR = "gates", "floor"


def keep_memory(turn: Turn, memory: Memory) -> None:
    """Takes the memory over, and writes what of its facts changed."""
    old = turn.state.memory
    turn.change(memory=memory)
    if memory.epochs != old.epochs or memory.windows != old.windows or memory.stops != old.stops:
        turn.do(Keep(table=flash.FACTS, key=GATES, value=facts.to_bytes(memory)))
    elif memory.command_starts != old.command_starts or memory.alert_starts != old.alert_starts:
        turn.change(starts_kept=False)


def keep_starts(turn: Turn) -> None:
    """What the rate limits count is written a moment after the sound: losing it costs one minute's count."""
    if not turn.state.starts_kept:
        turn.change(starts_kept=True)
        turn.do(Keep(table=flash.FACTS, key=GATES, value=facts.to_bytes(turn.state.memory)))


def keep_floor(turn: Turn) -> None:
    """The time floor is stored as soon as the time is known and each minute from then on.

    So no later boot believes an earlier time, and a power cut in the first minute leaves the chip a witness.
    """
    state = turn.state
    kept = state.floor_kept
    if state.clock.state is ClockState.UNSURE:
        return
    if kept is not None and turn.now < kept + state.habits.keep_floor_s:
        return
    turn.change(floor_kept=turn.now)
    floor_at = state.memory.instant(state.clock.wall(turn.now))
    turn.do(Keep(table=flash.FACTS, key=FLOOR, value=floor_at.isoformat().encode()))


def floor_of(rows: Mapping[str, bytes]) -> datetime | None:
    """The stored time floor, if any was stored."""
    raw = rows.get(FLOOR)
    return datetime.fromisoformat(raw.decode()) if raw is not None else None


def remember(memory: Memory, rows: Mapping[str, bytes], claims: Mapping[str, bytes]) -> Memory:
    """The memory as it was before the power went (documents come by ``admission.recall``)."""
    raw = rows.get(GATES)
    if raw is not None:
        memory = facts.restore(memory, raw)
    floor_at = floor_of(rows)
    if floor_at is not None:
        memory = replace(memory, floor_at=max(memory.floor_at, floor_at))
    kept = {ClaimId(claim): datetime.fromisoformat(json.loads(row)["until"]) for claim, row in claims.items()}
    return replace(memory, claims={**memory.claims, **kept})
