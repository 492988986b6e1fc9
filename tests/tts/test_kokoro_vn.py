"""The embedded voice: spelling to sounds, lengths and tones over arrays, and a few real sentences."""

import csv
from pathlib import Path

import numpy as np
import pytest

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm, Style
from tts.engines.kokoro_vn.engine import KokoroVoice, open_engine
from tts.engines.kokoro_vn.g2p import Mark, Syllable, Tone, parse, units, unreadable
from tts.engines.kokoro_vn.graph import split
from tts.engines.kokoro_vn.prosody import (
    SHORTEST_RHYME,
    SHORTEST_STOPPED_RHYME,
    Role,
    intoned,
    lengthened,
    sounds,
)
from tts.errors import SentenceUnfit

SIGNS = frozenset("abdefhijklmnopqstuvwxzæɔəɛɡɤɪŋɲɯʌʔˈːʰʨ ,.!?")


def table() -> list[list[str]]:
    path = Path(__file__).parent / "data" / "g2p.tsv"
    with path.open(encoding="utf-8") as source:
        return list(csv.reader(source, delimiter="\t"))


@pytest.mark.parametrize(("word", "sound", "tone"), table())
def test_a_syllable_is_spelled_out_in_sounds(word: str, sound: str, tone: str) -> None:
    syllable = parse(word)
    assert syllable is not None
    assert f"{syllable.onset}.{syllable.glide}.{syllable.nucleus}.{syllable.coda}" == sound
    assert syllable.tone is Tone(int(tone))


@pytest.mark.parametrize("word", ["Microsoft", "bcd", "www", "ng", "straße", "xylophone", "ab"])
def test_what_is_no_vietnamese_syllable_is_named_and_not_guessed(word: str) -> None:
    assert parse(word) is None
    assert unreadable(f"chào {word}") == (word,)
    assert len(units(f"chào {word}")) == 1


def test_old_and_new_tone_placing_sound_the_same() -> None:
    assert parse("hoà") == parse("hòa")
    assert parse("thuý") == parse("thúy")


class TestProsody:
    def test_short_rhymes_are_drawn_out_and_stopped_ones_less(self) -> None:
        sentence = units("ba bát")
        laid = sounds(sentence, SIGNS)
        longer = lengthened(np.ones(len(laid) + 2, dtype=np.float32), laid, sentence)
        for number, wanted in ((0, SHORTEST_RHYME), (1, SHORTEST_STOPPED_RHYME)):
            rhyme = [
                place + 1
                for place, sound in enumerate(laid)
                if sound.unit == number and sound.role in (Role.NUCLEUS, Role.CODA)
            ]
            assert longer[rhyme].sum() == wanted

    def test_long_rhymes_are_left_alone(self) -> None:
        sentence = units("ba")
        laid = sounds(sentence, SIGNS)
        durations = np.full(len(laid) + 2, 8, dtype=np.float32)
        longer = lengthened(durations, laid, sentence)
        assert (longer[1:-1] == durations[1:-1]).all()
        assert longer[0] < durations[0]

    @pytest.mark.parametrize(
        ("word", "rises"), [("má", True), ("mà", False), ("mạ", False), ("mã", True), ("mát", True)]
    )
    def test_the_pitch_goes_the_way_of_the_tone(self, word: str, rises: bool) -> None:
        track = self._track(word)
        assert bool(track[-1] > track[0]) is rises

    def test_a_dipping_tone_falls_and_comes_back(self) -> None:
        track = self._track("mả")
        lowest = int(track.argmin())
        assert 0 < lowest < len(track) - 1
        assert track[-1] > track[lowest] * 1.2

    def test_a_phrase_sinks_and_the_next_begins_anew(self) -> None:
        sentence = units("ma ma ma ma, ma")
        laid = sounds(sentence, SIGNS)
        durations = np.full(len(laid) + 2, 6, dtype=np.float32)
        pitch = np.full(int(durations.sum()) * 2, 200, dtype=np.float32)
        track = intoned(pitch, durations, laid, sentence)
        centres = [self._centre(laid, number, durations) for number in (0, 3, 5)]
        first, last, renewed = (float(track[centre]) for centre in centres)
        assert last < first
        assert renewed > last

    def test_unvoiced_frames_stay_unvoiced_and_the_mean_stays(self) -> None:
        sentence = units("ma")
        laid = sounds(sentence, SIGNS)
        durations = np.full(len(laid) + 2, 6, dtype=np.float32)
        pitch = np.full(int(durations.sum()) * 2, 200, dtype=np.float32)
        pitch[:7] = 0
        track = intoned(pitch, durations, laid, sentence)
        assert (track[:7] == 0).all()
        assert 190 < float(np.exp(np.log(track[7:]).mean())) < 225

    @staticmethod
    def _track(word: str) -> Pcm:
        sentence = units(word)
        laid = sounds(sentence, SIGNS)
        durations = np.full(len(laid) + 2, 8, dtype=np.float32)
        pitch = np.full(int(durations.sum()) * 2, 200, dtype=np.float32)
        track = intoned(pitch, durations, laid, sentence)
        borders = np.concatenate(([0], np.cumsum(durations.astype(int)))) * 2
        places = [place for place, sound in enumerate(laid) if sound.role in (Role.NUCLEUS, Role.CODA)]
        return track[borders[places[0] + 1] : borders[places[-1] + 2]]

    @staticmethod
    def _centre(laid: tuple, number: int, durations: Pcm) -> int:
        places = [
            place for place, sound in enumerate(laid) if sound.unit == number and sound.role is Role.NUCLEUS
        ]
        borders = np.concatenate(([0], np.cumsum(durations.astype(int)))) * 2
        return int((borders[places[0] + 1] + borders[places[-1] + 2]) // 2)


def test_sounds_belong_to_their_syllables_in_order() -> None:
    sentence = units("Xin chào!")
    assert [type(unit) for unit in sentence] == [Syllable, Syllable, Mark]
    assert "".join(sound.sign for sound in sounds(sentence, SIGNS)) == "sˈin ʨˈaːw!"


def test_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match="makes no"):
        split(b"\x08\x07")


