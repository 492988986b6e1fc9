"""Frames of 20 ms: how loud they are, how they begin and end without a click."""

import numpy as np
import numpy.typing as npt

RATE = 48_000
FRAME_MS = 20
FRAME_S = FRAME_MS / 1000
SAMPLES = RATE * FRAME_MS // 1000
OCTETS = 2 * SAMPLES
SILENCE = bytes(OCTETS)
FLOOR_DBFS = -96.0
FADE = 5
"""Frames over which one sound gives way to another."""

Frame = bytes
"""Mono, 16 bit, little endian, 48 kHz."""


def level_dbfs(frame: Frame) -> float:
    """The root mean square of a frame against full scale; FLOOR_DBFS for silence."""
    samples = _samples(frame)
    power = float(np.mean(np.square(samples))) if len(samples) else 0.0
    return max(FLOOR_DBFS, 10 * float(np.log10(power))) if power > 0 else FLOOR_DBFS


def ramped(frame: Frame, begin: float, end: float) -> Frame:
    """The frame, its loudness going from one gain to another."""
    if begin == end == 1.0:
        return frame
    samples = _samples(frame)
    return _frame(samples * np.linspace(begin, end, len(samples), endpoint=False, dtype=np.float32))


def mixed(one: Frame, other: Frame) -> Frame:
    """Both at once."""
    return _frame(_samples(one) + _samples(other))


def frames_of(pcm: npt.NDArray[np.float32]) -> tuple[Frame, ...]:
    """Mono float32 at 48 kHz as frames; the last one is filled with silence."""
    padded = np.pad(pcm, (0, -len(pcm) % SAMPLES))
    return tuple(_frame(padded[at : at + SAMPLES]) for at in range(0, len(padded), SAMPLES))


def _samples(frame: Frame) -> npt.NDArray[np.float32]:
    return np.frombuffer(frame, dtype="<i2").astype(np.float32) / np.float32(32768)


def _frame(samples: npt.NDArray[np.float32]) -> Frame:
    return np.round(np.clip(samples, -1, 32767 / 32768) * 32768).astype("<i2").tobytes()
