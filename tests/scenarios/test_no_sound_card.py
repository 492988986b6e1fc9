"""A node whose sound card is missing, busy or stuck: its verdict says so within ten seconds (F53)."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import QUANG_DIEN
from devices.messages import NodeId
from firmware_sim.fleet import Fault
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, House, play

AT = instant_of(DAY, time(6, 0))
MUTE = NodeId(FEW[0])


@pytest.mark.promise("F53")
@pytest.mark.parametrize("state", ["missing", "busy", "blocked"])
def test_what_no_sound_card_let_out_is_missed_by_name_and_never_aired(state: str, place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.say("Họp thôn", timing=Once(at=AT))
        await house.until(AT + timedelta(seconds=10))
        day = await house.up.views.day(house.author, QUANG_DIEN, DAY)
        occurrence = day.occurrences[0].occurrence
        (seen["row"],) = [row for row in await house.deliveries(occurrence) if row.node == MUTE]
        await house.rest(300)
        seen["verdicts"] = await house.verdicts(occurrence)

    house = play(story, place, faults=(Fault(node=MUTE, kind="device", state=state),))

    row = seen["row"]
    assert row.ruling is not None
    assert (row.ruling.verdict, row.ruling.reason) == ("missed", f"audio_device_{state}")
    assert house.heard(MUTE) == ()
    assert seen["verdicts"][MUTE] == "missed"
    assert {seen["verdicts"][NodeId(node)] for node in FEW[1:3]} == {"aired"}
