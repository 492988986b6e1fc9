"""Where sounds already lie in time and on the ground, and the first gap for another."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from schedules.announcement import AreaCode
from schedules.area import Tree
from schedules.wish import Slot, whole_second

BREATH = timedelta(seconds=1)
_BUCKET_SECONDS = 3600


class Timeline:
    """Slots by hour and ground: asking costs what lies near in both, not what lies anywhere."""

    def __init__(self, tree: Tree, slots: Iterable[Slot] = ()) -> None:
        self._tree = tree
        self._at: defaultdict[tuple[int, AreaCode], list[Slot]] = defaultdict(list)
        self._below: defaultdict[tuple[int, AreaCode], list[Slot]] = defaultdict(list)
        for slot in slots:
            self.add(slot)

    def add(self, slot: Slot) -> None:
        for hour in _hours(slot.due_at, slot.end_at):
            for target in slot.wish.targets:
                self._at[hour, target].append(slot)
                for above in self._tree.chain(target)[:-1]:
                    self._below[hour, above].append(slot)

    def overlapping(self, start: datetime, end: datetime, targets: tuple[AreaCode, ...]) -> tuple[Slot, ...]:
        """The slots on shared ground with any moment in `[start, end)`, the earliest first."""
        found = {
            (slot.due_at, slot.wish.identity, slot.wish.recurrence_at): slot
            for hour in _hours(start, end)
            for slot in self._near(hour, targets)
            if slot.due_at < end and start < slot.end_at
        }
        return tuple(found[key] for key in sorted(found))

    def first_free(
        self,
        start: datetime,
        length: timedelta,
        targets: tuple[AreaCode, ...],
        blocks: Callable[[Slot], bool],
    ) -> tuple[datetime, Slot | None]:
        """The first instant from `start` on with room for `length`, and the first slot that stood there.

        Behind another sound it leaves a breath and begins on a whole second.
        """
        first: Slot | None = None
        while True:
            blockers = [s for s in self.overlapping(start, start + length, targets) if blocks(s)]
            if not blockers:
                return start, first
            first = first or blockers[0]
            start = whole_second(max(slot.end_at for slot in blockers) + BREATH)

    def _near(self, hour: int, targets: tuple[AreaCode, ...]) -> Iterator[Slot]:
        """The slots of an hour at, above and below the targets; one may come twice."""
        for target in targets:
            for code in self._tree.chain(target):
                yield from self._at.get((hour, code), ())
            yield from self._below.get((hour, target), ())


def _hours(start: datetime, end: datetime) -> Iterator[int]:
    first = int(start.timestamp()) // _BUCKET_SECONDS
    return iter(range(first, int(end.timestamp()) // _BUCKET_SECONDS + 1))
