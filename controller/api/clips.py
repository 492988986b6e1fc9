"""/clips/<sha256>: sound by its hash, for nodes and listeners; it never changes, so anything may cache it."""

import re

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from controller.doors.ranges import given
from controller.doors.rights import Public
from controller.doors.visitors import house_of
from controller.errors import Problem

router = APIRouter(tags=["clips"])

MEDIA_TYPE = "audio/ogg"
_HASH = re.compile(r"[0-9a-f]{64}")


@router.head("/clips/{sha256}", dependencies=[Depends(Public())], include_in_schema=False)
@router.get("/clips/{sha256}", dependencies=[Depends(Public())], response_class=Response)
async def read_clip(request: Request, sha256: str) -> Response:
    """The bytes. 304 for a matching ETag, 206 for one range, 416 for a range that is none or for many."""
    house = house_of(request)
    if _HASH.fullmatch(sha256) is None:
        raise Problem("E_NOT_FOUND")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": MEDIA_TYPE}
    return await given(request, house.lanes.files, house.clips / sha256, sha256, headers)
