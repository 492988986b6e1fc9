"""Emergencies: rounds, siren codes and words of every hazard and level."""

from datetime import timedelta

import pytest

from schedules.emergency import (
    LEVELS,
    NAMES,
    Hazard,
    Siren,
    all_clear,
    headline,
    level,
    retraction,
    siren_code,
)
from schedules.errors import Refused, TableRefused
from schedules.repeat import (
    RepeatPolicy,
    count_rounds,
    house_repeats,
    parse_repeats,
    repeat_policy,
    rounds,
)
from tests.schedules.cast import at


@pytest.mark.parametrize(
    ("hazard", "number", "minutes"),
    [
        (Hazard.FLOOD, 3, [0, 120, 240, 360]),
        (Hazard.FLOOD, 2, [0, 180, 360]),
        (Hazard.STORM, 4, [0, 120, 240, 360]),
        (Hazard.STORM, 2, [0, 180, 360]),
        (Hazard.TSUNAMI, 1, [0, 5, 10, *range(40, 361, 30)]),
        (Hazard.TSUNAMI, 3, [0, 5, 10, *range(30, 361, 20)]),
        (Hazard.EARTHQUAKE, 5, [0]),
    ],
)
def test_an_alert_is_repeated_as_the_table_says(hazard: Hazard, number: int, minutes: list[int]) -> None:
    issued = at(2, 10)
    found = rounds(repeat_policy(hazard, number), issued, issued + timedelta(minutes=361))
    assert found == tuple(issued + timedelta(minutes=m) for m in minutes)


def test_rounds_are_counted_as_they_are_named() -> None:
    for policy in {id(one): one for one in house_repeats().values()}.values():
        for minutes in (0, 1, 5, 10, 11, 30, 40, 41, 180, 181, 361, 10_000):
            life = timedelta(minutes=minutes)
            assert count_rounds(policy, life) == len(rounds(policy, at(2), at(2) + life))


def test_a_place_may_say_its_own_table_and_what_can_not_be_read_is_named() -> None:
    own = parse_repeats("*\t1\t0\t60\tQĐ 1\ntsunami\t2\t0,1\t-\tQĐ 2\n")
    assert own[Hazard.TSUNAMI, 1] == RepeatPolicy(offsets=(timedelta(),), every=timedelta(hours=1))
    assert own[Hazard.TSUNAMI, 5] == RepeatPolicy(offsets=(timedelta(), timedelta(minutes=1)), every=None)
    assert own[Hazard.FOG, 3].every == timedelta(hours=1)
    for bad in (
        "*\t1\t5\t60\tx",
        "*\t1\t0,10,5\t60\tx",
        "*\t6\t0\t60\tx",
        "*\t1\t0\t0\tx",
        "sóng\t1\t0\t60\tx",
        "*\t1\t0\t60",
        "*\t1\t0\t60\tx\n*\t1\t0\t90\tx",
        "tsunami\t1\t0\t60\tx",
    ):
        with pytest.raises(TableRefused):
            parse_repeats(bad)


def test_no_round_begins_at_or_after_the_end() -> None:
    policy = repeat_policy(Hazard.TSUNAMI, 1)
    assert rounds(policy, at(2), at(2, 5)) == (at(2),)
    assert rounds(policy, at(2), at(2)) == ()


@pytest.mark.parametrize(
    ("hazard", "number", "siren"),
    [
        (Hazard.FLOOD, 1, Siren.ATTENTION),
        (Hazard.FLOOD, 2, Siren.FLOOD2),
        (Hazard.FLOOD, 3, Siren.FLOOD3),
        (Hazard.DAM_RELEASE, 3, Siren.FLOOD3),
        (Hazard.STORM, 2, Siren.STORM),
        (Hazard.STORM, 4, Siren.FLOOD3),
        (Hazard.TSUNAMI, 1, Siren.FLOOD3),
        (Hazard.FOREST_FIRE, 5, Siren.ATTENTION),
    ],
)
def test_the_siren_follows_hues_code(hazard: Hazard, number: int, siren: Siren) -> None:
    assert siren_code(hazard, number) is siren


def test_every_hazard_at_every_level_has_a_siren_rounds_and_words_with_the_time_of_issue() -> None:
    issued = at(14, 5)
    for hazard in Hazard:
        for found in LEVELS:
            assert siren_code(hazard, found.number) in Siren
            assert (
                rounds(repeat_policy(hazard, found.number), issued, issued + timedelta(hours=9))[0] == issued
            )
            said = headline(hazard, found.number, "xã Quảng Điền", issued)
            assert "14 giờ 05 phút, ngày 23 tháng 11" in said
            assert NAMES[hazard][0] in said
            assert f"cấp độ rủi ro {found.number}" in said


def test_the_ways_back_say_when_and_where() -> None:
    for said in (
        all_clear(Hazard.FLOOD, "xã Đan Điền", at(6)),
        retraction(Hazard.FLOOD, "xã Đan Điền", at(6)),
    ):
        assert "6 giờ 00 phút, ngày 23 tháng 11" in said
        assert "xã Đan Điền" in said


@pytest.mark.parametrize("number", [0, 6, -1])
def test_there_is_no_other_level(number: int) -> None:
    for ask in (level, lambda n: siren_code(Hazard.FLOOD, n), lambda n: repeat_policy(Hazard.FLOOD, n)):
        with pytest.raises(Refused) as refused:
            ask(number)
        assert refused.value.code == "E_LEVEL"
