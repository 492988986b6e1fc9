"""Lanes: where blocking work goes, one thread a lane, so that its order and its resources are its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Lane(Protocol):
    """Runs one piece of work after the other, in the order in which they were asked for."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do ``work(*args)`` in this lane; its result or its exception comes back."""

    async def close(self) -> None:
        """Wait for what was asked for, then end; may be called twice."""


class ThreadLane:
    """One thread of its own. Work that has begun is finished even if the asker was cancelled."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"lane-{name}")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work in the thread; the event loop stays free meanwhile."""
        return await asyncio.wrap_future(self._pool.submit(work, *args, **kwargs))

    async def close(self) -> None:
        """Wait for what was asked for, then end the thread."""
        await asyncio.to_thread(self._pool.shutdown)


class InlineLane:
    """No thread: the work is done at once. For virtual time, where a thread would break determinism."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work here and now."""
        return work(*args, **kwargs)

    async def close(self) -> None:
        """Nothing is held, nothing is given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """All lanes of one controller: SQL writes, SQL reads, password hashes, files, plans."""

    writer: Lane
    readers: tuple[Lane, ...]
    hashes: Lane
    files: Lane
    plans: Lane

    async def close(self) -> None:
        """End every lane after what was asked of it."""
        for lane in (self.plans, self.hashes, self.files, *self.readers, self.writer):
            await lane.close()


def thread_lanes(readers: int = 2) -> Lanes:
    """Lanes for the real world."""
    return Lanes(
        writer=ThreadLane("writer"),
        readers=tuple(ThreadLane(f"reader-{k}") for k in range(readers)),
        hashes=ThreadLane("hashes"),
        files=ThreadLane("files"),
        plans=ThreadLane("plans"),
    )


def inline_lanes() -> Lanes:
    """Lanes for virtual time."""
    inline = InlineLane()
    return Lanes(writer=inline, readers=(inline,), hashes=inline, files=inline, plans=inline)
