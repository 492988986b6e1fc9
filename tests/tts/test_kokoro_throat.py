"""Creak and hum: what is laid over the embedded voice's sound, by numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from tts.clip import SAMPLE_RATE
from tts.engines import kokoro_vn
from tts.engines.engine import Pcm
from tts.engines.kokoro_vn.g2p import units
from tts.engines.kokoro_vn.prosody import FRAME_SAMPLES, Role, Sound, caught, sounds
from tts.engines.kokoro_vn.throat import (
    CREAK_DEPTH,
    HUM_DB,
    HUM_S,
    PULSES_HERTZ,
    creaking,
    humming,
    shut,
)

SIGNS = frozenset(json.loads((Path(kokoro_vn.__file__).parent / "vocab.json").read_text(encoding="utf-8")))
FRAMES = 8  # a token: 200 ms


def laid_out(word: str) -> tuple[tuple[Sound, ...], Pcm]:
    laid = sounds(units(word), SIGNS)
    return laid, np.full(len(laid) + 2, FRAMES, dtype=np.float32)


def steady(durations: Pcm) -> Pcm:
    return np.ones(int(durations.sum()) * FRAME_SAMPLES, dtype=np.float32)


def creaked(word: str) -> Pcm:
    laid, durations = laid_out(word)
    return creaking(steady(durations), durations, laid, units(word))


def hummed(word: str) -> tuple[Pcm, Pcm, int]:
    """A sound with silence up to its vowel, the same hummed, and where the vowel begins."""
    laid, durations = laid_out(word)
    vowel = next(place for place, sound in enumerate(laid, start=1) if sound.role is Role.STRESS)
    opening = vowel * FRAMES * FRAME_SAMPLES
    pcm = np.zeros(int(durations.sum()) * FRAME_SAMPLES, dtype=np.float32)
    at = np.arange(len(pcm) - opening) / SAMPLE_RATE
    pcm[opening:] = 0.2 * np.sin(2 * np.pi * 180 * at)
    return pcm, humming(pcm, durations, laid, units(word)), opening


@pytest.mark.parametrize("word", ["mạ", "động", "chợ"])
def test_a_heavy_tone_breaks_into_slow_pulses_and_dies_away(word: str) -> None:
    gains = creaked(word)
    touched = np.flatnonzero(gains < 1)
    inner = gains[touched[0] : touched[-1] + 1]
    lows = np.flatnonzero((inner[1:-1] < inner[:-2]) & (inner[1:-1] <= inner[2:]) & (inner[1:-1] < 0.4))
    assert np.diff(lows).mean() == pytest.approx(SAMPLE_RATE / PULSES_HERTZ, rel=0.05)
    assert inner.min() < 2 * (1 - CREAK_DEPTH)
    third = len(inner) // 3
    assert inner[-third:].max() < inner[:third].max()


@pytest.mark.parametrize("word", ["ma", "mà", "má", "mả", "mạt", "học"])
def test_other_tones_and_stopped_rhymes_do_not_creak(word: str) -> None:
    assert (creaked(word) == 1).all()


def test_a_broken_tone_creaks_in_its_middle_only() -> None:
    laid, _ = laid_out("mã")
    gains = creaked("mã")
    pitched = [
        place
        for place, sound in enumerate(laid, start=1)
        if sound.role in (Role.STRESS, Role.NUCLEUS, Role.CODA)
    ]
    start, end = pitched[0] * FRAMES * FRAME_SAMPLES, (pitched[-1] + 1) * FRAMES * FRAME_SAMPLES
    touched = (np.flatnonzero(gains < 1) - start) / (end - start)
    assert 0.2 < touched[0] < 0.3
    assert 0.55 < touched[-1] < 0.65


def test_creak_comes_and_goes_without_a_click() -> None:
    assert np.abs(np.diff(creaked("mã"))).max() < 0.02
    heavy = creaked("mạ")
    begins = np.flatnonzero(heavy < 1)[0]
    assert np.abs(np.diff(heavy[: begins + SAMPLE_RATE // 10])).max() < 0.02


def test_the_closure_of_a_d_with_a_stroke_hums_low_under_the_vowel() -> None:
    pcm, with_hum, opening = hummed("đa")
    closure = with_hum[opening - int(HUM_S * SAMPLE_RATE) : opening - SAMPLE_RATE // 50]
    level = 20 * np.log10(np.sqrt(np.mean(closure**2)) / np.sqrt(np.mean(pcm[opening:] ** 2)))
    assert HUM_DB - 6 < level < HUM_DB + 3
    spectrum = np.abs(np.fft.rfft(closure * np.hanning(len(closure)), 8192))
    assert 100 < np.argmax(spectrum) * SAMPLE_RATE / 8192 < 200
    assert (with_hum[: opening - int((HUM_S + 0.05) * SAMPLE_RATE)] == 0).all()
    assert np.abs(np.diff(with_hum)).max() < 0.03


@pytest.mark.parametrize("word", ["ta", "tha", "na", "ba"])
def test_other_onsets_do_not_hum(word: str) -> None:
    pcm, with_hum, _ = hummed(word)
    assert np.array_equal(pcm, with_hum)


def test_a_catch_is_cut_away_up_to_the_middle_of_its_mark_without_a_click() -> None:
    sentence = units("ba, ba")
    durations, laid = caught(laid_out("ba, ba")[1], laid_out("ba, ba")[0], sentence, SIGNS)
    out = shut(steady(durations), durations, laid)
    borders = np.concatenate(([0], np.cumsum(durations))).astype(int) * FRAME_SAMPLES
    first, last = (place for place, sound in enumerate(laid, start=1) if sound.role is Role.CATCH)
    middle = (borders[first + 1] + borders[first + 2]) // 2
    assert (out[: borders[first]] == 1).all()
    assert (out[borders[first] + SAMPLE_RATE // 30 : middle] == 0).all()
    assert (out[middle : borders[last]] == 1).all()
    assert out[-1] == 0
    assert np.abs(np.diff(out[: middle - 1])).max() < 0.01


def test_the_sound_keeps_its_length_and_the_given_array_is_not_touched() -> None:
    laid, durations = laid_out("đạm")
    pcm = steady(durations)
    for shape in (creaking, humming):
        assert len(shape(pcm, durations, laid, units("đạm"))) == len(pcm)
    assert len(shut(pcm, durations, laid)) == len(pcm)
    assert (pcm == 1).all()
