"""Story 8: a node with a dead amplifier, and one that falls silent: both on the board in time."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.messages import Heard, NodeId
from firmware_sim.fleet import Fault
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, QUANG_DIEN, House, play

AT = instant_of(DAY, time(6, 0))
DEAF, CUT = NodeId(FEW[0]), NodeId(FEW[1])


@pytest.mark.promise("F54", "P5")
def test_a_dead_amplifier_is_aired_but_not_heard_and_shows_in_the_same_session(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.say("Họp thôn", text="Kính mời bà con đến họp thôn. " * 40, timing=Once(at=AT))
        await house.until(AT + timedelta(seconds=55))
        board = await house.up.views.board(house.operator, QUANG_DIEN)
        seen["reasons"] = {line.node: line.reasons for line in board.nodes}
        await house.until(AT + timedelta(minutes=5))
        day = await house.up.views.day(house.author, QUANG_DIEN, DAY)
        rows = await house.deliveries(day.occurrences[0].occurrence)
        seen["rows"] = {row.node: row for row in rows}

    play(story, place, faults=(Fault(node=DEAF, kind="dead_amplifier"),))

    deaf, well = seen["rows"][DEAF], seen["rows"][NodeId(FEW[2])]
    assert (deaf.ruling.verdict, deaf.heard) == ("aired", Heard.NO)
    assert (well.ruling.verdict, well.heard) == ("aired", Heard.YES)
    assert seen["reasons"][DEAF], "it is flagged while the session still runs"
    assert seen["reasons"][NodeId(FEW[2])] == ()


@pytest.mark.promise("P5", "F34")
def test_a_node_without_network_is_a_fault_within_sixty_seconds(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        house.clients_away(CUT)
        await house.rest(66)
        board = await house.up.views.board(house.operator, QUANG_DIEN)
        seen["health"] = {line.node: line.health for line in board.nodes}
        house.air.unblock(CUT)
        await house.rest(60)
        board = await house.up.views.board(house.operator, QUANG_DIEN)
        seen["later"] = {line.node: line.health for line in board.nodes}

    play(story, place)

    assert seen["health"][CUT] == "silent"
    assert seen["health"][NodeId(FEW[2])] == "well"
    assert seen["later"][CUT] == "well"


def test_a_node_that_was_away_has_missed_the_alert_and_says_nothing_of_it_later(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        house.clients_away(CUT)
        await house.rest(70)
        alert = await house.alarm()
        seen["unreachable"] = alert.total.silent
        await house.rest(90)
        await house.up.desk.stop_all(house.operator, QUANG_DIEN, "stop")
        seen["rulings"] = {row.node: row.ruling for row in await house.deliveries(alert.id)}
        house.air.unblock(CUT)
        await house.rest(200)
        seen["later"] = await house.verdicts(alert.id)

    house = play(story, place)

    assert (seen["rulings"][CUT].verdict, seen["rulings"][CUT].reason) == ("missed", "offline")
    assert seen["later"][CUT] == "missed"
    assert house.heard(CUT) == ()
