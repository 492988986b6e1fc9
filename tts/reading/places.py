"""Roads, houses, plates, degrees, and the short words before a place's or a person's name."""

import re

from tts.reading.numbers import NUMBER, cardinal, digits, written_number
from tts.reading.rule import END, START, Rule, rule
from tts.reading.tables import alternatives, cue, sure_of, table
from tts.reading.words import spelled

_CAPITAL = "A-ZĐÀ-ỸƯƠĂÂÊÔ"
_PLATE_END = r"\s?[- ]\s?(?P<b>[0-9]{3}\.?[0-9]{2}|[0-9]{4})(?![0-9]|[.,][0-9])"
_COMPASS = {
    "N": "vĩ bắc",
    "B": "vĩ bắc",
    "E": "kinh đông",
    "Đ": "kinh đông",
    "S": "vĩ nam",
    "W": "kinh tây",
    "T": "kinh tây",
}


def early_rules() -> tuple[Rule, ...]:
    """Those whose strokes and points a date or a number would take."""
    return (
        rule(
            "plate",
            rf"{START}(?P<n>[1-9][0-9])(?P<a>[A-ZĐ][A-ZĐ0-9]?){_PLATE_END}",
            _plate,
            0.85,
        ),
        rule(
            "plate",
            rf"{START}(?P<n>[1-9][0-9])-(?P<a>[A-ZĐ][A-ZĐ0-9]){_PLATE_END}",
            _plate,
            0.85,
        ),
        rule(
            "plate",
            rf"{START}(?P<a>[A-ZĐ]{{1,3}}[a-z]{{0,2}})[- ](?P<b>[0-9]{{4,5}})[- ]?(?P<c>TS){END}",
            _boat,
            0.85,
        ),
        rule(
            "degrees",
            rf"(?<![0-9.,])(?P<d>[0-9]{{1,3}})\s?[°º]\s?(?P<m>{NUMBER})\s?['’′](?:\s?(?P<s>{NUMBER})\s?(?:\"|″|''|’’|”))?\s?(?P<side>[NBEĐSWT](?![^\W_]))?",
            _degrees,
        ),
        rule("degrees", rf"(?<![0-9.,])(?P<d>{NUMBER})\s?[°º]\s?(?P<side>[NBEĐSW])(?![^\W_])", _degrees),
        rule(
            "degrees",
            r"(?<![0-9.,])(?P<d>[0-9]{1,3}[.,][0-9]{1,4})\s?(?P<side>[NE])(?![^\W_])",
            _degrees,
            0.8,
        ),
        rule(
            "house",
            rf"{START}{cue('house')}(?:\s+số)?\s+(?P<it>(?P<a>[0-9]{{1,4}})(?P<l>[A-Za-z]?)(?P<rest>(?:/[0-9]{{1,4}}[A-Za-z]?){{1,4}}))(?![0-9/])",
            _house,
            0.85,
            any_case=True,
        ),
        rule(
            "house",
            rf"{START}(?<!/)(?P<it>(?P<a>[0-9]{{1,4}})(?P<l>[A-Za-z]?)(?P<rest>(?:/[0-9]{{1,4}}[A-Za-z]?){{1,4}}))(?=,?\s+(?:đường|kiệt|hẻm|ngõ|phố){END})",
            _house,
            0.8,
        ),
    )


def rules() -> tuple[Rule, ...]:
    """Roads and titles."""
    return (
        rule(
            "milestone",
            rf"{START}(?:Km|KM|km)\s?(?P<n>{NUMBER})(?:\s?[-–]\s?(?:Km|KM|km)?\s?(?P<to>{NUMBER}))?(?![0-9+]|[.,][0-9]|\s?\+)",
            _milestones,
            0.85,
        ),
        rule("milestone", rf"{START}[Kk][mM]\s?([0-9]+)\s?\+\s?([0-9]+)(?:\s?m(?![^\W_]))?", _milestone),
        rule(
            "road",
            rf"{START}(?P<code>{alternatives('roads')})\s?(?P<n>[0-9]{{1,4}})(?P<letter>[A-Za-z]?)(?![^\W_]|[.,][0-9])",
            _road,
        ),
        rule(
            "place",
            rf"{START}(?P<it>{alternatives('titles')}(?:(?<=\.)\s?|\s+|(?=[0-9])))(?=[{_CAPITAL}0-9])(?!HCM)",
            _title,
            lambda match: sure_of("titles", match["it"].strip(), 0.9),
        ),
    )


def _plate(match: re.Match[str]) -> str:
    """75A-123.45: the province as a number, what follows digit by digit."""
    letters = " ".join(digits(sign) if sign.isdecimal() else spelled(sign) for sign in match["a"])
    return f"{cardinal(int(match['n']))} {letters}, " + ", ".join(
        digits(part) for part in match["b"].split(".")
    )


def _boat(match: re.Match[str]) -> str:
    """TTH-92345-TS, QNg 95123 TS: a fishing boat's number."""
    return f"{spelled(match['a'])}, {digits(match['b'])}, {spelled(match['c'])}"


def _degrees(match: re.Match[str]) -> str:
    groups = match.groupdict()
    words = f"{written_number(match['d'])} độ"
    if groups.get("m"):
        words += f" {written_number(groups['m'] or '')} phút"
    if groups.get("s"):
        words += f" {written_number(groups['s'] or '')} giây"
    return f"{words} {_COMPASS[groups['side'] or '']}" if groups.get("side") else words


def _house(match: re.Match[str]) -> str:
    parts = [match["a"] + match["l"], *match["rest"].strip("/").split("/")]
    return " trên ".join(_house_number(part) for part in parts)


def _house_number(part: str) -> str:
    number = re.match("[0-9]+", part)
    letter = part.lstrip("0123456789")
    words = cardinal(int(number[0])) if number else ""
    return f"{words} {spelled(letter)}" if letter else words


def _milestone(match: re.Match[str]) -> str:
    return f"ki lô mét {cardinal(int(match[1]))} cộng {cardinal(int(match[2]))}"


def _milestones(match: re.Match[str]) -> str:
    words = f"ki lô mét {written_number(match['n'])}"
    return f"{words} đến ki lô mét {written_number(match['to'])}" if match["to"] else words


def _road(match: re.Match[str]) -> str:
    """ "đường ĐT.14B" says đường already."""
    letter = f" {spelled(match['letter'])}" if match["letter"] else ""
    name = table("roads")[match["code"]]
    before = match.string[max(0, match.start() - 7) : match.start()].lower().split()
    if before and name.startswith(f"{before[-1]} "):
        name = name.partition(" ")[2]
    return f"{name} {cardinal(int(match['n']))}{letter}"


def _title(match: re.Match[str]) -> str:
    return table("titles")[match["it"].strip()]
