"""Chunks of a stream: one form, read and written strictly; and Opus packets in and out of Ogg files."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import chunks, ogg
from devices.chunks import CHUNK_LIMIT, Chunk
from devices.errors import FormatError, SizeError
from devices.messages import TenantId
from devices.signing import generate_key

KEY = generate_key("online")
TENANT = TenantId("46")
AT = datetime(2026, 11, 22, 5, 30, 0, 125_000, tzinfo=UTC)
PACKET = bytes([0x48]) + bytes(40)
"""SILK, 20 ms, mono, one frame."""


def chunk(**changes: Any) -> Chunk:
    base = Chunk(kid=KEY.kid, sequence=3, position_ms=600, sent_at=AT, packets=(PACKET,) * 10)
    return replace(base, **changes)


packets = st.lists(st.binary(max_size=60).map(lambda body: b"\x48" + body), min_size=1, max_size=50)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), packets, st.booleans())
def test_what_is_sealed_comes_back_equal(
    sequence: int, position_ms: int, some: list[bytes], last: bool
) -> None:
    one = chunk(sequence=sequence, position_ms=position_ms, packets=tuple(some), last=last)
    sealed = chunks.open_chunk(chunks.seal(one, KEY, TENANT, "g-1"))
    assert sealed.chunk == one
    assert chunks.verify(sealed, KEY.public, TENANT, "g-1")


@settings(max_examples=300)
@given(st.binary(max_size=300))
@pytest.mark.promise("S17")
def test_any_octets_are_a_chunk_or_refused(raw: bytes) -> None:
    for octets in (raw, b"LC\x01" + raw):
        try:
            opened = chunks.open_chunk(octets)
        except FormatError:
            continue
        assert not chunks.verify(opened, KEY.public, TENANT, "g-1")


@given(st.integers(0, 10_000), st.integers(1, 255))
@pytest.mark.promise("S02")
def test_one_changed_octet_is_never_verified(at: int, flip: int) -> None:
    raw = chunks.seal(chunk(), KEY, TENANT, "g-1")
    at %= len(raw)
    bent = raw[:at] + bytes([raw[at] ^ flip]) + raw[at + 1 :]
    try:
        opened = chunks.open_chunk(bent)
    except FormatError:
        return
    assert not chunks.verify(opened, KEY.public, TENANT, "g-1")


@pytest.mark.promise("S06")
def test_the_grant_and_the_tenant_are_signed_though_they_do_not_travel() -> None:
    opened = chunks.open_chunk(chunks.seal(chunk(), KEY, TENANT, "g-1"))
    assert not chunks.verify(opened, KEY.public, TENANT, "g-2")
    assert not chunks.verify(opened, KEY.public, TenantId("47"), "g-1")
    assert not chunks.verify(opened, generate_key("other").public, TENANT, "g-1")


@pytest.mark.parametrize(
    "changes",
    [
        {"packets": ()},
        {"packets": (PACKET,) * 51},
        {"packets": (b"",)},
        {"packets": (bytes([0x4C]) + bytes(40),)},
        {"packets": (bytes([0x80]) + bytes(40),)},
        {"sequence": -1},
        {"sequence": 2**32},
        {"position_ms": 2**32},
        {"sent_at": AT + timedelta(microseconds=1)},
        {"kid": "a b"},
        {"kid": "another"},
    ],
    ids=[
        "empty",
        "over a second",
        "no packet",
        "stereo",
        "2.5 ms",
        "below",
        "above",
        "far",
        "fine",
        "name",
        "key",
    ],
)
def test_what_no_node_would_read_is_not_sealed(changes: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        chunks.seal(chunk(**changes), KEY, TENANT, "g-1")


def test_the_last_chunk_may_be_empty() -> None:
    raw = chunks.seal(chunk(packets=(), last=True), KEY, TENANT, "g-1")
    assert chunks.open_chunk(raw).chunk.last


@pytest.mark.promise("S18")
def test_more_than_the_limit_is_not_even_looked_at() -> None:
    with pytest.raises(SizeError):
        chunks.open_chunk(bytes(CHUNK_LIMIT + 1))


@pytest.mark.parametrize(
    ("first", "rest", "length_ms"),
    [
        (0x00, b"", 10),
        (0x18, b"", 60),
        (0x48, b"", 20),
        (0x60, b"", 10),
        (0x68, b"", 20),
        (0xF8, b"", 20),
        (0xF9, b"", 40),
        (0xFB, b"\x03", 60),
        (0xFB, b"\x04", 0),
        (0xFB, b"", 0),
        (0xFC, b"", 0),
        (0x19, b"", 0),
    ],
)
def test_the_length_of_a_packet_is_read_from_its_first_octets(
    first: int, rest: bytes, length_ms: int
) -> None:
    """RFC 6716, table 2; what is stereo or over 60 ms is not carried."""
    assert chunks.packet_ms(bytes([first]) + rest) == length_ms


def test_packets_out_of_an_ogg_file_and_into_one_sound_the_same() -> None:
    tone = (0.3 * np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000)).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, tone, 48_000, format="OGG", subtype="OPUS")
    found = ogg.unwrap(file.getvalue())
    assert sum(chunks.packet_ms(one) for one in found) >= 1_000
    again = ogg.unwrap(ogg.wrap(found))
    assert again == found
    pcm, rate = soundfile.read(io.BytesIO(ogg.wrap(found)))
    assert rate == 48_000
    assert np.abs(pcm).max() == pytest.approx(0.3, abs=0.03)


@given(st.binary(max_size=400))
def test_what_is_no_ogg_has_no_packets(raw: bytes) -> None:
    assert isinstance(ogg.unwrap(raw), tuple)
    assert isinstance(ogg.unwrap(b"OggS" + raw), tuple)
