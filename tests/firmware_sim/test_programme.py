"""A village plays what it holds: without a broker, without a controller, after rot and power cuts."""

import asyncio
from datetime import timedelta

import pytest

from devices.link import Backoff
from devices.messages import BulletinClass, Heard, ReceiptKind
from firmware_sim.fleet import Fault
from tests.firmware_sim.rig import DAWN, MORNING, SLOW, Desk, Stage, play, wall


def morning(desk: Desk, *, seconds: float = 60.0, **changes: object) -> None:
    """One item at 05:05."""
    item = desk.put(seconds)
    desk.publish_programme((desk.entry("morning", MORNING, item, **changes),), (item,))


@pytest.mark.promise("F04", "F36", "P6")
def test_with_broker_and_controller_gone_every_node_airs_the_session_and_reports_once_afterwards() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        refs = tuple(stage.desk.put(30.0, pitch) for pitch in (300.0, 400.0, 500.0))
        entries = tuple(
            stage.desk.entry(f"item-{number}", MORNING + timedelta(seconds=35 * number), ref)
            for number, ref in enumerate(refs)
        )
        stage.desk.publish_programme(entries, refs)
        await stage.until(MORNING - timedelta(minutes=10))
        stage.air.kill()
        stage.desk.answering = False
        await stage.until(MORNING + timedelta(minutes=30))
        assert all(len(stage.heard(node)) == 3 for node in stage.nodes)
        stage.air.restore()
        await asyncio.sleep(30)
        stage.desk.answering = True
        await asyncio.sleep(300)
        before = stage.desk.reports
        await asyncio.sleep(1800)
        assert stage.desk.reports == before

    stage = play(story, count=5, habits=SLOW)
    for node in stage.nodes:
        finished = stage.desk.of(node, ReceiptKind.FINISHED)
        assert [receipt.occurrence for receipt in finished] == ["item-0", "item-1", "item-2"]
        assert [receipt.heard for receipt in finished] == [Heard.YES] * 3
        body = stage.village.nodes[node]
        assert body.flash.rows("receipts") == {}


@pytest.mark.promise("F36", "P6")
def test_seven_days_alone_nothing_is_missed_and_nothing_is_said_twice() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(20.0)
        for day in range(7):
            at = MORNING + timedelta(days=day)
            stage.desk.publish_programme((stage.desk.entry(f"day-{day}", at, item),), (item,))
        await stage.until(MORNING - timedelta(minutes=5))
        stage.air.kill()
        await stage.until(MORNING + timedelta(days=7))

    stage = play(story, count=2, backoff=Backoff(), habits=SLOW)
    for node in stage.nodes:
        assert stage.claims(node) == [f"occurrence:day-{day}" for day in range(7)]


@pytest.mark.promise("F22", "S12")
def test_only_the_node_whose_copy_is_altered_refuses_it() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=1))
        assert stage.village.nodes[stage.nodes[1]].alter_clip() is not None
        await stage.until(MORNING + timedelta(minutes=5))
        assert len(stage.village.nodes[stage.nodes[1]].state.clips) == 1

    stage = play(story, count=3)
    assert [len(stage.heard(node)) for node in stage.nodes] == [1, 0, 1]
    (refusal,) = stage.desk.of(stage.nodes[1], ReceiptKind.REFUSED)
    assert (refusal.code, refusal.occurrence) == ("E_CONTENT", "morning")


@pytest.mark.promise("F22")
def test_bit_rot_is_found_within_the_hour_and_fetched_anew_before_it_is_needed() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(30.0)
        at = MORNING + timedelta(hours=3)
        stage.desk.publish_programme((stage.desk.entry("late", at, item),), (item,))
        await asyncio.sleep(60)
        stage.village.nodes[stage.nodes[0]].alter_clip()
        await asyncio.sleep(3700)
        (refusal,) = stage.desk.of(stage.nodes[0], ReceiptKind.REFUSED)
        assert (refusal.code, refusal.reason, refusal.occurrence) == ("E_CONTENT", "bit_rot", None)
        await stage.until(at + timedelta(minutes=2))

    stage = play(story)
    assert stage.claims() == ["occurrence:late"]


def test_receipts_tell_the_whole_way_of_a_delivery() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(minutes=5))

    stage = play(story)
    kinds = [receipt.kind for receipt in stage.desk.of(stage.nodes[0])]
    assert kinds == [
        ReceiptKind.ACCEPTED,
        ReceiptKind.CACHED,
        ReceiptKind.STARTED,
        ReceiptKind.FINISHED,
        ReceiptKind.HEARD,
    ]
    finished = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)[0]
    assert (finished.played_ms, finished.duration_ms) == (60_000, 60_000)


