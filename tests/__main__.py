"""The whole suite, part by part: `python -m tests [part ...]` prints the time of each part."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One line of the table: a name, and the commands that must all succeed."""

    name: str
    commands: tuple[tuple[str, ...], ...]


def pytest(*args: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pytest", *args)


STATIC = Part(
    name="static",
    commands=(
        (str(BIN / "ruff"), "check", "."),
        (str(BIN / "ruff"), "format", "--check", "."),
        (str(BIN / "mypy"),),
        (str(BIN / "lint-imports"),),
    ),
)
QUICK = tuple(
    Part(name=name, commands=(pytest(f"tests/{name}", "-m", "not voice and not chaos and not realtime"),))
    for name in (
        "schedules",
        "tts",
        "devices",
        "wire",
        "firmware_sim",
        "conformance",
        "controller",
        "scenarios",
    )
)
HOUSE = Part(
    name="house",
    commands=(pytest("tests/test_house.py", "tests/test_docs.py", "tests/test_virtual_time.py"),),
)
SLOW = (
    Part(name="realtime", commands=(pytest("tests", "-m", "realtime"),)),
    Part(name="voice", commands=(pytest("tests", "-m", "voice and not chaos"),)),
    Part(name="contracts", commands=(pytest("tests/contracts"),)),
    Part(name="bench", commands=(pytest("tests/test_bench.py", "-m", "not voice"),)),
    Part(name="doors", commands=(pytest("tests/doors", "-m", "not chaos and not voice and not realtime"),)),
    Part(name="chaos", commands=(pytest("tests", "-m", "chaos"),)),
)
CHAOS = (sys.executable, "-m", "tests.doors.chaos")
# one village holds some 85 items a day: many campaigns of 150 cycles say more than one of thousands
FAULTS = Part(
    name="faults",
    commands=(
        *((*CHAOS, "--cycles", "150", "--seed", str(seed)) for seed in range(100, 120)),
        *((*CHAOS, "--real", "--cycles", "50", "--seed", str(seed)) for seed in range(200, 206)),
    ),
)

PARTS = {part.name: part for part in (STATIC, *QUICK, HOUSE, *SLOW, FAULTS)}
SETS = {
    "check": (STATIC, *QUICK, HOUSE),
    "all": (STATIC, *QUICK, HOUSE, *SLOW),
}


# Nothing in these waits for a real second that a neighbour could eat, so two of them share the two cores.
SHARING = frozenset(part.name for part in SETS["check"])
LONGEST_FIRST = ("scenarios", "controller", "tts", "static")


def run(part: Part) -> tuple[bool, float]:
    """Run every command of a part, even after a failure, so that one look shows all that is wrong."""
    began = time.monotonic()
    print(f"\n── {part.name} " + "─" * (70 - len(part.name)), flush=True)
    codes = [subprocess.run(command, cwd=ROOT, check=False).returncode for command in part.commands]
    return all(code == 0 for code in codes), time.monotonic() - began


def run_quietly(part: Part) -> tuple[bool, float]:
    """The same beside another part: what it says is printed when it is over."""
    began, codes, said = time.monotonic(), [], ""
    print(f"  {part.name} has begun", flush=True)
    for command in part.commands:
        done = subprocess.run(
            command, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        codes.append(done.returncode)
        said += done.stdout
    print(f"\n── {part.name} " + "─" * (70 - len(part.name)) + f"\n{said}", end="", flush=True)
    return all(code == 0 for code in codes), time.monotonic() - began


def run_all(parts: list[Part]) -> list[tuple[str, bool, float]]:
    """Every part's name, whether it is good, and its seconds; in the order given."""
    rank = {name: place for place, name in enumerate(LONGEST_FIRST)}
    sharing = [part for part in parts if part.name in SHARING]
    if len(sharing) < 2:
        sharing = []
    with ThreadPoolExecutor(2) as pool:
        under_way = {
            part.name: pool.submit(run_quietly, part)
            for part in sorted(sharing, key=lambda part: rank.get(part.name, len(rank)))
        }
    return [
        (part.name, *(under_way[part.name].result() if part.name in under_way else run(part)))
        for part in parts
    ]


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - SETS.keys() - PARTS.keys())
    if unknown:
        print(f"no part is called {', '.join(unknown)}; there are {', '.join([*SETS, *PARTS])}")
        return 2
    wanted = [part for name in names or ["all"] for part in SETS.get(name) or (PARTS[name],)]
    began = time.monotonic()
    results = run_all(wanted)
    print("\n" + "─" * 74)
    for name, good, seconds in results:
        print(f"  {'✔' if good else '✖'} {name:<14}{seconds:8.1f} s")
    passed = sum(good for _, good, _ in results)
    print(f"  in {time.monotonic() - began:.0f} s\n")
    print(f"parts: {passed} passed, {len(results) - passed} failed", flush=True)
    return 0 if passed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
