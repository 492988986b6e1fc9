"""Receipts made durable a second by the real intake, beside a bare client that counts the same messages."""

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.child import Child, child
from bench.link_baseline import BareClient
from bench.reporters import PLAYED_MS, STEPS, occurrence
from bench.town import Town, town
from controller.store import deliveries, receipts
from controller.store.deliveries import Delivery, Kind

NODES = 100
ROUNDS = 3
LIVE = (3_000, 1)
AFTER_RECONNECT = (750, 40)
QUICK_LIVE = (200, 1)
QUICK_AFTER_RECONNECT = (20, 40)
LEAST_RATIO = 0.8
ASIDE = "bench/"
LOOK_S = 0.005
WITHIN_S = 120.0

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How many reports of how many receipts, and how long each side took for them."""

    messages: int
    receipts: int
    durable_s: tuple[float, ...] = ()
    counted_s: tuple[float, ...] = ()

    @property
    def all(self) -> int:
        return self.messages * self.receipts


def measure(*, quick: bool = False) -> list[Row]:
    """Rows of name, value, unit, baseline, ratio, goal, met; a quick run meets no goal."""
    sizes = (QUICK_LIVE, QUICK_AFTER_RECONNECT) if quick else (LIVE, AFTER_RECONNECT)
    with tempfile.TemporaryDirectory() as directory:
        loads = asyncio.run(_loads(Path(directory), sizes, 1 if quick else ROUNDS))
    return [row for load in loads for row in rows(load, whole=not quick)]


async def _loads(directory: Path, sizes: tuple[tuple[int, int], ...], rounds: int) -> list[Load]:
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(town(directory, NODES))
        reporters = await stack.enter_async_context(child("bench.reporters", str(place.fleet)))
        await reporters.ask(do="hello")
        await _planned(place, sum(messages * count for messages, count in sizes) * rounds)
        return [await _load(place, reporters, size, rounds) for size in sizes]


async def _load(place: Town, reporters: Child, size: tuple[int, int], rounds: int) -> Load:
    """Both sides take the very same octets in turn, each first in every other round."""
    messages, count = size
    durable: list[float] = []
    counted: list[float] = []
    for number in range(rounds):
        await reporters.ask(do="write", messages=messages, receipts=count)
        if number % 2:
            counted.append(await _counted(place, reporters, messages))
        durable.append(await _durable(place, reporters, messages * count))
        if not number % 2:
            counted.append(await _counted(place, reporters, messages))
    return Load(messages=messages, receipts=count, durable_s=tuple(durable), counted_s=tuple(counted))


async def _durable(place: Town, reporters: Child, count: int) -> float:
    """Seconds from the first publish until the last receipt is committed."""
    loa = place.loa
    wanted = await loa.db.read(receipts.count) + count
    told = loa.intake.counts.receipts + count
    publishing = asyncio.create_task(reporters.ask(do="publish", prefix=""))
    async with asyncio.timeout(WITHIN_S):
        while loa.intake.counts.receipts < told or await loa.db.read(receipts.count) < wanted:
            await asyncio.sleep(LOOK_S)
    ended = time.monotonic()
    return ended - (await publishing)["began"]


async def _counted(place: Town, reporters: Child, messages: int) -> float:
    """Seconds from the first publish until a bare client's callback has seen the last message."""
    counter = BareClient("counter", "5", read_buffer=False)
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    seen = 0

    def heard(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == messages:
            done.set_result(time.monotonic())

    counter.on_message = heard
    try:
        await counter.join(place.broker.host, place.broker.port, [f"{ASIDE}loa/1/node/+/report"])
        publishing = asyncio.create_task(reporters.ask(do="publish", prefix=ASIDE))
        async with asyncio.timeout(WITHIN_S):
            ended = await done
        return ended - (await publishing)["began"]
    finally:
        counter.leave()


async def _planned(place: Town, count: int) -> None:
    """The deliveries that the receipts are about, so that each moves one and some bring a verdict."""
    now = place.loa.clock.now()
    most = -(-count // NODES) + len(STEPS)
    rows = [
        Delivery(
            kind=Kind.OCCURRENCE,
            subject=occurrence(seq),
            node=node,
            area=place.loa.room.registry.areas[node],
            due_at=now,
            ends_at=now + timedelta(hours=1),
            planned_at=now,
            duration_ms=PLAYED_MS,
        )
        for node in place.keys
        for seq in range(1, most + 1, len(STEPS))
    ]
    await place.loa.db.write(deliveries.plan, rows)


def rows(load: Load, *, whole: bool) -> list[Row]:
    """Receipts against callbacks, and message against message; the goal stands on many receipts a report."""
    durable_s, counted_s = median(load.durable_s), median(load.counted_s)
    rate, beside = load.all / durable_s, load.messages / counted_s
    goal = load.receipts > 1
    met = rate / beside >= LEAST_RATIO if goal and whole else None
    name = f"receipts: durable, {load.receipts} a report"
    callbacks = f"callbacks of a bare client for the same reports: {beside:,.0f} /s"
    return [
        _row(name, rate, callbacks, rate / beside)
        | ({"goal": f"≥ {LEAST_RATIO}", "met": met} if goal else {}),
        _row(f"{name}, as messages", load.messages / durable_s, callbacks, counted_s / durable_s),
    ]


def _row(name: str, rate: float, baseline: str, ratio: float) -> Row:
    return {
        "name": name,
        "value": round(rate),
        "unit": "/s",
        "baseline": baseline,
        "ratio": round(ratio, 3),
        "goal": None,
        "met": None,
    }
