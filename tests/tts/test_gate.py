"""What can be heard wrong in a sound, and the horn's preview."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tts.test_sound import speechlike, tone
from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm
from tts.gate import Flaw, check, measure, words_a_minute
from tts.horn import horn
from tts.loudness import lufs, normalise, peak_dbfs


def good(seconds: float = 6.0) -> Pcm:
    return normalise(speechlike(seconds), SAMPLE_RATE)


def flaws(pcm: Pcm, words: int | None = None) -> set[Flaw]:
    return {finding.flaw for finding in check(measure(pcm, SAMPLE_RATE), words=words)}


class TestGate:
    def test_speech_at_its_pace_has_no_flaw(self) -> None:
        assert flaws(good(), words=20) == set()

    @pytest.mark.parametrize("pcm", [np.zeros(0, np.float32), np.zeros(SAMPLE_RATE, np.float32)])
    @pytest.mark.promise("F71")
    def test_silence_is_silent(self, pcm: Pcm) -> None:
        assert flaws(pcm, words=20) == {Flaw.SILENT}

    @pytest.mark.parametrize(
        ("pcm", "flaw"),
        [
            ((good() * 0.1).astype(np.float32), Flaw.TOO_QUIET),
            (np.sign(tone(500, 4)), Flaw.TOO_LOUD),
            (np.clip(speechlike(6) * 40, -1, 1).astype(np.float32), Flaw.CLIPPED),
            (tone(11_000, 4, -12), Flaw.NO_VOICE),
            (tone(40, 4, -6), Flaw.NO_VOICE),
            (np.concatenate((good(3), np.zeros(3 * SAMPLE_RATE, np.float32), good(3))), Flaw.GAP),
        ],
        ids=["quiet", "loud", "clipped", "whistle", "hum", "gap"],
    )
    @pytest.mark.promise("F71")
    def test_each_flaw_is_found(self, pcm: Pcm, flaw: Flaw) -> None:
        assert flaw in flaws(pcm)

    @pytest.mark.promise("F71")
    def test_words_that_were_swallowed_show_in_the_pace(self) -> None:
        assert flaws(good(), words=60) == {Flaw.TOO_FAST}
        assert flaws(good(), words=5) == {Flaw.TOO_SLOW}
        assert flaws(good(), words=4) == set()

    def test_silence_at_the_ends_is_not_reading_time(self) -> None:
        padded = np.pad(good(), (2 * SAMPLE_RATE, 2 * SAMPLE_RATE))
        bare, ends = measure(good(), SAMPLE_RATE), measure(padded, SAMPLE_RATE)
        assert words_a_minute(ends, 20) == pytest.approx(words_a_minute(bare, 20), rel=0.02)

    def test_a_finding_speaks_both_languages_and_names_its_sentence(self) -> None:
        (finding,) = check(measure(np.zeros(9, np.float32), SAMPLE_RATE), sentence="Xin chào.")
        assert finding.vi == "Âm thanh không có tiếng."
        assert finding.en == "The sound: it is silent."
        assert finding.sentence == "Xin chào."

    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 9_000), st.floats(0, 1), st.integers(0, 99))
    def test_no_sound_breaks_it(self, length: int, level: float, seed: int) -> None:
        pcm = (np.random.default_rng(seed).uniform(-1, 1, length) * level).astype(np.float32)
        check(measure(pcm, SAMPLE_RATE), words=length)


def band_db(pcm: Pcm, low: float, high: float) -> float:
    power = np.square(np.abs(np.fft.rfft(pcm)))
    hertz = np.fft.rfftfreq(len(pcm), 1 / SAMPLE_RATE)
    return float(10 * np.log10(power[(hertz >= low) & (hertz < high)].mean()))


class TestHorn:
    def test_bass_and_treble_are_lost_and_the_voice_stays(self) -> None:
        noise = (0.1 * np.random.default_rng(3).normal(size=5 * SAMPLE_RATE)).astype(np.float32)
        heard = horn(noise, SAMPLE_RATE)
        middle = band_db(heard, 800, 2500)
        assert band_db(heard, 50, 175) < middle - 20
        assert band_db(heard, 9_500, 11_500) < middle - 20
        assert band_db(heard, 400, 600) > middle - 6

    def test_a_click_comes_back_from_the_next_poles(self) -> None:
        click = np.zeros(SAMPLE_RATE, np.float32)
        click[:40] = tone(1000, 40 / SAMPLE_RATE, -40)
        heard = np.abs(horn(click, SAMPLE_RATE))
        first = heard[: round(0.05 * SAMPLE_RATE)].max()
        for delay_s, gain in ((0.12, 0.40), (0.22, 0.22), (0.38, 0.12)):
            at = round(delay_s * SAMPLE_RATE)
            echo = heard[at : at + round(0.02 * SAMPLE_RATE)].max()
            assert echo == pytest.approx(first * gain, rel=0.35)

    @pytest.mark.parametrize("seconds", [0.3, 6.0, 47.0])
    def test_it_is_as_loud_as_before_under_the_ceiling_and_longer_by_the_echo(self, seconds: float) -> None:
        pcm = good(seconds)
        heard = horn(pcm, SAMPLE_RATE)
        assert len(heard) == len(pcm) + round(0.38 * SAMPLE_RATE)
        assert lufs(heard, SAMPLE_RATE) == pytest.approx(lufs(pcm, SAMPLE_RATE), abs=0.5)
        assert peak_dbfs(heard) <= -1.49

    def test_its_chunks_leave_no_seam(self) -> None:
        steady = tone(1000, 45, -12)
        heard = horn(steady, SAMPLE_RATE)[SAMPLE_RATE : 44 * SAMPLE_RATE]
        peaks = np.abs(heard[: len(heard) // 240 * 240]).reshape(-1, 240).max(axis=1)
        assert peaks.max() / peaks.min() < 1.01

    def test_silence_stays_silence(self) -> None:
        assert not horn(np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE).any()
