"""Spoken text cut into phrases that a voice can carry in one breath."""

import re
from dataclasses import dataclass

from tts.number_words import VALUES

MOST_SYLLABLES = 27
SENTENCE_PAUSE_MS = 450
CLAUSE_PAUSE_MS = 250
BREATH_MS = 120

_SENTENCE = re.compile(r"[^.!?…;:\n]+[.!?…;:\n]*")
_CLAUSE = re.compile(r"[^,]+,*")
_WORD = re.compile(r"\w")
# Words before which a speaker may breathe where no comma helps.
_BREATH_WORDS = frozenset(
    ("và", "hoặc", "hay", "nhưng", "mà", "để", "vì", "do", "bởi", "tại", "ở", "từ", "đến", "với", "theo")
) | frozenset(("trong", "trên", "khi", "nếu", "thì", "là", "của", "cho", "về"))

_COUNTED = frozenset(("giờ", "phút", "giây", "tháng", "năm", "mét", "ki", "mi", "xăng", "héc", "đồng", "độ"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """What is spoken in one go, and how long the silence after it is."""

    text: str
    pause_ms: int


def split(spoken: str) -> tuple[Phrase, ...]:
    """Phrases of at most MOST_SYLLABLES syllables, in order; no word is lost or added."""
    phrases: list[Phrase] = []
    for match in _SENTENCE.finditer(spoken):
        sentence = match[0].strip()
        if not _WORD.search(sentence):
            continue
        pause_ms = CLAUSE_PAUSE_MS if sentence[-1] in ";:" else SENTENCE_PAUSE_MS
        pieces = _short_enough(sentence)
        for piece in pieces[:-1]:
            phrases.append(Phrase(text=piece, pause_ms=CLAUSE_PAUSE_MS if piece[-1] == "," else BREATH_MS))
        phrases.append(Phrase(text=pieces[-1], pause_ms=pause_ms))
    return tuple(phrases)


def syllables(text: str) -> int:
    """Vietnamese writes one syllable a word."""
    return sum(1 for word in text.split() if _WORD.search(word))


def _short_enough(sentence: str) -> list[str]:
    """Whole where it can be; else clauses gathered while they fit; else cut where a speaker breathes."""
    if syllables(sentence) <= MOST_SYLLABLES:
        return [sentence]
    pieces: list[str] = []
    for clause in (match[0].strip() for match in _CLAUSE.finditer(sentence)):
        if not _WORD.search(clause):
            continue
        if pieces and syllables(pieces[-1]) + syllables(clause) <= MOST_SYLLABLES:
            pieces[-1] = f"{pieces[-1]} {clause}"
        else:
            pieces.extend(_breaths(clause))
    return pieces


def _breaths(clause: str) -> list[str]:
    words = clause.split()
    pieces: list[str] = []
    while len(words) > MOST_SYLLABLES:
        cut = _breath_at(words)
        pieces.append(" ".join(words[:cut]))
        words = words[cut:]
    return [*pieces, " ".join(words)]


def _breath_at(words: list[str]) -> int:
    middle = min(MOST_SYLLABLES, (len(words) + 1) // 2)
    chances = [
        place
        for place in range(MOST_SYLLABLES // 3, MOST_SYLLABLES + 1)
        if words[place].lower() in _BREATH_WORDS
    ]
    if not chances:
        chances = [
            place
            for place in range(MOST_SYLLABLES // 3, MOST_SYLLABLES + 1)
            if not _in_a_number(words, place)
        ]
    return min(chances, key=lambda place: abs(place - middle), default=middle)


def _in_a_number(words: list[str], place: int) -> bool:
    """Whether a breath before this word would tear a number, or a number from what it counts."""
    before, here = words[place - 1].lower(), words[place].lower()
    return here in VALUES or (before in VALUES and here in _COUNTED)
