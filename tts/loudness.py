"""How loud a sound is (ITU-R BS.1770-4), and making it as loud as it should be."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tts.engines.engine import Pcm

TARGET_LUFS = -16.0
CEILING_DBFS = -1.5
SILENCE = float("-inf")

_HOP_S = 0.1
_HOPS_A_BLOCK = 4
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_LIMITER_BLOCK_S = 0.001
_LIMITER_REACH = 5  # blocks on either side
_ROUNDS = 8
_CLOSE_ENOUGH_LU = 0.05
_MOST_GAIN_DB = 40.0
_CHUNK_HOPS = 198  # with its run-in just under a power of two at 24 kHz
_LIMITER_CHUNK = 10_000  # blocks: an hour's sound must not need hours of memory

Doubles = NDArray[np.float64]


def lufs(pcm: Pcm, rate: int) -> float:
    """Integrated loudness of a mono sound; -inf where nothing passes the gate."""
    hop = int(_HOP_S * rate)
    fewest = _HOPS_A_BLOCK * hop
    samples = pcm if len(pcm) >= fewest else np.pad(pcm, (0, fewest - len(pcm)))
    energy = np.concatenate(([0.0], np.cumsum(_hop_energies(samples, rate, hop))))
    power = (energy[_HOPS_A_BLOCK:] - energy[:-_HOPS_A_BLOCK]) / (_HOPS_A_BLOCK * hop)
    loudness = _decibels(power)
    loud = power[loudness > _ABSOLUTE_GATE]
    if not len(loud):
        return SILENCE
    threshold = float(_decibels(loud.mean())) + _RELATIVE_GATE
    gated = power[(loudness > _ABSOLUTE_GATE) & (loudness > threshold)]
    return float(_decibels(gated.mean()))


def peak_dbfs(pcm: Pcm) -> float:
    """The highest sample, in decibels of full scale."""
    highest = _highest(pcm)
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


def raised(pcm: Pcm, rate: int, gain_db: float, peak: float = CEILING_DBFS) -> Pcm:
    """Louder by `gain_db` (or softer), with no sample above `peak` dBFS."""
    return _limited(pcm * np.float32(10 ** (gain_db / 20)), rate, peak)


def _limited(pcm: Pcm, rate: int, peak: float) -> Pcm:
    """Gain falls before each peak and rises after it, within 10 ms, so that no edge is heard."""
    ceiling = 10 ** (peak / 20)
    block = max(1, int(_LIMITER_BLOCK_S * rate))
    if _highest(pcm) <= ceiling:
        return pcm
    chunk, margin = _LIMITER_CHUNK * block, 2 * (_LIMITER_REACH + 1) * block
    out = np.empty(len(pcm), dtype=np.float32)
    for start in range(0, len(pcm), chunk):
        before = min(start, margin)
        piece = pcm[start - before : start + chunk + margin]
        held = (piece * _limiter_gain(piece, block, ceiling))[before : before + chunk]
        out[start : start + chunk] = np.clip(held, -ceiling, ceiling)
    return out


def _highest(pcm: Pcm) -> float:
    return max(float(np.max(pcm, initial=0.0)), -float(np.min(pcm, initial=0.0)))


def _limiter_gain(pcm: Pcm, block: int, ceiling: float) -> Doubles:
    padded = np.pad(np.abs(pcm), (0, -len(pcm) % block))
    peaks = padded.reshape(-1, block).max(axis=1)
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    # The gain at a block is a mean over its neighbours' lowest gains: the reach of "lowest" is wider
    # by one than that of the mean, so that also between two block centres no peak passes.
    lowest = _lowest_near(needed, _LIMITER_REACH + 1)
    window = np.hanning(2 * _LIMITER_REACH + 3)[1:-1]
    smooth = np.convolve(np.pad(lowest, _LIMITER_REACH, mode="edge"), window / window.sum(), "valid")
    centres = (np.arange(len(smooth)) + 0.5) * block
    return np.interp(np.arange(len(pcm)), centres, smooth)


def _lowest_near(values: Doubles, reach: int) -> Doubles:
    padded = np.pad(values, reach, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1))


def _decibels(power: Any) -> Any:
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-12))


def _hop_energies(pcm: Pcm, rate: int, hop: int) -> Doubles:
    """The energy of each whole hop of the K-weighted sound.

    The filter is applied in the frequency domain, some 20 s at a time with one second of run-in.
    """
    lead, chunk = rate, _CHUNK_HOPS * hop
    length = 1 << (min(chunk, len(pcm)) + 2 * lead - 1).bit_length()
    response = _k_response(length, rate)
    energies = []
    for start in range(0, len(pcm) // hop * hop, chunk):
        before = min(start, lead)
        piece = pcm[start - before : start + chunk]
        filtered = np.fft.irfft(np.fft.rfft(piece, length) * response, length)[before : len(piece)]
        whole = filtered[: len(filtered) // hop * hop].reshape(-1, hop)
        energies.append(np.einsum("ij,ij->i", whole, whole))
    return np.concatenate(energies)


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
