"""A tape is what was heard: this node's own bytes, at the right moments, silences kept."""

import wave
from pathlib import Path

import numpy as np

from firmware_sim.sound import RATE, decode, measure
from firmware_sim.tape import Stretch, Tape
from tests.firmware_sim.desk import opus


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64)


def test_a_tape_correlates_with_the_clip_and_keeps_the_silence_between(tmp_path: Path) -> None:
    clip = opus(2.0, 500.0)
    tape = Tape()
    tape.add(Stretch(at_mono=100.0, from_ms=0, to_ms=1000, volume=100, clip=clip))
    tape.add(Stretch(at_mono=103.0, from_ms=1000, to_ms=2000, volume=50, clip=clip))
    tape.add(Stretch(at_mono=106.0, from_ms=0, to_ms=500, volume=100, tone="beep"))
    assert tape.write(tmp_path / "n.wav")
    heard = read(tmp_path / "n.wav")
    assert len(heard) == round(6.5 * RATE)
    original = decode(clip).astype(np.float64)
    for at_s, from_s in ((0.0, 0.0), (3.0, 1.0)):
        got = heard[round(at_s * RATE) :][: RATE - 100]
        want = original[round(from_s * RATE) :][: RATE - 100]
        assert np.corrcoef(got, want)[0, 1] > 0.99
    assert not heard[round(1.1 * RATE) : round(2.9 * RATE)].any()
    loud, soft = np.abs(heard[: RATE // 2]).max(), np.abs(heard[round(3.2 * RATE) : round(3.8 * RATE)]).max()
    assert 0.4 < soft / loud < 0.6


def test_nothing_heard_writes_nothing(tmp_path: Path) -> None:
    assert not Tape().write(tmp_path / "n.wav")
    assert not (tmp_path / "n.wav").exists()


def test_a_clip_is_measured_without_decoding_it() -> None:
    for seconds in (0.5, 2.0, 7.3):
        measured = measure(opus(seconds))
        assert measured is not None
        assert abs(measured - seconds * 1000) <= 25
    assert measure(b"<html>") is None
    assert measure(b"OggS" + b"\0" * 40) is None
