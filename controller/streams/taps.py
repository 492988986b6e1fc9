"""One source that runs: its octets decoded into frames, which wait for their turn."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from controller.errors import Problem
from controller.streams.choosing import SILENT_DBFS, Seen
from controller.streams.fetching import FetchFailed
from controller.streams.ffmpeg import Decoder, FfmpegFailed
from controller.streams.frames import Frame, level_dbfs
from controller.streams.playlist import PlaylistBroken

MOST_WAITING = 150
PREFILL = 25
"""Frames that wait before the first is given: what comes in bursts is to sound in one go."""
ENDED = "ended"
_log = logging.getLogger("loa.streams")

Pieces = Callable[[], AsyncGenerator[bytes, None]]
Seconds = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A frame; ``last`` where nothing waits behind it just now."""

    frame: Frame
    level_dbfs: float
    last: bool


class Tap:
    """``start`` it, ``take`` a frame every 20 ms, ``stop`` it. ``seen`` says how it fares.

    ``seconds`` is a clock that only goes forward. Nothing here raises: what goes wrong stands in ``seen``.
    """

    def __init__(self, pieces: Pieces, seconds: Seconds, kind: str = "") -> None:
        self._pieces = pieces
        self._seconds = seconds
        self._decoder = Decoder(kind)
        self._waiting: deque[Frame] = deque()
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._filling = True
        self._over = False
        self._opened_at = seconds()
        self._frame_at: float | None = None
        self._loud_at: float | None = None
        self._failed: str | None = None

    @property
    def seen(self) -> Seen:
        return Seen(
            opened_at=self._opened_at,
            frame_at=self._frame_at,
            loud_at=self._loud_at,
            failed=self._failed if not self._waiting else None,
        )

    @property
    def ended(self) -> bool:
        """Whether everything has come and everything was taken."""
        return self._over and not self._waiting

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="tap")

    async def stop(self) -> None:
        """Nothing of it runs when this returns."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._decoder.stop()

    def take(self) -> Taken | None:
        """The next frame; None where there is none yet."""
        if self._filling and len(self._waiting) < PREFILL and not self._over:
            return None
        self._filling = not self._waiting
        if not self._waiting:
            return None
        frame = self._waiting.popleft()
        self._room.set()
        now, level = self._seconds(), level_dbfs(frame)
        self._frame_at = now
        if level > SILENT_DBFS:
            self._loud_at = now
        return Taken(frame=frame, level_dbfs=level, last=not self._waiting)

    async def _run(self) -> None:
        try:
            await self._decoder.start()
            async with asyncio.TaskGroup() as both:
                both.create_task(self._feed())
                both.create_task(self._collect())
            self._failed = ENDED
        except* (FetchFailed, FfmpegFailed, PlaylistBroken) as errors:
            self._failed = str(errors.exceptions[0])
        except* Problem as problems:
            self._failed = str(problems.exceptions[0])
        except* Exception as errors:  # noqa: BLE001 - top of a tap's task: another source takes over
            _log.exception("tap.failed", exc_info=errors)
            self._failed = "fault"
        finally:
            self._over = True

    async def _feed(self) -> None:
        async with contextlib.aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                await self._decoder.feed(piece)
        self._decoder.end()

    async def _collect(self) -> None:
        async with contextlib.aclosing(self._decoder.frames()) as frames:
            async for frame in frames:
                self._waiting.append(frame)
                while len(self._waiting) >= MOST_WAITING:
                    self._room.clear()
                    await self._room.wait()
