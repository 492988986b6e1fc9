"""Every route says who may use it; what is named there is looked up on the asker's own ground."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from controller.deploy.commune_data import QUANG_DIEN
from controller.doors.rights import Declares, Public, declared
from tests.support.doors import (
    AUTHOR,
    VILLAGE,
    Home,
    door,
    play,
)

INSTANT = "2026-11-25T10:00:00Z"
DRAFT = {
    "area": QUANG_DIEN,
    "title": "a",
    "text": "a",
    "targets": [VILLAGE],
    "timing": {"kind": "after_approval"},
    "expires_at": INSTANT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one route with what it declares."""

    path: str
    method: str
    declares: tuple[Declares | Public, ...]

    @property
    def is_api(self) -> bool:
        return self.path.startswith(("/api", "/metrics"))


def routes(app: FastAPI) -> Iterator[Route]:
    for context in iter_route_contexts(app.routes):
        original = context.original_route
        if isinstance(original, APIWebSocketRoute):
            yield Route(path=str(context.path), method="SOCKET", declares=tuple(declared(original.dependant)))
            continue
        assert isinstance(original, APIRoute), f"{context.path} is no route of ours"
        for method in sorted(context.methods or ()):
            yield Route(path=str(context.path), method=method, declares=tuple(declared(original.dependant)))


@pytest.mark.promise("P19")
def test_every_route_declares_who_may_use_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        found = tuple(routes(house.app))
        assert len(found) > 60
        silent = [f"{route.method} {route.path}" for route in found if not route.declares]
        assert silent == []

    play(tmp_path, story)


@pytest.mark.promise("S40")
def test_a_guessed_id_is_not_found(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        made = await house.loa.desk.write_announcement(house.cast[AUTHOR], house.draft())
        known = made.announcement.id
        async with door(house, AUTHOR) as client:
            near = known[:-1] + ("1" if known.endswith("0") else "0")
            for guess in (near, "1", "../../etc/passwd", "b-' OR 1=1 --", "%00", "x" * 500):
                answer = await client.get(f"/api/announcements/{quote(guess, safe='')}")
                assert answer.status_code == 404, guess
            body = {**DRAFT, "area": "19885", "targets": ["19885-01"]}
            path = f"/api/announcements/{known}"
            tag = (await client.get(path)).headers["etag"]
            answer = await client.put(path, json=body, headers={"If-Match": tag})
            assert answer.status_code in (404, 422)

    play(tmp_path, story)
