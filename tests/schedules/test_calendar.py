"""Local time: quiet hours to the second, and the same instants whatever the host's zone is."""

import os
import subprocess
import sys
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.calendar import QuietHours, said_en, said_vi, stamp
from tests.schedules.cast import at

ROOT = Path(__file__).parents[2]
PROGRAM = """
from datetime import date, time
from schedules.calendar import Window, QuietHours, instant_of, said_vi, stamp
from schedules.recurrence import Weekly, instants
first, last = date(2026, 1, 1), date(2026, 12, 31)
daily = Weekly(at=time(5, 30), days=frozenset(range(7)), first=first, last=last)
found = instants(daily, Window(start=instant_of(first, time(0)), end=instant_of(last, time(23))))
night = QuietHours()
print(len(found), *(stamp(i) + said_vi(i) + str(night.contains(i)) for i in found))
"""


def year_of_mornings(**environment: str) -> str:
    # its own process: a host's zone is fixed before Python starts
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        encoding="utf-8",
    )
    return done.stdout


@pytest.mark.promise("F50")
@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "UTC"},
        {"TZ": "America/New_York"},
        {"TZ": "Australia/Lord_Howe"},
        {"TZ": "Nowhere/Unknown"},
        # no zone files on the host: the tzdata package serves
        {"TZ": "Europe/Berlin", "PYTHONTZPATH": ""},
    ],
    ids=["utc", "new-york", "half-hour-summer-time", "unknown", "no-tzdata"],
)
def test_the_hosts_zone_changes_no_instant(environment: dict[str, str]) -> None:
    here = year_of_mornings(TZ="Asia/Ho_Chi_Minh")
    assert here.startswith("365 2025-12-31T22:30:00Z05:30 thứ Năm 01/01False")
    assert year_of_mornings(**environment) == here


@pytest.mark.parametrize(
    ("hour", "minute", "second", "quiet"),
    [
        (20, 59, 59, False),
        (21, 0, 0, True),
        (3, 15, 0, True),
        (4, 59, 59, True),
        (5, 0, 0, False),
        (12, 0, 0, False),
    ],
)
def test_quiet_hours_begin_and_end_to_the_second(hour: int, minute: int, second: int, quiet: bool) -> None:
    assert QuietHours().contains(at(hour, minute, second)) is quiet


@pytest.mark.parametrize(
    ("start", "end", "overlap"),
    [
        (at(20), at(21), False),
        (at(20), at(21, 0, 1), True),
        (at(4, 59), at(5, 0), True),
        (at(5), at(21), False),
        (at(12), at(12, day=1), True),
        (at(23), at(23, 1), True),
    ],
)
def test_a_sound_overlaps_quiet_hours_when_any_moment_of_it_does(
    start: object, end: object, overlap: bool
) -> None:
    assert QuietHours().overlaps(start, end) is overlap  # type: ignore[arg-type]


@given(st.times(), st.times(), st.integers(0, 86_399), st.integers(1, 90_000))
def test_overlap_is_what_asking_at_every_edge_finds(begin: time, end: time, second: int, length: int) -> None:
    quiet = QuietHours(start=begin.replace(microsecond=0), end=end.replace(microsecond=0))
    start = at(0) + timedelta(seconds=second)
    asked = range(second, second + length)
    marks = {second, second + length - 1}
    for wall in (quiet.start, quiet.end):
        mark = wall.hour * 3600 + wall.minute * 60 + wall.second
        marks |= {m for m in (mark - 1, mark, mark + 86_400 - 1, mark + 86_400) if m in asked}
    found = any(quiet.contains(at(0) + timedelta(seconds=mark)) for mark in marks)
    assert quiet.overlaps(start, start + timedelta(seconds=length)) is found


@given(st.integers(0, 86_399), st.integers(1, 50_000))
def test_free_from_is_the_first_room_of_that_length(second: int, length: int) -> None:
    quiet, start, room = QuietHours(), at(0) + timedelta(seconds=second), timedelta(seconds=length)
    free = quiet.free_from(start, room)
    assert not quiet.overlaps(free, free + room)
    assert start <= free < start + timedelta(days=1)
    earlier = free - timedelta(seconds=1)
    assert free == start or quiet.overlaps(earlier, earlier + room)


def test_a_room_longer_than_any_day_moves_nothing() -> None:
    assert QuietHours().free_from(at(22), timedelta(hours=17)) == at(22)


def test_instants_are_said_as_people_say_them() -> None:
    assert said_vi(at(5, 30, day=5)) == "05:30 thứ Bảy 28/11"
    assert said_vi(at(0, day=6)) == "00:00 Chủ nhật 29/11"
    assert said_en(at(5, 30, day=5)) == "05:30 on Saturday 28/11"
    assert stamp(at(5, 30)) == "2026-11-22T22:30:00Z"
