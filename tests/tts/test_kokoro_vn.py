"""The embedded voice: spelling to sounds, lengths and tones over arrays, and a few real sentences."""

import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tts.clip import SAMPLE_RATE
from tts.engines import kokoro_vn
from tts.engines.engine import Pcm, Style
from tts.engines.kokoro_vn import g2p
from tts.engines.kokoro_vn.engine import KokoroVoice, open_configured, open_engine
from tts.engines.kokoro_vn.g2p import Mark, Syllable, Tone, parse, units, unreadable
from tts.engines.kokoro_vn.graph import split
from tts.engines.kokoro_vn.prosody import (
    CATCH_FRAMES,
    FRAME_SAMPLES,
    HELD,
    LEAD,
    LEAD_KEPT,
    LONGEST_LAST_RHYME,
    SHORTEST_RHYME,
    SHORTEST_STOPPED_RHYME,
    Role,
    caught,
    held,
    intoned,
    lengthened,
    paused,
    pitched,
    sounds,
    unsung,
    without_lead,
)
from tts.errors import EngineAbsent, SentenceUnfit

SIGNS = frozenset("abdɖefhijklmnopqstuvwxzæɑɔəɛɡɤɪŋɲɯʌʔˈːʰʨ ,.!?")


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


@pytest.mark.parametrize("word", ["học", "một", "lớp", "các", "khác"])
def test_a_rhyme_that_ends_in_a_stop_is_stopped_also_behind_rounded_lips(word: str) -> None:
    syllable = parse(word)
    assert syllable is not None
    assert syllable.stopped


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

    def test_long_rhymes_are_left_alone_but_for_what_falls_silent_at_the_end(self) -> None:
        sentence = units("ba ba, bát.")
        laid = sounds(sentence, SIGNS)
        durations = np.full(len(laid) + 2, 5, dtype=np.float32)
        longer = lengthened(durations, laid, sentence)
        (cut,) = np.flatnonzero(longer[1:-1] != durations[1:-1])
        assert laid[cut].unit == 1
        assert laid[cut].sign == "ː"
        assert longer[cut] + longer[cut + 1] == LONGEST_LAST_RHYME
        assert longer[0] == LEAD

    @pytest.mark.parametrize(
        ("text", "spelled"), [("ba ba, bát.", "bˈaː bˈaːʔ, bˈaːtʔ."), ("ba ba", "bˈaː bˈaːʔ"), ("!", "!")]
    )
    def test_a_catch_is_spelled_before_each_mark_and_the_end_only(self, text: str, spelled: str) -> None:
        sentence = units(text)
        laid = sounds(sentence, SIGNS)
        durations = np.arange(1, len(laid) + 3, dtype=np.float32)
        longer, with_catches = caught(durations, laid, sentence, SIGNS)
        assert "".join(sound.sign for sound in with_catches) == spelled
        new = np.array([False, *(sound.role is Role.CATCH for sound in with_catches), False])
        assert (longer[new] == CATCH_FRAMES).all()
        assert (longer[~new] == durations).all()
        assert caught(durations, laid, sentence, SIGNS - {"ʔ"})[1] == laid

    def test_the_last_rhyme_is_voiced_and_loud_to_its_end_and_nothing_else_is_touched(self) -> None:
        sentence = units("ba ba, bát.")
        laid = sounds(sentence, SIGNS)
        durations = np.full(len(laid) + 2, 4, dtype=np.float32)
        pitch = np.full(int(durations.sum()) * 2, 20, dtype=np.float32)
        pitch[:70] = 200
        energy = np.full_like(pitch, -9)
        voiced, strong = held(pitch, energy, durations, laid, sentence)
        start, end = pitched(durations, laid)[1]
        assert 0 < start < 70 < end
        assert voiced[start:end] == pytest.approx(200)
        assert strong[start] == HELD[0]
        assert strong[end - 1] == HELD[1]
        for before, after in ((pitch, voiced), (energy, strong)):
            assert (after[:start] == before[:start]).all()
            assert (after[end:] == before[end:]).all()
        assert (energy == -9).all()

    def test_silence_is_put_into_marks_within_the_sentence_and_nowhere_else(self) -> None:
        laid = sounds(units("ba, ba."), SIGNS)
        durations = np.full(len(laid) + 2, 8, dtype=np.float32)
        pcm = np.ones(int(durations.sum()) * FRAME_SAMPLES, dtype=np.float32)
        longer = paused(pcm, durations, laid, 0.25)
        silent = np.flatnonzero(longer == 0)
        assert len(longer) - len(pcm) == SAMPLE_RATE // 4
        assert silent[-1] - silent[0] == len(silent) - 1 == SAMPLE_RATE // 4 + 1
        comma = next(place for place, sound in enumerate(laid, start=1) if sound.sign == ",")
        assert comma * 8 * FRAME_SAMPLES < silent[0] < (comma + 1) * 8 * FRAME_SAMPLES
        assert paused(pcm, durations, laid, 0.0) is pcm

    def test_the_lead_in_is_cut_and_the_cut_swells(self) -> None:
        pcm = np.ones(40 * FRAME_SAMPLES, dtype=np.float32)
        kept = without_lead(pcm)
        assert len(kept) == (40 - LEAD + LEAD_KEPT) * FRAME_SAMPLES
        assert kept[0] == 0
        assert (np.diff(kept) >= 0).all()
        assert kept[-1] == 1

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


