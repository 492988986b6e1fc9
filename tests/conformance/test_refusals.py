"""A node refuses, by itself and with the right code, whatever it must not believe (PROMISES 5.3, S01-S18)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from devices import codec, topics
from devices.messages import (
    Action,
    AlertState,
    BulletinClass,
    CommandKind,
    Mode,
    NodeId,
    ReceiptKind,
    TenantId,
)
from devices.signing import generate_key, sign, sign_payload
from tests.firmware_sim.desk import COMMUNE, DAWN, MORNING, VILLAGE, wall
from tests.firmware_sim.rig import Stage, play

ALERTS, COMMAND = topics.alerts(COMMUNE), topics.command(COMMUNE)
Attack = Callable[[Stage], None]


def silent_but_for(attack: Attack, code: str) -> Stage:
    """After this attack nothing is heard and the node has said why, on the wire."""

    async def story(stage: Stage) -> None:
        await stage.settle()
        attack(stage)
        await asyncio.sleep(60)

    stage = play(story, start=MORNING)
    assert stage.heard() == ()
    assert code in stage.desk.codes(stage.nodes[0])
    return stage


def unsigned_command(stage: Stage) -> None:
    stage.desk.throw(COMMAND, codec.encode(stage.desk.command(CommandKind.TEST, pattern="beep")))


def one_bit_flipped(stage: Stage) -> None:
    raw = bytearray(sign(stage.desk.alerts((stage.desk.alert("a"),)), stage.desk.keys.online))
    raw[-20] = ord("B") if raw[-20] == ord("A") else ord("A")
    stage.desk.throw(ALERTS, bytes(raw))


def other_node(stage: Stage) -> None:
    order = stage.desk.command(CommandKind.TEST, pattern="beep", area=None, node=NodeId("n-other"))
    stage.desk.say(topics.node_command(stage.nodes[0]), order)


def other_tenant(stage: Stage) -> None:
    stage.desk.publish_alerts(stage.desk.alert("a"), tenant=TenantId("t-danang"))


def expired_alerts(stage: Stage) -> None:
    old = wall() - timedelta(minutes=10)
    stage.desk.publish_alerts(
        stage.desk.alert("a", issued_at=old), issued_at=old, expires_at=wall() - timedelta(seconds=1)
    )


def not_yet_valid(stage: Stage) -> None:
    later = wall() + timedelta(minutes=3)
    stage.desk.publish_alerts(
        stage.desk.alert("a", issued_at=later), issued_at=later, expires_at=later + timedelta(minutes=10)
    )


def lives_too_long(stage: Stage) -> None:
    stage.desk.publish_alerts(stage.desk.alert("a"), expires_at=wall() + timedelta(minutes=16))


def unknown_key(stage: Stage) -> None:
    stage.desk.say(ALERTS, stage.desk.alerts((stage.desk.alert("a"),)), key=generate_key("stranger"))


def revoked_key(stage: Stage) -> None:
    thief = generate_key("stolen-1")
    stage.desk.publish_keys(stage.desk.delegation(thief, revoked=True))
    stage.desk.say(ALERTS, stage.desk.alerts((stage.desk.alert("a"),)), key=thief)


def outside_its_class(stage: Stage) -> None:
    weak = generate_key("ordinary-1")
    stage.desk.publish_keys(stage.desk.delegation(weak, classes=(BulletinClass.NORMAL,)))
    stage.desk.say(ALERTS, stage.desk.alerts((stage.desk.alert("a"),)), key=weak)


def outside_its_actions(stage: Stage) -> None:
    weak = generate_key("planner-1")
    stage.desk.publish_keys(stage.desk.delegation(weak, actions=(Action.PROGRAMME,)))
    stage.desk.say(ALERTS, stage.desk.alerts((stage.desk.alert("a"),)), key=weak)


def louder_than_allowed(stage: Stage) -> None:
    weak = generate_key("quiet-1")
    stage.desk.publish_keys(stage.desk.delegation(weak, volume_max=40))
    stage.desk.say(ALERTS, stage.desk.alerts((stage.desk.alert("a", volume=90),)), key=weak)


def drill_key_as_real(stage: Stage) -> None:
    stage.desk.say(ALERTS, stage.desk.alerts((stage.desk.alert("a"),)), key=stage.desk.keys.drill)


def sequence_leaps(stage: Stage) -> None:
    stage.desk.say(COMMAND, stage.desk.command(CommandKind.TEST, pattern="beep", seq=2**62))


def programme_as_command(stage: Stage) -> None:
    item = stage.desk.put(10.0)
    message = stage.desk.programme((stage.desk.entry("x", wall(), item),), (item,))
    stage.desk.say(COMMAND, message)


def volume_of_two_hundred(stage: Stage) -> None:
    good = codec.encode(stage.desk.alerts((stage.desk.alert("a", volume=100),)))
    bad = good.replace(b'"volume":100', b'"volume":200')
    stage.desk.throw(ALERTS, sign_payload(bad, "loa-alerts+jws", stage.desk.keys.online))


def a_url_in_a_command(stage: Stage) -> None:
    good = codec.encode(stage.desk.command(CommandKind.TEST, pattern="beep"))
    bad = good[:-1] + b',"url":"http://stream.example/live"}'
    stage.desk.throw(COMMAND, sign_payload(bad, "loa-command+jws", stage.desk.keys.online))


def duplicate_keys(stage: Stage) -> None:
    good = codec.encode(stage.desk.command(CommandKind.TEST, pattern="beep"))
    bad = good[:-1] + b',"v":1}'
    stage.desk.throw(COMMAND, sign_payload(bad, "loa-command+jws", stage.desk.keys.online))


def ten_thousand_deep(stage: Stage) -> None:
    bad = b'{"a":' * 2_000 + b"1" + b"}" * 2_000
    stage.desk.throw(ALERTS, sign_payload(bad, "loa-alerts+jws", stage.desk.keys.online))


def one_octet_too_long(stage: Stage) -> None:
    stage.desk.throw(COMMAND, b"a" * 8_193)


def retained_command(stage: Stage) -> None:
    raw = sign(stage.desk.command(CommandKind.TEST, pattern="beep"), stage.desk.keys.online)
    stage.desk.throw(topics.node_command(stage.nodes[0]), raw, retain=True)
    stage.air.drop(stage.nodes[0])


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        pytest.param(unsigned_command, "E_SIGNATURE", marks=pytest.mark.promise("S01", "P8")),
        pytest.param(one_bit_flipped, "E_SIGNATURE", marks=pytest.mark.promise("S02", "P8")),
        pytest.param(other_node, "E_TARGET", marks=pytest.mark.promise("S05")),
        pytest.param(other_tenant, "E_TENANT", marks=pytest.mark.promise("S06")),
        pytest.param(expired_alerts, "E_EXPIRED", marks=pytest.mark.promise("S07", "P7")),
        pytest.param(not_yet_valid, "E_EARLY", marks=pytest.mark.promise("S07")),
        pytest.param(lives_too_long, "E_DELEGATION", marks=pytest.mark.promise("S07")),
        pytest.param(unknown_key, "E_KEY", marks=pytest.mark.promise("S08")),
        pytest.param(revoked_key, "E_KEY", marks=pytest.mark.promise("S08")),
        pytest.param(outside_its_class, "E_DELEGATION", marks=pytest.mark.promise("S08")),
        pytest.param(outside_its_actions, "E_DELEGATION", marks=pytest.mark.promise("S08")),
        pytest.param(louder_than_allowed, "E_DELEGATION", marks=pytest.mark.promise("S08")),
        pytest.param(drill_key_as_real, "E_DELEGATION", marks=pytest.mark.promise("S11", "P11")),
        pytest.param(sequence_leaps, "E_REPLAY", marks=pytest.mark.promise("S10")),
        pytest.param(programme_as_command, "E_SIGNATURE", marks=pytest.mark.promise("S11")),
        pytest.param(volume_of_two_hundred, "E_FORMAT", marks=pytest.mark.promise("S15")),
        pytest.param(a_url_in_a_command, "E_FORMAT", marks=pytest.mark.promise("S13")),
        pytest.param(duplicate_keys, "E_FORMAT", marks=pytest.mark.promise("S17")),
        pytest.param(ten_thousand_deep, "E_FORMAT", marks=pytest.mark.promise("S17")),
        pytest.param(one_octet_too_long, "E_SIZE", marks=pytest.mark.promise("S18")),
    ],
)
def test_what_must_not_be_believed_is_refused_by_name_and_never_heard(attack: Attack, code: str) -> None:
    silent_but_for(attack, code)


@pytest.mark.promise("S26", "F28")
def test_a_command_that_somebody_left_in_the_broker_is_never_carried_out() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        stage.desk.shelf.clear()
        raw = sign(stage.desk.command(CommandKind.TEST, pattern="beep"), stage.desk.keys.online)
        stage.air.block(stage.nodes[0])
        await asyncio.sleep(60)
        stage.desk.throw(topics.node_command(stage.nodes[0]), raw, retain=True)
        stage.air.unblock(stage.nodes[0])
        await asyncio.sleep(60)

    stage = play(story, start=MORNING)
    assert stage.heard() == ()
    assert "E_REPLAY" in stage.desk.codes(stage.nodes[0])


@pytest.mark.promise("S04", "F13")
def test_a_command_replayed_after_a_power_cut_starts_nothing_a_second_time() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        raw = sign(stage.desk.command(CommandKind.TEST, pattern="beep"), stage.desk.keys.online)
        stage.desk.throw(COMMAND, raw)
        await asyncio.sleep(2)
        stage.desk.throw(COMMAND, raw)
        await asyncio.sleep(2)
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        body.power_on()
        await asyncio.sleep(20)
        stage.desk.throw(COMMAND, raw)
        await asyncio.sleep(3600)
        stage.desk.throw(COMMAND, raw)
        await asyncio.sleep(60)

    stage = play(story, start=MORNING)
    assert len(stage.heard()) == 1


@pytest.mark.promise("S09", "P9")
def test_a_controller_that_was_replaced_is_refused() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        stage.desk.epoch = 1
        stage.desk.publish_alerts(stage.desk.alert("new"))
        await asyncio.sleep(60)
        stage.desk.publish_alerts(stage.desk.alert("old"), epoch=0)
        await asyncio.sleep(60)

    stage = play(story, start=MORNING)
    assert stage.claims() == ["alert:new:0"]
    assert stage.desk.codes(stage.nodes[0]) == ["E_FENCED"]


@pytest.mark.promise("S10")
def test_after_a_leap_of_the_sequence_good_commands_still_pass() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        sequence_leaps(stage)
        await asyncio.sleep(2)
        stage.desk.say(COMMAND, stage.desk.command(CommandKind.TEST, pattern="beep"))
        await asyncio.sleep(10)

    stage = play(story, start=MORNING)
    assert stage.claims() == ["test:c-2"]


@pytest.mark.promise("S12", "F42", "P8")
def test_audio_that_was_swapped_on_the_server_stays_silent() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item, other = stage.desk.put(10.0), stage.desk.put(10.0, 900.0)
        stage.desk.shelf[item.sha256] = stage.desk.shelf[other.sha256]
        at = wall() + timedelta(minutes=2)
        stage.desk.publish_programme((stage.desk.entry("x", at, item),), (item,))
        await asyncio.sleep(3600)

    stage = play(story, start=MORNING)
    assert stage.heard() == ()
    codes = [(r.code, r.occurrence) for r in stage.desk.of(stage.nodes[0], ReceiptKind.REFUSED)]
    assert ("E_CONTENT", None) in codes
    assert ("E_CONTENT", "x") in codes


@pytest.mark.promise("S14", "P13")
def test_an_ordinary_item_at_three_fifteen_with_a_valid_key_is_refused_by_the_node() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        item = stage.desk.put(30.0)
        at = DAWN - timedelta(minutes=45)
        stage.desk.publish_programme((stage.desk.entry("trung-loc", at, item),), (item,))
        await asyncio.sleep(3600)

    stage = play(story, start=DAWN - timedelta(hours=1))
    assert stage.heard() == ()
    (refusal,) = stage.desk.of(stage.nodes[0], ReceiptKind.REFUSED)
    assert (refusal.code, refusal.occurrence) == ("E_QUIET", "trung-loc")


@pytest.mark.promise("P13")
def test_an_emergency_passes_quiet_hours() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        stage.desk.publish_alerts(stage.desk.alert("night"))
        await asyncio.sleep(60)

    stage = play(story, start=DAWN - timedelta(hours=1))
    assert stage.claims() == ["alert:night:0"]


@pytest.mark.promise("S16")
def test_in_a_storm_of_alerts_the_newest_one_plays_and_the_rest_is_named() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        for number in range(30):
            stage.desk.publish_alerts(stage.desk.alert(f"a-{number}", ends_at=wall() + timedelta(minutes=5)))
            await asyncio.sleep(0.5)
        await asyncio.sleep(30)

    stage = play(story, start=MORNING)
    starts = {claim.split(":")[1] for claim in stage.claims()}
    assert len(starts) <= 6
    assert "E_RATE" in stage.desk.codes(stage.nodes[0])


@pytest.mark.promise("S20")
def test_a_stop_by_a_key_without_that_right_stops_nothing() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        weak = generate_key("planner-2")
        stage.desk.publish_keys(stage.desk.delegation(weak, actions=(Action.PROGRAMME,)))
        item = stage.desk.put(60.0)
        at = wall() + timedelta(minutes=1)
        stage.desk.publish_programme((stage.desk.entry("x", at, item),), (item,))
        await stage.until(at + timedelta(seconds=10))
        stage.desk.say(COMMAND, stage.desk.command(CommandKind.STOP), key=weak)
        await asyncio.sleep(120)

    stage = play(story, start=MORNING)
    (span,) = stage.heard()
    assert span.end is not None
    assert span.end.whole
    assert stage.desk.codes(stage.nodes[0]) == ["E_DELEGATION"]


@pytest.mark.promise("P11", "F73")
def test_a_drill_is_framed_by_the_node_itself_and_a_live_alert_ends_it() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        words = stage.desk.put(20.0)
        drill = stage.desk.alert("drill", mode=Mode.EXERCISE, words=words.sha256, level=5)
        stage.desk.say(ALERTS, stage.desk.alerts((drill,), (words,)), key=stage.desk.keys.drill, retain=True)
        await asyncio.sleep(120)
        ended = replace(drill, state=AlertState.CANCELLED)
        again = stage.desk.alert("drill-2", mode=Mode.EXERCISE, words=words.sha256, level=5)
        later = stage.desk.alerts((ended, again), (words,))
        stage.desk.say(ALERTS, later, key=stage.desk.keys.drill, retain=True)
        await asyncio.sleep(5)
        stage.desk.say(
            topics.alerts(VILLAGE),
            stage.desk.alerts((stage.desk.alert("real", level=1),), area=VILLAGE),
        )
        await asyncio.sleep(120)

    stage = play(story, start=MORNING)
    parts = [(span.begin.claim, span.begin.part, span.begin.mode) for span in stage.heard()]
    assert [part for claim, part, _ in parts if claim == "alert:drill:0"] == [
        "frame",
        "tone",
        "words",
        "frame",
    ]
    drill_2 = [part for claim, part, _ in parts if claim == "alert:drill-2:0"]
    assert drill_2[0] == "frame"
    real = next(span for span in stage.heard() if span.begin.claim == "alert:real:0")
    assert real.begin.mode is Mode.ACTUAL
    assert (real.begin.first_sample_at - real.begin.due_at).total_seconds() < 1
