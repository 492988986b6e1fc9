"""`make promises`: one line per promise: its tests, and whether they were shown to fail without its guard.

A guard is a passage of the source named in ``tests/guards.toml``. It is removed from a temporary copy of the
tree; of the tests named there only those marked with the promise run, and for each promise at least one of
its own must then fail. Nothing is declared: what is printed was just run.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ("controller", "devices", "tts", "schedules", "firmware_sim", "tests", "bench", "docs")
IDS = (
    *(f"P{n}" for n in range(1, 25)),
    *(f"F{n:02}" for n in range(1, 83)),
    *(f"S{n:02}" for n in range(1, 81)),
)
AT_MOST_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A passage whose removal some tests must notice."""

    ids: tuple[str, ...]
    file: str
    guard: str
    without: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        lines = [line.strip() for line in self.guard.splitlines() if line.strip()]
        return f"{self.file}: {lines[0][:70]}"

    def outcome(self, said: str) -> dict[str, str]:
        return dict.fromkeys(self.ids, f"{said} ({self.name})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A test that ran in a trial, with those promises that were asked for."""

    node: str
    ids: frozenset[str]
    failed: bool


class Collector:
    """A pytest plugin that only listens: which test names which promise."""

    def __init__(self) -> None:
        self.tests: dict[str, list[str]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for promise in promises_of(item):
                self.tests[promise].append(item.nodeid)


class Witness:
    """A pytest plugin for one trial: keeps the tests of these promises, notes which of them failed.

    With ``enough`` it stops as soon as each promise has lost a test.
    """

    def __init__(self, ids: Iterable[str], *, enough: bool) -> None:
        self.ids = frozenset(ids)
        self.enough = enough
        self.marks: dict[str, set[str]] = {}
        self.failed: dict[str, bool] = {}

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if promises_of(item) & self.ids]
        self.marks = {item.nodeid: promises_of(item) & self.ids for item in chosen}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in self.marks])
        items[:] = chosen

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or (report.when == "call" and not report.skipped):
            self.failed[report.nodeid] = report.failed or self.failed.get(report.nodeid, False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        result = yield
        lost = {one for node, failed in self.failed.items() if failed for one in self.marks[node]}
        if self.enough and lost >= self.ids:
            item.session.shouldstop = "every promise has lost a test"
        return result


def promises_of(item: pytest.Item) -> set[str]:
    return {promise for mark in item.iter_markers("promise") for promise in mark.args}


def guards(file: Path) -> list[Guard]:
    rows = tomllib.loads(file.read_text(encoding="utf-8")).get("guard", [])
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


def collected() -> dict[str, list[str]] | None:
    """The tests of each promise by node id; None where the suite can't be collected."""
    collector = Collector()
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        code = pytest.main(["--collect-only", "-q", str(ROOT / "tests")], plugins=[collector])
    return collector.tests if code == 0 else None


def trial(ids: list[str], tests: list[str], out: Path, *, enough: bool) -> int:
    """Inside a copy: run the tests of these promises; write each with its promises and whether it failed."""
    witness = Witness(ids, enough=enough)
    code = pytest.main(["-q", "--no-header", *tests], plugins=[witness])
    found = [[node, sorted(witness.marks[node]), failed] for node, failed in witness.failed.items()]
    out.write_text(json.dumps(found), encoding="utf-8")
    return 1 if code == pytest.ExitCode.INTERRUPTED and found else int(code)


def copied(tree: Path) -> None:
    for room in HOUSE:
        shutil.copytree(ROOT / room, tree / room, ignore=shutil.ignore_patterns("__pycache__", "results"))
    for name in ("pyproject.toml", "Makefile", "CHANGELOG.md", "README.md"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, tree)


def run_in(
    tree: Path, ids: Iterable[str], tests: Iterable[str], at_most_s: float, *, enough: bool
) -> list[Ran] | str:
    """What a trial in this tree showed, or why it showed nothing."""
    out = tree / "trial.json"
    command = [sys.executable, "-m", "tests.promises", "--trial", str(out), "--only", ",".join(ids)]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, *(["--enough"] if enough else []), *tests],
            cwd=tree,
            env=environment,
            capture_output=True,
            text=True,
            timeout=at_most_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"its tests take more than {at_most_s:.0f} s"
    if done.returncode not in (0, 1) or not out.exists():
        return f"pytest ended with {done.returncode}"
    return [
        Ran(node=node, ids=frozenset(marks), failed=failed)
        for node, marks, failed in json.loads(out.read_text(encoding="utf-8"))
    ]


