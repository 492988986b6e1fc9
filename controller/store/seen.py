"""Rows that were read before: what has not changed is not made into an object again."""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from controller.store.database import Row

T = TypeVar("T")


class Seen(Generic[T]):
    """What one question gave the last time. Equal rows give the very same objects, which compare at once."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[Row, T]] = {}

    def of(self, found: Iterable[Row], key: str, make: Callable[[Row], T]) -> tuple[T, ...]:
        """An object for each row, in their order; ``key`` names the column that tells rows apart."""
        known, self._known = self._known, {}
        for row in found:
            before = known.get(row[key])
            same = before is not None and before[0] == row
            self._known[row[key]] = before if before is not None and same else (row, make(row))
        return tuple(thing for _, thing in self._known.values())
