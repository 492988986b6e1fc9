"""How much of a sentence was understood: written and heard syllables laid side by side."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_TONES = {"\u0300": "huyền", "\u0301": "sắc", "\u0309": "hỏi", "\u0303": "ngã", "\u0323": "nặng"}
_LEVEL = "ngang"
# "lý" and "lí", "kỳ" and "kì" are two spellings of one word.
_FINAL_Y = re.compile(r"(?<=[hklmst])y$")

Heard = tuple[str, str]
Pair = tuple[Heard | None, Heard | None]


@dataclass(slots=True, kw_only=True)
class Count:
    """Sums over sentences; `confused` counts (written tone, heard tone)."""

    written: int = 0
    wrong: int = 0
    paired: int = 0
    tones_right: int = 0
    first_wrong: int = 0
    sentences: int = 0
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def syllable_error(self) -> float:
        """Syllables heard wrong, missed or added, as a share of those written."""
        return self.wrong / max(1, self.written)

    @property
    def tone_accuracy(self) -> float:
        """Of the written syllables beside which one was heard: the share with the right tone."""
        return self.tones_right / max(1, self.paired)

    @property
    def first_error(self) -> float:
        """The share of sentences whose first syllable was missed or misheard."""
        return self.first_wrong / max(1, self.sentences)

    def add(self, written: str, heard: str) -> None:
        """Count one sentence."""
        pairs = align(syllables(written), syllables(heard))
        self.sentences += 1
        self.written += sum(left is not None for left, _ in pairs)
        self.wrong += sum(left != right for left, right in pairs)
        self.first_wrong += next((left != right for left, right in pairs if left is not None), False)
        for left, right in pairs:
            if left is not None and right is not None:
                self.paired += 1
                self.tones_right += left[1] == right[1]
                if left[1] != right[1]:
                    self.confused[left[1], right[1]] += 1


def syllables(text: str) -> tuple[Heard, ...]:
    """(letters without tone, tone) of each syllable; case, marks and where the tone sits don't count."""
    words = re.sub(r"[^\w\s]", " ", unicodedata.normalize("NFC", text).lower()).split()
    return tuple(_parted(word) for word in words)


def align(written: Sequence[Heard], heard: Sequence[Heard]) -> tuple[Pair, ...]:
    """The pairing with the fewest errors; among equals the one whose pairs are most alike."""
    costs = [[0.0] * (len(heard) + 1) for _ in range(len(written) + 1)]
    for row in range(len(written) + 1):
        for column in range(len(heard) + 1):
            if row or column:
                costs[row][column] = min(_ways(costs, written, heard, row, column))
    pairs: list[Pair] = []
    row, column = len(written), len(heard)
    while row or column:
        both, missed, _ = _ways(costs, written, heard, row, column)
        cost = costs[row][column]
        if both == cost:
            row, column = row - 1, column - 1
            pairs.append((written[row], heard[column]))
        elif missed == cost:
            row -= 1
            pairs.append((written[row], None))
        else:
            column -= 1
            pairs.append((None, heard[column]))
    return tuple(reversed(pairs))


def _ways(
    costs: list[list[float]], written: Sequence[Heard], heard: Sequence[Heard], row: int, column: int
) -> tuple[float, float, float]:
    """The cost of coming here by a pair, by a missed syllable, by an added one."""
    never = float("inf")
    both = (
        costs[row - 1][column - 1] + _unlike(written[row - 1], heard[column - 1]) if row and column else never
    )
    missed = costs[row - 1][column] + 1 if row else never
    added = costs[row][column - 1] + 1 if column else never
    return both, missed, added


def _unlike(written: Heard, heard: Heard) -> float:
    """0 where equal, else about 1: a little less where letters or tone agree, so that those pair up."""
    if written == heard:
        return 0.0
    return 1.0 - 0.001 * (written[0] == heard[0]) - 0.001 * (written[1] == heard[1])


def _parted(word: str) -> Heard:
    letters, tone = "", _LEVEL
    for sign in unicodedata.normalize("NFD", word):
        if sign in _TONES:
            tone = _TONES[sign]
        else:
            letters += sign
    return _FINAL_Y.sub("i", unicodedata.normalize("NFC", letters)), tone
