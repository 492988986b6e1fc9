"""The deeper timbre of the embedded voice: a longer throat, the same pace and the same words."""

from contextlib import closing
from itertools import pairwise

import numpy as np
import pytest

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm, Style
from tts.engines.kokoro_vn.timbre import OWN, TIMBRES
from tts.errors import EngineAbsent
from tts.registry import open_engine

DEEP = TIMBRES["deep"]
SENTENCE = "Kính mời bà con đến nhà văn hóa thôn dự họp lúc bảy giờ rưỡi tối thứ ba."


def tones(*hertz: float, seconds: float = 1.0) -> Pcm:
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    faded = np.hanning(len(at)) * sum(np.sin(2 * np.pi * one * at) for one in hertz) / (2 * len(hertz))
    return np.asarray(faded, dtype=np.float32)


def peaks(pcm: Pcm, count: int) -> list[float]:
    """The strongest frequencies that stand alone, from low to high."""
    power, found = np.abs(np.fft.rfft(pcm)), list[float]()
    for place in np.argsort(power)[::-1]:
        at = place * SAMPLE_RATE / len(pcm)
        if all(abs(at - other) > 50 for other in found):
            found.append(at)
        if len(found) == count:
            break
    return sorted(found)


def mean_pitch(pcm: Pcm) -> float:
    """Median of the pitch of voiced frames, by autocorrelation."""
    found = []
    for start, end in pairwise(range(0, len(pcm), 1200)):
        frame = pcm[start:end] * np.hanning(1200)
        if np.sqrt(np.mean(frame**2)) < 0.02:
            continue
        alike = np.correlate(frame, frame, "full")[1199:]
        lag = SAMPLE_RATE // 400 + int(np.argmax(alike[SAMPLE_RATE // 400 : SAMPLE_RATE // 70]))
        if alike[lag] > 0.4 * alike[0]:
            found.append(SAMPLE_RATE / lag)
    return float(np.median(found))


def test_every_frequency_moves_down_by_the_same_share_and_no_level_changes() -> None:
    pcm = tones(200, 1000, 4000)
    deeper = DEEP.of(pcm)
    assert len(deeper) == round(len(pcm) * DEEP.haste)
    assert peaks(deeper, 3) == pytest.approx([172, 860, 3440], abs=3)
    assert np.sqrt(np.mean(deeper**2)) == pytest.approx(np.sqrt(np.mean(pcm**2)), rel=0.01)
    assert OWN.of(pcm) is pcm


@pytest.mark.parametrize("length", [2400, 2401])
def test_both_even_and_odd_lengths_come_out_whole(length: int) -> None:
    pcm = tones(300, seconds=0.2)[:length]
    assert len(DEEP.of(pcm)) == round(len(pcm) * DEEP.haste)


def test_a_timbre_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(EngineAbsent, match="squeaky"):
        open_engine("kokoro_vn/squeaky")


@pytest.mark.voice
def test_the_deeper_voice_says_the_same_as_fast_and_a_third_of_an_octave_lower() -> None:
    with closing(open_engine("kokoro_vn", threads=2)) as usual:
        said = usual.speak(SENTENCE, Style.BULLETIN)
    with closing(open_engine("kokoro_vn/deep", threads=2)) as deep:
        deeper = deep.speak(SENTENCE, Style.BULLETIN)
        assert np.array_equal(deeper, deep.speak(SENTENCE, Style.BULLETIN))
    assert deep.identity != usual.identity
    assert deep.name == "kokoro_vn/deep"
    assert 0.95 < len(deeper) / len(said) < 1.15
    assert 0.8 < mean_pitch(deeper) / mean_pitch(said) < 0.92
