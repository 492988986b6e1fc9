"""Bad roads and wrong clocks: every message several times and shuffled, a paused controller, two of them."""

import random
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import QUANG_DIEN
from controller.store import receipts
from devices.link import Arrival
from devices.messages import NodeId
from firmware_sim.air import Air
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import CONTROLLER, DAY, FEW, House, play

AT = instant_of(DAY, time(6, 0))


async def announce(house: House) -> None:
    await house.say("Họp thôn", timing=Once(at=AT))
    await house.until(AT - timedelta(minutes=5))


async def outcome(house: House) -> dict[str, Any]:
    day = await house.up.views.day(house.author, QUANG_DIEN, DAY)
    return {line.title: await house.verdicts(line.occurrence) for line in day.occurrences}


@pytest.mark.promise("F24", "P7")
def test_every_message_doubled_and_shuffled_is_still_heard_once(place: Path) -> None:
    rng = random.Random(24)
    seen: dict[str, Any] = {}

    def shuffled(client: str, arrival: Arrival) -> tuple[float, ...]:
        return tuple(rng.uniform(0.0, 20.0) for _ in range(rng.randint(1, 5)))

    async def story(house: House) -> None:
        await announce(house)
        await house.until(AT + timedelta(minutes=8))
        seen["verdicts"] = await outcome(house)
        kept = await house.up.db.read(receipts.of_node, NodeId(FEW[0]))
        seen["seqs"] = [receipt.seq for receipt in kept]

    house = play(story, place, air=Air(carry=shuffled, lift=shuffled))

    assert [len(house.claims(node)) for node in FEW[:3]] == [1, 1, 1]
    assert set(seen["verdicts"]["Họp thôn"].values()) == {"aired"}
    assert len(set(seen["seqs"])) == len(seen["seqs"])


@pytest.mark.promise("F06")
def test_a_controller_that_slept_through_the_session_causes_no_burst(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await announce(house)
        house.air.block(CONTROLLER)
        await house.rest(600)
        house.air.unblock(CONTROLLER)
        await house.rest(90)
        seen["verdicts"] = await outcome(house)

    house = play(story, place)

    assert [len(house.claims(node)) for node in FEW[:3]] == [1, 1, 1]
    assert set(seen["verdicts"]["Họp thôn"].values()) == {"aired"}


@pytest.mark.promise("F27")
def test_a_broker_that_is_gone_and_empty_every_ten_seconds_costs_no_airing(place: Path) -> None:
    """What was fetched before plays by itself; what is approved meanwhile still comes through."""
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await announce(house)
        await house.until(AT - timedelta(minutes=1))
        for turn in range(60):
            house.air.kill()
            await house.rest(2)
            house.air.restore()
            await house.rest(8)
            if turn == 12:
                await house.say("Mất nước", timing=Once(at=AT + timedelta(minutes=6)))
        await house.rest(120)
        seen["verdicts"] = await outcome(house)

    house = play(story, place)

    assert [len(set(house.claims(node))) for node in FEW[:3]] == [2, 2, 2]
    assert [len(house.heard(node)) for node in FEW[:3]] == [2, 2, 2]
    assert {title: set(found.values()) for title, found in seen["verdicts"].items()} == {
        "Họp thôn": {"aired"},
        "Mất nước": {"aired"},
    }


@pytest.mark.promise("F45")
@pytest.mark.parametrize("back", [timedelta(minutes=3), timedelta(hours=1), timedelta(days=1)])
def test_a_controller_that_wakes_up_in_the_past_repeats_nothing(back: timedelta, place: Path) -> None:
    """By its clock the session lies ahead once more, and it plans the day anew."""
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await announce(house)
        await house.until(AT + timedelta(seconds=90))
        await house.kill()
        house.clock.skew = -back
        await house.open()
        await house.say("Mất nước", timing=Once(at=AT + timedelta(hours=1)))
        await house.rest(3600 * 2)
        await house.kill()
        house.clock.skew = timedelta()
        await house.open()
        await house.rest(3600)
        seen["verdicts"] = await outcome(house)

    house = play(story, place, errors=True)

    for node in FEW[:3]:
        claims = house.claims(node)
        assert len(claims) == len(set(claims)) == 2
    assert set(seen["verdicts"]["Họp thôn"].values()) == {"aired"}
