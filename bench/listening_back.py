"""How far the speech gate can be trusted: false alarms on right sentences, and wrong numbers that it finds.

Each sentence of `sentences_numbers.tsv` is spoken once and listened to once. What was heard is compared with
the sentence as it was (what is flagged then is a false alarm) and with the same sentence in which one number
word is replaced by another (what is not flagged then has been missed).
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from bench.speech_report import RESULTS, SENTENCES, hearing
from tts.ear import Ear
from tts.engines.engine import Style
from tts.heard import Heard, Kind, compare
from tts.normalize import normalize
from tts.phrases import split
from tts.registry import open_engine

DIGITS = ("một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
RESULT = RESULTS.with_name("listening_back.json")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.listening_back", description=__doc__)
    parser.add_argument("--engine", default="kokoro_vn")
    parser.add_argument("--most", type=int, default=0, help="only so many sentences")
    options = parser.parse_args(arguments)
    lines = (SENTENCES / "sentences_numbers.tsv").read_text(encoding="utf-8").splitlines()
    lines = lines[: options.most or None]
    voice, ear = open_engine(options.engine, threads=1), Ear(str(hearing()))
    right: list[Heard] = []
    swapped: list[Heard] = []
    took_s = sound_s = 0.0
    try:
        for sentence in (phrase.text for line in lines for phrase in split(normalize(line).spoken)):
            pcm = voice.speak(sentence, Style.EMERGENCY)
            began = time.perf_counter()
            heard = ear.hear(pcm)
            took_s, sound_s = took_s + time.perf_counter() - began, sound_s + len(pcm) / 24_000
            right.append(compare([(sentence, heard)]))
            swapped += [compare([(other, heard)]) for other in altered(sentence)]
            print(
                f"{sentence}\n    {heard}\n    {[(d.written, d.heard, d.differs) for d in right[-1].doubts]}"
            )
    finally:
        voice.close()
        ear.close()
    row = {
        "engine": options.engine,
        "sentences": len(right),
        "words": sum(one.words for one in right),
        "alike": sum(one.alike for one in right),
        "falsely_different": _share(right, lambda one: any(doubt.differs for doubt in one.doubts)),
        "falsely_unsure_number": _share(right, lambda one: any(d.kind is not Kind.NAME for d in one.doubts)),
        "falsely_unsure_name": _share(right, lambda one: any(d.kind is Kind.NAME for d in one.doubts)),
        "altered": len(swapped),
        "found_different": _share(swapped, lambda one: any(doubt.differs for doubt in one.doubts)),
        "found_at_all": _share(swapped, lambda one: any(d.kind is not Kind.NAME for d in one.doubts)),
        "listening_factor": took_s / sound_s,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
    for name, value in row.items():
        print(f"{name:24}{value:.3f}" if isinstance(value, float) else f"{name:24}{value}")
    return 0


def altered(sentence: str) -> Iterator[str]:
    """The sentence with each of its digits in words replaced by the next one, one at a time."""
    words = sentence.split()
    for place, word in enumerate(words):
        bare = word.strip(".,")
        if bare in DIGITS:
            other = DIGITS[(DIGITS.index(bare) + 1) % len(DIGITS)]
            yield " ".join((*words[:place], word.replace(bare, other), *words[place + 1 :]))


def _share(found: Sequence[Heard], judge: Callable[[Heard], bool]) -> float:
    return sum(judge(one) for one in found) / max(1, len(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
