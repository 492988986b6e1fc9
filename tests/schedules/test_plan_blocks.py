"""Sessions in the plan: an order by hand, days that are otherwise, relays, fillers and fixed times."""

from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.announcement import Announcement, AnnouncementId
from schedules.blocks import Block, Part
from schedules.calendar import Window, local
from schedules.explain import explain
from schedules.plan import Occurrence, Plan, plan
from schedules.recurrence import NextSession, Once
from schedules.session import (
    Fixed,
    Session,
    SessionDay,
    closing_id,
    is_relay,
    is_taped,
    opening_id,
    relay_id,
    run_on,
)
from tests.schedules.cast import (
    MONDAY,
    PROVINCE,
    QUIET,
    TENANT,
    TREE,
    A,
    approved,
    at,
    codes,
    days,
    planned,
    timetable,
)
from tests.schedules.cast import session as plain_session

MINUTE = timedelta(minutes=1)
ONE, TWO, THREE, SONG = (AnnouncementId(name) for name in ("an-1", "an-2", "an-3", "song"))


def session(name: str = "sang", **changes: Any) -> Session:
    return plain_session(name, **changes)


def waiting(*names: AnnouncementId) -> tuple[Announcement, ...]:
    """Items for the next session, approved in this order."""
    return tuple(
        approved(name, approved_at=at(20, n, day=-1), timing=NextSession()) for n, name in enumerate(names)
    )


def changed(**facts: Any) -> tuple[SessionDay, ...]:
    return (SessionDay(day=MONDAY, **facts),)


def order(plan: Plan) -> list[str]:
    return [o.item for o in plan.occurrences]


# ── By hand ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_hand_comes_first_and_what_is_approved_later_gets_in_behind_it() -> None:
    by_hand = session(changes=changed(items=(TWO, ONE)))
    assert order(planned(*waiting(ONE, TWO, THREE), sessions=(by_hand,))) == [TWO, ONE, THREE]
    standing = session(items=(TWO, ONE))
    assert order(planned(*waiting(ONE, TWO, THREE), sessions=(standing,))) == [TWO, ONE, THREE]


def test_what_is_put_off_that_day_is_heard_in_the_next_session() -> None:
    put_off = session(changes=changed(items=(TWO, ONE), left_out=(TWO,)))
    plan = planned(*waiting(ONE, TWO), sessions=(put_off,), window=days(2))
    assert timetable(plan) == {ONE: "23 05:00:00", TWO: "24 05:00:00"}


def test_what_the_hand_put_into_the_evening_is_not_taken_by_the_morning() -> None:
    evening = session("chieu", start=time(17), changes=changed(items=(ONE,)))
    plan = planned(*waiting(ONE, TWO), sessions=(session(), evening))
    assert timetable(plan) == {TWO: "23 05:00:00", ONE: "23 17:00:00"}
    assert plan.refusals == ()


def test_what_finds_no_room_on_its_day_is_never_lost_to_that_day() -> None:
    full = session("chieu", start=time(17), cap=MINUTE, changes=changed(items=(TWO, ONE)))
    plan = planned(*waiting(ONE, TWO), sessions=(session(), full), window=days(2))
    assert timetable(plan) == {TWO: "23 17:00:00", ONE: "24 05:00:00"}
    assert codes(plan) == {(ONE, "E_CAP")}


def test_what_a_commune_took_from_above_is_ordered_under_its_own_name() -> None:
    taken = approved(
        f"high@{A}", approved_at=at(20, 30, day=-1), timing=NextSession(), area=PROVINCE, targets=(A,)
    )
    by_hand = session(changes=changed(items=(AnnouncementId("high"), ONE)))
    assert order(planned(*waiting(ONE), taken, sessions=(by_hand,))) == [taken.id, ONE]
    put_off = session(changes=changed(left_out=(AnnouncementId("high"),)))
    assert order(planned(*waiting(ONE), taken, sessions=(put_off,))) == [ONE]


def test_what_waited_before_there_was_a_session_is_not_lost_to_a_run_that_never_was() -> None:
    made = session(since=at(6))
    assert timetable(planned(*waiting(ONE), sessions=(made,), window=days(2))) == {ONE: "24 05:00:00"}


def test_a_skipped_day_holds_nothing_and_a_moved_one_keeps_its_names() -> None:
    off = session(changes=changed(skipped=True, items=(ONE,)))
    assert timetable(planned(*waiting(ONE), sessions=(off,), window=days(2))) == {ONE: "24 05:00:00"}
    moved = planned(*waiting(ONE), sessions=(session(changes=changed(start=time(6))),))
    assert timetable(moved) == {ONE: "23 06:00:00"}
    usual = planned(*waiting(ONE), sessions=(session(),))
    assert [o.id for o in moved.occurrences] == [o.id for o in usual.occurrences]


