"""SQL typed into every field that takes text: kept as text or refused, and the tables stand."""

from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import QUANG_DIEN
from controller.store import alerts, announcements, people
from devices.messages import AlertId
from schedules.announcement import AnnouncementId
from tests.support.asked import GOOD
from tests.support.doors import AUTHOR, LOCAL_OPERATOR, PASSWORD, TEXT, VILLAGE, Home, door, play

INJECTIONS = (
    "'; DROP TABLE announcement; --",
    "' OR '1'='1",
    "x') UNION SELECT username, password FROM account --",
    '"; DELETE FROM audit; --',
    "1; ATTACH DATABASE '/tmp/x' AS y",
    'title:* NEAR(a b) AND "',
    "%' ESCAPE '\\",
)
ALARM: dict[str, Any] = {
    "area": QUANG_DIEN,
    "targets": [VILLAGE],
    "hazard": "flood",
    "level": 2,
    "text": TEXT,
}
PLACES = (
    ("/api/announcements", "state"),
    ("/api/announcements", "area"),
    ("/api/announcements", "limit"),
    ("/api/day", "area"),
    ("/api/day", "date"),
    ("/api/nodes", "area"),
    ("/api/programme", "area"),
    ("/api/alerts", "limit"),
    ("/api/deliveries", "alert"),
    ("/api/deliveries", "occurrence"),
    ("/nhat-ky", "noi"),
    ("/nhat-ky", "tim"),
    ("/nhat-ky", "canh-bao"),
    ("/nhat-ky", "loc"),
    ("/nhat-ky", "ngay"),
)


def table_names(house: Home) -> Any:
    return house.loa.db.read(lambda conn: tuple(sorted(conn.table_names())))


@pytest.mark.promise("S58")
@pytest.mark.parametrize("typed", INJECTIONS)
def test_sql_in_a_field_is_kept_as_text_or_refused(tmp_path: Path, typed: str) -> None:
    async def story(house: Home) -> None:
        before = await table_names(house)
        async with door(house, AUTHOR) as client:
            for field in ("title", "text"):
                answer = await client.post("/api/announcements", json={**GOOD, field: typed})
                assert answer.status_code == 201
                kept = await house.loa.db.read(announcements.get, AnnouncementId(answer.json()["id"]))
                assert kept is not None
                assert getattr(kept.announcement, field) == typed
            for field in ("area", "expires_at", "bulletin_class"):
                answer = await client.post("/api/announcements", json={**GOOD, field: typed})
                assert answer.status_code in (403, 404, 422), (field, answer.text)
            answer = await client.post("/api/announcements", json={**GOOD, "targets": [typed]})
            assert answer.status_code in (404, 422)
            assert (await client.get(f"/api/announcements/{typed}")).status_code in (404, 422)
        async with door(house, LOCAL_OPERATOR) as client:
            for field in ("area", "hazard"):
                answer = await client.post("/api/emergencies/preview", json={**ALARM, field: typed})
                assert answer.status_code in (403, 404, 422), (field, answer.text)
            answer = await client.post("/api/emergencies/preview", json={**ALARM, "text": typed})
            assert answer.status_code in (200, 201), answer.text
            drafted = await house.loa.db.read(alerts.get, AlertId(answer.json()["id"]))
            assert drafted is not None
            assert drafted.text == typed
        assert await table_names(house) == before
        assert await house.loa.db.read(people.by_username, AUTHOR) is not None

    play(tmp_path, story)


@pytest.mark.promise("S58")
def test_sql_in_a_question_gives_nothing_away(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        before = await table_names(house)
        async with door(house, AUTHOR) as client:
            for path, name in PLACES:
                for typed in INJECTIONS:
                    answer = await client.get(path, params={"date": "2026-11-23", name: typed[:64]})
                    assert answer.status_code in (200, 400, 403, 404, 422), (path, name, answer.text)
                    assert "argon2" not in answer.text
        async with door(house) as client:
            for typed in INJECTIONS:
                for login in (
                    {"username": typed, "password": PASSWORD},
                    {"username": AUTHOR, "password": typed},
                ):
                    answer = await client.post("/api/sessions", json=login)
                    assert answer.status_code in (401, 422, 429), answer.text
        assert await table_names(house) == before

    play(tmp_path, story)