def test_signs_that_the_voice_does_not_know_are_named() -> None:
    sentence = units("kha ba")
    assert unsung(sentence, SIGNS - {"x"}) == ("x",)
    assert unsung(sentence, SIGNS) == ()


def test_the_voice_knows_every_sign_that_the_spelling_can_give() -> None:
    table = Path(kokoro_vn.__file__).parent / "vocab.json"
    known = frozenset(json.loads(table.read_text(encoding="utf-8")))
    words = [
        onset + nucleus + coda
        for onset in ("", *(written for written, _ in g2p._ONSETS))
        for nucleus in g2p._NUCLEI
        for coda in (*g2p._CODAS, *g2p._OFFGLIDES)
    ]
    read = [(word, unsung(units(word), known)) for word in words if parse(word) is not None]
    assert len(read) > 2500
    assert [word for word, missing in read if missing] == []


def test_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match="makes no"):
        split(b"\x08\x07")


@pytest.fixture(scope="module")
def voice() -> Iterator[KokoroVoice]:
    voice = open_engine(threads=2)
    yield voice
    voice.close()


@pytest.mark.parametrize("words", [{"idle_s": "soon"}, {"idle_s": "0"}, {"idle_s": "nan"}, {"timbre": "x"}])
def test_settings_that_will_not_do_are_refused(words: dict[str, str]) -> None:
    with pytest.raises(EngineAbsent):
        open_configured(settings=words)


@pytest.mark.voice
def test_the_model_is_let_go_when_idle_and_comes_back() -> None:
    voice = open_configured(settings={"idle_s": "0.2"})
    try:
        first = voice.speak("Xin chào.", Style.BULLETIN)
        assert voice.loaded
        deadline = time.monotonic() + 20
        while voice.loaded and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not voice.loaded
        assert np.array_equal(first, voice.speak("Xin chào.", Style.BULLETIN))
    finally:
        voice.close()


@pytest.mark.voice
def test_without_the_setting_the_model_stays() -> None:
    voice = open_engine(threads=1)
    voice.speak("Xin chào.", Style.BULLETIN)
    time.sleep(0.5)
    assert voice.loaded
    voice.close()
    assert not voice.loaded


@pytest.mark.voice
def test_four_threads_get_the_very_samples_that_one_gets(voice: KokoroVoice) -> None:
    texts = ["Xin chào bà con.", "Sơ tán ngay!", "Hết báo động.", "Về nơi trú ẩn!"]
    alone = [voice.speak(text, Style.BULLETIN) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: voice.speak(text, Style.BULLETIN), texts * 2))
    for expected, given in zip(alone * 2, together, strict=True):
        assert np.array_equal(expected, given)


