"""espeak-ng, one process a sentence (four of its threads in one process abort it): voice and phonemes."""

import io
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm, Style
from tts.errors import EngineAbsent, EngineError, EngineSlow, SentenceUnfit
from tts.resample import resample

NAME = "espeak"
PROGRAM = "espeak-ng"
DEADLINE_S = 10.0
_WORDS_A_MINUTE = {Style.BULLETIN: 140, Style.EMERGENCY: 120}
_OTHER_LANGUAGE = re.compile(r"\([a-z-]+\)")


def open_engine(*, threads: int = 1) -> "EspeakVoice":
    """Raises EngineAbsent where the program is not installed."""
    return EspeakVoice(program=_program())


def open_phonemes(voice: str) -> "Phonemes":
    """Raises EngineAbsent where the program is not installed."""
    return Phonemes(program=_program(), voice=voice)


class EspeakVoice:
    """The last resort; keeps the Engine interface. `program` is run with the sentence on its stdin."""

    name = NAME
    licence = "GPL-3.0-or-later (a program of its own, not linked)"
    online = False

    def __init__(self, *, program: str, deadline_s: float = DEADLINE_S) -> None:
        self._program = program
        self._deadline_s = deadline_s
        self.identity = f"{NAME}/1/vi"

    def speak(self, sentence: str, style: Style) -> Pcm:
        """Raises EngineError, also where the program crashes or gives no sound."""
        pace = str(_WORDS_A_MINUTE[style])
        command = (self._program, "-v", "vi", "-s", pace, "-b", "1", "--stdin", "--stdout")
        wave = _run(command, sentence, self._deadline_s)
        try:
            samples, rate = soundfile.read(io.BytesIO(wave), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as refusal:
            raise SentenceUnfit(NAME, f"no WAV came ({refusal})") from refusal
        if not len(samples):
            raise SentenceUnfit(NAME, "no sound came")
        return resample(np.asarray(samples.mean(axis=1), dtype=np.float32), int(rate), SAMPLE_RATE)

    def close(self) -> None:
        """Holds nothing between sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phonemes:
    """Writes words in the International Phonetic Alphabet as this voice of espeak-ng says them."""

    program: str
    voice: str
    deadline_s: float = DEADLINE_S

    def of(self, words: str) -> str:
        """One line, without the marks of another language; raises EngineError."""
        command = (self.program, "-v", self.voice, "-q", "--ipa", "-b", "1", "--stdin")
        written = _run(command, words, self.deadline_s).decode("utf-8", errors="replace")
        return " ".join(_OTHER_LANGUAGE.sub("", written).split())


def _program() -> str:
    program = shutil.which(PROGRAM)
    if program is None:
        raise EngineAbsent(NAME, PROGRAM)
    return program


def _run(command: Sequence[str], words: str, deadline_s: float) -> bytes:
    try:
        done = subprocess.run(
            command, input=words.encode(), capture_output=True, timeout=deadline_s, check=False
        )
    except subprocess.TimeoutExpired as expiry:
        raise EngineSlow(NAME, deadline_s) from expiry
    except OSError as failure:
        raise EngineAbsent(NAME, str(failure)) from failure
    if done.returncode != 0:
        raise EngineError(
            code="E_ENGINE_FAILED",
            vi="Bộ đọc espeak bị dừng đột ngột.",
            en=f"espeak-ng ended with {done.returncode}: {done.stderr[-200:].decode(errors='replace')}",
        )
    return done.stdout
