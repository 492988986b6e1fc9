"""The whole house in one process in virtual time: controller, air, and a village with a journal."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from controller.access import Person, Role
from controller.app import Loa
from controller.clock import Clock
from controller.config import Settings
from controller.deploy.commune_data import (
    ACCOUNTS,
    AREAS,
    PROVINCE,
    QUANG_DIEN,
    SITES,
    TENANT,
)
from controller.dispatch.forms.alerts import AlertView, EmergencyForm, Hand
from controller.dispatch.forms.items import AnnouncementView, Draft
from controller.dispatch.keyring import make_keys
from controller.dispatch.signals import Wake
from controller.lanes import inline_lanes
from controller.store import areas, deliveries, nodes, people, sessions
from controller.store.ballast import Ballast
from controller.store.database import Conn, Crash, Database, nowhere
from controller.store.deliveries import Delivery
from controller.store.nodes import Node
from controller.studio.speech import OnFirst, OnProgress, SpeechDone, SpeechOrder, quiet, unheard
from devices.link import Backoff, Ears, LinkFault, LinkSettings
from devices.messages import AlertId, NodeId, TenantId
from devices.messages import AreaCode as WireArea
from devices.signing import SigningKey, generate_key
from firmware_sim.air import Air, AirLink
from firmware_sim.clock import World
from firmware_sim.fetch import ShelfFetcher
from firmware_sim.fleet import Broker, Fault, Fleet, Member
from firmware_sim.journal import Journal, Span, check
from firmware_sim.state import Habits
from firmware_sim.village import Ground, Village, air_links
from schedules.announcement import AnnouncementId, PersonId
from schedules.announcement import AreaCode as Place
from schedules.calendar import instant_of
from schedules.recurrence import AfterApproval, Timing
from schedules.session import Session
from tests.support.inline_speaker import InlineSpeaker
from tests.support.inline_taker import InlineTaker
from tests.support.virtual_time import run_virtual, wall

DAY = date(2026, 11, 23)
DAWN = instant_of(DAY, time(4, 0))
MORNING = instant_of(DAY, time(5, 30))
QUICK = Backoff(first_s=0.5, base_s=0.2, cap_s=1.0, stable_s=0.0)
CONTROLLER = "loa-controller"
VILLAGE = Place("19867-01")
NEIGHBOUR = Place("19867-02")
FEW = ("n-da23f0cb", "n-c2230783", "n-bee07a6c", "n-fb0b3138")
"""Two nodes in one village, one in the next, one in the other commune."""


class WorldClock(Clock):
    """The controller's clock in the virtual world; ``skew`` plays a clock that was set wrongly."""

    def __init__(self) -> None:
        self.skew = timedelta()

    def now(self) -> datetime:
        return wall() + self.skew

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class ClipShelf(Mapping[str, bytes]):
    """What ``GET /clips/<sha256>`` would give: the files of the controller's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, sha256: str) -> bytes:
        try:
            return (self._folder / sha256).read_bytes()
        except FileNotFoundError:
            raise KeyError(sha256) from None

    def __iter__(self) -> Iterator[str]:
        return (path.name for path in self._folder.iterdir())

    def __len__(self) -> int:
        return sum(1 for _ in self)


class SlowSpeaker(InlineSpeaker):
    """Takes some virtual seconds for each text, as a real voice does."""

    def __init__(self, clips_dir: Path, takes_s: float) -> None:
        super().__init__(clips_dir)
        self._takes_s = takes_s

    async def render(
        self, order: SpeechOrder, on_progress: OnProgress = quiet, on_first: OnFirst = unheard
    ) -> SpeechDone:
        await asyncio.sleep(self._takes_s)
        return await super().render(order, on_progress, on_first)


@dataclass
class House:
    """Everything of one story."""

    directory: Path
    air: Air
    clock: WorldClock
    settings: Settings
    village: Village
    journal: Journal
    cast: Mapping[str, Person]
    keys: Mapping[NodeId, SigningKey]
    fetcher: ShelfFetcher
    crash: Crash = nowhere
    faults: list[tuple[NodeId, Exception]] = field(default_factory=list)
    link_faults: list[LinkFault] = field(default_factory=list)
    allowed_errors: bool = False
    speech_takes_s: float = 0.0
    ballast: Ballast | None = None
    loa: Loa | None = None
    starts: int = 0

    @property
    def up(self) -> Loa:
        """The controller that runs now."""
        assert self.loa is not None
        return self.loa

    @property
    def author(self) -> Person:
        return self.cast["bientap.qd"]

    @property
    def approver(self) -> Person:
        return self.cast["pheduyet.qd"]

    @property
    def operator(self) -> Person:
        return self.cast["truc.hue"]

    async def open(self) -> Loa:
        """Start the controller on what lies in its folder."""
        self.starts += 1
        self.loa = Loa(
            settings=self.settings,
            clock=self.clock,
            lanes=inline_lanes(),
            link_factory=self._link,
            speaker=SlowSpeaker(self.settings.clips_dir, self.speech_takes_s),
            taker=InlineTaker(self.settings.clips_dir),
            crash=self.crash,
            ballast=self.ballast,
        )
        await self.loa.start()
        return self.loa

    async def close(self) -> None:
        """An orderly end."""
        loa, self.loa = self.loa, None
        if loa is not None:
            errors = dict(loa.runner.errors)
            await loa.stop()
            assert self.allowed_errors or errors == {}, errors

    async def kill(self) -> None:
        """The controller dies as by kill -9: nothing more is written, said or heard by it."""
        loa, self.loa = self.loa, None
        assert loa is not None
        loa.room.link.cut()
        await loa.runner.stop()
        await loa.studio.stop()
        await loa.recorder.stop()
        await loa.db.close()
        assert loa.lead is not None
        loa.lead.release()

    async def until(self, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - wall()).total_seconds()))

    async def rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def write(self, title: str, *, timing: Timing | None = None, **changes: Any) -> AnnouncementView:
        """Written and handed in by the author."""
        facts: dict[str, Any] = {
            "area": QUANG_DIEN,
            "title": title,
            "text": f"{title}. Kính mời bà con đến nhà văn hóa thôn đúng giờ để dự họp và nghe thông báo.",
            "targets": (QUANG_DIEN,),
            "timing": AfterApproval() if timing is None else timing,
            "expires_at": (wall() + timedelta(days=2)).replace(microsecond=0),
        }
        desk = self.up.desk
        view = await desk.write_announcement(self.author, Draft(**{**facts, **changes}))
        return await desk.submit(self.author, view.announcement.id)

    async def approve(self, announcement: AnnouncementId) -> AnnouncementView:
        seen = await self.up.views.announcement(self.approver, announcement)
        return await self.up.desk.approve(self.approver, announcement, seen.content_hash)

    async def say(self, title: str, **changes: Any) -> AnnouncementView:
        """Written by one person and approved by another."""
        view = await self.write(title, **changes)
        return await self.approve(view.announcement.id)

    async def add_session(self, start: time, **changes: Any) -> Session:
        session = Session(
            **{
                "id": f"s-{start:%H%M}",
                "area": QUANG_DIEN,
                "name": "Buổi phát thanh sáng",
                "start": start,
                "days": frozenset(range(7)),
                **changes,
            }
        )
        await self.up.db.write(sessions.save, session)
        self.up.signals.wake(Wake.PLANNER, Wake.RENDERER)
        return session

    async def alarm(
        self,
        *,
        targets: Sequence[Place] = (VILLAGE, NEIGHBOUR),
        by: Person | None = None,
        key: str = "fire-1",
        **changes: Any,
    ) -> AlertView:
        """Looked at and fired by the operator; villages only, so that one person may decide."""
        person = by or self.operator
        facts: dict[str, Any] = {
            "area": QUANG_DIEN,
            "targets": tuple(targets),
            "hazard": "flood",
            "level": 2,
            "text": "Nước sông Bồ đang lên nhanh. Bà con đưa người già và trẻ em lên nơi cao ngay.",
        }
        preview = await self.up.desk.preview_emergency(person, EmergencyForm(**{**facts, **changes}))
        await self.rest(1)
        return await self.up.desk.fire(person, preview.id, preview.typed_name, key)

    async def take_back(self, alert: AlertId, hand: Hand = Hand.CORRECTION) -> AlertView:
        return await self.up.desk.retract(self.operator, alert, hand, f"back-{alert}")

    async def deliveries(self, subject: str) -> tuple[Delivery, ...]:
        return await self.up.db.read(deliveries.of_subject, subject)

    async def verdicts(self, subject: str) -> dict[NodeId, str | None]:
        """The newest verdict of each node."""
        return {
            row.node: None if row.ruling is None else row.ruling.verdict.value
            for row in await self.deliveries(subject)
        }

    def heard(self, node: NodeId | str) -> tuple[Span, ...]:
        return self.journal.heard_by(NodeId(node))

    def claims(self, node: NodeId | str) -> list[str]:
        """What that node let out, in order, each stretch once."""
        return [span.begin.claim for span in self.heard(node)]

    def clients_away(self, *clients: str) -> None:
        for client in clients:
            self.air.block(client)

    def _link(self, ears: Ears) -> AirLink:
        settings = LinkSettings(host="air", port=0, client_id=CONTROLLER, backoff=QUICK, ack_by_hand=True)
        return AirLink(self.air, settings, ears, random.Random(5), self.link_faults.append)


Story = Callable[[House], Coroutine[Any, Any, None]]


def play(
    story: Story,
    directory: Path,
    *,
    members: Sequence[str] = FEW,
    start: datetime = DAWN,
    faults: tuple[Fault, ...] = (),
    rtc: bool = True,
    air: Air | None = None,
    limit: timedelta = timedelta(days=10),
    honest: bool = True,
    crash: Crash = nowhere,
    errors: bool = False,
    speech_takes_s: float = 0.0,
    **settings: Any,
) -> House:
    """Play a story with controller and village; at its end the airing checker looks at what was heard."""

    async def run() -> House:
        house = await furnish(directory, members=members, faults=faults, rtc=rtc, air=air, **settings)
        house.crash, house.allowed_errors, house.speech_takes_s = crash, errors, speech_takes_s
        await house.open()
        house.village.start()
        await house.rest(30)
        await story(house)
        await house.village.stop()
        await house.close()
        return house

    house = run_virtual(run, start=start, limit=limit)
    for _, error in house.faults:
        raise error
    if honest:
        assert check(house.journal.rows) == ()
    return house


async def furnish(
    directory: Path,
    *,
    members: Sequence[str],
    faults: tuple[Fault, ...] = (),
    rtc: bool = True,
    air: Air | None = None,
    **changes: Any,
) -> House:
    """An initialised house whose controller and village do not run yet."""
    facts = {"public_base": "http://127.0.0.1:8080", "alarm_pack": False, **changes}
    settings = Settings(data_dir=directory, tenant=TENANT, **facts)
    keyring = make_keys(
        settings.keys_dir, directory / "root", TenantId(TENANT), (WireArea(PROVINCE),), wall()
    )
    settings.clips_dir.mkdir(parents=True, exist_ok=True)
    names = tuple(NodeId(member) for member in members)
    keys = {name: generate_key(name) for name in names}
    cast = {account.username: _person(account.username) for account in ACCOUNTS}
    db = await Database.open(settings.database, inline_lanes(), wall())
    await db.write(_fill, cast, keys)
    await db.close()
    clock, sky, journal = WorldClock(), air or Air(), Journal()
    fetcher = ShelfFetcher(ClipShelf(settings.clips_dir))
    found: list[tuple[NodeId, Exception]] = []
    fleet = Fleet(
        tenant=TenantId(TENANT),
        root_public=keyring.root_public,
        broker=Broker(host="air", port=0, protocol="5"),
        members=tuple(Member(node=name, key=keys[name], rtc=rtc) for name in names),
        faults=faults,
    )
    ground = Ground(
        link=air_links(sky, random.Random(3), lambda fault: None, QUICK),
        fetcher=fetcher,
        journal=journal,
        world=World(origin_at=wall(), origin_mono=asyncio.get_running_loop().time()),
        rng=random.Random(11),
        on_fault=lambda node, error: found.append((node, error)),
        habits=Habits(),
    )
    return House(
        directory=directory,
        air=sky,
        clock=clock,
        settings=settings,
        village=Village(fleet, ground),
        journal=journal,
        cast=cast,
        keys=keys,
        fetcher=fetcher,
        faults=found,
    )


def _person(username: str) -> Person:
    account = next(account for account in ACCOUNTS if account.username == username)
    return Person(
        id=PersonId(account.username),
        username=account.username,
        name=account.full_name,
        role=Role(account.role),
        area=account.area,
    )


def _fill(conn: Conn, cast: Mapping[str, Person], keys: Mapping[NodeId, SigningKey]) -> None:
    areas.save(conn, AREAS)
    for person in cast.values():
        people.add(conn, person, "no hash", wall())
    for site in SITES:
        name = NodeId(site.node)
        if name in keys:
            node = Node(id=name, name=site.place, area=site.village, public_key=keys[name].public_text)
            nodes.register(conn, node, wall())
