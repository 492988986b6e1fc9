"""Somebody of any role and place asks a route what its line in the matrix says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx

from controller.access import RIGHTS, Person, Right, Role, csrf_token, new_token, token_hash
from controller.doors.rights import Declares, Public
from controller.store import people
from controller.store.database import Conn
from schedules.announcement import AreaCode, PersonId
from tests.controller.neighbour_things import Things
from tests.controller.test_rights import Route
from tests.support.doors import Home, door
from tests.support.matrix import CASES, Ask, Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody with a login, or nobody."""

    person: Person | None
    client: httpx.AsyncClient
    token: str

    def lacks(self, route: Route) -> bool:
        own = RIGHTS[self.person.role] if self.person is not None else frozenset[Right]()
        return any(isinstance(one, Declares) and one.right not in own for one in route.declares)


@asynccontextmanager
async def visit(house: Home, role: Role, area: AreaCode, known: str = "") -> AsyncIterator[Visit]:
    """Somebody of that role and place, or of the fixed cast, logged in."""
    name = f"{role.value}.{area}"
    person = house.cast.get(known) or Person(
        id=PersonId(name), username=name, name=f"Người {role.value}", role=role, area=area
    )
    token, now = new_token(), house.loa.clock.now()

    def begin(conn: Conn) -> None:
        if people.by_id(conn, person.id) is None:
            people.add(conn, person, "x", now)
        people.begin_login(conn, token_hash(token), person.id, "test", now)

    await house.loa.db.write(begin)
    async with door(house) as client:
        client.cookies.set("loa", token)
        yield Visit(person=person, client=client, token=csrf_token(token))


async def ask(one: Visit, route: Route, asked: Ask, things: Things) -> httpx.Response:
    query = asked.query and "?" + urlencode(
        [tuple(pair.split("=", 1)) for pair in things.fill(asked.query)[1:].split("&")]
    )
    path = things.fill(route.path) + query
    headers = {"Idempotency-Key": f"{route.method}-{quote(route.path)}"[:150]}
    if route.path.startswith("/api/groups"):
        headers["If-Match"] = '"1"'
    elif route.method not in ("GET", "HEAD"):
        headers["If-Match"] = things.tag
    headers |= things.fill(asked.headers)
    if asked.form is not None:
        pairs = [("token", one.token)]
        for name, value in things.fill(asked.form).items():
            pairs += [(name, each) for each in (value if isinstance(value, list) else [value])]
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return await one.client.request(route.method, path, content=urlencode(pairs), headers=headers)
    if asked.content is not None:
        headers["Content-Type"] = asked.kind
        return await one.client.request(
            route.method, path, content=asked.content.replace(b"{token}", one.token.encode()), headers=headers
        )
    if asked.json is not None:
        return await one.client.request(route.method, path, json=things.fill(asked.json), headers=headers)
    return await one.client.request(route.method, path, headers=headers)


def case_of(route: Route) -> Case:
    """Its line; one that is missing fails a test of its own."""
    return CASES.get(f"{route.method} {route.path}", Case())


def asked_of(route: Route) -> tuple[tuple[Ask, bool], ...]:
    """What the route is asked, each with whether it names something of commune A."""
    case = case_of(route)
    if case.alone:
        return ()
    return tuple((asked, asked.hidden or "{" in route.path) for asked in case.asks)


def is_public(route: Route) -> bool:
    return any(isinstance(one, Public) for one in route.declares)
