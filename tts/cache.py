"""Sentences already spoken, kept on disk, shared by any number of processes."""

import contextlib
import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm, Style
from tts.files import sweep, write_whole

_DIGEST = 32
_SUFFIX = ".sentence"
_TRIM_TO = 0.9
_FULL_SCALE = 32767


def sentence_key(identity: str, style: Style, sentence: str) -> str:
    """The name under which this engine's reading of this sentence is kept."""
    return hashlib.sha256("\x1f".join((identity, style.value, sentence)).encode()).hexdigest()


def quantised(pcm: Pcm) -> Pcm:
    """The samples as the cache gives them back (16 bit): a first rendering uses them too, so that it
    has the same bytes as every later one."""
    whole = np.clip(np.round(pcm.astype(np.float64) * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE)
    return (whole / _FULL_SCALE).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceCache:
    """16-bit FLAC behind its own digest: a file that has rotted or was cut short counts as absent."""

    directory: Path
    limit_bytes: int = 512 * 1024 * 1024

    def find(self, key: str) -> Pcm | None:
        """The samples kept under `key`, or None; finding them makes them the youngest."""
        path = self._path(key)
        try:
            stored = path.read_bytes()
        except OSError:  # not there, or not readable: then it is spoken anew
            return None
        digest, flac = stored[:_DIGEST], stored[_DIGEST:]
        if hashlib.sha256(flac).digest() != digest:
            path.unlink(missing_ok=True)
            return None
        with contextlib.suppress(FileNotFoundError):  # another process may just have trimmed it
            os.utime(path)
        whole, _ = soundfile.read(io.BytesIO(flac), dtype="int16")
        return np.asarray(whole.astype(np.float64) / _FULL_SCALE, dtype=np.float32)

    def keep(self, key: str, pcm: Pcm) -> None:
        """Store the samples; the oldest sentences make room where the limit is passed."""
        target = io.BytesIO()
        whole = np.round(quantised(pcm).astype(np.float64) * _FULL_SCALE).astype(np.int16)
        soundfile.write(target, whole, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
        flac = target.getvalue()
        write_whole(self._path(key), hashlib.sha256(flac).digest() + flac)
        self._trim()

    def size_bytes(self) -> int:
        """What the kept sentences take on disk."""
        return sum(size for _, size, _ in self._entries())

    def _path(self, key: str) -> Path:
        return self.directory / key[:2] / (key + _SUFFIX)

    def _trim(self) -> None:
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        if total <= self.limit_bytes:
            return
        for folder in {path.parent for _, _, path in entries}:
            sweep(folder)
        for _, size, path in entries:
            if total <= self.limit_bytes * _TRIM_TO:
                return
            path.unlink(missing_ok=True)
            total -= size

    def _entries(self) -> list[tuple[int, int, Path]]:
        entries = []
        for path in self.directory.glob(f"??/*{_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):  # trimmed by another process meanwhile
                state = path.stat()
                entries.append((state.st_mtime_ns, state.st_size, path))
        return entries
