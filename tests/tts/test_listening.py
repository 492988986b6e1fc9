"""`loa speech`: horn, check, cache, formats."""

import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.support.stub_voice import StubVoice
from tests.tts import uploads
from tests.tts.test_sound import speechlike
from tts.cache import SentenceCache
from tts.cli import app
from tts.clip import SAMPLE_RATE, decode
from tts.engines.engine import Style
from tts.formats import Format, encode
from tts.loudness import normalise

run = CliRunner().invoke


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.ogg"
    path.write_bytes(encode(normalise(speechlike(5), SAMPLE_RATE)))
    return path


@pytest.mark.parametrize("suffix", [".ogg", ".wav", ".mp3"])
def test_a_clip_is_heard_through_a_horn(clip: Path, suffix: str) -> None:
    out = clip.with_name("horn" + suffix)
    assert run(app, ["horn", os.fspath(clip), os.fspath(out)]).exit_code == 0
    heard, rate = decode(out.read_bytes())
    assert len(heard) / rate == pytest.approx(5.38, abs=0.1)


def test_a_preview_in_a_form_that_is_not_ours_is_refused(clip: Path) -> None:
    result = run(app, ["horn", os.fspath(clip), os.fspath(clip.with_name("x.aiff"))])
    assert result.exit_code == 2
    assert list(clip.parent.iterdir()) == [clip]


@pytest.mark.parametrize("command", ["horn", "check"])
def test_what_is_no_sound_is_refused_in_words(tmp_path: Path, command: str) -> None:
    page = tmp_path / "page.mp3"
    page.write_text("<html>")
    arguments = [command, os.fspath(page), *([os.fspath(tmp_path / "o.ogg")] if command == "horn" else [])]
    result = run(app, arguments)
    assert result.exit_code == 1
    assert "Không giải mã được" in result.output


def test_a_good_clip_is_measured_and_passes(clip: Path) -> None:
    result = run(
        app, ["check", os.fspath(clip), "--text", "Ủy ban nhân dân xã kính báo cho toàn thể bà con."]
    )
    assert result.exit_code == 0, result.output
    assert "LUFS" in result.output
    assert "words a minute" in result.output


def test_a_bad_clip_is_measured_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "quiet.wav"
    path.write_bytes(encode(np.zeros(SAMPLE_RATE, np.float32), Format.WAV))
    result = run(app, ["check", os.fspath(path)])
    assert result.exit_code == 1
    assert "không có tiếng" in result.output


def test_the_cache_is_shown_and_trimmed(tmp_path: Path) -> None:
    cache = SentenceCache(directory=tmp_path)
    noise = np.random.default_rng(1).uniform(-1, 1, 20 * SAMPLE_RATE).astype(np.float32)
    for number in range(3):
        cache.keep(f"{number:02x}" * 32, noise)
    cache.pin("00" * 32)
    cache.keep("aa" * 32, StubVoice().speak("xin chào", Style.BULLETIN))
    shown = run(app, ["cache", os.fspath(tmp_path)])
    assert shown.exit_code == 0
    assert cache.contents().files == 4
    trimmed = run(app, ["cache", os.fspath(tmp_path), "--trim", "--limit-mb", "1"])
    assert trimmed.exit_code == 0
    assert cache.find("00" * 32) is not None
    assert cache.contents().size_bytes < 2 * 1024 * 1024


def test_the_formats_are_listed() -> None:
    result = run(app, ["formats"])
    assert result.exit_code == 0
    assert all(form.value in result.output for form in Format)


def test_a_recording_becomes_a_clip_or_is_refused_in_words(tmp_path: Path) -> None:
    upload, out = tmp_path / "ghi.wav", tmp_path / "out.ogg"
    upload.write_bytes(uploads.encoded(uploads.speech()))
    made = run(app, ["recording", os.fspath(upload), os.fspath(out)])
    assert made.exit_code == 0, made.output
    assert len(decode(out.read_bytes())[0]) > 3 * SAMPLE_RATE
    upload.write_text("<html>")
    refused = run(app, ["recording", os.fspath(upload), os.fspath(tmp_path / "other.ogg")])
    assert refused.exit_code == 1
    assert "E_AUDIO_TYPE" in refused.output
    assert not (tmp_path / "other.ogg").exists()
