"""What only the standard broker can show: rights, acknowledgement by hand, many publishes at once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.deploy.broker import RunningBroker, free_port
from devices.link import FaultKind, PublishRefused
from tests.support.brokers import Flavour, running_broker
from tests.support.link_worlds import BrokerWorld, Notes, until

FIVE = Flavour(kind="mosquitto", protocol="5")
pytestmark = pytest.mark.broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    with running_broker(tmp_path, "mosquitto") as broker:
        yield broker


@pytest.mark.promise("F26", "S22", "S23")
def test_what_the_rights_forbid_is_a_fault_and_an_error_not_a_success(tmp_path: Path) -> None:
    port = free_port()
    rights = tmp_path / "rights"
    rights.write_text("topic readwrite mine/#\n")
    conf = tmp_path / "rights.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nacl_file {rights}\nuser root\n")
    broker = RunningBroker(tmp_path, "mosquitto", port, port, ("/usr/sbin/mosquitto", "-c", str(conf)))
    broker.restart()

    async def story() -> None:
        notes = Notes()
        link = BrokerWorld(broker, FIVE).link("n1", notes)
        link.subscribe([("mine/#", 1)])
        link.start()
        await until(lambda: link.settled)
        with pytest.raises(PublishRefused, match="Not authorized"):
            await link.publish("other/x", b"forged")
        await link.publish("mine/x", b"fine")
        await until(lambda: notes.arrivals)
        assert link.up
        await link.stop()

    try:
        asyncio.run(story())
    finally:
        broker.stop()


def test_by_hand_only_what_was_acknowledged_makes_room_for_more(broker: RunningBroker) -> None:
    async def story() -> None:
        world, notes = BrokerWorld(broker, FIVE), Notes()
        listener = world.link("l", notes, ack_by_hand=True)
        sender = world.link("s", Notes())
        listener.subscribe([("x", 1)])
        listener.start()
        sender.start()
        await until(lambda: listener.settled and sender.settled)
        await asyncio.gather(*(sender.offer("x", str(n).encode()) for n in range(2_500)))
        await until(lambda: len(notes.arrivals) == 1_000)
        await asyncio.sleep(0.2)
        assert len(notes.arrivals) == 1_000
        listener.acknowledge(notes.arrivals[:1_000])
        await until(lambda: len(notes.arrivals) >= 2_000)
        listener.acknowledge(notes.arrivals[1_000:])
        await until(lambda: len(notes.arrivals) == 2_500)
        assert [int(arrival.payload) for arrival in notes.arrivals] == list(range(2_500))
        await asyncio.gather(listener.stop(), sender.stop())

    asyncio.run(story())


def test_ten_thousand_offers_are_all_answered_and_cost_no_task(broker: RunningBroker) -> None:
    async def story() -> None:
        world, notes = BrokerWorld(broker, FIVE), Notes()
        listener, sender = world.link("l", notes), world.link("s", Notes())
        listener.subscribe([("x", 1)])
        listener.start()
        sender.start()
        await until(lambda: listener.settled and sender.settled)
        tasks = len(asyncio.all_tasks())
        answers = [sender.offer("x", str(n).encode()) for n in range(10_000)]
        assert len(asyncio.all_tasks()) == tasks
        await asyncio.wait(answers)
        assert all(answer.exception() is None for answer in answers)
        await until(lambda: len(notes.arrivals) == 10_000)
        assert [int(arrival.payload) for arrival in notes.arrivals] == list(range(10_000))
        await asyncio.gather(listener.stop(), sender.stop())

    asyncio.run(story())


def test_what_was_posted_before_the_goodbye_still_goes_out(broker: RunningBroker) -> None:
    async def story() -> None:
        world, notes = BrokerWorld(broker, FIVE), Notes()
        listener, sender = world.link("l", notes), world.link("s", Notes())
        listener.subscribe([("x", 1)])
        listener.start()
        sender.start()
        await until(lambda: listener.settled and sender.settled)
        for n in range(50):
            assert sender.post("x", str(n).encode() * 2000)
        await sender.stop()
        await until(lambda: len(notes.arrivals) == 50)
        assert not [fault for fault in notes.faults if fault.kind is not FaultKind.CONNECT]
        await listener.stop()

    asyncio.run(story())
