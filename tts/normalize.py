"""Written Vietnamese made into words that can be spoken."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from tts.reading import (
    calendar,
    clock,
    documents,
    fractions,
    lists,
    names,
    places,
    quantities,
    telephone,
    weeks,
    words,
)
from tts.reading.capitals import hushed
from tts.reading.regions import Choices, localised
from tts.reading.rule import END, READ, START, Rule, rule
from tts.reading.signs import Sheet, sheet

_STOPS = ".!?…;:,"  # the strongest of a run wins, in this order
_MOST_PASSES = 4
_OWN = "lexicon"
_USUAL = Choices()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One line of a place's own lexicon: how something written is read there (see tts/lexicon.py).

    Where two lines claim the same words, the one of higher ``priority`` is read, then the longer one.
    """

    written: str
    reading: str
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A place where what is heard differs from what is written, or is not heard at all; offsets count
    characters of the text in NFC. `confidence` runs from 0 (unreadable) to 1 (no doubt)."""

    start: int
    end: int
    written: str
    reading: str
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalized:
    """What the voice will say, and where that was a decision."""

    spoken: str
    guesses: tuple[Guess, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A stretch of the canvas and its words."""

    start: int
    end: int
    words: str
    rule: str
    confidence: float


def normalize(text: str, lexicon: Iterable[Reading] = (), choices: Choices = _USUAL) -> Normalized:
    """The text as it will be spoken. Never raises; never empty unless the text is blank; done twice
    (without a lexicon) it changes nothing more."""
    written = unicodedata.normalize("NFC", text)
    page = sheet(written)
    left, reads = _reads(page.canvas, choices, _own(lexicon, page.canvas, []))
    first = _assembled(left, reads)
    spoken = _settled(first, choices)
    guesses = _guesses(written, page, reads) if spoken == first else (_doubt(written, spoken),)
    return Normalized(spoken=spoken or " ".join(written.split()), guesses=guesses)


def occurring(text: str, lexicon: Iterable[Reading]) -> tuple[Reading, ...]:
    """The lines of a lexicon that this text is read by, sorted; the others change nothing of it."""
    canvas = sheet(unicodedata.normalize("NFC", text)).canvas
    used: list[Reading] = []
    _reads(canvas, _USUAL, _own(lexicon, canvas, used), ())
    return tuple(sorted(set(used), key=lambda row: (-row.priority, row.written)))


def _settled(spoken: str, choices: Choices) -> str:
    """Reading one thing may bring others side by side that only then mean something (rare: `°E`)."""
    for _ in range(_MOST_PASSES):
        again = _assembled(*_reads(spoken, choices))
        if again in (spoken, ""):
            break
        spoken = again
    return spoken


def _doubt(written: str, spoken: str) -> Guess:
    """Nobody can say which characters became which words: the whole is a guess."""
    return Guess(start=0, end=len(written), written=written, reading=spoken, rule="whole", confidence=0.3)


@cache
def _rules() -> tuple[Rule, ...]:
    """In order of precedence: what an earlier rule has read, no later one sees."""
    return (
        *words.rules(),
        *lists.rules(),
        *documents.rules(),
        *places.early_rules(),
        *calendar.list_rules(),
        *fractions.early_rules(),
        *names.in_context_rules(),
        *calendar.datetime_rules(),
        *clock.rules(),
        *calendar.rules(),
        *weeks.rules(),
        *telephone.rules(),
        *places.rules(),
        *quantities.rules(),
        *fractions.rules(),
        *names.code_rules(),
        *names.rules(),
        *quantities.number_rules(),
        *words.last_rules(),
    )


def _own(lexicon: Iterable[Reading], canvas: str, used: list[Reading]) -> tuple[Rule, ...]:
    """The place's own readings before all other rules, one rule for each priority: whole words, the longest
    first. What is written small is found in any case; what has a capital only so, or all in capitals.

    A line that has been read is put into `used`.
    """
    seen = " ".join(canvas.split()).casefold()
    levels: dict[int, list[Reading]] = {}
    for row in sorted(lexicon, key=lambda row: len(row.written), reverse=True):
        written = " ".join(unicodedata.normalize("NFC", row.written).split())
        # a lexicon may be long: what can't be in the text costs no pattern
        if written and written.casefold() in seen and row.reading.strip():
            levels.setdefault(row.priority, []).append(row)
    return tuple(_level(levels[priority], used) for priority in sorted(levels, reverse=True))


