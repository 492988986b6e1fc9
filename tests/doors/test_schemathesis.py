"""Whatever the OpenAPI allows and forbids, sent to a real server: a clear answer each time, never a 5xx."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.schemas import OpenApiSchema

from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.forms.alerts import EmergencyForm
from controller.http import http_app
from tests.support.doors import (
    ADMINISTRATOR,
    APPROVER,
    AUTHOR,
    LOCAL_OPERATOR,
    VILLAGE,
    Served,
    door,
    home,
    served,
)

EXAMPLES = 40
ASKERS = (LOCAL_OPERATOR, APPROVER, ADMINISTRATOR)
LEFT_OUT = ("/metrics",)
"""Process-wide counters, no input at all."""


class Target:
    """The server, its logins and things that exist."""

    def __init__(self, house: Served, cookies: dict[str, str], real: dict[str, str]) -> None:
        self.house = house
        self.cookies = cookies
        self.real = real

    def headers(self, username: str) -> dict[str, str]:
        return {"Cookie": f"loa={self.cookies[username]}", "Origin": self.house.base}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("schema")
    with served(lambda port: home(folder, port=port)) as house:
        cookies, real = house.run(prepared(house))
        yield Target(house, cookies, real)


async def prepared(house: Served) -> tuple[dict[str, str], dict[str, str]]:
    cookies = {}
    for username in ASKERS:
        async with door(house.up, username) as client:
            cookies[username] = client.cookies["loa"]
    desk, cast = house.up.loa.desk, house.up.cast
    view = await desk.write_announcement(cast[AUTHOR], house.up.draft())
    await desk.submit(cast[AUTHOR], view.announcement.id)
    form = EmergencyForm(area=QUANG_DIEN, targets=(VILLAGE,), hazard="flood", level=2, text="Nước lên.")
    preview = await desk.preview_emergency(cast[LOCAL_OPERATOR], form)
    alert = await desk.fire(cast[LOCAL_OPERATOR], preview.id, preview.typed_name, "schema")
    return cookies, {"announcement": view.announcement.id, "alert": alert.id, "preview": preview.id}


def openapi() -> OpenApiSchema:
    """The description alone needs no house behind it."""
    no_house: Any = None
    found = schemathesis.openapi.from_dict(http_app(no_house).openapi())
    # logging out is tried by name in test_web_logins: here it would end the login of all other cases
    return found.exclude(path=LEFT_OUT).exclude(method="DELETE")


schema = openapi()


@pytest.mark.promise("P18")
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_input_brings_the_server_to_its_knees(case: schemathesis.Case, target: Target) -> None:
    base = target.house.base
    for username in ASKERS:
        answer = case.call(base_url=base, headers=target.headers(username), allow_redirects=False)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400 and answer.status_code != 404:
            problem = answer.json()
            assert problem["code"].startswith("E_"), problem
            assert problem["detail"], problem
        if answer.status_code != 403:
            break
    named = {name: value for name, value in target.real.items() if name in (case.path_parameters or {})}
    if named:
        case.path_parameters = {**case.path_parameters, **named}
        answer = case.call(base_url=base, headers=target.headers(APPROVER), allow_redirects=False)
        assert answer.status_code < 500, answer.text
