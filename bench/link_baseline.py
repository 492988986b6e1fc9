"""Bare paho clients on an asyncio loop, and a plain publisher: what link and fleet are measured against.

Nothing of Loa is used here. A ``Swarm`` is N clients of one broker in this process, subscribed to one topic;
``round`` publishes once and returns when the last client is done: has the message, and has verified it where
a verifier was given. ``counted_rate`` is one client that counts callbacks while others publish.
"""

import asyncio
import base64
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

KEEPALIVE_S = 0  # nobody pings here: between two rounds a bare client may be idle for minutes
AT_ONCE = 50
BUFFER_BYTES = 4096

Verifier = Callable[[bytes], None]
Protocol = Literal["5", "3.1.1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fanout:
    """One publish to N clients: seconds from before ``publish`` to the end of the n-th client's callback."""

    seconds: tuple[float, ...]

    @property
    def first_s(self) -> float:
        return self.seconds[0]

    @property
    def median_s(self) -> float:
        return self.seconds[len(self.seconds) // 2]

    @property
    def p99_s(self) -> float:
        return self.seconds[min(len(self.seconds) - 1, int(len(self.seconds) * 0.99))]

    @property
    def last_s(self) -> float:
        return self.seconds[-1]


def raw_verifier(public: bytes) -> Verifier:
    """Checks a compact JWS with the raw library (cryptography); raises on a bad one."""
    key = Ed25519PublicKey.from_public_bytes(public)

    def verify(jws: bytes) -> None:
        signed, _, signature = jws.rpartition(b".")
        key.verify(base64.urlsafe_b64decode(signature + b"=="), signed)

    return verify


def sample_jws(payload: bytes) -> tuple[bytes, bytes]:
    """A compact Ed25519 JWS of this payload and the public key (raw) that verifies it."""
    key = Ed25519PrivateKey.generate()
    header = b'{"alg":"Ed25519","kid":"bench","typ":"loa-alerts+jws"}'
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload))
    signature = base64.urlsafe_b64encode(key.sign(signed)).rstrip(b"=")
    return signed + b"." + signature, key.public_key().public_bytes_raw()


class _ReadBuffer:
    """The one trick that a plain paho user might know: fewer calls of the kernel for its one-byte reads."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._data = b""
        self._at = 0
        self.send = sock.send
        self.close = sock.close
        self.fileno = sock.fileno
        self.setblocking = sock.setblocking

    @property
    def more(self) -> bool:
        return self._at < len(self._data)

    def recv(self, size: int) -> bytes:
        if not self.more:
            self._data, self._at = self._sock.recv(max(size, BUFFER_BYTES)), 0
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return piece


class BareClient(Client):
    """paho with asyncio's reader and writer, as its documentation shows, on a socket that the loop opened."""

    def __init__(self, name: str, protocol: Protocol, *, read_buffer: bool) -> None:
        five = protocol == "5"
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
        )
        self._loop = asyncio.get_running_loop()
        self._read_buffer = read_buffer
        self._buffer: _ReadBuffer | None = None
        self._ready: Any = None
        self._subscribed = self._loop.create_future()
        self._fd = -1
        self._answers: dict[int, asyncio.Future[None]] = {}
        self.on_connect = self._connected
        self.on_subscribe = self._granted
        self.on_publish = self._answered
        self.on_socket_register_write = self._want_write
        self.on_socket_unregister_write = self._no_write
        self.on_socket_close = self._closed

    async def join(self, host: str, port: int, topics: Sequence[str]) -> None:
        """Connect and subscribe (QoS 1); return when the broker has granted it."""
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self._loop.sock_connect(sock, (host, port))
        self._ready = self._buffer = _ReadBuffer(sock) if self._read_buffer else None
        self._ready = self._ready or sock
        self._fd = sock.fileno()
        self._topics = [(topic, 1) for topic in topics]
        self._loop.add_reader(self._fd, self._readable)
        self.connect_async(host, port, KEEPALIVE_S)
        self.reconnect()
        await self._subscribed

    def send(self, topic: str, payload: bytes) -> asyncio.Future[None]:
        """Publish with QoS 1; done at PUBACK."""
        answer: asyncio.Future[None] = self._loop.create_future()
        self._answers[self.publish(topic, payload, 1).mid] = answer
        return answer

    def leave(self) -> None:
        """Close the socket."""
        if self._fd >= 0:
            self._closed()
            self._ready.close()

    def _create_socket(self) -> Any:
        return self._ready

    def _readable(self) -> None:
        self.loop_read()
        while self._buffer is not None and self._buffer.more:
            self.loop_read()

    def _connected(self, *_: Any) -> None:
        if self._topics:
            self.subscribe(self._topics)
        else:
            self._subscribed.set_result(None)

    def _granted(self, *_: Any) -> None:
        self._subscribed.set_result(None)

    def _answered(self, client: Any, userdata: Any, mid: int, *_: Any) -> None:
        answer = self._answers.pop(mid, None)
        if answer is not None and not answer.done():
            answer.set_result(None)

    def _closed(self, *_: Any) -> None:
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._fd = -1

    def _want_write(self, *_: Any) -> None:
        self._loop.add_writer(self._fd, self.loop_write)

    def _no_write(self, *_: Any) -> None:
        if self._fd >= 0:
            self._loop.remove_writer(self._fd)


