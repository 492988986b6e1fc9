"""What a row of blocks must be before it stands in anybody's day."""

from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from itertools import pairwise

from schedules.blocks import MOST_BLOCKS, Block, Part, misplaced
from schedules.errors import Fault
from schedules.reading import fault
from schedules.taped import LONGEST_TAPE


def block_faults(blocks: Sequence[Block], start: time) -> tuple[Fault, ...]:
    """What is wrong with an order of blocks, each with its field."""
    return tuple(_block_faults(blocks, start))


def _block_faults(blocks: Sequence[Block], start: time) -> Iterator[Fault]:
    if len(blocks) > MOST_BLOCKS:
        yield fault("blocks", "E_BLOCK", f"Nhiều nhất {MOST_BLOCKS} phần.", "There are too many blocks.")
        return
    for n in misplaced(blocks):
        vi, en = "Mở đầu đứng đầu, kết thúc đứng cuối.", "The opening is first, the closing last."
        yield fault(f"blocks[{n}].part", "E_BLOCK", vi, en)
    for n, block in enumerate(blocks):
        if any(block.id == other.id for other in blocks[:n]):
            yield fault(f"blocks[{n}].id", "E_BLOCK", "Hai phần trùng mã.", "Two blocks have one name.")
        if block.part is Part.RELAY and any(other.part is Part.RELAY for other in blocks[:n]):
            yield fault(
                f"blocks[{n}].part", "E_BLOCK", "Mỗi buổi chỉ tiếp âm một lần.", "A session relays once."
            )
        if block.part is Part.RELAY and block.length is None and block.until is None:
            yield fault(
                f"blocks[{n}].length", "E_BLOCK", "Xin chọn thời lượng tiếp âm.", "How long is the relay?"
            )
        if block.record_at is not None:
            yield from _taped_faults(n, block)
        if block.length is not None and block.length <= timedelta():
            yield fault(
                f"blocks[{n}].length", "E_BLOCK", "Thời lượng phải hơn 0.", "A length is more than nothing."
            )
    yield from _hard_faults(blocks, start)


def _taped_faults(n: int, block: Block) -> Iterator[Fault]:
    """What is recorded has a length of its own, and one that can be prepared."""
    if block.part is not Part.RELAY:
        vi, en = "Chỉ phần tiếp âm mới ghi trước được.", "Only a relay is recorded beforehand."
        yield fault(f"blocks[{n}].record_at", "E_BLOCK", vi, en)
    elif block.length is None or block.length > LONGEST_TAPE:
        vi = f"Tiếp âm ghi rồi phát chậm dài nhất {LONGEST_TAPE // timedelta(minutes=1)} phút."
        en = f"A recorded relay lasts {LONGEST_TAPE // timedelta(minutes=1)} minutes at most."
        yield fault(f"blocks[{n}].length", "E_BLOCK", vi, en)


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
