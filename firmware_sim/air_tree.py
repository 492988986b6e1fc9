"""Topics as a tree: who subscribed to what matches, which stored topics a filter matches (MQTT 5, 4.7)."""

from collections.abc import Iterator
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class _Branch(Generic[Kept]):
    __slots__ = ("below", "kept")

    def __init__(self) -> None:
        self.below: dict[str, _Branch[Kept]] = {}
        self.kept: dict[object, Kept] = {}


class TopicTree(Generic[Kept]):
    """Things kept under topics or filters, each under a key of its own."""

    def __init__(self) -> None:
        self._root: _Branch[Kept] = _Branch()

    def put(self, path: str, key: object, kept: Kept) -> None:
        """Keep this under ``path``; the same key again replaces."""
        branch = self._root
        for level in path.split("/"):
            branch = branch.below.setdefault(level, _Branch())
        branch.kept[key] = kept

    def take(self, path: str, key: object) -> None:
        """Forget it; nothing happens if it was not there. Branches left empty go too."""
        trail = [self._root]
        levels = path.split("/")
        for level in levels:
            below = trail[-1].below.get(level)
            if below is None:
                return
            trail.append(below)
        trail[-1].kept.pop(key, None)
        for level, branch, above in zip(
            reversed(levels), reversed(trail), reversed(trail[:-1]), strict=False
        ):
            if branch.kept or branch.below:
                return
            del above.below[level]

    def for_topic(self, topic: str) -> Iterator[tuple[object, Kept]]:
        """What is kept under filters that match this topic."""
        return _filters_matching(self._root, topic.split("/"), 0)

    def for_filter(self, one: str) -> Iterator[tuple[object, Kept]]:
        """What is kept under topics that this filter matches."""
        return _topics_matching(self._root, one.split("/"), 0)


def _filters_matching(branch: _Branch[Kept], levels: list[str], at: int) -> Iterator[tuple[object, Kept]]:
    # A wildcard at the root does not reach the broker's own topics.
    wild = at > 0 or not levels[0].startswith("$")
    if wild and (rest := branch.below.get("#")) is not None:
        yield from rest.kept.items()
    if at == len(levels):
        yield from branch.kept.items()
        return
    if (below := branch.below.get(levels[at])) is not None:
        yield from _filters_matching(below, levels, at + 1)
    if wild and (below := branch.below.get("+")) is not None:
        yield from _filters_matching(below, levels, at + 1)


def _topics_matching(branch: _Branch[Kept], levels: list[str], at: int) -> Iterator[tuple[object, Kept]]:
    if at == len(levels):
        yield from branch.kept.items()
        return
    level = levels[at]
    if level == "#":
        yield from branch.kept.items()
        for name, below in branch.below.items():
            if at > 0 or not name.startswith("$"):
                yield from _topics_matching(below, levels, at)
    elif level == "+":
        for name, below in branch.below.items():
            if at > 0 or not name.startswith("$"):
                yield from _topics_matching(below, levels, at + 1)
    elif (found := branch.below.get(level)) is not None:
        yield from _topics_matching(found, levels, at + 1)
