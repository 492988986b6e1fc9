"""A clip: encoded sound that is named by the SHA-256 of its bytes."""

import hashlib
import io
from dataclasses import dataclass, field

import numpy as np
import soundfile

from tts.engines.engine import Pcm
from tts.errors import ClipUnreadable
from tts.loudness import lufs, peak_dbfs
from tts.ogg import with_fixed_serial

SAMPLE_RATE = 24_000
MEDIA_TYPE = "audio/ogg"
# libsndfile maps compression 0…1 to 256…6 kbit/s a channel: this is 24 kbit/s.
_COMPRESSION = 0.928
_BLOCK = SAMPLE_RATE


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


def clip_from_pcm(pcm: Pcm, engine: str) -> Clip:
    """Encode mono float32 at 24 kHz; equal samples give equal bytes and so the same name."""
    data = encode_opus(pcm)
    return Clip(
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        media_type=MEDIA_TYPE,
        duration_ms=round(len(pcm) * 1000 / SAMPLE_RATE),
        samples=len(pcm),
        sample_rate=SAMPLE_RATE,
        lufs=round(lufs(pcm, SAMPLE_RATE), 2),
        peak_dbfs=round(peak_dbfs(pcm), 2),
        engine=engine,
    )


def encode_opus(pcm: Pcm) -> bytes:
    """Ogg Opus, mono, 24 kHz, about 24 kbit/s, deterministic."""
    target = io.BytesIO()
    with soundfile.SoundFile(
        target, "w", SAMPLE_RATE, 1, format="OGG", subtype="OPUS", compression_level=_COMPRESSION
    ) as sink:
        for start in range(0, len(pcm), _BLOCK):
            sink.write(pcm[start : start + _BLOCK])
    return with_fixed_serial(target.getvalue())


def decode(data: bytes) -> tuple[Pcm, int]:
    """Samples (mono float32) and sample rate of any clip of ours; raises ClipUnreadable."""
    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as refusal:
        raise ClipUnreadable(str(refusal)) from refusal
    return np.ascontiguousarray(samples.mean(axis=1), dtype=np.float32), int(rate)
