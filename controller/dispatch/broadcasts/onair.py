"""What goes out at this moment: a voice at the pace of the clock, encoded, signed and sent in chunks.

It never awaits the broker: a chunk that finds no room is lost, and an alert never waits behind one
(docs/decisions/0150).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from controller.dispatch.room import Room
from controller.errors import Problem
from controller.streams.ffmpeg import Encoder, FfmpegFailed
from controller.streams.frames import FRAME_MS, FRAME_S, Frame
from controller.streams.voices import Voice
from devices import topics
from devices.chunks import CHUNK_LIMIT, Chunk, packet_ms, seal
from devices.messages import AreaCode, GroupId
from schedules.announcement import AreaCode as PlaceCode

MOST_RUNS = 8
LIVE_CHUNK_MS = 200
RELAY_CHUNK_MS = 500
BEHIND_S = 2.0
LAST_CHUNKS = 3
LAST_EVERY_S = 0.1
_DRAIN_S = 2.0
_log = logging.getLogger("loa.onair")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended: by itself, because somebody asked, or by a fault; how much sound went out."""

    grant: str
    sound: timedelta
    asked: bool
    fault: str | None = None


OnEnd = Callable[[Ended], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Run:
    """One grant on air. ``areas`` and ``groups`` all get the same octets.

    ``first_ms``: where its media time begins.

    For ``mute_s`` it only listens: a relay finds its best source before anything is sent.
    """

    grant: str
    areas: tuple[PlaceCode, ...]
    voice: Voice
    chunk_ms: int
    first_ms: int = 0
    mute_s: float = 0.0
    closing: tuple[Frame, ...] = ()
    groups: tuple[str, ...] = ()
    encoder: Encoder = field(default_factory=Encoder)
    packets: list[bytes] = field(default_factory=list)
    taken_ms: int = 0
    skipped_ms: int = 0
    sent_ms: int = 0
    asked: bool = False
    cut: bool = False

    @property
    def position_ms(self) -> int:
        """Where the next chunk begins, in the media time of the grant."""
        return self.first_ms + self.skipped_ms + self.sent_ms


class OnAir:
    """Every run has a task of its own. At most MOST_RUNS: 503 ``E_BUSY`` beyond."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._runs: dict[str, Run] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def grants(self) -> tuple[str, ...]:
        return tuple(self._runs)

    def run(self, grant: str) -> Run | None:
        return self._runs.get(grant)

    async def begin(self, run: Run, on_end: OnEnd) -> None:
        """Returns when the encoder stands ready. 503 ``E_BUSY``, ``E_FFMPEG``."""
        if len(self._runs) >= MOST_RUNS:
            raise Problem("E_BUSY", retry_after=60)
        self._runs[run.grant] = run
        try:
            await run.encoder.start()
            run.voice.start()
        except BaseException as error:
            del self._runs[run.grant]
            await run.encoder.stop()
            if isinstance(error, TimeoutError | FfmpegFailed | StopAsyncIteration):
                raise Problem("E_BUSY", retry_after=10) from error
            raise
        self._room.metrics.on_air.set(len(self._runs))
        self._tasks[run.grant] = asyncio.create_task(self._air(run, on_end), name=f"on air {run.grant}")

    def finish(self, grant: str, *, at_once: bool = False) -> None:
        """Ask a run to end: when what it holds has been heard, or at once. Its ``on_end`` is told."""
        run = self._runs.get(grant)
        if run is not None:
            run.asked, run.cut = True, run.cut or at_once
            run.voice.finish()

    async def ended(self, grant: str) -> None:
        """Wait until nothing of it runs any more."""
        task = self._tasks.get(grant)
        if task is not None:
            await asyncio.wait([task])

    async def stop(self) -> None:
        """End every run without a word: the controller goes."""
        tasks, self._tasks = tuple(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _air(self, run: Run, on_end: OnEnd) -> None:
        try:
            fault = await self._aired(run)
            sound = timedelta(milliseconds=run.sent_ms)
            await on_end(Ended(grant=run.grant, sound=sound, asked=run.asked, fault=fault))
        except Exception:  # noqa: BLE001 - top of a run's task: the broadcasts' loop ends its row
            _log.exception("run.not_closed grant=%s", run.grant)
        finally:
            self._runs.pop(run.grant, None)
            self._tasks.pop(run.grant, None)
            self._room.metrics.on_air.set(len(self._runs))

    async def _aired(self, run: Run) -> str | None:
        """From the first frame to the last chunk; why it broke off, if it did."""
        try:
            sending = asyncio.create_task(self._send(run))
            try:
                await self._feed(run)
                run.encoder.end()
                async with asyncio.timeout(_DRAIN_S):
                    await sending
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            await self._say_last(run)
        except (FfmpegFailed, TimeoutError) as failure:
            await self._say_last(run)
            return str(failure) or "the encoder does not answer"
        except Exception:  # noqa: BLE001 - one voice that fails must not take the others along
            _log.exception("run.failed grant=%s", run.grant)
            return "fault"
        finally:
            await run.voice.stop()
            await run.encoder.stop()
        return None

    async def _feed(self, run: Run) -> None:
        """Frames at the pace of the clock; a stretch that was slept through is left out, not made up for."""
        loop = asyncio.get_running_loop()
        await self._listen(run)
        began, given = loop.time(), 0
        closing: list[Frame] | None = None
        step = run.chunk_ms // FRAME_MS // 4
        while True:
            due = int((loop.time() - began) / FRAME_S)
            if due - given > BEHIND_S / FRAME_S:
                chunks = (due - given) * FRAME_MS // run.chunk_ms
                run.skipped_ms += chunks * run.chunk_ms
                given += chunks * run.chunk_ms // FRAME_MS
            while given < due:
                if run.cut:
                    return
                frame = run.voice.next() if closing is None else None
                if frame is None:
                    if closing is None:
                        # the polite end is for what broke off by itself
                        closing = [] if run.asked else list(run.closing)
                    if not closing:
                        return
                    frame = closing.pop(0)
                await run.encoder.feed(frame)
                given += 1
            await asyncio.sleep(max(0.0, began + (given + max(step, 1)) * FRAME_S - loop.time()))

    async def _listen(self, run: Run) -> None:
        """The voice alone, at the pace of the clock, until it is time to send."""
        loop = asyncio.get_running_loop()
        began, given = loop.time(), 0
        while not run.asked and (passed := loop.time() - began) < run.mute_s:
            while given * FRAME_S < passed:
                run.voice.next()
                given += 1
            await asyncio.sleep(min(5 * FRAME_S, run.mute_s - passed))

    async def _send(self, run: Run) -> None:
        async for packet in run.encoder.packets():
            if not packet_ms(packet):
                continue
            run.packets.append(packet)
            run.taken_ms += packet_ms(packet)
            if run.taken_ms >= run.chunk_ms:
                self._post(run)
        if run.packets:
            self._post(run)

    def _post(self, run: Run) -> None:
        position = run.position_ms
        chunk = self._chunk(run, position, tuple(run.packets), last=False)
        run.sent_ms += run.taken_ms
        run.packets.clear()
        run.taken_ms = 0
        self._publish(run, chunk)

    async def _say_last(self, run: Run) -> None:
        """Three times, for it travels without an answer."""
        chunk = self._chunk(run, run.position_ms, (), last=True)
        for _ in range(LAST_CHUNKS):
            self._publish(run, chunk)
            await asyncio.sleep(LAST_EVERY_S)

    def _chunk(self, run: Run, position_ms: int, packets: tuple[bytes, ...], *, last: bool) -> Chunk:
        now = self._room.clock.now()
        return Chunk(
            kid=self._room.keyring.online.kid,
            # counted by time, so that a controller that starts anew goes on above what was sent
            sequence=-(-position_ms // run.chunk_ms),
            position_ms=position_ms,
            sent_at=now.replace(microsecond=now.microsecond // 1000 * 1000),
            packets=packets,
            last=last,
        )

    def _publish(self, run: Run, chunk: Chunk) -> None:
        room = self._room
        raw = seal(chunk, room.keyring.online, room.keyring.tenant, run.grant)
        assert len(raw) <= CHUNK_LIMIT
        carriers = (
            *(topics.live(AreaCode(area), run.grant) for area in run.areas),
            *(topics.group_live(GroupId(group), run.grant) for group in run.groups),
        )
        for topic in carriers:
            sent = room.link.post(topic, raw)
            room.metrics.chunks.labels("sent" if sent else "lost").inc()
