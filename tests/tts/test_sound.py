"""Loudness, chime, joining, clips: measured against signals whose values are known."""

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.clip import SAMPLE_RATE, decode
from tts.engines.engine import Pcm
from tts.errors import ClipUnreadable
from tts.formats import clip_from_pcm, encode
from tts.loudness import CEILING_DBFS, SILENCE, TARGET_LUFS, lufs, normalise, peak_dbfs
from tts.mixing import CHIME_LUFS, chime, join, silence
from tts.ogg import SERIAL, with_fixed_serial
from tts.resample import resample


def tone(hertz: float, seconds: float, level_dbfs: float = 0.0, rate: int = SAMPLE_RATE) -> Pcm:
    time_s = np.arange(round(seconds * rate)) / rate
    return (10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hertz * time_s)).astype(np.float32)


def speechlike(seconds: float, seed: int = 1) -> Pcm:
    """Noise in syllables: a crest factor like that of a voice."""
    draw = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    shape = np.clip(np.sin(2 * np.pi * 2.5 * time_s), 0, 1) ** 2
    return (0.05 * shape * draw.normal(size=len(time_s))).astype(np.float32)


class TestLoudness:
    def test_a_full_scale_kilohertz_tone_is_at_minus_three(self) -> None:
        """ITU-R BS.1770-4: a 0 dBFS sine of 997 Hz in one channel reads -3.01 LKFS."""
        assert lufs(tone(997, 5), SAMPLE_RATE) == pytest.approx(-3.01, abs=0.05)
        assert lufs(tone(997, 5, rate=48_000), 48_000) == pytest.approx(-3.01, abs=0.05)

    def test_ten_decibels_less_is_ten_units_less(self) -> None:
        assert lufs(tone(997, 5, -33), SAMPLE_RATE) == pytest.approx(-36.01, abs=0.05)

    def test_long_sounds_are_measured_across_their_chunks(self) -> None:
        """EBU Tech 3341, case 1, but longer than two chunks."""
        assert lufs(tone(1000, 50, -23), SAMPLE_RATE) == pytest.approx(-26.0, abs=0.1)

    def test_pauses_do_not_count(self) -> None:
        loud = tone(997, 5, -20)
        with_pause = np.concatenate((loud, np.zeros(10 * SAMPLE_RATE, dtype=np.float32), loud))
        assert lufs(with_pause, SAMPLE_RATE) == pytest.approx(lufs(loud, SAMPLE_RATE), abs=0.3)

    def test_low_rumble_counts_less_than_a_voice(self) -> None:
        assert lufs(tone(40, 5), SAMPLE_RATE) < lufs(tone(1000, 5), SAMPLE_RATE) - 3

    def test_silence_has_no_loudness_and_stays_silence(self) -> None:
        nothing = np.zeros(SAMPLE_RATE, dtype=np.float32)
        assert lufs(nothing, SAMPLE_RATE) == SILENCE
        assert peak_dbfs(nothing) == SILENCE
        assert not normalise(nothing, SAMPLE_RATE).any()

    @pytest.mark.promise("S53")
    def test_a_full_scale_square_wave_is_brought_down(self) -> None:
        calm = normalise(np.sign(tone(500, 4)), SAMPLE_RATE)
        assert lufs(calm, SAMPLE_RATE) == pytest.approx(TARGET_LUFS, abs=0.1)

    @pytest.mark.parametrize("gain", [0.2, 1.0, 15.0])
    def test_speech_reaches_the_target_under_the_ceiling(self, gain: float) -> None:
        level = normalise((speechlike(8) * gain).astype(np.float32), SAMPLE_RATE)
        assert lufs(level, SAMPLE_RATE) == pytest.approx(TARGET_LUFS, abs=0.3)
        assert peak_dbfs(level) <= CEILING_DBFS + 0.01

    def test_hiss_is_not_blown_up_to_a_voice(self) -> None:
        hiss = (speechlike(4) * 0.01).astype(np.float32)
        raised = normalise(hiss, SAMPLE_RATE)
        assert peak_dbfs(raised) <= peak_dbfs(hiss) + 40.01
        assert lufs(raised, SAMPLE_RATE) < TARGET_LUFS - 3

    def test_the_limiter_makes_no_edges(self) -> None:
        quiet = tone(300, 3, -30)
        quiet[SAMPLE_RATE : SAMPLE_RATE + 480] *= 25
        level = normalise(quiet, SAMPLE_RATE, target=-20.0)
        gain = np.abs(level[SAMPLE_RATE - 2400 : SAMPLE_RATE + 2880]).max()
        assert gain <= 10 ** (CEILING_DBFS / 20) + 1e-6
        assert np.abs(np.diff(level)).max() < 0.2

    @settings(max_examples=25, deadline=None)
    @given(st.integers(1, 20_000), st.floats(0.001, 1.0), st.integers(0, 100))
    def test_no_length_and_no_level_breaks_the_ceiling(self, length: int, level: float, seed: int) -> None:
        pcm = (np.random.default_rng(seed).uniform(-1, 1, length) * level).astype(np.float32)
        calm = normalise(pcm, SAMPLE_RATE)
        assert len(calm) == length
        assert np.isfinite(calm).all()
        assert np.abs(calm).max() <= max(10 ** (CEILING_DBFS / 20) + 1e-6, np.abs(pcm).max())


