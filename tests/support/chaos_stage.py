"""Where a kill -9 campaign is played: the three processes, and the author's way to the controller."""

from typing import Any, Protocol

Wish = dict[str, Any]
"""One item to be approved: area, title, text, targets, at, expires_at, bulletin_class."""

NOBODY = object()
"""Nobody was there to be asked: the controller is down."""


class Stage(Protocol):
    """Begins and ends processes by their own ids. Calls block for milliseconds: the caller uses a thread."""

    async def open(self) -> None:
        """The broker is there, and whatever is slow once; nothing else runs."""

    def begin(self, part: str, life: int, seed: int) -> None:
        """A new life of ``controller``, ``broker`` or ``nodes`` on what lies on disk."""

    def end(self, part: str, number: int) -> int:
        """Send that signal, wait until it is gone; its status as subprocess tells it."""

    def close(self) -> None:
        """End everything that was begun, whatever state it is in."""

    async def say(self, wish: Wish) -> object:
        """The item's id once it is acknowledged, a Refusal, None where the answer was lost, or NOBODY."""

    async def leave(self) -> None:
        """The author goes home."""


class Refusal(str):
    """The controller's no, with its code and sentence."""

    __slots__ = ()
