"""Joining sounds: chime, sentences, pauses, repeats (the one place that knows pydub)."""

import warnings
from collections.abc import Sequence

import numpy as np

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm
from tts.loudness import normalise

with warnings.catch_warnings():
    # pydub warns at import of a missing ffmpeg, which joining PCM never asks for, and of `audioop`.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

CHIME_LUFS = -18.0
AFTER_CHIME_MS = 400
BETWEEN_ROUNDS_MS = 1200
_FULL_SCALE = 32767
_NOTES = (659.25, 523.25, 587.33, 392.0)
_NOTE_GAP_S = 0.42
_NOTE_S = 1.76
_DECAY_S = 1.1
# A bell's partials: ratio to the note, strength, how much faster it dies away.
_PARTIALS = ((1.0, 1.0, 2.6), (2.0, 0.45, 4.0), (2.76, 0.28, 5.5), (5.4, 0.08, 9.0))


def chime() -> Pcm:
    """Four bell notes before a bulletin, about 3 s at CHIME_LUFS."""
    sound = np.zeros(round((_NOTE_GAP_S * (len(_NOTES) - 1) + _NOTE_S) * SAMPLE_RATE))
    for number, hertz in enumerate(_NOTES):
        start = round(number * _NOTE_GAP_S * SAMPLE_RATE)
        note = _bell(hertz)
        room = min(len(note), len(sound) - start)
        sound[start : start + room] += note[:room]
    fade = round(0.15 * SAMPLE_RATE)
    sound[-fade:] *= np.linspace(1, 0, fade) ** 2
    return normalise((sound / np.abs(sound).max()).astype(np.float32), SAMPLE_RATE, CHIME_LUFS)


def silence(milliseconds: int) -> Pcm:
    """Nothing, for so long."""
    return _samples(AudioSegment.silent(duration=milliseconds, frame_rate=SAMPLE_RATE))


def join(pieces: Sequence[Pcm]) -> Pcm:
    """One sound after the other, without a gap; as 16 bit samples."""
    if not pieces:
        return np.zeros(0, dtype=np.float32)
    segments = [_segment(piece) for piece in pieces]
    # Neighbours in pairs: appending one by one copies everything each time.
    while len(segments) > 1:
        pairs = zip(segments[::2], segments[1::2], strict=False)
        joined = [left.append(right, crossfade=0) for left, right in pairs]
        segments = joined + segments[len(joined) * 2 :]
    return _samples(segments[0])


def _bell(hertz: float) -> Pcm:
    time_s = np.arange(round(_NOTE_S * SAMPLE_RATE)) / SAMPLE_RATE
    note = sum(
        strength * np.exp(-time_s * speed / _DECAY_S) * np.sin(2 * np.pi * hertz * ratio * time_s)
        for ratio, strength, speed in _PARTIALS
    )
    attack = round(0.004 * SAMPLE_RATE)
    shaped = np.asarray(note)
    shaped[:attack] *= np.linspace(0, 1, attack)
    return shaped.astype(np.float32)


def _segment(pcm: Pcm) -> AudioSegment:
    whole = np.round(np.clip(pcm.astype(np.float64), -1, 1) * _FULL_SCALE).astype("<i2")
    return AudioSegment(whole.tobytes(), frame_rate=SAMPLE_RATE, sample_width=2, channels=1)


def _samples(segment: AudioSegment) -> Pcm:
    whole = np.frombuffer(segment.raw_data, dtype="<i2")
    return (whole.astype(np.float64) / _FULL_SCALE).astype(np.float32)
