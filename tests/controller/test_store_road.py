"""The road in the store: documents, outbox, occurrences, deliveries and receipts."""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.store import clips, deliveries, documents, nodes, occurrences, outbox, receipts
from controller.store.clips import ClipFacts
from controller.store.deliveries import Delivery, Kind, Ruling, Source, Verdict
from controller.store.documents import Document, DocumentKind
from controller.store.nodes import Node
from controller.store.occurrences import OccurrenceState, Planned
from controller.store.outbox import Letter, OutboxLane, OutboxState
from devices.messages import Heard, NodeId, Receipt, ReceiptKind
from devices.messages import OccurrenceId as WireOccurrence
from schedules.announcement import AnnouncementId, BulletinClass
from schedules.plan import Occurrence, OccurrenceId
from tests.support.store_ground import NOW, ONE, ONE_A, ONE_B, OTHER, OTHER_A, Ground, ground

CLIP = ClipFacts(sha256="c" * 64, bytes=9, duration_ms=1000, lufs=-16.0, peak_dbfs=-1.5, engine="stub")
S = timedelta(seconds=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as opened:
        for k, area in enumerate((ONE_A, ONE_B, OTHER_A)):
            node = Node(id=NodeId(f"n{k}"), name=f"Cụm {k}", area=area, public_key=f"key {k}")
            opened.write(nodes.register, node, NOW)
        opened.write(clips.save, CLIP, NOW)
        yield opened


def letter(name: str, **changes: object) -> Letter:
    facts: dict[str, object] = {
        "id": name,
        "topic": f"t/{name}",
        "payload": name.encode(),
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return Letter(**{**facts, **changes})  # type: ignore[arg-type]


def ids(posted: tuple[outbox.Posted, ...]) -> list[str]:
    return [one.letter.id for one in posted]


def test_an_emergency_never_waits_behind_a_programme(store: Ground) -> None:
    for k in range(5):
        store.write(outbox.post, letter(f"p{k}"))
    store.write(outbox.post, letter("siren", lane=OutboxLane.EMERGENCY))
    assert ids(store.write(outbox.claim, NOW, 3)) == ["siren", "p0", "p1"]


def test_a_claimed_letter_comes_back_only_when_its_sender_has_died(store: Ground) -> None:
    store.write(outbox.post, letter("a"))
    assert ids(store.write(outbox.claim, NOW, hold=30 * S)) == ["a"]
    assert store.write(outbox.claim, NOW + 29 * S) == ()
    assert store.read(outbox.next_wake) == NOW + 30 * S
    again = store.write(outbox.claim, NOW + 30 * S)
    assert ids(again) == ["a"]
    assert again[0].attempts == 2
    assert store.write(outbox.sent, ["a"], NOW) == 1
    assert store.write(outbox.sent, ["a"], NOW) == 0
    assert store.write(outbox.claim, NOW + timedelta(minutes=2)) == ()
    assert store.read(outbox.next_wake) is None


def test_after_a_start_everything_that_waits_is_due_at_once(store: Ground) -> None:
    store.write(outbox.post, letter("a"))
    store.write(outbox.claim, NOW, hold=timedelta(minutes=5))
    assert store.write(outbox.release, NOW + S) == 1
    assert ids(store.write(outbox.claim, NOW + S)) == ["a"]


def test_a_letter_written_twice_is_the_same_letter(store: Ground) -> None:
    store.write(outbox.post, letter("a"))
    store.write(outbox.claim, NOW)
    store.write(outbox.sent, ["a"], NOW)
    store.write(outbox.post, letter("a"))
    assert store.read(outbox.counts) == {OutboxState.SENT: 1}


def test_a_newer_document_takes_the_place_of_one_that_still_waits(store: Ground) -> None:
    store.write(outbox.post, letter("v1", topic="area/1/alerts", retain=True))
    store.write(outbox.post, letter("command", topic="area/1/alerts"))
    store.write(outbox.post, letter("v2", topic="area/1/alerts", retain=True))
    assert ids(store.write(outbox.claim, NOW)) == ["command", "v2"]
    old = store.read(outbox.get, "v1")
    assert old is not None
    assert old.state is OutboxState.SUPERSEDED


def test_what_is_too_old_is_never_claimed_and_closed(store: Ground) -> None:
    store.write(outbox.post, letter("a"))
    end = NOW + timedelta(minutes=10)
    assert store.write(outbox.claim, end) == ()
    assert store.write(outbox.expire, end - S) == 0
    assert store.write(outbox.expire, end) == 1
    assert store.read(outbox.counts) == {OutboxState.EXPIRED: 1}


def test_a_letter_refused_three_times_is_parked_and_the_others_go_on(store: Ground) -> None:
    store.write(outbox.post, letter("bad"))
    store.write(outbox.post, letter("good"))
    states = [store.write(outbox.failed, "bad", NOW, "0x87 not authorized") for _ in range(3)]
    assert states == [OutboxState.WAITING, OutboxState.WAITING, OutboxState.PARKED]
    assert ids(store.write(outbox.claim, NOW)) == ["good"]
    parked = store.read(outbox.parked)
    assert [(p.letter.id, p.reason) for p in parked] == [("bad", "0x87 not authorized")]


def test_a_postponed_letter_waits_and_a_cancelled_one_never_goes(store: Ground) -> None:
    store.write(outbox.post, letter("later"))
    store.write(outbox.post, letter("never"))
    store.write(outbox.postpone, "later", NOW + 8 * S, "link down")
    store.write(outbox.cancel, "never", "withdrawn")
    assert store.write(outbox.claim, NOW) == ()
    assert store.read(outbox.next_wake) == NOW + 8 * S
    assert ids(store.write(outbox.claim, NOW + 8 * S)) == ["later"]
    assert store.write(outbox.forget, NOW + S) == 1


def document(topic: str, version: int, **changes: object) -> Document:
    facts: dict[str, object] = {
        "topic": topic,
        "kind": DocumentKind.PROGRAMME,
        "version": version,
        "content_hash": f"hash {version}",
        "payload": b"jws",
        "signed_at": NOW,
        "expires_at": NOW + timedelta(days=1),
        "area": "19804",
        "local_date": date(2026, 11, 22),
    }
    return Document(**{**facts, **changes})  # type: ignore[arg-type]


def test_document_versions_only_go_forward_also_after_retiring(store: Ground) -> None:
    assert store.read(documents.next_version, "t") == 1
    store.write(documents.put, document("t", 4))
    store.write(documents.retire, "t", NOW)
    assert store.read(documents.next_version, "t") == 5
    with pytest.raises(sqlite3.IntegrityError):
        store.write(documents.put, document("t", 3))
    store.write(documents.put, document("t", 5))
    assert store.read(documents.get, "t") == document("t", 5)


def test_what_lies_at_the_broker_is_neither_retired_nor_expired(store: Ground) -> None:
    store.write(documents.put, document("on", 1))
    store.write(documents.put, document("old", 1, expires_at=NOW))
    store.write(documents.put, document("gone", 1))
    store.write(documents.retire, "gone", NOW)
    store.write(documents.put, document("alerts", 1, kind=DocumentKind.ALERTS, local_date=None))
    assert [d.topic for d in store.read(documents.current, NOW)] == ["alerts", "on"]
    assert [d.topic for d in store.read(documents.current, NOW, DocumentKind.ALERTS)] == ["alerts"]
    assert store.read(documents.to_sign_anew, NOW, DocumentKind.ALERTS) == ()
    assert len(store.read(documents.to_sign_anew, NOW + S, DocumentKind.ALERTS)) == 1
    day = date(2026, 11, 22)
    assert [d.topic for d in store.read(documents.programmes, day, day)] == ["gone", "old", "on"]
    assert store.read(documents.programmes, day + timedelta(days=1), day + timedelta(days=2)) == ()


def planned(name: str, minutes: int = 0, revision: int = 1) -> Planned:
    due = NOW + timedelta(minutes=minutes)
    return Planned(
        occurrence=Occurrence(
            id=OccurrenceId(name),
            item=AnnouncementId("a1"),
            revision=revision,
            recurrence_at=NOW,
            due_at=due,
            duration=timedelta(milliseconds=1000),
            expires_at=NOW + timedelta(days=1),
            targets=(ONE,),
            bulletin_class=BulletinClass.NORMAL,
            session=None,
            repeat=1,
        ),
        title="Tiêm phòng",
        clip=CLIP.sha256,
    )


def test_a_plan_is_kept_moved_and_withdrawn(store: Ground) -> None:
    store.write(occurrences.save, (planned("b", 10), planned("a")))
    assert store.read(occurrences.between, NOW, NOW + timedelta(hours=1)) == (planned("a"), planned("b", 10))
    store.write(occurrences.save, (planned("a", 20, revision=2),))
    assert store.read(occurrences.get, OccurrenceId("a")) == planned("a", 20, revision=2)
    with pytest.raises(sqlite3.IntegrityError):
        store.write(occurrences.save, (planned("a", revision=1),))
    store.write(occurrences.withdraw, [OccurrenceId("b")])
    assert [p.occurrence.id for p in store.read(occurrences.of_item, AnnouncementId("a1"))] == ["b", "a"]
    span = (NOW, NOW + timedelta(hours=1))
    assert [p.occurrence.id for p in store.read(occurrences.between, *span)] == ["a"]
    both = store.read(occurrences.between, *span, withdrawn=True)
    assert [(p.occurrence.id, p.state) for p in both] == [
        ("b", OccurrenceState.WITHDRAWN),
        ("a", OccurrenceState.PLANNED),
    ]
    assert store.read(occurrences.next_due, NOW) == NOW + timedelta(minutes=20)


def delivery(node: int = 0, **changes: object) -> Delivery:
    facts: dict[str, object] = {
        "kind": Kind.OCCURRENCE,
        "subject": "occ",
        "node": NodeId(f"n{node}"),
        "area": (ONE_A, ONE_B, OTHER_A)[node],
        "due_at": NOW,
        "ends_at": NOW + 10 * S,
        "planned_at": NOW - S,
        "duration_ms": 10_000,
    }
    return Delivery(**{**facts, **changes})  # type: ignore[arg-type]


def ruling(verdict: Verdict, reason: str | None = None, seconds: int = 0) -> Ruling:
    return Ruling(verdict=verdict, at=NOW + seconds * S, source=Source.RECEIPT, reason=reason)


def test_every_verdict_that_stood_is_kept_and_the_newest_is_the_verdict(store: Ground) -> None:
    store.write(deliveries.plan, (delivery(),))
    missed = replace(delivery(), ruling=ruling(Verdict.MISSED, "no_receipt", 130))
    store.write(deliveries.save, (missed,))
    store.write(deliveries.save, (missed,))
    aired = replace(
        delivery(), started_at=NOW, finished_at=NOW + 10 * S, ruling=ruling(Verdict.AIRED_LATE, seconds=900)
    )
    store.write(deliveries.save, (aired,))
    heard = replace(aired, heard=Heard.NO, heard_at=NOW)
    store.write(deliveries.save, (heard,))
    assert store.read(deliveries.find, [heard.key]) == {heard.key: heard}
    past = store.read(deliveries.rulings, heard.key)
    assert [(p.ruling.verdict, p.heard) for p in past] == [
        (Verdict.MISSED, Heard.UNKNOWN),
        (Verdict.AIRED_LATE, Heard.UNKNOWN),
        (Verdict.AIRED_LATE, Heard.NO),
    ]
    for sql in ("DELETE FROM verdict", "UPDATE verdict SET verdict = 'aired'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            store.write(deliveries.Conn.execute, sql)


@pytest.mark.parametrize(
    "back",
    [
        {"ruling": ruling(Verdict.MISSED, "no_receipt")},
        {"ruling": None},
        {"started_at": None},
        {"accepted_at": None},
        {"heard": Heard.UNKNOWN},
        {"revision": 0},
    ],
)
def test_a_delivery_goes_forward_only(store: Ground, back: dict[str, object]) -> None:
    done = delivery(
        accepted_at=NOW,
        started_at=NOW,
        finished_at=NOW,
        heard=Heard.YES,
        ruling=ruling(Verdict.AIRED),
        revision=1,
    )
    store.write(deliveries.save, (done,))
    with pytest.raises(sqlite3.IntegrityError, match="forward only"):
        store.write(deliveries.save, (replace(done, **back),))  # type: ignore[arg-type]
    assert store.read(deliveries.find, [done.key])[done.key] == done
    with pytest.raises(sqlite3.IntegrityError, match="past stays"):
        store.write(deliveries.Conn.execute, "DELETE FROM delivery")


def test_a_verdict_without_a_reason_is_refused_where_one_is_owed(store: Ground) -> None:
    for verdict in (Verdict.MISSED, Verdict.REFUSED):
        with pytest.raises(sqlite3.IntegrityError):
            store.write(deliveries.save, (delivery(ruling=ruling(verdict)),))


def test_a_new_plan_moves_what_was_not_heard_and_nothing_else(store: Ground) -> None:
    begun = delivery(1, started_at=NOW, revision=1)
    store.write(deliveries.save, (delivery(0), begun, delivery(2, ruling=ruling(Verdict.CANCELLED))))
    later = {"due_at": NOW + 60 * S, "ends_at": NOW + 70 * S, "revision": 2}
    store.write(deliveries.plan, (delivery(k, **later) for k in range(3)))
    due = [d.due_at for d in store.read(deliveries.of_subject, "occ")]
    assert due == [NOW + 60 * S, NOW, NOW]
    store.write(deliveries.plan, (delivery(0, revision=1),))
    assert store.read(deliveries.of_subject, "occ")[0].revision == 2
    assert store.write(deliveries.drop_untouched, "occ") == 1


def test_a_plan_for_a_whole_ground_says_the_same_as_one_for_each_node(store: Ground) -> None:
    one_by_one = tuple(delivery(k) for k in range(3))
    store.write(deliveries.plan_alike, one_by_one[0], {one.node: one.area for one in one_by_one})
    assert store.read(deliveries.of_subject, "occ") == one_by_one
    store.write(deliveries.save, (replace(one_by_one[1], started_at=NOW),))
    later = delivery(0, due_at=NOW + S, revision=2)
    store.write(deliveries.plan_alike, later, {one.node: one.area for one in one_by_one})
    assert [one.due_at - NOW for one in store.read(deliveries.of_subject, "occ")] == [S, 0 * S, S]


def test_a_day_is_seen_by_branch_and_the_overdue_by_time(store: Ground) -> None:
    store.write(deliveries.plan, (delivery(k) for k in range(3)))
    nodes_of_one = [d.node for d in store.read(deliveries.of_branch, ONE, NOW, NOW + S)]
    assert nodes_of_one == ["n0", "n1"]
    assert [d.node for d in store.read(deliveries.of_branch, OTHER, NOW, NOW + S)] == ["n2"]
    assert store.read(deliveries.of_branch, ONE, NOW + S, NOW + 2 * S) == ()
    assert [d.key for d in store.read(deliveries.of_node, NodeId("n1"), NOW, NOW + S)] == [("occ", 0, "n1")]
    assert store.read(deliveries.next_end) == NOW + 10 * S
    assert store.read(deliveries.overdue, NOW + 9 * S) == ()
    assert len(store.read(deliveries.overdue, NOW + 10 * S)) == 3
    store.write(deliveries.save, (delivery(0, ruling=ruling(Verdict.MISSED, "offline")),))
    assert [d.node for d in store.read(deliveries.overdue, NOW + 10 * S)] == ["n1", "n2"]
    assert [d.node for d in store.read(deliveries.open_after, "occ")] == ["n1", "n2"]


def receipt(seq: int, kind: ReceiptKind = ReceiptKind.STARTED) -> Receipt:
    return Receipt(
        seq=seq,
        kind=kind,
        at=NOW,
        occurrence=WireOccurrence("occ"),
        clip=None,
        code="E_X",
        late_ms=-3,
        topic="t",
    )


def test_a_receipt_is_kept_once_however_often_it_is_sent(store: Ground) -> None:
    node, other = NodeId("n0"), NodeId("n1")
    first = store.write(
        receipts.insert_new, [(node, receipt(1)), (node, receipt(2)), (node, receipt(1))], NOW
    )
    assert [r.seq for _, r in first] == [1, 2]
    same = receipt(4)
    assert len(store.write(receipts.insert_new, [(NodeId("n2"), same), (NodeId("n2"), same)], NOW)) == 1
    again = store.write(
        receipts.insert_new, [(node, receipt(2)), (other, receipt(2)), (node, receipt(3))], NOW
    )
    assert [(n, r.seq) for n, r in again] == [("n0", 3), ("n1", 2)]
    assert store.read(receipts.through, node) == 3
    assert store.read(receipts.through, other) == 0, "1 has not come yet"
    assert store.read(receipts.of_node, node)[0] == receipt(3)
    assert store.read(receipts.count) == 5


def test_what_a_node_has_lost_is_not_waited_for(store: Ground) -> None:
    node = NodeId("n0")
    store.write(receipts.insert_new, [(node, receipt(8)), (node, receipt(9))], NOW)
    assert store.read(receipts.through, node) == 0
    assert store.write(receipts.skip_to, node, 7) == 9
    assert store.write(receipts.skip_to, node, 2) == 9


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_order_of_repeats_and_losses_keeps_each_receipt_once(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    rng = random.Random(seed)
    with ground(tmp_path_factory.mktemp("road")) as store:
        given_back: list[tuple[str, int]] = []
        sent: set[tuple[str, int]] = set()
        for _ in range(12):
            batch = [
                (NodeId(rng.choice("ab")), receipt(rng.randint(1, 12))) for _ in range(rng.randint(0, 10))
            ]
            sent |= {(node, r.seq) for node, r in batch}
            given_back += [(node, r.seq) for node, r in store.write(receipts.insert_new, batch, NOW)]
        assert sorted(given_back) == sorted(sent)
        for node in "ab":
            gap = next(k for k in range(1, 14) if (node, k) not in sent)
            assert store.read(receipts.through, NodeId(node)) == gap - 1
