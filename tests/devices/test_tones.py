"""Tone patterns, measured on the samples themselves."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from devices import tones
from devices.tones import PATTERNS, Gap, Tone

RATE = tones.DEFAULT_RATE


def blasts(samples: NDArray[np.float32]) -> list[tuple[float, float]]:
    """(start, end) in ms of what sounds, found by level alone: a stretch without 20 ms of silence."""
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    breaks = np.flatnonzero(np.diff(loud) > RATE * 0.020)
    starts = np.concatenate(([loud[0]], loud[breaks + 1]))
    ends = np.concatenate((loud[breaks], [loud[-1]]))
    return [(first / RATE * 1000, last / RATE * 1000) for first, last in zip(starts, ends, strict=True)]


@pytest.mark.parametrize(
    ("name", "count", "blast_ms", "gap_ms", "rounds"),
    [
        ("storm", 3, 20_000, 10_000, 3),
        ("flood2", 2, 10_000, 10_000, 2),
        ("flood3", 5, 30_000, 5_000, 3),
    ],
)
def test_the_hue_code_is_exact_within_fifty_milliseconds(
    name: str, count: int, blast_ms: int, gap_ms: int, rounds: int
) -> None:
    pattern = PATTERNS[name]
    found = blasts(tones.render(pattern))
    assert len(found) == count
    for number, (start, end) in enumerate(found):
        assert abs(start - number * (blast_ms + gap_ms)) <= 50
        assert abs(end - start - blast_ms) <= 50
    for (_, end), (start, _) in pairwise(found):
        assert abs(start - end - gap_ms) <= 50
    assert pattern.rounds == rounds
    assert pattern.pause_ms == gap_ms


def test_rounds_follow_each_other_after_the_pause() -> None:
    found = blasts(tones.render(PATTERNS["flood2"], rounds=2))
    assert len(found) == 4
    assert abs(found[2][0] - 40_000) <= 50
    assert tones.duration_ms(PATTERNS["flood2"], rounds=2) == 70_000


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100])
def test_every_pattern_is_as_long_as_it_says_and_within_full_scale(name: str, rate: int) -> None:
    pattern = PATTERNS[name]
    samples = tones.render(pattern, rate)
    assert samples.dtype == np.float32
    assert len(samples) == round(tones.duration_ms(pattern) * rate / 1000)
    assert 0.2 < np.abs(samples).max() <= 1.0


@pytest.mark.parametrize("name", PATTERNS)
def test_nothing_clicks(name: str) -> None:
    """No step between two samples is larger than the loudest part of the tone itself makes."""
    pattern = PATTERNS[name]
    samples = tones.render(pattern).astype(np.float64)
    steepest = max(
        2 * np.pi * max(part.from_hz, part.to_hz) / RATE * (1 + 3 * 0.28) / 1.28 * tones.PEAK * part.level
        for part in pattern.segments
        if isinstance(part, Tone)
    )
    assert np.abs(np.diff(samples)).max() <= steepest * 1.01
    begun = 0
    for part in pattern.segments:
        length = round(part.ms * RATE / 1000)
        if isinstance(part, Tone):
            assert np.abs(samples[begun]) < 0.02
            assert np.abs(samples[begun + length - 1]) < 0.02
        else:
            assert not samples[begun : begun + length].any()
        begun += length


@pytest.mark.parametrize("name", ["storm", "flood2", "flood3", "attention", "all_clear"])
def test_a_siren_speaks_where_horns_and_ears_are_best(name: str) -> None:
    samples = tones.render(PATTERNS[name])[: 5 * RATE]
    power = np.abs(np.fft.rfft(samples)) ** 2
    pitch = np.fft.rfftfreq(len(samples), 1 / RATE)
    inside = power[(pitch >= 400) & (pitch <= 4_000)].sum() / power.sum()
    assert inside > 0.95


def test_the_attention_tone_lasts_four_to_ten_seconds() -> None:
    """EN 50849: before the first words."""
    assert 4_000 <= tones.duration_ms(PATTERNS["attention"]) <= 10_000


def test_a_drill_and_the_all_clear_sound_like_no_alarm() -> None:
    alarms = [PATTERNS[name].segments for name in ("storm", "flood2", "flood3")]
    for name in ("exercise", "all_clear"):
        assert PATTERNS[name].segments not in alarms
        pitches = {part.from_hz for part in PATTERNS[name].segments if isinstance(part, Tone)}
        assert len(pitches) == 1
    assert all(isinstance(part, Tone | Gap) for pattern in PATTERNS.values() for part in pattern.segments)