def _level(lines: Iterable[Reading], used: list[Reading]) -> Rule:
    forms: dict[str, Reading] = {}
    patterns: list[str] = []
    for row in lines:
        written = " ".join(unicodedata.normalize("NFC", row.written).split())
        for form in _forms(written):
            forms.setdefault(form, row)
        patterns.append(_pattern(written))

    def read(match: re.Match[str]) -> str | None:
        written = " ".join(match[0].split())
        row = forms.get(written) or forms.get(written.lower())
        if row is None:
            return None
        used.append(row)
        return normalize(row.reading).spoken

    return rule(_OWN, rf"{START}(?:{'|'.join(patterns)}){END}", read, 1.0)


def _forms(written: str) -> tuple[str, ...]:
    return (written, written.upper()) if written != written.lower() else (written,)


def _pattern(written: str) -> str:
    small = written == written.lower()
    forms = [r"\s+".join(re.escape(word) for word in form.split()) for form in _forms(written)]
    return f"(?i:{forms[0]})" if small else "|".join(forms)


def _reads(
    canvas: str, choices: Choices, own: Iterable[Rule] = (), rules: Iterable[Rule] | None = None
) -> tuple[str, list[_Read]]:
    """What no rule reads, and what they read from left to right; a place is read once."""
    reads: list[_Read] = []
    for each in own:
        canvas = _apply(each, canvas, reads, choices)
    canvas = hushed(canvas)
    for each in _rules() if rules is None else rules:
        canvas = _apply(each, canvas, reads, choices)
    reads.sort(key=lambda read: read.start)
    return canvas, reads


def _apply(each: Rule, canvas: str, reads: list[_Read], choices: Choices) -> str:
    """The canvas with what this rule reads blotted out, and the readings noted."""
    pieces, at = [], 0
    for match in each.pattern.finditer(canvas):
        start, end = each.span(match)
        words = each.read(match)
        if words is None or start < at or start == end:
            continue
        if each.name != _OWN and choices != _USUAL:
            words = localised(words, choices)
        reads.append(_Read(start=start, end=end, words=words, rule=each.name, confidence=each.sure(match)))
        pieces += [canvas[at:start], READ * (end - start)]
        at = end
    return "".join([*pieces, canvas[at:]]) if pieces else canvas


def _guesses(written: str, page: Sheet, reads: Iterable[_Read]) -> tuple[Guess, ...]:
    guesses = []
    for read in reads:
        start, end = page.written_span(read.start, read.end)
        source = written[start:end]
        said_as_written = read.words.lower() == source.lower() and read.confidence > 0
        mute_sign = not read.words and not any(sign.isalnum() or ord(sign) > 0x2BFF for sign in source)
        if said_as_written or mute_sign:
            continue
        guesses.append(
            Guess(
                start=start,
                end=end,
                written=source,
                reading=read.words,
                rule=read.rule,
                confidence=read.confidence,
            )
        )
    return tuple(guesses)


def _assembled(canvas: str, reads: Iterable[_Read]) -> str:
    pieces, at = [], 0
    for read in reads:
        pieces += [canvas[at : read.start], " ", read.words, " "]
        at = read.end
    return _tidy("".join([*pieces, canvas[at:]]))


def _tidy(raw: str) -> str:
    """Only words and stops, each stop after its word and before a space."""
    text = re.sub(r"[^\S\n]+", " ", raw)
    text = re.sub(r" [-–—−]+(?: [-–—−]+)* |[\"“”«»()\[\]{}|]", ",", text)
    text = re.sub(r"[^\w\s.,;:!?…]|_", " ", text)
    text = re.sub(r"\s+", lambda match: "." if "\n" in match[0] else " ", text.strip())
    text = re.sub(rf" ?[{_STOPS}][ {_STOPS}]*", lambda match: f"{_strongest(match[0])} ", text)
    return re.sub(r" +", " ", text).strip(f" {_STOPS}") + _last_stop(text)


def _strongest(run: str) -> str:
    return min((sign for sign in run if sign in _STOPS), key=_STOPS.index)


def _last_stop(text: str) -> str:
    """A text keeps its last full stop, not a comma that leads nowhere."""
    ending = text.rstrip()[-1:]
    return ending if ending in ".!?…" and re.search(r"\w", text) else ""
