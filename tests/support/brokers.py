"""Real brokers for tests: started on free ports of 127.0.0.1, ended by their process id."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from controller.deploy.broker import BrokerFailed, RunningBroker, start_broker

Kind = Literal["mosquitto", "iotcore"]
Protocol = Literal["5", "3.1.1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """A broker and the MQTT version to speak to it."""

    kind: Kind
    protocol: Protocol

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.protocol}"


FLAVOURS: tuple[Flavour, ...] = (
    Flavour(kind="mosquitto", protocol="5"),
    Flavour(kind="mosquitto", protocol="3.1.1"),
    Flavour(kind="iotcore", protocol="5"),
    Flavour(kind="iotcore", protocol="3.1.1"),
)


@contextmanager
def running_broker(directory: Path, kind: Kind) -> Iterator[RunningBroker]:
    """A broker of this kind for the length of a block; skipped where mosquitto is not installed."""
    try:
        broker = start_broker(directory, prefer=kind)
    except BrokerFailed as failure:
        if failure.code == "broker.absent" and kind == "mosquitto":
            pytest.skip(f"{kind} is not installed")
        raise
    try:
        yield broker
    finally:
        broker.stop()


class BrokerShelf:
    """Brokers shared by a test session, each started when it is first asked for."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: dict[Kind, RunningBroker] = {}

    def get(self, kind: Kind) -> RunningBroker:
        """The shared broker of this kind, started anew if a test has ended it."""
        broker = self._running.get(kind)
        if broker is None:
            try:
                broker = start_broker(self._directory / kind, prefer=kind)
            except BrokerFailed as failure:
                if failure.code == "broker.absent" and kind == "mosquitto":
                    pytest.skip(f"{kind} is not installed")
                raise
            self._running[kind] = broker
        elif not broker.alive():
            broker.restart()
        return broker

    def stop(self) -> None:
        """End them all."""
        for broker in self._running.values():
            broker.stop()
