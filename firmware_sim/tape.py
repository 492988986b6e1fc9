"""What one loudspeaker let out, kept as references while it runs and written as one WAV afterwards."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware_sim.sound import RATE, decode, tone_pcm


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From ``at_mono``, ``from_ms`` to ``to_ms`` of a clip's bytes or of a resident tone, at a volume."""

    at_mono: float
    from_ms: int
    to_ms: int
    volume: int
    clip: bytes | None = None
    tone: str | None = None


class Tape:
    """Collects stretches; nothing is decoded before ``write``, so listening costs the node nothing."""

    def __init__(self) -> None:
        self._stretches: list[Stretch] = []

    def add(self, stretch: Stretch) -> None:
        """One more thing was heard."""
        self._stretches.append(stretch)

    def write(self, path: Path) -> bool:
        """From the first sound on, with the silences between, 24 kHz mono 16 bit; False if there was none."""
        heard = sorted((s for s in self._stretches if s.to_ms > s.from_ms), key=lambda s: s.at_mono)
        if not heard:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            for stretch in heard:
                start = round((stretch.at_mono - heard[0].at_mono) * RATE)
                silence = max(0, start - written)
                for begin in range(0, silence, RATE):
                    file.writeframesraw(bytes(2 * min(RATE, silence - begin)))
                samples = _samples(stretch)
                file.writeframesraw((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
                written += silence + len(samples)
        return True


def _samples(stretch: Stretch) -> NDArray[np.float32]:
    if stretch.clip is not None:
        pcm = decode(stretch.clip)
    elif stretch.tone is not None:
        pcm = tone_pcm(stretch.tone)
    else:
        pcm = np.zeros(0, dtype=np.float32)
    cut = pcm[round(stretch.from_ms * RATE / 1000) : round(stretch.to_ms * RATE / 1000)]
    return (cut * np.float32(stretch.volume / 100)).astype(np.float32)
