"""A leap second, inserted or smeared over hours: nothing happens (F49)."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.store import audit
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, House, play

MIDNIGHT = instant_of(DAY, time(7, 0))
"""Seven in the morning in Vietnam is 0:00 UTC, before which a leap second is inserted."""
AROUND = (MIDNIGHT - timedelta(minutes=2), MIDNIGHT, MIDNIGHT + timedelta(minutes=2))
SECOND = timedelta(seconds=1)
BESIDE = timedelta(minutes=10)


def inserted(at: datetime) -> timedelta:
    """The second 23:59:59 comes twice."""
    return -SECOND if at >= MIDNIGHT else timedelta()


def taken_out(at: datetime) -> timedelta:
    """The second 23:59:59 never comes."""
    return SECOND if at >= MIDNIGHT - SECOND else timedelta()


def smeared(at: datetime) -> timedelta:
    """From ten minutes before to ten minutes after, each second is a little longer."""
    gone = (at - (MIDNIGHT - BESIDE)) / (2 * BESIDE)
    return -SECOND * min(1.0, max(0.0, gone))


@pytest.mark.promise("F49")
@pytest.mark.parametrize("skew", [inserted, taken_out, smeared])
def test_a_leap_second_is_no_event_and_everything_is_heard_once_and_in_time(skew: Any, place: Path) -> None:
    seen: dict[str, Any] = {"leaps": []}

    async def story(house: House) -> None:
        assert MIDNIGHT.astimezone(UTC).time() == time(0, 0)
        for at in AROUND:
            await house.say(f"Họp lúc {at:%H:%M}", timing=Once(at=at))
        now = MIDNIGHT - BESIDE
        while now < MIDNIGHT + BESIDE + timedelta(minutes=1):
            await house.until(now)
            house.clock.skew = skew(now)
            seen["leaps"].append(house.up.leap)
            now += SECOND if abs(now - MIDNIGHT) <= timedelta(seconds=20) else timedelta(seconds=10)
        seen["book"] = [row.deed for row in await house.up.db.read(audit.newest, 200)]

    house = play(story, place, start=MIDNIGHT - BESIDE - timedelta(minutes=2))

    assert set(seen["leaps"]) == {None}
    assert not [deed for deed in seen["book"] if deed.startswith("clock.")]
    for node in FEW[:3]:
        spans = house.heard(node)
        assert max(Counter(house.claims(node)).values()) == 1
        starts = [span.begin.first_sample_at for span in spans]
        assert len(starts) == len(AROUND)
        assert all(abs(start - at) <= 2 * SECOND for start, at in zip(starts, AROUND, strict=True))
