"""Signs before any rule sees them: the hidden taken out, the fancy made plain, their places kept."""

import unicodedata
from dataclasses import dataclass

from tts.reading.rule import READ
from tts.reading.tables import table

_KEPT = frozenset(".,;:!?…\n'\"“”‘’′″«»()[]{}-–—−/&+=%‰@<>≤≥±×$€²³°º½¼¾⅓⅔|")
_AS_LINE = "\u2028\u2029\u0085\v\f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A text to be read; `origin[i]` is where the canvas's i-th character stood in what was written."""

    canvas: str
    origin: tuple[int, ...]

    def written_span(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of the canvas (not an empty one) as a stretch of what was written."""
        return self.origin[start], self.origin[end - 1] + 1


def sheet(written: str) -> Sheet:
    """`written` (in NFC) with digits of any script as ours, wide, ringed and bold letters as plain ones."""
    signs: list[str] = []
    origin: list[int] = []
    for place, sign in enumerate(written):
        plain = sign if sign.isascii() and sign.isalnum() else _plain(sign)
        signs.append(plain)
        origin += [place] * len(plain)
    return Sheet(canvas="".join(signs), origin=tuple(origin))


def _plain(sign: str) -> str:
    if sign in _KEPT or sign in table("symbols"):
        return sign
    if sign == "\t":
        return "|"
    if sign in _AS_LINE:
        return "\n"
    category = unicodedata.category(sign)
    if category == "Nd":
        return str(unicodedata.digit(sign))
    if category in ("Cf", "Mn", "Me", "Mc"):
        return ""
    if category[0] in "CZ" or sign == READ:
        return " "
    folded = unicodedata.normalize("NFKC", sign)
    return _spelt_out(folded, sign) if folded != sign else sign


def _spelt_out(folded: str, sign: str) -> str:
    kept = "".join(each for each in folded if each.isalnum() or each in _KEPT)
    return kept if kept and kept.isprintable() else sign if sign.isalnum() else " "
