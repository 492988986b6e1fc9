"""Radio stations for tests on 127.0.0.1: HLS made by ffmpeg, endless streams, dead and silent ones."""

import asyncio
import contextlib
import math
import subprocess
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

RATE = 24_000
Serve = Callable[[asyncio.StreamWriter, str], Awaitable[None]]


@dataclass
class Station:
    """A small HTTP server; ``asked`` are the paths in their order, ``connections`` counts them all."""

    serve: Serve
    port: int = 0
    connections: int = 0
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    def url(self, path: str = "/live") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def own(self) -> str:
        """How it stands in ``relay_own_hosts``."""
        return f"127.0.0.1:{self.port}"

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.heads.append(head)
                path = head.split(" ", 2)[1]
                self.asked.append(path)
                await self.serve(writer, path)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def on_air(*stations: Station) -> AsyncIterator[None]:
    """They listen on free ports of 127.0.0.1 until the end."""
    servers = []
    meetings: set[asyncio.Task[None]] = set()
    try:
        for station in stations:

            async def meet(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter, at: Station = station
            ) -> None:
                task = asyncio.current_task()
                assert task is not None
                meetings.add(task)
                await at.meet(reader, writer)

            server = await asyncio.start_server(meet, "127.0.0.1", 0)
            servers.append(server)
            station.port = server.sockets[0].getsockname()[1]
        yield
    finally:
        for server in servers:
            server.close()
        for task in meetings:
            task.cancel()
        await asyncio.gather(*meetings, return_exceptions=True)


def answers(status: str, body: bytes = b"", *more: str) -> Serve:
    """The same answer to everything."""

    async def serve(writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(_head(status, *more, f"Content-Length: {len(body)}") + body)

    return serve


def tone(hertz: float = 440.0, volume: float = 0.3) -> Callable[[float], float]:
    """A sine; volume 0 is silence."""
    return lambda second: volume * math.sin(2 * math.pi * hertz * second)


def wav_stream(sound: Callable[[float], float], *, ends_after: Callable[[], bool] | None = None) -> Serve:
    """An endless WAV at the pace of the clock, one second ahead, as a streaming server sends it."""

    async def serve(writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(_head("200 OK", "Content-Type: audio/wav") + _wav_head())
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0
        while ends_after is None or not ends_after():
            while sent < (loop.time() - began + 1.0) * RATE:
                samples = array("h", (int(32767 * sound((sent + k) / RATE)) for k in range(RATE // 10)))
                writer.write(samples.tobytes())
                sent += len(samples)
            await writer.drain()
            await asyncio.sleep(0.05)
        raise ConnectionResetError

    return serve


def wav(sound: Callable[[float], float], seconds: float) -> bytes:
    """A whole WAV file."""
    count = int(seconds * RATE)
    data = array("h", (int(32767 * sound(k / RATE)) for k in range(count))).tobytes()
    return _wav_head(len(data)) + data


def make_hls(folder: Path, seconds: int = 20, piece_s: int = 2) -> None:
    """An HLS stream of AAC in MPEG-TS made by ffmpeg: ``live.m3u8`` and its pieces."""
    subprocess.run(
        [
            "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-f", "lavfi",
            "-i", f"sine=frequency=600:sample_rate=44100:duration={seconds}", "-c:a", "aac", "-b:a", "48k",
            "-f", "hls", "-hls_time", str(piece_s), "-hls_list_size", "0",
            "-hls_segment_filename", str(folder / "piece%03d.ts"), str(folder / "live.m3u8"),
        ],
        check=True,
        timeout=60,
    )  # fmt: skip


def hls(folder: Path, began: float, *, window: int = 4, piece_s: int = 2) -> Serve:
    """The list as a live server shows it: a window over the pieces that moves with the clock."""
    names = sorted(path.name for path in folder.glob("piece*.ts"))

    async def serve(writer: asyncio.StreamWriter, path: str) -> None:
        name = path.lstrip("/")
        if name == "live.m3u8":
            first = int((asyncio.get_running_loop().time() - began) / piece_s)
            shown = names[first : first + window]
            lines = ["#EXTM3U", f"#EXT-X-TARGETDURATION:{piece_s}", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
            for one in shown:
                lines += [f"#EXTINF:{piece_s}.0,", one]
            body = "\n".join(lines).encode()
        elif name in names:
            body = (folder / name).read_bytes()
        else:
            writer.write(_head("404 Not Found", "Content-Length: 0"))
            return
        writer.write(_head("200 OK", f"Content-Length: {len(body)}") + body)

    return serve


def _head(status: str, *lines: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *lines, "", "")).encode()


def _wav_head(size: int = 0xFFFFFF00) -> bytes:
    def word(value: int, octets: int) -> bytes:
        return value.to_bytes(octets, "little")

    form = word(1, 2) + word(1, 2) + word(RATE, 4) + word(2 * RATE, 4) + word(2, 2) + word(16, 2)
    whole = word(min(size + 36, 0xFFFFFFFF), 4)
    return b"RIFF" + whole + b"WAVEfmt " + word(16, 4) + form + b"data" + word(size, 4)
