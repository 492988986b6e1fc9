"""How much of a sentence was understood: written and heard syllables laid side by side."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tts import alike
from tts.alike import Syllable, syllables

Pair = tuple[Syllable | None, Syllable | None]


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


def align(written: Sequence[Syllable], heard: Sequence[Syllable]) -> tuple[Pair, ...]:
    """The pairing with the fewest errors, as syllables."""
    return tuple(
        (None if left is None else written[left], None if right is None else heard[right])
        for left, right in alike.align(written, heard)
    )
