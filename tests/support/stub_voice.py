"""An instantaneous voice for tests: one steady tone a sentence, 60 ms a syllable, no model."""

import hashlib
from dataclasses import dataclass

import numpy as np

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm, Style

SYLLABLE_S = 0.060


def open_engine(*, threads: int = 1) -> "StubVoice":
    """The factory; reachable as `tests.support.stub_voice:open_engine`."""
    return StubVoice()


def pitch_of(sentence: str) -> float:
    """The tone of this sentence, 200 to 1,200 Hz: a test can tell sentences apart by ear or by FFT."""
    digest = hashlib.sha256(sentence.encode()).digest()
    return 200.0 + int.from_bytes(digest[:2], "big") % 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class StubVoice:
    """Keeps the Engine interface."""

    name: str = "stub"
    identity: str = "stub/1"
    licence: str = "Apache-2.0"
    online: bool = False

    def speak(self, sentence: str, style: Style) -> Pcm:
        """A tone whose pitch comes from the sentence's hash."""
        syllables = max(1, len(sentence.split()))
        time_s = np.arange(round(syllables * SYLLABLE_S * SAMPLE_RATE)) / SAMPLE_RATE
        return (0.3 * np.sin(2 * np.pi * pitch_of(sentence) * time_s)).astype(np.float32)

    def close(self) -> None:
        """Holds nothing."""
