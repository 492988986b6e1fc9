"""The newcomer's demo on real parts: every fault shown as planted, every horn with the right sound."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

pytestmark = [pytest.mark.voice, pytest.mark.broker, pytest.mark.timeout(900)]
RATE = 24_000


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One run of `loa demo --exit --json --wav` on the broker of the wheel."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "controller", "demo", "--exit", "--json", "--port", "0"]
    command += ["--dir", str(folder / "house"), "--wav", str(folder / "wav"), "--broker", "iotcore"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=850, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return {"folder": folder, **json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.promise("F54", "P3", "P4")
def test_the_planted_faults_appear_exactly_as_planted(told: dict[str, Any]) -> None:
    assert told["surprises"] == []
    assert told["nodes"] == 30
    assert sum(told["verdicts"].values()) == told["deliveries"]
    assert "open" not in told["verdicts"]
    assert told["verdicts"]["refused"] == 1
    assert told["verdicts"]["missed"] >= 1
    assert told["heard"]["no"] >= 5, "the node with the dead amplifier is not believed to be heard"
    assert told["emergency"]["nodes"] == told["stop"]["nodes"] == 14


def test_each_wav_holds_what_the_node_fetched(told: dict[str, Any]) -> None:
    """The first whole clip of each commune's nodes correlates with the file that the controller published."""
    folder: Path = told["folder"]
    wavs = sorted((folder / "wav").glob("*.wav"))
    assert len(wavs) == told["wavs"] == 30
    clips = [_sound(path) for path in sorted((folder / "house" / "clips").iterdir())]
    for wav in wavs[::7]:
        heard = _sound(wav)
        assert heard.size > RATE * 20
        assert max(_likeness(heard[: clip.size], clip) for clip in clips) > 0.99, wav.stem


def _sound(path: Path) -> NDArray[np.float64]:
    samples, rate = soundfile.read(path, dtype="float64")
    assert rate == RATE
    return np.asarray(samples)


def _likeness(heard: NDArray[np.float64], clip: NDArray[np.float64]) -> float:
    """The correlation of two sounds of one length; a volume set by the node changes nothing."""
    size = min(heard.size, clip.size)
    a, b = heard[:size], clip[:size]
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12))
