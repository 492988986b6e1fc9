"""Rendering a long bulletin, beside the bare engine on the same sentences and one bare encode."""

import io
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from controller.deploy.commune_data import BULLETINS, FLOOD, SESSION_LINES
from tts.cache import SentenceCache
from tts.chain import Chain
from tts.clip import SAMPLE_RATE, Clip
from tts.engines.engine import Engine, Pcm, Style
from tts.normalize import normalize
from tts.phrases import split, syllables
from tts.process import default_threads
from tts.registry import open_engine
from tts.render import Rendering, RenderRequest, render

ENGINE = "kokoro_vn"
FULL_S = 300.0
QUICK_S = 30.0
SYLLABLE_S = 0.29  # with its share of the pauses, measured on these bulletins
MOST_OVERHEAD = 1.15
MOST_OF_AN_EDIT = 0.1
MOST_MEGABYTES = 700.0
FIRST_DAY = datetime(2026, 11, 22, 8, 5)
EDITED = "Bà con nhớ mang theo áo mưa và đèn pin. "

Row = dict[str, Any]


class Doubled:
    """The engine, which says each sentence once more for the baseline: before or after, by turns.

    So both sides are measured on the same sentences in the same seconds, whatever else the machine does.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.identity, self.licence, self.online = (
            engine.name, engine.identity, engine.licence, engine.online
        )  # fmt: skip
        self.bare_s = 0.0
        self.bare: list[Pcm] = []

    def speak(self, sentence: str, style: Style) -> Pcm:
        bare_first = len(self.bare) % 2 == 0
        if bare_first:
            self._speak_bare(sentence, style)
        pcm = self._engine.speak(sentence, style)
        if not bare_first:
            self._speak_bare(sentence, style)
        return pcm

    def close(self) -> None:
        self._engine.close()

    def _speak_bare(self, sentence: str, style: Style) -> None:
        began = time.perf_counter()
        self.bare.append(self._engine.speak(sentence, style))
        self.bare_s += time.perf_counter() - began


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Seconds without the baseline's (`bare_s`), of the whole and until the first sentence could be heard."""

    rendering: Rendering
    whole_s: float
    bare_s: float
    first_s: float
    first_bare_s: float


def measure(*, quick: bool = False, seconds: float | None = None) -> list[Row]:
    """Rows of name, value, unit, baseline, ratio, goal, met; a run under five minutes meets no goal."""
    wanted_s = seconds if seconds is not None else QUICK_S if quick else FULL_S
    whole = wanted_s >= FULL_S
    text = bulletin(wanted_s)
    engine = open_engine(ENGINE, threads=default_threads())
    doubled = Doubled(engine)
    with tempfile.TemporaryDirectory() as directory:
        try:
            engine.speak("xin chào", Style.BULLETIN)  # both sides find the model loaded
            cache = SentenceCache(directory=Path(directory) / "cache")
            chain = Chain((doubled,), deadlines_s={ENGINE: 600.0})
            first = _timed(text, chain, cache, doubled)
            encode_s = _bare_encode_s(doubled.bare)
            edited = _timed(EDITED + text, chain, cache, doubled)
            again = _timed(text, chain, cache, doubled)
        finally:
            doubled.close()
        peak = _peak_megabytes(text, Path(directory))
    return [
        *_rows(first, encode_s, edited, again, whole=whole),
        {
            "name": "render: peak memory of the speech process",
            "value": round(peak),
            "unit": "MB",
            "baseline": "the promise of 700 MB",
            "ratio": round(peak / MOST_MEGABYTES, 3),
            "goal": f"≤ {MOST_MEGABYTES:.0f} MB",
            "met": peak <= MOST_MEGABYTES,
        },
    ]


def bulletin(wanted_s: float) -> str:
    """Distinct sentences of the demo's own bulletins, day after day, for about so many seconds."""
    sentences: dict[str, None] = {}
    for week in range(52):
        for sentence in _sentences_of(FIRST_DAY + timedelta(days=9 * week)):
            if sum(_length(known) for known in sentences) * SYLLABLE_S >= wanted_s:
                return " ".join(sentences)
            sentences.setdefault(sentence)
    return " ".join(sentences)


