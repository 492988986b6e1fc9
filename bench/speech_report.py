"""`make speech-report`: what an offline recogniser understands of each voice, and what the voice costs."""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.understood import Count
from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm, Style
from tts.engines.kokoro_vn.timbre import TIMBRES
from tts.errors import EngineError
from tts.horn import horn
from tts.registry import known_engines, open_engine
from tts.resample import resample

ROOT = Path(__file__).resolve().parents[1]
SENTENCES = ROOT / "tests" / "tts" / "data"
SETS = ("heldout", "tuning")
RESULTS = ROOT / "bench" / "results" / "speech.json"
HEARING = ROOT / ".venv-qa"
HEARD_RATE = 16_000
FIRST_WORDS = "Xin chào bà con."
_LEVEL = 0.7
_SILENCE_S = 0.3

Row = dict[str, Any]


def sentences(which: str) -> list[tuple[str, str]]:
    """(kind, sentence) of one set; kind is `short` or `bulletin`."""
    lines = (SENTENCES / f"sentences_{which}.tsv").read_text(encoding="utf-8").splitlines()
    return [(kind, text) for kind, _, text in (line.partition("\t") for line in lines)]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make speech-report", description=__doc__)
    parser.add_argument("--engines", default="", help="names, comma-separated; else every offline one")
    parser.add_argument("--sets", default=",".join(SETS), help="heldout, tuning or both")
    parser.add_argument("--most", type=int, default=0, help="only so many sentences of each set")
    parser.add_argument("--speak", default="", help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.speak:
        speak(options.speak, options.sets.split(","), options.most, options.into)
        return 0
    rows = [
        row
        for name in (options.engines.split(",") if options.engines else offline_engines())
        for row in report(name, options.sets.split(","), options.most)
    ]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n" + table(rows))
    print(f"\nwritten to {RESULTS.relative_to(ROOT)}")
    return 0


def offline_engines() -> list[str]:
    """Those installed here that speak without the Internet, the embedded voice first."""
    names = []
    timbres = [f"kokoro_vn/{timbre}" for timbre in TIMBRES if timbre]
    for name in sorted((*known_engines(), *timbres), key=lambda name: not name.startswith("kokoro_vn")):
        try:
            engine = open_engine(name, threads=1)
        except EngineError as absence:
            print(f"{name}: left out ({absence})")
            continue
        if not engine.online:
            names.append(name)
        engine.close()
    return names


def report(name: str, sets: Sequence[str], most: int) -> list[Row]:
    """One row a set: the voice speaks in a process of its own, then each sentence is listened to twice."""
    python = hearing()
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        print(f"{name}: speaking ...", flush=True)
        command = [sys.executable, "-m", "bench.speech_report", "--speak", name, "--sets", ",".join(sets)]
        subprocess.run([*command, "--most", str(most), "--into", place], cwd=ROOT, check=True)
        costs = json.loads((directory / "costs.json").read_text(encoding="utf-8"))
        print(f"{name}: listening ...", flush=True)
        with listener(python) as ask:
            return [{**_understood(directory, which, most, ask), **costs} for which in sets]


def speak(name: str, sets: Sequence[str], most: int, into: Path) -> None:
    """Every sentence as a .npy beside costs.json: processor seconds a second of sound, memory, cold start.

    One thread; processor time, since the machine may be busy: on an idle core it is the real-time factor.
    """
    began = time.perf_counter()
    engine = open_engine(name, threads=1)
    engine.speak(FIRST_WORDS, Style.BULLETIN)
    cold_s = time.perf_counter() - began
    used_s, sound_s = _processor_s(), 0.0
    for which in sets:
        for number, (_, text) in enumerate(_some(which, most)):
            pcm = engine.speak(text, Style.BULLETIN)
            sound_s += len(pcm) / SAMPLE_RATE
            np.save(into / f"{which}-{number}.npy", pcm)
    costs = {
        "engine": name,
        "identity": engine.identity,
        "licence": engine.licence,
        "realtime_factor": (_processor_s() - used_s) / sound_s,
        "peak_mb": _peak_mb(),
        "cold_start_s": cold_s,
    }
    engine.close()
    (into / "costs.json").write_text(json.dumps(costs), encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    """Markdown, as the manual carries it."""
    lines = [
        "| engine | sentences | syllable error, clean | tones right, clean | first syllable wrong "
        "| syllable error, horn | tones right, horn | real-time factor, one core | memory | cold start "
        "| licence |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['engine']} | {row['set']}: {row['sentences']}, {row['syllables']} syllables "
        f"| {row['clean']['syllable_error']:.1%} | {row['clean']['tone_accuracy']:.1%} "
        f"| {row['clean']['first_error']:.0%} "
        f"| {row['horn']['syllable_error']:.1%} | {row['horn']['tone_accuracy']:.1%} "
        f"| {row['realtime_factor']:.2f} | {row['peak_mb']:.0f} MB | {row['cold_start_s']:.1f} s "
        f"| {row['licence']} |"
        for row in rows
    ]
    return "\n".join(lines)


def hearing() -> Path:
    """The python of .venv-qa with the recogniser in it, by its lock; installed where it is missing."""
    subprocess.run(["bash", ROOT / "controller" / "deploy" / "setup.sh", "qa"], check=True)
    return HEARING / "bin" / "python"


@contextmanager
def listener(python: Path) -> Iterator["Listener"]:
    """A recogniser process that is stopped at the end."""
    with subprocess.Popen(
        [python, ROOT / "bench" / "listener.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    ) as process:
        yield Listener(process)
        assert process.stdin is not None
        process.stdin.close()


class Listener:
    """What the recogniser hears in a sound at SAMPLE_RATE, with a little silence around it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def hear(self, pcm: Pcm) -> str:
        """One line of small letters; raises RuntimeError where the recogniser has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        loudest = float(np.abs(pcm).max(initial=0.0)) or 1.0
        level = resample(pcm / loudest * _LEVEL, SAMPLE_RATE, HEARD_RATE)
        sound = np.pad(level, int(_SILENCE_S * HEARD_RATE))
        with tempfile.NamedTemporaryFile(suffix=".npy") as file:
            np.save(file, (sound * 32767).astype(np.int16))
            file.flush()
            self._process.stdin.write(f"{file.name}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the recogniser ended")
        return str(json.loads(answer))


def _understood(directory: Path, which: str, most: int, ask: Listener) -> Row:
    clean, far, short = Count(), Count(), Count()
    for number, (kind, text) in enumerate(_some(which, most)):
        pcm = np.load(directory / f"{which}-{number}.npy")
        heard = ask.hear(pcm)
        clean.add(text, heard)
        far.add(text, ask.hear(horn(pcm, SAMPLE_RATE)))
        if kind == "short":
            short.add(text, heard)
    return {
        "set": which,
        "sentences": clean.sentences,
        "syllables": clean.written,
        "clean": _figures(clean),
        "horn": _figures(far),
        "short": _figures(short),
    }


def _figures(count: Count) -> Row:
    return {
        "syllable_error": count.syllable_error,
        "tone_accuracy": count.tone_accuracy,
        "first_error": count.first_error,
        "confused": [[*tones, times] for tones, times in count.confused.most_common(8)],
    }


def _some(which: str, most: int) -> list[tuple[str, str]]:
    return sentences(which)[: most or None]


def _processor_s() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def _peak_mb() -> float:
    """The most that this process ever held; programs that an engine starts are not counted."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (kilobytes,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
