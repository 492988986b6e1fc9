"""Sentences already spoken, and takes already encoded, kept on disk."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm, Style
from tts.shelf import LIMIT_BYTES, Contents, Shelf

_SENTENCE = ".sentence"
_TAKE = ".take"
_HEARD = ".heard"
_FULL_SCALE = 32767


def sentence_key(identity: str, style: Style, sentence: str) -> str:
    """The name under which this engine's reading of this sentence is kept."""
    return hashlib.sha256("\x1f".join((identity, style.value, sentence)).encode()).hexdigest()


def take_key(encoder: str, pcm: Pcm) -> str:
    """The name under which these very samples are kept in the form that `encoder` gives them."""
    # Adding nought makes -0.0 the 0.0 that it sounds like.
    return hashlib.sha256(encoder.encode() + b"\x1f" + (pcm + np.float32(0)).tobytes()).hexdigest()


def quantised(pcm: Pcm) -> Pcm:
    """The samples as the cache gives them back (16 bit): a first rendering uses them too, so that it
    has the same bytes as every later one."""
    whole = np.clip(np.round(pcm.astype(np.float64) * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE)
    return (whole / _FULL_SCALE).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceCache:
    """Sentences as 16-bit FLAC, takes as they were encoded; the longest unused go first, the pinned stay."""

    directory: Path
    limit_bytes: int = LIMIT_BYTES

    def find(self, key: str) -> Pcm | None:
        """The samples kept under `key`, or None; finding them makes them the youngest."""
        flac = self._shelf.find(key + _SENTENCE)
        if flac is None:
            return None
        whole, _ = soundfile.read(io.BytesIO(flac), dtype="int16")
        return np.asarray(whole.astype(np.float64) / _FULL_SCALE, dtype=np.float32)

    def keep(self, key: str, pcm: Pcm) -> None:
        """Store the samples; raises OSError."""
        target = io.BytesIO()
        whole = np.round(quantised(pcm).astype(np.float64) * _FULL_SCALE).astype(np.int16)
        soundfile.write(target, whole, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
        self._shelf.keep(key + _SENTENCE, target.getvalue())

    def find_take(self, key: str) -> bytes | None:
        """The encoded take kept under `key`, or None."""
        return self._shelf.find(key + _TAKE)

    def keep_take(self, key: str, encoded: bytes) -> None:
        """Store an encoded take; raises OSError."""
        self._shelf.keep(key + _TAKE, encoded)

    def find_heard(self, key: str) -> str | None:
        """What a recogniser once heard in the sentence kept under `key`, or None."""
        kept = self._shelf.find(key + _HEARD)
        return None if kept is None else kept.decode()

    def keep_heard(self, key: str, heard: str) -> None:
        """Store it; raises OSError."""
        self._shelf.keep(key + _HEARD, heard.encode())

    def pin(self, key: str) -> None:
        """What lies under this key, now or later, is never trimmed; raises OSError."""
        self._shelf.pin(key)

    def unpin(self, key: str) -> None:
        """Trimmed by age again; raises OSError."""
        self._shelf.unpin(key)

    def trim(self) -> int:
        """Make room where the limit is passed; the number of bytes freed."""
        return self._shelf.trim()

    def contents(self) -> Contents:
        """What the cache takes on disk."""
        return self._shelf.contents()

    @property
    def _shelf(self) -> Shelf:
        return Shelf(directory=self.directory, limit_bytes=self.limit_bytes)
