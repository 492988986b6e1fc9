"""Many hands at one thing in the same moment: one outcome, and the book says in which order."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest

from controller.store import audit
from tests.support.asked import written
from tests.support.doors import APPROVER, AUTHOR, Home, door, play
from tests.support.recordings import settled

AT_ONCE = 60


async def handed_in(client: httpx.AsyncClient) -> str:
    bai = str((await written(client)).json()["id"])
    assert (await client.post(f"/api/announcements/{bai}/submit")).status_code == 200
    await settled(client, bai)
    return bai


async def deeds_of(house: Home, subject: str) -> Counter[str]:
    found = await house.loa.db.read(audit.newest, 500)
    return Counter(row.deed for row in found if row.subject == subject)


@pytest.mark.promise("S77")
def test_of_many_approvals_and_returns_in_one_moment_one_holds(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, AUTHOR) as author, door(house, APPROVER) as approver:
            bai = await handed_in(author)
            path = f"/api/announcements/{bai}"
            seen = (await approver.get(path)).json()["content_hash"]
            answers = await asyncio.gather(
                *(
                    approver.post(f"{path}/approve", json={"content_hash": seen})
                    if number % 2
                    else approver.post(f"{path}/send-back", json={"reason": f"Lý do {number}"})
                    for number in range(AT_ONCE)
                )
            )
            assert {answer.status_code for answer in answers} <= {200, 409}
            deeds = await deeds_of(house, bai)
            decided = deeds["announcement.approved"] + deeds["announcement.sent_back"]
            assert decided == 1, deeds
            assert await house.loa.db.read(audit.verify) is None

    play(tmp_path, story)
