"""Eight bulletins ordered at once from the speech process, beside the bare engine on the same sentences."""

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.render import ENGINE, bulletin
from controller.studio.child import SpeechProcess
from controller.studio.spawn import SpeechSettings
from controller.studio.speech import SpeechOrder
from tts.engines.engine import Style
from tts.normalize import normalize
from tts.phrases import split
from tts.process import default_threads
from tts.registry import open_engine

BULLETINS = 8
FULL_S, QUICK_S = 20.0, 4.0
ALARM = SpeechOrder(text="Lũ lên nhanh, lên chỗ cao ngay.", style=Style.EMERGENCY, chime=False)

Row = dict[str, Any]


def measure(*, quick: bool = False) -> list[Row]:
    """Rows of name, value, unit, baseline, ratio; the bare engine speaks one half before and one after."""
    texts = orders(QUICK_S if quick else FULL_S)
    spoken = [phrase.text for text in texts for phrase in split(normalize(text).spoken)]
    half = len(spoken) // 2
    bare_s = _bare_s(spoken[:half])
    with tempfile.TemporaryDirectory() as directory:
        whole_s, first_s, alarm_s, sound_s = asyncio.run(_at_once(texts, Path(directory)))
    bare_s += _bare_s(spoken[half:])
    return [
        {
            "name": f"eight: {BULLETINS} bulletins at once, {sound_s:.0f} s of sound",
            "value": round(whole_s, 1),
            "unit": "s",
            "baseline": f"the bare engine on the same {len(spoken)} sentences in turn: {bare_s:.1f} s",
            "ratio": round(whole_s / bare_s, 3),
            "goal": None,
            "met": None,
        },
        {
            "name": "eight: until the first of them can be heard whole",
            "value": round(first_s, 1),
            "unit": "s",
            "baseline": f"an eighth of the bare engine's time: {bare_s / BULLETINS:.1f} s",
            "ratio": round(first_s / (bare_s / BULLETINS), 2),
            "goal": None,
            "met": None,
        },
        {
            "name": "eight: an emergency ordered in the middle of them",
            "value": round(alarm_s, 1),
            "unit": "s",
            "baseline": f"all eight: {whole_s:.1f} s",
            "ratio": round(alarm_s / whole_s, 3),
            "goal": None,
            "met": None,
        },
    ]


def orders(wanted_s: float) -> list[str]:
    """Eight texts without a sentence in common, so that no cache helps."""
    sentences = [phrase.text for phrase in split(bulletin(BULLETINS * wanted_s * 1.2))]
    share = len(sentences) // BULLETINS
    return [" ".join(sentences[part * share : (part + 1) * share]) for part in range(BULLETINS)]


async def _at_once(texts: Sequence[str], directory: Path) -> tuple[float, float, float, float]:
    settings = SpeechSettings(
        cache_dir=directory / "cache",
        clips_dir=directory / "clips",
        engines=(ENGINE,),
        threads=default_threads(),
    )
    process = SpeechProcess(settings, random.Random(8))
    await process.start()
    try:
        await process.warm()
        began = time.perf_counter()

        async def read(order: SpeechOrder) -> tuple[float, float]:
            done = await process.render(order)
            return time.perf_counter() - began, done.clip.duration_ms / 1000

        async def alarm() -> float:
            await asyncio.sleep(1.0)
            asked = time.perf_counter()
            await process.render(ALARM)
            return time.perf_counter() - asked

        reading = asyncio.gather(*(read(SpeechOrder(text=text, chime=False)) for text in texts))
        alarm_s = await alarm()
        found = await reading
        ends = [at for at, _ in found]
        return max(ends), min(ends), alarm_s, sum(length for _, length in found)
    finally:
        await process.stop()


def _bare_s(sentences: Sequence[str]) -> float:
    engine = open_engine(ENGINE, threads=default_threads())
    try:
        engine.speak("xin chào", Style.BULLETIN)
        began = time.perf_counter()
        for sentence in sentences:
            engine.speak(sentence, Style.BULLETIN)
        return time.perf_counter() - began
    finally:
        engine.close()
