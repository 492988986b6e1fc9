"""Preparing a recording in a process of its own: what it says, when it hangs, when it dies."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from controller.studio.speech import SpeechFailed
from controller.studio.taking import IntakeProcess, prepared
from tests.tts import uploads


def original(folder: Path, data: bytes) -> Path:
    path = folder / "original"
    path.write_bytes(data)
    return path


def stand_in(folder: Path, script: str) -> str:
    """A program in Python's place that does something else with the same arguments."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\nimport os, subprocess, sys, time\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def failure(taker: IntakeProcess, path: Path) -> SpeechFailed:
    with pytest.raises(SpeechFailed) as failed:
        asyncio.run(taker.take_in(path, repeat=1, chime=True))
    assert failed.value.vi.endswith(".")
    return failed.value


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"


def test_a_recording_becomes_a_clip_with_bells_before_it(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    path = original(tmp_path, uploads.encoded(uploads.speech(3)))
    done = asyncio.run(IntakeProcess(clips).take_in(path, repeat=1, chime=True))
    plain = asyncio.run(IntakeProcess(clips).take_in(path, repeat=1, chime=False))
    assert 3_000 < done.clip.duration_ms - plain.clip.duration_ms < 4_500
    assert done.before.duration_ms == pytest.approx(3_000, abs=50)
    assert {file.name for file in clips.iterdir()} == {done.clip.sha256, plain.clip.sha256}


def test_a_refusal_comes_in_its_own_words(tmp_path: Path) -> None:
    path = original(tmp_path, uploads.no_sounds(9)["html"])
    assert failure(IntakeProcess(tmp_path / "clips"), path).code == "E_AUDIO_TYPE"


@pytest.mark.promise("S49")
def test_one_that_hangs_is_ended_with_all_that_it_began(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    script = (
        f"child = subprocess.Popen(['sleep', '600']); open({str(begun)!r}, 'w').write(f'{{child.pid}}')\n"
        "time.sleep(600)"
    )
    taker = IntakeProcess(tmp_path, deadline_s=2.0, python=stand_in(tmp_path, script))
    began = time.monotonic()
    assert failure(taker, original(tmp_path, b"x")).code == "E_INTAKE"
    assert time.monotonic() - began < 10
    child = int(begun.read_text(encoding="ascii"))
    for _ in range(100):
        if not alive(child):
            break
        time.sleep(0.02)
    assert not alive(child)


@pytest.mark.parametrize(
    "script",
    ["sys.exit(9)", "os.abort()", "print('no json')", "print('[1]')", 'print(\'{"event": "done"}\')'],
    ids=["ends", "dies", "babbles", "lists", "forgets"],
)
def test_one_that_dies_or_babbles_is_a_plain_failure(tmp_path: Path, script: str) -> None:
    taker = IntakeProcess(tmp_path, python=stand_in(tmp_path, script))
    assert failure(taker, original(tmp_path, b"x")).code == "E_INTAKE"


def test_one_that_can_not_be_begun_is_a_plain_failure(tmp_path: Path) -> None:
    taker = IntakeProcess(tmp_path, python=str(tmp_path / "nowhere"))
    assert failure(taker, original(tmp_path, b"x")).code == "E_INTAKE"


def test_it_says_what_it_was_told() -> None:
    with pytest.raises(SpeechFailed, match="E_AUDIO_LEVEL"):
        prepared({"event": "error", "code": "E_AUDIO_LEVEL", "vi": "Không nghe được.", "en": "Nothing."})
