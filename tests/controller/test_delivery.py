"""The life of one delivery: verdicts from receipts, from waiting, and from what supersedes what."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.dispatch.plan.delivery import (
    PATIENCE,
    Dropped,
    Told,
    Waited,
    closes_at,
    step,
)
from controller.store.deliveries import Delivery, Kind, Source, Verdict
from devices.messages import Heard, NodeId, OccurrenceId, Receipt, ReceiptKind
from schedules.announcement import AreaCode

DUE = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
END = DUE + timedelta(minutes=11)
LATER = END + PATIENCE


def planned(**changes: object) -> Delivery:
    facts = {
        "kind": Kind.OCCURRENCE,
        "subject": "o1",
        "node": NodeId("n1"),
        "area": AreaCode("20005-01"),
        "due_at": DUE,
        "ends_at": END,
        "planned_at": DUE,
        "duration_ms": 60_000,
    }
    return Delivery(**{**facts, **changes})


def receipt(kind: ReceiptKind, **changes: object) -> Receipt:
    facts = {"seq": 1, "kind": kind, "at": DUE, "occurrence": OccurrenceId("o1"), "duration_ms": 60_000}
    return Receipt(**{**facts, **changes})


def finished(played_ms: int = 60_000, **changes: object) -> Told:
    return Told(receipt=receipt(ReceiptKind.FINISHED, played_ms=played_ms, **changes))


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (finished(), Verdict.AIRED),
        (finished(58_800), Verdict.AIRED),
        (finished(58_799), Verdict.PARTIAL),
        (finished(late_ms=60_000), Verdict.AIRED),
        (finished(late_ms=60_001), Verdict.AIRED_LATE),
        (finished(0, reason="late"), Verdict.MISSED),
        (finished(20_000, reason="stopped"), Verdict.CANCELLED),
        (finished(20_000, reason="preempted"), Verdict.PARTIAL),
        (Told(receipt=receipt(ReceiptKind.REFUSED, code="E_CONTENT")), Verdict.REFUSED),
        (Told(receipt=receipt(ReceiptKind.REFUSED, code="E_EXPIRED")), Verdict.EXPIRED),
    ],
)
@pytest.mark.promise("F03")
def test_each_end_has_its_one_verdict(told: Told, verdict: Verdict) -> None:
    after = step(planned(), told, DUE + timedelta(minutes=1))

    assert after.ruling is not None
    assert after.ruling.verdict is verdict
    assert after.delivery.ruling == after.ruling


def test_a_started_or_cached_delivery_has_no_verdict_yet() -> None:
    state = planned()
    for kind in (ReceiptKind.ACCEPTED, ReceiptKind.CACHED, ReceiptKind.STARTED):
        after = step(state, Told(receipt=receipt(kind)), DUE)
        state = after.delivery
        assert after.ruling is None
        assert after.wake_at == closes_at(state)

    assert state.accepted_at == state.cached_at == state.started_at == DUE


def test_the_auditor_waits_120_seconds_before_it_says_missed() -> None:
    assert step(planned(), Waited(), LATER - timedelta(seconds=1)).ruling is None

    after = step(planned(), Waited(), LATER)

    assert after.ruling is not None
    assert (after.ruling.verdict, after.ruling.reason) == (Verdict.MISSED, "no_receipt")


def test_the_auditor_says_offline_of_a_node_without_a_link() -> None:
    after = step(planned(), Waited(silent=True), LATER)

    assert after.ruling is not None
    assert (after.ruling.verdict, after.ruling.reason) == (Verdict.MISSED, "offline")


@pytest.mark.promise("F35")
def test_a_late_receipt_supersedes_what_the_auditor_said() -> None:
    missed = step(planned(), Waited(), LATER).delivery

    after = step(missed, finished(), LATER + timedelta(hours=3))

    assert after.ruling is not None
    assert after.ruling.verdict is Verdict.AIRED
    assert after.ruling.source is Source.RECEIPT


def test_the_same_receipt_again_rules_nothing_new() -> None:
    aired = step(planned(), finished(), DUE).delivery

    assert step(aired, finished(), DUE + timedelta(seconds=5)).ruling is None


def test_a_refused_second_copy_does_not_unsay_what_was_aired() -> None:
    aired = step(planned(), finished(), DUE).delivery
    second = Told(receipt=receipt(ReceiptKind.REFUSED, code="E_EXPIRED"))

    assert step(aired, second, DUE).delivery.ruling == aired.ruling


def test_heard_stands_apart_from_the_verdict() -> None:
    dead = step(planned(), finished(heard=Heard.NO), DUE).delivery

    assert dead.heard is Heard.NO
    assert dead.ruling is not None
    assert dead.ruling.verdict is Verdict.AIRED


def test_what_was_withdrawn_before_it_began_is_cancelled_and_what_began_is_not() -> None:
    began = step(planned(), Told(receipt=receipt(ReceiptKind.STARTED)), DUE).delivery

    ruling = step(planned(), Dropped(reason="withdrawn"), DUE).ruling
    assert ruling is not None
    assert ruling.verdict is Verdict.CANCELLED
    assert step(began, Dropped(reason="withdrawn"), DUE).ruling is None


@given(
    st.lists(
        st.one_of(
            st.sampled_from(list(ReceiptKind)).flatmap(
                lambda kind: st.builds(
                    lambda played, late, code: Told(
                        receipt=receipt(kind, played_ms=played, late_ms=late, code=code, reason=code)
                    ),
                    st.integers(0, 70_000),
                    st.integers(-1000, 200_000),
                    st.sampled_from([None, "E_EXPIRED", "E_CONTENT", "stopped"]),
                )
            ),
            st.builds(Waited, silent=st.booleans()),
            st.just(Dropped(reason="withdrawn")),
        ),
        max_size=12,
    )
)
def test_under_any_history_a_closed_delivery_has_exactly_one_verdict(history: list[object]) -> None:
    state, now = planned(), DUE
    for happened in history:
        now += timedelta(seconds=30)
        before = state
        state = step(state, happened, now).delivery
        assert before.ruling is None or state.ruling is not None
        assert before.finished_at is None or state.finished_at is not None

    assert step(state, Waited(), LATER + timedelta(hours=1)).delivery.ruling is not None
