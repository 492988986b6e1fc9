"""The doors on a real house: the fixed cast, two communes, the API in process or a server on a port."""

import asyncio
import contextlib
import random
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from controller.access import Passwords, Person, Role
from controller.app import LinkFactory, Loa
from controller.clock import LoopClock
from controller.config import Settings
from controller.deploy.commune_data import ACCOUNTS, AREAS, PROVINCE, QUANG_DIEN, SITES, TENANT
from controller.dispatch.forms.items import Draft
from controller.dispatch.keyring import make_keys
from controller.dispatch.signals import Wake
from controller.http import http_app, listen, server
from controller.lanes import thread_lanes
from controller.store import areas, nodes, people
from controller.store.database import Conn, Database
from controller.store.nodes import Node
from devices.link import Backoff, Ears, LinkSettings
from devices.messages import AreaCode as WireArea
from devices.messages import KeyId, NodeId, TenantId
from devices.signing import SigningKey, generate_key
from firmware_sim.air import Air, AirLink
from schedules.announcement import AnnouncementId, AreaCode, PersonId
from schedules.calendar import instant_of
from schedules.recurrence import AfterApproval
from tests.support.inline_speaker import InlineSpeaker

T = TypeVar("T")

PASSWORD = "sông-Bồ-mùa-nước-lên"
MORNING = instant_of(date(2026, 11, 23), time(6, 0))
AUTHOR, APPROVER = "bientap.qd", "pheduyet.qd"
STRANGER, STRANGER_APPROVER = "bientap.dd", "pheduyet.dd"
OPERATOR, TECHNICIAN, LEADER = "truc.hue", "kythuat.hue", "lanhdao.hue"
ADMINISTRATOR, LOCAL_OPERATOR = "quantri.qd", "truc.qd"
MORE = (
    (ADMINISTRATOR, "Trương Công Định", Role.ADMINISTRATOR, QUANG_DIEN),
    (LOCAL_OPERATOR, "Lê Quang Minh", Role.OPERATOR, QUANG_DIEN),
)
CAST = (*(account.username for account in ACCOUNTS), *(username for username, *_ in MORE))
VILLAGE = AreaCode(f"{QUANG_DIEN}-01")
TEXT = "Kính mời bà con đến nhà văn hóa thôn lúc 7h30 ngày 25/11/2026 để họp."


@dataclass
class Home:
    """A started house with its application."""

    loa: Loa
    app: FastAPI
    cast: dict[str, Person]
    keys: dict[str, SigningKey]
    root_public: str
    air: Air | None

    def draft(self, **changes: Any) -> Draft:
        """A good draft of commune A."""
        facts: dict[str, Any] = {
            "area": QUANG_DIEN,
            "title": "Họp thôn",
            "text": TEXT,
            "targets": (VILLAGE,),
            "timing": AfterApproval(),
            "expires_at": (self.loa.clock.now() + timedelta(days=2)).replace(microsecond=0),
        }
        return Draft(**{**facts, **changes})

    async def rendered(self, announcement: str) -> None:
        """Wait until the sound of a bài is there."""
        await self.rendered_by(self.cast[AUTHOR], announcement)

    async def rendered_by(self, person: Person, announcement: str) -> None:
        """The same, of a bài that this person may read."""
        for _ in range(400):
            rendering = await self.loa.desk.render_now(person, announcement)
            if rendering.state.value in ("ready", "failed"):
                return
            await asyncio.sleep(0.02)

    async def on_air(self, title: str = "Họp thôn", **changes: Any) -> AnnouncementId:
        """A bài of commune A, written, rendered and approved by another."""
        desk, author, approver = self.loa.desk, self.cast[AUTHOR], self.cast[APPROVER]
        item = (await desk.write_announcement(author, self.draft(title=title, **changes))).announcement.id
        handed = await desk.submit(author, item)
        await self.rendered(item)
        await desk.approve(approver, item, handed.content_hash)
        return item

    async def planned(self) -> None:
        """Until the planner has planned from what stands now: the turn under way may have read before it."""
        for _ in range(2):
            before = self.loa.planner.last
            self.loa.signals.wake(Wake.PLANNER)
            async with asyncio.timeout(60):
                while self.loa.planner.last is before:
                    await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def home(
    directory: Path,
    *,
    link: Callable[[Settings], LinkFactory] | None = None,
    start: datetime = MORNING,
    port: int = 8080,
    **changes: Any,
) -> AsyncIterator[Home]:
    """The real house over the in-memory air (or a given link), its clock beginning at six in the morning."""
    facts = {"port": port, "public_base": f"http://127.0.0.1:{port}", "alarm_pack": False, **changes}
    settings = Settings(data_dir=directory, tenant=TENANT, **facts)
    loop_clock = LoopClock(asyncio.get_running_loop(), start)
    keyring = make_keys(
        settings.keys_dir, directory / "root", TenantId(TENANT), (WireArea(PROVINCE),), loop_clock.now()
    )
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    keys = {site.node: generate_key(KeyId(site.node)) for site in SITES}
    cast = {person.username: person for person in _cast()}
    lanes = thread_lanes(1)
    try:
        db = await Database.open(settings.database, lanes, loop_clock.now())
        await db.write(_fill, tuple(cast.values()), passwords.hash(PASSWORD), keys, loop_clock.now())
        await db.close()
        air = None if link else Air()
        loa = Loa(
            settings=settings,
            clock=loop_clock,
            lanes=lanes,
            link_factory=link(settings) if link else air_link(air or Air()),
            speaker=InlineSpeaker(settings.clips_dir),
        )
        await loa.start()
        try:
            yield Home(
                loa=loa,
                app=http_app(loa, passwords),
                cast=cast,
                keys=keys,
                root_public=keyring.root_public,
                air=air,
            )
            assert loa.runner.errors == {}, loa.runner.errors
        finally:
            await loa.stop()
    finally:
        await lanes.close()


