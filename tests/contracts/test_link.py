"""The contract of a link, held by the air and by paho on each broker in each version of MQTT."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devices.link import FaultKind, Link, LinkDown, PublishRefused, Will
from tests.support.brokers import FLAVOURS, BrokerShelf, Flavour
from tests.support.link_worlds import AirWorld, BrokerWorld, Notes, World, until

PLACES = [
    pytest.param(None, id="air"),
    *(pytest.param(flavour, id=flavour.name, marks=pytest.mark.broker) for flavour in FLAVOURS),
]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerShelf]:
    shelf = BrokerShelf(Path(tmp_path_factory.mktemp("brokers")))
    yield shelf
    shelf.stop()


@pytest.fixture(params=PLACES)
def world(request: pytest.FixtureRequest, shelf: BrokerShelf) -> World:
    flavour: Flavour | None = request.param
    return AirWorld() if flavour is None else BrokerWorld(shelf.get(flavour.kind), flavour)


@pytest.fixture
def root() -> str:
    """A branch of topics that no other test uses: brokers are shared and remember."""
    return f"t/{uuid.uuid4().hex[:8]}"


async def _up(*links: Link) -> None:
    for link in links:
        link.start()
    await until(lambda: all(link.settled for link in links))


async def _stop(*links: Link) -> None:
    await asyncio.gather(*(link.stop() for link in links))


async def _publish_at_last(link: Link, topic: str) -> None:
    # rumqttd now and then ends the newcomer's connection too; it must come back by itself.
    async with asyncio.timeout(15):
        while True:
            await until(lambda: link.settled)
            with suppress(LinkDown):
                return await link.publish(topic, b"mine")


def test_what_is_published_is_heard_by_matching_subscribers_only(world: World, root: str) -> None:
    async def story() -> None:
        exact, plus, hash_, other = Notes(), Notes(), Notes(), Notes()
        links = [
            world.link(f"{root}-{n}".replace("/", "-"), notes)
            for n, notes in enumerate((exact, plus, hash_, other))
        ]
        sender = world.link("sender" + root[2:], Notes())
        links[0].subscribe([(f"{root}/area/a/alerts", 1)])
        links[1].subscribe([(f"{root}/area/+/alerts", 0)])
        links[2].subscribe([(f"{root}/area/#", 1)])
        links[3].subscribe([(f"{root}/area/b/alerts", 1), (f"{root}/area/a/alerts/x", 1)])
        await _up(sender, *links)
        await sender.publish(f"{root}/area/a/alerts", b"flood")
        await until(lambda: exact.arrivals and plus.arrivals and hash_.arrivals)
        await sender.publish(f"{root}/area/b/alerts", b"storm")
        await until(lambda: other.arrivals and len(hash_.arrivals) == 2)
        for notes, qos in ((exact, 1), (plus, 0), (hash_, 1)):
            first = notes.arrivals[0]
            assert (first.topic, first.payload) == (f"{root}/area/a/alerts", b"flood")
            assert (first.retained, first.qos) == (False, qos)
        assert other.topics() == [f"{root}/area/b/alerts"]
        assert exact.topics() == [f"{root}/area/a/alerts"]
        await _stop(sender, *links)

    world.run(story)


def test_the_order_of_one_sender_is_kept(world: World, root: str) -> None:
    async def story() -> None:
        notes = Notes()
        listener, sender = world.link("l" + root[2:], notes), world.link("s" + root[2:], Notes())
        listener.subscribe([(f"{root}/x", 1)])
        await _up(listener, sender)
        answers = [sender.offer(f"{root}/x", str(n).encode()) for n in range(1000)]
        await asyncio.gather(*answers)
        await until(lambda: len(notes.arrivals) == 1000)
        assert [int(arrival.payload) for arrival in notes.arrivals] == list(range(1000))
        await _stop(listener, sender)

    world.run(story)


def test_a_retained_message_waits_for_who_comes_later(world: World, root: str) -> None:
    async def story() -> None:
        early, late, after = Notes(), Notes(), Notes()
        sender, first = world.link("s" + root[2:], Notes()), world.link("e" + root[2:], early)
        first.subscribe([(f"{root}/#", 1)])
        await _up(sender, first)
        await sender.publish(f"{root}/keys", b"one", retain=True)
        await sender.publish(f"{root}/keys", b"two", retain=True)
        await until(lambda: len(early.arrivals) == 2)
        assert [a.retained for a in early.arrivals] == [False, False]
        second = world.link("l" + root[2:], late)
        second.subscribe([(f"{root}/+", 1)])
        await _up(second)
        await until(lambda: late.arrivals)
        assert [(a.payload, a.retained) for a in late.arrivals] == [(b"two", True)]
        await sender.publish(f"{root}/keys", b"", retain=True)
        third = world.link("a" + root[2:], after)
        third.subscribe([(f"{root}/+", 1)])
        await _up(third)
        await sender.publish(f"{root}/end", b"end")
        await until(lambda: after.arrivals)
        assert after.topics() == [f"{root}/end"]
        await _stop(sender, first, second, third)

    world.run(story)


def test_the_will_speaks_for_who_vanishes_but_not_for_who_says_goodbye(world: World, root: str) -> None:
    async def story() -> None:
        notes = Notes()
        watcher = world.link("w" + root[2:], notes)
        watcher.subscribe([(f"{root}/state/+", 1)])
        vanishing, leaving = (
            world.link(
                f"{name}{root[2:]}", Notes(), will=Will(topic=f"{root}/state/{name}", payload=b"offline")
            )
            for name in ("v", "l")
        )
        await _up(watcher, vanishing, leaving)
        await leaving.stop()
        vanishing.cut()
        await until(lambda: notes.arrivals)
        await asyncio.sleep(0.3)
        assert [(a.topic, a.payload) for a in notes.arrivals] == [(f"{root}/state/v", b"offline")]
        await _stop(watcher)

    world.run(story)


@pytest.mark.promise("F04")
def test_a_link_comes_back_after_the_broker_was_killed_and_hears_again(world: World, root: str) -> None:
    async def story() -> None:
        notes = Notes()
        listener, sender = world.link("l" + root[2:], notes), world.link("s" + root[2:], Notes())
        listener.subscribe([(f"{root}/x", 1)])
        await _up(listener, sender)
        world.kill()
        await until(lambda: not listener.up and not sender.up)
        assert len(notes.downs) == 1
        world.restore()
        await until(lambda: listener.settled and sender.settled)
        await sender.publish(f"{root}/x", b"again")
        await until(lambda: notes.arrivals)
        assert notes.ups[0].number == 1
        assert len(notes.ups) == 2
        assert notes.ups[1].number > 1
        await _stop(listener, sender)

    world.run(story)


def test_nothing_is_published_while_down_and_nothing_of_it_later(world: World, root: str) -> None:
    async def story() -> None:
        notes = Notes()
        listener, sender = world.link("l" + root[2:], notes), world.link("s" + root[2:], Notes())
        listener.subscribe([(f"{root}/x", 1)])
        await _up(listener, sender)
        world.kill()
        await until(lambda: not sender.up)
        with pytest.raises(LinkDown):
            await sender.publish(f"{root}/x", b"while down")
        with pytest.raises(LinkDown):
            sender.offer(f"{root}/x", b"while down")
        assert not sender.post(f"{root}/x", b"while down")
        world.restore()
        await until(lambda: listener.settled and sender.settled)
        await sender.publish(f"{root}/x", b"after")
        await until(lambda: notes.arrivals)
        assert [arrival.payload for arrival in notes.arrivals] == [b"after"]
        await _stop(listener, sender)

    world.run(story)


def test_what_was_under_way_when_the_link_dropped_fails_and_is_never_sent_later(
    world: World, root: str
) -> None:
    async def story() -> None:
        notes = Notes()
        listener, sender = world.link("l" + root[2:], notes), world.link("s" + root[2:], Notes())
        listener.subscribe([(f"{root}/x", 1)])
        await _up(listener, sender)
        world.freeze()
        answers = [sender.offer(f"{root}/x", b"under way") for _ in range(500)]
        await asyncio.sleep(0.05)
        world.kill()
        outcomes = await asyncio.gather(*answers, return_exceptions=True)
        assert all(isinstance(outcome, LinkDown) for outcome in outcomes)
        world.thaw()
        world.restore()
        await until(lambda: listener.settled and sender.settled)
        await sender.publish(f"{root}/x", b"after")
        await until(lambda: notes.arrivals)
        assert [arrival.payload for arrival in notes.arrivals] == [b"after"]
        await _stop(listener, sender)

    world.run(story)


@pytest.mark.promise("F08")
def test_an_exception_in_any_ear_is_counted_and_the_link_lives(world: World, root: str) -> None:
    async def story() -> None:
        notes = Notes()
        notes.broken = {"up", "down", "heard", "fault"}
        listener, sender = world.link("l" + root[2:], notes), world.link("s" + root[2:], Notes())
        listener.subscribe([(f"{root}/x", 1)])
        await _up(listener, sender)
        for n in range(3):
            await sender.publish(f"{root}/x", str(n).encode())
        await until(lambda: len(notes.arrivals) == 3)
        assert [fault.kind for fault in notes.faults] == [FaultKind.EAR] * 4
        world.kill()
        await until(lambda: not listener.up)
        world.restore()
        await until(lambda: listener.settled and sender.settled)
        await sender.publish(f"{root}/x", b"3")
        await until(lambda: len(notes.arrivals) == 4)
        ears = [fault.detail.split()[0] for fault in notes.faults if fault.kind is FaultKind.EAR]
        assert ears == ["up", "heard", "heard", "heard", "down", "up", "heard"]
        await _stop(listener, sender)

    world.run(story)


def test_64_kilobytes_arrive_whole_and_too_much_is_refused_before_it_is_sent(world: World, root: str) -> None:
    async def story() -> None:
        notes = Notes()
        listener, sender = world.link("l" + root[2:], notes), world.link("s" + root[2:], Notes())
        listener.subscribe([(f"{root}/clip", 1)])
        await _up(listener, sender)
        clip = bytes(range(256)) * 256
        await sender.publish(f"{root}/clip", clip)
        await until(lambda: notes.arrivals)
        assert notes.arrivals[0].payload == clip
        with pytest.raises(PublishRefused):
            await sender.publish(f"{root}/clip", b"x" * 262_144)
        assert not sender.post(f"{root}/clip", b"x" * 262_144)
        await sender.publish(f"{root}/clip", b"still here")
        await until(lambda: len(notes.arrivals) == 2)
        await _stop(listener, sender)

    world.run(story)


@pytest.mark.promise("F29")
def test_the_second_client_of_one_id_takes_over(world: World, root: str) -> None:
    async def story() -> None:
        notes, second_notes = Notes(), Notes()
        watcher_notes = Notes()
        name = "twin" + root[2:]
        will = Will(topic=f"{root}/state", payload=b"offline", retain=False)
        first, second = world.link(name, notes, will=will), world.link(name, second_notes)
        watcher = world.link("w" + root[2:], watcher_notes)
        watcher.subscribe([(f"{root}/state", 1)])
        await _up(first, watcher)
        second.start()
        await until(lambda: notes.downs)
        first.cut()
        await _publish_at_last(second, f"{root}/x")
        await until(lambda: watcher_notes.arrivals)
        assert watcher_notes.arrivals[0].payload == b"offline"
        await _stop(second, watcher)

    world.run(story)


@pytest.mark.promise("F34")
def test_a_silent_broker_is_left_within_a_keepalive_and_a_half(world: World, root: str) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        notes = Notes()
        # Long enough that a busy machine does not decide the test.
        link = world.link("h" + root[2:], notes, keepalive_s=3)
        await _up(link)
        # A broker may have let go of a first connection before this one stood.
        ups, downs = len(notes.ups), len(notes.downs)
        world.freeze()
        frozen_at = loop.time()
        await until(lambda: len(notes.downs) > downs)
        silence = loop.time() - frozen_at
        world.thaw()
        assert 0.5 * 3 <= silence <= 1.5 * 3
        await until(lambda: link.settled)
        assert len(notes.ups) == ups + 1
        await _stop(link)

    world.run(story)


def test_an_idle_link_is_kept_alive(world: World, root: str) -> None:
    async def story() -> None:
        notes = Notes()
        link = world.link("i" + root[2:], notes)
        await _up(link)
        await asyncio.sleep(3.5)
        assert link.up
        assert not notes.downs
        await _stop(link)

    world.run(story)


def test_forgotten_filters_are_silent_also_after_a_reconnect(world: World, root: str) -> None:
    async def story() -> None:
        notes = Notes()
        listener, sender = world.link("l" + root[2:], notes), world.link("s" + root[2:], Notes())
        listener.subscribe([(f"{root}/a", 1), (f"{root}/b", 1)])
        await _up(listener, sender)
        listener.unsubscribe([f"{root}/a"])
        await until(lambda: listener.settled)
        await sender.publish(f"{root}/a", b"1")
        await sender.publish(f"{root}/b", b"1")
        world.kill()
        await until(lambda: not listener.up and not sender.up)
        world.restore()
        await until(lambda: listener.settled and sender.settled)
        await sender.publish(f"{root}/a", b"2")
        await sender.publish(f"{root}/b", b"2")
        await until(lambda: any(a.payload == b"2" for a in notes.arrivals))
        assert set(notes.topics()) == {f"{root}/b"}
        await _stop(listener, sender)

    world.run(story)


def test_a_link_can_be_started_again_after_a_stop_and_after_a_cut(world: World, root: str) -> None:
    async def story() -> None:
        notes = Notes()
        link = world.link("again" + root[2:], notes)
        link.subscribe([(f"{root}/x", 1)])
        await _up(link)
        await link.stop()
        assert not link.up
        await _up(link)
        link.cut()
        assert not link.up
        await _up(link)
        await link.publish(f"{root}/x", b"to myself")
        await until(lambda: notes.arrivals)
        assert len(notes.ups) == 3
        assert len(notes.downs) == 2
        await _stop(link)

    world.run(story)


def test_two_hundred_links_live_in_one_loop(world: World, root: str) -> None:
    async def story() -> None:
        all_notes = [Notes() for _ in range(200)]
        links = [world.link(f"n{n}-{root[2:]}", notes) for n, notes in enumerate(all_notes)]
        sender = world.link("s" + root[2:], Notes())
        for link in links:
            link.subscribe([(f"{root}/alerts", 1)])
        await _up(sender, *links)
        await sender.publish(f"{root}/alerts", b"flood")
        await until(lambda: all(notes.arrivals for notes in all_notes))
        assert all([a.payload for a in notes.arrivals] == [b"flood"] for notes in all_notes)
        await _stop(sender, *links)

    world.run(story)