def as_it_is(chosen: list[Guard]) -> list[Ran] | str:
    """All tests that the guards name, once, with every guard in place."""
    named = {test for guard in chosen for test in guard.tests}
    tests = sorted(test for test in named if "::" not in test or test.partition("::")[0] not in named)
    ids = sorted({one for guard in chosen for one in guard.ids})
    with tempfile.TemporaryDirectory(prefix="loa-guard-") as name:
        copied(Path(name))
        return run_in(Path(name), ids, tests, AT_MOST_S * 8, enough=False)


def unfit(guard: Guard, whole: list[Ran]) -> str | None:
    """Why the tests of this guard can't judge: they must exist and pass while the guard is in place."""
    own = [ran for ran in whole if ran.ids & set(guard.ids) and ran.node.startswith(guard.tests)]
    failing = [ran.node for ran in own if ran.failed]
    if failing:
        return f"{failing[0]} fails with the guard in place"
    missing = sorted(set(guard.ids).difference(*(ran.ids for ran in own)))
    return f"no test named there carries {', '.join(missing)}" if missing else None


def without(guard: Guard) -> dict[str, str]:
    """The guard removed, for each of its promises: `yes` where a test of it failed, else what not."""
    with tempfile.TemporaryDirectory(prefix="loa-guard-") as name:
        tree = Path(name)
        copied(tree)
        source = tree / guard.file
        text = source.read_text(encoding="utf-8") if source.exists() else ""
        if text.count(guard.guard) != 1:
            return guard.outcome(f"NO: the passage stands {text.count(guard.guard)} times")
        source.write_text(text.replace(guard.guard, guard.without), encoding="utf-8")
        found = run_in(tree, guard.ids, guard.tests, AT_MOST_S, enough=True)
    if isinstance(found, str):
        return guard.outcome(f"NO: {found}")
    lost = {one for ran in found if ran.failed for one in ran.ids}
    return {one: "yes" if one in lost else f"NO: nothing failed without {guard.name}" for one in guard.ids}


def tried(guard: Guard, whole: list[Ran]) -> dict[str, str]:
    reason = unfit(guard, whole)
    result = without(guard) if reason is None else guard.outcome(f"NO: {reason}")
    good = all(outcome == "yes" for outcome in result.values())
    print(f"  {'✔' if good else '✖'} {', '.join(guard.ids)}: {guard.name}", file=sys.stderr, flush=True)
    return result


def outcomes(chosen: list[Guard]) -> list[dict[str, str]]:
    """Every guard tried, two at a time."""
    print(f"{len(chosen)} guards: first all of their tests as they are …", file=sys.stderr, flush=True)
    whole = as_it_is(chosen) if chosen else []
    if isinstance(whole, str):
        return [guard.outcome(f"NO: {whole}") for guard in chosen]
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(partial(tried, whole=whole), chosen))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make promises", description=__doc__)
    parser.add_argument("--only", help="ids, comma separated: P8,S01", default="")
    parser.add_argument("--json", action="store_true", help="one JSON object per line instead of the table")
    parser.add_argument("--trial", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--enough", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--guards", type=Path, default=ROOT / "tests/guards.toml", help="another list of guards"
    )
    parser.add_argument("tests", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    only = [one for one in options.only.split(",") if one]
    if options.trial:
        return trial(only, options.tests, options.trial, enough=options.enough)
    tests = collected()
    if tests is None:
        print("the tests could not be collected; run `make test` first")
        return 2
    wanted = [one for one in IDS if not only or one in only]
    chosen = [guard for guard in guards(options.guards) if set(guard.ids) & set(wanted)]
    results = outcomes(chosen)
    proofs: dict[str, list[str]] = defaultdict(list)
    for result in results:
        for one, outcome in result.items():
            proofs[one].append(outcome)
    for one in wanted:
        print(line(one, tests.get(one, []), proofs.get(one, []), as_json=options.json))
    unknown = sorted(set(tests) - set(IDS))
    good = sum(all(outcome == "yes" for outcome in result.values()) for result in results)
    proven = sum(bool(proofs.get(one)) and all(p == "yes" for p in proofs[one]) for one in wanted)
    with_tests = sum(bool(tests.get(one)) for one in wanted)
    print(
        f"\n{with_tests} of {len(wanted)} promises have tests; {proven} of these were shown to fail without "
        f"their guards; {good} of {len(results)} guards proven"
    )
    if unknown:
        print(f"marks that name no promise: {', '.join(unknown)}")
    return 1 if good < len(results) or unknown else 0


def line(one: str, tests: list[str], proof: list[str], *, as_json: bool) -> str:
    verdict = "—" if not proof else next((p for p in proof if p != "yes"), "yes")
    if as_json:
        return json.dumps({"id": one, "tests": tests, "fails_without_guard": verdict}, ensure_ascii=False)
    first = tests[0] if tests else ""
    return f"{one:<4} {len(tests):>3} test(s)   fails without its guard: {verdict:<5} {first}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
