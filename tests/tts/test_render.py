"""A bulletin made into a clip: sentences once each, kept, repeated, the same bytes every time."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.support.stub_voice import StubVoice, pitch_of
from tests.tts.voices import Broken, Hanging, Recording
from tts.cache import SentenceCache, quantised, sentence_key
from tts.chain import Chain
from tts.clip import SAMPLE_RATE, Clip, decode
from tts.engines.engine import Pcm, Style
from tts.errors import NoEngineLeft, TextUnspeakable
from tts.files import sweep, write_whole
from tts.formats import FORMATS, Format
from tts.gate import Flaw
from tts.loudness import lufs
from tts.normalize import normalize
from tts.phrases import split
from tts.render import RenderRequest, render

TEXT = "Kính thưa bà con. Sáng mai họp thôn lúc 7h30. Đề nghị bà con đến đúng giờ."


@pytest.fixture
def cache(tmp_path: Path) -> SentenceCache:
    return SentenceCache(directory=tmp_path / "sentences")


def holds(pcm: Pcm, sentence: str) -> bool:
    """Whether the stub's tone for this sentence sounds for at least 50 ms somewhere."""
    width = round(0.05 * SAMPLE_RATE)
    time_s = np.arange(width) / SAMPLE_RATE
    probe = np.exp(-2j * np.pi * pitch_of(sentence) * time_s)
    windows = pcm[: len(pcm) // width * width].reshape(-1, width)
    energy = np.maximum((windows**2).sum(axis=1) * width / 2, 1e-3)
    return bool((np.abs(windows @ probe) ** 2 / energy > 0.9).any())


class TestRender:
    def test_what_was_written_is_what_sounds(self, cache: SentenceCache) -> None:
        rendering = render(RenderRequest(text=TEXT), Chain((StubVoice(),)), cache)
        pcm, _ = decode(rendering.clip.data)
        assert rendering.spoken.startswith("Kính thưa bà con. Sáng mai họp thôn lúc bảy giờ ba mươi.")
        for sentence in ("Kính thưa bà con.", "Sáng mai họp thôn lúc bảy giờ ba mươi."):
            assert holds(pcm, sentence)
        assert not holds(pcm, "Một câu khác.")
        assert rendering.engines == ("stub",)

    def test_the_clip_is_as_loud_as_it_should_be(self, cache: SentenceCache) -> None:
        clip = render(RenderRequest(text=TEXT), Chain((StubVoice(),)), cache).clip
        assert clip.lufs == pytest.approx(-16, abs=0.2)
        assert clip.peak_dbfs <= -1.49

    def test_the_same_text_gives_the_same_bytes_with_and_without_the_cache(
        self, cache: SentenceCache, tmp_path: Path
    ) -> None:
        request = RenderRequest(text=TEXT)
        first = render(request, Chain((StubVoice(),)), cache)
        second = render(request, Chain((StubVoice(),)), cache)
        elsewhere = render(request, Chain((StubVoice(),)), SentenceCache(directory=tmp_path / "other"))
        assert first.clip == second.clip == elsewhere.clip
        assert (first.cached_sentences, second.cached_sentences) == (0, 3)

    def test_an_edited_bulletin_speaks_only_what_changed(self, cache: SentenceCache) -> None:
        voice = Recording()
        render(RenderRequest(text=TEXT), Chain((voice,)), cache)
        voice.asked.clear()
        render(RenderRequest(text=TEXT.replace("7h30", "8h")), Chain((voice,)), cache)
        assert voice.asked == ["Sáng mai họp thôn lúc tám giờ."]

    def test_a_repeat_costs_no_second_speaking_and_doubles_the_sound(self, cache: SentenceCache) -> None:
        voice = Recording()
        once = render(RenderRequest(text=TEXT, chime=False), Chain((voice,)), cache)
        asked = len(voice.asked)
        twice = render(RenderRequest(text=TEXT, chime=False, repeat=2), Chain((voice,)), cache)
        assert len(voice.asked) == asked
        assert twice.clip.duration_ms == 2 * once.clip.duration_ms + 1200

    def test_a_repeated_bulletin_restates_when_it_was_issued(self, cache: SentenceCache) -> None:
        request = RenderRequest(text=TEXT, repeat=2, issued_at_spoken="14h30 ngày 5/9")
        pcm, _ = decode(render(request, Chain((StubVoice(),)), cache).clip.data)
        restated = "Bản tin phát lúc mười bốn giờ ba mươi ngày mùng năm tháng chín."
        assert holds(pcm, restated)
        assert not holds(pcm[: len(pcm) // 2], restated)

    def test_the_chime_comes_first_where_it_is_wanted(self, cache: SentenceCache) -> None:
        chain = Chain((StubVoice(),))
        plain = render(RenderRequest(text=TEXT, chime=False), chain, cache).clip
        with_bells = render(RenderRequest(text=TEXT), chain, cache).clip
        assert 2500 < with_bells.duration_ms - plain.duration_ms < 4000

    def test_an_emergency_and_a_bulletin_are_kept_apart(self, cache: SentenceCache) -> None:
        voice = Recording()
        render(RenderRequest(text="Nước lên."), Chain((voice,)), cache)
        render(RenderRequest(text="Nước lên.", style=Style.EMERGENCY), Chain((voice,)), cache)
        assert voice.asked == ["Nước lên.", "Nước lên."]

    def test_the_first_sentence_can_be_heard_before_the_second_is_spoken(self, cache: SentenceCache) -> None:
        voice = Recording()
        heard: list[tuple[int, bool]] = []

        def on_first(clip: Clip) -> None:
            heard.append((len(voice.asked), holds(decode(clip.data)[0], "Một.")))

        render(RenderRequest(text="Một. Hai. Ba."), Chain((voice,)), cache, on_first=on_first)
        assert heard == [(1, True)]

    def test_an_edit_encodes_only_what_changed(self, cache: SentenceCache) -> None:
        def encoded() -> set[str]:
            return {path.name for path in cache.directory.glob("*/*.take")}

        text = " ".join(f"Câu số {number} nói về việc chung của cả thôn." for number in range(30))
        whole = render(RenderRequest(text=text), Chain((StubVoice(),)), cache).clip
        before = encoded()
        edited = RenderRequest(text="Câu mới nói về việc riêng của từng nhà. " + text)
        render(edited, Chain((StubVoice(),)), cache)
        assert 1 <= len(encoded() - before) <= 2  # as it was spoken, and at the gain of this bulletin
        assert render(RenderRequest(text=text), Chain((StubVoice(),)), cache).clip == whole

    @pytest.mark.parametrize("form", Format)
    def test_every_form_carries_the_whole_bulletin(self, cache: SentenceCache, form: Format) -> None:
        clip = render(RenderRequest(text=TEXT, format=form), Chain((StubVoice(),)), cache).clip
        pcm, rate = decode(clip.data)
        assert rate == FORMATS[form].sample_rate
        assert len(pcm) / rate == pytest.approx(clip.duration_ms / 1000, abs=0.1)
        assert clip.media_type == FORMATS[form].media_type
        assert lufs(pcm, rate) == pytest.approx(-16, abs=0.7)

    def test_findings_name_the_sentence_that_sounds_wrong(self, cache: SentenceCache) -> None:
        text = "Một hai ba bốn năm sáu bảy."
        rendering = render(RenderRequest(text=text), Chain((StubVoice(),)), cache)
        assert [(found.flaw, found.sentence) for found in rendering.findings] == [(Flaw.TOO_FAST, text)]

    def test_what_is_not_spoken_in_time_is_spoken_by_the_next_voice_and_said_so(
        self, cache: SentenceCache
    ) -> None:
        hanging = Hanging()
        request = RenderRequest(text="Một. Hai.", within_s=0.8)
        rendering = render(request, Chain((hanging, StubVoice())), cache)
        hanging.let_go.set()
        assert [said.engine for said in rendering.said] == ["stub", "stub"]
        assert "E_ENGINE_SLOW" in rendering.said[0].causes[0]
        assert rendering.said[1].causes == ("hanging rests",)

    def test_a_stand_ins_reading_is_found_again_where_the_first_voice_still_fails(
        self, cache: SentenceCache
    ) -> None:
        stand_in = Recording()
        for _ in range(2):
            rendering = render(RenderRequest(text="Một."), Chain((Broken(), stand_in)), cache)
        assert stand_in.asked == ["Một."]
        assert rendering.said[0].cached
        assert rendering.engines == ("recording",)

    def test_progress_counts_each_distinct_sentence_once(self, cache: SentenceCache) -> None:
        seen: list[tuple[int, int]] = []
        request = RenderRequest(text="Một. Hai. Một.", repeat=3)
        render(request, Chain((StubVoice(),)), cache, lambda sentence, total: seen.append((sentence, total)))
        assert seen == [(1, 2), (2, 2)]

    @pytest.mark.promise("F71")
    def test_a_bulletin_that_no_voice_can_read_is_an_error_and_never_silence(
        self, cache: SentenceCache
    ) -> None:
        with pytest.raises(NoEngineLeft):
            render(RenderRequest(text=TEXT), Chain((Broken(),)), cache)

    @pytest.mark.parametrize("text", ["", "  \n", "!!! …"])
    def test_a_text_without_a_word_is_refused(self, text: str, cache: SentenceCache) -> None:
        with pytest.raises(TextUnspeakable):
            render(RenderRequest(text=text), Chain((StubVoice(),)), cache)

    def test_the_stand_in_does_not_take_the_first_voices_place_in_the_cache(
        self, cache: SentenceCache
    ) -> None:
        broken, voice = Broken(identity="first/1"), Recording(identity="first/1")
        render(RenderRequest(text="Một."), Chain((broken, StubVoice())), cache)
        rendering = render(RenderRequest(text="Một."), Chain((voice, StubVoice())), cache)
        assert voice.asked == ["Một."]
        assert rendering.engines == ("recording",)

    def test_ten_thousand_characters_are_spoken_to_the_last_word(self, cache: SentenceCache) -> None:
        words = " ".join(f"thôn {number} họp lúc {number % 12 + 1} giờ." for number in range(600))
        rendering = render(RenderRequest(text=words[:10_000], chime=False), Chain((StubVoice(),)), cache)
        syllables = len(rendering.spoken.split())
        assert syllables > 2_000
        assert rendering.clip.duration_ms > syllables * 60

    def test_a_disk_that_is_full_does_not_silence_the_bulletin(self, tmp_path: Path) -> None:
        blocked = tmp_path / "blocked"
        blocked.write_text("a file where the directory should be")
        cache = SentenceCache(directory=blocked / "sentences")
        assert render(RenderRequest(text=TEXT), Chain((StubVoice(),)), cache).sentences == 3


def ten_sentences(directory: Path) -> tuple[list[str], int]:
    """Their keys from the longest unused to the youngest, and the bytes of one."""
    cache = SentenceCache(directory=directory)
    keys = [f"{number:02x}" * 32 for number in range(10)]
    for age, key in enumerate(keys):
        cache.keep(key, StubVoice().speak("xin chào", Style.BULLETIN))
        (path,) = directory.glob(f"*/{key}.*")
        os.utime(path, (1_000_000_000 + age, 1_000_000_000 + age))
    return keys, cache.contents().size_bytes // 10


class TestCache:
    def test_what_is_kept_is_found_as_16_bit_samples(self, cache: SentenceCache) -> None:
        pcm = StubVoice().speak("xin chào", Style.BULLETIN)
        cache.keep("ab" * 32, pcm)
        found = cache.find("ab" * 32)
        assert found is not None
        assert np.array_equal(found, quantised(pcm))
        assert cache.find("cd" * 32) is None

    @pytest.mark.parametrize("damage", [slice(40, 41), slice(0, 1), slice(-1, None)])
    def test_a_file_that_has_rotted_counts_as_absent(self, cache: SentenceCache, damage: slice) -> None:
        cache.keep("ab" * 32, StubVoice().speak("xin chào", Style.BULLETIN))
        (path,) = cache.directory.glob("*/*")
        data = bytearray(path.read_bytes())
        data[damage] = bytes(byte ^ 0xFF for byte in data[damage])
        path.write_bytes(data)
        assert cache.find("ab" * 32) is None
        assert not path.exists()

    def test_a_file_that_was_cut_short_counts_as_absent(self, cache: SentenceCache) -> None:
        cache.keep("ab" * 32, StubVoice().speak("xin chào", Style.BULLETIN))
        (path,) = cache.directory.glob("*/*")
        path.write_bytes(path.read_bytes()[:-100])
        assert cache.find("ab" * 32) is None

    def test_the_longest_unused_make_room_and_the_young_stay(self, tmp_path: Path) -> None:
        keys, each = ten_sentences(tmp_path)
        small = SentenceCache(directory=tmp_path, limit_bytes=5 * each)
        assert small.find(keys[0]) is not None
        assert small.trim() >= 5 * each
        assert small.contents().size_bytes <= 5 * each
        assert small.find(keys[0]) is not None
        assert small.find(keys[1]) is None
        assert small.find(keys[9]) is not None

    def test_pinned_sentences_stay_whatever_their_age(self, tmp_path: Path) -> None:
        keys, each = ten_sentences(tmp_path)
        small = SentenceCache(directory=tmp_path, limit_bytes=3 * each)
        for key in keys[:2]:
            small.pin(key)
        small.trim()
        assert [small.find(key) is not None for key in keys] == [True] * 2 + [False] * 8
        assert small.contents().pinned_files == 2
        small.unpin(keys[0])
        SentenceCache(directory=tmp_path, limit_bytes=each).trim()
        assert small.find(keys[0]) is None
        assert small.find(keys[1]) is not None

    def test_below_the_limit_nothing_is_trimmed(self, tmp_path: Path) -> None:
        keys, each = ten_sentences(tmp_path)
        cache = SentenceCache(directory=tmp_path, limit_bytes=10 * each)
        assert cache.trim() == 0
        assert all(cache.find(key) is not None for key in keys)

    def test_a_rendering_trims_the_cache_but_not_what_it_pins(self, tmp_path: Path) -> None:
        cache = SentenceCache(directory=tmp_path, limit_bytes=1)
        voice = Recording()
        render(RenderRequest(text="Báo động.", pin=True), Chain((voice,)), cache)
        render(RenderRequest(text=TEXT), Chain((voice,)), cache)
        voice.asked.clear()
        assert render(RenderRequest(text="Báo động."), Chain((voice,)), cache).cached_sentences == 1
        assert render(RenderRequest(text=TEXT), Chain((voice,)), cache).cached_sentences == 0

    def test_voice_style_and_words_each_make_another_key(self) -> None:
        keys = {
            sentence_key("a/1", Style.BULLETIN, "xin chào"),
            sentence_key("a/2", Style.BULLETIN, "xin chào"),
            sentence_key("a/1", Style.EMERGENCY, "xin chào"),
            sentence_key("a/1", Style.BULLETIN, "xin chao"),
        }
        assert len(keys) == 4


class TestFiles:
    def test_leftovers_of_the_dead_are_swept_and_those_of_the_living_stay(self, tmp_path: Path) -> None:
        dead, living = tmp_path / ".clip.4194999.part", tmp_path / ".clip.1.part"
        dead.touch()
        living.touch()
        assert sweep(tmp_path) == 1
        assert not dead.exists()
        assert living.exists()

    def test_a_failed_write_leaves_nothing(self, tmp_path: Path) -> None:
        target = tmp_path / "clip"
        target.mkdir()
        with pytest.raises(OSError, match=r"."):
            write_whole(target, b"sound")
        assert [path.name for path in tmp_path.iterdir()] == ["clip"]


def test_a_breath_tears_no_number() -> None:
    text = normalize("Kính mời bà con thôn Khuông Phò họp lúc 7h30 ngày 25/11/2026 tại nhà văn hóa.").spoken
    assert [phrase.text for phrase in split(text)] == [
        "Kính mời bà con thôn Khuông Phò họp lúc bảy giờ ba mươi",
        "ngày hai mươi lăm tháng mười một năm hai nghìn không trăm hai mươi sáu tại nhà văn hóa.",
    ]
