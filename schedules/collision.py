"""Two sounds that want one moment on one ground, and what the rule makes of them."""

from dataclasses import dataclass
from enum import StrEnum

from schedules.wish import Slot


class ConflictKind(StrEnum):
    """`moved` and `preempts` are solved, `ask` has a default, `unplaceable` is not heard."""

    MOVED = "moved"
    PREEMPTS = "preempts"
    ASK = "ask"
    UNPLACEABLE = "unplaceable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """`slot` is the one that acts (moves, waits, cuts, finds no place); `other` the one it met."""

    kind: ConflictKind
    slot: Slot
    other: Slot
    code: str | None = None
