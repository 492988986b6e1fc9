"""What may sound in a broadcast: a relay with its filler, a microphone behind its delay, a recording."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from controller.streams import choosing
from controller.streams.choosing import Switch
from controller.streams.ffmpeg import Decoder, FfmpegFailed
from controller.streams.frames import (
    FADE,
    FLOOR_DBFS,
    FRAME_MS,
    SILENCE,
    Frame,
    level_dbfs,
    mixed,
    ramped,
)
from controller.streams.taps import Pieces, Seconds, Tap

JITTER = 15
"""Frames beside the wished delay that even out how a browser sends."""
DRIFT = 50
PAUSE_DBFS = -50.0
LINK_DEAD_S = 2.5
GAP = 150
"""Frames of silence between two rounds of the filler."""


class Voice(Protocol):
    """Gives a frame every 20 ms; None: it is over, by itself."""

    level_dbfs: float

    def start(self) -> None: ...

    def next(self) -> Frame | None: ...

    def finish(self) -> None:
        """Nothing new; what is held already is heard to its end."""

    async def stop(self) -> None: ...


class Relay:
    """Ordered sources behind one voice. The filler sounds where none is left; it never ends by itself."""

    def __init__(
        self,
        sources: Sequence[Pieces],
        filler: Sequence[Frame],
        seconds: Seconds,
        on_switch: Callable[[Switch], None],
    ) -> None:
        self._sources = tuple(sources)
        self._filler = Loop(filler)
        self._seconds = seconds
        self._on_switch = on_switch
        self._choice = choosing.begin(len(self._sources), seconds())
        self._taps: dict[int, Tap] = {}
        self._gains: dict[int | None, float] = {None: 0.0}
        self._leaving: set[asyncio.Task[None]] = set()
        self._fade_left: int | None = None
        self.level_dbfs = FLOOR_DBFS

    @property
    def on_air(self) -> int | None:
        """Which source sounds; None: the filler."""
        return self._choice.on_air

    def start(self) -> None:
        self._keep_open()

    def next(self) -> Frame | None:
        if self._fade_left is None:
            return self._sound()
        self._fade_left -= 1
        if self._fade_left < 0:
            return None
        return ramped(self._sound(), (self._fade_left + 1) / FADE, self._fade_left / FADE)

    def finish(self) -> None:
        if self._fade_left is None:
            self._fade_left = FADE

    def _sound(self) -> Frame:
        taken = {index: tap.take() for index, tap in self._taps.items()}
        seen = {index: tap.seen for index, tap in self._taps.items()}
        self._choice, switch = choosing.step(self._choice, seen, self._seconds())
        if switch is not None:
            self._on_switch(switch)
        out = SILENCE
        for index in {*self._gains, self._choice.on_air}:
            one = None if index is None else taken.get(index)
            if index is None:
                frame, last = self._filler.next() if self._audible(None) else SILENCE, False
            else:
                frame, last = (SILENCE, True) if one is None else (one.frame, one.last)
            out = mixed(out, self._levelled(index, frame, last=last))
        self._gains = {index: gain for index, gain in self._gains.items() if gain > 0 or index is None}
        if self._gains[None] == 0:
            self._filler.rewind()
        self._keep_open()
        self.level_dbfs = level_dbfs(out)
        return out

    async def stop(self) -> None:
        taps, self._taps = self._taps, {}
        await asyncio.gather(*(tap.stop() for tap in taps.values()), *self._leaving)

    def failures(self) -> dict[int, str]:
        """What is wrong with the sources that are open."""
        return {index: tap.seen.failed or "" for index, tap in self._taps.items() if tap.seen.failed}

    def _audible(self, index: int | None) -> bool:
        return self._choice.on_air == index or self._gains.get(index, 0.0) > 0

    def _levelled(self, index: int | None, frame: Frame, *, last: bool) -> Frame:
        """Up or down by a step; to nought at once, within this frame, where nothing follows it."""
        before = self._gains.get(index, 0.0)
        if last:
            after = 0.0
        elif self._choice.on_air == index:
            after = min(1.0, before + 1 / FADE)
        else:
            after = max(0.0, before - 1 / FADE)
        self._gains[index] = after
        return frame if before == after == 1.0 else ramped(frame, before, after)

    def _keep_open(self) -> None:
        for index in self._choice.open - self._taps.keys():
            self._taps[index] = Tap(self._sources[index], self._seconds)
            self._taps[index].start()
        fading = {index for index, gain in self._gains.items() if gain > 0}
        for index in self._taps.keys() - self._choice.open - fading:
            task = asyncio.get_running_loop().create_task(self._taps.pop(index).stop())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)


class Loop:
    """A sound again and again, with a pause between."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = tuple(frames)
        self._at = 0

    def next(self) -> Frame:
        if not self._frames:
            return SILENCE
        at = self._at
        self._at = (at + 1) % (len(self._frames) + GAP)
        return self._frames[at] if at < len(self._frames) else SILENCE

    def rewind(self) -> None:
        self._at = 0


