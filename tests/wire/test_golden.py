"""Hand-written messages, exact to the octet: the vendor's contract."""

import base64
import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from devices import admission, codec, signing, topics
from devices.memory import Memory, new_memory
from devices.messages import TYP, ClockState, NodeId, TenantId

HERE = Path(__file__).parent
CAST = json.loads((HERE / "keys_of_the_cast.json").read_text())
GOLDEN = {
    path.stem: json.loads(path.read_text())
    for path in sorted(HERE.glob("*.json"))
    if path.stem != "keys_of_the_cast"
}
KINDS = {typ: kind for kind, typ in TYP.items()}
WELL_FORMED = [name for name, one in GOLDEN.items() if not name.startswith("refused")]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def private(kid: str) -> signing.SigningKey:
    text = CAST["keys"][kid]["private"]
    return signing.key_from_bytes(base64.urlsafe_b64decode(text + "="), kid)


def node_before(one: dict[str, Any]) -> Memory:
    memory = new_memory(
        tenant=TenantId(CAST["tenant"]),
        node=NodeId(CAST["node"]),
        root_public=CAST["keys"]["root"]["public"],
        boot_nonce=CAST["boot_nonce"],
    )
    at = instant(one["at"])
    unsure = at.year < 2026
    memory = dataclasses.replace(memory, clock=ClockState.UNSURE if unsure else ClockState.TRUSTED)
    for name in one["given"]:
        before = GOLDEN[name]
        given_at = at if unsure else instant(before["at"])
        took = admission.receive(
            before["jws"].encode(), before["topic"], before["retained"], memory, given_at
        )
        assert isinstance(took, admission.Accepted), (name, took)
        memory = took.memory
    return memory


def test_every_kind_of_message_has_a_golden_file() -> None:
    assert {GOLDEN[name]["typ"] for name in WELL_FORMED} == set(TYP.values())


@pytest.mark.parametrize("name", GOLDEN)
def test_claims_and_payload_say_the_same(name: str) -> None:
    assert json.loads(GOLDEN[name]["payload"]) == GOLDEN[name]["claims"]


@pytest.mark.parametrize("name", WELL_FORMED)
def test_our_codec_reads_it_and_writes_the_same_octets(name: str) -> None:
    one = GOLDEN[name]
    message = codec.decode(one["payload"].encode(), KINDS[one["typ"]])
    assert codec.encode(message).decode() == one["payload"]


@pytest.mark.parametrize("name", WELL_FORMED)
def test_our_signing_makes_the_same_envelope(name: str) -> None:
    one = GOLDEN[name]
    message = codec.decode(one["payload"].encode(), KINDS[one["typ"]])
    assert signing.sign(message, private(one["kid"])).decode() == one["jws"]


@pytest.mark.parametrize("name", [name for name, one in GOLDEN.items() if one["answer"] != "verified"])
def test_the_node_answers_as_written(name: str) -> None:
    one = GOLDEN[name]
    answer = admission.receive(
        one["jws"].encode(), one["topic"], one["retained"], node_before(one), instant(one["at"])
    )
    if one["answer"] == "accepted":
        assert isinstance(answer, admission.Accepted), answer
        assert codec.encode(answer.message).decode() == one["payload"]
    else:
        assert isinstance(answer, admission.Refused), answer
        assert answer.code == one["answer"]


@pytest.mark.parametrize("name", [name for name, one in GOLDEN.items() if one["answer"] == "verified"])
def test_what_a_node_says_verifies_under_its_own_key(name: str) -> None:
    one = GOLDEN[name]
    envelope = signing.open_envelope(one["jws"].encode())
    place = topics.parse(one["topic"])
    assert place is not None
    assert place.node == envelope.kid == one["claims"]["node"]
    assert envelope.typ == one["typ"]
    public = signing.load_public(CAST["keys"][envelope.kid]["public"])
    assert signing.verify(envelope, public)
    stranger = signing.load_public(CAST["keys"]["stranger"]["public"])
    assert not signing.verify(envelope, stranger)
