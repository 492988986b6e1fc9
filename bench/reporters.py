"""The reporting side's child process: reports signed beforehand, published by plain clients when asked."""

import asyncio
import itertools
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.child import obey
from bench.link_baseline import BareClient
from devices import topics
from devices.messages import (
    BootId,
    ClockState,
    Heard,
    Hello,
    Message,
    OccurrenceId,
    Receipt,
    ReceiptKind,
    Report,
)
from devices.signing import sign
from firmware_sim.fleet import Fleet, Member, read_fleet

CLIENTS = 10
STEPS = tuple(kind for kind in ReceiptKind if kind is not ReceiptKind.REFUSED)
PLAYED_MS = 30_000
BOOT = BootId("b-bench")


def receipt(seq: int) -> Receipt:
    """The seq-th of a node: five for each occurrence, as one airing brings them."""
    kind = STEPS[(seq - 1) % len(STEPS)]
    over = kind in (ReceiptKind.FINISHED, ReceiptKind.HEARD)
    return Receipt(
        seq=seq,
        kind=kind,
        at=datetime.now(UTC),
        occurrence=occurrence(seq),
        topic="loa/1/area/19867/programme/2026-11-22",
        version=1,
        clip=None,
        heard=Heard.YES if over else Heard.UNKNOWN,
        played_ms=PLAYED_MS if over else 0,
        duration_ms=PLAYED_MS,
    )


def occurrence(seq: int) -> OccurrenceId:
    """What that receipt is about."""
    return OccurrenceId(f"o-{(seq - 1) // len(STEPS):016x}")


class Reporters:
    """All nodes of a fleet file, spread over a few clients; each node's reports keep their order."""

    def __init__(self, fleet: Fleet, clients: list[BareClient]) -> None:
        self._members = fleet.members
        self._clients = clients
        self._seq = dict.fromkeys((member.node for member in fleet.members), 0)
        self._ready: list[tuple[BareClient, str, bytes]] = []

    async def hello(self) -> None:
        """Every node says who it is, so that the controller has somebody to answer."""
        for client, member in zip(itertools.cycle(self._clients), self._members, strict=False):
            message = Hello(
                node=member.node,
                boot=BOOT,
                boot_nonce=f"{member.node}-0123456789",
                clock=ClockState.TRUSTED,
                documents={},
                last_seq=0,
                protocol="5",
                firmware="bench/1",
                sent_at=datetime.now(UTC),
            )
            await client.send(topics.hello(member.node), sign(message, member.key))

    def write(self, messages: int, receipts: int) -> None:
        """So many reports of so many new receipts, signed and kept."""
        pairs = itertools.cycle(zip(self._members, itertools.cycle(self._clients)))
        self._ready = [
            (client, topics.report(member.node), self._signed(member, receipts))
            for member, client in itertools.islice(pairs, messages)
        ]

    async def publish(self, prefix: str) -> float:
        """All of them; the monotonic instant at which it began."""
        began = time.monotonic()
        answers = [client.send(prefix + topic, payload) for client, topic, payload in self._ready]
        await asyncio.gather(*answers)
        return began

    def _signed(self, member: Member, count: int) -> bytes:
        first = self._seq[member.node] + 1
        self._seq[member.node] += count
        message: Message = Report(
            node=member.node, boot=BOOT, receipts=tuple(receipt(first + k) for k in range(count))
        )
        return sign(message, member.key)


async def run(file: Path) -> None:
    fleet = read_fleet(file)
    clients = [BareClient(f"reporter-{k}", "5", read_buffer=True) for k in range(CLIENTS)]
    for client in clients:
        await client.join(fleet.broker.host, fleet.broker.port, ())
    reporters = Reporters(fleet, clients)

    async def answer(order: dict[str, Any]) -> dict[str, Any]:
        match order["do"]:
            case "hello":
                await reporters.hello()
                return {}
            case "write":
                reporters.write(order["messages"], order["receipts"])
                return {}
            case "publish":
                return {"began": await reporters.publish(order["prefix"])}
        raise ValueError(order["do"])

    try:
        await obey(answer)
    finally:
        for client in clients:
            client.leave()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
