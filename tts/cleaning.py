"""A recording made fit for a horn: silence at its ends cut, steady noise lowered. Pure arrays."""

import numpy as np
from numpy.typing import NDArray

from tts.engines.engine import Pcm

KEPT_S = 0.2  # before the first word and after the last
LEAST_DB = -12.0  # what noise is lowered by at most: more makes a voice sound under water
_FRAME_S = 0.02
_UNDER_SPEECH_DB = 30.0
_FLOOR_DB = -55.0
_WIDTH, _HOP = 1024, 256
_QUIET_SHARE = 0.1  # the quietest tenth of the frames is taken for the noise
_OVER = 2.0
_CHUNK_FRAMES = 2048


def trimmed(pcm: Pcm, rate: int) -> Pcm:
    """Without the silence before the first word and after the last, but KEPT_S of it; silence stays."""
    frame = round(_FRAME_S * rate)
    padded = np.pad(pcm, (0, -len(pcm) % frame)).reshape(-1, frame)
    level = 10 * np.log10(np.maximum(np.einsum("ij,ij->i", padded, padded) / frame, 1e-12))
    if not len(level) or level.max() <= _FLOOR_DB:
        return pcm
    speech = np.flatnonzero(level > max(_FLOOR_DB, float(np.percentile(level, 95)) - _UNDER_SPEECH_DB))
    kept = round(KEPT_S * rate)
    start = max(0, int(speech[0]) * frame - kept)
    return pcm[start : min(len(pcm), (int(speech[-1]) + 1) * frame + kept)]


def denoised(pcm: Pcm) -> Pcm:
    """Steady noise (a fan, hiss, mains hum) lowered by up to LEAST_DB; a voice above it stays as it is.

    The same length. What lies near the level of the quietest frames, frequency by frequency, is lowered.
    """
    if len(pcm) < 2 * _WIDTH:
        return pcm
    window = np.sqrt(np.hanning(_WIDTH + 1)[:-1])
    padded = np.pad(pcm, (_WIDTH, _WIDTH + -len(pcm) % _HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WIDTH)[::_HOP]
    noise = _noise_of(frames, window)
    out = np.zeros(len(padded), dtype=np.float32)
    for start in range(0, len(frames), _CHUNK_FRAMES):
        # Two frames on either side, since the gain is smoothed over time.
        first = max(0, start - 2)
        spectrum = np.fft.rfft(frames[first : start + _CHUNK_FRAMES + 2] * window, axis=1)
        shaped = spectrum * _gain(np.abs(spectrum), noise)
        own = shaped[start - first : start - first + _CHUNK_FRAMES]
        for number, piece in enumerate(np.fft.irfft(own, _WIDTH, axis=1) * window):
            at = (start + number) * _HOP
            # With this window and hop each sample is counted twice.
            out[at : at + _WIDTH] += piece / 2
    return out[_WIDTH : _WIDTH + len(pcm)]


def _noise_of(frames: NDArray[np.float32], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean magnitude of the quietest frames; some thousand are looked at, spread over the whole."""
    some = frames[:: max(1, len(frames) // 4096)]
    power = np.einsum("ij,ij->i", some, some)
    sounding = some[power > 1e-9]
    if not len(sounding):
        return np.zeros(_WIDTH // 2 + 1)
    power = np.einsum("ij,ij->i", sounding, sounding)
    quiet = sounding[power <= np.quantile(power, _QUIET_SHARE)]
    return np.asarray(np.abs(np.fft.rfft(quiet * window, axis=1)).mean(axis=0))


def _gain(magnitude: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Near 1 where the sound stands above the noise, LEAST_DB where it does not; smoothed over 5 frames."""
    above = np.maximum(magnitude, 1e-12)
    gain = np.clip(1 - (_OVER * noise / above) ** 2, 10 ** (LEAST_DB / 20), 1)
    padded = np.pad(gain, ((2, 2), (0, 0)), mode="edge")
    return np.asarray(sum(padded[step : step + len(gain)] for step in range(5)) / 5)
