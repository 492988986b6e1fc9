"""Loudness by hour and zone."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.announcement import BulletinClass
from schedules.calendar import local
from schedules.errors import TableRefused
from schedules.loudness import (
    Loudness,
    Step,
    Zone,
    gain_at,
    house_loudness,
    parse_loudness,
    quietest,
    volume_with,
)
from tests.schedules.cast import at

NORMAL, EMERGENCY = BulletinClass.NORMAL, BulletinClass.EMERGENCY


@pytest.mark.parametrize(
    ("zone", "instant", "gain"),
    [
        (Zone.ORDINARY, at(6), 0.0),
        (Zone.SPECIAL, at(6), -10.0),
        (Zone.SPECIAL, at(5, 59, 59), -25.0),
        (Zone.ORDINARY, at(20, 59, 59), 0.0),
        (Zone.ORDINARY, at(21), -15.0),
        (Zone.ORDINARY, at(0), -15.0),
    ],
)
def test_the_house_s_table_by_hour_and_zone(zone: Zone, instant: datetime, gain: float) -> None:
    assert gain_at(house_loudness(), zone, instant, NORMAL) == gain


def test_an_emergency_is_never_made_quieter() -> None:
    for hour in range(24):
        assert gain_at(house_loudness(), Zone.SPECIAL, at(hour), EMERGENCY) == 0.0
        assert quietest(house_loudness(), Zone.SPECIAL, at(hour), at(hour, 30), EMERGENCY) == 0.0


def test_a_sound_that_runs_into_a_quieter_hour_is_quieter_from_its_beginning() -> None:
    table = house_loudness()
    assert quietest(table, Zone.ORDINARY, at(20, 59), at(21, 1), NORMAL) == -15.0
    assert quietest(table, Zone.ORDINARY, at(20, 58), at(21), NORMAL) == 0.0
    assert quietest(table, Zone.ORDINARY, at(5, 59), at(6, 1), NORMAL) == -15.0


@pytest.mark.parametrize(
    ("volume", "gain", "expected"),
    [(80, 0.0, 80), (80, -6.0, 40), (80, -10.0, 25), (80, -20.0, 8), (3, -40.0, 1), (0, -10.0, 0)],
)
def test_a_gain_is_a_share_of_the_full_amplitude(volume: int, gain: float, expected: int) -> None:
    assert volume_with(volume, gain) == expected


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.dictionaries(st.times().map(lambda t: t.replace(microsecond=0)), st.integers(-40, 0), max_size=4),
    st.integers(0, 2 * 86_400),
    st.integers(1, 5_000),
)
def test_the_quietest_moment_is_what_looking_at_every_minute_and_step_finds(
    steps: dict[time, int], start_s: int, length_s: int
) -> None:
    table = Loudness(
        steps=tuple(Step(zone=Zone.ORDINARY, since=since, gain_db=db) for since, db in steps.items())
    )
    start = at(0) + timedelta(seconds=start_s)
    moments = [start + timedelta(seconds=n) for n in range(0, length_s, 7)]
    on_steps = [at(since.hour, since.minute, since.second, day=day) for day in range(4) for since in steps]
    stepped = [moment for moment in on_steps if start <= moment < start + timedelta(seconds=length_s)]
    expected = min(gain_at(table, Zone.ORDINARY, moment, NORMAL) for moment in (*moments, *stepped))
    found = quietest(table, Zone.ORDINARY, start, start + timedelta(seconds=length_s), NORMAL)
    assert found == expected, local(start)


@pytest.mark.parametrize(
    "line",
    [
        "ordinary\t06:00\t0",
        "hall\t06:00\t0\tx",
        "special\t6:00\t0\tx",
        "special\t06:00\t3\tx",
        "special\t06:00\t-41\tx",
        "special\t06:00\tnan\tx",
        "special\t21:00\t-3\tx",
    ],
)
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(TableRefused) as raised:
        parse_loudness(f"special\t21:00\t-20\tx\n{line}\n")
    assert "Dòng 2" in raised.value.vi
