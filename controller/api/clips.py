"""/clips/<sha256>: sound by its hash, for nodes and listeners; it never changes, so anything may cache it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from controller.doors.rights import Public
from controller.doors.visitors import house_of
from controller.errors import Problem
from controller.lanes import Lane

router = APIRouter(tags=["clips"])

MEDIA_TYPE = "audio/ogg"
PIECE = 64 * 1024
LONGEST_RANGE = 100
_HASH = re.compile(r"[0-9a-f]{64}")
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@router.head("/clips/{sha256}", dependencies=[Depends(Public())], include_in_schema=False)
@router.get("/clips/{sha256}", dependencies=[Depends(Public())], response_class=Response)
async def read_clip(request: Request, sha256: str) -> Response:
    """The bytes. 304 for a matching ETag, 206 for one range, 416 for a range that is none or for many."""
    house = house_of(request)
    path = house.clips / sha256
    if _HASH.fullmatch(sha256) is None or not await house.lanes.files.run(path.is_file):
        raise Problem("E_NOT_FOUND")
    size = (await house.lanes.files.run(path.stat)).st_size
    headers = {
        "ETag": f'"{sha256}"',
        "Cache-Control": "public, max-age=31536000, immutable",
        "Accept-Ranges": "bytes",
        "Content-Type": MEDIA_TYPE,
    }
    if _matches(request.headers.get("if-none-match", ""), sha256):
        return Response(status_code=304, headers=headers)
    wanted = request.headers.get("range")
    if wanted is None or not _still_the_same(request.headers.get("if-range"), sha256):
        first, last, status = 0, size - 1, 200
    else:
        first, last = _one_range(wanted, size)
        status = 206
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(
        _pieces(house.lanes.files, path, first, last), status_code=status, headers=headers
    )


def _matches(if_none_match: str, sha256: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match[:1000].split(",")}
    return "*" in tags or f'"{sha256}"' in tags


def _still_the_same(if_range: str | None, sha256: str) -> bool:
    return if_range is None or if_range.strip() == f'"{sha256}"'


def _one_range(wanted: str, size: int) -> tuple[int, int]:
    """First and last byte. Many ranges are refused: no node asks for them, only those who want to tire us."""
    found = _RANGE.fullmatch(wanted.strip()) if len(wanted) <= LONGEST_RANGE else None
    if found is None or found[0] == "bytes=-":
        raise _out_of(size)
    start, end = found[1], found[2]
    first = int(start) if start else max(size - int(end), 0)
    last = min(int(end), size - 1) if start and end else size - 1
    if first > last or first >= size or (not start and int(end) == 0):
        raise _out_of(size)
    return first, last


def _out_of(size: int) -> Problem:
    return Problem("E_RANGE", size=size)


async def _pieces(files: Lane, path: Path, first: int, last: int) -> AsyncIterator[bytes]:
    file: BinaryIO = await files.run(path.open, "rb")
    try:
        await files.run(file.seek, first)
        left = last - first + 1
        while left > 0:
            piece = await files.run(file.read, min(PIECE, left))
            if not piece:
                return
            left -= len(piece)
            yield piece
    finally:
        await files.run(file.close)
