"""Sessions as blocks: hard and soft starts, fill-until, the estimate against the cap, and reordering."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.announcement import AnnouncementId
from schedules.block_rules import block_faults
from schedules.blocks import (
    Block,
    Layout,
    Part,
    customary,
    lay_out,
    moved,
    reordered,
)
from schedules.calendar import local
from schedules.errors import Refused
from tests.schedules.cast import at

MINUTE = timedelta(minutes=1)
SECONDS = {"tune": 20, "bye": 10, "long": 600, "news": 179, "song": 59, "half": 30.5}
LENGTHS = {AnnouncementId(name): timedelta(seconds=seconds) for name, seconds in SECONDS.items()}


def block(part: Part, *items: str, **facts: object) -> Block:
    known = {"id": part.value, "part": part, "items": tuple(AnnouncementId(i) for i in items), **facts}
    return Block(**known)  # type: ignore[arg-type]


OPENING, CLOSING = block(Part.OPENING, "tune"), block(Part.CLOSING, "bye")
COMMUNE = block(Part.COMMUNE, "news", "half")


def shown(layout: Layout) -> list[str]:
    return [f"{local(one.at):%H:%M:%S} {one.item or 'relay'}" for one in layout.sounds]


def test_soft_blocks_follow_one_another_with_a_breath() -> None:
    layout = lay_out((OPENING, COMMUNE, CLOSING), at(5), LENGTHS)
    # half a second over the full second: the next begins on a whole one
    assert shown(layout) == ["05:00:00 tune", "05:00:21 news", "05:03:21 half", "05:03:53 bye"]
    assert layout.total == timedelta(minutes=4, seconds=3)
    assert (layout.left_out, layout.over) == ((), timedelta())


def test_a_hard_start_waits_and_what_does_not_fit_before_it_is_left_out() -> None:
    relay = block(Part.RELAY, hard_start=time(5, 5), length=10 * MINUTE)
    early = lay_out((OPENING, COMMUNE, relay, CLOSING), at(5), LENGTHS)
    assert shown(early)[-2:] == ["05:05:00 relay", "05:15:01 bye"]
    crowded = block(Part.COMMUNE, "news", "long", "half")
    late = lay_out((OPENING, crowded, relay), at(5), LENGTHS)
    assert shown(late) == ["05:00:00 tune", "05:00:21 news", "05:03:21 half", "05:05:00 relay"]
    assert [(one.item, one.code) for one in late.left_out] == [("long", "E_BORDER")]


def test_a_filler_fills_until_its_time_and_never_beyond() -> None:
    filler = block(Part.FILLER, "song", until=time(5, 4))
    layout = lay_out((OPENING, filler, CLOSING), at(5), LENGTHS)
    assert shown(layout) == [
        "05:00:00 tune", "05:00:21 song", "05:01:21 song", "05:02:21 song", "05:03:21 bye",
    ]  # fmt: skip
    to_hard = lay_out(
        (block(Part.FILLER, "song"), block(Part.COMMUNE, "news", hard_start=time(5, 3))), at(5), LENGTHS
    )
    assert shown(to_hard) == ["05:00:00 song", "05:01:00 song", "05:02:00 song", "05:03:00 news"]
    # with nothing to fill until, it is said once
    assert shown(lay_out((block(Part.FILLER, "song"),), at(5), LENGTHS)) == ["05:00:00 song"]


def test_a_relay_lasts_until_its_time_or_is_cut_by_what_must_begin() -> None:
    until = lay_out((OPENING, block(Part.RELAY, until=time(5, 30))), at(5), LENGTHS)
    assert until.total == 30 * MINUTE
    cut = lay_out(
        (block(Part.RELAY, length=timedelta(hours=1)), block(Part.COMMUNE, "news", hard_start=time(5, 20))),
        at(5),
        LENGTHS,
    )
    assert [one.length for one in cut.sounds] == [20 * MINUTE, timedelta(seconds=179)]
    over_midnight = lay_out((block(Part.RELAY, until=time(0, 10)),), at(23, 50), LENGTHS)
    assert over_midnight.total == 20 * MINUTE


def test_the_estimate_says_by_how_much_the_cap_is_passed_and_the_plan_keeps_it() -> None:
    blocks = (OPENING, block(Part.COMMUNE, "long", "news"))
    estimate = lay_out(blocks, at(5), LENGTHS, 10 * MINUTE, enforce=False)
    assert (estimate.total, estimate.over) == (timedelta(seconds=801), timedelta(seconds=201))
    kept = lay_out(blocks, at(5), LENGTHS, 10 * MINUTE)
    assert (shown(kept), kept.over) == (["05:00:00 tune", "05:00:21 news"], timedelta())
    assert [one.item for one in kept.left_out] == ["long"]


def test_what_has_no_sound_yet_is_named() -> None:
    layout = lay_out((block(Part.COMMUNE, "unknown", "news"),), at(5), LENGTHS)
    assert [(one.item, one.code) for one in layout.left_out] == [("unknown", "E_NOT_RENDERED")]
    assert shown(layout) == ["05:00:00 news"]


# ── Order ─────────────────────────────────────────────────────────────────────────────────────────────────

DAY = (OPENING, block(Part.RELAY, length=MINUTE), block(Part.PROVINCE), COMMUNE, CLOSING)


def test_a_block_is_moved_and_the_others_close_up() -> None:
    assert [b.part for b in reordered(DAY, "commune", 1)][1:4] == [Part.COMMUNE, Part.RELAY, Part.PROVINCE]
    assert reordered(DAY, "commune", 3) == DAY
    assert customary(reversed(DAY)) == DAY


@pytest.mark.parametrize(
    ("name", "to"), [("commune", 0), ("commune", 4), ("opening", 1), ("closing", 3), ("x", 1), ("commune", 9)]
)
def test_nothing_passes_the_opening_or_the_closing(name: str, to: int) -> None:
    with pytest.raises(Refused) as raised:
        reordered(DAY, name, to)
    assert raised.value.code == "E_BLOCK"


@given(st.lists(st.integers(), min_size=1, max_size=8, unique=True), st.data())
def test_moving_loses_nothing_and_can_be_undone(things: list[int], data: st.DataObject) -> None:
    at_, to = (data.draw(st.integers(0, len(things) - 1)) for _ in range(2))
    found = moved(things, at_, to)
    assert sorted(found) == sorted(things)
    assert found[to] == things[at_]
    assert moved(found, to, at_) == tuple(things)


@pytest.mark.parametrize(
    ("blocks", "field", "code"),
    [
        ((COMMUNE, OPENING), "blocks[1].part", "E_BLOCK"),
        ((CLOSING, COMMUNE), "blocks[0].part", "E_BLOCK"),
        ((COMMUNE, COMMUNE), "blocks[1].id", "E_BLOCK"),
        ((block(Part.RELAY),), "blocks[0].length", "E_BLOCK"),
        ((block(Part.RELAY, length=timedelta()),), "blocks[0].length", "E_BLOCK"),
        (
            (block(Part.RELAY, length=MINUTE), block(Part.RELAY, id="again", length=MINUTE)),
            "blocks[1].part",
            "E_BLOCK",
        ),
        (tuple(block(Part.COMMUNE, id=f"b{n}") for n in range(31)), "blocks", "E_BLOCK"),
        ((block(Part.COMMUNE, record_at=time(4)),), "blocks[0].record_at", "E_BLOCK"),
        ((block(Part.RELAY, length=31 * MINUTE, record_at=time(4)),), "blocks[0].length", "E_BLOCK"),
        (
            (
                block(Part.RELAY, length=MINUTE, hard_start=time(6)),
                block(Part.COMMUNE, hard_start=time(5, 30)),
            ),
            "blocks[1].hard_start",
            "E_ORDER",
        ),
    ],
)
def test_an_impossible_order_is_refused_with_its_field(
    blocks: tuple[Block, ...], field: str, code: str
) -> None:
    assert [(f.field, f.code) for f in block_faults(blocks, time(5))] == [(field, code)]


def test_a_time_that_is_over_when_the_session_begins_holds_nothing_up() -> None:
    relay = block(Part.RELAY, hard_start=time(5, 5), length=10 * MINUTE)
    moved_day = lay_out((OPENING, relay, block(Part.COMMUNE, "news"), CLOSING), at(6), LENGTHS)
    assert shown(moved_day) == ["06:00:00 tune", "06:00:21 relay", "06:10:22 news", "06:13:22 bye"]
    over = lay_out((block(Part.RELAY, until=time(5, 30)), COMMUNE), at(6), LENGTHS)
    assert [(one.item, one.code) for one in over.left_out] == [(None, "E_CAP")]


def test_fixed_times_may_pass_midnight_in_order() -> None:
    late = (
        block(Part.RELAY, length=MINUTE, hard_start=time(23, 50)),
        block(Part.COMMUNE, hard_start=time(0, 10)),
    )
    assert block_faults(late, time(23)) == ()
    assert block_faults(DAY, time(5)) == ()


BLOCKS = st.lists(
    st.builds(
        Block,
        id=st.uuids().map(str),
        part=st.sampled_from(Part),
        items=st.lists(st.sampled_from((*LENGTHS, AnnouncementId("unknown"))), max_size=3).map(tuple),
        length=st.none() | st.integers(1, 900).map(lambda seconds: timedelta(seconds=seconds)),
        hard_start=st.none() | st.sampled_from((time(5, 2), time(5, 10), time(5, 30))),
        until=st.none() | st.sampled_from((time(5, 5), time(5, 20))),
    ),
    max_size=6,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(BLOCKS, st.none() | st.integers(1, 40), st.integers(0, 59))
def test_sounds_never_meet_keep_the_cap_and_the_order_of_the_blocks(
    blocks: list[Block], minutes: int | None, second: int
) -> None:
    cap = None if minutes is None else minutes * MINUTE
    start: datetime = at(5, 0, second)
    layout = lay_out(blocks, start, LENGTHS, cap)
    order = [block.id for block in blocks]
    for before, after in zip(layout.sounds, layout.sounds[1:], strict=False):
        assert before.end_at < after.at
        assert order.index(before.block) <= order.index(after.block)
    assert all(one.at >= start and one.length > timedelta() for one in layout.sounds)
    assert layout.over == timedelta()
    assert cap is None or layout.total <= cap
    assert layout == lay_out(blocks, start, LENGTHS, cap)
    # an item is heard or named, in every block but a filler
    for block_ in blocks:
        if block_.part not in (Part.FILLER, Part.RELAY):
            laid = [one.item for one in layout.sounds if one.block == block_.id]
            left = [one.item for one in layout.left_out if one.block == block_.id]
            assert sorted(map(str, laid + left)) == sorted(map(str, block_.items))
