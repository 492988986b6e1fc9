"""The plan under any programme: against a plain reference, and what may never happen."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedules.announcement import Announcement, AnnouncementId, AreaCode, BulletinClass
from schedules.calendar import Window, local
from schedules.lunar_pattern import Cycle, LunarMonthly
from schedules.plan import Occurrence, Plan, plan
from schedules.recurrence import AfterApproval, NextSession, Once, Timing, Weekly, moments
from schedules.rule import Move, Only, Rule
from schedules.session import Session, closing_id, opening_id
from schedules.solar import Frequency, Solar
from tests.schedules.cast import A1, A2, B1, MONDAY, PROVINCE, QUIET, TENANT, TREE, A, B, approved, at
from tests.schedules.plain_plan import plain

# everything wants the same few minutes, so that nearly every programme has conflicts
CLOCKS = (time(4, 59), time(5), time(5, 1), time(5, 2, 30), time(20, 57), time(20, 59), time(23), time(3, 15))
INSTANTS = st.builds(
    lambda day, clock: at(clock.hour, clock.minute, clock.second, day=day),
    st.integers(-2, 2),
    st.sampled_from(CLOCKS),
)
APPROVALS = st.builds(
    lambda day, hour, milli: at(hour, day=day) + timedelta(milliseconds=milli),
    st.integers(-3, 1),
    st.sampled_from((4, 5, 9, 20, 21)),
    st.integers(0, 3_599_000),
)
LENGTHS = st.integers(200, 150_000).map(lambda milli: timedelta(milliseconds=milli))
WEEKDAYS = st.frozensets(st.integers(0, 6), min_size=1)
TIMINGS: st.SearchStrategy[Timing] = st.one_of(
    st.just(AfterApproval()),
    st.just(NextSession()),
    st.builds(Once, at=INSTANTS),
    st.builds(
        Weekly,
        at=st.sampled_from(CLOCKS),
        days=WEEKDAYS,
        first=st.just(MONDAY - timedelta(days=1)),
        last=st.integers(0, 3).map(lambda n: MONDAY + timedelta(days=n)),
    ),
    st.builds(
        lambda at, pattern, only, skip, to, wall: Rule(
            at=at,
            pattern=pattern,
            first=MONDAY - timedelta(days=2),
            last=MONDAY + timedelta(days=5),
            only=only,
            skipped=(MONDAY + timedelta(days=1),) if skip else (),
            moved=() if to is None else (Move(day=MONDAY, to=MONDAY + timedelta(days=to), at=wall),),
        ),
        st.sampled_from(CLOCKS),
        # the Monday of these tests is the 15th of a lunar month
        st.sampled_from(
            (
                Solar(frequency=Frequency.DAILY),
                Solar(frequency=Frequency.MONTHLY, by_month_day=(23, 24)),
                LunarMonthly(days=(15, 16)),
                Cycle(every=2, anchor=MONDAY),
            )
        ),
        st.sampled_from((Only.ANY, Only.WORKING)),
        st.booleans(),
        st.none() | st.integers(-1, 2),
        st.sampled_from(CLOCKS),
    ),
)


World = tuple[list[Announcement], list[Session], dict[AnnouncementId, timedelta]]


@st.composite
def items(draw: st.DrawFn) -> list[Announcement]:
    count = draw(st.integers(0, 7))
    return [
        approved(
            f"an-{n}",
            approved_at=draw(APPROVALS),
            area=draw(st.sampled_from((PROVINCE, A, B))),
            targets=draw(st.sampled_from(((PROVINCE,), (A,), (B,), (A1,), (A2,), (A1, B1), (A1, A2)))),
            timing=draw(TIMINGS),
            bulletin_class=draw(
                st.sampled_from((*BulletinClass, BulletinClass.NORMAL, BulletinClass.PRIORITY))
            ),
            valid_from=draw(st.sampled_from((at(0, day=-5), at(5, 0, 30)))),
            expires_at=draw(st.sampled_from((at(0, day=9), at(5, 3), at(20, 58, 30)))),
        )
        for n in range(count)
    ]


@st.composite
def programmes(draw: st.DrawFn, chimes: bool) -> list[Session]:
    names = [AnnouncementId(f"an-{n}") for n in range(4)]
    return [
        Session(
            id=f"s-{n}",
            area=draw(st.sampled_from((PROVINCE, A, A, B))),
            name=f"Buổi {n}",
            start=draw(st.sampled_from(CLOCKS)),
            days=draw(st.frozensets(st.integers(0, 6))),
            dates=draw(st.sampled_from(((), (MONDAY,), (MONDAY, date(2026, 11, 24))))),
            items=tuple(draw(st.lists(st.sampled_from(names), max_size=2))),
            opening=chimes and draw(st.booleans()),
            closing=chimes and draw(st.booleans()),
            cap=draw(st.sampled_from((None, timedelta(minutes=2)))),
        )
        for n in range(draw(st.integers(0, 3)))
    ]


@st.composite
def worlds(draw: st.DrawFn, chimes: bool = True) -> World:
    found, sessions = draw(items()), draw(programmes(chimes))
    lengths = {a.id: draw(LENGTHS) for a in found}
    for run in sessions:
        lengths |= {opening_id(run.id): timedelta(seconds=8), closing_id(run.id): timedelta(seconds=5.5)}
    return found, sessions, lengths


WINDOW = Window(start=at(0), end=at(0, day=2))
NOW = at(12, day=-1)
MANY = settings(max_examples=150, deadline=None, derandomize=True)
FEW = settings(max_examples=50, deadline=None, derandomize=True)


def compiled(world: World, window: Window = WINDOW, now: datetime = NOW) -> Plan:
    announcements, sessions, lengths = world
    return plan(TENANT, announcements, sessions, TREE, lengths, QUIET, window, now)


@MANY
@given(worlds(chimes=False))
def test_the_plan_is_what_a_plain_reference_finds(world: World) -> None:
    announcements, sessions, lengths = world
    expected = plain(TENANT, announcements, sessions, dict(lengths), WINDOW.start, WINDOW.end)
    found = [(o.id, o.item, o.due_at, o.duration, o.targets) for o in compiled(world).occurrences]
    assert sorted(found, key=lambda row: (row[2], row[0])) == expected


def wanted_at(a: Announcement, o: Occurrence) -> datetime:
    """When somebody asked for it: its name, unless that day was moved by hand."""
    if o.session is not None or not isinstance(a.timing, Rule):
        return o.recurrence_at
    asked = Window(start=o.recurrence_at - timedelta(days=40), end=o.recurrence_at + timedelta(days=40))
    return next(m.at for m in moments(a.timing, asked) if m.recurrence_at == o.recurrence_at)


def share(one: tuple[AreaCode, ...], other: tuple[AreaCode, ...]) -> bool:
    return any(TREE.descends(a, b) or TREE.descends(b, a) for a in one for b in other)


def ends(o: Occurrence) -> datetime:
    return o.due_at + o.duration


@pytest.mark.promise("S14")
@FEW
@given(worlds())
def test_no_ordinary_occurrence_lies_in_quiet_hours(world: World) -> None:
    for o in compiled(world).occurrences:
        if o.bulletin_class is not BulletinClass.EMERGENCY:
            first, last = local(o.due_at), local(ends(o))
            assert time(5) <= first.time() <= time(21)
            assert first.date() == last.date()
            assert last.time() <= time(21)


@FEW
@given(worlds())
def test_nothing_outlives_its_validity_and_nothing_is_heard_unapproved(world: World) -> None:
    by_id = {a.id: a for a in world[0]}
    for o in compiled(world).occurrences:
        assert ends(o) <= o.expires_at
        if o.item.startswith("session:"):
            continue
        a = by_id[o.item]
        assert a.approval is not None
        assert a.valid_from <= o.due_at
        assert ends(o) <= a.expires_at == o.expires_at
        assert wanted_at(a, o) >= a.approval.approved_at
        assert o.due_at >= wanted_at(a, o)


@FEW
@given(worlds())
def test_two_voices_of_one_class_never_meet_on_one_ground(world: World) -> None:
    ordinary = [o for o in compiled(world).occurrences if o.bulletin_class is not BulletinClass.EMERGENCY]
    for n, one in enumerate(ordinary):
        for other in ordinary[n + 1 :]:
            if one.bulletin_class is other.bulletin_class and share(one.targets, other.targets):
                assert ends(one) <= other.due_at or ends(other) <= one.due_at


@FEW
@given(worlds(), st.randoms(use_true_random=False))
def test_compiling_twice_or_in_another_order_is_equal(world: World, random: Random) -> None:
    announcements, sessions, lengths = world
    first = compiled(world)
    assert first == compiled(world)
    shuffled = random.sample(announcements, len(announcements)), random.sample(sessions, len(sessions))
    assert first == compiled((*shuffled, dict(reversed(lengths.items()))))


@FEW
@given(worlds(), st.integers(-3 * 86400, 3 * 86400))
def test_moving_now_never_changes_an_occurrence_or_a_refusal(world: World, moved: int) -> None:
    before, after = compiled(world), compiled(world, now=NOW + timedelta(seconds=moved))
    assert before.occurrences == after.occurrences
    assert before.refusals == after.refusals
    assert [(c.kind, c.occurrences) for c in before.conflicts] == [
        (c.kind, c.occurrences) for c in after.conflicts
    ]


# cuts amid the crowded minutes
EDGES = st.builds(
    lambda day, clock, second: at(clock.hour, clock.minute, second, day=day),
    st.integers(0, 1),
    st.sampled_from(CLOCKS),
    st.integers(0, 59),
)


@MANY
@given(worlds(), EDGES, EDGES)
def test_a_smaller_window_is_a_part_of_the_larger(world: World, one: datetime, other: datetime) -> None:
    assume(one != other)
    small = Window(start=min(one, other), end=max(one, other))
    large = Window(start=WINDOW.start - timedelta(days=1), end=WINDOW.end + timedelta(days=1))
    part = tuple(o for o in compiled(world, large).occurrences if small.contains(o.due_at))
    assert compiled(world, small).occurrences == part


@FEW
@given(worlds())
def test_every_id_is_once_and_names_its_recurrence(world: World) -> None:
    found = compiled(world).occurrences
    assert len({o.id for o in found}) == len(found)
    assert len({(o.item, o.recurrence_at, o.targets) for o in found}) == len(found)


@FEW
@given(worlds())
def test_what_moved_is_named(world: World) -> None:
    result = compiled(world)
    named = {id for c in result.conflicts for id in c.occurrences}
    for o in result.occurrences:
        if o.session is None:
            a = next(a for a in world[0] if a.id == o.item)
            if not isinstance(a.timing, AfterApproval) and o.due_at != wanted_at(a, o):
                assert o.id in named


@FEW
@given(worlds())
def test_every_wanted_airing_is_an_occurrence_or_a_refusal(world: World) -> None:
    announcements, sessions, lengths = world
    by_hand = {i for s in sessions for i in s.items}
    result = compiled(world)
    heard = {(o.item, o.recurrence_at) for o in result.occurrences}
    refused = {(r.item, r.at) for r in result.refusals}
    for a in announcements:
        if isinstance(a.timing, Once) and a.id not in by_hand and WINDOW.contains(a.timing.at):
            due = {
                o.due_at for o in compiled((announcements, sessions, lengths)).occurrences if o.item == a.id
            }
            assert ((a.id, a.timing.at) in heard) != ((a.id, a.timing.at) in refused), due


@FEW
@given(worlds())
def test_a_withdrawn_item_leaves_no_trace(world: World) -> None:
    announcements, sessions, lengths = world
    if announcements:
        gone = replace(announcements[0], approval=None)
        result = compiled(([gone, *announcements[1:]], sessions, lengths))
        assert gone.id not in {o.item for o in result.occurrences} | {r.item for r in result.refusals}


@FEW
@given(worlds())
def test_a_session_keeps_its_cap_and_says_something_between_its_chimes(world: World) -> None:
    runs: dict[tuple[str, datetime], list[Occurrence]] = {}
    for o in compiled(world).occurrences:
        if o.session is not None:
            runs.setdefault((o.session, o.recurrence_at), []).append(o)
    caps = {session.id: session.cap for session in world[1]}
    for (name, start), found in runs.items():
        cap = caps[name]
        assert cap is None or ends(found[-1]) <= start + cap
        said = [o for o in found if not o.item.startswith("session:")]
        assert said
        for chime in set(found).difference(said):
            assert chime is (found[0] if chime.item == opening_id(name) else found[-1])
            assert all(share(o.targets, chime.targets) for o in said)
