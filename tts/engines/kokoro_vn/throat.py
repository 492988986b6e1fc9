"""What a Vietnamese throat does and the voice does not: two tones creak, *đ* hums, a catch ends in silence.

Arrays in, arrays out; all take the sound with its lead-in: `pcm` is float32 of shape (samples,), with
FRAME_SAMPLES a duration frame; `durations` is float32 of shape (tokens + 2,), in those frames. They give
back as many samples.
"""

from collections.abc import Sequence

import numpy as np

from tts.engines.kokoro_vn.g2p import Syllable, Tone, Unit
from tts.engines.kokoro_vn.prosody import (
    FRAME_SAMPLES,
    FRAMES_A_SECOND,
    PITCH_FRAMES,
    Floats,
    Role,
    Sound,
    pitched,
)

_RATE = FRAME_SAMPLES * FRAMES_A_SECOND
_PITCH_SAMPLES = FRAME_SAMPLES // PITCH_FRAMES

# Pitch alone does not part nặng from huyền for northern ears: nặng breaks into slow pulses and is shut, ngã
# breaks in its middle. Here: the part of the rhyme that creaks, the pulses a second, how much is taken away
# between them. Found on the tuning set (decision 0176).
CREAKING = {Tone.HEAVY: (0.3, 1.0), Tone.BROKEN: (0.25, 0.6)}
PULSES_HERTZ = 32.0
CREAK_DEPTH = 0.95
HEAVY_CLOSING_DB = -6.0
# In over 20 ms, out over 10 ms: nothing clicks.
_CREAK_IN, _CREAK_OUT = _RATE // 50, _RATE // 100
_LEAST_CREAK = _RATE // 40

# The voice holds đ in silence, as English does its d, and so it is heard as t. A Vietnamese đ hums through
# its closure, louder towards its end.
HUMMING = frozenset("ɖ")
HUM_S = 0.08
HUM_DB = -8.0  # under the rhyme of its syllable
_HUM_HERTZ = 150.0  # a little under the voice's mean: the larynx sinks
_HUM_PARTIALS = (1.0, 0.5, 0.2)
# What is heard of a catch: all of it would sound like one syllable more.
_SHUT_IN = _RATE * 3 // 100
_HOP = _RATE // 200
_SILENT = 1e-8


def creaking(pcm: Floats, durations: Floats, laid: Sequence[Sound], sentence: Sequence[Unit]) -> Floats:
    """*Nặng* without a final stop, and *ngã*, with their creak."""
    out = pcm.copy()
    for number, (start, end) in pitched(durations, laid).items():
        unit = sentence[number]
        if not isinstance(unit, Syllable) or unit.stopped or unit.tone not in CREAKING:
            continue
        first, last = (int((start + (end - start) * part) * _PITCH_SAMPLES) for part in CREAKING[unit.tone])
        piece = out[first:last]
        if len(piece) >= _LEAST_CREAK:
            piece *= _pulses(len(piece))
            if unit.tone is Tone.HEAVY:
                piece *= 10 ** (np.linspace(0, HEAVY_CLOSING_DB, len(piece), dtype=np.float32) / 20)
    return out


def humming(pcm: Floats, durations: Floats, laid: Sequence[Sound], sentence: Sequence[Unit]) -> Floats:
    """Each *đ* voiced through its closure."""
    out = pcm.copy()
    borders = np.concatenate(([0], np.cumsum(durations.astype(int)))) * FRAME_SAMPLES
    for number, (start, end) in pitched(durations, laid).items():
        unit = sentence[number]
        if not isinstance(unit, Syllable) or unit.onset[:1] not in HUMMING:
            continue
        onset = next(
            place for place, sound in enumerate(laid) if sound.unit == number and sound.role is Role.ONSET
        )
        rhyme = pcm[start * _PITCH_SAMPLES : end * _PITCH_SAMPLES]
        opening = _opening(pcm, int(borders[onset + 1]), start * _PITCH_SAMPLES)
        closed = out[max(0, opening - int(HUM_S * _RATE)) : opening]
        if len(rhyme):
            level = float(np.sqrt(np.mean(np.square(rhyme)))) * 10 ** (HUM_DB / 20)
            closed += level * _hum(len(closed))
    return out


def shut(pcm: Floats, durations: Floats, laid: Sequence[Sound]) -> Floats:
    """Silence from each catch to the middle of the mark behind it, or to the end where none stands there."""
    out = pcm.copy()
    borders = (np.concatenate(([0], np.cumsum(durations.astype(int)))) * FRAME_SAMPLES).tolist()
    for place, sound in enumerate(laid, start=1):
        if sound.role is not Role.CATCH:
            continue
        marked = place < len(laid) and laid[place].role is Role.MARK
        last = (borders[place + 1] + borders[place + 2]) // 2 if marked else len(out)
        piece = out[borders[place] : last]
        fade = np.linspace(1, 0, _SHUT_IN, dtype=np.float32)[: len(piece)]
        piece[: len(fade)] *= fade
        piece[len(fade) :] = 0
    return out


def _pulses(length: int) -> Floats:
    """Gains between 1 - CREAK_DEPTH and 1."""
    at = np.arange(length)
    edges = np.minimum(1, at / _CREAK_IN) * np.minimum(1, (length - at) / _CREAK_OUT)
    between = 0.5 - 0.5 * np.cos(2 * np.pi * PULSES_HERTZ * at / _RATE)
    return (1 - CREAK_DEPTH * edges * between).astype(np.float32)


def _hum(length: int) -> Floats:
    """A low sound of level 1 (root mean square before its swell), silent at both ends."""
    at = np.arange(length) / _RATE
    wave = sum(
        share * np.sin(2 * np.pi * _HUM_HERTZ * number * at)
        for number, share in enumerate(_HUM_PARTIALS, start=1)
    )
    level = np.sqrt(sum(share**2 for share in _HUM_PARTIALS) / 2)
    swell = np.interp(np.linspace(0, 1, length), (0, 0.2, 0.9, 1), (0, 0.6, 1, 0))
    return np.asarray(wave / level * swell, dtype=np.float32)


def _opening(pcm: Floats, onset: int, rhyme: int) -> int:
    """The sample at which the closure opens: the steepest rise in level near the onset."""
    first = max(0, onset - _RATE // 20)
    piece = pcm[first : rhyme + _RATE // 40]
    hops = len(piece) // _HOP
    if hops < 6:
        return rhyme
    power = np.square(piece[: hops * _HOP].reshape(hops, _HOP)).mean(axis=1)
    level = 10 * np.log10(power + _SILENT)
    return first + (int(np.argmax(level[3:] - level[:-3])) + 2) * _HOP
