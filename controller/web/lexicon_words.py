"""A reading in words: what was decided, how sure that is, and what a line of a lexicon changes."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from controller.dispatch.plan.lexicon_use import read_by
from controller.store.lexicon import Line, Own
from controller.web.changes import Piece, by_word
from controller.web.telling import SURE
from tts.lexicon import MOST_WRITTEN
from tts.normalize import Guess, Normalized, Reading, normalize
from tts.reading.regions import Region, choices_of

KINDS = {
    "lexicon": "own",
    **dict.fromkeys(
        ("abbreviation", "place", "house", "road", "numbered", "milestone", "known_code"), "short"
    ),
    **dict.fromkeys(
        ("date", "dates", "datetime", "day", "days", "month", "months", "weekday", "weekdays", "quarter"),
        "date",
    ),
    **dict.fromkeys(("hour", "hours", "round_the_clock"), "time"),
    **dict.fromkeys(("phone", "hotline", "number_read_out"), "digits"),
    **dict.fromkeys(
        ("number", "money", "unit", "range", "scale", "product", "fraction", "degrees", "score", "round"),
        "amount",
    ),
    **dict.fromkeys(("document", "section", "standard"), "document"),
    **dict.fromkeys(("plate", "code", "mixed"), "code"),
    "roman": "roman",
    "foreign": "foreign",
    **dict.fromkeys(("markup", "address", "sign", "bullet", "cell", "hyphen", "gloss", "each"), "sign"),
    **dict.fromkeys(("unreadable", "unspoken"), "mute"),
}
"""The normaliser's rules in the few kinds that a reader tells apart."""

LONGEST_SENTENCE = 500
EXAMPLE = "1.105 và 24"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A stretch of the text; where something was decided ``sure`` is own, sure, guess or mute, else empty."""

    text: str
    sure: str = ""
    reading: str = ""
    kind: str = ""
    can_change: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A sentence before and after; equal where the line changes nothing of it."""

    before: tuple[Piece, ...]
    after: tuple[Piece, ...]
    same: bool


def marks(reading: Normalized, text: str) -> tuple[Mark, ...]:
    """The written text in order, with what was decided about it."""
    written = unicodedata.normalize("NFC", text)
    found: list[Mark] = []
    at = 0
    for guess in reading.guesses:
        if guess.start < at:
            continue
        if guess.start > at:
            found.append(Mark(text=written[at : guess.start]))
        found.append(_mark(guess))
        at = guess.end
    if at < len(written):
        found.append(Mark(text=written[at:]))
    return tuple(found)


def decided(found: Iterable[Mark]) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """What a person should look at, and what is sure; each thing once."""
    once = tuple(dict.fromkeys(mark for mark in found if mark.sure))
    return (
        tuple(mark for mark in once if mark.sure != "sure"),
        tuple(mark for mark in once if mark.sure == "sure"),
    )


def trial(sentence: str, own: Own, line: Line, instead_of: str = "") -> Trial:
    """The sentence by the lexicon as it stands, and with this line in it."""
    text = sentence[:LONGEST_SENTENCE]
    gone = {line.written.casefold(), instead_of.casefold()}
    others = tuple(one for one in own.lines if one.written.casefold() not in gone)
    mine = Reading(written=line.written, reading=line.reading, priority=line.priority)
    before = read_by(text, own).spoken
    after = read_by(text, replace(own, lines=(*others, mine))).spoken
    # each word is compared with the space behind it, so the last one needs one too
    changed = by_word(f"{before} ", f"{after} ")
    return Trial(
        before=tuple(piece for piece in changed if piece.kind != "ins"),
        after=tuple(piece for piece in changed if piece.kind != "del"),
        same=before == after,
    )


def said_in(region: Region) -> str:
    """An example of how numbers are said there."""
    return normalize(EXAMPLE, (), choices_of(region)).spoken


def sentence_with(text: str, written: str) -> str:
    """The sentence of a text in which something stands, to be tried."""
    found = next((part for part in re.split(r"(?<=[.!?…])\s+|\n+", text) if written in part), "")
    return found.strip()[:LONGEST_SENTENCE]


def _mark(guess: Guess) -> Mark:
    kind = KINDS.get(guess.rule, "other")
    if kind == "own":
        sure = "own"
    elif guess.confidence <= 0 or not guess.reading:
        sure = "mute"
    else:
        sure = "sure" if guess.confidence >= SURE else "guess"
    return Mark(
        text=guess.written,
        sure=sure,
        reading=guess.reading,
        kind=kind,
        can_change=len(guess.written) <= MOST_WRITTEN and any(sign.isalnum() for sign in guess.written),
    )
