"""The life of an alert: words that come late, a broker that swallows it, rounds, renewal, and its end."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.dispatch.forms.alerts import EmergencyForm
from controller.store import audit
from devices import topics
from devices.link import Arrival
from devices.messages import AreaCode, BootId, NodeId, Report
from devices.signing import generate_key, sign
from firmware_sim.air import Air
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, QUANG_DIEN, VILLAGE, House, play

AT = instant_of(DAY, time(6, 0))
NODE = NodeId(FEW[0])


def flood(**changes: Any) -> EmergencyForm:
    facts: dict[str, Any] = {
        "area": QUANG_DIEN,
        "targets": (VILLAGE,),
        "hazard": "flood",
        "level": 2,
        "text": "Nước lên nhanh, bà con lên nơi cao.",
    }
    return EmergencyForm(**{**facts, **changes})


@pytest.mark.promise("P3")
def test_the_siren_does_not_wait_for_the_words_and_the_words_follow(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        desk = house.up.desk
        form = flood(rounds=2, every_ms=60_000)
        preview = await desk.preview_emergency(house.operator, form)
        fired = await desk.fire(house.operator, preview.id, preview.typed_name, "k")
        seen["at"], seen["words"] = fired.issued_at, fired.words.state
        await house.rest(120)

    house = play(story, place, speech_takes_s=4.0)

    assert seen["words"] != "ready", "it was fired before the words were there"
    spans = house.heard(NODE)
    assert [span.begin.part for span in spans] == ["tone", "words"] * 2
    assert (spans[0].begin.first_sample_at - seen["at"]).total_seconds() < 1.0


@pytest.mark.promise("P3")
@pytest.mark.parametrize("speech_takes_s", [4.0, 45.0])
def test_an_alert_of_one_round_is_heard_with_its_words_however_late_they_are(
    place: Path, speech_takes_s: float
) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        desk = house.up.desk
        preview = await desk.preview_emergency(house.operator, flood(rounds=1))
        fired = await desk.fire(house.operator, preview.id, preview.typed_name, "k")
        assert fired.words.state != "ready"
        await house.rest(180)
        seen["verdicts"] = await house.verdicts(fired.id)

    house = play(story, place, speech_takes_s=speech_takes_s)

    assert [span.begin.part for span in house.heard(NODE)] == ["tone", "words"]
    assert set(seen["verdicts"].values()) == {"aired"}


@pytest.mark.promise("F23", "F35")
def test_an_alert_that_the_broker_swallowed_is_brought_again_to_the_node_that_said_nothing(
    place: Path,
) -> None:
    lost: list[str] = []

    def swallowing(client: str, arrival: Arrival) -> tuple[float, ...]:
        if client == NODE and arrival.topic.endswith("/alerts") and len(lost) < 2:
            lost.append(arrival.topic)
            return ()
        return (0.0,)

    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        alert = await house.alarm(targets=(VILLAGE,))
        seen["at"] = alert.issued_at
        await house.rest(120)
        seen["verdicts"] = await house.verdicts(alert.id)

    house = play(story, place, air=Air(carry=swallowing))

    assert len(lost) == 2
    first = house.heard(NODE)[0].begin
    assert (first.first_sample_at - seen["at"]).total_seconds() < 60
    assert set(seen["verdicts"].values()) == {"aired"}


def test_it_is_said_round_by_round_and_then_ends(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        alert = await house.alarm(
            rounds=3, every_ms=120_000, ends_at=house.clock.now() + timedelta(minutes=10)
        )
        await house.rest(400)
        seen["rows"] = [row for row in await house.deliveries(alert.id) if row.node == NODE]
        await house.rest(400)
        seen["view"] = await house.up.views.alert(house.operator, alert.id)
        seen["retained"] = house.air.retained(topics.alerts(AreaCode(VILLAGE)))

    house = play(story, place)

    assert [row.round for row in seen["rows"]] == [0, 1, 2]
    assert {row.ruling.verdict for row in seen["rows"]} == {"aired"}
    assert [span.begin.part for span in house.heard(NODE)] == ["tone", "words"] * 3
    assert seen["view"].phase == "ended"
    assert not seen["retained"], "no node shall meet an expired document"


def test_signed_anew_it_reaches_a_node_that_comes_back_after_its_first_document_died(place: Path) -> None:
    async def story(house: House) -> None:
        await house.until(AT)
        body = house.village.nodes[NODE]
        body.power_cut()
        await house.alarm(targets=(VILLAGE,))
        await house.rest(20 * 60)
        body.power_on()
        await house.rest(60)

    house = play(story, place)

    assert [span.begin.part for span in house.heard(NODE)] == ["tone", "words"]


def test_the_preview_says_what_will_be_cut_and_that_it_goes_on(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.say("Họp thôn", text="Kính mời bà con đến họp. " * 40, timing=Once(at=AT))
        await house.until(AT + timedelta(seconds=10))
        seen["preview"] = await house.up.desk.preview_emergency(house.operator, flood())

    play(story, place)

    preview = seen["preview"]
    assert [(cut.title, cut.resumes) for cut in preview.cuts] == [("Họp thôn", True)]
    assert (preview.nodes, preview.reachable) == (2, 2)
    assert preview.people == 2140
    assert preview.tone_ms == 30_000
    assert not preview.wide


@pytest.mark.promise("S30")
def test_a_forged_receipt_changes_nothing_and_raises_an_alarm(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        forged = sign(Report(node=NODE, boot=BootId("b1"), receipts=()), generate_key(NODE))
        await house.up.room.link.publish(topics.report(NODE), forged)
        await house.rest(5)
        rows = await house.up.db.read(audit.newest, 50)
        seen["rows"] = [row for row in rows if row.deed == "report.forged"]
        seen["count"] = house.up.intake.counts.forged

    play(story, place)

    assert seen["count"] == 1
    assert [row.subject for row in seen["rows"]] == [NODE]
