"""The receive gate: versions of documents, what they replace, and what comes back out of flash."""

from datetime import timedelta

import pytest

from devices import admission, signing, topics
from devices.incoming import Why
from devices.memory import Memory
from devices.messages import (
    CommandId,
    NodeId,
)
from tests.devices.cast import (
    COMMUNE,
    HOUR,
    MINUTE,
    NEIGHBOUR,
    NODE,
    NONCE,
    NOW,
    ONLINE,
    ROOT,
    alerts,
    desired,
    entry,
    fresh,
    home,
    ignored,
    key_list,
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


def test_versions_replace_repeat_conflict_and_age(node: Memory) -> None:
    node = took(send(node, programme()))
    assert ignored(send(node, programme(), retained=True)) is Why.SAME
    assert ignored(send(node, programme(issued_at=NOW, epoch=3))) is Why.SAME
    other = send(node, programme(entry(title="Khác")))
    assert refusal(other) == "E_ROLLBACK"
    assert ignored(send(node, programme(version=4))) is Why.OLDER
    newer = took(send(node, programme(version=6, entries=(), clips=())))
    assert newer.documents[home(programme())].version == 6


def test_the_document_in_force_comes_again_after_its_time_without_a_word(node: Memory) -> None:
    node = took(send(node, alerts()))
    assert ignored(send(node, alerts(), retained=True, now=NOW + HOUR)) is Why.SAME


def test_the_copy_for_one_node_is_the_same_list(node: Memory) -> None:
    node = took(send(node, alerts()))
    assert ignored(send(node, alerts(boot_nonce=NONCE, issued_at=NOW + MINUTE), now=NOW + MINUTE)) is Why.SAME


@pytest.mark.promise("F57")
def test_a_stop_is_remembered_until_it_expires(node: Memory) -> None:
    node = took(send(node, stop(references=("occ-1",))))
    assert [one.references for one in node.stops] == [("occ-1",)]
    later = NOW + 11 * MINUTE
    second = stop(id=CommandId("stop-2"), issued_at=later, expires_at=later + MINUTE)
    after = took(send(node, second, now=later))
    assert [one.command for one in after.stops] == ["stop-2"]
    assert ignored(send(after, second, now=later)) is Why.REPEATED


def test_programmes_of_long_ago_make_room(node: Memory) -> None:
    node = took(send(node, programme()))
    later = NOW + timedelta(days=4)
    next_day = programme(entries=(), clips=(), date=later.date(), issued_at=later, expires_at=later + HOUR)
    after = took(send(node, next_day, now=later))
    assert home(programme()) not in after.documents
    assert home(next_day) in after.documents


def test_a_document_from_flash_is_verified_again_but_not_timed(node: Memory) -> None:
    documents = {
        topics.keys(): signing.sign(key_list(), ROOT),
        topics.desired(NODE): signing.sign(desired(), ONLINE),
        topics.alerts(COMMUNE): signing.sign(alerts(boot_nonce=NONCE), ONLINE),
        home(programme()): signing.sign(programme(), ONLINE),
    }
    memory = fresh()
    for topic, raw in documents.items():
        recalled = admission.recall(raw, topic, memory)
        assert isinstance(recalled, Memory), recalled
        memory = recalled
    assert set(memory.documents) == set(documents)
    for elsewhere in (programme(area=NEIGHBOUR), alerts(area=NEIGHBOUR), desired(node=NodeId("other"))):
        kept = signing.sign(elsewhere, ONLINE)
        assert refusal(admission.recall(kept, home(elsewhere), memory)) == "E_TARGET"
    other_day = "loa/1/area/19774/programme/2026-11-23"
    assert refusal(admission.recall(documents[home(programme())], other_day, memory)) == "E_TARGET"
    raw = bytearray(documents[home(programme())])
    raw[-1] = ord("A") if raw[-1] != ord("A") else ord("Q")
    assert isinstance(admission.recall(bytes(raw), home(programme()), memory), admission.Refused)
    assert isinstance(
        admission.recall(documents[home(programme())], topics.alerts(COMMUNE), memory), admission.Refused
    )
