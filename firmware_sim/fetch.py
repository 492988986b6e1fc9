"""How a node gets its clips: by HTTP with Range and resume, or out of a shelf in memory for virtual time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx

CHUNK_S = 10.0
TAKES_AT_MOST_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Haul:
    """What one try brought: all bytes so far (with those it began with), and whether that is the end.

    ``reason`` says why it is not: ``cut``, ``down``, ``http 404``, ``too large``.
    """

    data: bytes
    complete: bool
    reason: str = ""


class Fetcher(Protocol):
    """One way to the clips of the whole fleet; each call brings this caller's own bytes."""

    async def fetch(self, base: str, sha: str, size: int, begun: bytes) -> Haul:
        """Goes on after ``begun``; never raises but for cancellation; the caller checks the hash."""

    async def close(self) -> None:
        """Lets go of connections."""


class HttpFetcher:
    """``GET <base>/clips/<sha256>``, at most ``parallel`` at once for the whole fleet."""

    def __init__(self, *, parallel: int = 8) -> None:
        self._turns = asyncio.Semaphore(parallel)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(CHUNK_S),
            limits=httpx.Limits(max_connections=parallel, max_keepalive_connections=parallel),
            trust_env=False,
        )

    async def fetch(self, base: str, sha: str, size: int, begun: bytes) -> Haul:
        """Goes on after ``begun`` where the server keeps ranges, else from the beginning."""
        async with self._turns:
            got = bytearray(begun)
            try:
                async with asyncio.timeout(TAKES_AT_MOST_S):
                    return await self._get(f"{base.rstrip('/')}/clips/{sha}", size, got)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError):
                return Haul(data=bytes(got), complete=False, reason="cut" if got else "down")

    async def _get(self, url: str, size: int, got: bytearray) -> Haul:
        headers = {"Range": f"bytes={len(got)}-"} if got else {}
        async with self._client.stream("GET", url, headers=headers) as response:
            if response.status_code == httpx.codes.OK:
                got.clear()
            elif response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return Haul(data=b"", complete=False, reason="http 416")
            elif response.status_code != httpx.codes.PARTIAL_CONTENT:
                return Haul(data=bytes(got), complete=False, reason=f"http {response.status_code}")
            async for chunk in response.aiter_bytes():
                got += chunk
                if len(got) > size:
                    return Haul(data=bytes(got), complete=True, reason="too large")
        # A body that ended short of its announced length would have raised: this is all there is.
        return Haul(data=bytes(got), complete=True)

    async def close(self) -> None:
        """Closes the shared client."""
        await self._client.aclose()


class ShelfFetcher:
    """Clips out of a mapping, after ``takes_s`` of virtual time; ``down`` plays a server that is gone."""

    def __init__(self, shelf: Mapping[str, bytes], *, takes_s: float = 0.2) -> None:
        self._shelf = shelf
        self._takes_s = takes_s
        self.down = False

    async def fetch(self, base: str, sha: str, size: int, begun: bytes) -> Haul:
        """The stored bytes, if any."""
        await asyncio.sleep(self._takes_s)
        data = self._shelf.get(sha)
        if self.down or data is None:
            return Haul(data=begun, complete=False, reason="down" if self.down else "http 404")
        return Haul(data=bytes(bytearray(data)), complete=True)

    async def close(self) -> None:
        """Holds nothing."""
