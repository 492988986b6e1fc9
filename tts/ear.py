"""A recogniser that listens back, in a process of its own: started when needed, watched, let go when idle."""

import contextlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from threading import Timer

import numpy as np

from tts import recogniser
from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm
from tts.errors import HearingAbsent, HearingFailed
from tts.resample import resample

AUTO, OFF = "auto", "off"
MODULE = "vietasr"
HEARD_RATE = 16_000
START_S = 60.0
# A sound is heard some ten times faster than it lasts; a busy machine may take its time.
LEAST_S, SHARE = 20.0, 2.0
_LEVEL = 0.7
_SILENCE_S = 0.3


def find_python(listener: str) -> str | None:
    """The Python that has the recogniser, by the setting (auto, off, its path); None where there is none."""
    if listener == OFF:
        return None
    if listener == AUTO:
        return sys.executable if importlib.util.find_spec(MODULE) else None
    return listener if Path(listener).is_file() else None


class Ear:
    """Used by one thread; `close` may come from another. What befalls the recogniser is a HearingFailed."""

    def __init__(self, python: str | None, *, least_s: float = LEAST_S, start_s: float = START_S) -> None:
        self._python = python
        self._least_s = least_s
        self._start_s = start_s
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    @property
    def awake(self) -> bool:
        """Whether the recogniser is in memory now."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The recogniser's process id while it lives."""
        return self._process.pid if self._process is not None and self.awake else None

    def hear(self, pcm: Pcm) -> str:
        """What is heard in mono float32 at 24 kHz, in small letters; raises HearingAbsent, HearingFailed."""
        if self._python is None:
            raise HearingAbsent
        samples = _levelled(pcm)
        process = self._process if self.awake and self._process is not None else self._start(self._python)
        patience_s = self._least_s + SHARE * len(pcm) / SAMPLE_RATE
        return self._ask(process, len(samples).to_bytes(recogniser.HEAD, "little") + samples, patience_s)

    def rest(self) -> None:
        """Give the recogniser's memory back; the next sound starts it anew."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        with contextlib.suppress(OSError):
            process.communicate()

    def close(self) -> None:
        """For good: a sound that is being heard fails at once."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()

    def _start(self, python: str) -> "subprocess.Popen[bytes]":
        self.rest()
        if self._closed:
            raise HearingFailed("it has been closed")
        try:
            process = subprocess.Popen(
                [python, "-I", recogniser.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as failure:
            raise HearingFailed(f"it cannot be started ({failure.strerror})") from failure
        self._process = process
        if self._ask(process, b"", self._start_s) != "ready":
            self.rest()
            raise HearingFailed("it did not become ready")
        return process

    def _ask(self, process: "subprocess.Popen[bytes]", words: bytes, patience_s: float) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        # Killing it ends the write and the read alike, whichever of them it hangs in.
        watch = Timer(patience_s, process.kill)
        watch.start()
        try:
            process.stdin.write(words)
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError as failure:
            self.rest()
            raise HearingFailed(f"it went away ({failure.strerror})") from failure
        finally:
            watch.cancel()
            watch.join()
        try:
            return str(json.loads(line))
        except ValueError as failure:
            self.rest()
            raise HearingFailed("it ended or took too long") from failure


def _levelled(pcm: Pcm) -> bytes:
    loudest = float(np.abs(pcm).max(initial=0.0)) or 1.0
    level = resample(pcm / np.float32(loudest) * np.float32(_LEVEL), SAMPLE_RATE, HEARD_RATE)
    sound = np.pad(level, int(_SILENCE_S * HEARD_RATE))
    return (sound * 32767).astype("<i2").tobytes()
