"""Sessions' days and blocks as JSON: strict, and every refusal names its exact field."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.announcement import AnnouncementId
from schedules.blocks import Block, Part
from schedules.errors import TimingRefused
from schedules.lunar_pattern import LunarMonthly
from schedules.session import Fixed, Season, SessionDay
from schedules.session_json import (
    blocks_from_json,
    blocks_to_json,
    session_days_to_json,
    with_session_days,
)
from tests.schedules.cast import MONDAY, at, session
from tests.schedules.test_rule import PATTERNS

CLOCKS = st.times().map(lambda wall: wall.replace(microsecond=0))
SEASONS = st.builds(
    Season, month=st.integers(1, 12), day=st.integers(1, 28), start=CLOCKS, name=st.text(max_size=9)
)
ITEMS = st.lists(st.text(max_size=8).map(AnnouncementId), max_size=3).map(tuple)
FIXED = st.lists(st.builds(Fixed, item=st.text(max_size=8).map(AnnouncementId), at=CLOCKS), max_size=2).map(
    tuple
)
LENGTHS = st.none() | st.integers(1, 3600).map(lambda seconds: timedelta(seconds=seconds))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.none() | PATTERNS,
    st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.lists(SEASONS, max_size=4).map(tuple),
    st.lists(
        st.builds(
            SessionDay,
            day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
            skipped=st.booleans(),
            start=st.none() | CLOCKS,
            cap=LENGTHS,
            items=st.none() | ITEMS,
            fixed=st.none() | FIXED,
            left_out=ITEMS,
        ),
        max_size=3,
    ).map(tuple),
    FIXED,
)  # fmt: skip
def test_the_days_of_a_session_survive_their_json(
    pattern: Any, first: Any, seasons: Any, changes: Any, fixed: Any
) -> None:
    blocks = (Block(id="b", part=Part.RELAY, length=timedelta(minutes=1)),)
    whole = replace(
        session(),
        pattern=pattern,
        first=first,
        seasons=seasons,
        changes=changes,
        fixed=fixed,
        blocks=blocks,
        since=at(6),
    )
    assert with_session_days(session(), session_days_to_json(whole)) == whole


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(
        st.builds(
            Block,
            id=st.text(max_size=9),
            part=st.sampled_from(Part),
            items=ITEMS,
            length=LENGTHS,
            hard_start=st.none() | CLOCKS,
            until=st.none() | CLOCKS,
            record_at=st.none() | CLOCKS,
        ),
        max_size=4,
    ).map(tuple)
)
def test_blocks_survive_their_json(blocks: tuple[Block, ...]) -> None:
    assert blocks_from_json("blocks", blocks_to_json(blocks)) == blocks


def test_a_live_relay_is_written_as_before_there_were_recorded_ones() -> None:
    live = Block(id="b", part=Part.RELAY, length=timedelta(minutes=1))
    assert set(blocks_to_json((live,))[0]) == {"id", "part", "items", "length_s", "hard_start", "until"}
    assert blocks_to_json((replace(live, record_at=time(18)),))[0]["record_at"] == "18:00:00"


FULL = replace(
    session(),
    pattern=LunarMonthly(days=(1,)),
    first=MONDAY,
    seasons=(Season(month=4, day=16, start=time(4, 45)),),
    changes=(SessionDay(day=MONDAY),),
    fixed=(Fixed(item=AnnouncementId("an-1"), at=time(5, 20)),),
)
DAYS: dict[str, Any] = session_days_to_json(FULL)
SEASON, CHANGE = DAYS["seasons"][0], DAYS["changes"][0]
BLOCK = blocks_to_json((Block(id="b", part=Part.RELAY, length=timedelta(minutes=1)),))[0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pattern": {"kind": "moon"}}, "session.pattern.kind"),
        ({"first": "2026-02-30"}, "session.first"),
        ({"seasons": [SEASON] * 5}, "session.seasons"),
        ({"seasons": [{**SEASON, "month": 13}]}, "session.seasons[0].month"),
        ({"seasons": [{**SEASON, "month": 2, "day": 29}]}, "session.seasons[0].day"),
        ({"seasons": [{**SEASON, "start": "24:00"}]}, "session.seasons[0].start"),
        ({"changes": [{**CHANGE, "day": None}]}, "session.changes[0].day"),
        ({"changes": [{**CHANGE, "skipped": 1}]}, "session.changes[0].skipped"),
        ({"changes": [{**CHANGE, "cap_s": 0}]}, "session.changes[0].cap_s"),
        ({"changes": [{**CHANGE, "items": [3]}]}, "session.changes[0].items[0]"),
        ({"changes": [{**CHANGE, "left_out": None}]}, "session.changes[0].left_out"),
        ({"fixed": [{"item": "an-1", "at": "25:00"}]}, "session.fixed[0].at"),
        ({"blocks": 3}, "session.blocks"),
        ({"since": "2026-11-23"}, "session.since"),
        ({"when": 1}, "session.when"),
    ],
)
def test_nonsense_about_days_is_refused_with_the_exact_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(TimingRefused) as raised:
        with_session_days(session(), {**DAYS, **change})
    assert raised.value.fault.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"part": "music"}, "blocks[0].part"),
        ({"id": 3}, "blocks[0].id"),
        ({"items": None}, "blocks[0].items"),
        ({"length_s": 90_000}, "blocks[0].length_s"),
        ({"until": "5:00"}, "blocks[0].until"),
        ({"volume": 3}, "blocks[0].volume"),
    ],
)
def test_nonsense_about_blocks_is_refused_with_the_exact_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(TimingRefused) as raised:
        blocks_from_json("blocks", [{**BLOCK, **change}])
    assert raised.value.fault.field == field
