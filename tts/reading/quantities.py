"""Amounts: telephone numbers, ranges, units, money, fractions, plain numbers."""

import re

from tts.reading.numbers import NUMBER, cardinal, digits, written_number
from tts.reading.rule import END, START, Rule, rule
from tts.reading.tables import alternatives, table
from tts.reading.words import readable

_DASH = r"\s?[-–—]\s?"
_ALONE = r"(?<![0-9.,/])"
_DONE = r"(?![0-9]|[.,][0-9])"
_UNIT_DONE = r"(?![^\W_²³]|[²³/])"


def rules() -> tuple[Rule, ...]:
    """Telephone numbers first: nothing else may take their digits."""
    unit = alternatives("units")
    return (
        rule(
            "phone",
            rf"{_ALONE}(?P<plus>\+)?(?P<it>84(?:[.\s-]?[0-9]{{2,4}}){{3}}){_DONE}",
            _foreign_phone,
            0.8,
        ),
        rule("phone", rf"{_ALONE}0[0-9]{{9,10}}(?![0-9])", _whole_phone),
        rule(
            "phone",
            rf"{_ALONE}(?:0[0-9]{{2,4}}(?:[.\s-][0-9]{{1,4}}){{2,4}}|(?:0[0-9]{{1,4}}|1900|1800)(?:[.\s-][0-9]{{3,4}}){{1,3}}){_DONE}",
            _parted_phone,
        ),
        rule(
            "phone",
            rf"{_ALONE}(?:1800|1900)[0-9]{{4,6}}(?![0-9])",
            lambda match: f"{digits(match[0][:4])}, {digits(match[0][4:])}",
        ),
        rule(
            "hotline",
            rf"{START}(?:gọi(?:\s+\w+){{0,3}}|số|tổng đài|đường dây nóng)[\s:]+(?P<it>11[1-5]){_DONE}(?!/)",
            lambda match: digits(match["it"]),
            0.85,
            any_case=True,
        ),
        rule(
            "hotline",
            rf"{START}(?:gọi|tổng đài|đường dây nóng)[\s:]+(?P<it>1[89][0-9]{{2}}){_DONE}(?!/)",
            lambda match: digits(match["it"]),
            0.85,
            any_case=True,
        ),
        rule(
            "score",
            rf"{START}(?:tỷ số|tỉ số)\s+(?P<it>([0-9]+)\s?-\s?([0-9]+)){_DONE}",
            lambda match: f"{cardinal(int(match[2]))}, {cardinal(int(match[3]))}",
            any_case=True,
        ),
        rule(
            "range",
            rf"{_ALONE}(?<!-)({NUMBER})\s?%{_DASH}({NUMBER})\s?%",
            lambda match: f"{written_number(match[1])} đến {written_number(match[2])} phần trăm",
        ),
        rule(
            "range",
            rf"{_ALONE}(?<!-)(?P<a>{NUMBER})(?:\s?(?P<au>{unit}))?{_DASH}(?P<b>{NUMBER})\s?(?P<u>{unit})(?:/(?P<each>[^\W\d_]+))?{_UNIT_DONE}",
            _range,
        ),
        rule(
            "range", rf"{_ALONE}(?<!-)(?P<a>{NUMBER}){_DASH}(?P<b>{NUMBER}){_DONE}(?![^\W_/]|-)", _range, 0.85
        ),
        rule(
            "product",
            rf"(?<![^\W_.,/])(?P<a>{NUMBER})\s?[x×]\s?(?P<b>{NUMBER})(?:\s?(?P<u>{unit}){_UNIT_DONE}|{_DONE}(?![^\W_]))",
            _product,
            0.85,
        ),
        rule(
            "unit",
            rf"{_ALONE}(?P<minus>(?<![^\W_])[-−])?(?P<a>{NUMBER})\s?(?P<u>{unit}){_UNIT_DONE}",
            _amount,
        ),
        rule(
            "unit",
            rf"{_ALONE}(?P<minus>(?<![^\W_])[-−])?(?P<a>{NUMBER})\s?(?P<u>{unit})/(?P<each>[^\W\d_]+){END}",
            _each,
        ),
        rule("fraction", r"(?<![0-9/.,])([0-9]{1,4})/([0-9]{1,4})(?![0-9/]|[.,][0-9])", _fraction, 0.6),
    )


def number_rule() -> Rule:
    """Whatever number is left."""
    return rule("number", NUMBER, lambda match: written_number(match[0]), 0.9)


def _foreign_phone(match: re.Match[str]) -> str | None:
    written = match["it"]
    if not match["plus"] and len(re.sub(r"[^0-9]", "", written)) != 11:
        return None
    return ("cộng " if match["plus"] else "") + ", ".join(
        digits(part) for part in re.split(r"[.\s-]", written)
    )


def _whole_phone(match: re.Match[str]) -> str:
    """In groups of four and three, as people say them."""
    written = match[0]
    return ", ".join(digits(part) for part in (written[:4], written[4:7], written[7:]))


def _parted_phone(match: re.Match[str]) -> str | None:
    if len(re.sub(r"[^0-9]", "", match[0])) < 7:
        return None
    return ", ".join(digits(part) for part in re.split(r"[.\s-]", match[0]))


def _range(match: re.Match[str]) -> str:
    groups = match.groupdict()
    words = f"{written_number(match['a'])} đến {written_number(match['b'])}"
    if groups.get("au") and groups["au"] != match["u"]:
        words = f"{written_number(match['a'])} {_unit(groups['au'])} đến {written_number(match['b'])}"
    if groups.get("u"):
        words += f" {_unit(match['u'])}"
    return f"{words} một {_unit(groups['each'])}" if groups.get("each") else words


def _product(match: re.Match[str]) -> str:
    words = f"{written_number(match['a'])} nhân {written_number(match['b'])}"
    return f"{words} {_unit(match['u'])}" if match["u"] else words


def _amount(match: re.Match[str]) -> str:
    return f"{'âm ' if match['minus'] else ''}{written_number(match['a'])} {_unit(match['u'])}"


def _each(match: re.Match[str]) -> str | None:
    """1.500.000đ/hộ: so much for one of them."""
    if len(match["each"]) > 8:
        return None
    return f"{_amount(match)} một {_unit(match['each'])}"


def _unit(written: str) -> str:
    for name in ("units", "abbreviations", "foreign"):
        if written in table(name):
            return table(name)[written]
    return readable(written)


def _fraction(match: re.Match[str]) -> str:
    """Small parts of a whole are "phần", counts out of a total are "trên"; over one it is a day."""
    above, below = int(match[1]), int(match[2])
    if below < above <= 31 and 1 <= below <= 12:
        from_date = f"{cardinal(above)} tháng {'tư' if below == 4 else cardinal(below)}"
        return f"mùng {from_date}" if above <= 10 else from_date
    if 0 < above < below <= 10:
        return f"{cardinal(above)} phần {'tư' if below == 4 else cardinal(below)}"
    return f"{cardinal(above)} trên {cardinal(below)}"