@pytest.fixture(scope="module")
def voice() -> KokoroVoice:
    return open_engine(threads=2)


def pitch_track(pcm: Pcm) -> np.ndarray:
    """Hertz every 10 ms by autocorrelation, 0 where unvoiced."""
    width, hop = int(0.04 * SAMPLE_RATE), int(0.01 * SAMPLE_RATE)
    low, high = SAMPLE_RATE // 420, SAMPLE_RATE // 65
    track = []
    for start in range(0, len(pcm) - width, hop):
        window = pcm[start : start + width] * np.hanning(width)
        energy = np.abs(np.fft.rfft(window, 4 * width)) ** 2
        likeness = np.fft.irfft(energy)[:width]
        place = low + int(np.argmax(likeness[low:high]))
        voiced = np.sqrt(np.mean(window**2)) > 0.01 and likeness[place] > 0.35 * likeness[0]
        track.append(SAMPLE_RATE / place if voiced else 0.0)
    return np.array(track)


@pytest.mark.voice
def test_the_six_tones_can_be_told_apart_in_the_sound(voice: KokoroVoice) -> None:
    """Semitones that one vowel moves, up to its middle, under each tone.

    The end is left out: the voice lifts the tail of a lone syllable, which is a known weakness.
    """
    moves, levels = {}, {}
    for word in ("ma", "mà", "má", "mả", "mã", "mạ"):
        track = pitch_track(voice.speak(f"{word}.", Style.BULLETIN))
        steps = 12 * np.log2(track[track > 0] / 200)
        fifth = len(steps) // 5
        start, middle = float(np.median(steps[:fifth])), float(np.median(steps[2 * fifth : 3 * fifth]))
        moves[word], levels[word] = middle - start, middle
    assert abs(moves["ma"]) < 0.5
    assert moves["má"] > 0.5
    assert moves["mà"] < -0.8
    assert moves["mạ"] < -1
    assert moves["mã"] < -0.8
    assert moves["mả"] < moves["mà"] - 1
    assert levels["mà"] < levels["ma"] - 3
    assert levels["mã"] > levels["mà"] + 1


@pytest.mark.voice
def test_one_sentence_always_gives_the_same_samples(voice: KokoroVoice) -> None:
    other = open_engine(threads=2)
    try:
        first = voice.speak("Xin chào bà con.", Style.BULLETIN)
        assert np.array_equal(first, voice.speak("Xin chào bà con.", Style.BULLETIN))
        assert np.array_equal(first, other.speak("Xin chào bà con.", Style.BULLETIN))
    finally:
        other.close()


@pytest.mark.voice
def test_an_emergency_is_spoken_slower(voice: KokoroVoice) -> None:
    text = "Nước sông đang dâng nhanh."
    assert len(voice.speak(text, Style.EMERGENCY)) > 1.05 * len(voice.speak(text, Style.BULLETIN))


@pytest.mark.voice
def test_a_sentence_without_a_syllable_is_refused(voice: KokoroVoice) -> None:
    with pytest.raises(SentenceUnfit):
        voice.speak("中国", Style.BULLETIN)
