"""Written and heard syllables laid side by side, with the fewest errors."""

import re
import unicodedata
from collections.abc import Sequence

_TONES = {"\u0300": "huyền", "\u0301": "sắc", "\u0309": "hỏi", "\u0303": "ngã", "\u0323": "nặng"}
_LEVEL = "ngang"
# "lý" and "lí", "kỳ" and "kì" are two spellings of one word.
_FINAL_Y = re.compile(r"(?<=[hklmst])y$")

Syllable = tuple[str, str]
Pair = tuple[int | None, int | None]


def syllables(text: str) -> tuple[Syllable, ...]:
    """(letters without tone, tone) of each syllable; case, marks and where the tone sits don't count."""
    words = re.sub(r"[^\w\s]", " ", unicodedata.normalize("NFC", text).lower()).split()
    return tuple(parted(word) for word in words)


def parted(word: str) -> Syllable:
    """One word in small letters as its letters without tone, and its tone."""
    letters, tone = "", _LEVEL
    for sign in unicodedata.normalize("NFD", word):
        if sign in _TONES:
            tone = _TONES[sign]
        else:
            letters += sign
    return _FINAL_Y.sub("i", unicodedata.normalize("NFC", letters)), tone


def align(written: Sequence[Syllable], heard: Sequence[Syllable]) -> tuple[Pair, ...]:
    """Places in both, None where there is none; among equals the pairing whose pairs are most alike."""
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
            pairs.append((row, column))
        elif missed == cost:
            row -= 1
            pairs.append((row, None))
        else:
            column -= 1
            pairs.append((None, column))
    return tuple(reversed(pairs))


def _ways(
    costs: list[list[float]], written: Sequence[Syllable], heard: Sequence[Syllable], row: int, column: int
) -> tuple[float, float, float]:
    """The cost of coming here by a pair, by a missed syllable, by an added one."""
    never = float("inf")
    both = (
        costs[row - 1][column - 1] + _unlike(written[row - 1], heard[column - 1]) if row and column else never
    )
    missed = costs[row - 1][column] + 1 if row else never
    added = costs[row][column - 1] + 1 if column else never
    return both, missed, added


def _unlike(written: Syllable, heard: Syllable) -> float:
    """0 where equal, else about 1: a little less where letters or tone agree, so that those pair up."""
    if written == heard:
        return 0.0
    return 1.0 - 0.001 * (written[0] == heard[0]) - 0.001 * (written[1] == heard[1])
