"""The stage of many quick kills: forked lives, the stub voice, clips read from the controller's folder."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Literal

from controller.deploy.broker import RunningBroker, start_broker
from tests.support.chaos_controller import ControllerLife
from tests.support.chaos_fleet import FleetLife
from tests.support.chaos_ground import Ground
from tests.support.chaos_nursery import Nursery
from tests.support.chaos_stage import NOBODY, Refusal, Wish

ANSWER_S = 20.0


class StubStage:
    """``source`` is the tree that the processes run from: a test may hand in one that lacks a guard."""

    def __init__(self, ground: Ground, broker: Literal["auto", "mosquitto", "iotcore"], source: Path) -> None:
        self._ground = ground
        self._prefer = broker
        self._source = source
        self._broker: RunningBroker | None = None
        self._nursery: Nursery | None = None
        self._pids: dict[str, int] = {}

    async def open(self) -> None:
        """A broker and the nursery."""
        self._broker = await asyncio.to_thread(
            start_broker, self._ground.directory / "broker", self._ground.broker_port, self._prefer
        )
        self._nursery = Nursery(self._source, self._ground.log)

    def begin(self, part: str, life: int, seed: int) -> None:
        """Within milliseconds."""
        assert self._broker is not None
        assert self._nursery is not None
        ground, shift_s = self._ground, self._ground.shift.total_seconds()
        match part:
            case "broker":
                self._broker.restart()
            case "controller":
                self._pids[part] = self._nursery.begin(
                    ControllerLife(
                        settings=ground.settings(),
                        orders=ground.orders,
                        log=ground.log,
                        shift_s=shift_s,
                        seed=seed,
                    )
                )
            case _:
                self._pids[part] = self._nursery.begin(
                    FleetLife(
                        fleet_file=ground.fleet_file,
                        flash=ground.flash,
                        journal=ground.journal(life),
                        log=ground.log,
                        shift_s=shift_s,
                        seed=seed,
                        clips=ground.settings().clips_dir,
                    )
                )

    def end(self, part: str, number: int) -> int:
        """The broker is always killed."""
        assert self._broker is not None
        assert self._nursery is not None
        if part == "broker":
            self._broker.kill()
            return -number
        return self._nursery.end(self._pids.pop(part), number)

    def close(self) -> None:
        """Every life, the nursery, the broker."""
        if self._nursery is not None:
            self._nursery.close()
        if self._broker is not None:
            self._broker.stop()

    async def say(self, wish: Wish) -> object:
        """One line to the controller's socket, one line back."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._ground.orders)
        except OSError:
            return NOBODY
        try:
            with suppress(OSError, TimeoutError, ValueError):
                async with asyncio.timeout(ANSWER_S):
                    writer.write(json.dumps(wish).encode() + b"\n")
                    await writer.drain()
                    answer = json.loads(await reader.readline())
                    if "problem" in answer:
                        return Refusal(f"{answer['problem']} {answer['detail']}")
                    return str(answer["item"])
            return None
        finally:
            writer.close()

    async def leave(self) -> None:
        """There is nothing to leave."""
