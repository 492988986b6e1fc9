"""What is over leaves the broker: whoever comes back after days meets the days ahead and nothing else."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

from controller.deploy.commune_data import QUANG_DIEN
from devices import topics
from devices.messages import AreaCode
from schedules.calendar import instant_of
from schedules.recurrence import Once, Weekly
from tests.support.house import DAY, FEW, House, play

DAYS = 3


def test_programmes_of_days_long_past_lie_at_the_broker_no_more(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        daily = Weekly(at=time(6, 0), days=frozenset(range(7)), first=DAY, last=DAY + timedelta(days=DAYS))
        await house.say("Họp thôn", timing=daily, expires_at=instant_of(DAY + timedelta(days=9), time(0, 0)))
        for n in range(DAYS):
            await house.until(instant_of(DAY + timedelta(days=n), time(12, 0)))
        lying = {
            n: house.air.retained(topics.programme(AreaCode(QUANG_DIEN), DAY + timedelta(days=n)))
            for n in range(DAYS)
        }
        seen["lying"] = [n for n, payload in lying.items() if payload]
        before = len(house.journal.rows)
        node = next(iter(house.village.nodes.values()))
        node.power_cut()
        node.power_on()
        await house.rest(60)
        seen["refused"], seen["heard"] = node.state.refusals, len(house.journal.rows) - before

    play(story, place, members=FEW[:1])

    assert seen["lying"] == [DAYS - 1]
    assert seen["refused"] == 0
    assert seen["heard"] == 0


def test_a_day_counts_the_nodes_that_hold_what_is_still_to_come(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def counted(house: House) -> tuple[int, int]:
        day = await house.up.views.day(house.author, QUANG_DIEN, DAY)
        return day.nodes, day.holding

    async def story(house: House) -> None:
        away = next(iter(house.village.nodes.values()))
        away.link_down()
        await house.say("Họp thôn", timing=Once(at=instant_of(DAY, time(9, 0))))
        await house.rest(120)
        seen["one_away"] = await counted(house)
        away.link_up()
        await house.rest(120)
        seen["before"] = await counted(house)
        await house.until(instant_of(DAY, time(10, 0)))
        seen["after"] = await counted(house)

    play(story, place)

    nodes, holding = seen["before"]
    assert nodes == holding >= 2
    assert seen["one_away"] == (nodes, nodes - 1)
    assert seen["after"] == (0, 0)
