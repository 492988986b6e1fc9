"""A small run of each bench shows that the bench works; no time is asserted here."""

from typing import Any

import pytest

from bench import chunks, eight, fanout, mouth, province, receipts, recurrence
from bench.__main__ import table

FIELDS = {"name", "value", "unit", "baseline", "ratio", "goal", "met"}


def _sound(rows: list[dict[str, Any]]) -> None:
    """Every row is whole, was measured beside something, and claims no goal."""
    for row in rows:
        assert set(row) == FIELDS
        assert row["value"] > 0
        assert row["ratio"] > 0
        assert row["baseline"]
        assert row["met"] is None
    assert all(row["name"] in table(rows) for row in rows)


@pytest.mark.broker
def test_the_fan_out_reaches_every_node_of_a_small_town() -> None:
    rows = fanout.measure(quick=True)
    _sound(rows)
    assert f"last of {fanout.QUICK_NODES} horns" in rows[0]["name"]
    assert rows[0]["value"] >= next(row["value"] for row in rows if "p50" in row["name"])


@pytest.mark.broker
def test_every_receipt_of_a_small_run_becomes_durable() -> None:
    rows = receipts.measure(quick=True)
    _sound(rows)
    assert [row["unit"] for row in rows] == ["/s"] * 4


def test_a_goal_is_met_or_missed_only_by_a_whole_run() -> None:
    ears = fanout.Ears(seconds=(0.1, 0.3), cpu_s=0.01)
    slow = fanout.Ears(seconds=(0.1, 0.9), cpu_s=0.01)
    near = [fanout.Shot(nodes=ears, bare=ears, unverified=ears, broker_ms=5.0, octets=1)]
    far = [fanout.Shot(nodes=slow, bare=ears, unverified=ears, broker_ms=5.0, octets=1)]
    assert fanout.rows(near, 2, whole=True)[0]["met"] is True
    assert fanout.rows(far, 2, whole=True)[0]["met"] is False
    assert fanout.rows(far, 2, whole=False)[0]["met"] is None


def test_receipts_are_judged_by_the_report_of_many() -> None:
    live = receipts.Load(messages=10, receipts=1, durable_s=(1.0,), counted_s=(0.1,))
    many = receipts.Load(messages=10, receipts=40, durable_s=(1.0,), counted_s=(0.1,))
    assert [row["met"] for row in receipts.rows(live, whole=True)] == [None, None]
    assert [row["met"] for row in receipts.rows(many, whole=True)] == [True, None]


def test_a_small_run_of_the_recurrence_bench_finds_what_dateutil_finds() -> None:
    rows = recurrence.measure(quick=True)
    _sound(rows)
    assert "2,000 rules" in rows[0]["name"]
    assert "dateutil" in rows[0]["baseline"]


@pytest.mark.voice
def test_eight_bulletins_are_measured_beside_the_bare_engine() -> None:
    rows = eight.measure(quick=True)
    _sound(rows)
    assert len(rows) == 3


def test_eight_bulletins_have_no_sentence_in_common() -> None:
    sentences = [one for text in eight.orders(4.0) for one in text.split(". ")]
    assert len(eight.orders(4.0)) == eight.BULLETINS
    assert len(set(sentences)) == len(sentences)


def test_a_small_run_of_the_chunk_bench_lets_every_chunk_through_the_gate() -> None:
    rows = chunks.measure(quick=True)
    _sound(rows)
    assert [row["unit"] for row in rows] == ["µs", "µs", "B"]
    assert rows[2]["ratio"] < 0.7, "a JWS of the same packets is half as long again"


def test_a_small_province_planned_step_by_step_is_what_it_is_at_once() -> None:
    rows = province.measure(quick=True)
    _sound(rows)
    assert [row["unit"] for row in rows] == ["s", "s", "MB"]
    assert rows[1]["ratio"] < 1


@pytest.mark.broker
def test_a_few_clicks_at_the_mouth_are_heard_at_the_loudspeaker() -> None:
    rows = mouth.measure(quick=True)
    _sound(rows)
    assert [row["unit"] for row in rows] == ["ms"] * 3
    # the delay that somebody chose to listen beforehand is kept
    assert rows[1]["value"] - rows[0]["value"] > 2_500
