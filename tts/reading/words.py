"""Words that no table knows: kept where they are Vietnamese, else made speakable."""

import re
import unicodedata

from tts.engines.kokoro_vn.g2p import VOWELS, Tone, parse
from tts.reading.numbers import digits
from tts.reading.rule import Rule, rule
from tts.reading.tables import letter_sounds, table

_LONGEST_SPELLED = 6
_LONGEST_SYLLABLE = 7


def rules() -> tuple[Rule, ...]:
    """The last ones, for single words."""
    address = r"[A-Za-z0-9_-]+(?:[.@][A-Za-z0-9_-]+)*\.[a-z]{2,4}"
    return (rule("address", rf"(?<![\w.@])(?:https?://)?(?P<it>{address})(?![\w@])", _address, 0.5),)


def word_rule() -> Rule:
    """Every word that is left."""
    return rule("word", r"[^\W\d_²³]+", lambda match: _read(match[0]), 0.4)


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


def _read(word: str) -> str | None:
    if is_vietnamese(word):
        # A lone I is brought down too: after the words around it are read it could pass for a numeral.
        return word.lower() if word.isupper() and (len(word) > 1 or word == "I") else None
    latin = _latin(word)
    if not latin:
        return word.lower() if word != word.lower() else None
    if latin.isupper() and len(latin) <= _LONGEST_SPELLED:
        return spelled(latin) or None
    return _sounded(latin)


def _latin(word: str) -> str:
    """The word with the accents of other languages taken off; empty where its letters are not Latin."""
    names = table("letters")
    kept = ""
    for letter in word:
        plain = letter
        if letter.upper() not in names:
            plain = unicodedata.normalize("NFKD", letter)[0]
        if plain.upper() in names:
            kept += plain
    return kept


def _sounded(word: str) -> str:
    """The longest Vietnamese syllables that the letters make, consonants between them with a schwa."""
    letters, sounds, at = word.lower(), [], 0
    while at < len(letters):
        for end in range(min(len(letters), at + _LONGEST_SYLLABLE), at, -1):
            if parse(letters[at:end]) is not None:
                sounds.append(_toned(letters[at:end]))
                at = end
                break
        else:
            sounds.append(letter_sounds().get(letters[at], ""))
            at += 1
    return " ".join(sound for sound in sounds if sound)


def _toned(syllable: str) -> str:
    """Syllables that end in p, t, k are never level in Vietnamese: a foreign one rises."""
    parsed = parse(syllable)
    if parsed is None or not parsed.stopped or parsed.tone is not Tone.LEVEL:
        return syllable
    return unicodedata.normalize("NFC", re.sub(f"([{VOWELS}]+)", "\\1\u0301", syllable))


def _address(match: re.Match[str]) -> str:
    parts = re.split(r"([.@_-])", match["it"])
    signs = {".": "chấm", "@": "a còng", "_": "gạch dưới", "-": "gạch ngang"}
    return " ".join(signs.get(part) or _address_part(part) for part in parts if part)


def _address_part(part: str) -> str:
    runs = re.findall(r"[0-9]+|[A-Za-z]+", part)
    return " ".join(digits(run) if run.isdecimal() else _domain_word(run) for run in runs)


def _domain_word(run: str) -> str:
    known = table("foreign").get(run)
    if known:
        return known
    short = len(run) <= 3 and parse(run) is None
    return spelled(run) if short or run.upper() in table("abbreviations") else _sounded(run)
