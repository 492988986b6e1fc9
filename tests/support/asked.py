"""A good bài as the API is given it, and the shape that every refusal has."""

from typing import Any

import httpx

from controller.deploy.commune_data import QUANG_DIEN
from tests.support.doors import TEXT, VILLAGE

GOOD: dict[str, Any] = {
    "area": QUANG_DIEN,
    "title": "Họp thôn",
    "text": TEXT,
    "targets": [VILLAGE],
    "timing": {"kind": "after_approval"},
    "expires_at": "2026-11-25T10:00:00Z",
}
MEMBERS = {"type", "title", "status", "code", "detail", "detail_en", "trace_id"}


def is_problem(
    answer: httpx.Response, status: int | tuple[int, ...], code: str | None = None
) -> dict[str, Any]:
    """The shape of every refusal; returns it for a closer look."""
    allowed = (status,) if isinstance(status, int) else status
    assert answer.status_code in allowed, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem.keys() >= MEMBERS
    assert problem["status"] == answer.status_code
    assert problem["trace_id"] == answer.headers["x-trace-id"]
    assert problem["detail"].endswith((".", "!", "?")), problem["detail"]
    assert problem["detail"] != problem["detail_en"]
    if code is not None:
        assert problem["code"] == code
    return problem


async def written(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await client.post("/api/announcements", json={**GOOD, **changes})
