"""Timings as JSON: strict, and every refusal names its exact field."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.calendar import ZONE
from schedules.errors import TimingRefused
from schedules.recurrence import (
    AfterApproval,
    NextSession,
    Once,
    Weekly,
    timing_faults,
    timing_from_json,
    timing_to_json,
)
from tests.schedules.cast import at

WEEKLY = {"kind": "weekly", "at": "05:30", "days": [0, 2], "first": "2026-11-23", "last": "2026-12-23"}
ONCE = {"kind": "once", "at": "2026-11-22T22:30:00Z"}


def refused(value: Any) -> tuple[str, str]:
    with pytest.raises(TimingRefused) as raised:
        timing_from_json(value)
    assert raised.value.fault.vi
    return raised.value.fault.field, raised.value.code


def test_all_kinds_are_read() -> None:
    assert timing_from_json({"kind": "after_approval"}) == AfterApproval()
    assert timing_from_json({"kind": "next_session"}) == NextSession()
    assert timing_from_json(ONCE) == Once(at=at(5, 30))
    assert timing_from_json({**ONCE, "at": "2026-11-23T05:30:00+07:00"}) == Once(at=at(5, 30))
    assert timing_from_json(WEEKLY) == Weekly(
        at=time(5, 30), days=frozenset({0, 2}), first=date(2026, 11, 23), last=date(2026, 12, 23)
    )


@given(
    st.one_of(
        st.just(AfterApproval()),
        st.just(NextSession()),
        st.builds(
            Once,
            at=st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 31), timezones=st.just(ZONE)).map(
                lambda instant: instant.replace(microsecond=0)
            ),
        ),
        st.builds(
            lambda wall, days, first, length: Weekly(
                at=wall.replace(microsecond=0), days=days, first=first, last=first + timedelta(days=length)
            ),
            st.times(),
            st.frozensets(st.integers(0, 6), min_size=1),
            st.dates(date(2001, 1, 1), date(2098, 1, 1)),
            st.integers(0, 366),
        ),
    )
)
def test_a_timing_survives_its_json(timing: Any) -> None:
    assert timing_from_json(timing_to_json(timing)) == timing


@pytest.mark.promise("S55")
@pytest.mark.parametrize(
    ("value", "field", "code"),
    [
        ({**WEEKLY, "at": "25:00"}, "timing.at", "E_TIME"),
        ({**WEEKLY, "at": "05:60"}, "timing.at", "E_TIME"),
        ({**WEEKLY, "at": "5:30"}, "timing.at", "E_TIME"),
        ({**WEEKLY, "at": "05:30+07:00"}, "timing.at", "E_TIME"),
        ({**WEEKLY, "at": "٠٥:٣٠"}, "timing.at", "E_TIME"),
        ({**WEEKLY, "at": 530}, "timing.at", "E_TIME"),
        ({**WEEKLY, "first": "2026-02-31"}, "timing.first", "E_TIME"),
        ({**WEEKLY, "last": "2027-02-29"}, "timing.last", "E_TIME"),
        ({**WEEKLY, "last": "20261223"}, "timing.last", "E_TIME"),
        ({**WEEKLY, "first": "9999-12-31", "last": "9999-12-31"}, "timing.first", "E_TIME"),
        ({**WEEKLY, "last": "9999-12-31"}, "timing.last", "E_TIME"),
        ({**WEEKLY, "last": "2026-11-22"}, "timing.last", "E_ORDER"),
        ({**WEEKLY, "last": "2036-11-23"}, "timing.last", "E_WINDOW"),
        ({**WEEKLY, "days": []}, "timing.days", "E_TIMING"),
        ({**WEEKLY, "days": [7]}, "timing.days", "E_TIMING"),
        ({**WEEKLY, "days": [0, 0]}, "timing.days", "E_TIMING"),
        ({**WEEKLY, "days": [True]}, "timing.days", "E_TIMING"),
        ({**WEEKLY, "days": [1.0]}, "timing.days", "E_TIMING"),
        ({**WEEKLY, "days": [[]]}, "timing.days", "E_TIMING"),
        ({**WEEKLY, "days": "0"}, "timing.days", "E_TIMING"),
        ({**ONCE, "at": "2026-11-22T25:00:00Z"}, "timing.at", "E_TIME"),
        ({**ONCE, "at": "2026-02-31T05:00:00Z"}, "timing.at", "E_TIME"),
        ({**ONCE, "at": "9999-12-31T23:59:59Z"}, "timing.at", "E_TIME"),
        ({**ONCE, "at": "9999-12-31T23:59:59-07:00"}, "timing.at", "E_TIME"),
        ({**ONCE, "at": "0001-01-01T00:00:00+07:00"}, "timing.at", "E_TIME"),
        ({**ONCE, "at": "2026-11-22T22:30:00"}, "timing.at", "E_TIME"),
        ({**ONCE, "at": "2026-11-22T22:30:00.5Z"}, "timing.at", "E_TIME"),
        ({**ONCE, "at": "2026-11-22T23:59:60Z"}, "timing.at", "E_TIME"),
        ({**ONCE, "at": None}, "timing.at", "E_TIME"),
        ({**ONCE, "at": 10**6000}, "timing.at", "E_TIME"),
        ({"kind": "once"}, "timing.at", "E_FIELD"),
        ({**ONCE, "days": [0]}, "timing.days", "E_FIELD"),
        ({"kind": "next_session", "approved": True}, "timing.approved", "E_FIELD"),
        ({"kind": "hourly"}, "timing.kind", "E_TIMING"),
        ({"kind": ["once"]}, "timing.kind", "E_TIMING"),
        ({}, "timing.kind", "E_TIMING"),
        (None, "timing", "E_TIMING"),
        ([ONCE], "timing", "E_TIMING"),
        ("once", "timing", "E_TIMING"),
    ],
)
def test_nonsense_is_refused_with_the_exact_field(value: Any, field: str, code: str) -> None:
    assert refused(value) == (field, code)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from((ONCE, WEEKLY)), st.sampled_from(("kind", "at", "days", "first", "last")), JSON)
def test_any_json_is_read_or_refused_and_never_breaks(base: dict[str, Any], key: str, value: Any) -> None:
    try:
        timing = timing_from_json({**base, key: value})
    except TimingRefused:
        return
    assert not timing_faults(timing)
    assert timing_from_json(timing_to_json(timing)) == timing
