"""A clip: encoded sound that is named by the SHA-256 of its bytes."""

import hashlib
import io
from dataclasses import dataclass, field

import numpy as np
import soundfile

from tts.engines.engine import Pcm
from tts.errors import ClipUnreadable
from tts.loudness import lufs, peak_dbfs

SAMPLE_RATE = 24_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Loudness and peak are those of the sound before it was encoded; `engine` names who spoke."""

    sha256: str
    data: bytes = field(repr=False)
    media_type: str
    duration_ms: int
    samples: int
    sample_rate: int
    lufs: float
    peak_dbfs: float
    engine: str


def clip_of(data: bytes, pcm: Pcm, *, media_type: str, engine: str, loudness: float | None = None) -> Clip:
    """The clip that `data` is, encoded from `pcm` (24 kHz); `loudness`: LUFS if already measured."""
    return Clip(
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        media_type=media_type,
        duration_ms=round(len(pcm) * 1000 / SAMPLE_RATE),
        samples=len(pcm),
        sample_rate=SAMPLE_RATE,
        lufs=round(lufs(pcm, SAMPLE_RATE) if loudness is None else loudness, 2),
        peak_dbfs=round(peak_dbfs(pcm), 2),
        engine=engine,
    )


def decode(data: bytes) -> tuple[Pcm, int]:
    """Samples (mono float32) and sample rate of any clip of ours; raises ClipUnreadable."""
    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as refusal:
        raise ClipUnreadable(str(refusal)) from refusal
    return np.ascontiguousarray(samples.mean(axis=1), dtype=np.float32), int(rate)
