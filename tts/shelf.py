"""Files kept on disk under a digest, the longest unused making room; shared by any number of processes."""

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from tts.files import sweep, write_whole

LIMIT_BYTES = 512 * 1024 * 1024
_DIGEST = 32
_TRIM_TO = 0.9
_PINNED = "pinned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What lies on a shelf; the pinned are counted in the whole too."""

    files: int
    size_bytes: int
    pinned_files: int
    pinned_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    used_at_ns: int
    size: int
    path: Path
    pinned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A file's name is `<key>.<kind>`. Each lies behind its own digest: one that has rotted or was cut short
    counts as absent. Pinned keys are never trimmed, whatever their age and number."""

    directory: Path
    limit_bytes: int = LIMIT_BYTES

    def find(self, name: str) -> bytes | None:
        """The bytes kept under `name`, or None; finding them makes them the youngest."""
        path = self._path(name)
        try:
            stored = path.read_bytes()
        except OSError:  # not there, or not readable: then it is made anew
            return None
        digest, data = stored[:_DIGEST], stored[_DIGEST:]
        if hashlib.sha256(data).digest() != digest:
            path.unlink(missing_ok=True)
            return None
        with contextlib.suppress(FileNotFoundError):  # another process may just have trimmed it
            os.utime(path)
        return data

    def keep(self, name: str, data: bytes) -> None:
        """Store the bytes whole or not at all; raises OSError. Room is made by `trim` alone."""
        write_whole(self._path(name), hashlib.sha256(data).digest() + data)

    def pin(self, key: str) -> None:
        """From now on nothing under this key is trimmed; what is kept later neither."""
        mark = self.directory / _PINNED / key
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()

    def unpin(self, key: str) -> None:
        """Trimmed by age again."""
        (self.directory / _PINNED / key).unlink(missing_ok=True)

    def contents(self) -> Contents:
        """Counted now, on disk."""
        entries = self._entries()
        pinned = [entry for entry in entries if entry.pinned]
        return Contents(
            files=len(entries),
            size_bytes=sum(entry.size for entry in entries),
            pinned_files=len(pinned),
            pinned_bytes=sum(entry.size for entry in pinned),
            limit_bytes=self.limit_bytes,
        )

    def trim(self) -> int:
        """Remove the longest unused where the limit is passed; the number of bytes freed."""
        entries = self._entries()
        total = sum(entry.size for entry in entries)
        if total <= self.limit_bytes:
            return 0
        for folder in {entry.path.parent for entry in entries}:
            sweep(folder)
        freed = 0
        for entry in sorted(entries, key=lambda entry: (entry.used_at_ns, entry.path)):
            if total - freed <= self.limit_bytes * _TRIM_TO:
                break
            if entry.pinned:
                continue
            entry.path.unlink(missing_ok=True)
            freed += entry.size
        return freed

    def _path(self, name: str) -> Path:
        return self.directory / name[:2] / name

    def _entries(self) -> list[_Entry]:
        pinned = {mark.name for mark in self.directory.glob(f"{_PINNED}/*")}
        entries = []
        for path in self.directory.glob("??/[!.]*"):
            with contextlib.suppress(FileNotFoundError):  # trimmed by another process meanwhile
                state = path.stat()
                entries.append(
                    _Entry(
                        used_at_ns=state.st_mtime_ns,
                        size=state.st_size,
                        path=path,
                        pinned=path.stem in pinned,
                    )
                )
        return entries
