"""Listening back: the recogniser hears, hangs, dies or is not there, and nothing but the note changes."""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.stub_voice import StubVoice
from tests.tts.fake_recogniser import fake, starts
from tests.tts.test_process import STUB, Child, child
from tts.clip import SAMPLE_RATE, decode
from tts.ear import OFF, Ear, find_python
from tts.engines.engine import Style
from tts.errors import HearingAbsent, HearingFailed
from tts.formats import encode
from tts.loudness import lufs, normalise

PCM = StubVoice().speak("Mời bà con họp lúc bảy giờ.", Style.BULLETIN)
TEXT = "Mời bà con họp lúc 7 giờ. Xin cảm ơn."


@contextmanager
def ear(python: str | None, least_s: float = 5.0) -> Iterator[Ear]:
    made = Ear(python, least_s=least_s, start_s=10.0)
    with closing(made):
        yield made
    made.rest()
    assert made.pid is None


def test_what_the_recogniser_hears_comes_back(tmp_path: Path) -> None:
    with ear(fake(tmp_path, heard="mời bà con")) as made:
        assert made.hear(PCM) == "mời bà con"
        first = made.pid
        assert made.hear(PCM) == "mời bà con"
        assert made.pid == first
        assert len(starts(tmp_path)) == 1


@pytest.mark.parametrize("mood", ["hang", "die", "babble", "unready"])
def test_a_recogniser_that_fails_is_a_failure_in_words_and_is_started_anew(mood: str, tmp_path: Path) -> None:
    with ear(fake(tmp_path, mood=mood), least_s=0.5) as made:
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(HearingFailed):
                made.hear(PCM)
            assert not made.awake
        assert time.monotonic() - began < 15
        assert len(starts(tmp_path)) == (0 if mood == "unready" else 2)
        for pid in starts(tmp_path):
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def test_without_a_recogniser_nobody_listened_back() -> None:
    assert find_python(OFF) is None
    assert find_python("/nowhere/python") is None
    with ear(None) as made, pytest.raises(HearingAbsent):
        made.hear(PCM)


def test_at_rest_it_gives_its_memory_back_and_wakes_again(tmp_path: Path) -> None:
    with ear(fake(tmp_path, heard="một")) as made:
        made.hear(PCM)
        made.rest()
        assert not made.awake
        assert made.hear(PCM) == "một"
        assert len(starts(tmp_path)) == 2


def speak(speaking: Child, out: Path) -> list[list[str]]:
    speaking.ask(id="r", do="render", text=TEXT, out=str(out), chime=False)
    done = speaking.answer_to("r")
    return [[one["sentence"], one["engine"]] for one in done["said"]]


def listen(speaking: Child, said: list[list[str]]) -> dict[str, object]:
    speaking.ask(id="l", do="listen", style="bulletin", said=said)
    return speaking.answer_to("l")


def test_the_speech_process_says_what_was_heard_otherwise(tmp_path: Path) -> None:
    program = fake(tmp_path, heard="mời bà con họp lúc tám giờ")
    with child(tmp_path / "cache", STUB, "--listener", program) as speaking:
        said = speak(speaking, tmp_path)
        answer = listen(speaking, said[:1])
        assert answer["event"] == "done"
        heard = answer["heard"]
        assert isinstance(heard, dict)
        assert (heard["words"], heard["alike"]) == (7, 6)
        (doubt,) = heard["doubts"]
        assert (doubt["written"], doubt["heard"], doubt["kind"], doubt["differs"]) == (
            "bảy",
            "tám",
            "time",
            True,
        )
        listen(speaking, said[:1])
    with child(tmp_path / "cache", STUB, "--listener", fake(tmp_path, mood="die")) as speaking:
        # what was heard once is kept beside the sentence
        assert listen(speaking, said[:1])["heard"] == heard


@pytest.mark.parametrize(
    ("mood", "code"),
    [("die", "E_HEARING_FAILED"), ("unready", "E_HEARING_FAILED"), (OFF, "E_HEARING_ABSENT")],
)
def test_a_recogniser_that_fails_leaves_the_voice_speaking(mood: str, code: str, tmp_path: Path) -> None:
    program = OFF if mood == OFF else fake(tmp_path, mood=mood)
    with child(tmp_path / "cache", STUB, "--listener", program) as speaking:
        said = speak(speaking, tmp_path)
        assert listen(speaking, said)["code"] == code
        assert speak(speaking, tmp_path) == said


def test_a_hanging_recogniser_keeps_no_emergency_waiting_and_ends_with_the_process(tmp_path: Path) -> None:
    with child(tmp_path / "cache", STUB, "--listener", fake(tmp_path, mood="hang")) as speaking:
        said = speak(speaking, tmp_path)
        speaking.ask(id="l", do="listen", style="bulletin", said=said)
        speaking.ask(id="e", do="render", text="Lũ về.", style="emergency", out=str(tmp_path), chime=False)
        began = time.monotonic()
        assert speaking.answer_to("e")["event"] == "done"
        assert time.monotonic() - began < 5
        while not starts(tmp_path):
            time.sleep(0.02)
        assert speaking.process.stdin is not None
        speaking.process.stdin.close()
        assert speaking.answer_to("l")["code"] == "E_HEARING_FAILED"
        assert speaking.process.wait(10) == 0
    (pid,) = starts(tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_sentence_that_is_no_longer_kept_can_t_be_listened_to(tmp_path: Path) -> None:
    with child(tmp_path / "cache", STUB, "--listener", fake(tmp_path, heard="một")) as speaking:
        assert listen(speaking, [["Chưa ai đọc câu này.", "stub"]])["code"] == "E_HEARING_FAILED"


def test_the_horn_preview_lies_in_its_place_and_sounds_like_a_horn(tmp_path: Path) -> None:
    clip, out = tmp_path / "clip", tmp_path / "previews" / "horn"
    clip.write_bytes(encode(normalise(PCM, SAMPLE_RATE)))
    with child(tmp_path / "cache") as speaking:
        speaking.ask(id="h", do="horn", clip=str(clip), out=str(out))
        assert speaking.answer_to("h") == {"id": "h", "event": "done"}
        before, after = decode(clip.read_bytes())[0], decode(out.read_bytes())[0]
        assert len(after) / SAMPLE_RATE == pytest.approx(len(before) / SAMPLE_RATE + 0.38, abs=0.05)
        assert lufs(after, SAMPLE_RATE) == pytest.approx(lufs(before, SAMPLE_RATE), abs=1.5)
        clip.write_bytes(b"no sound")
        speaking.ask(id="h2", do="horn", clip=str(clip), out=str(out))
        assert speaking.answer_to("h2")["code"] == "E_CLIP_UNREADABLE"
        speaking.ask(id="h3", do="horn", clip=str(tmp_path / "none"), out=str(out))
        assert speaking.answer_to("h3")["code"] == "E_SPEECH_ASIDE"


def test_the_first_sentence_may_lie_apart_from_the_clips(tmp_path: Path) -> None:
    clips, previews = tmp_path / "clips", tmp_path / "previews"
    clips.mkdir()
    with child(tmp_path / "cache") as speaking:
        speaking.ask(
            id="r", do="render", text=TEXT, out=str(clips), first=True, first_out=str(previews), chime=False
        )
        lines = speaking.until(lambda line: line["event"] == "done")
    assert [path.name for path in previews.iterdir()] == [lines[0]["clip"]["sha256"]]
    assert [path.name for path in clips.iterdir()] == [lines[-1]["clip"]["sha256"]]
