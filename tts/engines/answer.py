"""What comes back from somebody else's server must be before it is taken for a spoken sentence."""

import io

import numpy as np
import soundfile

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm
from tts.errors import EngineError
from tts.resample import resample

# A spoken Vietnamese syllable takes 0.15 to 0.4 s; what lies far outside was cut short or is no speech.
SHORTEST_SYLLABLE_S, LONGEST_SYLLABLE_S = 0.07, 1.5
LONGEST_S = 90.0  # of one sentence; a small file can hold hours of silence
_MOST_CHANNELS = 2
_RATES = (8_000, 96_000)


def sound_of(data: bytes, engine: str) -> Pcm:
    """The sound in an answer as 24 kHz mono; raises EngineError where there is none, or too much."""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as source:
            if source.channels > _MOST_CHANNELS or not _RATES[0] <= source.samplerate <= _RATES[1]:
                raise engine_failure(
                    engine, "E_ENGINE_ANSWER", "trả về âm thanh lạ", "its sound is of an odd kind"
                )
            samples = source.read(int(LONGEST_S * source.samplerate) + 1, dtype="float32", always_2d=True)
            rate = int(source.samplerate)
    except (soundfile.LibsndfileError, ValueError, RuntimeError) as refusal:
        raise engine_failure(
            engine, "E_ENGINE_ANSWER", "trả về âm thanh hỏng", "its sound cannot be decoded"
        ) from refusal
    if len(samples) > LONGEST_S * rate:
        raise engine_failure(
            engine, "E_ENGINE_LENGTH", "trả về âm thanh quá dài", f"its sound is longer than {LONGEST_S:g} s"
        )
    return resample(np.asarray(samples.mean(axis=1), dtype=np.float32), rate, SAMPLE_RATE)


def check_length(pcm: Pcm, sentence: str, engine: str) -> None:
    """Raises EngineError where so many syllables can't be said in this time."""
    each_s = len(pcm) / SAMPLE_RATE / max(1, len(sentence.split()))
    if not SHORTEST_SYLLABLE_S <= each_s <= LONGEST_SYLLABLE_S:
        raise engine_failure(
            engine,
            "E_ENGINE_LENGTH",
            "trả về âm thanh dài ngắn bất thường",
            f"{each_s:.2f} s a syllable is no speech",
        )


def engine_failure(engine: str, code: str, vi: str, en: str, *, permanent: bool = False) -> EngineError:
    """What this engine's failure is called."""
    return EngineError(code=code, vi=f"Bộ đọc {engine} {vi}.", en=f"{engine}: {en}", permanent=permanent)


def distrusted(engine: str, failure: Exception) -> EngineError:
    """The server could not prove who it is."""
    return EngineError(
        code="E_ENGINE_DISTRUSTED",
        vi="Máy chủ đọc không chứng minh được danh tính nên không được tin dùng.",
        en=f"the server in the place of {engine} cannot prove who it is ({failure})",
    )
