"""Words of other languages made into Vietnamese syllables, by the way schoolbooks write Latin names."""

import re
import unicodedata

from tts.engines.kokoro_vn.g2p import VOWELS, Tone, parse
from tts.reading.tables import letter_sounds

_LONGEST_SYLLABLE = 7
_VOWEL_FIRST, _SCHWA, _UNHEARD = 1.3, 1.6, 9.0
_SPECIAL = frozenset("ăâđêôơư")
# Spellings first made one sign each; capitals stand for sounds that Vietnamese writes with two letters.
_DIGRAPHS = (
    ("tion", "xơn"), ("sch", "s"), ("sh", "s"), ("ck", "k"), ("ph", "f"), ("th", "T"), ("ch", "C"),
    ("qu", "Q"), ("gh", "g"), ("ng", "G"), ("rh", "r"), ("wh", "w"), ("ae", "e"), ("oe", "e"), ("ee", "i"),
    ("oo", "u"), ("x", "cs"),
)  # fmt: skip
_ONSETS = {
    "b": "b", "d": "đ", "f": "ph", "h": "h", "j": "gi", "l": "l", "m": "m", "n": "n", "p": "p", "q": "c",
    "r": "r", "s": "x", "t": "t", "v": "v", "w": "qu", "z": "d", "T": "th", "C": "ch", "Q": "qu", "G": "g",
    "y": "d",
}  # fmt: skip
_CODAS = {
    "m": "m", "n": "n", "l": "n", "G": "ng", "p": "p", "b": "p", "f": "p", "v": "p", "t": "t", "d": "t",
    "s": "t", "z": "t", "T": "t", "c": "c", "k": "c", "g": "c", "q": "c", "C": "c", "r": "",
}  # fmt: skip
_PIECE = re.compile(r"([^aeiouyăâêôơư]*)([aeiouyăâêôơư]|$)")


def syllables(word: str) -> str:
    """The word as syllables that the voice can read, parted by spaces."""
    letters = word.lower()
    if _SPECIAL & set(unicodedata.normalize("NFC", letters)) or not letters.isascii():
        return pieces(letters)
    made = _by_sounds(letters)
    if made and all(parse(syllable) for syllable in made.split()):
        return made
    return pieces(letters)


def _by_sounds(letters: str) -> str:
    """Consonant and vowel by turns; a consonant that can close a syllable does so before another."""
    signs = letters
    if len(re.findall("[aeiouy]", signs)) > 1:
        signs = re.sub(r"(?<=[^aeiouy])e$", "", signs)
    for written, sign in _DIGRAPHS:
        signs = signs.replace(written, sign)
    signs = re.sub(r"er$|er(?=[^aeiouy])", "ơ", signs)
    spoken: list[str] = []
    for cluster, vowel in _PIECE.findall(signs):
        onset = _close(cluster, spoken, at_end=not vowel)
        if vowel:
            spoken.append(_opened(onset, vowel))
    return " ".join(_finished(syllable) for syllable in spoken)


def _close(cluster: str, spoken: list[str], *, at_end: bool) -> str:
    """Gives the first consonant to the open syllable before; the rest get a schwa, but the last."""
    rest = _squeezed(cluster)
    takes = len(rest) > 1 or (rest and at_end)
    if spoken and takes and rest[0] in _CODAS and spoken[-1][-1] in "aăâeêioôơuư":
        coda, rest = _CODAS[rest[0]], rest[1:]
        spoken[-1] = _closed(spoken[-1], coda)
    if at_end:
        spoken += [f"{_ONSETS.get(sign, sign)}ờ" for sign in rest if not spoken]
        return ""
    spoken += [f"{_onset(sign, 'ơ')}ờ" for sign in rest[:-1]]
    return rest[-1:]


def _squeezed(cluster: str) -> str:
    return re.sub(r"(.)\1", r"\1", cluster)


def _onset(sign: str, vowel: str) -> str:
    soft = vowel in "eêiy"
    if sign == "c":
        return "x" if soft else "c"
    if sign == "k":
        return "k" if soft else "c"
    if sign in "gG":
        return "gh" if soft else "g"
    return _ONSETS.get(sign, "")


def _opened(onset: str, vowel: str) -> str:
    """An open syllable: Latin e and o are the closer ones."""
    plain = {"e": "ê", "o": "ô", "y": "i"}.get(vowel, vowel)
    return _onset(onset, plain) + plain if onset else plain


def _closed(syllable: str, coda: str) -> str:
    if not coda:
        return syllable
    return (
        syllable[:-1] + {"ê": "e"}.get(syllable[-1], syllable[-1])
        if coda in ("t", "n", "p", "m")
        else syllable
    ) + coda


def _finished(syllable: str) -> str:
    """A foreign syllable that ends in p, t, c rises: in Vietnamese such a one is never level."""
    words = {"ic": "ích", "êc": "ếch"}
    for ending, better in words.items():
        if syllable.endswith(ending):
            return syllable.removesuffix(ending) + better
    if syllable.endswith("êng"):
        return syllable.removesuffix("êng") + "ênh"
    if syllable.endswith("ing"):
        return syllable.removesuffix("ing") + "inh"
    return toned(syllable)


def toned(syllable: str) -> str:
    """Syllables that end in p, t, k are never level in Vietnamese: a foreign one rises."""
    parsed = parse(syllable)
    if parsed is None or not parsed.stopped or parsed.tone is not Tone.LEVEL:
        return syllable
    return unicodedata.normalize("NFC", re.sub(f"([{VOWELS}]+)", "\\1\u0301", syllable))


def pieces(letters: str) -> str:
    """The fewest Vietnamese syllables that the letters make, consonants between them with a schwa."""
    best: list[tuple[float, int]] = [(0.0, 0)]  # for each length: the cost, and where its last piece begins
    for end in range(1, len(letters) + 1):
        starts = range(max(0, end - _LONGEST_SYLLABLE), end)
        best.append(min((best[start][0] + _cost(letters[start:end], start), start) for start in starts))
    cuts, end = [], len(letters)
    while end:
        cuts.append(letters[best[end][1] : end])
        end = best[end][1]
    return " ".join(sound for sound in map(_piece, reversed(cuts)) if sound)


def _cost(piece: str, start: int) -> float:
    """A syllable that begins with its vowel is less likely within a word."""
    if parse(piece) is not None:
        return _VOWEL_FIRST if start and piece[0] in VOWELS else 1.0
    return _SCHWA if len(piece) == 1 else _UNHEARD * len(piece)


def _piece(piece: str) -> str:
    return toned(piece) if parse(piece) is not None else letter_sounds().get(piece, "")
