"""A village in virtual time with the small controller of ``desk`` before it."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from devices.link import Backoff, FaultKind, LinkFault, LinkSettings
from devices.messages import (
    NodeId,
)
from devices.signing import generate_key
from firmware_sim.air import Air, AirLink
from firmware_sim.clock import World
from firmware_sim.fetch import Fetcher, ShelfFetcher
from firmware_sim.fleet import Broker, Fault, Fleet, Member
from firmware_sim.journal import Journal, Span, check
from firmware_sim.state import Habits
from firmware_sim.village import Ground, Village, air_links
from tests.firmware_sim.desk import DAWN, TENANT, Desk, Keys, wall
from tests.support.virtual_time import run_virtual

SLOW = Habits(telemetry_s=900.0)
"""For stories of days."""
QUICK = Backoff(first_s=0.5, base_s=0.2, cap_s=1.0, stable_s=0.0)


@dataclass
class Stage:
    """Everything of one story."""

    air: Air
    desk: Desk
    village: Village
    journal: Journal
    nodes: tuple[NodeId, ...]
    faults: list[tuple[NodeId, Exception]]
    fetcher: Fetcher

    def heard(self, node: NodeId | None = None) -> tuple[Span, ...]:
        """What that node (else the first) let out."""
        return self.journal.heard_by(node or self.nodes[0])

    def claims(self, node: NodeId | None = None) -> list[str]:
        """Names of the stretches that it let out, in order."""
        return [span.begin.claim for span in self.heard(node)]

    async def until(self, at: datetime) -> None:
        """Lets time pass."""
        await asyncio.sleep(max(0.0, (at - wall()).total_seconds()))

    async def settle(self, *, keys: bool = True, desired: bool = True) -> None:
        """Keys and places are out, every node knows its ground and the time."""
        await asyncio.sleep(1)
        if keys:
            self.desk.publish_keys()
        if desired:
            for node in self.nodes:
                self.desk.publish_desired(node)
        await asyncio.sleep(30)


Story = Callable[[Stage], Coroutine[Any, Any, None]]


def play(
    story: Story,
    *,
    count: int = 1,
    start: datetime = DAWN,
    faults: tuple[Fault, ...] = (),
    rtc: bool = True,
    air: Air | None = None,
    habits: Habits | None = None,
    fetcher: Callable[[Desk], Fetcher] | None = None,
    keys: Keys | None = None,
    limit: timedelta = timedelta(days=9),
    honest: bool = True,
    backoff: Backoff = QUICK,
) -> Stage:
    """Runs a story in virtual time; the journal is checked at its end unless the story plays with clocks."""

    async def run() -> Stage:
        sky = air or Air()
        complaints: list[LinkFault] = []
        here = LinkSettings(host="air", port=0, client_id="desk", backoff=backoff)
        mine = keys or Keys()
        desk = Desk(mine, lambda ears: AirLink(sky, here, ears, random.Random(7), complaints.append))
        names = tuple(NodeId(f"n-{number:04d}") for number in range(1, count + 1))
        journal = Journal()
        fleet = Fleet(
            tenant=TENANT,
            root_public=mine.root.public_text,
            broker=Broker(host="air", port=0, protocol="5"),
            members=tuple(Member(node=name, key=generate_key(name), rtc=rtc) for name in names),
            faults=faults,
        )
        own_faults: list[tuple[NodeId, Exception]] = []
        clips = fetcher(desk) if fetcher else ShelfFetcher(desk.shelf)
        ground = Ground(
            link=air_links(sky, random.Random(3), lambda fault: None, backoff),
            fetcher=clips,
            journal=journal,
            world=World(origin_at=wall(), origin_mono=asyncio.get_running_loop().time()),
            rng=random.Random(11),
            on_fault=lambda node, error: own_faults.append((node, error)),
            habits=habits or Habits(),
            taped=True,
        )
        village = Village(fleet, ground)
        stage = Stage(sky, desk, village, journal, names, own_faults, clips)
        desk.link.start()
        village.start()
        await story(stage)
        await village.stop()
        await desk.link.stop()
        for fault in complaints:
            if fault.kind is FaultKind.EAR and fault.error is not None:
                raise fault.error
        return stage

    stage = run_virtual(run, start=start, limit=limit)
    for _, error in stage.faults:
        raise error
    if honest:
        assert check(stage.journal.rows) == ()
    return stage
