"""The nodes' process of a campaign: the real village on flash in a directory, with a witness that survives.

`loa sim fleet` gathers its journal for 50 ms before it writes; a witness of kill -9 must not. Here each row
is in the file before the sound goes on.
"""

import asyncio
import os
import random
import signal
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from devices.link import Backoff, LinkFault
from devices.messages import NodeId
from firmware_sim.clock import real_world
from firmware_sim.fetch import Fetcher, HttpFetcher, ShelfFetcher
from firmware_sim.fleet import read_fleet
from firmware_sim.journal import Journal, Row, row_to_json
from firmware_sim.state import Habits
from firmware_sim.village import Ground, Village, paho_links
from tests.support.chaos_life import end_with, log_to
from tests.support.house import ClipShelf

QUICK = Backoff(first_s=0.3, base_s=0.1, cap_s=1.0, stable_s=0.5)
HABITS = Habits(
    telemetry_s=5.0, report_within_s=0.2, fetch_spread_s=0.4, refetch_first_s=0.5, refetch_most_s=2.0
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetLife:
    """What one life of the nodes' process is given. ``clips`` None: they fetch over HTTP."""

    fleet_file: Path
    flash: Path
    journal: Path
    log: Path
    shift_s: float
    seed: int
    clips: Path | None


def live(given: FleetLife, life: int) -> None:
    """Runs until SIGTERM, or until the pipe ``life`` closes."""
    log_to(given.log)
    asyncio.run(_live(given, life))


async def _live(given: FleetLife, life: int) -> None:
    end_with(life)
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    rng = random.Random(given.seed)
    plan = read_fleet(given.fleet_file)
    fetcher: Fetcher = (
        HttpFetcher() if given.clips is None else ShelfFetcher(ClipShelf(given.clips), takes_s=0.02)
    )
    witness = os.open(given.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(row: Row) -> None:
        os.write(witness, (row_to_json(row) + "\n").encode())

    world = real_world(loop.time())
    village = Village(
        plan,
        Ground(
            link=paho_links(plan.broker, rng, _complain, QUICK),
            fetcher=fetcher,
            journal=Journal(note),
            world=replace(world, origin_at=world.origin_at + timedelta(seconds=given.shift_s)),
            rng=rng,
            on_fault=_fault,
            habits=HABITS,
            flash_directory=given.flash,
        ),
    )
    village.start()
    await ending.wait()
    await village.stop()
    os.close(witness)


def _complain(fault: LinkFault) -> None:
    """A broker that is away is the ordinary thing here."""


def _fault(node: NodeId, error: Exception) -> None:
    print(f"NODE FAULT {node}: {error!r}", flush=True)
