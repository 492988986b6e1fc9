"""Bodies that are read while they come: which they are, how much they may hold, how slow they may be."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from controller.doors.hosts import header
from controller.errors import Problem

LONGEST_UPLOAD = 100 * 1024 * 1024
# A browser that is refused before it has sent everything shows its own error page and not our sentence: what
# is too long is read to here, and thrown away.
LONGEST_READ = 2 * LONGEST_UPLOAD
SILENCE_S = 30.0
LONGEST_S = 1800.0
LEAST_A_WINDOW = 16 * 1024
"""Octets that each ``SILENCE_S`` must bring: a village's thin link does, one octet a second does not."""
_PATHS = re.compile(r"/viet-bai(/[^/]+)?/ban-thu|/api/announcements/[^/]+/recording")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


def is_stream(scope: MutableMapping[str, Any]) -> bool:
    """Whether this request brings a recording."""
    return scope["method"] == "POST" and _PATHS.fullmatch(scope["path"]) is not None


class Metered:
    """A request's ``receive`` that counts. 413 ``E_TOO_LARGE``, 408 ``E_SLOW``."""

    def __init__(self, receive: Receive, clock: Callable[[], float] = time.monotonic) -> None:
        self._receive = receive
        self._clock = clock
        self._began = self._window = clock()
        self._read = self._of_window = 0

    async def __call__(self) -> Message:
        """The next piece."""
        try:
            async with asyncio.timeout(SILENCE_S):
                message = await self._receive()
        except TimeoutError:
            raise slow() from None
        self._read += len(message.get("body", b""))
        self._of_window += len(message.get("body", b""))
        if self._read > LONGEST_READ:
            raise Problem("E_TOO_LARGE")
        self._check_pace()
        return message

    def _check_pace(self) -> None:
        now = self._clock()
        if now - self._began > LONGEST_S:
            raise slow()
        if now - self._window >= SILENCE_S:
            if self._of_window < LEAST_A_WINDOW:
                raise slow()
            self._window, self._of_window = now, 0


def check_claim(scope: MutableMapping[str, Any]) -> None:
    """What the headers say of the body. 400 ``E_BODY``, 413 ``E_TOO_LARGE``, 415 for a packed one."""
    told = header(scope, b"content-length")
    if told is not None and (not told.isdecimal() or len(told) > 12):
        raise Problem("E_BODY")
    if told is not None and int(told) > LONGEST_READ:
        raise Problem("E_TOO_LARGE")
    if (header(scope, b"content-encoding") or "identity").strip().lower() != "identity":
        raise Problem("E_MEDIA_TYPE")


def slow() -> Problem:
    return Problem("E_SLOW", status=408, vi="Gửi quá chậm, xin thử lại.", en="The request came too slowly.")
