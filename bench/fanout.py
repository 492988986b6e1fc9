"""The emergency from the button to the last of 1,000 horns, beside a plain publisher and bare clients."""

import asyncio
import base64
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.child import Child, child
from bench.town import OPERATOR, Town, town
from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.forms.alerts import EmergencyForm
from controller.store import alerts, documents
from controller.store.database import Conn
from controller.store.sounds import RenderState
from devices import topics
from devices.messages import AlertId, AreaCode

NODES = 1_000
ROUNDS = 6
QUICK_NODES = 20
QUICK_ROUNDS = 2
# A node takes five new alerts in any minute (PROMISES 3.4, check 14). The bench keeps to that by its pace.
SPACING_S = 13.0
QUICK_SPACING_S = 0.0
STANDS = timedelta(seconds=20)
MOST_RATIO = 1.5
WITHIN_S = 180.0

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """Seconds from the press to each of the clients, sorted, and what their process has worked until then."""

    seconds: tuple[float, ...]
    cpu_s: float

    def ms(self, percent: int) -> float:
        count = len(self.seconds)
        return 1000 * self.seconds[min(count - 1, count * percent // 100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One emergency and the baselines beside it."""

    nodes: Ears
    bare: Ears
    unverified: Ears
    broker_ms: float
    octets: int


def measure(*, quick: bool = False) -> list[Row]:
    """Rows of name, value, unit, baseline, ratio, goal, met; a quick run meets no goal."""
    nodes, rounds = (QUICK_NODES, QUICK_ROUNDS) if quick else (NODES, ROUNDS)
    with tempfile.TemporaryDirectory() as directory:
        shots = asyncio.run(_shots(Path(directory), nodes, rounds, QUICK_SPACING_S if quick else SPACING_S))
    return rows(shots, nodes, whole=not quick)


async def _shots(directory: Path, nodes: int, rounds: int, spacing_s: float) -> list[Shot]:
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(town(directory, nodes))
        broker = place.broker
        village = await stack.enter_async_context(child("bench.village", str(place.fleet)))
        swarm = await stack.enter_async_context(
            child("bench.swarm", broker.host, str(broker.port), str(nodes))
        )
        await _told(village, "ready")
        await _told(village, "quiet")
        # As `loa sim fleet` does for itself, and for the baseline too: no full collection in the middle.
        await _told(village, "settle")
        await swarm.ask(do="settle")
        shots = []
        for number in range(rounds):
            began = time.monotonic()
            shots.append(await _shot(place, village, swarm, number))
            await asyncio.sleep(max(0.0, spacing_s - (time.monotonic() - began)))
        return shots


async def _shot(place: Town, village: Child, swarm: Child, number: int) -> Shot:
    """Ours and the baselines by turns, each first in half of the rounds."""
    public = base64.urlsafe_b64encode(place.loa.room.keyring.online.public.public_bytes_raw()).decode()
    jws = await _last_jws(place) if number % 2 else b""
    before = [await _bare(swarm, jws, public, verify=verify) for verify in (True, False)] if jws else []
    alert, first, broker_ms = await _emergency(place, village, number)
    jws = await _last_jws(place)
    await place.loa.desk.stop_all(OPERATOR, QUANG_DIEN, f"stop-{alert}")
    await _told(village, "quiet")
    bare, unverified = before or [await _bare(swarm, jws, public, verify=verify) for verify in (True, False)]
    return Shot(nodes=first, bare=bare, unverified=unverified, broker_ms=broker_ms, octets=len(jws))


async def _emergency(place: Town, village: Child, number: int) -> tuple[AlertId, Ears, float]:
    """One distinct emergency whose words are ready; when each node let out its first sample."""
    loa = place.loa
    form = EmergencyForm(
        area=QUANG_DIEN,
        targets=(QUANG_DIEN,),
        hazard="flood",
        level=2,
        text=f"Nước sông Bồ lên nhanh, mức {number + 1}. Bà con đưa người già và trẻ em lên nơi cao ngay.",
        rounds=1,
        ends_at=loa.clock.now() + STANDS,
    )
    preview = await loa.desk.preview_emergency(OPERATOR, form)
    while not await loa.db.read(_all_spoken, AlertId(preview.id)):
        await asyncio.sleep(0.1)
    await _told(village, "listen")
    pressed = time.monotonic()
    view = await loa.desk.fire(OPERATOR, preview.id, preview.typed_name, f"fire-{preview.id}")
    said = await _told(village, "first", alert=view.id)
    row = await loa.db.read(alerts.get, view.id)
    assert row is not None
    assert row.broker_ms is not None
    first = Ears(seconds=tuple(sorted(mono - pressed for mono in said["first"])), cpu_s=said["cpu_s"])
    return view.id, first, row.broker_ms


def _all_spoken(conn: Conn, alert: AlertId) -> bool:
    """Whether the words and both ways to take them back are ready: the studio is at rest."""
    row = alerts.get(conn, alert)
    return row is not None and all(part.sound.state is RenderState.READY for part in row.words.values())


async def _last_jws(place: Town) -> bytes:
    """The very document that the nodes got (or, before a round, got last)."""
    document = await place.loa.db.read(documents.get, topics.alerts(AreaCode(QUANG_DIEN)))
    assert document is not None
    return document.payload


async def _bare(swarm: Child, jws: bytes, public: str, *, verify: bool) -> Ears:
    said = await swarm.ask(do="round", jws=jws.decode(), public=public, verify=verify)
    return Ears(seconds=tuple(said["seconds"]), cpu_s=said["cpu_s"])


async def _told(village: Child, do: str, **more: str) -> dict[str, Any]:
    said = await village.ask(do=do, within_s=WITHIN_S, **more)
    if "late" in said:
        raise RuntimeError(f"the village was not {do} within {WITHIN_S:g} s: {said['faults']}")
    return said


def rows(shots: list[Shot], nodes: int, *, whole: bool) -> list[Row]:
    """Medians over the rounds."""
    octets = round(median(shot.octets for shot in shots))
    ours_ms, bare_ms, plain_ms = (_last_ms(shots, side) for side in ("nodes", "bare", "unverified"))
    share_ms = median(shot.broker_ms for shot in shots)
    first = _row(
        f"fan-out: button to last of {nodes} horns",
        ours_ms,
        f"as many bare clients that verify the same {octets} B: {bare_ms:.0f} ms",
        bare_ms,
    )
    met = ours_ms / bare_ms <= MOST_RATIO if whole else None
    work_us, bare_us = (
        median(1e6 * getattr(shot, side).cpu_s / nodes for shot in shots) for side in ("nodes", "bare")
    )
    return [
        {**first, "goal": f"≤ {MOST_RATIO}", "met": met},
        _row("fan-out: the same beside clients that verify nothing", ours_ms, f"{plain_ms:.0f} ms", plain_ms),
        *(_share(shots, percent) for percent in (50, 99)),
        _row("fan-out: the controller's own share, button to broker", share_ms, f"{ours_ms:.0f} ms", ours_ms),
        _row(
            "fan-out: work of one node until it sounds",
            work_us,
            f"of a bare client: {bare_us:.0f} µs",
            bare_us,
        )
        | {"unit": "µs"},
    ]


def _last_ms(shots: list[Shot], side: str) -> float:
    return median(getattr(shot, side).ms(100) for shot in shots)


def _share(shots: list[Shot], percent: int) -> Row:
    ours, bare = (median(getattr(shot, side).ms(percent) for shot in shots) for side in ("nodes", "bare"))
    name = f"fan-out: button to horn, p{percent} of the nodes"
    return _row(name, ours, f"bare p{percent}: {bare:.0f} ms", bare)


def _row(name: str, ours: float, baseline: str, beside: float) -> Row:
    return {
        "name": name,
        "value": round(ours, 1),
        "unit": "ms",
        "baseline": baseline,
        "ratio": round(ours / beside, 3),
        "goal": None,
        "met": None,
    }
