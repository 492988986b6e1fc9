"""The house itself: sizes, first lines, and that nothing was left open."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.promises import Guard, guards

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


@pytest.mark.parametrize("guard", guards(ROOT / "tests/guards.toml"), ids=lambda guard: guard.name)
def test_every_guards_passage_stands_once_in_its_file_and_its_tests_exist(guard: Guard) -> None:
    assert (ROOT / guard.file).read_text(encoding="utf-8").count(guard.guard) == 1
    for test in guard.tests:
        file, *names = test.partition("[")[0].split("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        assert all(re.search(rf"(def|class) {name}\b", text) for name in names), test


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-qa.lock"])
def test_every_package_of_a_lock_is_one_version_held_to_its_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip())
    assert entries
    for entry in entries:
        assert re.fullmatch(
            r"[a-z0-9.-]+==\S+( ; [^\\]+)? \\(\s+--hash=sha256:[0-9a-f]{64}( \\)?)+", entry
        ), entry


def test_the_lock_of_the_recogniser_holds_what_the_extra_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = (ROOT / "requirements-qa.lock").read_text(encoding="utf-8")
    assert all(f"{wanted} " in locked for wanted in project["optional-dependencies"]["qa"])
