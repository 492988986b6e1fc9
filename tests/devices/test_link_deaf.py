"""A link whose reader has died (F09): it notices by itself, within its keepalive, and comes back."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.broker import RunningBroker
from devices.link import LinkSettings
from devices.link_paho import ANSWER_WITHIN, PING_AFTER
from tests.support.brokers import Flavour, running_broker
from tests.support.link_worlds import BrokerWorld, Notes, until

pytestmark = pytest.mark.broker
FIVE = Flavour(kind="mosquitto", protocol="5")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    with running_broker(tmp_path, "mosquitto") as broker:
        yield broker


@pytest.mark.promise("F09")
def test_a_link_whose_reader_died_is_back_and_hears_again(
    broker: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = LinkSettings(host="", port=0, client_id="")
    assert (PING_AFTER + ANSWER_WITHIN) * settings.keepalive_s <= 30, "how long it may be deaf"

    async def story() -> None:
        loop, readers = asyncio.get_running_loop(), []
        usual = loop.add_reader

        def add_reader(descriptor: Any, callback: Callable[..., Any], *given: Any) -> Any:
            readers.append(descriptor)
            return usual(descriptor, callback, *given)

        monkeypatch.setattr(loop, "add_reader", add_reader)
        world, notes = BrokerWorld(broker, FIVE), Notes()
        link, sender = world.link("deaf", notes), world.link("sender", Notes())
        link.subscribe([("x", 1)])
        link.start()
        await until(lambda: link.settled)
        ear = readers[-1]
        sender.start()
        await until(lambda: sender.settled)
        loop.remove_reader(ear)
        await sender.publish("x", b"while it is deaf")
        await until(lambda: notes.downs)
        await until(lambda: link.settled)
        await sender.publish("x", b"heard again")
        await until(lambda: b"heard again" in [one.payload for one in notes.arrivals])
        assert len(notes.ups) > 1
        await asyncio.gather(link.stop(), sender.stop())

    asyncio.run(story())
