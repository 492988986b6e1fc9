"""Words that no table knows: kept where they are Vietnamese, else made speakable."""

import re
import unicodedata

from tts.engines.kokoro_vn.g2p import parse
from tts.reading.foreign import pieces, syllables, toned
from tts.reading.numbers import digits
from tts.reading.rule import Rule, rule
from tts.reading.tables import table

_LONGEST_SPELLED = 6
_SIGNS = {".": "chấm", "@": "a còng", "_": "gạch dưới", "-": "gạch ngang", "/": "trên"}
_CAMEL = re.compile(r"[A-ZĐ]+(?=[A-ZĐ][^\WA-ZĐ\d_])|[A-ZĐ]?[^\WA-ZĐ\d_]+|[A-ZĐ]+")
_WORD = r"[^\W\d_²³]+"


def rules() -> tuple[Rule, ...]:
    """Before all others: markup says nothing, an address is one thing."""
    address = r"[A-Za-z0-9_-]{1,40}(?:[.@][A-Za-z0-9_-]{1,40}){0,6}\.[a-z]{2,4}"
    tags = "|".join(table("markup"))
    return (
        rule(
            "markup",
            rf"</?(?:{tags})(?:\s[^<>\n]{{0,200}})?/?>|<[?!][^<>\n]{{0,200}}>",
            lambda match: "",
            0.5,
            any_case=True,
        ),
        rule("markup", r"&(?:nbsp|quot|lt|gt|#[0-9]{1,5});", lambda match: "", 0.5),
        rule(
            "address",
            rf"(?<![\w.@-])(?P<it>(?:https?://)?{address}(?:/[A-Za-z0-9_-]{{1,40}}){{0,4}})/?(?![\w@])",
            _address,
            0.5,
        ),
    )


def last_rules() -> tuple[Rule, ...]:
    """Every word that is left: what no Vietnamese letter stands for is kept, and owned up to."""
    return (
        rule("unreadable", _WORD, lambda match: None if _latin(match[0]) else match[0].lower(), 0.0),
        rule("word", _WORD, lambda match: _read(match[0]), _sure),
    )


def is_vietnamese(word: str) -> bool:
    """Whether the spelling is that of a Vietnamese syllable."""
    return parse(word) is not None


def spelled(letters: str) -> str:
    """Letter by letter, by their Vietnamese names; letters without a name are left out."""
    names = table("letters")
    return " ".join(names[letter] for letter in letters.upper() if letter in names)


def readable(word: str) -> str:
    """The word, or how its letters are said."""
    return _read(word) or word


def _sure(match: re.Match[str]) -> float:
    word = match[0]
    if is_vietnamese(word):
        return 0.9
    return 0.1 if len(_latin(word)) < len(word) else 0.4


def _read(word: str) -> str | None:
    if is_vietnamese(word) and not (word.isupper() and toned(word.lower()) != word.lower()):
        # A lone I is brought down too: after the words around it are read it could pass for a numeral.
        return word.lower() if word.isupper() and (len(word) > 1 or word == "I") else None
    known = table("foreign").get(word) or table("foreign").get(word.lower())
    if known:
        return known
    latin = _latin(word)
    if not latin:
        return word.lower() if word != word.lower() else None
    if (latin.isupper() and len(latin) <= _LONGEST_SPELLED) or len(latin) == 1 or _mute(latin):
        return spelled(latin) or None
    parts = _CAMEL.findall(word)
    if len(parts) > 1:
        return " ".join(_read(part) or part for part in parts)
    return syllables(latin)


def _mute(latin: str) -> bool:
    """Letters with no vowel among them are named."""
    return len(latin) < _LONGEST_SPELLED and not re.search("[aeiouyăâêôơư]", latin.lower())


def _latin(word: str) -> str:
    """The word in our letters, the accents of other languages taken off; empty where it has none of them."""
    names, plain = table("letters"), table("plain")
    kept = ""
    for letter in word:
        if letter.upper() in names:
            kept += letter
            continue
        bare = plain.get(letter.lower()) or unicodedata.normalize("NFKD", letter)[0]
        kept += "".join(sign for sign in bare if sign.upper() in names)
    return kept


def _address(match: re.Match[str]) -> str:
    parts = re.split(r"([.@_/-])", re.sub("^https?://", "", match["it"]))
    return " ".join(_SIGNS.get(part) or _address_part(part) for part in parts if part)


def _address_part(part: str) -> str:
    runs = re.findall(r"[0-9]+|[A-Za-z]+", part)
    return " ".join(digits(run) if run.isdecimal() else _domain_word(run) for run in runs)


def _domain_word(run: str) -> str:
    known = table("foreign").get(run)
    if known:
        return known
    short = len(run) <= 3 and parse(run) is None
    return spelled(run) if short or run.upper() in table("abbreviations") else pieces(run.lower())
