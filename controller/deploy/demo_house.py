"""The demo's house: an empty database filled with two communes, their cast, their keys and their nodes."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.access import Passwords, Person, Role
from controller.config import Settings
from controller.deploy.commune_data import ACCOUNTS, AREAS, PROVINCE, SITES
from controller.dispatch.keyring import make_keys
from controller.fleet.provisioning import Site, new_keys, write_fleet
from controller.lanes import Lanes
from controller.store import areas, nodes, people
from controller.store.database import Conn, Database
from controller.store.nodes import Node
from devices.messages import AreaCode as WireArea
from devices.messages import NodeId, TenantId
from devices.signing import SigningKey
from schedules.announcement import PersonId

FLEET_FILE = "fleet.json"
KEPT = "speech"
"""The one folder that a new run keeps: sentences spoken before need not be spoken again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who lives in the demo, and the one password of this run."""

    people: dict[str, Person]
    password: str


def clear(directory: Path) -> None:
    """Remove what an earlier run left, except the sentences that it has spoken."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in directory.iterdir():
        if path.name == KEPT:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


async def furnish(settings: Settings, lanes: Lanes, password: str, broker_port: int, now: datetime) -> Cast:
    """Make the database, the keys and the nodes' provisioning file."""
    keyring = make_keys(
        settings.keys_dir, settings.keys_dir / "root", TenantId(settings.tenant), (WireArea(PROVINCE),), now
    )
    sites = tuple(Site(node=NodeId(site.node), name=site.place, area=site.village) for site in SITES)
    keys = new_keys(sites)
    write_fleet(
        settings.data_dir / FLEET_FILE,
        tenant=settings.tenant,
        root_public=keyring.root_public,
        broker={"host": settings.broker_host, "port": broker_port, "protocol": settings.broker_protocol},
        keys=keys,
    )
    hashed = await lanes.hashes.run(Passwords().hash, password)
    cast = {
        account.username: Person(
            id=PersonId(account.username),
            username=account.username,
            name=account.full_name,
            role=Role(account.role),
            area=account.area,
        )
        for account in ACCOUNTS
    }
    db = await Database.open(settings.database, lanes, now)
    await db.write(_fill, tuple(cast.values()), hashed, keys, now)
    await db.close()
    return Cast(people=cast, password=password)


def _fill(
    conn: Conn, cast: tuple[Person, ...], hashed: str, keys: Mapping[NodeId, SigningKey], now: datetime
) -> None:
    areas.save(conn, AREAS)
    for person in cast:
        people.add(conn, person, hashed, now)
    for site in SITES:
        node = Node(
            id=NodeId(site.node),
            name=site.place,
            area=site.village,
            public_key=keys[NodeId(site.node)].public_text,
            latitude=site.latitude,
            longitude=site.longitude,
        )
        nodes.register(conn, node, now)
