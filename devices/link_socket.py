"""Sockets for the link: opened without blocking the loop, read by a small buffer, written in one piece."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from devices.link_packets import Publication, publication_at

READ_BYTES = 16_384
READ_BYTES_MOST = 65_536

Address = tuple[int, tuple[str | int | bytes, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """A verifying context, shared by all links of a process, and the name the certificate must carry."""

    context: ssl.SSLContext
    server_name: str | None = None


def tls_context(ca_file: str, cert_file: str | None = None, key_file: str | None = None) -> ssl.SSLContext:
    """A context that trusts this authority only, and shows our certificate where there is one."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca_file)
    if cert_file is not None:
        context.load_cert_chain(cert_file, key_file)
    return context


class Door:
    """Opens connections to one place; a name without an answer keeps its last good address (F39)."""

    def __init__(self, host: str, port: int, tls: Tls | None) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._last_good: Address | None = None

    async def open(self) -> socket.socket:
        """A connected non-blocking socket, its TLS handshake done. Raises OSError."""
        failure: OSError | None = None
        for family, address in await self._addresses():
            try:
                opened = await self._connect(family, address)
            except OSError as error:
                failure = error
                continue
            self._last_good = (family, address)
            return opened
        raise failure or OSError(f"no address for {self._host}")

    async def _addresses(self) -> list[Address]:
        literal = _literal(self._host, self._port)
        if literal is not None:
            return [literal]
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM
            )
        except OSError:
            if self._last_good is None:
                raise
            return [self._last_good]
        return [(family, tuple(address)) for family, _, _, _, address in found]

    async def _connect(self, family: int, address: tuple[str | int | bytes, ...]) -> socket.socket:
        raw = socket.socket(family, socket.SOCK_STREAM)
        try:
            raw.setblocking(False)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(raw, address)
            if self._tls is None:
                return raw
            return await _handshake(raw, self._tls, self._host)
        except BaseException:
            raw.close()
            raise


def _literal(host: str, port: int) -> Address | None:
    # A literal needs no resolver, and the loop's resolver would start threads.
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    return (socket.AF_INET, (host, port)) if version == 4 else (socket.AF_INET6, (host, port, 0, 0))


async def _handshake(raw: socket.socket, tls: Tls, host: str) -> ssl.SSLSocket:
    wrapped = tls.context.wrap_socket(
        raw, server_hostname=tls.server_name or host, do_handshake_on_connect=False
    )
    loop = asyncio.get_running_loop()
    try:
        while True:
            try:
                wrapped.do_handshake()
                return wrapped
            except ssl.SSLWantReadError:
                await _ready(wrapped, loop.add_reader, loop.remove_reader)
            except ssl.SSLWantWriteError:
                await _ready(wrapped, loop.add_writer, loop.remove_writer)
    except BaseException:
        wrapped.close()
        raise


async def _ready(sock: socket.socket, add: Callable[..., object], remove: Callable[[int], object]) -> None:
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    descriptor = sock.fileno()

    def note() -> None:
        if not ready.done():
            ready.set_result(None)

    add(descriptor, note)
    try:
        await ready
    finally:
        remove(descriptor)


class Pipe:
    """A socket as paho wants one, with a read buffer and a write buffer of its own.

    paho reads each packet in three calls (one byte, one byte, the rest) and writes each with one; here only
    full buffers and ``flush`` reach the kernel.
    """

    def __init__(self, sock: socket.socket, clock: Callable[[], float]) -> None:
        self._sock = sock
        self._clock = clock
        self._read = b""
        self._at = 0
        self._unsent = bytearray()
        self.last_in = clock()
        self.last_out = clock()

    @property
    def more(self) -> bool:
        """Whether bytes wait here that the kernel no longer announces."""
        if self._at < len(self._read):
            return True
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return len(self._unsent)

    def publication(self, *, five: bool) -> Publication | None:
        """The plain PUBLISH that comes next, taken whole; None where it is paho's turn to ``recv``.

        Only between two packets. Raises as ``recv`` does.
        """
        self._fill(READ_BYTES)
        found = publication_at(self._read, self._at, five=five)
        if found is not None:
            self._at = found.end
        return found

    def _fill(self, size: int) -> None:
        if self._at >= len(self._read):
            try:
                # A header may announce 256 MB: no buffer of the sender's choice (F30).
                self._read = self._sock.recv(min(max(READ_BYTES, size), READ_BYTES_MOST))
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                raise BlockingIOError from error
            self._at = 0
            self.last_in = self._clock()

    def recv(self, size: int) -> bytes:
        """Up to ``size`` bytes. Raises BlockingIOError when there are none yet."""
        self._fill(size)
        piece = self._read[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def send(self, data: bytes | bytearray) -> int:
        """Take all of it; ``flush`` carries it to the kernel."""
        self._unsent += data
        return len(data)

    def flush(self) -> bool:
        """Write what waits; True when nothing waits any more. Raises OSError when the other side is gone."""
        while self._unsent:
            try:
                with memoryview(self._unsent) as view:
                    sent = self._sock.send(view)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            del self._unsent[:sent]
            self.last_out = self._clock()
        return True

    def close(self) -> None:
        """Close at once; what waits on either side is lost."""
        self._read = b""
        self._unsent.clear()
        self._sock.close()

    def fileno(self) -> int:
        """The descriptor, or -1 after ``close``."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """Part of what paho asks of a socket."""
        self._sock.setblocking(flag)
