"""Reporting from a node: which receipts to send (again) and when, until an answer covers them (pure)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

BATCH = 20
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """``through`` is durable at the controller, ``sent`` the highest offered since."""

    through: int = 0
    last: int = 0
    sent: int = 0
    tries: int = 0
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A receipt with this number is durable in the journal."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """An answer said: durable through this number."""

    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A new connection: whatever was under way is offered again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """Nothing can be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Nothing but time has passed."""


Input = Written | Covered | Connected | Disconnected | Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Report the receipts from ``first`` to ``last``, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    outgoing: Outgoing
    effects: tuple[Send, ...]
    wake_at: datetime | None


def step(outgoing: Outgoing, given: Input, now: datetime, *, link_up: bool) -> Step:
    """What to send now.

    Back-off 5, 10, 20 … 60 s; a new receipt does not wait for the back-off of older ones.
    """
    known = _know(outgoing, given)
    if not link_up or known.through >= known.last:
        return Step(outgoing=replace(known, again_at=None), effects=(), wake_at=None)
    if known.again_at is not None and now >= known.again_at:
        known = replace(known, sent=known.through, tries=known.tries + 1)
    if known.sent >= known.last:
        return Step(outgoing=known, effects=(), wake_at=known.again_at)
    first = max(known.sent, known.through) + 1
    last = min(known.last, first + BATCH - 1)
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(known.tries, 8))
    again_at = now + wait
    sent = replace(known, sent=last, again_at=again_at)
    # More than one batch waits: ask again at once, the shell's loop is the pace.
    wake_at = now if last < known.last else again_at
    return Step(outgoing=sent, effects=(Send(first=first, last=last),), wake_at=wake_at)


def _know(outgoing: Outgoing, given: Input) -> Outgoing:
    match given:
        case Written(seq=seq):
            return replace(outgoing, last=max(outgoing.last, seq))
        case Covered(through=through):
            through = min(max(outgoing.through, through), outgoing.last)
            gained = through > outgoing.through
            return replace(outgoing, through=through, tries=0 if gained else outgoing.tries)
        case Connected():
            return replace(outgoing, sent=outgoing.through, tries=0, again_at=None)
        case Disconnected():
            return replace(outgoing, sent=outgoing.through, again_at=None)
        case Tick():
            return outgoing
