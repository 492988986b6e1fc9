"""Alerts in the store: forward only, their words beside them, their reach counted node by node."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.store import alerts, clips, deliveries, nodes
from controller.store.alerts import AlertKind, AlertPhase, AlertRow, AlertWords, Part, VillageReach
from controller.store.clips import ClipFacts
from controller.store.deliveries import Delivery, Kind, Ruling, Source, Verdict
from controller.store.nodes import Node
from controller.store.sounds import RenderState, Sound
from devices.messages import AlertId, Heard, Mode, NodeId
from tests.support.store_ground import (
    APPROVER,
    NOW,
    ONE,
    ONE_A,
    ONE_B,
    OPERATOR,
    OTHER,
    PROVINCE,
    Ground,
    ground,
)

CLIP = ClipFacts(sha256="d" * 64, bytes=9, duration_ms=9000, lufs=-16.0, peak_dbfs=-1.5, engine="stub")
M = timedelta(minutes=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as opened:
        yield opened


def alert(name: str = "w1", **changes: Any) -> AlertRow:
    facts: dict[str, Any] = {
        "id": AlertId(name),
        "kind": AlertKind.ALERT,
        "area": PROVINCE,
        "issuer_level": "province",
        "hazard": "flood",
        "level": 3,
        "mode": Mode.ACTUAL,
        "tone": "flood3",
        "headline": "Lũ khẩn cấp",
        "text": "Nước lên nhanh. Bà con lên chỗ cao ngay.",
        "words": {
            Part.ALL_CLEAR: AlertWords(text="Báo yên."),
            Part.CORRECTION: AlertWords(text="Đính chính."),
            Part.WORDS: AlertWords(
                text="Nước lên nhanh.", sound=Sound(state=RenderState.WAITING, wanted="w")
            ),
        },
        "targets": (ONE, OTHER),
        "phase": AlertPhase.DRAFT,
        "scope_hash": "scope",
        "people": 39_000,
        "rounds": 3,
        "every_ms": 7_200_000,
        "volume": 100,
        "drafted_by": OPERATOR.id,
        "drafted_at": NOW,
        "ends_at": NOW + 60 * M,
    }
    return AlertRow(**{**facts, **changes})


def test_an_alert_comes_back_as_it_was_through_its_whole_life(store: Ground) -> None:
    draft = alert()
    store.write(alerts.add, draft)
    assert store.read(alerts.get, draft.id) == draft
    pending = replace(draft, phase=AlertPhase.PENDING_SECOND)
    active = replace(pending, phase=AlertPhase.ACTIVE, issued_at=NOW + M, second_by=APPROVER.id)
    ended = replace(active, phase=AlertPhase.ENDED)
    for state in (pending, active, ended):
        store.write(alerts.save, state)
        assert store.read(alerts.get, draft.id) == state
    store.write(alerts.save_broker_ms, draft.id, 3.5)
    store.write(alerts.save_broker_ms, draft.id, 99.0)
    kept = store.read(alerts.get, draft.id)
    assert kept is not None
    assert kept.broker_ms == 3.5


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (AlertPhase.CANCELLED, AlertPhase.ACTIVE),
        (AlertPhase.ENDED, AlertPhase.ACTIVE),
        (AlertPhase.REFUSED, AlertPhase.ACTIVE),
        (AlertPhase.ACTIVE, AlertPhase.DRAFT),
        (AlertPhase.ACTIVE, AlertPhase.PENDING_SECOND),
    ],
)
def test_an_alert_that_is_over_does_not_come_back(
    store: Ground, was: AlertPhase, becomes: AlertPhase
) -> None:
    over = {"cancelled_by": OPERATOR.id, "cancelled_at": NOW} if was is AlertPhase.CANCELLED else {}
    before = alert(phase=was, issued_at=NOW, **over)
    store.write(alerts.add, before)
    after = replace(before, phase=becomes, cancelled_by=None, cancelled_at=None)
    with pytest.raises(sqlite3.IntegrityError, match="forward only"):
        store.write(alerts.save, after)


@pytest.mark.promise("P11")
@pytest.mark.parametrize(("was", "becomes"), [(Mode.EXERCISE, Mode.ACTUAL), (Mode.ACTUAL, Mode.EXERCISE)])
def test_a_drill_never_becomes_live_nor_live_a_drill(store: Ground, was: Mode, becomes: Mode) -> None:
    store.write(alerts.add, alert(mode=was))
    with pytest.raises(sqlite3.IntegrityError, match="drill"):
        store.write(alerts.save, alert(mode=becomes))


@pytest.mark.promise("P14")
def test_the_second_person_is_never_the_first(store: Ground) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        store.write(alerts.add, alert(second_by=OPERATOR.id))


@pytest.mark.promise("P12")
def test_an_alert_without_a_target_cannot_be_written(store: Ground) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        store.write(alerts.add, alert(targets=()))


def test_an_areas_document_lists_what_is_in_force_or_cancelled_before_its_end(store: Ground) -> None:
    cancelled = {"phase": AlertPhase.CANCELLED, "cancelled_by": OPERATOR.id, "cancelled_at": NOW + M}
    for row in (
        alert("draft"),
        alert("waiting", phase=AlertPhase.PENDING_SECOND),
        alert("on", phase=AlertPhase.ACTIVE, issued_at=NOW + M),
        alert("off", issued_at=NOW, **cancelled),
        alert("never", **cancelled),
        alert("past", phase=AlertPhase.ACTIVE, issued_at=NOW, ends_at=NOW + M),
        alert("else", phase=AlertPhase.ACTIVE, issued_at=NOW, targets=(OTHER,)),
    ):
        store.write(alerts.add, row)
    at = NOW + 2 * M
    assert [a.id for a in store.read(alerts.in_document, ONE, at)] == ["off", "on"]
    assert {a.id for a in store.read(alerts.running)} == {"on", "past", "else"}
    assert [a.id for a in store.read(alerts.to_end, at)] == ["past"]
    assert store.read(alerts.next_end) == NOW + M
    assert "draft" not in {a.id for a in store.read(alerts.newest, PROVINCE)}
    assert {a.id for a in store.read(alerts.newest, ONE)} == {"waiting", "on", "off", "never", "past"}


def test_words_are_rendered_before_what_may_have_to_be_said(store: Ground) -> None:
    waiting = Sound(state=RenderState.WAITING, wanted="w")
    words = {part: AlertWords(text=part.value, sound=waiting) for part in reversed(Part)}
    store.write(alerts.add, alert("one", words=words))
    store.write(alerts.add, alert("two", words=words, drafted_at=NOW + M))
    todo = [(a, part) for a, part, _ in store.read(alerts.to_render)]
    assert todo[:2] == [("one", Part.WORDS), ("two", Part.WORDS)]
    store.write(clips.save, CLIP, NOW)
    ready = Sound(state=RenderState.READY, wanted="w", clip=CLIP.sha256, duration_ms=9000)
    store.write(alerts.save_sound, AlertId("one"), Part.WORDS, ready)
    kept = store.read(alerts.get, AlertId("one"))
    assert kept is not None
    assert kept.words[Part.WORDS].sound == ready
    assert len(store.read(alerts.to_render)) == 5


def test_previews_that_nobody_fired_are_cleared_away(store: Ground) -> None:
    store.write(alerts.add, alert("old"))
    store.write(alerts.add, alert("fired", phase=AlertPhase.ACTIVE, issued_at=NOW))
    assert store.write(alerts.forget_drafts, NOW + M) == 1
    assert store.read(alerts.get, AlertId("old")) is None
    assert store.read(alerts.get, AlertId("fired")) is not None


def test_reach_counts_every_node_once_over_all_rounds(store: Ground) -> None:
    for k in range(6):
        area = ONE_A if k < 4 else ONE_B
        store.write(nodes.register, Node(id=NodeId(f"n{k}"), name="x", area=area, public_key=f"k{k}"), NOW)

    def round_of(k: int, number: int = 0, **changes: Any) -> Delivery:
        facts: dict[str, Any] = {
            "kind": Kind.ALERT,
            "subject": "w1",
            "round": number,
            "node": NodeId(f"n{k}"),
            "area": ONE_A if k < 4 else ONE_B,
            "due_at": NOW,
            "ends_at": NOW + M,
            "planned_at": NOW,
            "duration_ms": 9000,
        }
        return Delivery(**{**facts, **changes})

    done: dict[str, Any] = {"accepted_at": NOW, "started_at": NOW, "finished_at": NOW}
    refused = Ruling(verdict=Verdict.REFUSED, at=NOW, source=Source.RECEIPT, code="E_LOCKED")
    store.write(
        deliveries.save,
        (
            round_of(0, heard=Heard.YES, **done),
            round_of(0, 1, accepted_at=NOW, started_at=NOW),
            round_of(1, heard=Heard.NO, **done),
            round_of(2, accepted_at=NOW),
            round_of(3, ruling=refused),
            round_of(4),
            round_of(5, started_at=NOW),
        ),
    )
    assert store.read(alerts.reach, AlertId("w1")) == (
        VillageReach(
            area=ONE_A, nodes=4, accepted=3, sounding=1, finished=2, heard=1, unheard=1, refused=1, silent=0
        ),
        VillageReach(
            area=ONE_B, nodes=2, accepted=1, sounding=1, finished=0, heard=0, unheard=0, refused=0, silent=1
        ),
    )
