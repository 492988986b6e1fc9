"""How loud a sound is (ITU-R BS.1770-4), and making it as loud as it should be."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts.engines.engine import Pcm

TARGET_LUFS = -16.0
CEILING_DBFS = -1.5
SILENCE = float("-inf")

_BLOCK_S = 0.4
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_LIMITER_BLOCK_S = 0.001
_LIMITER_REACH = 5  # blocks on either side
_ROUNDS = 8
_CLOSE_ENOUGH_LU = 0.05
_MOST_GAIN_DB = 40.0
_CHUNK_S = 19.8  # with its run-in just under a power of two at 24 kHz

Doubles = NDArray[np.float64]


def lufs(pcm: Pcm, rate: int) -> float:
    """Integrated loudness of a mono sound; -inf where nothing passes the gate."""
    block = int(_BLOCK_S * rate)
    samples = np.pad(pcm, (0, max(0, block - len(pcm))))
    hop = block // 4
    starts = np.arange((len(samples) - block) // hop + 1) * hop
    energy = np.concatenate(([0.0], np.cumsum(np.square(_k_weighted(samples, rate)))))
    power = (energy[starts + block] - energy[starts]) / block
    loudness = _decibels(power)
    loud = power[loudness > _ABSOLUTE_GATE]
    if not len(loud):
        return SILENCE
    threshold = float(_decibels(loud.mean())) + _RELATIVE_GATE
    gated = power[(loudness > _ABSOLUTE_GATE) & (loudness > threshold)]
    return float(_decibels(gated.mean()))


def peak_dbfs(pcm: Pcm) -> float:
    """The highest sample, in decibels of full scale."""
    highest = float(np.max(np.abs(pcm), initial=0.0))
    return 20 * float(np.log10(highest)) if highest > 0 else SILENCE


def normalise(pcm: Pcm, rate: int, target: float = TARGET_LUFS, peak: float = CEILING_DBFS) -> Pcm:
    """Bring a sound to `target` LUFS with no sample above `peak` dBFS; silence stays silence.

    Where the target needs more than the ceiling allows, peaks are held back by a look-ahead limiter.
    """
    measured = lufs(pcm, rate)
    if measured == SILENCE:
        return pcm
    gain_db = min(target - measured, _MOST_GAIN_DB)
    result = pcm
    for _ in range(_ROUNDS):
        result = _limited(pcm * np.float32(10 ** (gain_db / 20)), rate, peak)
        short = target - lufs(result, rate)
        if abs(short) < _CLOSE_ENOUGH_LU:
            break
        gain_db = min(gain_db + short, _MOST_GAIN_DB)
    return result


def _limited(pcm: Pcm, rate: int, peak: float) -> Pcm:
    """Gain falls before each peak and rises after it, within 10 ms, so that no edge is heard."""
    ceiling = 10 ** (peak / 20)
    block = max(1, int(_LIMITER_BLOCK_S * rate))
    padded = np.pad(np.abs(pcm), (0, -len(pcm) % block))
    peaks = padded.reshape(-1, block).max(axis=1)
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    if needed.min() >= 1.0:
        return pcm
    # The gain at a block is a mean over its neighbours' lowest gains: the reach of "lowest" is wider
    # by one than that of the mean, so that also between two block centres no peak passes.
    lowest = _lowest_near(needed, _LIMITER_REACH + 1)
    window = np.hanning(2 * _LIMITER_REACH + 3)[1:-1]
    smooth = np.convolve(np.pad(lowest, _LIMITER_REACH, mode="edge"), window / window.sum(), "valid")
    centres = (np.arange(len(smooth)) + 0.5) * block
    gain = np.interp(np.arange(len(pcm)), centres, smooth)
    return np.clip(pcm * gain, -ceiling, ceiling).astype(np.float32)


def _lowest_near(values: Doubles, reach: int) -> Doubles:
    padded = np.pad(values, reach, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1))


def _decibels(power: Any) -> Any:
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-12))


def _k_weighted(pcm: Pcm, rate: int) -> Doubles:
    """The K filter applied in the frequency domain, some 20 s at a time with one second of run-in."""
    lead, chunk = rate, int(_CHUNK_S * rate)
    length = 1 << (chunk + 2 * lead - 1).bit_length()
    if len(pcm) < chunk:
        length = 1 << (len(pcm) + 2 * lead - 1).bit_length()
    response = _k_response(length, rate)
    out = np.empty(len(pcm))
    for start in range(0, len(pcm), chunk):
        before = min(start, lead)
        piece = pcm[start - before : start + chunk]
        filtered = np.fft.irfft(np.fft.rfft(piece, length) * response, length)
        out[start : start + chunk] = filtered[before : len(piece)]
    return out


@lru_cache(maxsize=4)  # it costs as much as the filtering itself, and lengths recur
def _k_response(length: int, rate: int) -> NDArray[np.complex128]:
    """BS.1770's two biquads (high shelf, high pass) at any rate, in their analogue form by De Man."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(length, 1 / rate) / rate)
    k, q = np.tan(np.pi * 1681.974450955533 / rate), 0.7071752369554196
    vh = 10 ** (3.999843853973347 / 20)
    vb = vh**0.4996667741545416
    norm = 1 + k / q + k * k
    shelf = ((vh + vb * k / q + k * k) + 2 * (k * k - vh) * z + (vh - vb * k / q + k * k) * z * z) / (
        norm + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z * z
    )
    k, q = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    norm = 1 + k / q + k * k
    high_pass = norm * (1 - 2 * z + z * z) / (norm + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z * z)
    return np.asarray(shelf * high_pass)
