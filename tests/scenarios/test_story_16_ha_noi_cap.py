"""Story 16: in an inner ward of Hà Nội minute 16 of a session is refused, and heard under an event order."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import QUANG_DIEN
from schedules.calendar import instant_of
from schedules.profile import Profile, ProfileKind
from schedules.recurrence import NextSession
from schedules.rulepack import Limits
from tests.scenarios.test_rules_of_a_place import administrator, choose
from tests.support.house import DAY, FEW, House, play

FIVE = instant_of(DAY, time(5, 0))
LONG = (
    "Kính mời bà con đến nhà văn hóa thôn nghe phổ biến lịch gieo cấy vụ Đông Xuân và phòng trừ sâu bệnh. "
    * 38
)
QUARTER = timedelta(minutes=15)


def event() -> Profile:
    """The commune may speak for half an hour that day, by a document."""
    return Profile(
        id="",
        kind=ProfileKind.EVENT,
        name="Ngày hội đại đoàn kết",
        document="Kế hoạch 45/KH-UBND ngày 20/11/2026",
        area=QUANG_DIEN,
        first=DAY,
        last=DAY,
        raised=Limits(sessions_a_day=4, a_session=timedelta(minutes=30)),
    )


async def fill_a_session(house: House) -> list[timedelta]:
    """Items for one session that together are longer than a quarter of an hour; how long each is."""
    await house.add_session(time(5, 0), opening=False, closing=False)
    views = [
        await house.say(f"Lịch gieo cấy, phần {n}", text=LONG, timing=NextSession(), repeat=3)
        for n in range(1, 6)
    ]
    await house.rest(5)
    found = [await house.up.views.announcement(house.author, view.announcement.id) for view in views]
    return [timedelta(milliseconds=view.rendering.duration_ms) for view in found]


@pytest.mark.parametrize("ordered", [False, True])
def test_minute_sixteen_is_refused_but_under_an_event_order(ordered: bool, place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await choose(house, "ha_noi_inner")
        if ordered:
            await house.up.ruling.add_profile(administrator(), event(), "event-1")
        seen["lengths"] = await fill_a_session(house)
        seen["codes"] = {one.kind for one in house.up.views.conflicts(QUANG_DIEN, DAY)}
        await house.until(FIVE + timedelta(minutes=40))

    house = play(story, place, members=FEW[:1])

    total = sum(seen["lengths"], timedelta())
    assert QUARTER < total < timedelta(minutes=29), "the fifth part lies across minute 15"
    assert sum(seen["lengths"][:4], timedelta()) < QUARTER
    spans = house.heard(FEW[0])
    last = spans[-1].end
    assert last is not None
    if ordered:
        assert seen["codes"] == set()
        assert len({span.begin.claim for span in spans}) == 5
        assert last.ended_at - FIVE > QUARTER
    else:
        assert seen["codes"] == {"E_CAP"}
        assert len({span.begin.claim for span in spans}) == 4
        assert last.ended_at - FIVE <= QUARTER
