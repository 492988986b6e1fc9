"""The rules of a place as JSON, united quiet hours, decreed days, and what a late rule does to a plan."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.calendar import QuietHours, instant_of
from schedules.errors import TimingRefused
from schedules.explain import explain
from schedules.holidays import What, days_off, statutory, with_decreed
from schedules.late_rule import Coalesce, Skip
from schedules.local_rules import LocalRules, nearest_pack, pack_at, quiet_of
from schedules.loudness import Zone, house_loudness, percents
from schedules.profile import Profile, ProfileKind, mourning
from schedules.recurrence import Once
from schedules.rulepack import Limits, rule_pack
from schedules.rules_json import (
    limits_from_json,
    limits_to_json,
    profile_from_json,
    profile_to_json,
    swap,
    swap_faults,
    swap_from_json,
    swap_to_json,
)
from tests.schedules.cast import A1, MONDAY, PROVINCE, TREE, A, B, approved, at, planned, session

WALLS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
HOURS = st.builds(QuietHours, start=WALLS, end=WALLS)
MINUTES = st.integers(0, 24 * 60 - 1)
LIMITS = st.builds(
    Limits,
    days=st.frozensets(st.integers(0, 6)),
    sessions_a_day=st.none() | st.integers(0, 48),
    a_session=st.none() | st.integers(0, 1440).map(lambda n: timedelta(minutes=n)),
    a_day=st.none() | st.integers(0, 1440).map(lambda n: timedelta(minutes=n)),
)


@given(HOURS, HOURS, MINUTES)
def test_what_is_quiet_in_one_of_two_is_quiet_in_both_together(
    one: QuietHours, other: QuietHours, minute: int
) -> None:
    united = one.united(other)
    instant = instant_of(MONDAY, time(minute // 60, minute % 60))
    if one.contains(instant) or other.contains(instant):
        one_minute_left = instant_of(MONDAY, united.end) == instant
        assert united.contains(instant) or one_minute_left


def test_united_hours_are_no_longer_than_they_must_be() -> None:
    night = QuietHours()
    assert night.united(QuietHours(start=time(22), end=time(6))) == QuietHours(start=time(21), end=time(6))
    assert night.united(QuietHours(start=time(22), end=time(4))) == night
    assert night.united(QuietHours(start=time(0), end=time(0))) == night
    noon = QuietHours(start=time(11, 30), end=time(13, 30))
    assert night.united(noon) == QuietHours(start=time(21), end=time(13, 30))


@given(LIMITS)
def test_limits_come_back_as_they_went(limits: Limits) -> None:
    assert limits_from_json("raised", limits_to_json(limits)) == limits


def test_profiles_and_decreed_days_come_back_as_they_went() -> None:
    sad = mourning("p-1", "Quốc tang", "12/TB", A, MONDAY, MONDAY)
    event = Profile(
        id="p-2",
        kind=ProfileKind.EVENT,
        name="Hội",
        document="45/KH",
        area=A,
        first=MONDAY,
        last=MONDAY,
        raised=Limits(sessions_a_day=4),
    )
    for profile in (sad, event):
        assert profile_from_json("profile", profile_to_json(profile)) == profile
    row = swap(What.OFF, date(2027, 4, 29), "Nghỉ hoán đổi", "99/VPCP")
    assert swap_from_json("swap", swap_to_json(row)) == row


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "party"}, "profile.kind"),
        ({"first": "2026-02-30"}, "profile.first"),
        ({"music": 1}, "profile.music"),
        ({"more": 1}, "profile.more"),
        ({"raised": {}}, "profile.raised.days"),
    ],
)
def test_a_profile_is_read_strictly(change: dict[str, object], field: str) -> None:
    value = profile_to_json(mourning("p-1", "Quốc tang", "12/TB", A, MONDAY, MONDAY)) | change
    with pytest.raises(TimingRefused) as refused:
        profile_from_json("profile", value)
    assert refused.value.fault.field == field


def test_a_row_of_every_year_is_no_decree() -> None:
    with pytest.raises(TimingRefused):
        swap_from_json("swap", {"what": "solar", "on": "2027-04-29", "name": "x", "document": "y"})
    faults = swap_faults(swap(What.OFF, date(1800, 1, 1), " ", " "))
    assert [fault.field for fault in faults] == ["on", "document", "name"]


def test_a_decree_takes_the_place_of_the_tables_row_of_that_day() -> None:
    day = date(2026, 1, 10)
    assert statutory().is_working(day)
    table = with_decreed((swap(What.OFF, day, "Không làm bù", "3/VPCP"),))
    assert not table.is_working(day)
    assert len(days_off(table, 2026)) == len(days_off(statutory(), 2026)) + 1
    assert with_decreed(()) is statutory()


def test_the_nearest_pack_holds_with_the_houses_quiet_hours_added() -> None:
    rules = LocalRules(packs=((PROVINCE, rule_pack("default")), (A, rule_pack("ha_noi_inner"))))
    house = QuietHours(start=time(22), end=time(5, 30))
    assert nearest_pack(rules, TREE, A1) == (A, rule_pack("ha_noi_inner"))
    assert nearest_pack(rules, TREE, B) == (PROVINCE, rule_pack("default"))
    assert pack_at(rules, TREE, A1, house).quiet == QuietHours(start=time(21), end=time(5, 30))
    assert quiet_of(rules, TREE, (A1, B), house) == QuietHours(start=time(21), end=time(5, 30))
    assert quiet_of(LocalRules(), TREE, (A1,), house) == house


def test_each_zone_has_its_share_of_the_volume_by_the_hour() -> None:
    assert percents(house_loudness(), Zone.SPECIAL) == ((time(6), 32), (time(21), 6))
    assert percents(house_loudness(), Zone.ORDINARY) == ((time(6), 100), (time(21), 18))


def test_of_an_item_that_comes_again_each_airing_lives_until_the_next() -> None:
    item = approved("an-1", late=Coalesce())
    sessions = (session("sang", items=(item.id,)), session("chieu", start=time(17), items=(item.id,)))
    first, second = planned(item, sessions=sessions).occurrences
    assert first.superseded_at == second.due_at
    assert second.superseded_at is None
    other = approved("an-1", late=Skip())
    assert {one.superseded_at for one in planned(other, sessions=sessions).occurrences} == {None}


def test_the_explanation_says_the_late_rule() -> None:
    item = approved("an-1", late=Skip(), timing=Once(at=at(9)))
    said = explain(planned(item), {item.id: item}, ())[0]
    assert said.vi.endswith("; lỡ giờ thì bỏ.")
    assert said.en.endswith("; left out when late.")
    plain = approved("an-1", timing=Once(at=at(9)))
    assert "lỡ giờ" not in explain(planned(plain), {plain.id: plain}, ())[0].vi


def test_the_hash_of_an_item_knows_its_late_rule() -> None:
    plain, changed = approved("an-1"), approved("an-1", late=Skip())
    assert plain.approval is not None
    assert changed.approval is not None
    assert plain.approval.content_hash != changed.approval.content_hash
