"""The buffer of a stream: what came early waits, what came late is silence, what breaks off begins anew.

Pure. ``now`` and all instants are seconds of the node's own oscillator; positions are ms of media time.
"""

from dataclasses import dataclass, replace

from devices.chunks import Chunk
from devices.grants import StreamKind

PUNCTUAL_S = 0.02
"""So late a chunk still counts as in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``preroll_s`` is waited before the first sound; more than ``most_s`` beyond it is skipped."""

    preroll_s: float
    most_s: float


RULES = {
    StreamKind.LIVE: Rule(preroll_s=0.5, most_s=2.0),
    StreamKind.RELAY: Rule(preroll_s=1.0, most_s=6.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Packets without a hole, the first of which sounds at ``at``."""

    at: float
    position_ms: int
    length_ms: int
    packets: tuple[bytes, ...]

    @property
    def ends_ms(self) -> int:
        return self.position_ms + self.length_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """``base`` is when position 0 sounds (or would have); None while nothing has come.

    ``reached_ms`` and ``until``: up to where, and up to when, sound was let out. ``ends_ms`` is known once
    the last chunk has come; ``seen_ms`` is the furthest position that anybody sent.
    """

    base: float | None = None
    reached_ms: int = 0
    until: float | None = None
    waiting: tuple[Stretch, ...] = ()
    ends_ms: int | None = None
    seen_ms: int = 0
    late: int = 0
    skips: int = 0


def put(buffer: Buffer, chunk: Chunk, now: float, rule: Rule) -> Buffer:
    """A verified chunk, each once, in any order."""
    length_ms = chunk.length_ms
    ends_ms = chunk.position_ms + length_ms
    buffer = replace(buffer, seen_ms=max(buffer.seen_ms, ends_ms))
    if chunk.last:
        buffer = replace(buffer, ends_ms=ends_ms)
    if not chunk.packets:
        return buffer
    base = buffer.base
    fresh = now + rule.preroll_s - chunk.position_ms / 1000
    if base is None:
        base = fresh
    if chunk.position_ms < buffer.reached_ms or _overlaps(buffer, chunk.position_ms, ends_ms):
        return replace(buffer, late=buffer.late + 1)
    at = base + chunk.position_ms / 1000
    if at < now - PUNCTUAL_S or (buffer.until is not None and at < buffer.until - 1e-3):
        if not _dry(buffer, now):
            return replace(buffer, late=buffer.late + 1)
        # It had run dry and what comes now is late: the way has become longer, so begin anew behind it.
        base = fresh
    mine = Stretch(at=0.0, position_ms=chunk.position_ms, length_ms=length_ms, packets=chunk.packets)
    waiting = tuple(sorted((*buffer.waiting, mine), key=lambda one: one.position_ms))
    return _timed(_nearer(replace(buffer, base=base, waiting=waiting), now, rule))


def take(buffer: Buffer, now: float) -> tuple[Buffer, tuple[Stretch, ...]]:
    """What sounds from now on, and the buffer without it."""
    due = tuple(one for one in buffer.waiting if one.at <= now + 1e-3)
    if not due:
        return buffer, ()
    last = due[-1]
    until = last.at + last.length_ms / 1000
    rest = buffer.waiting[len(due) :]
    return replace(buffer, waiting=rest, reached_ms=last.ends_ms, until=until), due


def next_at(buffer: Buffer) -> float | None:
    """When the next of what waits sounds."""
    return buffer.waiting[0].at if buffer.waiting else None


def over(buffer: Buffer, now: float) -> bool:
    """The last chunk has come and everything up to it has sounded or had its time."""
    if buffer.ends_ms is None or buffer.waiting:
        return False
    return buffer.base is None or now >= max(buffer.until or 0.0, buffer.base + buffer.ends_ms / 1000) - 1e-3


def over_at(buffer: Buffer) -> float | None:
    """When that will be, where it is known."""
    if buffer.ends_ms is None or buffer.base is None or buffer.waiting:
        return None
    return max(buffer.until or 0.0, buffer.base + buffer.ends_ms / 1000)


def _dry(buffer: Buffer, now: float) -> bool:
    return not buffer.waiting and (buffer.until is None or buffer.until <= now + 1e-3)


def _overlaps(buffer: Buffer, begins_ms: int, ends_ms: int) -> bool:
    return any(one.position_ms < ends_ms and begins_ms < one.ends_ms for one in buffer.waiting)


def _nearer(buffer: Buffer, now: float, rule: Rule) -> Buffer:
    """Too much waits (a burst after a stall): what is oldest is left out, so that the delay does not stay."""
    assert buffer.base is not None
    ahead_s = buffer.base + buffer.waiting[-1].ends_ms / 1000 - now
    if ahead_s <= rule.most_s + rule.preroll_s:
        return buffer
    base = buffer.base - (ahead_s - rule.preroll_s)
    # What sounds already sounds on: nothing may begin before it is out.
    free_at = max(now, buffer.until or now)
    kept = tuple(one for one in buffer.waiting if base + one.position_ms / 1000 >= free_at - 1e-3)
    return replace(buffer, base=base, waiting=kept, skips=buffer.skips + 1)


def _timed(buffer: Buffer) -> Buffer:
    base = buffer.base
    assert base is not None
    return replace(
        buffer, waiting=tuple(replace(one, at=base + one.position_ms / 1000) for one in buffer.waiting)
    )
