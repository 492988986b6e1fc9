"""The fleet's child process: the full simulated nodes of a fleet file on one loop, asked by lines.

The same ``Village`` that `loa sim fleet` runs; only the events are kept in memory until they are asked for,
because their formatting has no place between two nodes' first samples.
"""

import asyncio
import gc
import random
import sys
import time
from pathlib import Path
from typing import Any

from bench.child import obey
from devices.link import Backoff, LinkFault
from devices.messages import ClockState, NodeId
from firmware_sim.clock import real_world
from firmware_sim.fetch import HttpFetcher
from firmware_sim.fleet import read_fleet
from firmware_sim.journal import Ended, Journal, Row
from firmware_sim.village import Ground, Village, paho_links

LOOK_S = 0.05
BACKOFF = Backoff(first_s=3.0, base_s=0.5, cap_s=5.0)


class Witness:
    """Counts first samples by alert, and what still sounds; ``cpu_s`` is this process's at the newest one."""

    def __init__(self) -> None:
        self.first: dict[str, dict[str, float]] = {}
        self.sounding = 0
        self.began_cpu_s = self.cpu_s = 0.0

    def heard(self, row: Row) -> None:
        if isinstance(row, Ended):
            self.sounding -= 1
            return
        self.sounding += 1
        alert = row.claim.split(":")[1]
        self.first.setdefault(alert, {}).setdefault(row.node, row.first_sample_mono)
        self.cpu_s = time.process_time()


async def run(file: Path) -> None:
    fleet = read_fleet(file)
    loop = asyncio.get_running_loop()
    rng = random.Random(1)
    witness = Witness()
    faults: list[str] = []

    def link_fault(fault: LinkFault) -> None:
        faults.append(f"{fault.kind}: {fault.detail}")

    def node_fault(node: NodeId, error: Exception) -> None:
        faults.append(f"{node}: {error!r}")

    ground = Ground(
        link=paho_links(fleet.broker, rng, link_fault, BACKOFF),
        fetcher=HttpFetcher(),
        journal=Journal(witness.heard),
        world=real_world(loop.time()),
        rng=rng,
        on_fault=node_fault,
    )
    village = Village(fleet, ground)
    village.start()

    def answer_now(order: dict[str, Any]) -> dict[str, Any] | None:
        nodes = village.nodes.values()
        match order["do"]:
            case "ready":
                ready = all(
                    node.state.filters and node.state.clock.state is ClockState.TRUSTED for node in nodes
                )
                return {} if ready else None
            case "settle":
                gc.collect()
                gc.freeze()
                return {}
            case "first":
                first = witness.first.get(order["alert"], {})
                if len(first) < len(nodes):
                    return None
                return {"first": list(first.values()), "cpu_s": witness.cpu_s - witness.began_cpu_s}
            case "listen":
                witness.began_cpu_s = time.process_time()
                return {}
            case "quiet":
                waiting = any(
                    node.state.outbox.receipts or node.state.wanted or node.state.chores_at is not None
                    for node in nodes
                )
                return {"faults": faults} if not witness.sounding and not waiting else None
        raise ValueError(order["do"])

    async def answer(order: dict[str, Any]) -> dict[str, Any]:
        until = loop.time() + order["within_s"]
        while (said := answer_now(order)) is None and loop.time() < until:
            await asyncio.sleep(LOOK_S)
        return said if said is not None else {"late": order["do"], "faults": faults[:5]}

    await obey(answer)
    await village.stop()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
