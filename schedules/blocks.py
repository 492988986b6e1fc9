"""A session as ordered blocks: laid out from its start, estimated against its cap, reordered by hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from schedules.announcement import AnnouncementId
from schedules.calendar import instant_of, local
from schedules.errors import Fault, Refused
from schedules.profile import Manner
from schedules.reading import fault
from schedules.timeline import BREATH
from schedules.wish import whole_second

MOST_BLOCKS = 30
MOST_FILLERS = 200
T = TypeVar("T")


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

    With a `hard_start` it begins exactly at that local time: what is before it ends by then, or is left out.
    Without (soft) it follows what is before it. A relay lasts `length`, or `until` a local time; a filler
    says its items over and over while they end by `until`, or by the next hard start. Other blocks last as
    long as their items.
    """

    id: str
    part: Part
    items: tuple[AnnouncementId, ...] = ()
    length: timedelta | None = None
    hard_start: time | None = None
    until: time | None = None


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
    """What is not heard: `E_CAP` no room before the next hard start or the cap, `E_NOT_RENDERED` no sound."""

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


def lay_out(
    blocks: Sequence[Block],
    start_at: datetime,
    durations: Mapping[AnnouncementId, timedelta],
    cap: timedelta | None = None,
    *,
    enforce: bool = True,
) -> Layout:
    """Every sound of the blocks in its place, one behind the other with a breath between, none over another.

    Without `enforce` nothing is left out for the cap, so that the estimate says by how much it is passed.
    """
    bound = start_at + cap if cap is not None and enforce else None
    cursor = start_at
    sounds: list[Laid] = []
    left_out: list[LeftOut] = []
    for n, block in enumerate(blocks):
        if block.hard_start is not None:
            cursor = max(_at(start_at, block.hard_start), cursor)
        edges = [edge for edge in (bound, _next_hard(blocks[n + 1 :], start_at)) if edge is not None]
        for one in _filled(block, cursor, start_at, durations, min(edges, default=None)):
            if isinstance(one, Laid):
                sounds.append(one)
                cursor = whole_second(one.end_at + BREATH)
            else:
                left_out.append(one)
    total = max((one.end_at for one in sounds), default=start_at) - start_at
    over = max(total - cap, timedelta()) if cap is not None else timedelta()
    return Layout(sounds=tuple(sounds), left_out=tuple(left_out), total=total, over=over)


def block_faults(blocks: Sequence[Block], start: time) -> tuple[Fault, ...]:
    """What is wrong with an order of blocks, each with its field."""
    return tuple(_block_faults(blocks, start))


def reordered(blocks: Sequence[Block], block: str, to: int) -> tuple[Block, ...]:
    """The blocks with one moved to a position; Refused (`E_BLOCK`) past the opening or the closing."""
    at = next((n for n, one in enumerate(blocks) if one.id == block), None)
    if at is None or not 0 <= to < len(blocks):
        raise Refused("E_BLOCK", "Không có phần này trong buổi phát.", "There is no such block.")
    found = moved(blocks, at, to)
    if any(_misplaced(found)):
        raise Refused(
            "E_BLOCK",
            "Phần mở đầu luôn đứng đầu, phần kết thúc luôn đứng cuối.",
            "The opening stays first and the closing last.",
        )
    return found


def moved(things: Sequence[T], at: int, to: int) -> tuple[T, ...]:
    """The same things with the one at a position moved to another; positions beyond the ends are the ends."""
    rest = [*things[:at], *things[at + 1 :]]
    to = max(0, min(to, len(rest)))
    return (*rest[:to], things[at], *rest[to:])


def in_manner(blocks: Iterable[Block], manner: Manner) -> tuple[Block, ...]:
    """The blocks as mourning or an event leaves them: no chimes, no music. An anthem is neither."""
    silent = {Part.OPENING, Part.CLOSING} if not manner.chimes else set()
    if not manner.music:
        silent |= {Part.FILLER}
    return tuple(block for block in blocks if block.part not in silent)


