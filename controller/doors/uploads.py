"""A recording read while it comes, to a file with a name of ours: no more of it is in memory than a piece."""

import hashlib
import os
import secrets
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from controller.dispatch.announcements.recording import Upload
from controller.doors.streams import LONGEST_UPLOAD
from controller.doors.visitors import house_of
from controller.errors import Problem
from controller.lanes import Lane
from tts.errors import audio_size

MOST_PARTS = 60
LONGEST_FIELD = 64 * 1024
LONGEST_NAME = 120
FILE_FIELD = "file"
_HEAD = 64
_NO_NAME = "bản thu"
_OF_THE_FORM = frozenset({"E_BODY", "E_ORIGIN", "E_TOO_LARGE"})

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A form with a file: its fields in order, and the file where one was chosen, or why it is not taken."""

    pairs: Pairs
    upload: Upload | None = None
    refusal: Problem | None = None


@asynccontextmanager
async def raw_upload(request: Request, name: str) -> AsyncIterator[Upload]:
    """The body as one file; whatever nobody has kept is removed at the end."""
    async with _sink(request) as sink:
        sink.name = name
        async for piece in _pieces(request):
            await sink.write(piece)
        if sink.refusal is not None:
            raise sink.refusal
        upload = await sink.finish()
        if upload is None:
            raise Problem("E_BODY")
        yield upload


@asynccontextmanager
async def form_upload(request: Request, on_file: Callable[[Pairs], None]) -> AsyncIterator[Came]:
    """A multipart form. ``on_file`` sees the fields before the first byte of the file and may refuse it.

    400 ``E_BODY`` for a form that can't be read, 415 for another kind. What is wrong with the file alone
    comes as ``refusal``, with the fields. All is read to its end first, so that a browser shows the answer.
    """
    boundary = _boundary(request)
    async with _sink(request) as sink:
        parts = _Parts(sink, on_file)
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_header_field": parts.header_field,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
                "on_end": parts.whole,
            },
        )
        async for piece in _pieces(request):
            if sink.refusal is None:
                await _parse(parser, parts, piece)
        if sink.refusal is None and not parts.is_whole:
            sink.refusal = Problem("E_BODY")
        if sink.refusal is not None and sink.refusal.code in _OF_THE_FORM:
            raise sink.refusal
        if sink.refusal is not None:
            yield Came(pairs=parts.pairs, refusal=sink.refusal)
        else:
            yield Came(pairs=parts.pairs, upload=await sink.finish())


def shown_name(name: str) -> str:
    """What its sender called it, for people to see: no path, nothing hidden, not long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = "".join(character for character in last if unicodedata.category(character)[0] != "C")
    return plain.strip()[:LONGEST_NAME] or _NO_NAME


@dataclass(slots=True, kw_only=True)
class _Sink:
    """The file that an upload is written to; ``refusal`` is why nothing more is written."""

    lane: Lane
    path: Path
    file: BinaryIO
    name: str = ""
    refusal: Problem | None = None
    size: int = 0
    head: bytes = b""
    hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    async def write(self, data: bytes) -> None:
        if self.refusal is not None or not data:
            return
        self.size += len(data)
        if self.size > LONGEST_UPLOAD:
            large = audio_size(LONGEST_UPLOAD // (1024 * 1024))
            self.refusal = Problem(large.code, field=FILE_FIELD, status=413, vi=large.vi, en=large.en)
            await self.lane.run(self.file.truncate, 0)
            return
        self.head += data[: _HEAD - len(self.head)]
        try:
            await self.lane.run(self._put, data)
        except OSError:
            self.refusal = Problem("E_STORAGE")

    async def finish(self) -> Upload | None:
        """The file as it lies now; None where nothing came."""
        if not self.size:
            return None
        try:
            await self.lane.run(self._to_disk)
        except OSError:
            raise Problem("E_STORAGE") from None
        return Upload(
            path=self.path,
            sha256=self.hash.hexdigest(),
            bytes=self.size,
            head=self.head,
            name=shown_name(self.name),
        )

    def _put(self, data: bytes) -> None:
        self.hash.update(data)
        self.file.write(data)

    def _to_disk(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())


class _Parts:
    """The parts of a form as the parser tells of them."""

    def __init__(self, sink: _Sink, on_file: Callable[[Pairs], None]) -> None:
        self._sink = sink
        self._on_file = on_file
        self.pairs: Pairs = []
        self.pending = bytearray()
        self.is_whole = False
        self._count = 0
        self._headers: dict[str, bytearray] = {}
        self._field = bytearray()
        self._value = bytearray()
        self._name: str | None = None
        self._text = bytearray()
        self._files = 0

    def begin(self) -> None:
        self._count += 1
        if self._count > MOST_PARTS:
            raise Problem("E_BODY")
        self._headers = {}
        self._text = bytearray()

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = self._value
        self._field, self._value = bytearray(), bytearray()

    def headers_finished(self) -> None:
        _, options = parse_options_header(bytes(self._headers.get("content-disposition", b"")))
        name = options.get(b"name")
        if name is None:
            raise Problem("E_BODY")
        self._name = name.decode("utf-8", errors="replace")
        if self._name != FILE_FIELD:
            return
        self._files += 1
        if self._files > 1 or b"filename" not in options:
            raise Problem("E_BODY")
        self._sink.name = options[b"filename"].decode("utf-8", errors="replace")
        self._on_file(self.pairs)

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE_FIELD:
            self.pending += data[start:end]
            return
        self._text += data[start:end]
        if len(self._text) > LONGEST_FIELD:
            raise Problem("E_TOO_LARGE")

    def end(self) -> None:
        if self._name is not None and self._name != FILE_FIELD:
            try:
                self.pairs.append((self._name, self._text.decode("utf-8")))
            except UnicodeDecodeError:
                raise Problem("E_BODY") from None
        self._name = None

    def whole(self) -> None:
        self.is_whole = True


async def _parse(parser: MultipartParser, parts: _Parts, piece: bytes) -> None:
    try:
        parser.write(piece)
    except FormParserError:
        parts._sink.refusal = Problem("E_BODY")
    except Problem as problem:
        parts._sink.refusal = problem
    if parts.pending:
        data = bytes(parts.pending)
        parts.pending.clear()
        await parts._sink.write(data)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary or len(boundary) > 200:
        raise Problem("E_MEDIA_TYPE")
    return boundary


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        # nobody hears this; it ends the request and takes away what has come
        raise Problem("E_BODY") from None


@asynccontextmanager
async def _sink(request: Request) -> AsyncIterator[_Sink]:
    house = house_of(request)
    lane = house.lanes.files
    path = house.settings.incoming_dir / f"{secrets.token_hex(16)}.part"
    try:
        file: BinaryIO = await lane.run(path.open, "xb")
    except OSError:
        raise Problem("E_STORAGE") from None
    try:
        yield _Sink(lane=lane, path=path, file=file)
    finally:
        await lane.run(_away, path, file)


def _away(path: Path, file: BinaryIO) -> None:
    """Closed, and gone unless somebody has given it a name meanwhile."""
    with suppress(OSError):
        file.close()
    path.unlink(missing_ok=True)
