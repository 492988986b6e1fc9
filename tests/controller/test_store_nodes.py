"""Nodes, incidents, counters and remembered answers in the store."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from controller.errors import Problem
from controller.store import areas, idempotency, incidents, meta, nodes
from controller.store.incidents import Incident
from controller.store.nodes import Live, Node
from devices.health import Condition, Health, Reason
from devices.messages import BootId, ClockState, NodeId, Telemetry
from schedules.area import Tree
from tests.support.store_ground import (
    NOW,
    ONE,
    ONE_A,
    ONE_B,
    OTHER,
    OTHER_A,
    PLACES,
    PROVINCE,
    Ground,
    ground,
)

S = timedelta(seconds=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as opened:
        for name, area in (("a", ONE_A), ("b", ONE_B), ("c", OTHER_A)):
            opened.write(nodes.register, node(name, area), NOW)
        yield opened


def node(name: str, area: areas.AreaCode = ONE_A) -> Node:
    return Node(
        id=NodeId(name),
        name=f"Cụm {name}",
        area=area,
        public_key=f"key {name}",
        latitude=16.5,
        languages=("vi", "pco"),
    )


def well(name: str) -> Live:
    beat = Telemetry(
        node=NodeId(name),
        boot=BootId("boot"),
        seq=7,
        sent_at=NOW,
        uptime_s=60,
        clock=ClockState.TRUSTED,
        clock_offset_ms=-4,
        sounding=None,
        sense_level=0.25,
        amplifier_on=False,
        sound_without_session=False,
        amplifier_fault=False,
        mains=True,
        battery_percent=90,
        storage_free_mb=900,
        temperature_c=31.5,
        clips_cached=3,
        clips_missing=0,
        refusals=0,
    )
    health = Health(
        condition=Condition.WELL,
        reasons=(),
        since_at=NOW,
        alive_at=NOW,
        boot=BootId("boot"),
        telemetry=beat,
    )
    return Live(
        node=NodeId(name),
        health=health,
        boot_nonce="nonce",
        protocol="5",
        firmware="sim 1",
        clock=ClockState.TRUSTED,
    )


def test_the_tree_comes_back_whatever_the_order_it_was_given_in(store: Ground) -> None:
    tree = store.read(areas.tree)
    assert isinstance(tree, Tree)
    assert tree.chain(ONE_A) == (PROVINCE, ONE, ONE_A)
    assert set(store.read(areas.everywhere)) == set(PLACES)


def test_a_node_not_yet_heard_is_silent_and_never_well(store: Ground) -> None:
    assert store.read(nodes.get, NodeId("a")) == node("a")
    live = store.read(nodes.live, NodeId("a"))
    assert live == Live(node=NodeId("a"))
    assert live is not None
    assert live.health.condition is Condition.SILENT
    assert store.read(nodes.counts, PROVINCE) == {Condition.SILENT: 3}


@pytest.mark.promise("P20")
def test_two_nodes_never_share_a_key(store: Ground) -> None:
    clone = Node(id=NodeId("z"), name="z", area=ONE_A, public_key="key a")
    with pytest.raises(sqlite3.IntegrityError):
        store.write(nodes.register, clone, NOW)
    assert store.read(nodes.get, NodeId("z")) is None
    assert store.read(nodes.live, NodeId("z")) is None


def test_what_a_node_says_comes_back_as_it_was(store: Ground) -> None:
    store.write(nodes.save_live, (well("a"), well("b")))
    assert store.read(nodes.live, NodeId("a")) == well("a")
    assert store.read(nodes.everything_live)[NodeId("b")] == well("b")
    assert store.read(nodes.counts, ONE) == {Condition.WELL: 2}
    assert store.read(nodes.board, ONE) == ((node("a"), well("a")), (node("b", ONE_B), well("b")))
    assert [n.id for n, _ in store.read(nodes.silent, PROVINCE)] == ["c"]


def test_unwell_without_a_reason_cannot_be_written(store: Ground) -> None:
    bare = Live(node=NodeId("a"), health=Health(condition=Condition.UNEASY, reasons=()))
    with pytest.raises(sqlite3.IntegrityError):
        store.write(nodes.save_live, (bare,))


def test_nodes_are_found_by_every_branch_once_and_retired_ones_by_none(store: Ground) -> None:
    assert [n.id for n in store.read(nodes.of_areas, (ONE, ONE_A, OTHER_A))] == ["a", "b", "c"]
    store.write(nodes.move, NodeId("b"), OTHER_A)
    assert [n.id for n in store.read(nodes.of_areas, (OTHER,))] == ["b", "c"]
    store.write(nodes.retire, NodeId("a"), NOW)
    assert [n.id for n in store.read(nodes.in_service)] == ["b", "c"]
    assert store.read(nodes.of_areas, (ONE,)) == ()


def test_desired_versions_grow_by_one(store: Ground) -> None:
    assert [store.write(nodes.next_desired, NodeId("a")) for _ in range(3)] == [1, 2, 3]


def test_an_incident_is_opened_once_and_closed_once(store: Ground) -> None:
    first = Incident(
        id="i1",
        node=NodeId("a"),
        area=ONE_A,
        kind=Condition.SILENT,
        reasons=(Reason.NO_HEARTBEAT,),
        opened_at=NOW,
    )
    again = Incident(
        id="i2",
        node=NodeId("a"),
        area=ONE_A,
        kind=Condition.SILENT,
        reasons=(Reason.SAID_OFFLINE,),
        opened_at=NOW + S,
    )
    assert store.write(incidents.begin, first)
    assert not store.write(incidents.begin, again)
    running = store.read(incidents.running, ONE)
    assert [(i.id, i.reasons) for i in running] == [("i1", (Reason.SAID_OFFLINE,))]
    assert store.read(incidents.running, OTHER) == ()
    assert store.write(incidents.end, NodeId("a"), Condition.SILENT, NOW + 2 * S)
    assert not store.write(incidents.end, NodeId("a"), Condition.SILENT, NOW + 3 * S)
    assert store.write(incidents.begin, again)
    assert [i.id for i in store.read(incidents.of_node, NodeId("a"))] == ["i2", "i1"]


@pytest.mark.promise("S70")
def test_counters_never_go_back(store: Ground) -> None:
    assert [store.write(meta.next_command_seq, "online") for _ in range(3)] == [1, 2, 3]
    assert store.write(meta.next_command_seq, "exercise") == 1
    assert store.read(meta.epoch, "online") == 0
    assert store.write(meta.bump_epoch, "online") == 1
    assert store.read(meta.epoch, "online") == 1
    assert store.read(meta.epoch, "exercise") == 0
    for sql in ("UPDATE counter SET value = 1", "DELETE FROM counter"):
        with pytest.raises(sqlite3.IntegrityError):
            store.write(meta.Conn.execute, sql)


def test_an_installation_keeps_its_first_id(store: Ground) -> None:
    assert store.write(meta.instance, "one") == "one"
    assert store.write(meta.instance, "two") == "one"


def test_the_same_request_gets_the_same_answer_and_another_body_is_refused(store: Ground) -> None:
    assert store.read(idempotency.recall, "an", "k", "body") is None
    answer = {"alert": "w1", "đã": True}
    store.write(idempotency.remember, "an", "k", "body", status=201, answer=answer, now=NOW)
    again = store.read(idempotency.recall, "an", "k", "body")
    assert again == idempotency.Remembered(status=201, answer=answer)
    assert store.read(idempotency.recall, "binh", "k", "body") is None
    with pytest.raises(Problem) as refusal:
        store.read(idempotency.recall, "an", "k", "another")
    assert (refusal.value.code, refusal.value.status) == ("E_IDEMPOTENCY", 409)
    with pytest.raises(sqlite3.IntegrityError):
        store.write(idempotency.remember, "an", "k", "body", status=201, answer={}, now=NOW)
    assert store.write(idempotency.forget, NOW + S) == 1