def customary(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks in the customary order; those of one part keep theirs. Hard starts are given up."""
    in_order = sorted(blocks, key=lambda block: tuple(Part).index(block.part))
    return tuple(replace(block, hard_start=None) for block in in_order)


def _filled(
    block: Block,
    cursor: datetime,
    start_at: datetime,
    durations: Mapping[AnnouncementId, timedelta],
    edge: datetime | None,
) -> Iterator[Laid | LeftOut]:
    if block.part is Part.RELAY:
        yield _relayed(block, cursor, start_at, edge)
        return
    known = [item for item in block.items if durations.get(item, timedelta()) > timedelta()]
    for item in block.items:
        if item not in known:
            yield LeftOut(block=block.id, item=item, code="E_NOT_RENDERED")
    until = _at(start_at, block.until) if block.until is not None else None
    edge = min((one for one in (edge, until) if one is not None), default=None)
    again = block.part is Part.FILLER and edge is not None
    for n, item in enumerate(known * MOST_FILLERS if again else known):
        if n >= MOST_FILLERS and again:
            return
        one = Laid(block=block.id, item=item, at=cursor, length=durations[item])
        if edge is None or one.end_at <= edge:
            yield one
            cursor = whole_second(one.end_at + BREATH)
        elif again:
            # the next filler may be shorter, but a gap of seconds is no reason to search
            return
        else:
            yield LeftOut(block=block.id, item=item, code="E_CAP")


def _relayed(block: Block, cursor: datetime, start_at: datetime, edge: datetime | None) -> Laid | LeftOut:
    """A relay is cut where there is no more room: it has no end of its own."""
    ends = [edge] if edge is not None else []
    if block.length is not None:
        ends.append(cursor + block.length)
    if block.until is not None:
        ends.append(_at(start_at, block.until))
    end_at = min(ends, default=cursor)
    if end_at <= cursor:
        return LeftOut(block=block.id, item=None, code="E_CAP")
    return Laid(block=block.id, item=None, at=cursor, length=end_at - cursor)


def _at(start_at: datetime, wall: time) -> datetime:
    """The first instant from the session's start on at which the clock shows `wall`."""
    today = instant_of(local(start_at).date(), wall)
    return today if today >= start_at else today + timedelta(days=1)


def _next_hard(blocks: Sequence[Block], start_at: datetime) -> datetime | None:
    found = next((block.hard_start for block in blocks if block.hard_start is not None), None)
    return None if found is None else _at(start_at, found)


def _misplaced(blocks: Sequence[Block]) -> Iterator[int]:
    for n, block in enumerate(blocks):
        if block.part is Part.OPENING and n != 0:
            yield n
        if block.part is Part.CLOSING and n != len(blocks) - 1:
            yield n


def _block_faults(blocks: Sequence[Block], start: time) -> Iterator[Fault]:
    if len(blocks) > MOST_BLOCKS:
        yield fault("blocks", "E_BLOCK", f"Nhiều nhất {MOST_BLOCKS} phần.", "There are too many blocks.")
        return
    for n in _misplaced(blocks):
        vi, en = "Mở đầu đứng đầu, kết thúc đứng cuối.", "The opening is first, the closing last."
        yield fault(f"blocks[{n}].part", "E_BLOCK", vi, en)
    for n, block in enumerate(blocks):
        if any(block.id == other.id for other in blocks[:n]):
            yield fault(f"blocks[{n}].id", "E_BLOCK", "Hai phần trùng mã.", "Two blocks have one name.")
        if block.part is Part.RELAY and block.length is None and block.until is None:
            yield fault(
                f"blocks[{n}].length", "E_BLOCK", "Xin chọn thời lượng tiếp âm.", "How long is the relay?"
            )
        if block.length is not None and block.length <= timedelta():
            yield fault(
                f"blocks[{n}].length", "E_BLOCK", "Thời lượng phải hơn 0.", "A length is more than nothing."
            )
    yield from _hard_faults(blocks, start)


def _hard_faults(blocks: Sequence[Block], start: time) -> Iterator[Fault]:
    """Hard starts come in order, within a day of the session's start."""
    hard = [(n, block.hard_start) for n, block in enumerate(blocks) if block.hard_start is not None]
    after = [(0, start), *hard]
    for (_, before), (n, wall) in pairwise(after):
        if _since(start, wall) < _since(start, before):
            yield fault(
                f"blocks[{n}].hard_start",
                "E_ORDER",
                "Giờ cố định phải theo thứ tự.",
                "Fixed times must come in order.",
            )


def _since(start: time, wall: time) -> int:
    """Seconds from the start to a clock time, past midnight where it is earlier."""
    return (_seconds(wall) - _seconds(start)) % 86_400


def _seconds(wall: time) -> int:
    return wall.hour * 3600 + wall.minute * 60 + wall.second
