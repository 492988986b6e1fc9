"""Where links live, for one suite over all: the air in virtual time, real brokers in real time."""

import asyncio
import random
import signal
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from controller.deploy.broker import RunningBroker
from devices.link import Arrival, Backoff, Link, LinkFault, LinkSettings, Session
from devices.link_paho import PahoLink
from firmware_sim.air import Air, AirLink
from tests.support.brokers import Flavour
from tests.support.virtual_time import run_virtual

MUTE_BROKERS = 2
QUICK = Backoff(first_s=0.1, base_s=0.05, cap_s=0.2, stable_s=0.0)


class Notes:
    """Ears that write down, and can be made to break."""

    def __init__(self) -> None:
        self.ups: list[Session] = []
        self.downs: list[str] = []
        self.arrivals: list[Arrival] = []
        self.faults: list[LinkFault] = []
        self.broken: set[str] = set()

    def up(self, session: Session) -> None:
        self.ups.append(session)
        self._break("up")

    def down(self, reason: str) -> None:
        self.downs.append(reason)
        self._break("down")

    def heard(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        self._break("heard")

    def fault(self, fault: LinkFault) -> None:
        self.faults.append(fault)
        self._break("fault")

    def topics(self) -> list[str]:
        return [arrival.topic for arrival in self.arrivals]

    def _break(self, ear: str) -> None:
        if ear in self.broken:
            raise RuntimeError(f"the ear {ear} is broken")


class World(Protocol):
    """One broker and the links to it."""

    protocol: str

    def run(self, story: Callable[[], Coroutine[Any, Any, None]]) -> None: ...

    def link(self, name: str, notes: Notes, **changes: Any) -> Link: ...

    def kill(self) -> None: ...

    def restore(self) -> None: ...

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...


class AirWorld:
    """Links over the in-memory broker, in virtual time."""

    def __init__(self, protocol: str = "5") -> None:
        self.protocol = protocol
        self.air = Air()
        self._settings = LinkSettings(host="air", port=0, client_id="", backoff=QUICK, keepalive_s=2)

    def run(self, story: Callable[[], Coroutine[Any, Any, None]]) -> None:
        run_virtual(story, limit=timedelta(minutes=10))

    def link(self, name: str, notes: Notes, **changes: Any) -> Link:
        settings = replace(self._settings, client_id=name, **changes)
        return AirLink(self.air, settings, notes, random.Random(name), notes.fault)

    def kill(self) -> None:
        self.air.kill()

    def restore(self) -> None:
        self.air.restore()

    def freeze(self) -> None:
        self.air.freeze()

    def thaw(self) -> None:
        self.air.thaw()


class BrokerWorld:
    """paho links over a real broker, in real time."""

    def __init__(self, broker: RunningBroker, flavour: Flavour) -> None:
        self.protocol = flavour.protocol
        self._broker = broker
        self._settings = LinkSettings(
            host=broker.host,
            port=broker.port_for(flavour.protocol),
            client_id="",
            protocol=flavour.protocol,
            backoff=QUICK,
            keepalive_s=2,
            # rumqttd may leave a CONNECT of its first moments without an answer.
            connect_within_s=3.0,
        )

    def run(self, story: Callable[[], Coroutine[Any, Any, None]]) -> None:
        # Where the broker itself answers nobody's CONNECT, the story says nothing about the link.
        for _ in range(MUTE_BROKERS):
            try:
                asyncio.run(asyncio.wait_for(story(), 60))
            except (AssertionError, TimeoutError):
                self._broker.signal(signal.SIGCONT)
                if self._broker.answers():
                    raise
                print(f"{self._broker.kind} had fallen mute; started anew")
                self._broker.restart()
            else:
                return
        asyncio.run(asyncio.wait_for(story(), 60))

    def link(self, name: str, notes: Notes, **changes: Any) -> Link:
        settings = replace(self._settings, client_id=name, **changes)
        return PahoLink(settings, notes, random.Random(name), notes.fault)

    def kill(self) -> None:
        self._broker.kill()

    def restore(self) -> None:
        self._broker.restart()

    def freeze(self) -> None:
        self._broker.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._broker.signal(signal.SIGCONT)


async def until(condition: Callable[[], object], within_s: float = 15.0) -> None:
    """Return as soon as the condition holds; AssertionError when it has not within the time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not condition():
        assert loop.time() < deadline, "it did not come true in time"
        await asyncio.sleep(0.01)
