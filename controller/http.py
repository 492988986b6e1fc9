"""The doors hung on the house: one ASGI application with the JSON API and the pages."""

import socket
from collections.abc import Awaitable, Callable

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from controller.access import Passwords
from controller.api import (
    announcements,
    clips,
    emergencies,
    groups,
    lexicon,
    recordings,
    sessions,
    state,
    watch,
)
from controller.dispatch.house import House
from controller.doors.gate import Gate
from controller.doors.patience import HeadInTime
from controller.doors.problems import from_status, from_validation, problem_json, trace_of
from controller.errors import Problem
from controller.web.router import pages, problem_page

API = (sessions, announcements, recordings, emergencies, lexicon, groups, watch, clips, state)
JSON_PATHS = ("/api/", "/clips/", "/healthz", "/metrics")
KEEP_ALIVE_S = 15
LONGEST_MESSAGE = 64 * 1024


def http_app(house: House, passwords: Passwords | None = None) -> FastAPI:
    """The application over a house that has been started; it starts and stops nothing itself."""
    app = FastAPI(
        title="Loa",
        version="1",
        description="The controller of grassroots radio. Errors are RFC 9457 problems with a stable `code`.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.house = house
    app.state.passwords = Passwords() if passwords is None else passwords
    for module in API:
        app.include_router(module.router)
    app.include_router(pages())
    app.add_exception_handler(Problem, _on(_as_problem))
    app.add_exception_handler(HTTPException, _on(_as_status))
    app.add_exception_handler(RequestValidationError, _on(_as_validation))
    app.add_middleware(Gate, house=house, tell=tell)
    return app


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that the port is known (0 takes a free one) before anything is served."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)


def server(app: FastAPI) -> uvicorn.Server:
    """A uvicorn server that believes no forwarded header and names no software.

    The caller serves it: ``await server(app).serve(sockets=[listen(host, port)])``.
    """
    config = uvicorn.Config(
        app,
        http=HeadInTime,
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=3,
        ws="websockets-sansio",
        ws_max_size=LONGEST_MESSAGE,
        ws_max_queue=16,
        ws_per_message_deflate=False,
        # a line that says nothing is noticed by what it carries (streams/voices.py)
        ws_ping_interval=None,
        ws_ping_timeout=None,
    )
    return uvicorn.Server(config)


async def tell(request: Request, problem: Problem) -> Response:
    """A problem as whoever asks can read it: a page for people, RFC 9457 for machines."""
    if request.url.path.startswith(JSON_PATHS) or request.url.path == "/api":
        return problem_json(problem, trace_of(request))
    return await problem_page(request, problem)


def _on(
    turn: Callable[[Exception], Problem],
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        return await tell(request, turn(error))

    return answer


def _as_problem(error: Exception) -> Problem:
    return error if isinstance(error, Problem) else Problem("E_INTERNAL")


def _as_status(error: Exception) -> Problem:
    return from_status(error.status_code) if isinstance(error, HTTPException) else Problem("E_INTERNAL")


def _as_validation(error: Exception) -> Problem:
    return (
        from_validation(error.errors())
        if isinstance(error, RequestValidationError)
        else Problem("E_INTERNAL")
    )
