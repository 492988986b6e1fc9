"""Style, script and pictures: a fixed table of files, each under an address that changes with its content."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from controller.doors.rights import Public
from controller.errors import Problem

router = APIRouter(include_in_schema=False)

FILES = {
    "loa.css": ("controller.web", "static/loa.css", "text/css; charset=utf-8"),
    "design.css": ("controller.web", "static/design.css", "text/css; charset=utf-8"),
    "loa.js": ("controller.web", "static/loa.js", "text/javascript; charset=utf-8"),
    "loa.svg": ("controller.web", "static/loa.svg", "image/svg+xml"),
    "live.js": ("controller.web", "static/live.js", "text/javascript; charset=utf-8"),
    "record.js": ("controller.web", "static/record.js", "text/javascript; charset=utf-8"),
    "hazards.svg": ("controller.web", "static/hazards.svg", "image/svg+xml"),
    "lib/htmx.js": ("js_lib_htmx", "static/htmx/htmx.min.js", "text/javascript; charset=utf-8"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file in memory."""

    content: bytes
    media_type: str
    mark: str


@cache
def assets() -> dict[str, Asset]:
    """All of them, read once."""
    found = {}
    for name, (package, path, media_type) in FILES.items():
        content = resources.files(package).joinpath(path).read_bytes()
        mark = hashlib.sha256(content).hexdigest()[:12]
        found[name] = Asset(content=content, media_type=media_type, mark=mark)
    return found


def asset(name: str) -> str:
    """The address of a file as it is now."""
    return f"/static/{name}?v={assets()[name].mark}"


@router.get("/static/{name:path}", dependencies=[Depends(Public())], response_class=Response)
async def read_asset(request: Request, name: str) -> Response:
    """The file; kept for ever under the address that names its content, asked again under any other."""
    found = assets().get(name)
    if found is None:
        raise Problem("E_NOT_FOUND")
    named = request.query_params.get("v") == found.mark
    headers = {
        "ETag": f'"{found.mark}"',
        "Cache-Control": "public, max-age=31536000, immutable" if named else "no-cache",
    }
    if request.headers.get("if-none-match") == f'"{found.mark}"':
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


@router.get("/favicon.ico", dependencies=[Depends(Public())], response_class=Response)
async def read_icon(request: Request) -> Response:
    """Browsers ask for it unasked."""
    return await read_asset(request, "loa.svg")