def play(directory: Path, story: Callable[[Home], Coroutine[Any, Any, None]], **changes: Any) -> None:
    """A story with the doors of a real house, in process."""

    async def live() -> None:
        async with home(directory, **changes) as house:
            await story(house)

    asyncio.run(live())


def air_link(air: Air) -> LinkFactory:
    """The controller's link over the in-memory air."""

    def make(ears: Ears) -> AirLink:
        settings = LinkSettings(
            host="air",
            port=0,
            client_id="loa-controller",
            ack_by_hand=True,
            backoff=Backoff(first_s=0.05, base_s=0.1, cap_s=0.5, stable_s=0.0),
        )
        return AirLink(air, settings, ears, random.Random(5), lambda fault: None)

    return make


@contextlib.asynccontextmanager
async def door(house: Home, username: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client in process; logged in as one of the cast, with an Origin as a browser sends it."""
    base = house.loa.settings.public_base
    transport = httpx.ASGITransport(house.app)
    async with httpx.AsyncClient(transport=transport, base_url=base, headers={"Origin": base}) as client:
        if username is not None:
            answer = await client.post("/api/sessions", json={"username": username, "password": PASSWORD})
            assert answer.status_code == 201, answer.text
        yield client


class Served:
    """A house behind a real server on a free port of 127.0.0.1, in a thread with a loop of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.home: Home | None = None
        self.base = ""
        self._ending: asyncio.Event | None = None
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, name="served-house")
        self._make: Callable[[int], contextlib.AbstractAsyncContextManager[Home]] | None = None

    @property
    def up(self) -> Home:
        assert self.home is not None
        return self.home

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float = 60) -> T:
        """Do something in the house's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    def start(self, make: Callable[[int], contextlib.AbstractAsyncContextManager[Home]]) -> None:
        self._make = make
        self._thread.start()
        self._ready.result(60)

    def stop(self) -> None:
        if self._ending is not None:
            self.loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _live(self) -> None:
        try:
            self.loop.run_until_complete(self._serve())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)
        finally:
            self.loop.close()

    async def _serve(self) -> None:
        assert self._make is not None
        self._ending = asyncio.Event()
        listener = listen("127.0.0.1", 0)
        port = listener.getsockname()[1]
        async with self._make(port) as house:
            self.home, self.base = house, f"http://127.0.0.1:{port}"
            serving = server(house.app)
            task = asyncio.create_task(serving.serve(sockets=[listener]))
            while not serving.started:
                await asyncio.sleep(0.01)
            self._ready.set_result(None)
            await self._ending.wait()
            serving.should_exit = serving.force_exit = True
            await task


@contextlib.contextmanager
def served(make: Callable[[int], contextlib.AbstractAsyncContextManager[Home]]) -> Iterator[Served]:
    """``make(port)`` gives the house for the port that was found."""
    found = Served()
    found.start(make)
    try:
        yield found
    finally:
        found.stop()


def _cast() -> Iterator[Person]:
    for account in ACCOUNTS:
        yield Person(
            id=PersonId(account.username),
            username=account.username,
            name=account.full_name,
            role=Role(account.role),
            area=account.area,
        )
    for username, name, role, area in MORE:
        yield Person(id=PersonId(username), username=username, name=name, role=role, area=area)


def _fill(
    conn: Conn, cast: tuple[Person, ...], hashed: str, keys: dict[str, SigningKey], now: datetime
) -> None:
    areas.save(conn, AREAS)
    for person in cast:
        people.add(conn, person, hashed, now)
    for site in SITES:
        public = keys[site.node].public_text
        nodes.register(
            conn, Node(id=NodeId(site.node), name=site.place, area=site.village, public_key=public), now
        )
