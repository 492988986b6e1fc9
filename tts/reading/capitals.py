"""Headlines in capitals brought down, their abbreviations left: else each word would be spelled."""

import re

from tts.reading.foreign import toned
from tts.reading.numbers import roman
from tts.reading.tables import cue, table
from tts.reading.words import is_vietnamese

_FEWEST_LETTERS = 12
_FEWEST_WORDS = 2
_SHARE = 0.7
_WORD = re.compile(r"(?<![/-])(?<![^\W_])[^\W\d_]+(?![^\W_])(?![/-][^\W_])")
_AFTER_CUE = re.compile(rf"\b{cue('roman')}\s+$", re.IGNORECASE)
_UNIT = re.compile(r"(?<=[0-9])(?P<space> ?)(?P<unit>[A-ZĐ]{1,3}[²³23]?(?:/[A-ZĐ]{1,4}[²³23]?)?)(?![^\W_])")
_LOOK_BACK = 12


def hushed(canvas: str) -> str:
    """The canvas with its headlines in small letters; the length stays."""
    return "\n".join(_line(line) for line in canvas.split("\n"))


def _line(line: str) -> str:
    letters = [sign for sign in line if sign.isalpha()]
    capitals = sum(sign.isupper() for sign in letters)
    if len(letters) <= _FEWEST_LETTERS or capitals <= _SHARE * len(letters):
        return line
    if sum(_is_shouted(word) for word in _WORD.findall(line)) < _FEWEST_WORDS:
        return line
    return _UNIT.sub(_unit, _WORD.sub(_word, line))


def _is_shouted(word: str) -> bool:
    return word.isupper() and word not in table("abbreviations") and is_vietnamese(word)


def _word(match: re.Match[str]) -> str:
    word = match[0]
    if not word.isupper():
        return word
    if word in table("abbreviations") and not _could_be_a_word(word):
        return word
    if roman(word) and (_heads(match) or _follows_cue(match)):
        return word
    low = word.lower()
    return low if len(low) == len(word) and is_vietnamese(word) else word


def _could_be_a_word(word: str) -> bool:
    """TYT ends in a stop without a tone: no Vietnamese word does."""
    return is_vietnamese(word) and toned(word.lower()) == word.lower()


def _unit(match: re.Match[str]) -> str:
    """ "CÁCH BỜ 50KM": units shout too."""
    number = re.search(r"[0-9]+$", match.string[max(0, match.start() - 9) : match.start()])
    if number and f"{number[0]}{match['unit']}" in table("codes"):
        return match[0]
    unit, _, each = match["unit"].lower().partition("/")
    known = match["unit"].lower() in table("units") or (unit in table("units") and each in table("per"))
    return match[0].lower() if known or (unit in table("units") and not each) else match[0]


def _heads(match: re.Match[str]) -> bool:
    """ "I. TÌNH HÌNH": a numeral that numbers its line."""
    first = match.start() < _LOOK_BACK and not match.string[: match.start()].strip()
    return first and match.string[match.end() : match.end() + 1] in (".", ")")


def _follows_cue(match: re.Match[str]) -> bool:
    return bool(_AFTER_CUE.search(match.string, max(0, match.start() - _LOOK_BACK), match.start()))