def test_a_fixed_time_is_kept_and_the_others_fill_what_is_before_and_behind_it() -> None:
    fixed = (Fixed(item=TWO, at=time(5, 2)),)
    plan = planned(
        *waiting(ONE, TWO, THREE, SONG), sessions=(session(changes=changed(fixed=fixed)),), lengths=None
    )
    assert timetable(plan) == {
        ONE: "23 05:00:00",
        TWO: "23 05:02:00",
        THREE: "23 05:03:01",
        SONG: "23 05:04:02",
    }


# ── Blocks ────────────────────────────────────────────────────────────────────────────────────────────────

RELAY = Block(id="relay", part=Part.RELAY, hard_start=time(5, 5), until=time(5, 30))
COMMUNE = Block(id="commune", part=Part.COMMUNE)


def test_a_relay_takes_its_stretch_and_nothing_ordinary_lies_over_it() -> None:
    own = approved("an-9", timing=Once(at=at(5, 10)))
    relayed = session(blocks=(COMMUNE, RELAY))
    lengths = {ONE: timedelta(minutes=2), TWO: timedelta(minutes=4), own.id: MINUTE}
    plan = planned(*waiting(ONE, TWO), own, sessions=(relayed,), lengths=lengths)
    assert timetable(plan) == {ONE: "23 05:00:00", relay_id("sang"): "23 05:05:00", "an-9": "23 05:30:01"}
    (relay,) = (o for o in plan.occurrences if is_relay(o.item))
    assert (relay.duration, relay.expires_at, relay.targets) == (25 * MINUTE, at(5, 30), (A,))
    assert codes(plan) == {(TWO, "E_BORDER")}
    said = {one.item: one.vi for one in explain(plan, {}, (relayed,))}
    assert said[relay_id("sang")] == "Tiếp âm 05:05–05:30 thứ Hai 23/11 trong “Buổi sáng”."
    assert "có giờ cố định" in said[TWO]


def test_a_recorded_relay_is_an_occurrence_of_its_own_that_may_begin_a_little_late() -> None:
    recorded = session(blocks=(replace(RELAY, until=None, length=20 * MINUTE, record_at=time(18)),))
    (tape,) = planned(sessions=(recorded,), lengths={}).occurrences
    assert is_taped(tape.item)
    assert not is_relay(tape.item)
    assert (tape.due_at, tape.duration) == (at(5, 5), 20 * MINUTE)
    assert tape.expires_at == at(5, 35)
    (said,) = (one.vi for one in explain(planned(sessions=(recorded,), lengths={}), {}, (recorded,)))
    assert said == (
        "Tiếp âm 05:05–05:25 thứ Hai 23/11 trong “Buổi sáng”, "
        "ghi trước lúc 18:00 Chủ nhật 22/11 rồi phát chậm."
    )


def test_a_relay_alone_is_a_session_with_its_chimes() -> None:
    lengths = {opening_id("sang"): timedelta(seconds=8), closing_id("sang"): timedelta(seconds=5)}
    relay = replace(RELAY, hard_start=None, until=None, length=10 * MINUTE)
    plan = planned(sessions=(session(opening=True, closing=True, blocks=(relay,)),), lengths=lengths)
    assert order(plan) == [opening_id("sang"), relay_id("sang"), closing_id("sang")]


def test_the_province_speaks_before_the_commune_where_the_session_says_so() -> None:
    above = approved("an-1", approved_at=at(20, 5, day=-1), area=PROVINCE, targets=(A,), timing=NextSession())
    own = approved("an-2", approved_at=at(20, day=-1), timing=NextSession())
    assert order(planned(above, own, sessions=(session(),))) == ["an-2", "an-1"]
    in_parts = session(blocks=(Block(id="province", part=Part.PROVINCE), COMMUNE))
    assert order(planned(above, own, sessions=(in_parts,))) == ["an-1", "an-2"]


def test_fillers_fill_up_to_a_fixed_time_and_never_speak_alone() -> None:
    song = approved(SONG, timing=NextSession())
    filler = Block(id="filler", part=Part.FILLER, items=(SONG,), until=time(5, 4))
    filled = session(blocks=(COMMUNE, filler, RELAY))
    plan = planned(*waiting(ONE), song, sessions=(filled,))
    heard = [f"{local(o.due_at):%H:%M:%S} {o.item}" for o in plan.occurrences if local(o.due_at).hour == 5]
    assert heard == [
        "05:00:00 an-1", "05:01:01 song", "05:02:02 song", f"05:05:00 {relay_id('sang')}"
    ]  # fmt: skip
    assert len({o.id for o in plan.occurrences}) == len(plan.occurrences)
    alone = planned(song, sessions=(session(blocks=(COMMUNE, filler)),))
    assert (alone.occurrences, alone.refusals) == ((), ())


def test_an_anthem_is_heard_every_day_and_opens_the_session() -> None:
    song = approved(SONG, timing=NextSession())
    first = session(blocks=(Block(id="anthem", part=Part.ANTHEM, items=(SONG,)), COMMUNE))
    plan = planned(*waiting(ONE), song, sessions=(first,), window=days(2))
    assert order(plan) == [SONG, ONE, SONG]
    assert plan.refusals == ()