class Swarm:
    """N bare clients that listen to one topic, and the plain publisher."""

    def __init__(self, clients: Sequence[BareClient], publisher: BareClient, topic: str) -> None:
        self._clients = clients
        self._publisher = publisher
        self._topic = topic
        self._seconds: list[float] = []
        self._began = 0.0
        self._done: asyncio.Future[None] | None = None
        for client in clients:
            client.on_message = self._heard
        self.verify: Verifier | None = None

    async def round(self, payload: bytes, verify: Verifier | None = None, within_s: float = 60.0) -> Fanout:
        """Publish once; return when every client is done."""
        self.verify = verify
        self._seconds = []
        self._done = asyncio.get_running_loop().create_future()
        self._began = time.perf_counter()
        self._publisher.send(self._topic, payload)
        async with asyncio.timeout(within_s):
            await self._done
        return Fanout(seconds=tuple(self._seconds))

    def _heard(self, client: Any, userdata: Any, message: Any) -> None:
        if self.verify is not None:
            self.verify(message.payload)
        self._seconds.append(time.perf_counter() - self._began)
        if len(self._seconds) == len(self._clients) and self._done is not None:
            self._done.set_result(None)


@asynccontextmanager
async def swarm(
    host: str,
    port: int,
    *,
    clients: int,
    topic: str = "bench/alerts",
    protocol: Protocol = "5",
    read_buffer: bool = False,
) -> AsyncIterator[Swarm]:
    """N connected bare clients for the length of a block; ``read_buffer`` makes them harder to beat."""
    made = [BareClient(f"bare-{n}", protocol, read_buffer=read_buffer) for n in range(clients)]
    publisher = BareClient("bare-publisher", protocol, read_buffer=read_buffer)
    try:
        await publisher.join(host, port, ())
        for start in range(0, clients, AT_ONCE):
            await asyncio.gather(*(one.join(host, port, [topic]) for one in made[start : start + AT_ONCE]))
        yield Swarm(made, publisher, topic)
    finally:
        for one in (*made, publisher):
            one.leave()


async def counted_rate(
    host: str,
    port: int,
    *,
    messages: int,
    payload: bytes,
    publishers: int = 10,
    protocol: Protocol = "5",
    read_buffer: bool = False,
) -> float:
    """Messages a second that a bare client counts in its callback while others publish (QoS 1 both ways)."""
    counter = BareClient("bare-counter", protocol, read_buffer=read_buffer)
    senders = [BareClient(f"bare-sender-{n}", protocol, read_buffer=read_buffer) for n in range(publishers)]
    done = asyncio.get_running_loop().create_future()
    count = 0

    def heard(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == messages:
            done.set_result(None)

    counter.on_message = heard
    try:
        await counter.join(host, port, ["bench/report/#"])
        for sender in senders:
            await sender.join(host, port, ())
        began = time.perf_counter()
        for n in range(messages):
            sender = senders[n % publishers]
            sender.send(f"bench/report/{n % publishers}", payload)
        await done
        return messages / (time.perf_counter() - began)
    finally:
        for one in (*senders, counter):
            one.leave()