@pytest.mark.voice
def test_words_that_it_cannot_say_are_logged(voice: KokoroVoice, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING", logger="loa.speech"):
        voice.speak("Xin chào Microsoft.", Style.BULLETIN)
    assert "words.skipped" in caplog.text
    assert "Microsoft" in caplog.text


@pytest.mark.voice
@pytest.mark.parametrize("text", ["Cháy nhà ở ngõ chợ.", "Nước lên nhanh!", "Xin nhắc lại."])
def test_the_first_syllable_is_in_the_sound(voice: KokoroVoice, text: str) -> None:
    """Sound begins soon, and as much of it comes as the same words have later in a sentence."""
    pcm = voice.speak(text, Style.BULLETIN)
    loud = np.flatnonzero(frame_levels(pcm) > -40)
    assert loud[0] * 0.01 < 0.2, "the lead-in is cut"
    syllables = sum(isinstance(unit, Syllable) for unit in units(text))
    assert (loud[-1] - loud[0]) * 0.01 > 0.2 * syllables


@pytest.mark.voice
def test_level_and_length_are_those_of_speech(voice: KokoroVoice) -> None:
    text = "Ủy ban nhân dân xã mời bà con về họp tại nhà văn hóa thôn."
    pcm = voice.speak(text, Style.BULLETIN)
    assert 2.8 < len(pcm) / SAMPLE_RATE < 6.5  # 14 syllables
    assert 0.2 < np.abs(pcm).max() < 1.0
    assert -30 < 20 * np.log10(np.sqrt(np.mean(pcm**2))) < -12
    assert np.abs(pcm.mean()) < 0.01


@pytest.mark.voice
def test_an_emergency_pauses_at_its_commas(voice: KokoroVoice) -> None:
    text = "Nước lên, sơ tán ngay."
    assert longest_gap(voice.speak(text, Style.EMERGENCY)) >= 0.25
    assert longest_gap(voice.speak(text, Style.EMERGENCY)) > longest_gap(voice.speak(text, Style.BULLETIN))


@pytest.mark.voice
def test_the_voice_stays_within_its_memory() -> None:
    """The whole process, with a sentence of 27 syllables, about the longest that is asked for."""
    text = (
        "Từ ba giờ chiều nay hồ thủy điện bắt đầu xả lũ bà con ven sông cần đề phòng "
        "và đưa trâu bò lên chỗ cao ngay."
    )
    code = (
        "import sys, pathlib;"
        "from tts.engines.kokoro_vn.engine import open_engine;"
        "from tts.engines.engine import Style;"
        "voice = open_engine(threads=2);"
        "[voice.speak(sys.argv[1], style) for style in Style];"
        "print(pathlib.Path('/proc/self/status').read_text())"
    )
    done = subprocess.run([sys.executable, "-c", code, text], capture_output=True, text=True, check=True)
    (peak,) = (line.split()[1] for line in done.stdout.splitlines() if line.startswith("VmHWM"))
    assert int(peak) / 1024 <= 700


def contour(pcm: Pcm) -> list[float]:
    """Of the loud voiced part three stretches of 12 %, from 28 % on: there lies the second of three."""
    track = pitch_track(pcm)
    levels = frame_levels(pcm)[: len(track)]
    heard = track[(track > 0) & (levels > levels.max() - 18)]
    steps = 12 * np.log2(heard / 200)
    borders = [int(len(steps) * share) for share in (0.28, 0.4, 0.52, 0.64)]
    return [float(np.median(steps[start:end])) for start, end in pairwise(borders)]


def frame_levels(pcm: Pcm) -> np.ndarray:
    """dBFS of each 10 ms."""
    hop = SAMPLE_RATE // 100
    power = np.square(pcm[: len(pcm) // hop * hop].reshape(-1, hop)).mean(axis=1)
    return 10 * np.log10(np.maximum(power, 1e-10))


def longest_gap(pcm: Pcm) -> float:
    """Seconds of the longest silence between two sounds."""
    loud = np.flatnonzero(frame_levels(pcm) > -40)
    return float(np.diff(loud).max()) * 0.01


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
def test_the_six_tones_have_their_contours_in_the_sound(voice: KokoroVoice) -> None:
    """Semitones over 200 Hz early, in the middle and late in *ma* between two other syllables."""
    golden = {
        "ma": (-0.2, -1.3, -1.7),
        "mà": (-3.0, -6.3, -7.6),
        "má": (-1.8, 0.1, 2.6),
        "mả": (-2.4, -8.8, -5.2),
        "mã": (-1.2, -4.7, 3.2),
        "mạ": (-1.1, -5.7, -8.5),
    }
    found = {word: contour(voice.speak(f"Chữ {word} này.", Style.BULLETIN)) for word in golden}
    for word, expected in golden.items():
        assert found[word] == pytest.approx(expected, abs=1.5), word
    early, middle, late = 0, 1, 2
    assert found["mà"][middle] < found["ma"][middle] - 4, "huyền lies low"
    assert found["má"][late] > found["má"][early] + 2, "sắc rises"
    assert found["mả"][late] > found["mả"][middle] + 2, "hỏi comes back"
    assert found["mã"][late] > found["ma"][late] + 2, "ngã ends high"
    assert found["mạ"][middle] < found["mạ"][early] - 2, "nặng drops"


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