class Playback:
    """A recording, once."""

    def __init__(self, pieces: Pieces, seconds: Seconds, kind: str = "") -> None:
        self._tap = Tap(pieces, seconds, kind)
        self._fade_left: int | None = None
        self.level_dbfs = FLOOR_DBFS

    def start(self) -> None:
        self._tap.start()

    def finish(self) -> None:
        if self._fade_left is None:
            self._fade_left = FADE

    def next(self) -> Frame | None:
        taken = self._tap.take()
        if taken is None:
            return None if self._tap.ended or self._fade_left is not None else SILENCE
        self.level_dbfs = taken.level_dbfs
        if self._fade_left is None:
            return taken.frame
        self._fade_left -= 1
        if self._fade_left < 0:
            return None
        return ramped(taken.frame, (self._fade_left + 1) / FADE, self._fade_left / FADE)

    async def stop(self) -> None:
        await self._tap.stop()


class Microphone:
    """What a browser sends, heard ``delay_s`` later, so that a slip of the tongue can be cut away before.

    It ends by itself where nothing has come for LINK_DEAD_S.
    """

    def __init__(self, kind: str, delay_s: float, seconds: Seconds) -> None:
        self._decoder = Decoder(kind, quick=True)
        self._delay = round(delay_s * 1000 / FRAME_MS) + JITTER
        self._seconds = seconds
        self._line: deque[Frame] = deque()
        self._flows = False
        self._gain = 0.0
        self._came_at = seconds()
        self._over = self._lost = False
        self._task: asyncio.Task[None] | None = None
        self.level_dbfs = FLOOR_DBFS
        self.failed: str | None = None

    @property
    def waiting_s(self) -> float:
        """How much lies in the delay line."""
        return len(self._line) * FRAME_MS / 1000

    @property
    def flows(self) -> bool:
        """Whether what was said is heard by now."""
        return self._flows

    def start(self) -> None:
        self._came_at = self._seconds()
        self._task = asyncio.get_running_loop().create_task(self._collect(), name="microphone")

    async def prepare(self) -> None:
        """Problem ``E_FFMPEG``."""
        await self._decoder.start()

    async def feed(self, data: bytes) -> None:
        """FfmpegFailed where the decoder can't go on."""
        self._came_at = self._seconds()
        await self._decoder.feed(data)

    @property
    def over(self) -> bool:
        """Whether nothing more of it will be heard."""
        return self._lost or (self._over and not self._line)

    def lose(self) -> None:
        """The line is gone. What nobody can cut away any more is not heard."""
        if not self._over:
            self._lost = True

    def cut(self) -> float:
        """Throw away what was not heard yet; how many seconds."""
        gone = self.waiting_s
        self._line.clear()
        self._flows, self._gain = False, 0.0
        return gone

    def finish(self) -> None:
        """Nothing more is said; what lies in the line is heard to its end."""
        if self._over:
            return
        self._over = True
        self._decoder.end()

    def next(self) -> Frame | None:
        if self.over:
            return None
        if self._over:
            self._flows = True
        elif self._seconds() - self._came_at > LINK_DEAD_S:
            self._lost = True
            return None
        if not self._flows and len(self._line) < self._delay:
            return SILENCE
        self._flows = bool(self._line)
        if not self._line:
            return SILENCE
        if len(self._line) > self._delay + DRIFT:
            # a line that stood still for a while brings too much at once: the delay is not to stay longer
            while len(self._line) > self._delay:
                self._line.popleft()
            self._gain = 0.0
        frame = self._line.popleft()
        while len(self._line) > self._delay and level_dbfs(frame) < PAUSE_DBFS:
            # what the start or a short stall has put on top is taken back where nobody speaks
            frame = self._line.popleft()
        before, self._gain = self._gain, min(1.0, self._gain + 1 / FADE) if self._line else 0.0
        return ramped(frame, before, self._gain)

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._decoder.stop()

    async def _collect(self) -> None:
        try:
            async for frame in self._decoder.frames():
                self._line.append(frame)
                self.level_dbfs = level_dbfs(frame)
        except FfmpegFailed as failure:
            self.failed = str(failure)
            self._over = True
