"""One stretch of sound before it is played: a stored clip or a resident tone, and how long it lasts."""

import io
import struct

import numpy as np
import soundfile
from numpy.typing import NDArray

from devices import tones

RATE = 24_000
OPUS_RATE = 48_000

Pcm = NDArray[np.float32]


def measure(data: bytes) -> int | None:
    """How many milliseconds these bytes decode to, without decoding; None where they are no sound.

    Ogg Opus by its last page (RFC 7845 section 4: granule position at 48 kHz, less the pre-skip); anything
    else by soundfile.
    """
    if data.startswith(b"OggS"):
        return _measure_opus(data)
    try:
        facts = soundfile.info(io.BytesIO(data))
    except (soundfile.LibsndfileError, ValueError):
        return None
    return round(facts.frames * 1000 / facts.samplerate) if facts.samplerate else None


def decode(data: bytes) -> Pcm:
    """The samples, mono at 24 kHz; empty where the bytes are no sound."""
    try:
        pcm, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, ValueError):
        return np.zeros(0, dtype=np.float32)
    mono: Pcm = pcm.mean(axis=1, dtype=np.float32)
    if rate == RATE:
        return mono
    positions = np.arange(0, len(mono), rate / RATE)
    resampled: Pcm = np.interp(positions, np.arange(len(mono)), mono).astype(np.float32)
    return resampled


def tone_pcm(pattern: str) -> Pcm:
    """The samples of a resident tone, mono at 24 kHz."""
    return tones.render(tones.PATTERNS[pattern], rate=RATE)


def _measure_opus(data: bytes) -> int | None:
    head = data.find(b"OpusHead", 0, 512)
    last = data.rfind(b"OggS")
    if head < 0 or last < 0 or len(data) < last + 14 or len(data) < head + 12:
        return None
    (skip,) = struct.unpack_from("<H", data, head + 10)
    (granule,) = struct.unpack_from("<q", data, last + 6)
    samples = int(granule) - int(skip)
    return max(0, round(samples * 1000 / OPUS_RATE))
