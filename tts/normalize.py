"""Written Vietnamese made into words that can be spoken."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from tts.reading import calendar, names, quantities, words
from tts.reading.rule import END, READ, START, Rule, rule
from tts.reading.tables import table

_KEPT_SIGNS = frozenset(".,;:!?…\n'\"“”‘’«»()[]{}-–—−/&+=%‰@<>≤≥±×$€²³°º")
_STOPS = ".!?…;:,"  # the strongest of a run wins, in this order
_MOST_PASSES = 4
_SHOUT_LETTERS = 12
_SHOUT_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One line of a place's own lexicon: how something written is read there."""

    written: str
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A place where what is heard differs from what is written; offsets count characters of the text
    in NFC. `confidence` runs from 0 (unreadable) to 1 (no doubt)."""

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


def normalize(text: str, lexicon: Iterable[Reading] = ()) -> Normalized:
    """The text as it will be spoken. Never raises; never empty unless the text is blank; done twice
    (without a lexicon) it changes nothing more."""
    written = unicodedata.normalize("NFC", text)
    spoken, guesses = _read(written, (*_own(lexicon), *_rules()))
    for _ in range(_MOST_PASSES):
        # Reading one thing may bring others side by side that only then mean something.
        again, _more = _read(spoken, _rules())
        if again == spoken:
            break
        spoken = again
    heard = tuple(guess for guess in guesses if guess.reading.lower() != guess.written.lower())
    return Normalized(spoken=spoken, guesses=heard)


def _read(written: str, rules: Iterable[Rule]) -> tuple[str, list[Guess]]:
    canvas = _hushed(_clean(written))
    guesses: list[Guess] = []
    for each in rules:
        canvas = _apply(each, canvas, written, guesses)
    guesses.sort(key=lambda guess: guess.start)
    return _tidy(_assemble(canvas, guesses)) or " ".join(written.split()), guesses


@cache
def _rules() -> tuple[Rule, ...]:
    """In order of precedence: what an earlier rule has read, no later one sees."""
    return (
        *words.rules(),
        *names.code_rules()[:3],
        *calendar.rules(),
        *names.code_rules()[3:5],
        *quantities.rules(),
        *names.code_rules()[5:],
        *names.word_rules(),
        quantities.number_rule(),
        words.word_rule(),
    )


def _own(lexicon: Iterable[Reading]) -> list[Rule]:
    """The place's own readings go before all rules, the longest first."""
    rows = sorted(lexicon, key=lambda row: len(row.written), reverse=True)
    return [_lexicon_rule(row) for row in rows if row.written.strip()]


def _lexicon_rule(row: Reading) -> Rule:
    reading = normalize(row.reading).spoken
    pattern = START + re.escape(unicodedata.normalize("NFC", row.written.strip())) + END
    return rule("lexicon", pattern, lambda match: reading, 1.0)


def _clean(written: str) -> str:
    """The same length, but only signs that some rule or the voice knows; digits of any script as ours."""
    return "".join(_clean_sign(sign) for sign in written)


def _clean_sign(sign: str) -> str:
    if sign in _KEPT_SIGNS:
        return sign
    category = unicodedata.category(sign)
    if category == "Nd":
        return str(unicodedata.digit(sign))
    return sign if category.startswith("L") else " "


def _hushed(canvas: str) -> str:
    """Lines in capitals brought down, their abbreviations left: else each word would be spelled."""
    return "\n".join(_hushed_line(line) for line in canvas.split("\n"))


def _hushed_line(line: str) -> str:
    letters = [sign for sign in line if sign.isalpha()]
    capitals = sum(sign.isupper() for sign in letters)
    if len(letters) <= _SHOUT_LETTERS or capitals <= _SHOUT_SHARE * len(letters):
        return line
    return re.sub(r"(?<![/-])(?<![^\W_])[^\W\d_]+(?![^\W_])(?![/-])", _hushed_word, line)


def _hushed_word(match: re.Match[str]) -> str:
    word = match[0]
    if word in table("abbreviations") and not words.is_vietnamese(word):
        return word
    low = word.lower()
    return low if len(low) == len(word) and words.is_vietnamese(word) else word


def _apply(each: Rule, canvas: str, written: str, guesses: list[Guess]) -> str:
    """The canvas with what this rule reads blotted out, and the readings noted."""
    pieces, at = [], 0
    for match in each.pattern.finditer(canvas):
        start, end = each.span(match)
        reading = each.read(match)
        if reading is None or start < at or start == end:
            continue
        guesses.append(
            Guess(
                start=start,
                end=end,
                written=written[start:end],
                reading=reading,
                rule=each.name,
                confidence=each.confidence,
            )
        )
        pieces += [canvas[at:start], READ * (end - start)]
        at = end
    return "".join([*pieces, canvas[at:]])


def _assemble(canvas: str, guesses: Iterable[Guess]) -> str:
    pieces, at = [], 0
    for guess in guesses:
        pieces += [canvas[at : guess.start], " ", guess.reading, " "]
        at = guess.end
    return "".join([*pieces, canvas[at:]])


def _tidy(raw: str) -> str:
    """Only words and stops, each stop after its word and before a space."""
    text = re.sub(r"\s+[-–—−]+\s+|[\"“”«»()\[\]{}]", ",", raw)
    text = re.sub(r"[^\w\s.,;:!?…]", " ", text.replace("_", " "))
    text = re.sub(r"\s*\n\s*", lambda match: ".", text.strip())
    text = re.sub(rf"\s*[{_STOPS}][\s{_STOPS}]*", lambda match: f"{_strongest(match[0])} ", text)
    return re.sub(r"\s+", " ", text).strip(f" {_STOPS}") + _last_stop(text)


def _strongest(run: str) -> str:
    return min((sign for sign in run if sign in _STOPS), key=_STOPS.index)


def _last_stop(text: str) -> str:
    """A text keeps its last full stop, not a comma that leads nowhere."""
    ending = text.rstrip()[-1:]
    return ending if ending in ".!?…" and re.search(r"\w", text) else ""
