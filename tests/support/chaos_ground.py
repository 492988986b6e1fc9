"""The ground of a kill -9 campaign: some villages, their nodes, keys and two people, on disk."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from argon2 import PasswordHasher

from controller.access import Passwords, Person, Role
from controller.config import Settings
from controller.deploy.commune_data import AREAS, PROVINCE, SITES, TENANT
from controller.dispatch.keyring import make_keys
from controller.fleet.provisioning import Site, new_keys, register_sites, write_fleet
from controller.lanes import inline_lanes
from controller.store import areas, people
from controller.store.database import Conn, Database
from devices.messages import AreaCode as WireArea
from devices.messages import NodeId, TenantId
from devices.signing import SigningKey
from schedules.announcement import AreaCode, PersonId
from schedules.calendar import ZONE

NODES = (
    *("n-da23f0cb", "n-c2230783", "n-bee07a6c", "n-1ffbeb34"),
    *("n-7798e188", "n-ffdccfde", "n-fb0b3138", "n-7c5a97fa"),
)
"""Two in each of two villages, one in each of four more, in two communes."""
PASSWORD = "sông-Bồ-mùa-nước-lên"
MORNING = time(8, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where everything of a campaign lies. ``shift`` is what its wall clocks are ahead of the host's."""

    directory: Path
    broker_port: int
    shift: timedelta = timedelta()

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def fleet_file(self) -> Path:
        return self.directory / "fleet.json"

    @property
    def flash(self) -> Path:
        return self.directory / "flash"

    @property
    def orders(self) -> Path:
        return self.directory / "orders.sock"

    @property
    def log(self) -> Path:
        return self.directory / "processes.log"

    def journal(self, life: int) -> Path:
        """What the nodes were heard to say in that life of their process."""
        return self.directory / f"journal-{life:04}.jsonl"

    def settings(self) -> Settings:
        return Settings(
            data_dir=self.data,
            tenant=TENANT,
            broker_port=self.broker_port,
            broker_prefer="none",
            plan_days=1,
            readers=1,
            public_base="http://127.0.0.1:8080",
            alarm_pack=False,
        )

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift


def author() -> Person:
    return Person(
        id=PersonId("p-tac-gia"), username="bientap.hue", name="Tác giả", role=Role.AUTHOR, area=PROVINCE
    )


def approver() -> Person:
    return Person(
        id=PersonId("p-duyet"), username="pheduyet.hue", name="Phê duyệt", role=Role.APPROVER, area=PROVINCE
    )


def morning_shift() -> timedelta:
    """Moves the host's clock to 08:00 of today in Huế: no quiet hours, no midnight, whenever it runs."""
    now = datetime.now(UTC)
    today: date = now.astimezone(ZONE).date()
    return datetime.combine(today, MORNING, ZONE) - now


async def furnish(ground: Ground, settings: Settings, protocol: str = "5") -> None:
    """Keys, places, people and nodes in a new database; the nodes' own file beside it."""
    ground.directory.mkdir(parents=True, exist_ok=True)
    settings.clips_dir.mkdir(parents=True, exist_ok=True)
    keyring = make_keys(
        settings.keys_dir, ground.directory / "root", TenantId(TENANT), (WireArea(PROVINCE),), ground.now()
    )
    sites = tuple(
        Site(node=NodeId(site.node), name=site.place, area=site.village)
        for site in SITES
        if site.node in NODES
    )
    keys = new_keys(sites)
    db = await Database.open(settings.database, inline_lanes(), ground.now())
    await db.write(_fill, sites, keys, ground.now())
    await db.close()
    write_fleet(
        ground.fleet_file,
        tenant=TENANT,
        root_public=keyring.root_public,
        broker={"host": "127.0.0.1", "port": ground.broker_port, "protocol": protocol},
        keys=keys,
    )


def villages_of() -> dict[AreaCode, tuple[NodeId, ...]]:
    """Which nodes hear what is said to a village."""
    return {
        village: tuple(NodeId(s.node) for s in SITES if s.village == village and s.node in NODES)
        for village in dict.fromkeys(site.village for site in SITES if site.node in NODES)
    }


def _fill(conn: Conn, sites: tuple[Site, ...], keys: dict[NodeId, SigningKey], now: datetime) -> None:
    hashed = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)).hash(PASSWORD)
    areas.save(conn, AREAS)
    for person in (author(), approver()):
        people.add(conn, person, hashed, now)
    register_sites(conn, sites, keys, now)
