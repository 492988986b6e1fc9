"""The siren at once, the words when they are there, what was cut goes on; and how it ends."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from devices import topics
from devices.messages import AlertState, BulletinClass, Mode, ReceiptKind
from firmware_sim.fetch import ShelfFetcher
from tests.firmware_sim.desk import COMMUNE, MORNING, VILLAGE, wall
from tests.firmware_sim.rig import Stage, play


def parts(stage: Stage) -> list[tuple[str, str]]:
    return [(span.begin.claim, span.begin.part) for span in stage.heard()]


@pytest.mark.promise("P3", "F56")
@pytest.mark.parametrize("ordinary", [BulletinClass.NORMAL, BulletinClass.PRIORITY])
def test_an_emergency_cuts_what_sounds_within_a_second_and_it_resumes(ordinary: BulletinClass) -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(60.0)
        entry = stage.desk.entry("item", MORNING, item, bulletin_class=ordinary)
        stage.desk.publish_programme((entry,), (item,))
        await stage.until(MORNING + timedelta(seconds=15))
        stage.desk.publish_alerts(stage.desk.alert("flood"))
        await asyncio.sleep(300)

    stage = play(story)
    cut, siren, rest = stage.heard()
    assert (siren.begin.first_sample_at - siren.begin.due_at).total_seconds() < 1
    assert cut.end is not None
    assert rest.begin.from_ms == cut.end.to_ms
    (finished,) = [r for r in stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED) if r.occurrence]
    assert (finished.cuts, finished.played_ms, finished.reason) == (1, 60_000, None)


@pytest.mark.promise("F56")
def test_an_ordinary_item_due_during_an_emergency_waits_for_its_end() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(20.0)
        stage.desk.publish_programme((stage.desk.entry("item", MORNING, item),), (item,))
        await stage.until(MORNING - timedelta(seconds=10))
        stage.desk.publish_alerts(stage.desk.alert("flood"))
        await asyncio.sleep(300)

    assert parts(play(story)) == [("alert:flood:0", "tone"), ("occurrence:item", "clip")]


@pytest.mark.promise("F56")
def test_of_two_emergencies_the_graver_sounds_and_the_other_is_heard_again() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        first = stage.desk.alert("light", level=2)
        stage.desk.publish_alerts(first)
        await asyncio.sleep(10)
        stage.desk.publish_alerts(first, stage.desk.alert("grave", level=4))
        await asyncio.sleep(300)

    assert parts(play(story)) == [
        ("alert:light:0", "tone"),
        ("alert:grave:0", "tone"),
        ("alert:light:0", "tone"),
    ]


@pytest.mark.promise("P4", "F57")
def test_a_cancelled_alert_is_silent_at_once_and_the_morning_goes_on() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(60.0)
        stage.desk.publish_programme((stage.desk.entry("item", MORNING, item),), (item,))
        await stage.until(MORNING + timedelta(seconds=5))
        alert = stage.desk.alert("flood")
        stage.desk.publish_alerts(alert)
        await asyncio.sleep(7)
        stage.desk.publish_alerts(replace(alert, state=AlertState.CANCELLED))
        await asyncio.sleep(300)

    stage = play(story)
    _, siren, rest = stage.heard()
    assert siren.end is not None
    assert siren.end.to_ms <= 7_100
    assert rest.end is not None
    assert rest.end.whole
    (finished,) = [r for r in stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED) if r.alert]
    assert finished.reason == "stopped"


@pytest.mark.promise("F57")
def test_an_alert_cancelled_before_a_node_comes_back_is_never_heard_there() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        body = stage.village.nodes[stage.nodes[0]]
        body.link_down()
        alert = stage.desk.alert("flood")
        stage.desk.publish_alerts(alert)
        await asyncio.sleep(30)
        stage.desk.publish_alerts(replace(alert, state=AlertState.CANCELLED))
        body.link_up()
        await asyncio.sleep(60)

    assert play(story, start=MORNING).heard() == ()


def test_words_that_come_late_are_spoken_after_the_tone_and_silence_is_never_long() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        assert isinstance(stage.fetcher, ShelfFetcher)
        stage.fetcher.down = True
        words = stage.desk.put(10.0)
        stage.desk.publish_alerts(stage.desk.alert("flood", words=words.sha256), refs=(words,))
        await asyncio.sleep(50)
        stage.fetcher.down = False
        await asyncio.sleep(120)

    stage = play(story, start=MORNING)
    spans = stage.heard()
    assert spans[0].begin.part == "tone"
    assert spans[-1].begin.part == "words"
    assert "attention" in [span.begin.part for span in spans]
    for span, after in pairwise(spans):
        assert span.end is not None
        assert after.begin.first_sample_mono - span.end.ended_mono < 10


def test_words_that_never_come_end_the_round_with_a_reason() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        words = stage.desk.put(10.0)
        stage.desk.shelf.clear()
        stage.desk.publish_alerts(stage.desk.alert("flood", words=words.sha256), refs=(words,))
        await asyncio.sleep(300)

    stage = play(story, start=MORNING)
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert (finished.reason, finished.played_ms, finished.duration_ms) == ("no_words", 30_000, 40_000)


def test_words_pushed_over_the_wire_are_taken_only_when_their_hash_is_awaited() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        words, other = stage.desk.put(10.0), stage.desk.put(10.0, 800.0)
        good = stage.desk.shelf.pop(words.sha256)
        stage.desk.publish_alerts(stage.desk.alert("flood", words=words.sha256), refs=(words,))
        stage.desk.throw(topics.clip(COMMUNE, words.sha256), stage.desk.shelf[other.sha256])
        stage.desk.throw(topics.clip(COMMUNE, other.sha256), stage.desk.shelf[other.sha256])
        await asyncio.sleep(5)
        body = stage.village.nodes[stage.nodes[0]]
        assert body.flash.rows("clips") == {}
        stage.desk.throw(topics.clip(COMMUNE, words.sha256), good)
        await asyncio.sleep(120)

    stage = play(story, start=MORNING)
    assert parts(stage) == [("alert:flood:0", "tone"), ("alert:flood:0", "words")]


def test_rounds_come_at_their_distance_until_the_alert_ends_even_with_the_controller_gone() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        alert = stage.desk.alert(
            "flood", rounds=10, every_ms=1_800_000, ends_at=wall() + timedelta(minutes=100)
        )
        stage.desk.publish_alerts(alert)
        await asyncio.sleep(60)
        stage.air.kill()
        await asyncio.sleep(4 * 3600)

    stage = play(story, start=MORNING)
    first = stage.heard()[0].begin.first_sample_mono
    assert stage.claims() == [f"alert:flood:{number}" for number in range(4)]
    starts = [round((span.begin.first_sample_mono - first) / 1800, 3) for span in stage.heard()]
    assert starts == pytest.approx([0, 1, 2, 3], abs=0.001)


@pytest.mark.promise("F03")
def test_an_emergency_broken_off_by_a_power_cut_is_heard_again() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        stage.desk.publish_alerts(stage.desk.alert("flood"))
        await asyncio.sleep(12)
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        await asyncio.sleep(20)
        body.power_on()
        await asyncio.sleep(120)

    stage = play(story, start=MORNING)
    assert [span.begin.restarts for span in stage.heard()] == [0, 1]
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert (finished.restarts, finished.played_ms) == (1, 30_000)


@pytest.mark.promise("F46")
def test_with_an_unsure_clock_an_alert_needs_this_boots_nonce() -> None:
    async def story(stage: Stage) -> None:
        stage.desk.answering = False
        await stage.settle()
        node = stage.nodes[0]
        body = stage.village.nodes[node]
        assert body.state.clock.state == "unsure"
        place = topics.node_command(node)
        alert = stage.desk.alert("flood", ends_at=wall() + timedelta(minutes=10))
        stage.desk.say(place, stage.desk.alerts((alert,)))
        await asyncio.sleep(2)
        stage.desk.say(place, stage.desk.alerts((alert,), boot_nonce="0" * 32))
        await asyncio.sleep(2)
        assert stage.heard() == ()
        stage.desk.say(place, stage.desk.alerts((alert,), boot_nonce=stage.desk.nonces[node]))
        await asyncio.sleep(60)

    stage = play(story, start=MORNING, rtc=False)
    assert stage.claims() == ["alert:flood:0"]
    assert stage.desk.codes(stage.nodes[0]) == ["E_TARGET", "E_CLOCK"]


@pytest.mark.promise("P3")
def test_one_publish_reaches_the_whole_village_and_only_it() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        stage.desk.publish_desired(stage.nodes[-1], areas=("VN", "46", "19804", "19804-02"))
        await asyncio.sleep(5)
        stage.desk.publish_alerts(stage.desk.alert("flood"), area=VILLAGE)
        await asyncio.sleep(60)

    stage = play(story, start=MORNING, count=20)
    assert [len(stage.heard(node)) for node in stage.nodes] == [1] * 19 + [0]


def test_words_named_after_the_siren_began_are_spoken_in_the_same_round() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        alert = stage.desk.alert("flood", rounds=1)
        stage.desk.publish_alerts(alert)
        await asyncio.sleep(5)
        words = stage.desk.put(10.0)
        stage.desk.publish_alerts(replace(alert, words=words.sha256), refs=(words,))
        await asyncio.sleep(120)

    stage = play(story, start=MORNING)
    assert parts(stage) == [("alert:flood:0", "tone"), ("alert:flood:0", "words")]
    tone, spoken = stage.heard()
    assert tone.end is not None
    assert spoken.begin.first_sample_mono - tone.end.ended_mono < 0.2
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert (finished.reason, finished.played_ms, finished.duration_ms) == (None, 40_000, 40_000)


def test_words_named_late_and_slow_to_come_are_waited_for_without_a_long_silence() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        assert isinstance(stage.fetcher, ShelfFetcher)
        stage.fetcher.down = True
        alert = stage.desk.alert("flood", rounds=1)
        stage.desk.publish_alerts(alert)
        await asyncio.sleep(5)
        words = stage.desk.put(10.0)
        stage.desk.publish_alerts(replace(alert, words=words.sha256), refs=(words,))
        await asyncio.sleep(45)
        stage.fetcher.down = False
        await asyncio.sleep(120)

    stage = play(story, start=MORNING)
    spans = stage.heard()
    assert [span.begin.part for span in spans][:2] == ["tone", "attention"]
    assert spans[-1].begin.part == "words"
    for span, after in pairwise(spans):
        assert span.end is not None
        assert after.begin.first_sample_mono - span.end.ended_mono < 10


def test_words_named_after_the_last_round_ended_are_spoken_by_themselves_once() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        alert = stage.desk.alert("flood", rounds=1)
        stage.desk.publish_alerts(alert)
        await asyncio.sleep(60)
        words = stage.desk.put(10.0)
        stage.desk.publish_alerts(replace(alert, words=words.sha256), refs=(words,))
        await asyncio.sleep(60)
        stage.desk.publish_alerts(replace(alert, words=words.sha256), refs=(words,))
        await asyncio.sleep(60)

    stage = play(story, start=MORNING)
    assert parts(stage) == [("alert:flood:0", "tone"), ("alert:flood:0:words", "words")]
    started = stage.desk.of(stage.nodes[0], ReceiptKind.STARTED)
    assert [(receipt.alert, receipt.round, receipt.late_ms < 1000) for receipt in started] == [
        ("flood", 0, True),
        ("flood", 0, True),
    ]


def test_words_named_during_a_drill_stand_inside_its_frame() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        place, key = topics.alerts(COMMUNE), stage.desk.keys.drill
        alert = stage.desk.alert("drill", mode=Mode.EXERCISE, rounds=1)
        stage.desk.say(place, stage.desk.alerts((alert,)), key=key)
        await asyncio.sleep(5)
        words = stage.desk.put(10.0)
        named = replace(alert, words=words.sha256)
        stage.desk.say(place, stage.desk.alerts((named,), (words,)), key=key)
        await asyncio.sleep(120)

    stage = play(story, start=MORNING)
    assert [part for _, part in parts(stage)] == ["frame", "tone", "words", "frame"]


def test_a_cancelled_alert_never_speaks_the_words_it_was_given_late() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        alert = stage.desk.alert("flood", rounds=1)
        stage.desk.publish_alerts(alert)
        await asyncio.sleep(60)
        words = stage.desk.put(10.0)
        named = replace(alert, words=words.sha256, state=AlertState.CANCELLED)
        stage.desk.publish_alerts(named, refs=(words,))
        await asyncio.sleep(60)

    assert parts(play(story, start=MORNING)) == [("alert:flood:0", "tone")]
