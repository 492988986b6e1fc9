"""A node's flash: named tables of bytes that survive a power cut only once they are synced."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

DOCUMENTS, CLIPS, CLAIMS, RECEIPTS, FACTS = "documents", "clips", "claims", "receipts", "facts"
TABLES = (DOCUMENTS, CLIPS, CLAIMS, RECEIPTS, FACTS)


class FlashFull(Exception):
    """The write did not fit; nothing was stored."""

    code = "flash.full"


class Flash(Protocol):
    """Writes are atomic by row; ``sync`` makes all earlier ones durable; ``cut`` is the power going."""

    def write(self, table: str, key: str, value: bytes) -> None:
        """Stores or replaces one row; raises FlashFull."""

    def erase(self, table: str, key: str) -> None:
        """Forgets one row; nothing happens where there is none."""

    def read(self, table: str, key: str) -> bytes | None:
        """One row."""

    def rows(self, table: str) -> Mapping[str, bytes]:
        """All rows of a table."""

    def sync(self) -> None:
        """Everything written so far survives a power cut."""

    def cut(self) -> None:
        """Loses what was not synced."""

    def free_bytes(self) -> int:
        """How much still fits."""


class MemoryFlash:
    """Flash in memory: a write is one dict assignment, a power cut undoes what was not synced."""

    def __init__(self, *, capacity: int = 2_000_000_000) -> None:
        self._tables: dict[str, dict[str, bytes]] = {table: {} for table in TABLES}
        self._undo: list[tuple[str, str, bytes | None]] = []
        self._capacity = capacity
        self._used = 0

    def write(self, table: str, key: str, value: bytes) -> None:
        """Stores or replaces one row; raises FlashFull."""
        rows = self._tables[table]
        old = rows.get(key)
        grows = len(value) - (len(old) if old is not None else 0)
        if self._used + grows > self._capacity:
            raise FlashFull(table)
        self._undo.append((table, key, old))
        rows[key] = value
        self._used += grows

    def erase(self, table: str, key: str) -> None:
        """Forgets one row; nothing happens where there is none."""
        old = self._tables[table].pop(key, None)
        if old is not None:
            self._undo.append((table, key, old))
            self._used -= len(old)

    def read(self, table: str, key: str) -> bytes | None:
        """One row."""
        return self._tables[table].get(key)

    def rows(self, table: str) -> Mapping[str, bytes]:
        """All rows of a table."""
        return dict(self._tables[table])

    def sync(self) -> None:
        """Everything written so far survives a power cut."""
        self._undo.clear()

    def cut(self) -> None:
        """Loses what was not synced."""
        for table, key, old in reversed(self._undo):
            if old is None:
                self._tables[table].pop(key, None)
            else:
                self._tables[table][key] = old
        self._undo.clear()
        self._used = sum(len(value) for rows in self._tables.values() for value in rows.values())

    def free_bytes(self) -> int:
        """How much still fits."""
        return self._capacity - self._used


class DirectoryFlash:
    """Flash in a directory: one file a row, written aside and renamed; ``durable`` adds fsync."""

    def __init__(self, directory: Path, *, durable: bool = False, capacity: int = 2_000_000_000) -> None:
        self._directory = directory
        self._durable = durable
        self._capacity = capacity
        self._used: int | None = None

    def write(self, table: str, key: str, value: bytes) -> None:
        """Stores or replaces one row; raises FlashFull."""
        path = self._path(table, key)
        grows = len(value) - (path.stat().st_size if path.exists() else 0)
        if self.free_bytes() < grows:
            raise FlashFull(table)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.parent / f".{path.name}.part"
        with aside.open("wb") as file:
            file.write(value)
            if self._durable:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
        if self._durable:
            _sync_directory(path.parent)
        self._used = (self._used or 0) + grows

    def erase(self, table: str, key: str) -> None:
        """Forgets one row; nothing happens where there is none."""
        path = self._path(table, key)
        if path.exists():
            self._used = (self._used or 0) - path.stat().st_size
            path.unlink()

    def read(self, table: str, key: str) -> bytes | None:
        """One row."""
        path = self._path(table, key)
        return path.read_bytes() if path.exists() else None

    def rows(self, table: str) -> Mapping[str, bytes]:
        """All rows of a table."""
        folder = self._directory / table
        if not folder.is_dir():
            return {}
        files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        return {unquote(path.name): path.read_bytes() for path in files}

    def sync(self) -> None:
        """Each write is already in place; with ``durable`` it is on the medium too."""

    def cut(self) -> None:
        """A directory keeps what the operating system was given."""

    def free_bytes(self) -> int:
        """How much still fits."""
        if self._used is None:
            self._used = sum(path.stat().st_size for path in self._directory.rglob("*") if path.is_file())
        return self._capacity - self._used

    def _path(self, table: str, key: str) -> Path:
        return self._directory / table / quote(key, safe="")


def alter(flash: Flash, sha: str) -> bool:
    """Bit rot: flips one bit in the middle of a stored clip; False where it is not stored."""
    data = flash.read(CLIPS, sha)
    if not data:
        return False
    middle = len(data) // 2
    flash.write(CLIPS, sha, data[:middle] + bytes([data[middle] ^ 0x10]) + data[middle + 1 :])
    flash.sync()
    return True


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
