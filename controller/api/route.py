"""The route class of /api: bodies are read strictly before FastAPI looks at them."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from controller.doors.gate import SAFE_METHODS
from controller.doors.strict import check_content_type, is_json, read_json
from controller.doors.visitors import cookie_token
from controller.errors import Problem


class StrictRequest(Request):
    """A request whose JSON has been read by ``doors.strict``."""

    _value: tuple[Any] | None = None

    async def json(self) -> Any:
        if self._value is None:
            self._value = (read_json(await self.body()),)
        return self._value[0]


class StrictRoute(APIRoute):
    """Only ``application/json`` in UTF-8; anything else is 415, unreadable JSON is 400."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            if strict.method not in SAFE_METHODS and (await strict.body() or self.body_field is not None):
                _check_type(strict)
                if await strict.body():
                    # Read here: FastAPI would turn what is wrong with it into one sentence for everything.
                    await strict.json()
            return await handle(strict)

        return strictly


def _check_type(request: Request) -> None:
    """What a form of another site could send with this login's cookie is a foreign request (S36)."""
    content_type = request.headers.get("content-type", "")
    if not is_json(content_type) and cookie_token(request) is not None:
        raise Problem("E_ORIGIN")
    check_content_type(content_type)
