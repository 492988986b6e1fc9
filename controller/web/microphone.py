"""The socket of a live broadcast: sound comes in from the browser, level and state go back."""

import asyncio
import contextlib
import json
import logging
from collections.abc import MutableMapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.websockets import WebSocket, WebSocketDisconnect

from controller.access import Right
from controller.dispatch.house import House
from controller.doors.hosts import header, is_ours, origin
from controller.doors.rights import Declares
from controller.doors.visitors import Visitor
from controller.errors import Problem
from controller.streams.ffmpeg import FfmpegFailed
from controller.streams.voices import Microphone

router = APIRouter(include_in_schema=False)

KINDS = {"audio/webm": "matroska", "audio/ogg": "ogg", "audio/mp4": "mov"}
"""What browsers record in, and what ffmpeg calls it."""
FIRST_WORD_S = 10.0
TELL_EVERY_S = 0.2
WINDOW_S = 5.0
MOST_A_WINDOW = 400_000
"""Octets; a browser sends 5,000 to 16,000 a second, and whatever waited while its line was down."""
REFUSED, POLICY, FAULT = 4000, 1008, 1011
_log = logging.getLogger("loa.web.microphone")


class Socket(Declares):
    """A dependency as pages have it, for a socket: host, origin, login, right; None where refused."""

    async def __call__(self, socket: WebSocket) -> Visitor | None:
        request = _as_request(socket)
        house: House = socket.app.state.house
        came_from = header(request.scope, b"origin")
        try:
            if not is_ours(request.scope, house.settings):
                raise Problem("E_HOST")
            if came_from is None or came_from.lower() != origin(request.scope, house.settings):
                raise Problem("E_ORIGIN")
            return await self.visitor(request)
        except Problem as problem:
            # before it is accepted: the browser sees 403 and nothing else
            await socket.close(POLICY, problem.code)
            return None


@router.websocket("/truc-tiep/{broadcast}/micro")
async def speak(
    socket: WebSocket, broadcast: str, visitor: Annotated[Visitor | None, Depends(Socket(Right.LIVE))]
) -> None:
    """First ``{"kind": …}``; then octets as they are recorded, ``{"do": "cut"}`` and ``{"do": "end"}``."""
    if visitor is None:
        return
    house: House = socket.app.state.house
    await socket.accept()
    voice: Microphone | None = None
    try:
        voice = await house.broadcasting.listen_to(visitor.person, broadcast[:64], await _kind(socket))
        await house.broadcasting.open(visitor.person, broadcast[:64], voice)
    except (Problem, TimeoutError, ValueError, KeyError, WebSocketDisconnect) as error:
        if voice is not None:
            await voice.stop()
        await _refuse(socket, error)
        return
    telling = asyncio.create_task(_tell(socket, house, visitor, broadcast, voice))
    listening = asyncio.create_task(_listen(socket, house, visitor, broadcast, voice))
    try:
        await asyncio.wait((telling, listening), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (telling, listening):
            task.cancel()
        await asyncio.gather(telling, listening, return_exceptions=True)
        # whatever became of the line: without it nobody can answer for what is heard
        voice.lose()
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close()


async def _kind(socket: WebSocket) -> str:
    async with asyncio.timeout(FIRST_WORD_S):
        said = json.loads(await socket.receive_text())
    return KINDS[str(said["kind"]).partition(";")[0].strip().lower()]


async def _listen(
    socket: WebSocket, house: House, visitor: Visitor, broadcast: str, voice: Microphone
) -> None:
    loop = asyncio.get_running_loop()
    window, taken = loop.time(), 0
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        octets = message.get("bytes")
        if octets is None:
            await _do(message.get("text") or "", house, visitor, broadcast, voice)
            continue
        if loop.time() - window > WINDOW_S:
            window, taken = loop.time(), 0
        taken += len(octets)
        if taken > MOST_A_WINDOW:
            _log.warning("microphone.too_fast broadcast=%s", broadcast)
            return
        try:
            await voice.feed(octets)
        except FfmpegFailed as failure:
            _log.warning("microphone.unreadable broadcast=%s why=%s", broadcast, failure)
            return


async def _do(text: str, house: House, visitor: Visitor, broadcast: str, voice: Microphone) -> None:
    match text:
        case '{"do":"cut"}':
            gone = voice.cut()
            await house.broadcasting.cut(visitor.person, broadcast, gone)
        case '{"do":"end"}':
            await house.broadcasting.end(visitor.person, broadcast)


async def _tell(socket: WebSocket, house: House, visitor: Visitor, broadcast: str, voice: Microphone) -> None:
    """Level and state, five times a second, until it has ended."""
    while True:
        view = await house.broadcast_views.one(visitor.person, broadcast)
        for _ in range(5):
            await socket.send_text(
                json.dumps(
                    {
                        "level": round(voice.level_dbfs, 1),
                        "waiting": round(voice.waiting_s, 1),
                        "flows": voice.flows,
                        "left": _left(house, view.ends_at),
                        "sounding": view.sounding,
                        "nodes": view.nodes,
                        "ended": None if view.reason is None else view.reason.value,
                    }
                )
            )
            if view.reason is not None and voice.over:
                return
            await asyncio.sleep(TELL_EVERY_S)


def _left(house: House, ends_at: Any) -> int:
    return 0 if ends_at is None else max(0, round((ends_at - house.clock.now()).total_seconds()))


async def _refuse(socket: WebSocket, error: Exception) -> None:
    problem = error if isinstance(error, Problem) else Problem("E_BODY")
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_text(json.dumps({"code": problem.code, "vi": problem.vi, "en": problem.en}))
        await socket.close(REFUSED, problem.code)


def _as_request(socket: WebSocket) -> Request:
    """The socket's opening as the request that it is: the same cookies, the same checks."""
    scope: MutableMapping[str, Any] = dict(socket.scope)
    scope["type"], scope["method"] = "http", "GET"
    scope["scheme"] = "https" if scope["scheme"] in ("wss", "https") else "http"
    return Request(scope)
