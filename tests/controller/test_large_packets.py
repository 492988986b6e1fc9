"""A client that sends the broker a megabyte in one packet (S29): it is put out, nobody else notices."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.deploy.broker import PACKET_BYTES, RunningBroker
from devices.link import Arrival
from tests.support.brokers import Flavour, running_broker
from tests.support.link_worlds import BrokerWorld, Notes, until

pytestmark = pytest.mark.broker
FIVE = Flavour(kind="mosquitto", protocol="5")
MEGABYTE = 1024 * 1024
CONNECT = b"\x10\x12\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x05rogue"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    with running_broker(tmp_path, "mosquitto") as broker:
        yield broker


def published(topic: bytes, size: int) -> bytes:
    """One PUBLISH packet of MQTT 5 at QoS 0 with so many octets of payload."""
    body = len(topic).to_bytes(2, "big") + topic + b"\x00" + bytes(size)
    length, digits = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return b"\x30" + bytes(digits) + body


def is_put_out(port: int, payload: int) -> bool:
    """Whether the broker ends the connection of who sends that."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as rogue:
        rogue.sendall(CONNECT)
        assert rogue.recv(1) == b"\x20"
        with contextlib.suppress(ConnectionError):
            rogue.sendall(published(b"x", payload))
            rogue.sendall(b"\xc0\x00")  # a ping, which a connection that stands answers
            said = b""
            while data := rogue.recv(4096):
                said += data
                if said.endswith(b"\xd0\x00"):
                    return False
        return True


@pytest.mark.promise("S29")
def test_a_megabyte_in_one_packet_ends_its_sender_and_reaches_nobody(broker: RunningBroker) -> None:
    heard: list[Arrival] = []

    async def story() -> None:
        world, notes = BrokerWorld(broker, FIVE), Notes()
        listener, sender = world.link("listener", notes), world.link("sender", Notes())
        listener.subscribe([("x", 1)])
        listener.start()
        sender.start()
        await until(lambda: listener.settled and sender.settled)
        assert not await asyncio.to_thread(is_put_out, broker.port, PACKET_BYTES // 2)
        assert await asyncio.to_thread(is_put_out, broker.port, MEGABYTE)
        await sender.publish("x", b"fine")
        await until(lambda: any(one.payload == b"fine" for one in notes.arrivals))
        heard.extend(notes.arrivals)
        assert (len(notes.ups), notes.downs) == (1, [])
        await asyncio.gather(listener.stop(), sender.stop())

    asyncio.run(story())
    assert [len(one.payload) for one in heard] == [PACKET_BYTES // 2, len(b"fine")]
