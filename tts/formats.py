"""The forms in which a clip may leave the house, as one table."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import soundfile

from tts.clip import SAMPLE_RATE, Clip, clip_of
from tts.engines.engine import Pcm
from tts.ogg import with_fixed_serial
from tts.resample import resample


class Format(StrEnum):
    """How a clip is encoded; the values are those of the wire and of the command line."""

    OPUS = "opus"
    OPUS_THIN = "opus_thin"
    WAV = "wav"
    MP3 = "mp3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """`sample_rate` in hertz; `bits_a_second` as aimed at; `compression` is libsndfile's scale of 0 to 1."""

    media_type: str
    suffix: str
    container: str
    subtype: str
    sample_rate: int
    bits_a_second: int
    compression: float | None
    meant_for: str


# libsndfile maps compression 0…1 to 256…6 kbit/s a channel of Opus, and to the steps of MP3's rates.
FORMATS: Mapping[Format, Encoding] = MappingProxyType(
    {
        Format.OPUS: Encoding(
            media_type="audio/ogg",
            suffix=".ogg",
            container="OGG",
            subtype="OPUS",
            sample_rate=24_000,
            bits_a_second=24_000,
            compression=0.928,
            meant_for="every node: the standard",
        ),
        Format.OPUS_THIN: Encoding(
            media_type="audio/ogg",
            suffix=".ogg",
            container="OGG",
            subtype="OPUS",
            sample_rate=24_000,
            bits_a_second=16_000,
            compression=0.96,
            meant_for="nodes behind a thin or metered link",
        ),
        Format.WAV: Encoding(
            media_type="audio/wav",
            suffix=".wav",
            container="WAV",
            subtype="PCM_16",
            sample_rate=16_000,
            bits_a_second=256_000,
            compression=None,
            meant_for="boxes that decode nothing",
        ),
        Format.MP3: Encoding(
            media_type="audio/mpeg",
            suffix=".mp3",
            container="MP3",
            subtype="MPEG_LAYER_III",
            sample_rate=24_000,
            bits_a_second=48_000,
            compression=0.75,
            meant_for="old boxes that know MP3 only",
        ),
    }
)


def clip_from_pcm(pcm: Pcm, engine: str, wanted: Format = Format.OPUS) -> Clip:
    """Encode mono float32 at 24 kHz; equal samples give equal bytes and so the same name."""
    return clip_of(encode(pcm, wanted), pcm, media_type=FORMATS[wanted].media_type, engine=engine)


def encode(pcm: Pcm, wanted: Format = Format.OPUS) -> bytes:
    """Mono float32 at 24 kHz in the form that is wanted; equal samples give equal bytes."""
    form = FORMATS[wanted]
    samples = resample(pcm, SAMPLE_RATE, form.sample_rate)
    target = io.BytesIO()
    with soundfile.SoundFile(
        target,
        "w",
        form.sample_rate,
        1,
        format=form.container,
        subtype=form.subtype,
        compression_level=form.compression,
        bitrate_mode="CONSTANT" if wanted is Format.MP3 else None,
    ) as sink:
        for start in range(0, len(samples), form.sample_rate):
            sink.write(samples[start : start + form.sample_rate])
    data = target.getvalue()
    return with_fixed_serial(data) if form.container == "OGG" else data
