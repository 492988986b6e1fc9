"""A node comes back to a broker with a small queue and a large programme (F25): what matters comes first."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from controller.deploy.broker import BrokerFailed, RunningBroker, free_port, start_broker
from devices import topics
from devices.link import Arrival
from tests.devices.cast import desired
from tests.support.brokers import Flavour
from tests.support.link_worlds import BrokerWorld, Notes, until

pytestmark = pytest.mark.broker
FIVE = Flavour(kind="mosquitto", protocol="5")
VERSIONS = 2_000
DAYS = 25
"""With the areas of a chain more documents than the queue holds."""
SMALL_QUEUE = "max_queued_messages 50\nmax_inflight_messages 20\n"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    """The product's own broker, its queues made small."""
    try:
        usual = start_broker(tmp_path, prefer="mosquitto")
    except BrokerFailed as failure:
        if failure.code == "broker.absent":
            pytest.skip("mosquitto is not installed")
        raise
    usual.stop()
    conf, port = tmp_path / "mosquitto.conf", free_port()
    lines = [
        f"listener {port} 127.0.0.1" if line.startswith("listener") else line
        for line in conf.read_text().splitlines()
        if not line.startswith(("max_queued", "max_inflight"))
    ]
    small = tmp_path / "small.conf"
    small.write_text("\n".join([*lines, SMALL_QUEUE]))
    broker = RunningBroker(tmp_path, "mosquitto", port, port, ("/usr/sbin/mosquitto", "-c", str(small)))
    broker.restart()
    yield broker
    broker.stop()


def parts(arrivals: list[Arrival]) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    found = [(one.topic, one.payload) for one in arrivals]
    return [one for one in found if "/alerts" in one[0]], [one for one in found if "/programme/" in one[0]]


@pytest.mark.promise("F25")
def test_a_node_that_was_away_hears_the_alerts_first_and_of_each_document_the_newest(
    broker: RunningBroker,
) -> None:
    place, days = desired(), [date(2026, 11, 22) + timedelta(days=n) for n in range(DAYS)]
    programmes = [topics.programme(area, day) for area in place.areas for day in days]
    alarms = [topics.alerts(area) for area in place.areas]
    newest = dict.fromkeys((*programmes, *alarms), b"")

    notes = Notes()

    async def story() -> None:
        world = BrokerWorld(broker, FIVE)
        controller, node = world.link("controller", Notes()), world.link("node", notes)
        node.subscribe(topics.subscriptions_after(place))
        node.start()
        await until(lambda: node.settled)
        await node.stop()
        controller.start()
        await until(lambda: controller.settled)
        for version in range(VERSIONS):
            topic = programmes[version % len(programmes)]
            newest[topic] = f"{topic} {version}".encode() + b"." * 2_000
            await controller.publish(topic, newest[topic], retain=True)
            if version == VERSIONS // 2:
                for alarm in alarms:
                    newest[alarm] = b"flood"
                    await controller.publish(alarm, b"flood", retain=True)
        again = world.link("node", notes)
        again.subscribe(topics.subscriptions_after(place))
        again.start()
        await until(lambda: len(parts(notes.arrivals)[1]) >= DAYS)
        await asyncio.gather(again.stop(), controller.stop())

    asyncio.run(story())

    told, planned = parts(notes.arrivals)
    assert len(programmes) > 50 + 20, "more than the broker holds for one client"
    assert [one.topic for one in notes.arrivals[: len(alarms)]] == alarms, "before any programme"
    assert dict(told) == dict.fromkeys(alarms, b"flood")
    assert len({topic for topic, _ in planned}) == len(planned), "each once, not two thousand"
    assert all(newest[topic] == payload for topic, payload in planned), "and in its newest version"
