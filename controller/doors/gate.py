"""The gate before every door: host, size, origin, trace number, safe headers, and the last catch."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from controller.dispatch.house import House
from controller.doors.hosts import header, is_ours, origin
from controller.doors.problems import problem_json, trace_of
from controller.doors.streams import Metered, check_claim, is_stream, slow
from controller.errors import Problem

LONGEST_BODY = 2 * 1024 * 1024
BODY_WITHIN_S = 30.0
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SAFE_HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)

# Only where somebody may record: the page may ask for the microphone and play back what it has heard.
RECORDING_HEADERS = {
    "Content-Security-Policy": CSP.replace("media-src 'self'", "media-src 'self' blob:"),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Tell = Callable[[Request, Problem], Awaitable[Response]]
_log = logging.getLogger("loa.doors")


class Gate:
    """ASGI middleware. ``tell`` renders a problem for whoever asks (a page or JSON)."""

    def __init__(self, app: App, *, house: House, tell: Tell) -> None:
        self._app = app
        self._house = house
        self._tell = tell

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace_id = secrets.token_hex(8)
        scope.setdefault("state", {})["trace_id"] = trace_id
        begun = False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*_dress(message.get("headers", ()), scope, trace_id)]
            await send(message)

        request = Request(scope, receive)
        try:
            self._check_host(scope)
            self._check_origin(scope)
            await self._app(scope, await _with_body(scope, receive), dressed)
        except Problem as problem:
            await self._answer(request, problem, dressed)
        except Exception:  # noqa: BLE001 - the top of the request's loop: whoever asked gets an answer
            _log.exception("request.failed", extra={"trace_id": trace_id, "path": scope["path"]})
            if not begun:
                await self._answer(request, Problem("E_INTERNAL"), dressed)

    async def _answer(self, request: Request, problem: Problem, send: Send) -> None:
        try:
            response = await self._tell(request, problem)
        except Exception:  # noqa: BLE001 - even a page that can't be drawn leaves an answer
            _log.exception("problem.untold", extra={"trace_id": trace_of(request)})
            response = problem_json(problem, trace_of(request))
        await response(request.scope, request.receive, send)

    def _check_host(self, scope: MutableMapping[str, Any]) -> None:
        if not is_ours(scope, self._house.settings):
            raise Problem("E_HOST")

    def _check_origin(self, scope: MutableMapping[str, Any]) -> None:
        """What changes something must come from our own page, or carry no login and claim no other page."""
        if scope["method"] in SAFE_METHODS:
            return
        came_from = header(scope, b"origin")
        own = came_from is not None and came_from.lower() == origin(scope, self._house.settings)
        bare = came_from is None and header(scope, b"cookie") is None and scope["path"].startswith("/api/")
        if not (own or bare):
            raise Problem("E_ORIGIN")


async def _with_body(scope: MutableMapping[str, Any], receive: Receive) -> Receive:
    """The body, read whole within its time and size before anything looks at it; then replayed.

    A recording is not held in memory: its road reads it while it comes, and the meter counts along.
    """
    if scope["method"] in SAFE_METHODS:
        return receive
    if is_stream(scope):
        check_claim(scope)
        return Metered(receive)
    told = header(scope, b"content-length")
    if told is not None and (not told.isdecimal() or len(told) > 12):
        raise Problem("E_BODY")
    if told is not None and int(told) > LONGEST_BODY:
        raise Problem("E_TOO_LARGE")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    break
                body += message.get("body", b"")
                if len(body) > LONGEST_BODY:
                    raise Problem("E_TOO_LARGE")
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise slow() from None
    waiting: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _dress(headers: Any, scope: MutableMapping[str, Any], trace_id: str) -> list[tuple[bytes, bytes]]:
    present = {key.lower() for key, _ in headers}
    dressed = [*headers, *((key, value) for key, value in SAFE_HEADERS if key not in present)]
    if b"cache-control" not in present:
        dressed.append((b"cache-control", b"no-store"))
    if scope["scheme"] == "https":
        dressed.append((b"strict-transport-security", b"max-age=31536000"))
    return [*dressed, (b"x-trace-id", trace_id.encode())]