@pytest.mark.promise("F54", "P5")
def test_a_dead_amplifier_is_played_and_not_heard() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(minutes=3))

    dead = Fault(node="n-0001", kind="dead_amplifier")  # type: ignore[arg-type]
    stage = play(story, count=2, faults=(dead,))
    first, second = (stage.desk.of(node, ReceiptKind.HEARD)[0] for node in stage.nodes)
    assert (first.heard, second.heard) == (Heard.NO, Heard.YES)
    last = [beat for beat in stage.desk.telemetry if beat.node == stage.nodes[0]][-1]
    assert last.amplifier_fault


def test_without_a_sense_nothing_is_claimed_to_be_heard() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(minutes=3))

    stage = play(story, faults=(Fault(node="n-0001", kind="no_sense"),))  # type: ignore[arg-type]
    assert stage.desk.of(stage.nodes[0], ReceiptKind.HEARD)[0].heard is Heard.UNKNOWN


@pytest.mark.promise("F53")
def test_a_missing_sound_card_is_named_and_nothing_counts_as_started() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(seconds=10))
        (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
        assert (finished.reason, finished.played_ms) == ("audio_device_missing", 0)

    stage = play(story, faults=(Fault(node="n-0001", kind="device"),))  # type: ignore[arg-type]
    assert stage.heard() == ()
    assert stage.desk.of(stage.nodes[0], ReceiptKind.STARTED) == []


@pytest.mark.promise("F55", "P5")
def test_sound_without_a_session_is_told_within_a_minute() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        assert not any(beat.sound_without_session for beat in stage.desk.telemetry)
        stage.village.order({"node": stage.nodes[0], "do": "surround", "alien": True})
        await asyncio.sleep(60)

    stage = play(story)
    last = stage.desk.telemetry[-1]
    assert last.sound_without_session
    assert not last.amplifier_on


@pytest.mark.promise("F57", "P4")
def test_a_stop_ends_what_sounds_and_what_waits_and_nothing_resumes() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(60.0)
        entries = tuple(
            stage.desk.entry(name, MORNING + timedelta(seconds=after), item)
            for name, after in (("sounding", 0), ("waiting", 10), ("later", 3600))
        )
        stage.desk.publish_programme(entries, (item,))
        await stage.until(MORNING + timedelta(seconds=20))
        stage.desk.stop()
        stage.desk.stop()
        await stage.until(MORNING + timedelta(hours=2))

    stage = play(story)
    assert stage.claims() == ["occurrence:sounding", "occurrence:later"]
    end = stage.heard()[0].end
    assert end is not None
    assert abs((end.ended_at - MORNING).total_seconds() - 20) < 0.5
    (stopped,) = [
        r for r in stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED) if r.occurrence == "sounding"
    ]
    assert stopped.reason == "stopped"
    assert "E_STOPPED" in stage.desk.codes(stage.nodes[0])


@pytest.mark.promise("F57")
def test_a_stop_that_overtakes_its_item_is_remembered() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=1))
        stage.desk.stop(references=("morning",))
        await stage.until(MORNING + timedelta(minutes=20))

    stage = play(story)
    assert stage.heard() == ()
    assert stage.desk.codes(stage.nodes[0]) == ["E_STOPPED"]


def test_a_withdrawn_day_is_not_heard_and_a_withdrawn_item_ends() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(60.0)
        entries = (
            stage.desk.entry("a", MORNING, item),
            stage.desk.entry("b", MORNING + timedelta(minutes=30), item),
        )
        stage.desk.publish_programme(entries, (item,))
        await stage.until(MORNING + timedelta(seconds=30))
        stage.desk.publish_programme((), (), date=(MORNING + timedelta(hours=7)).date())
        await stage.until(MORNING + timedelta(hours=2))

    stage = play(story)
    (only,) = stage.heard()
    assert only.end is not None
    assert abs((only.end.ended_at - MORNING).total_seconds() - 30) < 1


@pytest.mark.promise("P7")
def test_an_item_is_silent_at_its_expiry() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(120.0)
        entry = stage.desk.entry(
            "short",
            MORNING,
            item,
            latest_at=MORNING + timedelta(seconds=5),
            expires_at=MORNING + timedelta(seconds=50),
        )
        stage.desk.publish_programme((entry,), (item,))
        await stage.until(MORNING + timedelta(minutes=10))

    stage = play(story)
    (span,) = stage.heard()
    assert span.end is not None
    assert timedelta(seconds=49) < span.end.ended_at - MORNING <= timedelta(seconds=50.05)
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert (finished.reason, finished.played_ms < 51_000) == ("expired", True)


@pytest.mark.promise("F03", "P1")
def test_a_power_cut_early_in_a_normal_item_resumes_it_where_it_was() -> None:
    stage = play(lambda stage: _cut_at(stage, 10.0, off_s=5.0, bulletin_class=BulletinClass.NORMAL))
    first, second = stage.heard()
    assert 9_000 <= second.begin.from_ms <= 10_500
    assert second.begin.restarts == 1
    assert second.end is not None
    assert second.end.whole
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert (finished.restarts, finished.played_ms, finished.reason) == (1, 60_000, None)
    assert first.begin.claim == second.begin.claim


