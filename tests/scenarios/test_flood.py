"""One node sends a thousand letters a second (F65, S29): it is not listened to, the others are."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import PROVINCE
from controller.dispatch.receipts.flood import MOST, QUARANTINE, WINDOW, Floodgate
from controller.dispatch.receipts.mail import Letter
from controller.store import incidents
from devices import topics
from devices.health import Condition, Reason
from devices.link import Arrival, LinkSettings
from devices.messages import NodeId
from devices.signing import sign
from firmware_sim.air import AirLink
from schedules.calendar import instant_of
from tests.controller.test_monitor import BEAT
from tests.support.house import DAY, FEW, House, play
from tests.support.link_worlds import Notes

AT = instant_of(DAY, time(6, 0))
LOUD, QUIET = NodeId(FEW[0]), tuple(NodeId(name) for name in FEW[1:3])
A_SECOND = 1_000
FLOOD_S = 10
NOW = datetime(2026, 11, 23, tzinfo=UTC)


async def flood(house: House) -> None:
    """What the node itself has signed, over and over; no check but the count can stop that."""
    settings = LinkSettings(host="air", port=0, client_id="flooder")
    link = AirLink(house.air, settings, Notes(), random.Random(1), lambda fault: None)
    link.start()
    while not link.settled:
        await asyncio.sleep(0.1)
    beat = replace(BEAT, node=LOUD, sent_at=house.up.clock.now())
    payload = sign(beat, house.keys[LOUD])
    for _ in range(FLOOD_S * 10):
        for _ in range(A_SECOND // 10):
            link.post(topics.telemetry(LOUD), payload)
        await asyncio.sleep(0.1)
    await link.stop()


@pytest.mark.promise("F65", "S29")
def test_a_flooding_node_is_set_aside_and_the_others_are_heard_as_ever(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        flooding = asyncio.get_running_loop().create_task(flood(house))
        await house.rest(6)
        before = house.up.intake.counts.letters
        seen["reasons"] = house.up.room.monitor.live(LOUD).health.reasons
        seen["open"] = await house.up.db.read(incidents.running, PROVINCE)
        alert = await house.alarm(rounds=1)
        await house.rest(3)
        seen["sirens"] = [
            (house.heard(node)[0].begin.first_sample_at - alert.issued_at).total_seconds() for node in QUIET
        ]
        seen["silent"] = [node for node in QUIET if house.up.room.monitor.is_silent(node)]
        seen["held_back"] = house.up.intake.gate.held_back
        seen["letters"] = house.up.intake.counts.letters - before
        await flooding
        await house.rest(240)
        seen["verdicts"] = await house.verdicts(alert.id)
        seen["afterwards"] = house.up.room.monitor.live(LOUD).health.condition
        seen["closed"] = await house.up.db.read(incidents.running, PROVINCE)

    play(story, place, start=AT - timedelta(minutes=3))

    assert Reason.FLOODING in seen["reasons"]
    assert [(one.node, Reason.FLOODING in one.reasons) for one in seen["open"]] == [(LOUD, True)]
    assert all(late <= 2 for late in seen["sirens"])
    assert seen["silent"] == []
    assert seen["held_back"] >= seen["letters"] * 0.8 > 0, "a tenth of it and less was opened"
    assert set(seen["verdicts"].values()) == {"aired"}, "what it had to say came after all"
    assert (seen["afterwards"], seen["closed"]) == (Condition.WELL, ())


def letters(node: NodeId, count: int, at: datetime) -> list[Letter]:
    arrival = Arrival(topic=topics.report(node), payload=b"x")
    return [Letter(arrival=arrival, at=at + WINDOW * n / count) for n in range(count)]


def test_only_who_sends_too_much_is_held_back_and_only_until_it_has_calmed_down() -> None:
    gate = Floodgate()
    loud, calm = letters(LOUD, 10 * MOST, NOW), letters(QUIET[0], MOST, NOW)
    passed = gate.let_in(sorted([*loud, *calm], key=lambda letter: letter.at))
    ended = NOW + WINDOW
    assert sum(topics.report(LOUD) == one.arrival.topic for one in passed) <= MOST
    assert sum(topics.report(QUIET[0]) == one.arrival.topic for one in passed) == MOST
    assert gate.shut(ended) == {LOUD}
    assert gate.shut(ended + QUARANTINE) == frozenset()
    assert len(gate.let_in(letters(LOUD, 5, ended + QUARANTINE))) == 5
