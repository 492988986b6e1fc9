"""A paho link against a server that breaks every rule: it leaves, says so, and comes back."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from devices.link import Backoff, FaultKind, LinkDown, LinkSettings, PublishRefused
from devices.link_paho import PahoLink
from tests.support.link_worlds import Notes, until

CONNACK_5 = bytes.fromhex("2003000000")
CONNACK_311 = bytes.fromhex("20020000")
REFUSED_5 = bytes.fromhex("2003008700")
REFUSED_311 = bytes.fromhex("20020005")
TAKEN_OVER_5 = bytes.fromhex("e0018e")

Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _against(
    greeting: Greeting, story: Callable[[PahoLink, Notes], Awaitable[None]], **changes: object
) -> None:
    async def run() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readexactly(2)
                await greeting(reader, writer)
                await reader.read()
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        notes = Notes()
        settings = LinkSettings(
            host="127.0.0.1",
            port=port,
            client_id="n1",
            keepalive_s=2,
            connect_within_s=0.5,
            backoff=Backoff(first_s=0.05, base_s=0.02, cap_s=0.1, stable_s=0.0),
            **changes,  # type: ignore[arg-type]
        )
        link = PahoLink(settings, notes, random.Random(1), notes.fault)
        link.start()
        try:
            async with asyncio.timeout(20):
                await story(link, notes)
        finally:
            await link.stop()
            server.close()
            await asyncio.sleep(0.01)

    asyncio.run(run())


def _says(*packets: bytes) -> Greeting:
    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for packet in packets:
            writer.write(packet)
            await writer.drain()

    return greeting


GARBAGE = {
    "an unknown packet": bytes.fromhex("f000"),
    "a length of five bytes": bytes.fromhex("30ffffffffff7f"),
    "256 MB announced": bytes.fromhex("30ffffff7f") + b"x" * 5000,
    "a topic longer than its packet": bytes.fromhex("3005ffff616263"),
    "a topic of no letters": bytes.fromhex("300400000078"),
    "properties longer than their packet": bytes.fromhex("30060001617f0000"),
    "an acknowledgement without a number": bytes.fromhex("4000"),
    "a subscription answer without a number": bytes.fromhex("9000"),
    "noise": bytes(random.Random(5).randbytes(400)),
}


@pytest.mark.promise("F30")
@pytest.mark.parametrize(
    ("protocol", "what"),
    # Without properties, what follows the topic is payload: nothing is wrong with it in 3.1.1.
    [("5", what) for what in GARBAGE]
    + [("3.1.1", what) for what in GARBAGE if not what.startswith("properties")],
)
def test_garbage_ends_the_connection_only(protocol: str, what: str) -> None:
    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: len(notes.ups) >= 2 and notes.downs)
        assert not notes.arrivals or what == "noise"
        assert what != "256 MB announced" or notes.downs[0] == "packet too large"

    connack = CONNACK_5 if protocol == "5" else CONNACK_311
    _against(_says(connack, GARBAGE[what]), story, protocol=protocol)


@pytest.mark.promise("F30")
def test_a_topic_that_is_not_utf8_is_reported_and_not_heard() -> None:
    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: notes.faults and notes.downs)
        assert {fault.kind for fault in notes.faults} == {FaultKind.PROTOCOL}
        assert not notes.arrivals

    _against(_says(CONNACK_311, bytes.fromhex("30060002fffe6162")), story, protocol="3.1.1")


@pytest.mark.promise("F30")
@pytest.mark.parametrize(("protocol", "connack"), [("5", CONNACK_5), ("3.1.1", CONNACK_311)])
def test_two_thousand_broken_packets_leave_a_link_that_still_hears(protocol: str, connack: bytes) -> None:
    rng = random.Random(30)
    good = bytes.fromhex("30050001610078") if protocol == "5" else bytes.fromhex("300400016178")
    met = 0

    def broken() -> bytes:
        kind, length = rng.randrange(1, 16), rng.randrange(40)
        return bytes((kind << 4 | rng.randrange(16), length)) + rng.randbytes(length)

    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        met += 1
        packets = [broken() for _ in range(80)] if met <= 25 else [good]
        writer.write(connack + b"".join(packets))
        await writer.drain()

    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: met > 25 and link.up)
        await until(lambda: notes.arrivals and notes.arrivals[-1].payload == b"x")
        assert len(notes.downs) >= 25
        assert all(arrival.topic for arrival in notes.arrivals)

    _against(greeting, story, protocol=protocol)


@pytest.mark.promise("F43")
def test_slices_of_one_byte_are_understood() -> None:
    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in CONNACK_5 + bytes.fromhex("30050001610078") + bytes.fromhex("30050001620079"):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.002)

    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: len(notes.arrivals) == 2)
        assert [(a.topic, a.payload) for a in notes.arrivals] == [("a", b"x"), ("b", b"y")]

    _against(greeting, story)


@pytest.mark.promise("F43")
def test_a_packet_inside_a_payload_that_comes_in_a_slice_of_its_own_is_payload() -> None:
    inner = bytes.fromhex("30050001610078")

    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in (CONNACK_5, bytes.fromhex("300b00016200"), inner, bytes.fromhex("30050001630079")):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)

    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: len(notes.arrivals) >= 2)
        assert [(a.topic, a.payload) for a in notes.arrivals] == [("b", inner), ("c", b"y")]

    _against(greeting, story)


def test_many_messages_in_one_piece_are_all_heard_without_further_bytes() -> None:
    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: len(notes.arrivals) == 3000)
        await asyncio.sleep(0.05)
        assert len(notes.arrivals) == 3000

    _against(_says(CONNACK_5 + bytes.fromhex("30050001610078") * 3000), story)


@pytest.mark.parametrize(("protocol", "answer"), [("5", REFUSED_5), ("3.1.1", REFUSED_311)])
def test_a_refused_connection_is_named_and_never_up(protocol: str, answer: bytes) -> None:
    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: len(notes.faults) >= 2)
        assert {(f.kind, f.detail) for f in notes.faults} == {(FaultKind.REFUSED, "Not authorized")}
        assert not notes.ups
        assert not notes.downs
        assert not link.up

    _against(_says(answer), story, protocol=protocol)


@pytest.mark.promise("F29")
def test_a_broker_that_says_who_took_over_is_believed() -> None:
    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: notes.faults)
        assert notes.faults[0].kind is FaultKind.TAKEN_OVER
        assert "taken over" in notes.downs[0]

    _against(_says(CONNACK_5, TAKEN_OVER_5), story)


def test_a_server_that_accepts_and_says_nothing_is_left() -> None:
    met = []

    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(1)

    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: len(met) >= 2)
        assert not notes.ups

    _against(greeting, story)


@pytest.mark.promise("F26", "S23")
def test_the_reason_of_a_refused_publish_reaches_the_publisher() -> None:
    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONNACK_5)
        while True:
            got = await reader.read(1000)
            if not got:
                return
            at = got.find(b"\x32")
            if at >= 0:
                # PUBLISH QoS 1 of topic "x": fixed header 2, topic 3, then the packet's number.
                writer.write(b"\x40\x03" + got[at + 5 : at + 7] + b"\x87")

    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: link.up)
        with pytest.raises(PublishRefused, match="Not authorized"):
            await link.publish("x", b"1")
        assert link.up

    _against(greeting, story)


def test_the_brokers_own_size_limit_is_kept_before_sending() -> None:
    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: link.up)
        with pytest.raises(PublishRefused, match="larger"):
            await link.publish("x", b"1" * 100)
        assert link.post("x", b"1" * 20)

    # CONNACK with the property Maximum Packet Size = 100.
    _against(_says(bytes.fromhex("2008000005") + bytes.fromhex("2700000064")), story)


def test_no_more_is_under_way_than_the_broker_allows() -> None:
    most = 0

    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal most
        # The rest of CONNECT: its length was taken with the first two bytes.
        await reader.read(1000)
        # CONNACK with the property Receive Maximum = 3.
        writer.write(bytes.fromhex("2006000003210003"))
        while True:
            # PUBLISH QoS 1 of topic "x" with one byte: eight bytes, the packet's number at 5 and 6.
            got = await reader.readexactly(9)
            waiting = [got]
            with suppress(TimeoutError):
                while True:
                    async with asyncio.timeout(0.05):
                        waiting.append(await reader.readexactly(9))
            most = max(most, len(waiting))
            for packet in waiting:
                writer.write(b"\x40\x02" + packet[5:7])

    async def story(link: PahoLink, notes: Notes) -> None:
        await until(lambda: link.up)
        await asyncio.gather(*(link.offer("x", b"1") for _ in range(10)))
        assert most == 3

    _against(greeting, story)


@pytest.mark.promise("F33")
def test_connections_reset_at_random_bytes_converge_with_nothing_lost_silently() -> None:
    rng = random.Random(11)

    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = CONNACK_5 + bytes.fromhex("30050001610078") * 5
        writer.write(script[: rng.randrange(len(script) + 1)])
        await writer.drain()
        await asyncio.sleep(rng.choice((0.0, 0.02)))
        writer.transport.abort()
        raise ConnectionResetError

    async def story(link: PahoLink, notes: Notes) -> None:
        outcomes = []
        while len(notes.ups) < 12:
            try:
                answer = link.offer("x", b"1")
            except LinkDown:
                await asyncio.sleep(0.005)
                continue
            outcomes.append(answer)
            await asyncio.wait([answer], timeout=0.05)
        link.cut()
        results = await asyncio.gather(*outcomes, return_exceptions=True)
        assert results
        assert all(isinstance(result, LinkDown) for result in results)
        assert all(arrival.payload == b"x" for arrival in notes.arrivals)

    _against(greeting, story)
