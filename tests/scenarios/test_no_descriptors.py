"""Not one file can be opened any more (P17): an emergency and a stop need none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.promise("P17")
def test_without_a_free_descriptor_an_emergency_is_heard_and_a_stop_stops_it(place: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.no_descriptors", str(place)],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)

    assert seen["taken"] > 100
    assert [part for part, _ in seen["sirens"]] == ["tone"] * 3
    assert all(late <= 5 for _, late in seen["sirens"])
    assert seen["stopped"]
    assert (seen["later"], seen["bad_row"]) == ("approved", "None")
