"""A blind listening test as a plan: which voices are laid side by side, in which order, and the key to it."""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any

from tts.errors import ListeningRefused

FEWEST_VOICES = 2
_TOKEN_BITS = 48


class Ear(StrEnum):
    """How a sample is heard: as it was spoken, or as at the foot of the pole (tts/horn.py)."""

    CLEAN = "clean"
    HORN = "horn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One of those compared; `identity` and `licence` are the engine's own words."""

    name: str
    identity: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sound. `token` is all that a listener sees of it; `sentence` and `voice` count from 0."""

    token: str
    sentence: int
    voice: int
    ear: Ear


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Two samples of one sentence, heard alike, by their tokens: what stands left and right of the page."""

    a: str
    b: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The key: everything that listeners must not know. `test` names it in every sheet of ratings."""

    test: str
    seed: int
    voices: tuple[Voice, ...]
    sentences: tuple[str, ...]
    samples: tuple[Sample, ...]
    trials: tuple[Trial, ...]

    def sample(self, token: str) -> Sample | None:
        """The sample of a token, None for a token of another test."""
        return next((one for one in self.samples if one.token == token), None)

    def other(self, token: str) -> Sample:
        """The sample that stood beside it; raises StopIteration for a token of another test."""
        beside = next(one.b if one.a == token else one.a for one in self.trials if token in (one.a, one.b))
        return next(one for one in self.samples if one.token == beside)


def draw(sentences: Sequence[str], voices: Sequence[Voice], seed: int) -> Plan:
    """Every sentence twice, through the horn before clean: who knows the words hears them in any noise.

    Pairs of voices take turns, so that each is judged equally often; sides take turns within a pair. The same
    arguments give the same plan. Raises ListeningRefused for fewer than two voices or no sentence.
    """
    if len(voices) < FEWEST_VOICES or not sentences:
        raise ListeningRefused(
            vi="Cần ít nhất hai giọng và một câu để so sánh.",
            en="a comparison needs two voices and one sentence",
        )
    lot = random.Random(seed)
    pairs = list(combinations(range(len(voices)), 2))
    lot.shuffle(pairs)
    turned = [lot.random() < 0.5 for _ in pairs]
    order = [number for number in range(len(sentences)) for _ in Ear]
    lot.shuffle(order)
    begun: set[int] = set()
    samples: list[Sample] = []
    trials: list[Trial] = []
    for sentence in order:
        ear = Ear.CLEAN if sentence in begun else Ear.HORN
        place = (sentence + (ear is Ear.CLEAN)) % len(pairs)
        left, right = pairs[place][:: -1 if turned[place] else 1]
        turned[place] = not turned[place]
        begun.add(sentence)
        both = [
            Sample(token=_token(lot, samples), sentence=sentence, voice=voice, ear=ear)
            for voice in (left, right)
        ]
        samples += both
        trials.append(Trial(a=both[0].token, b=both[1].token))
    content = json.dumps([seed, list(sentences), [asdict(voice) for voice in voices]], ensure_ascii=False)
    return Plan(
        test="t" + hashlib.sha256(content.encode()).hexdigest()[:12],
        seed=seed,
        voices=tuple(voices),
        sentences=tuple(sentences),
        samples=tuple(samples),
        trials=tuple(trials),
    )


def to_json(plan: Plan) -> str:
    """The key as a file."""
    return json.dumps(asdict(plan), ensure_ascii=False, indent=1) + "\n"


def from_json(text: str) -> Plan:
    """The key back; raises ListeningRefused for anything else."""
    try:
        facts: dict[str, Any] = json.loads(text)
        return Plan(
            test=str(facts["test"]),
            seed=int(facts["seed"]),
            voices=tuple(Voice(**voice) for voice in facts["voices"]),
            sentences=tuple(map(str, facts["sentences"])),
            samples=tuple(Sample(**{**one, "ear": Ear(one["ear"])}) for one in facts["samples"]),
            trials=tuple(Trial(**trial) for trial in facts["trials"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as failure:
        raise ListeningRefused(
            vi="Tệp khóa của buổi nghe không đọc được.",
            en=f"the key of the listening test cannot be read ({type(failure).__name__})",
        ) from failure


def _token(lot: random.Random, samples: Sequence[Sample]) -> str:
    """A name that says nothing and that no other sample has; a letter first, since a spreadsheet takes 12e4
    for a number."""
    taken = {sample.token for sample in samples}
    while (token := f"k{lot.getrandbits(_TOKEN_BITS):012x}") in taken:
        pass
    return token