def _sentences_of(today: datetime) -> list[str]:
    days = {
        name: today + timedelta(days=distance)
        for name, distance in (
            ("yesterday", -1), ("today", 0), ("tomorrow", 1), ("in_2_days", 2), ("in_3_days", 3),
            ("in_7_days", 7), ("sunday", 7), ("now", 0),
        )
    }  # fmt: skip
    values = {**days, "in_1_hour": today + timedelta(hours=1)}
    lines = [line for session in SESSION_LINES for line in (session.opening, session.closing)]
    texts = [*(item.text for item in BULLETINS), FLOOD.text, FLOOD.retraction, FLOOD.all_clear, *lines]
    return [phrase.text for text in texts for phrase in split(normalize(text.format(**values)).spoken)]


def _length(sentence: str) -> int:
    return syllables(sentence)


def _timed(text: str, chain: Chain, cache: SentenceCache, doubled: Doubled) -> Timed:
    before_s, began = doubled.bare_s, time.perf_counter()
    firsts: list[tuple[float, float]] = []

    def on_first(clip: Clip) -> None:
        bare_s = doubled.bare_s - before_s
        firsts.append((time.perf_counter() - began - bare_s, bare_s))

    rendering = render(RenderRequest(text=text), chain, cache, on_first=on_first)
    bare_s = doubled.bare_s - before_s
    return Timed(
        rendering=rendering,
        whole_s=time.perf_counter() - began - bare_s,
        bare_s=bare_s,
        first_s=firsts[0][0],
        first_bare_s=firsts[0][1],
    )


def _bare_encode_s(sounds: list[Pcm]) -> float:
    pcm = np.concatenate(sounds)
    began = time.perf_counter()
    soundfile.write(io.BytesIO(), pcm, SAMPLE_RATE, format="OGG", subtype="OPUS", compression_level=0.928)
    return time.perf_counter() - began


def _peak_megabytes(text: str, directory: Path) -> float:
    """What the speech process takes at most, for three of the sentences."""
    sample = " ".join(phrase.text for phrase in split(text)[:3])
    command = [sys.executable, "-m", "tts.process", "--cache", str(directory / "other"), "--engines", ENGINE]
    order = {"id": "peak", "do": "render", "text": sample, "out": str(directory)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            if json.loads(line)["event"] in ("done", "error"):
                break
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        process.stdin.close()
    return next(int(row.split()[1]) / 1000 for row in status.splitlines() if row.startswith("VmHWM"))


def _rows(first: Timed, encode_s: float, edited: Timed, again: Timed, *, whole: bool) -> list[Row]:
    length_s = first.rendering.clip.duration_ms / 1000
    bare_s = first.bare_s + encode_s
    overhead, edit = first.whole_s / bare_s, edited.whole_s / first.whole_s
    return [
        {
            "name": f"render: {length_s:.0f} s bulletin, {first.rendering.sentences} sentences",
            "value": round(first.whole_s, 2),
            "unit": "s",
            "baseline": f"bare engine on the same sentences + one bare encode: {bare_s:.1f} s",
            "ratio": round(overhead, 4),
            "goal": f"≤ {MOST_OVERHEAD}",
            "met": overhead <= MOST_OVERHEAD if whole else None,
        },
        {
            "name": "render: until the first sentence can be heard",
            "value": round(first.first_s, 3),
            "unit": "s",
            "baseline": f"the bare engine on that sentence: {first.first_bare_s:.2f} s",
            "ratio": round(first.first_s / first.first_bare_s, 3),
            "goal": None,
            "met": None,
        },
        {
            "name": "render: again with one new sentence",
            "value": round(edited.whole_s, 2),
            "unit": "s",
            "baseline": f"the first rendering: {first.whole_s:.1f} s",
            "ratio": round(edit, 4),
            "goal": f"≤ {MOST_OF_AN_EDIT}",
            "met": edit <= MOST_OF_AN_EDIT if whole else None,
        },
        {
            "name": "render: again from the cache",
            "value": round(again.whole_s, 2),
            "unit": "s",
            "baseline": f"the first rendering: {first.whole_s:.1f} s",
            "ratio": round(again.whole_s / first.whole_s, 4),
            "goal": None,
            "met": None,
        },
        {
            "name": "render: seconds of work for one second of sound",
            "value": round(first.whole_s / length_s, 3),
            "unit": "s/s",
            "baseline": "one second of sound",
            "ratio": round(first.whole_s / length_s, 3),
            "goal": None,
            "met": None,
        },
    ]
