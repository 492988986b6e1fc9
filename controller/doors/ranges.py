"""A file given whole, in one part, or not at all (RFC 9110, 13 and 14)."""

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from controller.dispatch.announcements.recording import Original
from controller.errors import Problem
from controller.lanes import Lane

BINARY = "application/octet-stream"
PIECE = 64 * 1024
LONGEST_RANGE = 100
_SOUNDS = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "amr": "audio/amr",
    "webm": "audio/webm",
}
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


async def given(
    request: Request, files: Lane, path: Path, sha256: str, headers: Mapping[str, str]
) -> Response:
    """The bytes of a file that never changes, under its hash.

    304 for a matching ETag, 206 for one range, 404 where the file is gone, 416 ``E_RANGE`` for a range that
    is none or for many.
    """
    if not await files.run(path.is_file):
        raise Problem("E_NOT_FOUND")
    size = (await files.run(path.stat)).st_size
    told = {"ETag": f'"{sha256}"', "Accept-Ranges": "bytes", **headers}
    if _matches(request.headers.get("if-none-match", ""), sha256):
        return Response(status_code=304, headers=told)
    wanted = request.headers.get("range")
    if wanted is None or not _still_the_same(request.headers.get("if-range"), sha256):
        first, last, status = 0, size - 1, 200
    else:
        first, last = _one_range(wanted, size)
        status = 206
        told["Content-Range"] = f"bytes {first}-{last}/{size}"
    told["Content-Length"] = str(last - first + 1)
    if request.method == "HEAD":
        return Response(status_code=status, headers=told)
    return StreamingResponse(_pieces(files, path, first, last), status_code=status, headers=told)


async def original(request: Request, files: Lane, found: Original) -> Response:
    """A recording as it was sent, to be saved or played and never to be taken for a page (S47)."""
    row = found.row
    headers = {
        "Content-Type": _SOUNDS.get(row.kind, BINARY),
        "Content-Disposition": f'attachment; filename="ban-thu-{row.sha256[:8]}.{row.kind}"',
        "Cache-Control": "private, no-store",
    }
    return await given(request, files, found.path, row.sha256, headers)


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
