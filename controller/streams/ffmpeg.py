"""ffmpeg as a process of its own, fed by us alone: sound in, frames out; frames in, Opus packets out.

It is never given an address or a file: only what comes through its pipe, behind the same fence as uploads (no
network, little memory, no files).
"""

import asyncio
import contextlib
import shutil
import struct
import sys
from asyncio import subprocess
from collections.abc import AsyncGenerator, Sequence

from controller.errors import Problem
from controller.streams.frames import OCTETS, RATE, SILENCE, Frame
from tts.fence import surroundings

BITS_A_SECOND = 24_000
MEMORY_BYTES = 512 * 1024 * 1024
LONGEST_CPU_S = 3600
STOP_S = 2.0
WARM, HELD = 12, 3
"""Frames of silence to begin with, and how many of their packets may still be inside."""
WARM_WITHIN_S = 10.0
_DEMUXERS = "mpegts,mov,aac,mp3,ogg,matroska,flac,wav"
_PAGE = struct.Struct("<4sBBqIIIB")
_HEADERS = (b"OpusHead", b"OpusTags")


class FfmpegFailed(Exception):
    """It ended by itself, with these last words."""


def program() -> str:
    """Where it is. Problem ``E_FFMPEG`` where it is not installed."""
    found = shutil.which("ffmpeg", path=surroundings()["PATH"])
    if found is None:
        raise Problem("E_FFMPEG")
    return found


class Child:
    """One ffmpeg. ``start`` it, ``feed`` and read it; ``end`` lets it finish, ``stop`` does not."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = tuple(arguments)
        self._process: subprocess.Process | None = None

    async def start(self) -> None:
        """Problem ``E_FFMPEG`` where it is not installed."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tts.fence", str(MEMORY_BYTES), str(LONGEST_CPU_S), "0",
            program(), "-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1",
            "-protocol_whitelist", "pipe", *self._arguments,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=surroundings(), cwd="/",
        )  # fmt: skip

    async def feed(self, data: bytes) -> None:
        """Returns when there is room for more; FfmpegFailed where it has ended."""
        sink = self._up.stdin
        assert sink is not None
        try:
            sink.write(data)
            await sink.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise FfmpegFailed(await self.last_words()) from None

    async def read(self, most: int) -> bytes:
        """What has come; empty at the end."""
        assert self._up.stdout is not None
        return await self._up.stdout.read(most)

    async def read_exactly(self, octets: int) -> bytes:
        """This many, fewer only at the end."""
        assert self._up.stdout is not None
        try:
            return await self._up.stdout.readexactly(octets)
        except asyncio.IncompleteReadError as rest:
            return rest.partial

    def end(self) -> None:
        """Nothing more comes in; what is still inside comes out."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def last_words(self) -> str:
        """Why it ended, as far as it said so."""
        assert self._up.stderr is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                said = (await self._up.stderr.read(4096)).decode("utf-8", "replace").strip()
                return said.splitlines()[-1][:200] if said else "it ended"
        return "it ended"

    async def stop(self) -> None:
        """It is gone when this returns; may be called twice, and before ``start``."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        # what is left in the pipes is read away, or its transport would never close
        await process.communicate()

    @property
    def _up(self) -> subprocess.Process:
        if self._process is None:
            raise FfmpegFailed("it does not run")
        return self._process


class Decoder:
    """Any sound in, frames out. ``kind``: the one form that is taken; empty: whatever of the list it is."""

    def __init__(self, kind: str = "", *, quick: bool = False) -> None:
        probing = (
            ("-probesize", "4096", "-analyzeduration", "0")
            if quick
            else ("-probesize", "65536", "-analyzeduration", "300000")
        )
        self._child = Child(
            (
                "-fflags", "nobuffer", "-flags", "low_delay", *probing,
                *(("-f", kind) if kind else ("-format_whitelist", _DEMUXERS)),
                "-i", "pipe:0", "-map", "0:a:0", "-vn", "-sn", "-dn",
                "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-flush_packets", "1", "pipe:1",
            )
        )  # fmt: skip

    async def start(self) -> None:
        await self._child.start()

    async def feed(self, data: bytes) -> None:
        await self._child.feed(data)

    def end(self) -> None:
        self._child.end()

    async def stop(self) -> None:
        await self._child.stop()

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Until the sound ends; FfmpegFailed where nothing of it could be read."""
        came = False
        while len(frame := await self._child.read_exactly(OCTETS)) == OCTETS:
            came = True
            yield frame
        if not came:
            raise FfmpegFailed(await self._child.last_words())


class Encoder:
    """Frames in, Opus packets of 20 ms out."""

    def __init__(self, bits_a_second: int = BITS_A_SECOND) -> None:
        self._child = Child(
            (
                "-probesize", "32", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0",
                "-c:a", "libopus", "-b:a", str(bits_a_second), "-frame_duration", "20",
                "-application", "audio", "-f", "ogg", "-page_duration", "20000", "-flush_packets", "1",
                "pipe:1",
            )
        )  # fmt: skip
        self._packets: AsyncGenerator[bytes, None] | None = None

    async def start(self) -> None:
        """Returns when it really runs: what begins late stays late at every node."""
        await self._child.start()
        self._packets = self._read()
        for _ in range(WARM):
            await self._child.feed(SILENCE)
        async with asyncio.timeout(WARM_WITHIN_S):
            for _ in range(WARM - HELD):
                await anext(self._packets)

    async def feed(self, frame: Frame) -> None:
        await self._child.feed(frame)

    def end(self) -> None:
        self._child.end()

    async def stop(self) -> None:
        await self._child.stop()

    def packets(self) -> AsyncGenerator[bytes, None]:
        """One after the other, without the two headers of the stream."""
        assert self._packets is not None
        return self._packets

    async def _read(self) -> AsyncGenerator[bytes, None]:
        open_packet = bytearray()
        while True:
            head = await self._child.read_exactly(_PAGE.size)
            if len(head) < _PAGE.size:
                return
            lacing = await self._child.read_exactly(head[-1])
            for size in lacing:
                open_packet += await self._child.read_exactly(size)
                if size < 255:
                    packet = bytes(open_packet)
                    open_packet.clear()
                    if not packet.startswith(_HEADERS):
                        yield packet
