"""The house itself: sizes, first lines, and that nothing was left open."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ("controller", "devices", "tts", "schedules", "firmware_sim")
DATA = {"commune_data.py", "messages.py"}
"""Tables of data, not of thought."""
SOURCES = sorted(path for room in HOUSE for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), "the first line prints the map"


def test_no_module_has_grown_past_the_question() -> None:
    large = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCES
        if (lines := path.read_text(encoding="utf-8").count("\n")) > 400 and path.name not in DATA
    }
    assert large == {}, "a file of 300 lines is where one asks whether it is still one thing"


def test_nothing_was_left_open() -> None:
    words = re.compile(r"(^|[^a-z])(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert found == []
