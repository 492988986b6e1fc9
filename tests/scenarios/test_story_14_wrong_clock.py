"""Story 14: a node that boots in 1970 says nothing ordinary, and still warns of a flood."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.messages import NodeId
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import CONTROLLER, DAY, FEW, House, play

AT = instant_of(DAY, time(6, 0))
NODE = NodeId(FEW[0])


@pytest.mark.promise("F46")
def test_a_node_without_a_clock_keeps_quiet_until_the_controller_has_told_the_time(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.say("Họp thôn", timing=Once(at=AT))
        await house.rest(60)
        body = house.village.nodes[NODE]
        await house.until(AT - timedelta(minutes=3))
        body.power_cut()
        house.clients_away(CONTROLLER)
        await house.rest(5)
        body.power_on()
        await house.until(AT + timedelta(minutes=2))
        seen["without"] = house.claims(NODE)
        house.air.unblock(CONTROLLER)
        await house.until(AT + timedelta(minutes=8))

    house = play(story, place, rtc=False)

    assert seen["without"] == []
    assert len(house.claims(NODE)) == 1, "within its grace, once the time was known"
    assert len(house.claims(FEW[1])) == 1


@pytest.mark.promise("F46")
def test_a_node_without_a_clock_warns_of_the_flood_by_its_nonce(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        body = house.village.nodes[NODE]
        body.power_cut()
        await house.rest(2)
        alert = await house.alarm()
        await house.rest(5)
        body.power_on()
        seen["at"] = house.clock.now()
        await house.rest(60)
        assert alert.id

    house = play(story, place, rtc=False)

    first = house.heard(NODE)[0].begin
    assert first.part == "tone"
    assert (first.first_sample_at - seen["at"]).total_seconds() < 10.0
