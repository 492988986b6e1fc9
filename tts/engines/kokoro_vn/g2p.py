"""Vietnamese spelling made into sounds that the voice's vocabulary has (northern reading)."""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum


class Tone(IntEnum):
    """The six tones in their school order."""

    LEVEL = 1  # ngang
    FALLING = 2  # huyền
    RISING = 3  # sắc
    DIPPING = 4  # hỏi
    BROKEN = 5  # ngã
    HEAVY = 6  # nặng


@dataclass(frozen=True, slots=True, kw_only=True)
class Syllable:
    """One written syllable, its parts in IPA; each but the nucleus may be empty."""

    onset: str
    glide: str
    nucleus: str
    coda: str
    tone: Tone

    @property
    def stopped(self) -> bool:
        """Whether it ends in p, t or k: such a rhyme is short and takes only two tones."""
        return self.coda[-1:] in ("p", "t", "k")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Punctuation that the voice knows."""

    sign: str


Unit = Syllable | Mark

VOWELS = "aăâeêioôơuưy"
_TONE_MARKS = {
    "\u0300": Tone.FALLING,
    "\u0301": Tone.RISING,
    "\u0309": Tone.DIPPING,
    "\u0303": Tone.BROKEN,
    "\u0323": Tone.HEAVY,
}
# Longest first. The voice has no Vietnamese kh: a k before x comes nearest; and no implosive đ: a plain d is
# heard as t, the retroflex one less often.
_ONSETS = (
    ("ngh", "ŋ"), ("ng", "ŋ"), ("nh", "ɲ"), ("gh", "ɡ"), ("kh", "kx"), ("ph", "f"), ("th", "tʰ"),
    ("tr", "ʨ"), ("ch", "ʨ"), ("gi", "z"), ("qu", "k"), ("b", "b"), ("c", "k"), ("k", "k"), ("d", "z"),
    ("đ", "ɖ"), ("g", "ɡ"), ("h", "h"), ("l", "l"), ("m", "m"), ("n", "n"), ("p", "p"), ("r", "z"),
    ("s", "s"), ("t", "t"), ("v", "v"), ("x", "s"), ("f", "f"), ("j", "z"), ("w", "w"), ("z", "z"),
)  # fmt: skip
_NUCLEI = {
    "a": "aː", "ă": "ʌ", "â": "ə", "e": "ɛ", "ê": "e", "i": "i", "y": "i", "o": "ɔ", "ô": "o", "ơ": "ɤː",
    "u": "u", "ư": "ɯ", "iê": "iə", "ia": "iə", "yê": "iə", "ya": "iə", "uô": "uə", "ua": "uə", "ươ": "ɯə",
    "ưa": "ɯə", "oo": "ɔ",
}  # fmt: skip
_CODAS = {
    "": "", "ch": "k", "nh": "ŋ", "ng": "ŋ", "c": "k", "k": "k", "m": "m", "n": "n", "p": "p", "t": "t",
}  # fmt: skip
# Rhymes that are not the sum of their letters: before ng and c the lips round over open vowels (but not in
# "oong"), u ends closed, nh after i is itself. Letter by letter they are heard as ung, uông, oăc, ư, in.
_WHOLE_RHYMES = {
    ("ô", "ng"): ("ə", "wŋ"), ("o", "ng"): ("ɑ", "wŋ"), ("o", "c"): ("ɑ", "wk"), ("u", ""): ("u", "w"),
    ("i", "nh"): ("i", "ɲ"), ("y", "nh"): ("i", "ɲ"),
}  # fmt: skip
_OFFGLIDES = {"i": "j", "y": "j", "o": "w", "u": "w"}
_MARKS = {";": ",", ":": ",", "…": "."}
_UNIT = re.compile(r"\w+|[.,;:!?…]")


def units(sentence: str) -> tuple[Unit, ...]:
    """Syllables and marks of a sentence; what is no Vietnamese syllable is left out (see `unreadable`)."""
    found: list[Unit] = []
    for word in _UNIT.findall(unicodedata.normalize("NFC", sentence)):
        if not word[0].isalnum():
            found.append(Mark(sign=_MARKS.get(word, word)))
        elif (syllable := parse(word)) is not None:
            found.append(syllable)
    return tuple(found)


def unreadable(sentence: str) -> tuple[str, ...]:
    """The words that `units` leaves out."""
    words = _UNIT.findall(unicodedata.normalize("NFC", sentence))
    return tuple(word for word in words if word[0].isalnum() and parse(word) is None)


def parse(word: str) -> Syllable | None:
    """One written syllable, or None where the spelling is not Vietnamese."""
    letters, tone = _without_tone(word.lower())
    spelled, onset, rest = _onset(letters)
    matched = re.fullmatch(f"([{VOWELS}]+)([cghkmnpt]*)", rest)
    if matched is None:
        return None
    glide, vowels = _glide(spelled, matched[1])
    rhyme = _rhyme(vowels, matched[2])
    if rhyme is None:
        return None
    nucleus, coda = rhyme
    return Syllable(onset=onset, glide=glide, nucleus=nucleus, coda=coda, tone=tone)


def _without_tone(word: str) -> tuple[str, Tone]:
    tone, letters = Tone.LEVEL, ""
    for sign in unicodedata.normalize("NFD", word):
        if sign in _TONE_MARKS:
            tone = _TONE_MARKS[sign]
        else:
            letters += sign
    return unicodedata.normalize("NFC", letters), tone


def _onset(letters: str) -> tuple[str, str, str]:
    """Written onset, its sound, what follows."""
    for written, sound in _ONSETS:
        if not letters.startswith(written):
            continue
        rest = letters[len(written) :]
        if written == "gi":
            # "gì", "gìn": the i is the vowel too; "giếng": it belongs to iê.
            if not rest or rest[0] not in VOWELS or rest[0] == "ê":
                rest = "i" + rest
        elif written == "qu" and not rest:
            return "c", "k", "u"
        return written, sound, rest
    return "", "", letters


def _glide(onset: str, vowels: str) -> tuple[str, str]:
    """The w between onset and nucleus, and the vowels without it."""
    if onset == "qu":
        return "w", "i" + vowels[1:] if vowels[0] == "y" else vowels
    rounded = (vowels[0] == "o" and vowels[1:2] in ("a", "ă", "e")) or (
        vowels[0] == "u" and vowels[1:2] in ("â", "ê", "ơ", "y", "ă")
    )
    if len(vowels) > 1 and rounded:
        return "w", vowels[1:]
    return "", vowels


def _rhyme(vowels: str, ending: str) -> tuple[str, str] | None:
    if (vowels, ending) in _WHOLE_RHYMES:
        return _WHOLE_RHYMES[vowels, ending]
    if ending:
        if vowels not in _NUCLEI or ending not in _CODAS:
            return None
        nucleus = "ɛ" if vowels == "a" and ending in ("nh", "ch") else _NUCLEI[vowels]
        return nucleus, _CODAS[ending]
    if vowels in _NUCLEI:
        return _NUCLEI[vowels], ""
    body, last = vowels[:-1], vowels[-1]
    if last not in _OFFGLIDES:
        return None
    # In "ay" and "au" the a is the short one; with the sign for ă they are heard as "ây" and "âu".
    if body == "a" and last in "yu":
        return "a", _OFFGLIDES[last]
    return (_NUCLEI[body], _OFFGLIDES[last]) if body in _NUCLEI else None