# ── Whatever is asked ─────────────────────────────────────────────────────────────────────────────────────

NAMES = (ONE, TWO, THREE)
WALLS = st.sampled_from((time(5), time(5, 2), time(5, 5), time(5, 30), time(17), time(17, 4)))
HANDS = st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(tuple)
FIXES = st.lists(
    st.builds(Fixed, item=st.sampled_from(NAMES), at=WALLS), max_size=2, unique_by=lambda one: one.item
).map(tuple)
CHANGES = st.builds(
    SessionDay,
    day=st.sampled_from((MONDAY, date(2026, 11, 24))),
    skipped=st.booleans(),
    start=st.none() | WALLS,
    items=st.none() | HANDS,
    fixed=st.none() | FIXES,
    left_out=HANDS,
)
MIDDLES = st.lists(
    st.sampled_from(
        (
            Block(id="province", part=Part.PROVINCE),
            COMMUNE,
            RELAY,
            Block(id="more", part=Part.COMMUNE, hard_start=time(17, 3)),
            Block(id="filler", part=Part.FILLER, items=(SONG,), until=time(5, 4)),
            Block(id="anthem", part=Part.ANTHEM, items=(SONG,)),
        )
    ),
    max_size=5,
    unique=True,
).map(tuple)
World = tuple[list[Announcement], list[Session], dict[AnnouncementId, timedelta]]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    items = [
        approved(
            name,
            approved_at=draw(st.sampled_from((at(12, n, day=-1), at(5, 1), at(16)))),
            timing=NextSession(),
            area=draw(st.sampled_from((A, PROVINCE))),
            targets=(A,),
        )
        for n, name in enumerate(NAMES)
    ]
    items.append(approved(SONG, timing=NextSession()))
    items.append(approved("an-9", timing=Once(at=draw(st.sampled_from((at(5, 1), at(5, 7), at(17)))))))
    found = [
        session(
            name,
            area=draw(st.sampled_from((A, PROVINCE))),
            start=draw(WALLS),
            opening=draw(st.booleans()),
            closing=draw(st.booleans()),
            cap=draw(st.sampled_from((None, 3 * MINUTE, 40 * MINUTE))),
            items=draw(HANDS),
            blocks=draw(MIDDLES),
            changes=tuple(draw(st.lists(CHANGES, max_size=2, unique_by=lambda one: one.day))),
        )
        for name in ("s-1", "s-2")
    ]
    lengths = {a.id: timedelta(seconds=draw(st.sampled_from((20, 59.5, 60, 170)))) for a in items}
    for one in found:
        lengths |= {opening_id(one.id): timedelta(seconds=8), closing_id(one.id): timedelta(seconds=5.5)}
    return items, found, lengths


WINDOW = Window(start=at(0), end=at(0, day=2))
WORLDS = settings(max_examples=120, deadline=None, derandomize=True)


def compiled(world: World, window: Window = WINDOW) -> Plan:
    items, sessions, lengths = world
    return plan(TENANT, items, sessions, TREE, lengths, QUIET, window, at(0))


def ends(o: Occurrence) -> Any:
    return o.due_at + o.duration


@WORLDS
@given(worlds())
def test_no_two_sounds_lie_over_one_another_and_nothing_passes_a_fixed_border(world: World) -> None:
    heard = compiled(world).occurrences
    for before, after in pairwise(heard):
        assert ends(before) <= after.due_at, (before, after)
    by_id = {one.id: one for one in world[1]}
    for o in heard:
        known = by_id.get(o.session or "")
        run = None if known is None else run_on(known, local(o.recurrence_at).date())
        if run is None:
            continue
        assert o.due_at >= run.start_at
        assert run.session.cap is None or ends(o) <= run.start_at + run.session.cap
        relays = [block for block in run.session.blocks if block.part is Part.RELAY]
        at_border = local(o.due_at).replace(hour=5, minute=5, second=0, microsecond=0)
        if relays and o.due_at < at_border and run.start_at < at_border:
            assert ends(o) <= at_border


@WORLDS
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_given_never_matters(world: World, random: Random) -> None:
    items, sessions, lengths = world
    first = compiled(world)
    assert first == compiled(world)
    shuffled = random.sample(items, len(items)), random.sample(sessions, len(sessions))
    assert first == compiled((*shuffled, dict(reversed(lengths.items()))))


@WORLDS
@given(worlds())
def test_a_day_is_planned_alike_alone_and_among_others(world: World) -> None:
    large = compiled(world, Window(start=at(0, day=-1), end=at(0, day=3))).occurrences
    small = Window(start=at(0), end=at(0, day=1))
    assert compiled(world, small).occurrences == tuple(o for o in large if small.contains(o.due_at))


@WORLDS
@given(worlds())
def test_what_waits_for_a_session_is_heard_once_or_named(world: World) -> None:
    made = compiled(world)
    for name in NAMES:
        times = [o for o in made.occurrences if o.item == name]
        assert len(times) <= 1
    assert len({o.id for o in made.occurrences}) == len(made.occurrences)
