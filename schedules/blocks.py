"""A session as ordered blocks: laid out from its start, estimated against its cap, reordered by hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Protocol, TypeVar

from schedules.announcement import AnnouncementId
from schedules.calendar import instant_of, local
from schedules.errors import Refused
from schedules.timeline import BREATH
from schedules.wish import whole_second

MOST_BLOCKS = 30
MOST_FILLERS = 200
_HALF_A_DAY = timedelta(hours=12)
T = TypeVar("T")
Edge = tuple[datetime, str]
"""An instant by which what comes before it has ended, and the code of what does not."""


class Part(StrEnum):
    """What a block is, in the customary order: relay, then the province's items, then the commune's."""

    OPENING = "opening"
    ANTHEM = "anthem"
    RELAY = "relay"
    PROVINCE = "province"
    COMMUNE = "commune"
    FILLER = "filler"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One stretch of a session.

    With a `hard_start` it begins exactly at that local time: what is before it ends by then, or is left out;
    where that time is over when the session begins, it follows what is before it. So does one without (soft).
    A relay lasts `length`, or `until` a local time; with `record_at` it is no stream but what the station
    sent from that local time on, the last time before it is heard. A filler says its items over and over
    while they end by `until`, or by the next hard start. Other blocks last as long as their items.
    """

    id: str
    part: Part
    items: tuple[AnnouncementId, ...] = ()
    length: timedelta | None = None
    hard_start: time | None = None
    until: time | None = None
    record_at: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """One sound of the session in its place; a relay has no item."""

    block: str
    item: AnnouncementId | None
    at: datetime
    length: timedelta

    @property
    def end_at(self) -> datetime:
        return self.at + self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What is not heard: `E_CAP` the cap, `E_BORDER` the next hard start, `E_NOT_RENDERED` no sound, or why
    the ground refuses it."""

    block: str
    item: AnnouncementId | None
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A session laid out. `total` is from its start to its last sound, `over` how far that passes the cap
    where nothing is left out for it (the estimate that is shown while somebody still edits)."""

    sounds: tuple[Laid, ...]
    left_out: tuple[LeftOut, ...]
    total: timedelta
    over: timedelta


class Ground(Protocol):
    """What else is heard where the session is."""

    def free(
        self, block: Block, item: AnnouncementId | None, start_at: datetime, length: timedelta
    ) -> datetime | str:
        """The first instant from `start_at` on with room for it, or the code of why it is not heard."""

    def take(self, laid: Laid) -> None:
        """It lies there now."""


class Empty:
    """Ground on which nothing else is heard."""

    def free(
        self, block: Block, item: AnnouncementId | None, start_at: datetime, length: timedelta
    ) -> datetime | str:
        return start_at

    def take(self, laid: Laid) -> None:
        return None


def lay_out(
    blocks: Sequence[Block],
    start_at: datetime,
    durations: Mapping[AnnouncementId, timedelta],
    cap: timedelta | None = None,
    *,
    enforce: bool = True,
    ground: Ground | None = None,
) -> Layout:
    """Every sound of the blocks in its place, one behind the other with a breath between, none over another.

    Under a cap the closing keeps its room. Without `enforce` nothing is left out for the cap, so that the
    estimate says by how much it is passed.
    """
    bound = start_at + cap if cap is not None and enforce else None
    reserve = _reserve(blocks, durations)
    ground = ground or Empty()
    cursor = start_at
    sounds: list[Laid] = []
    left_out: list[LeftOut] = []
    for n, block in enumerate(blocks):
        if block.hard_start is not None:
            cursor = max(_at(start_at, block.hard_start), cursor)
        kept = timedelta() if block.part is Part.CLOSING else reserve
        edges = [(bound - kept, "E_CAP")] if bound is not None else []
        edges += [(hard, "E_BORDER") for hard in _next_hard(blocks[n + 1 :], start_at)]
        for one in _filled(block, cursor, start_at, durations, min(edges, default=None), ground):
            if isinstance(one, Laid):
                sounds.append(one)
                ground.take(one)
                cursor = whole_second(one.end_at + BREATH)
            else:
                left_out.append(one)
    total = max((one.end_at for one in sounds), default=start_at) - start_at
    over = max(total - cap, timedelta()) if cap is not None else timedelta()
    return Layout(sounds=tuple(sounds), left_out=tuple(left_out), total=total, over=over)


def reordered(blocks: Sequence[Block], block: str, to: int) -> tuple[Block, ...]:
    """The blocks with one moved to a position; Refused (`E_BLOCK`) past the opening or the closing."""
    at = next((n for n, one in enumerate(blocks) if one.id == block), None)
    if at is None or not 0 <= to < len(blocks):
        raise Refused("E_BLOCK", "Không có phần này trong buổi phát.", "There is no such block.")
    found = moved(blocks, at, to)
    if any(misplaced(found)):
        raise Refused(
            "E_BLOCK",
            "Phần mở đầu luôn đứng đầu, phần kết thúc luôn đứng cuối.",
            "The opening stays first and the closing last.",
        )
    return found


