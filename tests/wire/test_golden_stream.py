"""A chunk of a stream, exact to the octet, and what a node answers to it."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from devices import chunks, stream_gate, topics
from devices.admission import Ignored, Refused
from devices.chunks import Chunk
from devices.memory import Memory, Window
from devices.messages import KeyId, TenantId
from tests.wire.test_golden import node_before, private

CHUNK: dict[str, Any] = json.loads((Path(__file__).parent / "streams" / "chunk.json").read_text())


def written() -> Chunk:
    return Chunk(
        kid=KeyId(CHUNK["kid"]),
        sequence=CHUNK["sequence"],
        position_ms=CHUNK["position_ms"],
        sent_at=datetime.fromisoformat(CHUNK["sent_at"]),
        packets=tuple(bytes.fromhex(one) for one in CHUNK["packets"]),
        last=CHUNK["last"],
    )


def admitted(
    memory: Memory, *, topic: str = CHUNK["topic"], raw: str = CHUNK["octets"], window: Window | None = None
) -> stream_gate.Taken | Ignored | Refused:
    held = memory.grants[CHUNK["grant"]]
    return stream_gate.admit(
        bytes.fromhex(raw),
        topic,
        False,
        stream_gate.live_item(held),
        window or Window(),
        memory,
        datetime.fromisoformat(CHUNK["at"]),
    )


def test_we_write_the_chunk_to_the_same_octets() -> None:
    sealed = chunks.seal(written(), private(CHUNK["kid"]), TenantId(CHUNK["tenant"]), CHUNK["grant"])
    assert sealed.hex() == CHUNK["octets"]


def test_we_read_what_was_written() -> None:
    sealed = chunks.open_chunk(bytes.fromhex(CHUNK["octets"]))
    assert sealed.chunk == written()
    assert sealed.chunk.length_ms == 200


def test_a_node_that_holds_the_grant_lets_it_sound_once() -> None:
    memory = node_before(CHUNK)
    answer = admitted(memory)
    assert isinstance(answer, stream_gate.Taken)
    assert answer.chunk == written()
    assert isinstance(admitted(memory, window=answer.window), Ignored)


@pytest.mark.promise("S11")
def test_a_chunks_signature_fits_nothing_else_and_nothing_else_a_chunk() -> None:
    signed = bytes.fromhex(CHUNK["signed"])
    assert b"\n" in signed[:32], "no JWS holds a line feed"
    memory = node_before(CHUNK)
    other = admitted(memory, topic=topics.live(memory.chain[2], "voice-5"))
    assert isinstance(other, Ignored)
    command = json.loads((Path(__file__).parent / "live_stream.json").read_text())["jws"].encode()
    refused = admitted(memory, raw=command.hex())
    assert isinstance(refused, Refused)
    assert refused.code == "E_FORMAT"
