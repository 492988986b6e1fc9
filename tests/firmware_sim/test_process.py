"""A fleet as its own process on a real broker: orders in, events out, WAV files of what was heard."""

import asyncio
import base64
import json
import random
import sys
import wave
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.link import Backoff, LinkSettings
from devices.link_paho import PahoLink
from devices.messages import NodeId, ReceiptKind
from devices.signing import generate_key
from tests.firmware_sim.desk import TENANT, Desk, Keys, wall
from tests.support.brokers import running_broker

START = "from firmware_sim.cli import app; app()"
QUICK = Backoff(first_s=0.1, base_s=0.05, cap_s=0.2, stable_s=0.0)


class Fleet:
    """The child process, its events as they come."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.child = child
        self.events: list[dict[str, Any]] = []

    async def read(self) -> None:
        assert self.child.stdout is not None
        async for line in self.child.stdout:
            self.events.append(json.loads(line))

    def order(self, **order: Any) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps(order).encode() + b"\n")

    def of(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == event]


async def until(fact: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not fact():
            await asyncio.sleep(0.05)


def fleet_file(directory: Path, keys: Keys, host: str, port: int, names: list[NodeId]) -> Path:
    nodes = []
    for name in names:
        raw = generate_key(name).private.private_bytes_raw()
        nodes.append({"id": name, "private_key": base64.urlsafe_b64encode(raw).decode().rstrip("=")})
    file = directory / "fleet.json"
    broker = {"host": host, "port": port, "protocol": "5"}
    tree = {"tenant": TENANT, "root_public": keys.root.public_text, "broker": broker, "nodes": nodes}
    tree["faults"] = [{"node": names[1], "kind": "dead_amplifier"}]
    file.write_text(json.dumps(tree))
    return file


@pytest.mark.broker
def test_a_fleet_process_tells_every_sound_and_takes_orders(tmp_path: Path) -> None:
    keys, names = Keys(), [NodeId(f"n-{number}") for number in range(3)]

    async def story(host: str, port: int) -> Fleet:
        file = fleet_file(tmp_path, keys, host, port, names)
        settings = LinkSettings(host=host, port=port, client_id="desk", backoff=QUICK)
        desk = Desk(keys, lambda ears: PahoLink(settings, ears, random.Random(1), lambda fault: None))
        desk.link.start()
        await until(lambda: desk.link.settled)
        desk.publish_keys()
        for name in names:
            desk.publish_desired(name)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", START, "fleet", str(file)),
            *("--wav", str(tmp_path / "wav"), "--journal", str(tmp_path / "journal.jsonl")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        fleet = Fleet(child)
        reader = asyncio.create_task(fleet.read())
        await until(lambda: len({hello.node for hello in desk.hellos if hello.clock}) == 3)
        await asyncio.sleep(1.0)
        fleet.order(node=names[2], do="link_down")
        fleet.order(node="nobody", do="link_down")
        await until(lambda: bool(fleet.of("done")) and bool(fleet.of("refused")))
        beep = desk.alert("siren", tone="all_clear", ends_at=wall() + timedelta(seconds=6))
        desk.publish_alerts(beep)
        await until(lambda: len(fleet.of("ended")) >= 2)
        await until(lambda: all(desk.of(name, ReceiptKind.HEARD) for name in names[:2]))
        assert desk.of(names[1], ReceiptKind.HEARD)[0].heard == "no"
        assert desk.of(names[0], ReceiptKind.HEARD)[0].heard == "yes"
        fleet.order(do="check")
        fleet.order(do="quit")
        await until(lambda: bool(fleet.of("bye")))
        assert await child.wait() == 0
        await reader
        await desk.link.stop()
        return fleet

    with running_broker(tmp_path / "broker", "iotcore") as broker:
        fleet = asyncio.run(story(broker.host, broker.port))
    sounding = fleet.of("sounding")
    assert {row["node"] for row in sounding} == {names[0], names[1]}
    assert all(row["claim"] == "alert:siren:0" for row in sounding)
    assert fleet.of("checked")[0]["faults"] == []
    assert fleet.of("fault") == []
    with wave.open(str(tmp_path / "wav" / f"{names[0]}.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (24_000, 1)
        assert 1.0 < file.getnframes() / 24_000 <= 6.1
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 4
