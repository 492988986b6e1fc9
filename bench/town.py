"""A commune with as many nodes as a bench wants: real broker, real controller, keys, fleet file."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from controller import http
from controller.access import Person, Role
from controller.app import Loa
from controller.clock import SystemClock
from controller.config import Settings, settle
from controller.deploy.broker import RunningBroker, start_broker
from controller.deploy.commune_data import AREAS, PROVINCE, QUANG_DIEN, TENANT
from controller.deploy.serving import paho_link
from controller.dispatch.keyring import make_keys
from controller.fleet.provisioning import Site, new_keys, register_sites, write_fleet
from controller.lanes import Lanes, thread_lanes
from controller.store import areas, people
from controller.store.clips import ClipFacts
from controller.store.database import Conn, Database
from controller.studio.speech import (
    Listening,
    OnFirst,
    OnProgress,
    SpeechDone,
    SpeechFailed,
    SpeechOrder,
    Spelled,
    quiet,
    unheard,
)
from devices.messages import AreaCode, NodeId, TenantId
from devices.signing import SigningKey
from schedules.announcement import PersonId
from tts.clip import SAMPLE_RATE, Clip
from tts.engines.engine import Style
from tts.formats import clip_from_pcm
from tts.normalize import Reading

FLEET_FILE = "fleet.json"
WORDS_S = 15.0
OPERATOR = Person(
    id=PersonId("truc"), username="truc", name="Trực ban", role=Role.OPERATOR, area=AREAS[1].code
)
VILLAGES = tuple(area.code for area in AREAS if area.parent == QUANG_DIEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Everything of one bench. The controller runs in this process."""

    loa: Loa
    broker: RunningBroker
    fleet: Path
    keys: Mapping[NodeId, SigningKey]


class HumSpeaker:
    """Words of the right length and weight without a voice: what is rendered is not what is measured here."""

    def __init__(self, clips_dir: Path) -> None:
        self._clips_dir = clips_dir

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def warm(self) -> None:
        """It is warm."""

    async def render(
        self, order: SpeechOrder, on_progress: OnProgress = quiet, on_first: OnFirst = unheard
    ) -> SpeechDone:
        """Another noise for each text, with the pauses of speech."""
        clip = await asyncio.to_thread(_hum, order.text)
        await asyncio.to_thread((self._clips_dir / clip.sha256).write_bytes, clip.data)
        facts = ClipFacts(
            sha256=clip.sha256,
            bytes=len(clip.data),
            duration_ms=clip.duration_ms,
            lufs=clip.lufs,
            peak_dbfs=clip.peak_dbfs,
            engine=clip.engine,
            media_type=clip.media_type,
        )
        return SpeechDone(clip=facts, spoken=order.text)

    async def horn(self, clip: Path, out: Path) -> None:
        """Nobody asks for it here."""
        raise SpeechFailed("E_SPEECH_ASIDE", "Không có.", "nobody listens to a hum")

    async def listen(self, style: Style, said: Sequence[tuple[str, str]]) -> Listening:
        """A hum has no words."""
        raise SpeechFailed("E_HEARING_ABSENT", "Không có.", "nobody listens to a hum")

    async def spell(self, text: str, lexicon: tuple[Reading, ...] = ()) -> Spelled:
        """As it is written."""
        return Spelled(spoken=text)


def _hum(text: str) -> Clip:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    count = round(WORDS_S * SAMPLE_RATE)
    noise = np.random.default_rng(seed).standard_normal(count)
    swell = np.abs(np.sin(np.arange(count) * (3.0 * np.pi / SAMPLE_RATE)))
    return clip_from_pcm((0.1 * noise * swell).astype(np.float32), "hum")


@asynccontextmanager
async def town(directory: Path, count: int, **changes: str) -> AsyncIterator[Town]:
    """Broker, controller and its clips served over HTTP, for the length of a block; no node runs yet."""
    broker = await asyncio.to_thread(start_broker, directory / "broker", None, "mosquitto")
    lanes = thread_lanes()
    try:
        listener = http.listen("127.0.0.1", 0)
        settings = _settings(directory, broker, listener.getsockname()[1], changes)
        keys = await _furnish(settings, lanes, count)
        loa = Loa(
            settings=settings,
            clock=SystemClock(),
            lanes=lanes,
            link_factory=paho_link(settings),
            speaker=HumSpeaker(settings.clips_dir),
        )
        server = http.server(http.http_app(loa))
        await loa.start()
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not loa.link_up:
                await asyncio.sleep(0.05)
            yield Town(loa=loa, broker=broker, fleet=directory / FLEET_FILE, keys=keys)
        finally:
            server.should_exit = server.force_exit = True
            await serving
            await loa.stop()
    finally:
        await lanes.close()
        await asyncio.to_thread(broker.stop)


def _settings(directory: Path, broker: RunningBroker, port: int, changes: Mapping[str, str]) -> Settings:
    return settle(
        {
            "data_dir": directory,
            "port": port,
            "tenant": TENANT,
            "broker_host": broker.host,
            "broker_port": broker.port,
            "broker_prefer": "none",
            # One person shall press one button for the whole commune: who may press is not what is measured.
            "wide_people": 1_000_000,
            **changes,
        }
    )


async def _furnish(settings: Settings, lanes: Lanes, count: int) -> Mapping[NodeId, SigningKey]:
    now = SystemClock().now()
    keyring = make_keys(
        settings.keys_dir, settings.keys_dir / "root", TenantId(TENANT), (AreaCode(PROVINCE),), now
    )
    dice = random.Random(count)
    sites = tuple(
        Site(
            node=NodeId(f"n-{dice.getrandbits(32):08x}"),
            name=f"Cụm loa {k}",
            area=VILLAGES[k % len(VILLAGES)],
        )
        for k in range(count)
    )
    keys = new_keys(sites)
    write_fleet(
        settings.data_dir / FLEET_FILE,
        tenant=TENANT,
        root_public=keyring.root_public,
        broker={"host": settings.broker_host, "port": settings.broker_port, "protocol": "5"},
        keys=keys,
    )

    def fill(conn: Conn) -> None:
        areas.save(conn, AREAS)
        people.add(conn, OPERATOR, "no hash", now)
        register_sites(conn, sites, keys, now)

    db = await Database.open(settings.database, lanes, now)
    await db.write(fill)
    await db.close()
    return keys
