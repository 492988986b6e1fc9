"""Story 10: a false alert is taken back, and the village hears so within ten seconds."""

from datetime import time
from pathlib import Path
from typing import Any

import pytest

from controller.dispatch.forms.alerts import Hand
from devices.messages import Mode
from schedules.calendar import instant_of
from tests.support.house import DAY, FEW, House, play

AT = instant_of(DAY, time(6, 0))


@pytest.mark.promise("P4")
def test_the_correction_is_heard_within_ten_seconds_and_cuts_the_false_siren(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        alert = await house.alarm()
        await house.rest(12)
        taken = await house.take_back(alert.id, Hand.CORRECTION)
        seen["at"], seen["text"] = taken.issued_at, taken.text
        await house.rest(90)
        seen["alert"] = await house.up.views.alert(house.operator, alert.id)

    house = play(story, place)

    assert "đính chính" in seen["text"]
    for node in FEW[:3]:
        siren, sorry, words = house.heard(node)[:3]
        assert siren.end is not None
        assert not siren.end.whole
        assert (sorry.begin.first_sample_at - seen["at"]).total_seconds() < 10.0
        assert words.begin.part == "words"
        assert words.begin.claim == sorry.begin.claim
    assert seen["alert"].phase == "cancelled"


@pytest.mark.promise("P11", "F73")
def test_a_drill_is_framed_by_the_node_and_the_real_thing_silences_it(place: Path) -> None:
    async def story(house: House) -> None:
        await house.until(AT)
        await house.alarm(mode=Mode.EXERCISE, key="drill")
        await house.rest(20)
        await house.alarm(key="real")
        await house.rest(120)

    house = play(story, place)

    spans = house.heard(FEW[0])
    assert spans[0].begin.part == "frame"
    assert spans[0].begin.mode is Mode.EXERCISE
    real = next(span for span in spans if span.begin.mode is Mode.ACTUAL)
    after = [span for span in spans if span.begin.first_sample_mono > real.begin.first_sample_mono]
    assert all(span.begin.mode is Mode.ACTUAL for span in after)
