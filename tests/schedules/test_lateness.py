"""Late rules: what is still heard after its time, and what of several missed airings."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.announcement import BulletinClass
from schedules.calendar import QuietHours, local
from schedules.errors import TimingRefused
from schedules.late_rule import (
    Coalesce,
    LateRule,
    PlayIfLateUnder,
    PlayOnce,
    Skip,
    late_rule_from_json,
    late_rule_to_json,
    late_words,
)
from schedules.lateness import Airing, catch_up, default_rule, latest_start
from tests.schedules.cast import QUIET, at

LOCAL = timezone(timedelta(hours=7))
TEN = PlayIfLateUnder(under=timedelta(minutes=10))
RULES: st.SearchStrategy[LateRule] = st.one_of(
    st.just(Skip()),
    st.just(PlayOnce()),
    st.just(Coalesce()),
    st.integers(1, 600).map(lambda minutes: PlayIfLateUnder(under=timedelta(minutes=minutes))),
)
SIX = Airing(due_at=at(6), duration=timedelta(minutes=2), expires_at=at(0, day=2))


@pytest.mark.parametrize(
    ("rule", "latest"),
    [
        (Skip(), at(6, 0, 30)),
        (TEN, at(6, 10)),
        # quiet hours begin at nine, and it takes two minutes
        (PlayOnce(), at(20, 58)),
        (Coalesce(), at(20, 58)),
    ],
)
def test_how_late_an_item_may_begin(rule: LateRule, latest: datetime) -> None:
    assert latest_start(rule, SIX, QUIET) == latest


def test_expiry_quiet_hours_and_the_day_bound_every_rule() -> None:
    for rule in (PlayOnce(), Coalesce(), PlayIfLateUnder(under=timedelta(hours=20))):
        assert latest_start(rule, replace(SIX, expires_at=at(7)), QUIET) == at(6, 58)
        no_quiet = QuietHours(start=QUIET.start, end=QUIET.start)
        assert local(latest_start(rule, SIX, no_quiet)).strftime("%d %H:%M:%S") == "23 23:59:59"
    alarm = replace(SIX, bulletin_class=BulletinClass.EMERGENCY)
    assert local(latest_start(PlayOnce(), alarm, QUIET)).strftime("%H:%M:%S") == "23:59:59"


def test_each_class_has_its_rule() -> None:
    assert default_rule(BulletinClass.NORMAL) == TEN
    assert default_rule(BulletinClass.PRIORITY) == default_rule(BulletinClass.EMERGENCY) == PlayOnce()


MISSED = tuple(replace(SIX, due_at=at(hour)) for hour in (6, 7, 8))


@pytest.mark.parametrize(
    ("rule", "played"),
    [(Skip(), ()), (TEN, (at(8),)), (PlayOnce(), (at(6), at(7), at(8))), (Coalesce(), (at(8),))],
)
def test_what_becomes_of_three_missed_airings(rule: LateRule, played: tuple[datetime, ...]) -> None:
    found = catch_up(rule, MISSED, QUIET, at(8, 5))
    assert tuple(one.due_at for one in found.play) == played
    assert set(found.play) | set(found.dropped) == set(MISSED)


def test_of_what_is_still_ahead_nothing_is_said() -> None:
    found = catch_up(PlayOnce(), MISSED, QUIET, at(6, 30))
    assert (found.play, found.dropped) == ((MISSED[0],), ())


AIRINGS = st.lists(
    st.builds(
        Airing,
        due_at=st.datetimes(datetime(2026, 11, 23, 4), datetime(2026, 11, 24, 22), timezones=st.just(LOCAL)),
        duration=st.integers(1, 1800).map(lambda seconds: timedelta(seconds=seconds)),
        expires_at=st.sampled_from((at(10), at(9, day=1), at(0, day=5))),
        bulletin_class=st.sampled_from(BulletinClass),
    ),
    max_size=6,
    unique_by=lambda one: one.due_at,
)
NOWS = st.datetimes(datetime(2026, 11, 23, 4), datetime(2026, 11, 25, 4), timezones=st.just(LOCAL))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(RULES, AIRINGS, NOWS, NOWS)
def test_what_was_dropped_stays_dropped(
    rule: LateRule, missed: list[Airing], one: datetime, other: datetime
) -> None:
    before, after = (catch_up(rule, missed, QUIET, now) for now in sorted((one, other)))
    assert set(before.dropped) <= set(after.dropped)
    assert set(before.play) <= set(after.play) | set(after.dropped)
    assert len(after.play) <= 1 or not isinstance(rule, Coalesce)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(RULES, AIRINGS, NOWS)
def test_nothing_late_touches_quiet_hours_or_outlives_its_expiry(
    rule: LateRule, missed: list[Airing], now: datetime
) -> None:
    for one in catch_up(rule, missed, QUIET, now).play:
        if now == one.due_at:
            continue
        assert now + one.duration <= one.expires_at
        assert local(now).date() == local(one.due_at).date()
        if one.bulletin_class is not BulletinClass.EMERGENCY and not QUIET.overlaps(
            one.due_at, one.due_at + one.duration
        ):
            assert not QUIET.overlaps(now, now + one.duration)


@given(RULES)
def test_a_late_rule_survives_its_json_and_is_said(rule: LateRule) -> None:
    assert late_rule_from_json("late", late_rule_to_json(rule)) == rule
    assert all(late_words(rule))


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, "late.kind"),
        ({"kind": "often"}, "late.kind"),
        ({"kind": ["skip"]}, "late.kind"),
        ({"kind": "skip", "minutes": 3}, "late.minutes"),
        ({"kind": "play_if_late_under"}, "late.minutes"),
        ({"kind": "play_if_late_under", "minutes": 0}, "late.minutes"),
        ({"kind": "play_if_late_under", "minutes": 1441}, "late.minutes"),
    ],
)
def test_nonsense_is_refused_with_the_exact_field(value: object, field: str) -> None:
    with pytest.raises(TimingRefused) as raised:
        late_rule_from_json("late", value)
    assert raised.value.fault.field == field
