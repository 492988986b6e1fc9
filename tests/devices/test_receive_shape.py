"""The receive gate: what is right is taken; size, shape, signature's kind and the lock (checks 1 to 3)."""

import dataclasses
import json

import pytest

from devices import admission, codec, signing, topics
from devices.incoming import Why
from devices.memory import Memory
from devices.messages import (
    BootId,
    Receipt,
    ReceiptKind,
    Report,
)
from tests.devices.cast import (
    GROUP,
    MINUTE,
    NODE,
    NOW,
    ONLINE,
    PROVINCE,
    alerts,
    answer,
    beacon,
    command,
    home,
    ignored,
    programme,
    refusal,
    send,
    settled,
    stop,
    took,
)


@pytest.fixture
def node() -> Memory:
    return settled()


# --- what is right is taken -----------------------------------------------------------------------------


def test_everything_proper_is_accepted(node: Memory) -> None:
    for message in (programme(), alerts(), command(), stop(), answer(), beacon(now=NOW + MINUTE)):
        node = took(send(node, message))


def test_a_group_speaks_to_its_members(node: Memory) -> None:
    took(send(node, programme(group=GROUP, group_version=4)))
    took(send(node, alerts(group=GROUP, group_version=4)))
    took(send(node, command(group=GROUP, group_version=4), topic=topics.group_command(GROUP)))


def test_a_province_speaks_through_its_communes(node: Memory) -> None:
    took(send(node, alerts(area=PROVINCE)))


# --- 1 and 2 --------------------------------------------------------------------------------------------


@pytest.mark.promise("S18")
def test_one_octet_above_the_limit_is_refused_for_its_size(node: Memory) -> None:
    padding = admission.COMMAND_LIMIT + 1
    raw = signing.sign(command(), ONLINE)
    assert refusal(
        admission.receive(raw + b"." * (padding - len(raw)), home(command()), False, node, NOW)
    ) == ("E_SIZE")
    at_limit = admission.receive(raw + b"." * (padding - 1 - len(raw)), home(command()), False, node, NOW)
    assert refusal(at_limit) == "E_FORMAT"


@pytest.mark.promise("S18")
def test_a_command_to_one_node_keeps_the_small_limit(node: Memory) -> None:
    references = tuple(f"occurrence-{number:04}-{'x' * 40}" for number in range(200))
    message = stop(area=None, node=NODE, references=references)
    assert refusal(send(node, message)) == "E_SIZE"


@pytest.mark.promise("S18")
def test_a_document_beyond_64_kilobytes_is_refused(node: Memory) -> None:
    raw = b"A" * (admission.DOCUMENT_LIMIT + 1)
    assert refusal(admission.receive(raw, home(programme()), True, node, NOW)) == "E_SIZE"


@pytest.mark.promise("S01")
def test_an_unsigned_command_is_refused(node: Memory) -> None:
    envelope = signing.sign(command(), ONLINE)
    bare = signing.open_envelope(envelope).payload
    stripped = envelope.rpartition(b".")[0] + b"."
    for raw in (bare, stripped, stripped[:-1].rpartition(b".")[0] + b"."):
        assert refusal(admission.receive(raw, home(command()), False, node, NOW)) == "E_SIGNATURE"


def test_an_unsigned_or_empty_document_is_only_counted(node: Memory) -> None:
    bare = signing.open_envelope(signing.sign(programme(), ONLINE)).payload
    assert ignored(admission.receive(bare, home(programme()), True, node, NOW)) is Why.UNSIGNED
    assert ignored(admission.receive(b"", home(programme()), True, node, NOW)) is Why.EMPTY
    assert ignored(admission.receive(b"", home(command()), False, node, NOW)) is Why.EMPTY


def test_a_topic_of_somebody_else_is_not_ours(node: Memory) -> None:
    raw = signing.sign(command(), ONLINE)
    for topic in ("loa/2/keys", "loa/1/node/x/report", "spBv1.0/x", "loa/1/area/19774/clip/" + "a" * 64):
        assert ignored(admission.receive(raw, topic, False, node, NOW)) is Why.NOT_OURS


@pytest.mark.promise("S11")
def test_a_signature_for_one_kind_is_no_other_kind(node: Memory) -> None:
    assert refusal(send(node, programme(), topic=home(command()))) == "E_SIGNATURE"
    assert refusal(send(node, command(), topic=home(alerts()))) == "E_SIGNATURE"
    payload = signing.open_envelope(signing.sign(command(), ONLINE)).payload
    raw = signing.sign_payload(payload, "loa-alerts+jws", ONLINE)
    assert refusal(admission.receive(raw, home(alerts()), False, node, NOW)) == "E_FORMAT"


# --- 3 --------------------------------------------------------------------------------------------------


def test_a_locked_node_takes_no_command_but_a_stop(node: Memory) -> None:
    locked = dataclasses.replace(node, locked=True)
    assert refusal(send(locked, command())) == "E_LOCKED"
    took(send(locked, stop()))
    took(send(locked, programme()))


def test_what_a_refusal_quotes_always_fits_a_receipt(node: Memory) -> None:
    payload = codec.encode(programme())
    for bad in ("\u202e" * 500, "a\nb", "\x00", "x" * 30_000):
        quoted = json.dumps(bad).encode()
        for bent in (payload.replace(b'"actual"', quoted), payload.replace(b'"mode"', quoted)):
            raw = signing.sign_payload(bent, "loa-programme+jws", ONLINE)
            result = admission.receive(raw, home(programme()), True, node, NOW)
            assert refusal(result) == "E_FORMAT"
            assert isinstance(result, admission.Refused)
            receipt = Receipt(
                seq=1, kind=ReceiptKind.REFUSED, at=NOW, topic="t", code=result.code, reason=result.detail
            )
            codec.encode(Report(node=NODE, boot=BootId("b"), receipts=(receipt,)))
