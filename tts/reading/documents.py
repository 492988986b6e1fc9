"""Numbers of documents: 1501/QĐ-UBND, 49/2024/NĐ-CP, 18-NQ/TW, TCVN 5945:2005."""

import re
from collections.abc import Mapping

from tts.reading.numbers import cardinal, digits
from tts.reading.rule import END, START, Rule, rule
from tts.reading.tables import alternatives, cue, table
from tts.reading.words import spelled

_YEAR = r"(?:19|20)[0-9]{2}"
_CODE = r"[A-ZĐƯ][A-ZĐƯa-z&]{1,9}[0-9]{0,3}"
_NAMED_LATER = re.compile(rf"[\s,(]*(?:ngày(?:[\s0-9/.-]|tháng|năm)+)?của\s+{cue('issuer')}", re.IGNORECASE)
_JOINT = ("TTLT", "HDLN", "NQLT", "KHLN", "QCPH", "CTPH")
_LOOK_AHEAD = 60
_NUMBER = r"(?<![0-9/.,])(?P<n>[0-9]{1,5})(?P<letter>[a-z]?)"


def rules() -> tuple[Rule, ...]:
    """They hold strokes, years and capitals: before dates and fractions."""
    kinds, issuers = alternatives("document_kinds"), alternatives("issuers")
    tail = rf"(?:-(?P<i>{issuers}|{_CODE})(?:-(?P<who>{_CODE}))?)?{END}(?!-[A-ZĐ])"
    return (
        rule(
            "standard",
            rf"{START}(?P<k>TCVN|QCVN|TCXDVN|TCCS)\s?(?P<n>[0-9-]{{1,8}}):(?P<y>{_YEAR})(?:/(?P<i>{_CODE}))?{END}",
            _standard,
        ),
        rule(
            "document",
            rf"{_NUMBER}/(?:(?P<y>{_YEAR})/)?(?:(?P<k>{kinds})-)?(?P<i>{issuers})(?:-(?P<who>{_CODE}))?{END}",
            _document,
        ),
        rule("document", rf"{_NUMBER}/(?:(?P<y>{_YEAR})/)?(?P<k>{kinds}){tail}", _document, 0.8),
        rule(
            "document",
            rf"{_NUMBER}-(?P<k>{kinds})/(?P<i>{issuers}|{_CODE})(?:-(?P<who>{_CODE}))?{END}",
            _document,
        ),
        rule("document", rf"{_NUMBER}/(?P<y>{_YEAR})/(?P<i>{_CODE}(?:-{_CODE}){{0,2}}){END}", _document, 0.6),
        rule("document", rf"{_NUMBER}/(?P<i>{_CODE}-{_CODE}(?:-{_CODE})?){END}", _document, 0.6),
    )


def _document(match: re.Match[str]) -> str | None:
    """The number, its year, and who issued it unless the text goes on to say so."""
    groups = match.groupdict()
    words = _numbered(match)
    if groups.get("y"):
        words += f" năm {cardinal(int(match['y']))}"
    issuer = groups.get("i")
    if issuer is None:
        return words
    rest = match.string[match.end() : match.end() + _LOOK_AHEAD]
    if _NAMED_LATER.match(rest):
        return words
    if (kind := _unknown_kind(groups)) is not None:
        return f"{words}, {kind} của {_issuer(issuer.partition('-')[2])}"
    also = groups.get("who") if groups.get("k") in _JOINT else None
    return f"{words} của {_issuer(issuer)}" + (f" và {_issuer(also)}" if also else "")


def _unknown_kind(groups: Mapping[str, str | None]) -> str | None:
    """The letters before those of an issuer that we know, where they are neither a kind nor an issuer."""
    first, _, last = (groups.get("i") or "").partition("-")
    if groups.get("k") or groups.get("y") or first in table("issuers") or last not in table("issuers"):
        return None
    return spelled(first)


def _numbered(match: re.Match[str]) -> str:
    letter = match.groupdict().get("letter")
    return cardinal(int(match["n"])) + (f" {spelled(letter)}" if letter else "")


def _issuer(code: str) -> str:
    known = table("issuers").get(code) or table("abbreviations").get(code)
    if known:
        return known
    return ", ".join(
        table("issuers").get(part) or table("abbreviations").get(part) or _letters(part)
        for part in code.split("-")
    )


def _letters(code: str) -> str:
    letters, number = re.fullmatch(r"([^0-9]*)([0-9]*)", code).groups()  # type: ignore[union-attr]
    named = table("issuers").get(letters) or table("abbreviations").get(letters) or spelled(letters)
    return named + (f" {cardinal(int(number))}" if number else "")


def _standard(match: re.Match[str]) -> str:
    number = " gạch ".join(_counted(part) for part in match["n"].split("-") if part)
    kind = table("abbreviations").get(match["k"]) or spelled(match["k"])
    words = f"{kind} {number} năm {cardinal(int(match['y']))}"
    return f"{words} của {_issuer(match['i'])}" if match["i"] else words


def _counted(part: str) -> str:
    return cardinal(int(part)) if len(part) < 5 else digits(part)