def misplaced(blocks: Sequence[Block]) -> Iterator[int]:
    """The positions of openings that are not first and of closings that are not last."""
    for n, block in enumerate(blocks):
        if block.part is Part.OPENING and n != 0:
            yield n
        if block.part is Part.CLOSING and n != len(blocks) - 1:
            yield n


def moved(things: Sequence[T], at: int, to: int) -> tuple[T, ...]:
    """The same things with the one at a position moved to another; positions beyond the ends are the ends."""
    rest = [*things[:at], *things[at + 1 :]]
    to = max(0, min(to, len(rest)))
    return (*rest[:to], things[at], *rest[to:])


def customary(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks in the customary order; those of one part keep theirs. Hard starts are given up."""
    in_order = sorted(blocks, key=lambda block: tuple(Part).index(block.part))
    return tuple(replace(block, hard_start=None) for block in in_order)


def _filled(
    block: Block,
    cursor: datetime,
    start_at: datetime,
    durations: Mapping[AnnouncementId, timedelta],
    edge: Edge | None,
    ground: Ground,
) -> Iterator[Laid | LeftOut]:
    if block.part is Part.RELAY:
        yield _relayed(block, cursor, start_at, edge, ground)
        return
    known = [item for item in block.items if durations.get(item, timedelta()) > timedelta()]
    for item in block.items:
        if item not in known:
            yield LeftOut(block=block.id, item=item, code="E_NOT_RENDERED")
    edge = _sooner(edge, block, start_at)
    again = block.part is Part.FILLER and edge is not None
    for n, item in enumerate(known * MOST_FILLERS if again else known):
        if n >= MOST_FILLERS and again:
            return
        at = ground.free(block, item, cursor, durations[item])
        if isinstance(at, str):
            if n < len(known):
                yield LeftOut(block=block.id, item=item, code=at)
            continue
        one = Laid(block=block.id, item=item, at=at, length=durations[item])
        if edge is None or one.end_at <= edge[0]:
            yield one
            cursor = whole_second(one.end_at + BREATH)
        elif again:
            # the next filler may be shorter, but a gap of seconds is no reason to search
            return
        else:
            yield LeftOut(block=block.id, item=item, code=edge[1])


def _relayed(
    block: Block, cursor: datetime, start_at: datetime, edge: Edge | None, ground: Ground
) -> Laid | LeftOut:
    """A relay is cut where there is no more room: it has no end of its own."""
    edge = _sooner(edge, block, start_at)

    def length(at: datetime) -> timedelta:
        ends = [edge[0] - at] if edge is not None else []
        return min([*ends, block.length] if block.length is not None else ends, default=timedelta())

    at: datetime | str = cursor
    if length(cursor) > timedelta():
        at = ground.free(block, None, cursor, length(cursor))
    if isinstance(at, str):
        return LeftOut(block=block.id, item=None, code=at)
    if length(at) <= timedelta():
        return LeftOut(block=block.id, item=None, code=edge[1] if edge is not None else "E_CAP")
    return Laid(block=block.id, item=None, at=at, length=length(at))


def _sooner(edge: Edge | None, block: Block, start_at: datetime) -> Edge | None:
    """The border that comes first: the given one, or the end of the block itself."""
    until = (_at(start_at, block.until), "E_CAP") if block.until is not None else None
    return min((one for one in (edge, until) if one is not None), default=None)


def _reserve(blocks: Sequence[Block], durations: Mapping[AnnouncementId, timedelta]) -> timedelta:
    """What the closing needs at the end of a capped session."""
    items = (item for block in blocks if block.part is Part.CLOSING for item in block.items)
    lengths = [length for item in items if (length := durations.get(item, timedelta())) > timedelta()]
    return sum((length + 2 * BREATH for length in lengths), timedelta())


def _at(start_at: datetime, wall: time) -> datetime:
    """The instant nearest to the session's start at which the clock shows `wall`: before it, it is over."""
    today = instant_of(local(start_at).date(), wall)
    if today < start_at - _HALF_A_DAY:
        return today + timedelta(days=1)
    return today


def _next_hard(blocks: Sequence[Block], start_at: datetime) -> Iterator[datetime]:
    """The next border that is still to come when the session begins."""
    hard = (_at(start_at, block.hard_start) for block in blocks if block.hard_start is not None)
    yield from islice((at for at in hard if at > start_at), 1)
