"""Another voice's sample rate made ours."""

import numpy as np

from tts.engines.engine import Pcm


def resample(pcm: Pcm, rate: int, wanted: int) -> Pcm:
    """Band-limited resampling of one sentence by FFT; the length follows the ratio, the level stays."""
    if rate == wanted or not len(pcm):
        return pcm
    length = max(1, round(len(pcm) * wanted / rate))
    spectrum = np.fft.rfft(pcm)
    wide = np.zeros(length // 2 + 1, dtype=spectrum.dtype)
    kept = min(len(wide), len(spectrum))
    wide[:kept] = spectrum[:kept]
    # Between two full-scale samples the true wave may lie above full scale.
    return np.clip(np.fft.irfft(wide, length) * (length / len(pcm)), -1, 1).astype(np.float32)
