"""How a clip sounds at the foot of the pole: a horn's narrow band, and the echo from the next horns."""

import numpy as np
from numpy.typing import NDArray

from tts.engines.engine import Pcm
from tts.loudness import CEILING_DBFS, SILENCE, lufs, normalise

LOW_HZ, HIGH_HZ = 350.0, 5000.0
# The next poles some 40, 75 and 130 m farther off, each weaker and duller: seconds, gain, highest hertz.
ECHOES = ((0.12, 0.40, 3500.0), (0.22, 0.22, 2800.0), (0.38, 0.12, 2200.0))
_ORDER = 4  # 24 dB an octave beyond each edge, about what measured re-entrant horns do
_CHUNK_S = 20.0


def horn(pcm: Pcm, rate: int) -> Pcm:
    """The same words through LOW_HZ to HIGH_HZ with ECHOES; longer by the last echo, as loud as before.

    Mono float32 at any rate above 2 * HIGH_HZ. A preview for the ear, not a model of one place.
    """
    tail = round(max(delay_s for delay_s, _, _ in ECHOES) * rate)
    direct = _banded(np.pad(pcm, (0, tail)), rate, LOW_HZ, HIGH_HZ)
    heard = direct.copy()
    for delay_s, gain, high in ECHOES:
        late = round(delay_s * rate)
        heard[late:] += gain * _banded(direct, rate, LOW_HZ, high)[: len(heard) - late]
    before = lufs(pcm, rate)
    if before == SILENCE:
        return heard.astype(np.float32)
    return normalise(heard.astype(np.float32), rate, before, CEILING_DBFS)


def _banded(samples: NDArray[np.floating], rate: int, low: float, high: float) -> NDArray[np.float64]:
    """Filtered without phase shift, some seconds at a time with a second of run-in and run-out."""
    margin, chunk = rate, int(_CHUNK_S * rate)
    length = 1 << (chunk + 2 * margin - 1).bit_length()
    hertz = np.fft.rfftfreq(length, 1 / rate)
    gain = 1 / np.sqrt(1 + (low / np.maximum(hertz, 1e-3)) ** (2 * _ORDER))
    gain /= np.sqrt(1 + (hertz / high) ** (2 * _ORDER))
    out = np.empty(len(samples))
    for start in range(0, len(samples), chunk):
        before = min(start, margin)
        piece = samples[start - before : start + chunk + margin]
        filtered = np.fft.irfft(np.fft.rfft(piece, length) * gain, length)
        end = min(chunk, len(samples) - start)
        out[start : start + end] = filtered[before : before + end]
    return out
