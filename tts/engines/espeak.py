"""The last resort: espeak-ng, one process a sentence (four of its threads in one process abort it)."""

import io
import shutil
import subprocess

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


def open_engine(*, threads: int = 1) -> "EspeakVoice":
    """Raises EngineAbsent where the program is not installed."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise EngineAbsent(NAME, PROGRAM)
    return EspeakVoice(program=program)


class EspeakVoice:
    """Keeps the Engine interface. `program` is run with the sentence on its stdin."""

    name = NAME
    licence = "GPL-3.0-or-later (a program of its own, not linked)"
    online = False

    def __init__(self, *, program: str, deadline_s: float = DEADLINE_S) -> None:
        self._program = program
        self._deadline_s = deadline_s
        self.identity = f"{NAME}/1/vi"

    def speak(self, sentence: str, style: Style) -> Pcm:
        """Raises EngineError, also where the program crashes or gives no sound."""
        wave = self._run(sentence, style)
        try:
            samples, rate = soundfile.read(io.BytesIO(wave), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as refusal:
            raise SentenceUnfit(NAME, f"no WAV came ({refusal})") from refusal
        if not len(samples):
            raise SentenceUnfit(NAME, "no sound came")
        return resample(np.asarray(samples.mean(axis=1), dtype=np.float32), int(rate), SAMPLE_RATE)

    def close(self) -> None:
        """Holds nothing between sentences."""

    def _run(self, sentence: str, style: Style) -> bytes:
        command = [
            self._program,
            "-v",
            "vi",
            "-s",
            str(_WORDS_A_MINUTE[style]),
            "-b",
            "1",
            "--stdin",
            "--stdout",
        ]
        try:
            done = subprocess.run(
                command, input=sentence.encode(), capture_output=True, timeout=self._deadline_s, check=False
            )
        except subprocess.TimeoutExpired as expiry:
            raise EngineSlow(NAME, self._deadline_s) from expiry
        except OSError as failure:
            raise EngineAbsent(NAME, str(failure)) from failure
        if done.returncode != 0:
            raise EngineError(
                code="E_ENGINE_FAILED",
                vi="Bộ đọc espeak bị dừng đột ngột.",
                en=f"espeak-ng ended with {done.returncode}: {done.stderr[-200:].decode(errors='replace')}",
            )
        return done.stdout
