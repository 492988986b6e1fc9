"""Commune B sees nothing of commune A: every route × role × place, made from the router, with real things."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from controller.access import RIGHTS, Role
from controller.deploy.commune_data import DAN_DIEN, PROVINCE, QUANG_DIEN
from controller.doors.rights import Declares
from tests.controller.matrix_asks import Visit, ask, asked_of, case_of, is_public, visit
from tests.controller.neighbour_things import SECRET, Things, furnish, markers, untouched
from tests.controller.test_rights import Route, routes
from tests.support.doors import Home, door, play
from tests.support.matrix import CASES

ROLES = tuple(Role)
UNREACHED = {
    "/api/announcements/{announcement}/recording",
    "/api/announcements/{announcement}/recording/original",
    "/bai/{announcement}/ban-thu",
    "/bai/{announcement}/cau-dau",
    "/bai/{announcement}/tieng-khac/ban-thu",
    "/canh-bao/{alert}/cau-dau",
    "/hop-tin/{bulletin}/cau-dau",
    "/khan-cap/xem-truoc/{preview}/cau-dau",
}
"""A bài has a recording or a text, and a first sentence only while it is being read: these have what the
others lack, and their refusal to neighbours is tried with the rest."""


@pytest.mark.promise("P19")
def test_every_route_has_its_line_in_the_matrix_and_every_line_its_route(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        found = {f"{route.method} {route.path}" for route in routes(house.app)}
        assert found - set(CASES) == set(), "say in tests/support/matrix.py what it is asked"
        assert set(CASES) - found == set(), "it is gone: take its line away"
        known = {field.name for field in fields(Things)} | {"sha256", "name"}
        assert {name for path in found for name in re.findall(r"{(\w+)", path)} <= known

    play(tmp_path, story)


@pytest.mark.promise("P19", "S39", "S40")
def test_nobody_of_the_neighbouring_commune_sees_or_does_anything(tmp_path: Path) -> None:
    secret = markers()

    async def story(house: Home) -> None:
        things = await furnish(house)
        wrong, tried = [], 0
        for role in ROLES:
            async with visit(house, role, DAN_DIEN) as one:
                for route in routes(house.app):
                    for asked, hidden in asked_of(route):
                        answer = await ask(one, route, asked, things)
                        refusals = (403, 404) if one.lacks(route) else (404,)
                        leak = sorted(word for word in secret if word in answer.text)
                        named = hidden and not is_public(route)
                        if (
                            leak
                            or answer.status_code >= 500
                            or (named and answer.status_code not in refusals)
                        ):
                            wrong.append(
                                (role.value, route.method, route.path, asked.query, answer.status_code, leak)
                            )
                        tried += 1
                stream = await one.client.get(f"/su-kien?xem=canh-bao&so={things.alert}")
                assert stream.status_code == 404
        assert wrong == [], "\n".join(str(one) for one in wrong)
        assert tried > 500
        await untouched(house, things)

    play(tmp_path, story)


@pytest.mark.promise("P19", "S39")
def test_its_own_people_and_the_province_reach_what_they_may_and_no_more(tmp_path: Path) -> None:
    """Without this the matrix could pass because nothing was there to be seen."""
    secret = markers()

    async def story(house: Home) -> None:
        things = await furnish(house)
        wrong: list[tuple[object, ...]] = []
        seen, reached = set[str](), set[str]()
        for area in (QUANG_DIEN, PROVINCE):
            for role in ROLES:
                async with visit(house, role, area) as one:
                    for route in routes(house.app):
                        if route.method != "GET" and not one.lacks(route):
                            continue
                        for asked, hidden in asked_of(route):
                            answer = await ask(one, route, asked, things)
                            if one.lacks(route):
                                if answer.status_code not in (403, 404) or SECRET in answer.text:
                                    wrong.append(
                                        (area, role.value, route.method, route.path, answer.status_code)
                                    )
                                continue
                            seen |= {word for word in secret if word in answer.text}
                            if hidden and answer.status_code < 400:
                                reached.add(route.path)
                            if answer.status_code >= 500 or answer.status_code == 403:
                                wrong.append((area, role.value, route.path, answer.status_code))
        assert wrong == [], "\n".join(str(one) for one in wrong)
        assert secret - seen == set(), "these marks are never shown to anybody, so they prove nothing"
        owned = {
            route.path
            for route in routes(house.app)
            if route.method == "GET" and any(hidden for _, hidden in asked_of(route))
        }
        assert owned - reached == UNREACHED, (
            f"{sorted(owned - reached)}: asked for a thing that its own people do not reach either"
        )

    play(tmp_path, story)


@pytest.mark.promise("P19", "S39")
def test_what_is_refused_to_the_neighbours_is_done_for_its_own_people(tmp_path: Path) -> None:
    """Each deed is asked in the same words by somebody who may: it gets past the door."""

    async def story(house: Home) -> None:
        things = await furnish(house)
        wrong: list[tuple[object, ...]] = []
        deeds = [route for route in routes(house.app) if route.method != "GET" and asked_of(route)]
        deeds.sort(key=lambda route: case_of(route).last)
        for route in deeds:
            role = next((role for role in ROLES if not _lacks(role, route)), None)
            assert role is not None, f"nobody may {route.method} {route.path}"
            async with visit(house, role, QUANG_DIEN, case_of(route).by) as one:
                for asked, _ in asked_of(route):
                    answer = await ask(one, route, asked, things)
                    # what is sent as a recording is no sound, and that is said after the door
                    if "E_AUDIO" in answer.text:
                        continue
                    if answer.status_code in (400, 401, 403, 404, 405, 415) or answer.status_code >= 500:
                        wrong.append(
                            (
                                role.value,
                                route.method,
                                route.path,
                                answer.status_code,
                                re.findall(r"E_[A-Z_]+", answer.text)[:3],
                            )
                        )
        assert wrong == [], "\n".join(str(one) for one in wrong)

    play(tmp_path, story)


def _lacks(role: Role, route: Route) -> bool:
    return any(isinstance(one, Declares) and one.right not in RIGHTS[role] for one in route.declares)


@pytest.mark.promise("P19", "S39")
def test_nobody_at_all_sees_nothing_at_all(tmp_path: Path) -> None:
    secret = markers()

    async def story(house: Home) -> None:
        things = await furnish(house)
        wrong: list[tuple[object, ...]] = []
        async with door(house) as client:
            one = Visit(person=None, client=client, token="")
            for route in routes(house.app):
                for asked, _ in asked_of(route):
                    answer = await ask(one, route, asked, things)
                    login = answer.status_code == 303 and answer.headers["location"].startswith("/dang-nhap?")
                    page = route.method == "GET" and not route.is_api
                    if any(word in answer.text for word in secret):
                        wrong.append((route.method, route.path, "leak"))
                    if not is_public(route) and answer.status_code != 401 and not (page and login):
                        wrong.append((route.method, route.path, answer.status_code))
        assert wrong == [], "\n".join(str(one) for one in wrong)

    play(tmp_path, story)
