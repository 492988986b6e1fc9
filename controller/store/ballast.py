"""Ballast: room on the disk that is held only to be given up when an emergency finds the disk full."""

import logging
import os
import shutil
from pathlib import Path

BALLAST_BYTES = 64 * 1024 * 1024
_log = logging.getLogger("loa.ballast")


class Ballast:
    """A file that takes up room and holds nothing."""

    def __init__(self, path: Path, size: int = BALLAST_BYTES) -> None:
        self._path = path
        self._size = size

    def lay(self) -> bool:
        """Take the room, where twice as much is free; whether the ballast lies there whole.

        Never the last room: what has just been given up in need is not taken back before there is plenty.
        """
        try:
            if self._path.exists() and self._path.stat().st_size == self._size:
                return True
            if shutil.disk_usage(self._path.parent).free < 2 * self._size:
                return False
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError as error:
            _log.warning("ballast.not_laid reason=%s", error)
            self._path.unlink(missing_ok=True)
            return False
        _log.info("ballast.laid bytes=%s", self._size)
        return True

    def give_up(self) -> bool:
        """Give the room to whoever writes next; False where there was none to give."""
        try:
            self._path.unlink()
        except OSError:
            return False
        _log.error("ballast.given_up bytes=%s: the disk is full", self._size)
        return True
