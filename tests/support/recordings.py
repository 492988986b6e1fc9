"""Recordings as the doors are given them: sent, cut short, waited for."""

import asyncio
from typing import Any

import httpx

from tests.support.asked import written
from tests.support.doors import Home
from tests.tts import uploads

BINARY = {"Content-Type": "application/octet-stream"}
VOICE = uploads.encoded(uploads.speech(4))


async def sent(client: httpx.AsyncClient, bai: str, data: Any, **more: Any) -> httpx.Response:
    path = f"/api/announcements/{bai}/recording"
    return await client.post(path, content=data, headers={**BINARY, **more.pop("headers", {})}, params=more)


async def a_bai(client: httpx.AsyncClient) -> str:
    return str((await written(client)).json()["id"])


def left(house: Home) -> list[str]:
    """Every file that is kept for recordings, also the halves."""
    folder = house.loa.settings.recordings_dir
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def settled(client: httpx.AsyncClient, bai: str) -> Any:
    """The bài once its sound is there or refused."""
    for _ in range(400):
        told = (await client.get(f"/api/announcements/{bai}")).json()
        if told["rendering"]["state"] in ("ready", "failed"):
            return told
        await asyncio.sleep(0.05)
    raise AssertionError("its sound never came")
