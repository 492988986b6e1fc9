"""A relay in real time: stations, a house that relays them, a village that hears them, and its tapes read."""

import asyncio
import random
import wave
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from controller.deploy.commune_data import QUANG_DIEN, TENANT
from controller.dispatch.signals import Wake
from controller.store import deliveries, sessions
from devices.messages import NodeId, TenantId
from firmware_sim.clock import World
from firmware_sim.fetch import ShelfFetcher
from firmware_sim.fleet import Broker, Fleet, Member
from firmware_sim.journal import Journal
from firmware_sim.village import Ground, Village, air_links
from schedules.blocks import Block, Part
from schedules.session import Session
from tests.support.doors import ADMINISTRATOR, Home
from tests.support.house import QUICK, ClipShelf
from tests.support.stations import Station


def village_of(house: Home, nodes: Sequence[str], journal: Journal, faults: list[Exception]) -> Village:
    """These nodes in the house's own time, with a tape of all that they let out."""
    assert house.air is not None
    loop = asyncio.get_running_loop()
    fleet = Fleet(
        tenant=TenantId(TENANT),
        root_public=house.root_public,
        broker=Broker(host="air", port=0, protocol="5"),
        members=tuple(Member(node=NodeId(name), key=house.keys[name], rtc=True) for name in nodes),
        faults=(),
    )
    ground = Ground(
        link=air_links(house.air, random.Random(3), lambda fault: None, QUICK),
        fetcher=ShelfFetcher(ClipShelf(house.loa.clips)),
        journal=journal,
        world=World(origin_at=house.loa.clock.now(), origin_mono=loop.time()),
        rng=random.Random(11),
        on_fault=lambda node, error: faults.append(error),
        taped=True,
    )
    return Village(fleet, ground)


async def plan_relay(house: Home, start: time, length: timedelta, *stations: Station) -> None:
    """Every morning a relay of this length from these stations, and nothing else."""
    version = 0
    for number, station in enumerate(stations):
        view = await house.loa.sourcing.add(
            house.cast[ADMINISTRATOR], QUANG_DIEN, f"Đài {number}", station.url(), version=version
        )
        version = view.version
    session = Session(
        id="s-relay",
        area=QUANG_DIEN,
        name="Buổi sáng",
        start=start,
        days=frozenset(range(7)),
        blocks=(Block(id="relay", part=Part.RELAY, length=length),),
        opening=False,
        closing=False,
    )
    await house.loa.db.write(sessions.save, session)
    house.loa.signals.wake(Wake.PLANNER)


async def until(house: Home, at: datetime) -> None:
    """Sleep until that instant of the house's clock."""
    await asyncio.sleep((at - house.loa.clock.now()).total_seconds())


async def judged(
    house: Home, nodes: Sequence[str], start: datetime, end: datetime
) -> list[deliveries.Delivery]:
    """The rows of these nodes within these bounds, once each has its verdict."""
    async with asyncio.timeout(40):
        while True:
            planned = await house.loa.db.read(deliveries.of_branch, QUANG_DIEN, start, end)
            rows = [row for row in planned if row.node in nodes]
            if len(rows) >= len(nodes) and all(row.ruling for row in rows):
                return rows
            await asyncio.sleep(0.2)


def read_tape(path: Path) -> tuple[npt.NDArray[np.float64], int]:
    """Samples from −1 to 1, and their rate."""
    with wave.open(str(path), "rb") as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return pcm / 32768, file.getframerate()
