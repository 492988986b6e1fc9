"""The disk is full to the last block (F14, P17): ordinary writes are refused, the siren is not."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

VOLUME = "24m"
SCRIPT = 'mount -t tmpfs -o size=$0 none "$1" && exec "$2" -m tests.support.full_disk "$1" "$3"'


def on_a_small_volume(folder: Path, ballast: str) -> dict[str, Any]:
    """The story on a volume that only its own process sees."""
    enter = ("unshare", "--user", "--map-root-user", "--mount")
    if shutil.which("unshare") is None or subprocess.run([*enter, "true"], check=False).returncode:
        pytest.skip("this machine lets nobody mount a volume of their own")
    done = subprocess.run(
        [*enter, "sh", "-c", SCRIPT, VOLUME, str(folder), sys.executable, ballast],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.mark.promise("F14", "P17")
def test_on_a_full_disk_ordinary_writes_are_refused_and_an_emergency_is_heard_at_once(tmp_path: Path) -> None:
    seen = on_a_small_volume(tmp_path, "with")

    assert seen["laid"], "there was room to hold back"
    assert seen["ordinary"] == "507 E_DISK"
    assert seen["alarm"] == "fired"
    assert [part for part, _ in seen["sirens"]] == ["tone"] * 3
    assert all(late <= 5 for _, late in seen["sirens"])
    assert seen["given_up"], "it was the ballast that made room"
    assert (seen["afterwards"], seen["laid_again"]) == ("saved", True), "it recovers by itself"
    assert (seen["integrity"], seen["bad_row"]) == ("ok", "None")


def test_without_ballast_the_same_disk_would_have_kept_the_siren_silent(tmp_path: Path) -> None:
    seen = on_a_small_volume(tmp_path, "without")

    assert seen["alarm"] == "507 E_DISK"
    assert seen["sirens"] == []
    assert seen["afterwards"] == "saved"
