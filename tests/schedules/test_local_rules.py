"""The rules of single places in the plan: what is refused here is heard there."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schedules.announcement import AreaCode, BulletinClass
from schedules.blocks import Block, Part
from schedules.calendar import QuietHours, Window
from schedules.caps import breaches
from schedules.local_rules import LocalRules
from schedules.plan import Occurrence, Plan, plan
from schedules.profile import Profile, ProfileKind, mourning
from schedules.recurrence import NextSession, Once
from schedules.rulepack import Limits, RulePack, rule_pack
from schedules.session import closing_id, is_chime, opening_id
from tests.schedules.cast import (
    A1,
    A2,
    B1,
    MONDAY,
    PROVINCE,
    QUIET,
    TENANT,
    TREE,
    A,
    B,
    approved,
    at,
    days,
    session,
)  # fmt: skip
from tests.schedules.test_plan_properties import EDGES, NOW, WINDOW, World, worlds

INNER = rule_pack("ha_noi_inner")
WARD = LocalRules(packs=((A, INNER),))
ORDER = Profile(
    id="p-1",
    kind=ProfileKind.EVENT,
    name="Bầu cử",
    document="Công văn 12/UBND",
    area=A,
    first=MONDAY,
    last=MONDAY,
    raised=Limits(sessions_a_day=3, a_session=timedelta(minutes=30)),
)
MOURNING = mourning("p-2", "Quốc tang", "Thông cáo 1", PROVINCE, MONDAY, MONDAY)


def compiled(world: World, rules: LocalRules, window: Window = WINDOW, now: datetime = NOW) -> Plan:
    announcements, sessions, lengths = world
    return plan(TENANT, announcements, sessions, TREE, lengths, QUIET, window, now, rules=rules)


def once(name: str, hour: int, minutes: float, **changes: object) -> World:
    a = approved(name, timing=Once(at=at(hour)), **changes)
    return [a], [], {a.id: timedelta(minutes=minutes)}


def together(*worlds_: World) -> World:
    items = [a for world in worlds_ for a in world[0]]
    sessions = [s for world in worlds_ for s in world[1]]
    return items, sessions, {item: length for world in worlds_ for item, length in world[2].items()}


def grounds(result: Plan) -> dict[str, tuple[AreaCode, ...]]:
    return {str(o.item): o.targets for o in result.occurrences}


def refusals(result: Plan) -> list[tuple[str, str]]:
    return [(str(r.item), r.code) for r in result.refusals]


THREE = together(once("an-1", 6, 10), once("an-2", 11, 10), once("an-3", 17, 10))


def test_a_third_session_in_an_inner_ward_is_refused_and_allowed_by_an_event_order() -> None:
    ward = compiled(THREE, WARD)
    assert list(grounds(ward)) == ["an-1", "an-2"]
    assert refusals(ward) == [("an-3", "E_SESSIONS")]
    assert ward.refusals[0].vi == (
        "“Bài an-3”: không phát được lúc 17:00 thứ Hai 23/11 vì mỗi ngày chỉ có 2 buổi phát."
    )
    assert ward.refusals[0].areas == (A,)
    ordered = compiled(THREE, replace(WARD, profiles=(ORDER,)))
    assert len(ordered.occurrences) == 3
    assert refusals(ordered) == []


def test_the_sixteenth_minute_is_refused_in_an_inner_ward_and_allowed_by_an_event_order() -> None:
    long = once("an-1", 6, 16)
    assert refusals(compiled(long, WARD)) == [("an-1", "E_CAP")]
    assert refusals(compiled(long, replace(WARD, profiles=(ORDER,)))) == []


def test_what_one_ward_refuses_its_neighbours_hear() -> None:
    hours = enumerate((6, 11, 17), start=1)
    everywhere = [once(f"an-{n}", hour, 10, area=PROVINCE, targets=(PROVINCE,)) for n, hour in hours]
    world = together(*everywhere)
    found = compiled(world, WARD)
    assert grounds(found) == {"an-1": (PROVINCE,), "an-2": (PROVINCE,), "an-3": (B,)}
    assert refusals(found) == [("an-3", "E_SESSIONS")]


def test_a_village_with_an_event_of_its_own_is_not_bound_by_its_commune() -> None:
    in_village = replace(ORDER, area=A1)
    found = compiled(THREE, replace(WARD, profiles=(in_village,)))
    assert grounds(found) == {"an-1": (A,), "an-2": (A,), "an-3": (A1,)}


def test_the_pack_of_the_nearest_area_holds() -> None:
    free = RulePack(id="free", name="x", source="x", quiet=QUIET, limits=Limits())
    both = LocalRules(packs=((PROVINCE, INNER), (A, free)))
    assert refusals(compiled(THREE, both)) == []
    assert refusals(compiled(THREE, LocalRules(packs=((PROVINCE, INNER),)))) == [("an-3", "E_SESSIONS")]


def test_each_place_counts_what_its_own_people_hear() -> None:
    hours = ((A, 6), (B, 7), (A, 11), (B, 12), (A1, 17), (A2, 18))
    world = together(*(once(f"an-{n}", hour, 5, targets=(code,)) for n, (code, hour) in enumerate(hours)))
    found = compiled(world, LocalRules(packs=((PROVINCE, INNER),)))
    assert refusals(found) == [("an-4", "E_SESSIONS"), ("an-5", "E_SESSIONS")]
    third = once("an-9", 19, 5, targets=(A1, B))
    assert grounds(compiled(together(world, third), WARD))["an-9"] == (B,)


def test_longer_quiet_hours_of_one_place_hold_there_only() -> None:
    late = RulePack(
        id="x", name="x", source="x", quiet=QuietHours(start=time(20), end=time(6)), limits=Limits()
    )
    world = once("an-1", 5, 1, targets=(A1, B1))
    found = compiled(world, LocalRules(packs=((A, late),)))
    assert grounds(found) == {"an-1": (B1,)}
    assert refusals(found) == [("an-1", "E_QUIET")]


def chimed() -> World:
    item = approved("an-1", timing=NextSession(), targets=(A1,))
    urgent = approved("an-2", timing=NextSession(), targets=(A2,), bulletin_class=BulletinClass.PRIORITY)
    block = session(opening=True, closing=True)
    lengths = {item.id: timedelta(seconds=30), urgent.id: timedelta(seconds=30)}
    lengths |= {opening_id("sang"): timedelta(seconds=8), closing_id("sang"): timedelta(seconds=5)}
    return [item, urgent], [block], lengths


def test_in_mourning_priority_items_are_heard_without_chimes_and_ordinary_ones_not() -> None:
    found = compiled(chimed(), LocalRules(profiles=(MOURNING,)), days(1))
    assert grounds(found) == {"an-2": (A2,)}
    assert refusals(found) == [("an-1", "E_MUTED")]


def test_an_event_without_music_hears_the_news_and_the_anthem_but_no_filler() -> None:
    quiet = replace(ORDER, music=False, raised=None)
    news, song, hymn = (approved(name, timing=NextSession()) for name in ("news", "song", "hymn"))
    blocks = (
        Block(id="anthem", part=Part.ANTHEM, items=(hymn.id,)),
        Block(id="commune", part=Part.COMMUNE),
        Block(id="filler", part=Part.FILLER, items=(song.id,), until=time(5, 4)),
    )
    lengths = {item.id: timedelta(seconds=50) for item in (news, song, hymn)}
    world: World = ([news, song, hymn], [session(blocks=blocks)], lengths)
    usual = compiled(world, LocalRules(), days(1))
    assert {one.item for one in usual.occurrences} == {news.id, song.id, hymn.id}
    found = compiled(world, LocalRules(profiles=(quiet,)), days(1))
    assert {one.item for one in found.occurrences} == {news.id, hymn.id}
    assert {code for _, code in refusals(found)} == {"E_MUSIC"}
    assert "Công văn 12/UBND" in next(one.vi for one in found.refusals)


def test_chimes_sound_only_where_something_of_their_session_is_left() -> None:
    assert grounds(compiled(chimed(), LocalRules(), days(1)))[opening_id("sang")] == (A1, A2)
    closed = RulePack(id="x", name="x", source="x", quiet=QUIET, limits=Limits(days=frozenset({5})))
    found = grounds(compiled(chimed(), LocalRules(packs=((A1, closed),)), days(1)))
    assert found[opening_id("sang")] == found[closing_id("sang")] == found["an-2"] == (A2,)  # type: ignore[index]
    assert "an-1" not in found


def test_an_emergency_is_heard_in_mourning_on_sunday_at_night() -> None:
    world = once("an-1", 3, 60, bulletin_class=BulletinClass.EMERGENCY)
    everything = LocalRules(packs=((A, INNER),), profiles=(MOURNING,))
    assert grounds(compiled(world, everything)) == {"an-1": (A,)}


# ── Under any programme ───────────────────────────────────────────────────────────────────────────────────

TIGHT = RulePack(
    id="tight",
    name="x",
    source="x",
    quiet=QuietHours(start=time(20, 58), end=time(5, 0, 30)),
    limits=Limits(sessions_a_day=2, a_session=timedelta(seconds=150), a_day=timedelta(seconds=240)),
)
RULES = st.builds(
    LocalRules,
    packs=st.sampled_from(
        ((), ((A, TIGHT),), ((PROVINCE, TIGHT),), ((A, INNER), (B, TIGHT)), ((PROVINCE, INNER), (A1, TIGHT)))
    ),
    profiles=st.sampled_from(
        ((), (ORDER,), (MOURNING,), (replace(ORDER, area=A1), replace(MOURNING, area=B)), (ORDER, MOURNING))
    ),
)
MANY = settings(max_examples=60, deadline=None, derandomize=True)


@MANY
@given(worlds(), RULES, st.randoms(use_true_random=False), st.integers(-200_000, 200_000))
def test_the_plan_under_rules_is_one_whatever_the_order_and_the_hour(
    world: World, rules: LocalRules, random: Random, moved: int
) -> None:
    announcements, sessions, lengths = world
    first = compiled(world, rules)
    assert first == compiled(world, rules)
    shuffled = random.sample(announcements, len(announcements)), random.sample(sessions, len(sessions))
    assert first == compiled((*shuffled, lengths), rules)
    later = compiled(world, rules, now=NOW + timedelta(seconds=moved))
    assert (first.occurrences, first.refusals) == (later.occurrences, later.refusals)


@MANY
@given(worlds(), RULES, EDGES, EDGES)
def test_a_smaller_window_is_a_part_of_the_larger_under_rules(
    world: World, rules: LocalRules, one: datetime, other: datetime
) -> None:
    assume(one != other)
    small = Window(start=min(one, other), end=max(one, other))
    large = Window(start=WINDOW.start - timedelta(days=1), end=WINDOW.end + timedelta(days=1))
    part = tuple(o for o in compiled(world, rules, large).occurrences if small.contains(o.due_at))
    assert compiled(world, rules, small).occurrences == part


def heard_in(village: AreaCode, occurrences: tuple[Occurrence, ...]) -> list[Occurrence]:
    return [o for o in occurrences if any(TREE.descends(village, target) for target in o.targets)]


@pytest.mark.promise("S14")
@MANY
@given(worlds(), RULES)
def test_every_village_hears_what_its_rules_allow_and_nothing_that_was_not_planned(
    world: World, rules: LocalRules
) -> None:
    free, ruled = compiled(world, LocalRules()), compiled(world, rules)
    planned_ = {o.id: o for o in free.occurrences}
    for o in ruled.occurrences:
        assert replace(o, targets=()) == replace(planned_[o.id], targets=())
    for village in (A1, A2, B1):
        heard, before = heard_in(village, ruled.occurrences), heard_in(village, free.occurrences)
        assert {o.id for o in heard} <= {o.id for o in before}
        by_area = dict(rules.packs)
        pack = next((by_area[code] for code in reversed(TREE.chain(village)) if code in by_area), None)
        if pack is not None:
            within = [o for o in heard if not is_chime(o.item)]
            assert all(b.code != "E_QUIET" for b in breaches(within, village, pack, rules.profiles, TREE))
        silent = any(
            p.kind is ProfileKind.MOURNING and TREE.descends(village, p.area) for p in rules.profiles
        )
        if silent:
            monday = [o for o in heard if (o.due_at + timedelta(hours=7)).date() == date(2026, 11, 23)]
            assert all(o.bulletin_class is not BulletinClass.NORMAL for o in monday)
        emergencies = {o.id for o in before if o.bulletin_class is BulletinClass.EMERGENCY}
        assert emergencies <= {o.id for o in heard}
