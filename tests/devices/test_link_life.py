"""The life of a link in virtual time: back-off, flapping, round trips, refusals, broken dials."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from devices.link import (
    Arrival,
    Backoff,
    FaultKind,
    LinkDown,
    LinkFull,
    LinkSettings,
    LinkSlow,
    PublishRefused,
    RoundTrip,
    Will,
)
from devices.link_steady import BACKLOG_BYTES, SteadyLink
from devices.link_wire import Wire, WireEars
from firmware_sim.air import Air, AirLink, AirWire
from tests.support.link_worlds import Notes, until
from tests.support.virtual_time import run_virtual

SETTINGS = LinkSettings(host="air", port=0, client_id="n1")


def _link(air: Air, notes: Notes, **changes: object) -> AirLink:
    settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    return AirLink(air, settings, notes, random.Random(7), notes.fault)


def test_each_wait_lies_within_full_jitter_and_under_the_cap() -> None:
    backoff, rng = Backoff(), random.Random(1)
    for attempt, most in ((0, 30.0), (1, 2.0), (2, 4.0), (5, 32.0), (6, 60.0), (500, 60.0)):
        waits = [backoff.delay(attempt, rng) for _ in range(500)]
        assert 0.0 <= min(waits) < most * 0.05
        assert most * 0.95 < max(waits) <= most


@pytest.mark.promise("P10")
def test_a_thousand_links_come_back_spread_over_half_a_minute() -> None:
    async def story() -> None:
        air = Air()
        back: list[float] = []
        loop = asyncio.get_running_loop()
        links = []
        for n in range(1000):
            notes = Notes()
            link = AirLink(air, replace(SETTINGS, client_id=f"n{n}"), notes, random.Random(n), notes.fault)
            link.start()
            links.append((link, notes))
        await asyncio.sleep(60)
        lost_at = loop.time()
        for link, _ in links:
            air.drop(link.settings.client_id)
        while len(back) < 1000:
            await asyncio.sleep(0.5)
            back.extend(loop.time() - lost_at for _, notes in links if len(notes.ups) == 2)
            links = [(link, notes) for link, notes in links if len(notes.ups) < 2]
        assert max(back) <= 30.5
        in_one_second = max(sum(1 for at in back if second < at <= second + 1) for second in range(31))
        assert in_one_second < 80

    run_virtual(story, limit=timedelta(minutes=5))


@pytest.mark.promise("F37")
def test_an_hour_of_flapping_costs_few_connects() -> None:
    async def story() -> None:
        air, notes = Air(), Notes()
        link = _link(air, notes)
        link.start()
        for _ in range(1800):
            await asyncio.sleep(1)
            air.kill()
            await asyncio.sleep(1)
            air.restore()
        await link.stop()
        tries = len(notes.ups) + sum(1 for fault in notes.faults if fault.kind is FaultKind.CONNECT)
        # Full jitter under 60 s: a try each 30 s on average, once the short lives have counted up.
        assert 60 <= tries <= 180

    run_virtual(story)


@pytest.mark.promise("F29")
def test_two_clients_of_one_id_raise_an_alarm_within_a_minute_and_others_do_not_feel_it() -> None:
    async def story() -> None:
        air, twins, other = Air(), (Notes(), Notes()), Notes()
        bystander = AirLink(air, replace(SETTINGS, client_id="n2"), other, random.Random(3), other.fault)
        bystander.start()
        for n, notes in enumerate(twins):
            AirLink(air, SETTINGS, notes, random.Random(n), notes.fault).start()
        await asyncio.sleep(60)
        alarms = [fault for notes in twins for fault in notes.faults if fault.kind is FaultKind.FLAPPING]
        assert alarms
        assert alarms[0].detail.startswith("n1: ")
        assert len(other.ups) == 1
        assert not other.downs

    run_virtual(story)


def test_a_broker_that_answers_but_delivers_nothing_is_left() -> None:
    async def story() -> None:
        deaf = False

        def carry(client: str, arrival: Arrival) -> tuple[float, ...]:
            return () if deaf else (0.05,)

        air, notes = Air(carry=carry), Notes()
        link = _link(air, notes, round_trip=RoundTrip(topic="loa/1/echo/n1", every_s=30, within_s=10))
        link.start()
        await asyncio.sleep(100)
        assert link.round_trip_s == pytest.approx(0.05)
        assert link.up
        assert not notes.arrivals
        deaf = True
        silent_since = asyncio.get_running_loop().time()
        await until(lambda: notes.downs, within_s=60)
        assert asyncio.get_running_loop().time() - silent_since <= 41
        assert [fault.kind for fault in notes.faults] == [FaultKind.ROUND_TRIP]
        deaf = False
        await until(lambda: link.up, within_s=60)
        await asyncio.sleep(200)
        assert link.up
        await link.stop()

    run_virtual(story)


@pytest.mark.promise("F26", "S23")
def test_a_refused_publish_and_a_refused_subscription_are_named() -> None:
    async def story() -> None:
        air = Air(permit=lambda client, action, topic: topic.startswith("loa/1/node/n1"))
        notes = Notes()
        link = _link(air, notes)
        link.subscribe([("loa/1/node/n2/#", 1), ("loa/1/node/n1/#", 1)])
        link.start()
        await until(lambda: link.settled)
        assert [(f.kind, f.detail) for f in notes.faults] == [
            (FaultKind.SUBSCRIPTION, "loa/1/node/n2/#: Not authorized")
        ]
        with pytest.raises(PublishRefused, match="Not authorized"):
            await link.publish("loa/1/area/a/alerts", b"forged")
        await link.publish("loa/1/node/n1/state", b"fine")
        await until(lambda: notes.arrivals)
        assert notes.topics() == ["loa/1/node/n1/state"]
        await link.stop()

    run_virtual(story)


@pytest.mark.promise("F35")
def test_a_publish_without_an_answer_is_slow_and_the_link_goes_on() -> None:
    async def story() -> None:
        lost = True
        air, notes = Air(lift=lambda client, arrival: () if lost else (0.3,)), Notes()
        link = _link(air, notes)
        link.start()
        await until(lambda: link.up)
        with pytest.raises(LinkSlow):
            await link.publish("x", b"1", timeout_s=5)
        lost = False
        started = asyncio.get_running_loop().time()
        await link.publish("x", b"2", timeout_s=5)
        assert asyncio.get_running_loop().time() - started == pytest.approx(0.3)
        assert link.up
        await link.stop()

    run_virtual(story)


def test_a_client_whose_network_is_away_is_missed_by_its_will_and_comes_back() -> None:
    async def story() -> None:
        air, notes, watcher_notes = Air(), Notes(), Notes()
        watcher = AirLink(
            air, replace(SETTINGS, client_id="w"), watcher_notes, random.Random(2), watcher_notes.fault
        )
        watcher.subscribe([("state", 1)])
        watcher.start()
        link = _link(air, notes, will=Will(topic="state", payload=b"offline"))
        link.start()
        await until(lambda: link.up and watcher.settled)
        air.block("n1")
        await asyncio.sleep(20)
        assert link.up
        assert not watcher_notes.arrivals
        await asyncio.sleep(11)
        assert not link.up
        assert [arrival.payload for arrival in watcher_notes.arrivals] == [b"offline"]
        assert air.retained("state") == b"offline"
        await asyncio.sleep(600)
        assert not link.up
        air.unblock("n1")
        await asyncio.sleep(61)
        assert link.up
        await asyncio.gather(link.stop(), watcher.stop())

    run_virtual(story)


def test_whatever_dialling_raises_the_link_tries_again() -> None:
    async def story() -> None:
        air, notes = Air(), Notes()
        failures: list[Exception] = [ValueError("odd"), OSError("no route"), UnicodeError("name")]

        async def dial(ears: WireEars) -> Wire:
            if failures:
                raise failures.pop()
            return air.dial(SETTINGS, ears)

        link = SteadyLink(SETTINGS, notes, random.Random(1), notes.fault, dial)
        link.start()
        await until(lambda: link.up, within_s=120)
        assert [fault.kind for fault in notes.faults] == [FaultKind.CONNECT] * 3
        assert link.faults == 3
        await link.stop()

    run_virtual(story)


def test_too_much_waiting_for_the_broker_is_refused_not_piled_up() -> None:
    async def story() -> None:
        air, notes = Air(), Notes()
        full = False

        class Narrow(AirWire):
            @property
            def backlog(self) -> int:
                return BACKLOG_BYTES + 1 if full else 0

        async def dial(ears: WireEars) -> Wire:
            return Narrow(air, SETTINGS, ears)

        link = SteadyLink(SETTINGS, notes, random.Random(1), notes.fault, dial)
        link.start()
        await until(lambda: link.up)
        await link.publish("x", b"1")
        full = True
        with pytest.raises(LinkFull):
            await link.publish("x", b"2")
        assert not link.post("x", b"3")
        full = False
        await link.publish("x", b"4")
        await link.stop()

    run_virtual(story)


def test_stop_and_cut_during_dialling_leave_nothing_behind() -> None:
    async def story() -> None:
        notes = Notes()
        entered = 0

        async def dial(ears: WireEars) -> Wire:
            nonlocal entered
            entered += 1
            await asyncio.sleep(5)
            raise AssertionError("it was not cancelled")

        link = SteadyLink(SETTINGS, notes, random.Random(1), notes.fault, dial)
        link.start()
        await asyncio.sleep(1)
        await link.stop()
        link.start()
        await asyncio.sleep(1)
        link.cut()
        await asyncio.sleep(100)
        assert entered == 2
        assert not notes.faults
        with pytest.raises(LinkDown):
            link.offer("x", b"")

    run_virtual(story)


def test_the_limits_of_the_broker_hold_for_every_message() -> None:
    async def story() -> None:
        air, notes = Air(), Notes()
        link = _link(air, notes, packet_limit=1000)
        link.start()
        await until(lambda: link.up)
        with pytest.raises(PublishRefused, match="larger"):
            await link.publish("x", b"1" * 1000)
        await link.publish("x", b"1" * 900)
        await link.stop()

    run_virtual(story)
