"""The short roads for the usual case say exactly what the long ones say, and leave all else to them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import codec
from devices.errors import FormatError, UnsignedError
from devices.link_packets import puback, publication_at
from devices.messages import TYP, Answer
from devices.signing import open_envelope

KINDS = {typ: kind for kind, typ in TYP.items()}
GOLDEN = sorted(Path(__file__).parents[1].joinpath("wire").glob("*.json"))


def _payloads() -> list[tuple[str, bytes, type[Any]]]:
    found = []
    for path in GOLDEN:
        jws = json.loads(path.read_text("utf-8")).get("jws", "")
        try:
            envelope = open_envelope(jws.encode())
        except (FormatError, UnsignedError):
            continue
        found.append((path.stem, envelope.payload, KINDS[envelope.typ]))
    return found


@pytest.mark.parametrize(("name", "payload", "kind"), _payloads())
def test_both_roads_read_the_golden_messages_alike(name: str, payload: bytes, kind: type[Any]) -> None:
    spaced = json.dumps(json.loads(payload), ensure_ascii=False, indent=1).encode()
    try:
        message = codec.decode(payload, kind)
    except FormatError as error:
        with pytest.raises(FormatError, match=str(error)):
            codec.decode(spaced, kind)
        return
    assert codec.decode(spaced, kind) == message
    assert codec.encode(message) == payload


ANSWER = (
    b'{"boot_nonce":"0123456789abcdef","epoch":1,"held_ms":0,"node":"n-1","now":"2026-11-22T05:30:00.000Z",'
    b'"tenant":"t","through":7,"v":1}'
)


@pytest.mark.parametrize(
    ("usual", "unusual"),
    [
        (b'"epoch":1,', b'"epoch":1,"epoch":2,'),
        (b'"epoch":1,', b'"epoch":1,"more":2,'),
        (b"05:30:00.000Z", b"05:30:00Z"),
        (b"05:30:00.000Z", b"05:30:00.000+00:00"),
        (b"2026-11-22T", b"2026-11-22 "),
        (b'"through":7', b'"through":7.5'),
        (b'"through":7', b'"through":NaN'),
        (b'"through":7', b'"through":"7"'),
        (b'"through":7', b'"through":99999999999999999999999'),
    ],
)
def test_no_road_takes_what_is_not_the_wires_own(usual: bytes, unusual: bytes) -> None:
    assert codec.decode(ANSWER, Answer).through == 7
    with pytest.raises(FormatError):
        codec.decode(ANSWER.replace(usual, unusual), Answer)


def _publish(topic: bytes, payload: bytes, first: int, *, five: bool, properties: bytes = b"\x00") -> bytes:
    body = len(topic).to_bytes(2) + topic
    body += b"\x12\x34" if first & 2 else b""
    body += (properties if five else b"") + payload
    length, rest = bytearray(), len(body)
    while True:
        length.append(rest & 0x7F | (0x80 if rest > 0x7F else 0))
        rest >>= 7
        if not rest:
            return bytes([first]) + bytes(length) + body


@given(
    topic=st.text(min_size=1, max_size=60).filter(lambda text: "\x00" not in text),
    payload=st.binary(max_size=400),
    first=st.sampled_from([0x30, 0x31, 0x32, 0x33, 0x3A]),
    five=st.booleans(),
    before=st.binary(max_size=5),
    after=st.binary(max_size=5),
)
def test_a_plain_publication_is_read_whole(
    topic: str, payload: bytes, first: int, five: bool, before: bytes, after: bytes
) -> None:
    packet = _publish(topic.encode("utf-8", "replace"), payload, first, five=five)
    found = publication_at(before + packet + after, len(before), five=five)
    assert found is not None
    assert found.topic == topic.encode("utf-8", "replace").decode()
    assert (found.payload, found.retained) == (payload, bool(first & 1))
    assert (found.qos, found.mid) == ((1, 0x1234) if first & 2 else (0, 0))
    assert found.end == len(before) + len(packet)
    for cut in range(len(packet)):
        assert publication_at(packet[:cut], 0, five=five) is None


@pytest.mark.parametrize(
    "packet",
    [
        _publish(b"t", b"x", 0x34, five=True),
        _publish(b"t", b"x", 0x36, five=True),
        _publish(b"", b"x", 0x30, five=True),
        _publish(b"t", b"x", 0x30, five=True, properties=b"\x03\x23\x00\x01"),
        _publish(b"\xff", b"x", 0x30, five=True),
        b"\x30\x05\x00\x10abc",
        b"\x30\xff\xff\xff\xff\x01abc",
        b"\x40\x02\x00\x01" + bytes(8),
    ],
)
def test_everything_else_is_left_to_paho(packet: bytes) -> None:
    assert publication_at(packet, 0, five=True) is None


@given(data=st.binary(max_size=64), at=st.integers(0, 63), five=st.booleans())
def test_no_bytes_break_the_short_road(data: bytes, at: int, five: bool) -> None:
    publication_at(data, at, five=five)


def test_an_acknowledgement_is_four_bytes() -> None:
    assert puback(0x1234) == b"\x40\x02\x12\x34"
