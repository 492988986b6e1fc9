"""Chunks that must be silence: of strangers, of other grants, old ones, altered ones, any octets at all."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import chunks, topics
from devices.grants import Relay
from devices.messages import (
    Action,
    AreaCode,
    CommandId,
    CommandKind,
    GroupId,
    Mode,
    ReceiptKind,
    TenantId,
)
from devices.signing import generate_key
from tests.firmware_sim.desk import COMMUNE, MORNING, wall
from tests.firmware_sim.rig import Stage, play
from tests.firmware_sim.station import Station

NOON = MORNING + timedelta(hours=6)


def told(bad: Callable[[Stage, Station], None], code: str) -> Stage:
    """Opens a grant, throws what ``bad`` throws, and expects silence and that code."""

    async def story(stage: Stage) -> None:
        await stage.settle()
        station = Station(stage.desk, "live-1")
        station.open()
        await asyncio.sleep(0.5)
        bad(stage, station)
        await asyncio.sleep(5)

    stage = play(story, start=NOON)
    assert stage.heard() == ()
    assert stage.desk.codes(stage.nodes[0]) == [code]
    return stage


def altered(stage: Stage, station: Station) -> None:
    raw = station.sealed()
    station.throw(raw[:60] + bytes([raw[60] ^ 1]) + raw[61:])


def by_a_stranger(stage: Stage, station: Station) -> None:
    station.key = generate_key("stranger")
    station.throw(station.sealed())


def of_another_grant(stage: Stage, station: Station) -> None:
    other = Station(stage.desk, "live-2")
    station.throw(other.sealed())


def of_another_tenant(stage: Stage, station: Station) -> None:
    stage.desk.tenant = TenantId("t-elsewhere")
    payload = station.sealed()
    stage.desk.tenant = TenantId("t-hue")
    station.throw(payload)


def on_other_ground(stage: Stage, station: Station) -> None:
    stage.desk.throw(topics.live(AreaCode("46"), "live-1"), station.sealed())


def of_a_minute_ago(stage: Stage, station: Station) -> None:
    station.throw(station.sealed(sent_at=wall() - timedelta(minutes=1)))


def of_the_future(stage: Stage, station: Station) -> None:
    station.throw(station.sealed(sent_at=wall() + timedelta(minutes=1)))


def too_long(stage: Stage, station: Station) -> None:
    station.throw(station.sealed() + bytes(chunks.CHUNK_LIMIT))


def not_a_chunk(stage: Stage, station: Station) -> None:
    station.throw(b'{"audio":"http://stream.example/live"}')


def of_a_drill(stage: Stage, station: Station) -> None:
    station.key = stage.desk.keys.drill
    station.throw(station.sealed())


@pytest.mark.promise("S13", "S05", "S06", "P7")
@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (altered, "E_SIGNATURE"),
        (by_a_stranger, "E_KEY"),
        (of_another_grant, "E_SIGNATURE"),
        (of_another_tenant, "E_SIGNATURE"),
        (on_other_ground, "E_TARGET"),
        (of_a_minute_ago, "E_EXPIRED"),
        (of_the_future, "E_EARLY"),
        (too_long, "E_SIZE"),
        (not_a_chunk, "E_FORMAT"),
        (of_a_drill, "E_DELEGATION"),
    ],
    ids=lambda given: getattr(given, "__name__", given),
)
def test_a_chunk_that_is_not_right_is_silence_and_says_why(
    bad: Callable[[Stage, Station], None], code: str
) -> None:
    told(bad, code)


@pytest.mark.promise("S26")
def test_a_retained_chunk_is_never_heard() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        station = Station(stage.desk, "live-1")
        stage.desk.throw(topics.live(COMMUNE, "live-1"), station.sealed(), retain=True)
        station.open()
        await asyncio.sleep(0.5)
        stage.village.order({"node": stage.nodes[0], "do": "link_down"})
        stage.village.order({"node": stage.nodes[0], "do": "link_up"})
        await asyncio.sleep(5)

    stage = play(story, start=NOON)
    assert stage.heard() == ()
    assert stage.desk.codes(stage.nodes[0]) == ["E_REPLAY"]


@pytest.mark.promise("S08")
def test_a_key_without_the_right_to_live_opens_nothing() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        most = tuple(action for action in Action if action is not Action.LIVE)
        stage.desk.publish_keys(stage.desk.delegation(stage.desk.keys.online, actions=most))
        await asyncio.sleep(1)
        station = Station(stage.desk, "live-1")
        station.open()
        await station.send(5)

    stage = play(story, start=NOON)
    assert stage.heard() == ()
    (refused,) = stage.desk.of(stage.nodes[0], ReceiptKind.REFUSED)
    assert (refused.command, refused.code) == ("live-1", "E_DELEGATION")


@pytest.mark.promise("S08")
def test_a_key_revoked_in_the_middle_is_silent_from_then_on() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        station = Station(stage.desk, "live-1")
        station.open()
        await asyncio.sleep(0.5)
        talk = asyncio.create_task(station.send(30))
        await asyncio.sleep(10)
        stage.desk.publish_keys(stage.desk.delegation(stage.desk.keys.online, revoked=True))
        await talk

    stage = play(story, start=NOON)
    (span,) = stage.heard()
    assert span.end is not None
    assert span.end.ended_mono - span.begin.first_sample_mono < 12


@pytest.mark.promise("S08")
def test_a_relay_needs_the_right_to_stream_beside_the_right_to_plan() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        planner = generate_key("planner")
        right = stage.desk.delegation(planner, actions=(Action.PROGRAMME,))
        stage.desk.publish_keys(right)
        filler = stage.desk.put(30)
        relay = Relay(grant="r-1", length_ms=60_000)
        stage.desk.publish_programme((stage.desk.entry("vov1", MORNING, filler, relay=relay),), (filler,))
        await stage.until(MORNING - timedelta(seconds=2))
        await Station(stage.desk, "r-1", chunk_ms=500, key=planner).send(60)
        await asyncio.sleep(20)

    stage = play(story)
    assert {span.begin.part for span in stage.heard()} == {"filler"}
    assert "E_DELEGATION" in stage.desk.codes(stage.nodes[0])


@pytest.mark.promise("P11")
def test_a_drills_voice_is_framed_by_the_node_and_never_passes_for_the_real_one() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        stage.desk.keys = replace(stage.desk.keys, online=stage.desk.keys.drill)
        station = Station(stage.desk, "drill-1")
        station.open(mode=Mode.EXERCISE)
        await asyncio.sleep(3)
        await station.send(10, last=True)
        await asyncio.sleep(10)

    stage = play(story, start=NOON)
    assert [span.begin.part for span in stage.heard()] == ["frame", "stream", "frame"]
    assert {span.begin.mode for span in stage.heard()} == {Mode.EXERCISE}


@pytest.mark.promise("S04", "F24")
def test_every_chunk_is_heard_once_however_often_it_comes() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        station = Station(stage.desk, "live-1")
        station.open()
        await asyncio.sleep(0.5)
        for number in range(25):
            payload = station.sealed(position_ms=number * 200)
            for _ in range(3):
                station.throw(payload)
            await asyncio.sleep(0.2)
        for payload in station.sent:
            station.throw(payload)
        await asyncio.sleep(10)

    stage = play(story, start=NOON)
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert finished.played_ms == 5_000


@pytest.mark.promise("S13")
@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=400),
            st.tuples(st.integers(0, 700), st.integers(0, 255)),
            st.integers(0, 4000),
        ),
        max_size=30,
    )
)
def test_no_sequence_of_octets_makes_a_node_fail_or_sound(
    given_: list[bytes | tuple[int, int] | int],
) -> None:
    """Any octets; a right chunk with one octet changed; a right chunk cut off."""

    async def story(stage: Stage) -> None:
        await stage.settle()
        station = Station(stage.desk, "live-1")
        station.open()
        await asyncio.sleep(0.5)
        for one in given_:
            right = station.sealed()
            if isinstance(one, bytes):
                station.throw(one)
            elif isinstance(one, int):
                station.throw(right[: min(one, len(right) - 1)])
            else:
                at = one[0] % len(right)
                station.throw(right[:at] + bytes([right[at] ^ (one[1] or 1)]) + right[at + 1 :])
            await asyncio.sleep(0.05)
        await asyncio.sleep(12)

    stage = play(story, start=NOON)
    assert stage.heard() == ()
    (finished,) = stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)
    assert finished.played_ms == 0


@pytest.mark.promise("S05")
def test_a_voice_for_a_group_is_heard_by_its_nodes_alone() -> None:
    group = GroupId("truong-hoc")

    async def story(stage: Stage) -> None:
        await stage.settle()
        stage.desk.publish_desired(stage.nodes[0], groups={group: 4})
        await asyncio.sleep(2)
        station = Station(stage.desk, "live-1")
        command = stage.desk.command(
            CommandKind.LIVE, id=CommandId("live-1"), grant="live-1", group=group, group_version=4
        )
        stage.desk.say(topics.group_command(group), command)
        await asyncio.sleep(0.5)
        station.throw(station.sealed())  # on the area's topic, which nobody opened
        for _ in range(25):
            stage.desk.throw(topics.group_live(group, "live-1"), station.sealed())
            await asyncio.sleep(0.2)
        await asyncio.sleep(5)

    stage = play(story, start=NOON, count=2)
    assert len(stage.heard(stage.nodes[0])) == 1
    assert stage.heard(stage.nodes[1]) == ()
    assert stage.desk.codes(stage.nodes[0]) == ["E_TARGET"]


def test_a_voice_for_one_node_is_heard_by_that_node_alone() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        node = stage.nodes[0]
        station = Station(stage.desk, "live-1")
        command = stage.desk.command(
            CommandKind.LIVE, id=CommandId("live-1"), grant="live-1", area=None, node=node
        )
        stage.desk.say(topics.node_command(node), command)
        await asyncio.sleep(0.5)
        await station.send(5, last=True)
        await asyncio.sleep(5)

    stage = play(story, start=NOON, count=2)
    assert len(stage.heard(stage.nodes[0])) == 1
    assert stage.heard(stage.nodes[1]) == ()


@pytest.mark.promise("S16")
def test_more_voices_by_command_than_an_hour_allows_are_refused() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        for number in range(7):
            station = Station(stage.desk, f"live-{number}")
            station.open(minutes=2)
            await asyncio.sleep(0.5)
            await station.send(2, last=True)
            await asyncio.sleep(5)

    stage = play(story, start=NOON)
    assert len(stage.heard()) == 6
    assert stage.desk.codes(stage.nodes[0]) == ["E_RATE"]


def test_an_hour_of_voices_is_an_hour() -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        station = Station(stage.desk, "live-1", chunk_ms=1000)
        before = station.open(minutes=14)
        talk = asyncio.create_task(station.send(50 * 60, last=True))
        for number in range(5):
            await asyncio.sleep(8 * 60)
            station.renew(before, f"live-1-{number}", minutes=14)
        await talk
        await asyncio.sleep(5)
        other = Station(stage.desk, "live-2")
        other.open(minutes=14)
        await asyncio.sleep(0.5)
        await other.send(2, last=True)
        await asyncio.sleep(5)

    stage = play(story, start=NOON)
    assert {span.begin.claim for span in stage.heard()} == {"live:live-1"}
    assert stage.desk.codes(stage.nodes[0]) == ["E_RATE"]
