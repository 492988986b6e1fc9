"""A voice recorded as it comes: bounded in time and octets, without what no station sent."""

import asyncio
import contextlib
import wave
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from controller.streams.frames import FRAME_S, RATE, Frame

TAPE_RATE = RATE // 2
MOST_OCTETS = 96 * 1024 * 1024
"""Half an hour at 24 kHz is 86 MB; what is prepared may have 100."""
_BEHIND_S = 2.0
_A_SECOND = round(1 / FRAME_S)
_TAPS = 63
_CUTOFF = 0.23
"""Of the rate of frames: 11 kHz, so that nothing folds back below 12."""

Write = Callable[[bytes], Awaitable[None]]


class Stations(Protocol):
    """A voice of which is known which source sounds; None: none does."""

    @property
    def on_air(self) -> int | None: ...

    def start(self) -> None: ...

    def next(self) -> Frame | None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Taped:
    """What was kept: seconds in which a station sounded, and the one that sounded longest."""

    sound_s: float
    source: int | None


async def record(voice: Stations, write: Write, *, length_s: float, listen_s: float) -> Taped:
    """Frames to ``write``, a second's worth at a time, after ``listen_s`` of finding a source.

    Nothing of the voice runs any more when this returns.
    """
    sounded: Counter[int] = Counter()
    waiting: list[Frame] = []
    voice.start()
    try:
        async with contextlib.aclosing(_paced(voice, length_s, listen_s)) as frames:
            async for frame in frames:
                at = voice.on_air
                if at is None:
                    continue
                sounded[at] += 1
                waiting.append(frame)
                if len(waiting) == _A_SECOND:
                    await write(b"".join(waiting))
                    waiting.clear()
        if waiting:
            await write(b"".join(waiting))
    finally:
        await voice.stop()
    longest = sounded.most_common(1)
    return Taped(sound_s=sounded.total() * FRAME_S, source=longest[0][0] if longest else None)


class TapeFile:
    """A WAV of 24 kHz that grows; blocking, for a lane. What is beyond MOST_OCTETS is not written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: wave.Wave_write | None = None
        self._halver = Halver()
        self._octets = 0

    def open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = wave.open(str(self.path), "wb")  # noqa: SIM115 - closed by close()
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(TAPE_RATE)

    def append(self, frames: bytes) -> None:
        assert self._file is not None
        data = self._halver.halved(frames)
        if self._octets + len(data) <= MOST_OCTETS:
            self._octets += len(data)
            self._file.writeframesraw(data)

    def close(self) -> None:
        """May be called twice, and before ``open``."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def remove(self) -> None:
        """It is gone when this returns."""
        self.close()
        self.path.unlink(missing_ok=True)


class Halver:
    """Samples of 48 kHz at half the rate, without a joint between two calls."""

    def __init__(self) -> None:
        n = np.arange(_TAPS) - _TAPS // 2
        taps = 2 * _CUTOFF * np.sinc(2 * _CUTOFF * n) * np.hamming(_TAPS)
        self._taps = taps / taps.sum()
        self._before = np.zeros(_TAPS - 1)

    def halved(self, frames: bytes) -> bytes:
        """An even number of samples of 16 bit, half as many out."""
        wide = np.concatenate((self._before, np.frombuffer(frames, dtype="<i2").astype(np.float64)))
        self._before = wide[len(wide) - (_TAPS - 1) :]
        low = np.convolve(wide, self._taps, "valid")[::2]
        return np.round(np.clip(low, -32768, 32767)).astype("<i2").tobytes()


async def _paced(voice: Stations, length_s: float, listen_s: float) -> AsyncGenerator[Frame, None]:
    """One frame for each moment of the recording, at the pace of the clock."""
    loop = asyncio.get_running_loop()
    began, given, last = loop.time() + listen_s, -round(listen_s / FRAME_S), round(length_s / FRAME_S)
    while given < last:
        due = min(int((loop.time() - began) // FRAME_S), last)
        if due - given > _BEHIND_S / FRAME_S:
            # what the machine slept through nobody has recorded
            given = due
        while given < due:
            frame = voice.next()
            if given >= 0 and frame is not None:
                yield frame
            given += 1
        await asyncio.sleep(max(0.0, began + (given + 1) * FRAME_S - loop.time()))
