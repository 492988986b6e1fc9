"""Every route says who may use it, and holds to it: the matrix of role × commune × route, from the router."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from controller.access import RIGHTS, Person
from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.forms import EmergencyForm
from controller.doors.rights import Declares, Public, declared
from tests.support.doors import (
    AUTHOR,
    CAST,
    LOCAL_OPERATOR,
    STRANGER,
    STRANGER_APPROVER,
    VILLAGE,
    Home,
    door,
    play,
)

SECRET = "Thông báo riêng của Quảng Điền"
INSTANT = "2026-11-25T10:00:00Z"
TAG = f'"1-{"0" * 64}"'
DRAFT = {
    "area": QUANG_DIEN,
    "title": "a",
    "text": "a",
    "targets": [VILLAGE],
    "timing": {"kind": "after_approval"},
    "expires_at": INSTANT,
}
BODIES: dict[str, dict[str, Any]] = {
    "/api/sessions": {"username": "a", "password": "b"},
    "/api/announcements": DRAFT,
    "/api/announcements/{announcement}": DRAFT,
    "/api/announcements/{announcement}/approve": {"content_hash": "0" * 64},
    "/api/announcements/{announcement}/send-back": {"reason": "Xin ghi rõ giờ họp."},
    "/api/announcements/{announcement}/recording": {"recording": None},
    "/api/emergencies/preview": {
        "area": QUANG_DIEN,
        "targets": [VILLAGE],
        "hazard": "flood",
        "level": 2,
        "text": "Nước lên.",
    },
    "/api/emergencies": {"preview": "?", "typed_name": "?"},
    "/api/emergencies/{alert}/break-glass": {"reason": "Không gọi được ai khác."},
    "/api/emergencies/{alert}/words-heard": {"clip": "0" * 64},
    "/api/emergencies/{alert}/retract": {"hand": "all_clear"},
    "/api/stop": {"area": QUANG_DIEN},
}
FORMS = {"hand": "all_clear", "key": "k", "reason": "Xin ghi rõ giờ họp.", "title": "a", "text": "a"}
QUERIES = {"/api/day": "?date=2026-11-23", "/api/programme": "?date=2026-11-23"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one route with what it declares."""

    path: str
    method: str
    declares: tuple[Declares | Public, ...]

    @property
    def is_api(self) -> bool:
        return self.path.startswith(("/api", "/metrics"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Things of commune A, by the name of the path parameter."""

    announcement: str
    alert: str
    preview: str

    def fill(self, path: str) -> str:
        return re.sub(r"{(\w+)[^}]*}", lambda found: getattr(self, found[1], "x"), path)


def routes(app: FastAPI) -> Iterator[Route]:
    for context in iter_route_contexts(app.routes):
        original = context.original_route
        assert isinstance(original, APIRoute), f"{context.path} is no route of ours"
        for method in sorted(context.methods or ()):
            yield Route(path=str(context.path), method=method, declares=tuple(declared(original.dependant)))


async def ask(client: httpx.AsyncClient, route: Route, path: str, token: str) -> httpx.Response:
    headers = {"Idempotency-Key": "matrix", "If-Match": TAG}
    if route.method in ("GET", "HEAD"):
        return await client.request(route.method, path + QUERIES.get(route.path, ""), headers=headers)
    if route.is_api:
        return await client.request(route.method, path, json=BODIES.get(route.path), headers=headers)
    return await client.post(path, data={**FORMS, "token": token})


async def furnish(house: Home) -> Ground:
    desk = house.loa.desk
    view = await desk.write_announcement(house.cast[AUTHOR], house.draft(title=SECRET, text=f"{SECRET}."))
    await desk.submit(house.cast[AUTHOR], view.announcement.id)
    form = EmergencyForm(
        area=QUANG_DIEN, targets=(VILLAGE,), hazard="flood", level=2, text=f"{SECRET} khẩn cấp."
    )
    operator = house.cast[LOCAL_OPERATOR]
    first = await desk.preview_emergency(operator, form)
    alert = await desk.fire(operator, first.id, first.typed_name, "matrix-fire")
    second = await desk.preview_emergency(operator, form)
    return Ground(announcement=view.announcement.id, alert=alert.id, preview=second.id)


async def form_token(client: httpx.AsyncClient) -> str:
    found = re.search(r'name="token" value="([0-9a-f]+)"', (await client.get("/")).text)
    assert found is not None
    return found[1]


def lacks(person: Person, route: Route) -> bool:
    return any(isinstance(one, Declares) and one.right not in RIGHTS[person.role] for one in route.declares)


@pytest.mark.promise("P19")
def test_every_route_declares_who_may_use_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        found = tuple(routes(house.app))
        assert len(found) > 60
        silent = [f"{route.method} {route.path}" for route in found if not route.declares]
        assert silent == []

    play(tmp_path, story)


@pytest.mark.promise("P19", "S39")
def test_nobody_passes_a_route_without_its_right(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        ground = await furnish(house)
        wrong = []
        for username in CAST:
            async with door(house, username) as client:
                token = await form_token(client)
                for route in routes(house.app):
                    if not lacks(house.cast[username], route):
                        continue
                    answer = await ask(client, route, ground.fill(route.path), token)
                    if answer.status_code not in (403, 404) or SECRET in answer.text:
                        wrong.append((username, route.method, route.path, answer.status_code))
        assert wrong == []

    play(tmp_path, story)


@pytest.mark.promise("P19", "S39", "S40")
def test_the_neighbouring_commune_sees_nothing(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        ground = await furnish(house)
        wrong, tried = [], 0
        for username in (STRANGER, STRANGER_APPROVER):
            async with door(house, username) as client:
                token = await form_token(client)
                for route in routes(house.app):
                    # the stream never ends by itself; its refusal is tried below
                    if route.path in ("/su-kien", "/dang-xuat", "/api/sessions"):
                        continue
                    answer = await ask(client, route, ground.fill(route.path), token)
                    owned = re.search(r"{(announcement|alert|preview)}", route.path)
                    refused = (403, 404) if lacks(house.cast[username], route) else (404,)
                    tried += bool(owned)
                    if SECRET in answer.text or (owned and answer.status_code not in refused):
                        wrong.append((username, route.method, route.path, answer.status_code))
                stream = await client.get(f"/su-kien?xem=canh-bao&so={ground.alert}")
                assert stream.status_code == 404
                for path in ("/api/nodes?area=", "/api/day?date=2026-11-23&area=", "/nhat-ky?noi="):
                    assert (await client.get(path + QUANG_DIEN)).status_code == 404
                for path in ("/api/announcements", "/api/stop"):
                    body = {**BODIES[path]}
                    answer = await client.post(path, json=body, headers={"Idempotency-Key": "b"})
                    assert answer.status_code == 404, path
        assert wrong == []
        assert tried > 40

    play(tmp_path, story)


@pytest.mark.promise("S39")
def test_without_a_login_nothing_but_the_public_answers(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        ground = await furnish(house)
        wrong = []
        async with door(house) as client:
            for route in routes(house.app):
                answer = await ask(client, route, ground.fill(route.path), "")
                if any(isinstance(one, Declares) for one in route.declares):
                    page = not route.is_api and route.method == "GET"
                    sent_to_login = answer.status_code == 303 and answer.headers["location"].startswith(
                        "/dang-nhap?"
                    )
                    if not (answer.status_code == 401 or (page and sent_to_login)):
                        wrong.append((route.method, route.path, answer.status_code))
                assert SECRET not in answer.text
        assert wrong == []

    play(tmp_path, story)


@pytest.mark.promise("S40")
def test_a_guessed_id_is_not_found(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        ground = await furnish(house)
        async with door(house, AUTHOR) as client:
            near = ground.announcement[:-1] + ("1" if ground.announcement.endswith("0") else "0")
            for guess in (near, "1", "../../etc/passwd", "b-' OR 1=1 --", "%00", "x" * 500):
                answer = await client.get(f"/api/announcements/{quote(guess, safe='')}")
                assert answer.status_code == 404, guess
            body = {**DRAFT, "area": "19885", "targets": ["19885-01"]}
            path = f"/api/announcements/{ground.announcement}"
            tag = (await client.get(path)).headers["etag"]
            answer = await client.put(path, json=body, headers={"If-Match": tag})
            assert answer.status_code in (404, 422)

    play(tmp_path, story)
