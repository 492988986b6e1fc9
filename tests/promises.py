"""`make promises`: one line per promise: its tests, and whether they were shown to fail without its guard.

A guard is a passage of the source named in ``tests/guards.toml``. It is removed from a temporary copy of the
tree, and the promise's tests must then fail there. Nothing is declared: what is printed was just run.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ("controller", "devices", "tts", "schedules", "firmware_sim", "tests", "bench")
IDS = (
    *(f"P{n}" for n in range(1, 25)),
    *(f"F{n:02}" for n in range(1, 83)),
    *(f"S{n:02}" for n in range(1, 81)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A passage whose removal some tests must notice."""

    ids: tuple[str, ...]
    file: str
    guard: str
    without: str
    tests: tuple[str, ...]


class Collector:
    """A pytest plugin that only listens: which test names which promise."""

    def __init__(self) -> None:
        self.tests: dict[str, list[str]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("promise"):
                for promise in mark.args:
                    self.tests[promise].append(item.nodeid)


def guards() -> list[Guard]:
    rows = tomllib.loads((ROOT / "tests/guards.toml").read_text(encoding="utf-8")).get("guard", [])
    return [
        Guard(
            ids=tuple(row["ids"]),
            file=row["file"],
            guard=row["guard"],
            without=row["without"],
            tests=tuple(row["tests"]),
        )
        for row in rows
    ]


def run_tests(tree: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", *tests],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )


def tried(guard: Guard) -> str:
    """Run the guard's tests on a copy without it: `yes` if a test failed, else what went wrong instead."""
    with tempfile.TemporaryDirectory(prefix="loa-guard-") as name:
        tree = Path(name)
        for room in HOUSE:
            shutil.copytree(ROOT / room, tree / room, ignore=shutil.ignore_patterns("__pycache__", "results"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        source = tree / guard.file
        text = source.read_text(encoding="utf-8")
        if text.count(guard.guard) != 1:
            return f"NO: the passage stands {text.count(guard.guard)} times in {guard.file}"
        before = run_tests(tree, guard.tests)
        if before.returncode != 0:
            return "NO: its tests fail with the guard in place"
        source.write_text(text.replace(guard.guard, guard.without), encoding="utf-8")
        after = run_tests(tree, guard.tests)
    if after.returncode == 1 and re.search(r"\d+ failed", after.stdout):
        return "yes"
    return f"NO: pytest ended with {after.returncode} without the guard"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make promises", description=__doc__)
    parser.add_argument("--only", help="ids, comma separated: P8,S01", default="")
    parser.add_argument("--json", action="store_true", help="one JSON object per line instead of the table")
    options = parser.parse_args(arguments)
    collector = Collector()
    with open(os.devnull, "w") as nowhere:
        stdout, sys.stdout = sys.stdout, nowhere
        try:
            code = pytest.main(["--collect-only", "-q", "-p", "no:terminal", str(ROOT / "tests")], plugins=[collector])
        finally:
            sys.stdout = stdout
    if code != 0:
        print("the tests could not be collected; run `make test` first")
        return 2
    unknown = sorted(set(collector.tests) - set(IDS))
    wanted = [one for one in IDS if not options.only or one in options.only.split(",")]
    chosen = [guard for guard in guards() if set(guard.ids) & set(wanted)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        outcomes = list(pool.map(tried, chosen))
    shown: dict[str, list[str]] = defaultdict(list)
    for guard, outcome in zip(chosen, outcomes, strict=True):
        for one in guard.ids:
            shown[one].append(outcome)
    for one in wanted:
        tests = collector.tests.get(one, [])
        proof = shown.get(one, [])
        verdict = "—" if not proof else "yes" if all(p == "yes" for p in proof) else next(p for p in proof if p != "yes")
        if options.json:
            print(json.dumps({"id": one, "tests": tests, "fails_without_guard": verdict}, ensure_ascii=False))
        else:
            print(f"{one:<4} {len(tests):>3} test(s)   fails without its guard: {verdict:<5} {tests[0] if tests else ''}")
    bad = [outcome for outcome in outcomes if outcome != "yes"]
    with_tests = sum(bool(collector.tests.get(one)) for one in wanted)
    print(f"\n{with_tests} of {len(wanted)} promises have tests; {len(outcomes) - len(bad)} of {len(outcomes)} guards proven")
    if unknown:
        print(f"marks that name no promise: {', '.join(unknown)}")
    return 1 if bad or unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
