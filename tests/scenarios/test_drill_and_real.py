"""A drill and the real thing at once: what is real is heard, and the drill has its end (F73)."""

from datetime import time
from pathlib import Path
from typing import Any

import pytest

from devices.messages import Mode
from schedules.calendar import instant_of
from tests.support.house import DAY, FEW, House, play

AT = instant_of(DAY, time(6, 0))


@pytest.mark.promise("F73", "P11")
def test_a_drill_begun_while_the_real_thing_sounds_is_not_heard_and_gets_its_verdict(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        real = await house.alarm(key="real")
        await house.rest(20)
        drill = await house.alarm(mode=Mode.EXERCISE, key="drill")
        await house.rest(240)
        await house.up.desk.stop_all(house.operator, house.operator.area, "stop")
        await house.rest(300)
        seen["real"] = await house.verdicts(real.id)
        seen["drill"] = await house.verdicts(drill.id)

    house = play(story, place)

    for node in FEW[:3]:
        assert {span.begin.mode for span in house.heard(node)} == {Mode.ACTUAL}
        assert seen["real"][node] == "aired"
    assert set(seen["drill"].values()) == {"missed"}


@pytest.mark.promise("F73", "P11")
def test_the_real_thing_silences_a_drill_at_once_and_the_drill_is_not_called_aired(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        drill = await house.alarm(mode=Mode.EXERCISE, key="drill")
        await house.rest(20)
        real = await house.alarm(key="real")
        seen["at"] = real.issued_at
        await house.rest(600)
        await house.up.desk.stop_all(house.operator, house.operator.area, "stop")
        await house.rest(300)
        seen["drill"] = await house.verdicts(drill.id)

    house = play(story, place)

    for node in FEW[:3]:
        spans = house.heard(node)
        drills = [span for span in spans if span.begin.mode is Mode.EXERCISE]
        last = drills[-1].end
        assert last is not None
        assert not last.whole
        assert (last.ended_at - seen["at"]).total_seconds() < 1.0
    assert set(seen["drill"].values()) == {"cancelled"}
