"""Fetching over HTTP behind the guard: one name, one look-up, one address, no way out of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

from controller.streams import address
from controller.streams.address import Address, Allowed, Resolve

CONNECT_S = 4.0
SILENT_S = 6.0
MOST_REDIRECTS = 3
WHOLE_WITHIN_S = 15.0


class FetchFailed(Exception):
    """The server did not give what was asked for; says why in a few English words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An answer that is being read: where it came from in the end, and its pieces."""

    url: str
    kind: str
    pieces: AsyncIterator[bytes]


class Fetcher:
    """Every request is checked, located and sent to exactly the machine that was found.

    A redirect is followed only within the same scheme, host and port.
    """

    def __init__(self, allowed: Allowed, resolve: Resolve = address.resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(SILENT_S, connect=CONNECT_S),
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=4),
            headers={"User-Agent": "Loa", "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.aclose()

    @contextlib.asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Body]:
        """Problem ``E_URL``, FetchFailed. The pieces end with the answer; FetchFailed where it is cut."""
        response, place = await self._answer(url)
        try:
            yield Body(
                url=place.url,
                kind=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
                pieces=_pieces(response),
            )
        finally:
            await response.aclose()

    async def whole(self, url: str, most: int) -> tuple[bytes, str]:
        """A small answer, and where it came from in the end; FetchFailed beyond ``most`` octets."""
        data = bytearray()
        try:
            async with asyncio.timeout(WHOLE_WITHIN_S), self.open(url) as body:
                async for piece in body.pieces:
                    data += piece
                    if len(data) > most:
                        raise FetchFailed("the answer is too large")
                return bytes(data), body.url
        except TimeoutError:
            raise FetchFailed("no answer in time") from None

    async def _answer(self, url: str) -> tuple[httpx.Response, Address]:
        place = address.check(url, self._allowed)
        for _ in range(MOST_REDIRECTS + 1):
            response = await self._ask(place)
            if not response.is_redirect:
                if response.status_code != httpx.codes.OK:
                    await response.aclose()
                    raise FetchFailed(f"HTTP {response.status_code}")
                return response, place
            await response.aclose()
            onward = address.check(urljoin(place.url, response.headers["location"]), self._allowed)
            if (onward.scheme, onward.host, onward.port) != (place.scheme, place.host, place.port):
                raise address.refused(url, "it sends us on to another host")
            place = onward
        raise FetchFailed("too many redirects")

    async def _ask(self, place: Address) -> httpx.Response:
        numeric = await address.locate(place, self._resolve)
        request = self._client.build_request(
            "GET",
            place.at(numeric),
            headers={"Host": place.authority},
            extensions={"sni_hostname": place.host},
        )
        try:
            return await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise FetchFailed(_why(error)) from error


async def _pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in response.aiter_raw():
            yield piece
    except httpx.HTTPError as error:
        raise FetchFailed(_why(error)) from error


def _why(error: httpx.HTTPError) -> str:
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            return "no connection"
        case httpx.TimeoutException():
            return "no answer in time"
        case _:
            return type(error).__name__