class TestMixing:
    def test_the_chime_is_heard_but_not_louder_than_speech(self) -> None:
        bells = chime()
        assert 2.5 < len(bells) / SAMPLE_RATE < 3.5
        assert lufs(bells, SAMPLE_RATE) == pytest.approx(CHIME_LUFS, abs=0.2)
        assert peak_dbfs(bells) <= CEILING_DBFS + 0.01
        assert abs(float(bells[-1])) < 1e-3

    def test_the_chime_is_always_the_same(self) -> None:
        assert np.array_equal(chime(), chime())

    def test_the_chimes_notes_are_where_they_should_be(self) -> None:
        first = chime()[: round(0.4 * SAMPLE_RATE)]
        spectrum = np.abs(np.fft.rfft(first))
        strongest = np.fft.rfftfreq(len(first), 1 / SAMPLE_RATE)[int(spectrum.argmax())]
        assert strongest == pytest.approx(659.25, abs=4)

    @pytest.mark.parametrize("count", [1, 2, 3, 7])
    def test_joined_pieces_keep_their_order_and_length(self, count: int) -> None:
        pieces = [tone(200 + 100 * number, 0.05 + 0.01 * number, -6) for number in range(count)]
        joined = join(pieces)
        assert len(joined) == sum(len(piece) for piece in pieces)
        assert np.abs(joined - np.concatenate(pieces)).max() < 2 / 32767

    def test_silence_lasts_as_long_as_asked(self) -> None:
        assert len(silence(250)) == round(0.25 * SAMPLE_RATE)
        assert not silence(250).any()

    def test_nothing_joined_is_nothing(self) -> None:
        assert len(join([])) == 0


class TestClip:
    def test_a_clip_is_named_by_its_bytes_and_equal_sound_is_equal_bytes(self) -> None:
        pcm = speechlike(3)
        first, second = clip_from_pcm(pcm, "stub"), clip_from_pcm(pcm, "stub")
        assert first == second
        assert first.sha256 == hashlib.sha256(first.data).hexdigest()
        assert first.duration_ms == 3000

    def test_other_sound_has_another_name(self) -> None:
        assert (
            clip_from_pcm(speechlike(1), "stub").sha256 != clip_from_pcm(speechlike(1, seed=2), "stub").sha256
        )

    def test_what_is_decoded_is_what_was_encoded(self) -> None:
        pcm = tone(440, 2, -12)
        heard, rate = decode(encode(pcm))
        assert rate == SAMPLE_RATE
        assert len(heard) == len(pcm)
        assert float(np.corrcoef(pcm, heard)[0, 1]) > 0.99

    def test_the_rate_is_that_of_speech_over_thin_links(self) -> None:
        kilobits = len(encode(speechlike(20))) * 8 / 20 / 1000
        assert 15 < kilobits < 30

    @pytest.mark.parametrize("data", [b"", b"<html>login</html>", encode(tone(300, 1))[:40]])
    def test_what_is_no_clip_is_refused(self, data: bytes) -> None:
        with pytest.raises(ClipUnreadable):
            decode(data)

    def test_every_page_carries_our_serial_number_and_a_right_checksum(self) -> None:
        """The checksum is checked by the decoder too: a wrong one would be skipped as a hole."""
        data = encode(speechlike(5))
        at = pages = 0
        while at < len(data):
            assert data[at : at + 4] == b"OggS"
            assert struct.unpack_from("<I", data, at + 14) == (SERIAL,)
            segments = data[at + 26]
            at += 27 + segments + sum(data[at + 27 : at + 27 + segments])
            pages += 1
        assert pages > 4
        assert with_fixed_serial(data) == data

    @pytest.mark.parametrize("stream", [b"OggX" + bytes(30), b"OggS", encode(tone(300, 0.5))[:-3]])
    def test_bytes_that_are_no_ogg_pages_are_refused(self, stream: bytes) -> None:
        with pytest.raises(ValueError, match="Ogg page"):
            with_fixed_serial(stream)


class TestResample:
    @pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
    def test_a_tone_keeps_its_pitch_level_and_length(self, rate: int) -> None:
        ours = resample(tone(1000, 1, -6, rate), rate, SAMPLE_RATE)
        assert len(ours) == SAMPLE_RATE
        middle = slice(2000, -2000)
        assert np.abs(ours[middle] - tone(1000, 1, -6)[middle]).max() < 0.01

    def test_what_the_new_rate_cannot_hold_is_gone(self) -> None:
        assert np.abs(resample(tone(15_000, 1, -6, 48_000), 48_000, SAMPLE_RATE)[500:-500]).max() < 0.01