@pytest.mark.promise("F03", "P1")
@pytest.mark.parametrize(("at_s", "off_s"), [(40.0, 5.0), (10.0, 120.0)])
def test_a_normal_item_cut_late_or_for_long_is_reported_as_partial_and_not_said_again(
    at_s: float, off_s: float
) -> None:
    stage = play(lambda stage: _cut_at(stage, at_s, off_s=off_s, bulletin_class=BulletinClass.NORMAL))
    assert len(stage.heard()) == 1
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert finished.reason == "power_cut"
    assert at_s * 1000 - 1_500 <= finished.played_ms <= at_s * 1000


@pytest.mark.promise("F03")
def test_a_priority_item_restarts_once_within_its_life() -> None:
    async def story(stage: Stage) -> None:
        await _cut_at(stage, 40.0, off_s=60.0, bulletin_class=BulletinClass.PRIORITY, wait=False)
        await asyncio.sleep(20)
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        body.power_on()
        await asyncio.sleep(600)

    stage = play(story, honest=False)
    assert [(span.begin.from_ms, span.begin.restarts) for span in stage.heard()] == [(0, 0), (0, 1)]


async def _cut_at(
    stage: Stage, at_s: float, *, off_s: float, bulletin_class: BulletinClass, wait: bool = True
) -> None:
    await stage.settle()
    morning(stage.desk, bulletin_class=bulletin_class)
    await stage.until(MORNING + timedelta(seconds=at_s))
    body = stage.village.nodes[stage.nodes[0]]
    body.power_cut()
    await asyncio.sleep(off_s)
    body.power_on()
    if wait:
        await asyncio.sleep(600)


@pytest.mark.promise("F03", "F13")
def test_what_was_not_synced_is_lost_and_the_claim_never_is() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING + timedelta(seconds=0.2))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        assert "occurrence:morning" in body.flash.rows("claims")
        await asyncio.sleep(300)
        body.power_on()
        await asyncio.sleep(600)

    stage = play(story)
    assert len(stage.heard()) == 1


@pytest.mark.promise("F46", "P7")
def test_a_node_that_boots_in_1970_plays_nothing_ordinary_until_the_time_is_trusted() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=10))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        stage.air.kill()
        body.power_on()
        await stage.until(MORNING + timedelta(minutes=20))
        assert stage.heard() == ()

    play(story, rtc=False)


@pytest.mark.promise("F46", "P7")
@pytest.mark.parametrize("offset_days", [-20_000, 4_000, 5_000])
def test_a_chip_that_says_1970_or_2038_is_not_believed(offset_days: int) -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=10))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        stage.air.kill()
        body.power_on()
        assert body.state.clock.state == "unsure"
        await stage.until(MORNING + timedelta(minutes=20))

    wrong = Fault(node="n-0001", kind="clock", offset_s=offset_days * 86_400.0)  # type: ignore[arg-type]
    stage = play(story, faults=(wrong,))
    assert stage.heard() == ()


@pytest.mark.promise("P6")
def test_a_chip_with_a_battery_lets_a_node_play_after_a_power_cut_without_any_network() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=10))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        stage.air.kill()
        await asyncio.sleep(300)
        body.power_on()
        assert body.state.clock.state == "held"
        await stage.until(MORNING + timedelta(minutes=20))

    stage = play(story)
    assert stage.claims() == ["occurrence:morning"]


def test_a_trusted_clock_is_only_held_after_a_day_without_answers() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        body = stage.village.nodes[stage.nodes[0]]
        assert body.state.clock.state == "trusted"
        stage.air.kill()
        await asyncio.sleep(25 * 3600)
        assert body.state.clock.state == "held"

    play(story, backoff=Backoff(), habits=SLOW)


def test_an_item_late_for_its_whole_window_is_named_as_late() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        morning(stage.desk)
        await stage.until(MORNING - timedelta(minutes=2))
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        await stage.until(MORNING + timedelta(minutes=20))
        body.power_on()
        await asyncio.sleep(60)

    stage = play(story)
    assert stage.heard() == ()
    (refusal,) = stage.desk.of(stage.nodes[0], ReceiptKind.REFUSED)
    assert (refusal.code, refusal.reason) == ("E_EXPIRED", "late")


@pytest.mark.promise("F24", "F35")
def test_a_storm_of_duplicates_and_reordering_airs_everything_once() -> None:
    import random

    from firmware_sim.air import Air

    rng = random.Random(5)
    air = Air(
        carry=lambda client, arrival: tuple(rng.uniform(0, 60) for _ in range(rng.randint(1, 5))),
        lift=lambda client, arrival: tuple(rng.uniform(0, 30) for _ in range(rng.randint(1, 3))),
    )

    async def story(stage: Stage) -> None:
        await stage.settle()
        await asyncio.sleep(120)
        morning(stage.desk)
        await stage.until(MORNING + timedelta(hours=1))
        assert wall() > DAWN

    stage = play(story, count=4, air=air)
    assert [stage.claims(node) for node in stage.nodes] == [["occurrence:morning"]] * 4
