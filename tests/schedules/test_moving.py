"""One airing of a repeated item moved: its name stays, its revision grows, the approval stands."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from schedules.approval import edit, is_approved
from schedules.errors import Refused
from schedules.explain import explain
from schedules.feed import announcement_events, write_feed
from schedules.holidays import statutory
from schedules.moving import airing_on, move, move_back
from schedules.recurrence import NextSession, Weekly, timing_from_json, timing_to_json
from schedules.rule import Rule
from schedules.skipping import airings, skip, unskip
from tests.schedules.cast import MONDAY, TENANT, approved, at, days, draft, planned

HOLIDAYS = statutory()
NOON = Weekly(at=time(12), days=frozenset({0, 2, 4}), first=MONDAY, last=MONDAY + timedelta(days=28))
ITEM = approved(timing=NOON)
WEDNESDAY = date(2026, 11, 25)
THURSDAY = date(2026, 11, 26)


def test_a_moved_airing_keeps_its_name_and_has_a_higher_revision_than_the_others() -> None:
    moved = move(ITEM, WEDNESDAY, THURSDAY, time(9, 30), at(6), HOLIDAYS)
    assert is_approved(moved)
    assert moved.approval is not None
    assert ITEM.approval is not None
    assert (moved.approval.by, moved.approval.approved_at) == (ITEM.approval.by, ITEM.approval.approved_at)
    assert moved.revision == ITEM.revision
    before = {o.recurrence_at: o for o in planned(ITEM, window=days(7)).occurrences}
    after = {o.recurrence_at: o for o in planned(moved, window=days(7)).occurrences}
    assert [(o.id, o.recurrence_at) for o in before.values()] == [(after[key].id, key) for key in before]
    one = after[at(12, day=2)]
    assert (one.due_at, one.revision) == (at(9, 30, day=3), 2)
    assert {o.revision for key, o in after.items() if key != at(12, day=2)} == {1}


def test_moved_back_it_is_a_newer_revision_still_so_that_nodes_follow() -> None:
    moved = move(ITEM, WEDNESDAY, WEDNESDAY, time(15), at(6), HOLIDAYS)
    again = move_back(moved, WEDNESDAY, at(6), HOLIDAYS)
    (one,) = (o for o in planned(again, window=days(7)).occurrences if o.recurrence_at == at(12, day=2))
    assert (one.due_at, one.revision) == (at(12, day=2), 3)
    with pytest.raises(Refused) as raised:
        move_back(again, WEDNESDAY, at(6), HOLIDAYS)
    assert raised.value.code == "E_STATE"


def test_an_edit_is_newer_than_every_move_before_it() -> None:
    moved = move(ITEM, WEDNESDAY, WEDNESDAY, time(15), at(6), HOLIDAYS)
    assert edit(moved, ITEM.author, {"title": "Khác"}, at(7)).revision == 3
    assert edit(ITEM, ITEM.author, {"title": "Khác"}, at(7)).revision == 2


@pytest.mark.parametrize(
    ("item", "day", "to", "wall", "now", "code"),
    [
        (ITEM, date(2026, 11, 24), THURSDAY, time(9), at(6), "E_STATE"),
        (ITEM, MONDAY, THURSDAY, time(9), at(12), "E_STATE"),
        (skip(ITEM, WEDNESDAY, at(6), HOLIDAYS), WEDNESDAY, THURSDAY, time(9), at(6), "E_STATE"),
        (draft(timing=NOON), WEDNESDAY, THURSDAY, time(9), at(6), "E_STATE"),
        (approved(timing=NextSession()), WEDNESDAY, THURSDAY, time(9), at(6), "E_STATE"),
        (ITEM, WEDNESDAY, MONDAY, time(6), at(6), "E_PAST"),
        (ITEM, WEDNESDAY, date(2027, 6, 1), time(9), at(6), "E_OUTSIDE"),
        (
            approved(timing=NOON, expires_at=at(0, day=60)),
            WEDNESDAY,
            date(2026, 12, 27),
            time(9),
            at(6),
            "E_WINDOW",
        ),
        (ITEM, WEDNESDAY, date(2026, 11, 27), time(12), at(6), "E_DOUBLE"),
    ],
)
def test_what_can_not_be_moved_there_is_refused_by_its_code(item, day, to, wall, now, code) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as raised:
        move(item, day, to, wall, now, HOLIDAYS)
    assert raised.value.code == code


def test_a_moved_airing_can_be_left_out_and_comes_back_where_it_was_moved_to() -> None:
    moved = move(ITEM, WEDNESDAY, THURSDAY, time(9, 30), at(6), HOLIDAYS)
    left = skip(moved, WEDNESDAY, at(7), HOLIDAYS)
    assert at(12, day=2) not in {o.recurrence_at for o in planned(left, window=days(7)).occurrences}
    assert airing_on(left, WEDNESDAY, at(7), HOLIDAYS) is None
    assert timing_from_json(timing_to_json(left.timing)) == left.timing
    back = unskip(left, WEDNESDAY, at(7), HOLIDAYS)
    found = airing_on(back, WEDNESDAY, at(7), HOLIDAYS)
    assert found is not None
    assert (found.at, found.usual_at) == (at(9, 30, day=3), at(12, day=2))


def test_calendar_programs_see_the_moved_instance_under_its_original_instant() -> None:
    moved = move(ITEM, WEDNESDAY, THURSDAY, time(9, 30), at(6), HOLIDAYS)
    feed = write_feed("Quảng Điền", announcement_events(TENANT, moved, timedelta(minutes=1), days(7)), at(6))
    rule, one = Calendar.from_ical(feed).walk("VEVENT")
    assert "RRULE" in rule
    assert one["RECURRENCE-ID"].dt == at(12, day=2)
    assert (one["DTSTART"].dt, one["SEQUENCE"]) == (at(9, 30, day=3), 1)
    assert one["UID"] == rule["UID"]


def test_the_plan_says_in_words_that_it_was_moved() -> None:
    moved = move(ITEM, WEDNESDAY, THURSDAY, time(9, 30), at(6), HOLIDAYS)
    for item, said in ((moved, ["lặp lại", "được dời sang giờ này", "lặp lại"]), (ITEM, ["lặp lại"] * 3)):
        plan = planned(item, window=days(7))
        told = explain(plan, {item.id: item}, ())
        assert all(words in one.vi for words, one in zip(said, told, strict=True))


def test_what_was_never_moved_keeps_the_bytes_that_were_approved() -> None:
    moved = move(ITEM, WEDNESDAY, THURSDAY, time(9, 30), at(6), HOLIDAYS).timing
    assert isinstance(moved, Rule)
    said = timing_to_json(moved)["moved"]
    assert said == [{"day": "2026-11-25", "to": "2026-11-26", "at": "09:30:00", "times": 1}]
    written = replace(moved, moved=tuple(replace(one, times=0) for one in moved.moved))
    assert timing_to_json(written)["moved"] == [{"day": "2026-11-25", "to": "2026-11-26", "at": "09:30:00"}]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(5, 20)), max_size=8))
def test_however_often_it_is_moved_each_name_is_heard_once_and_revisions_only_grow(
    moves: list[tuple[int, int, int]],
) -> None:
    item = ITEM
    whole = [o.id for o in planned(ITEM, window=days(40)).occurrences]
    seen = dict.fromkeys(whole, 1)
    for which, later, hour in moves:
        shown = sorted(airings(item, at(6), HOLIDAYS), key=lambda one: one.usual_at)
        day = shown[which].day
        with suppress(Refused):
            item = move(item, day, day + timedelta(days=later), time(hour, 7), at(6), HOLIDAYS)
        now = {o.id: o.revision for o in planned(item, window=days(40)).occurrences}
        assert sorted(now) == sorted(whole)
        assert all(now[one] >= seen[one] for one in whole)
        seen = now
