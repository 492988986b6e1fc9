"""Amounts: ranges, units, money, products, plain numbers."""

import re

from tts.reading.numbers import NUMBER, cardinal, digits, written_number
from tts.reading.rule import END, READ, START, Rule, rule
from tts.reading.tables import alternatives, any_of, cue, rows, table
from tts.reading.words import readable

_DASH = r"\s?(?:[-–—]|÷(?![^=\n]{0,20}=))\s?"
_ALONE = r"(?<![0-9.,/])"
_DONE = r"(?![0-9]|[.,][0-9])"
_UNIT_DONE = r"(?![^\W_²³]|[²³])"
_MINUS = r"(?P<minus>(?<![^\W_])[-−])?"
_MONEY_SIGNS = {"$": "đô la", "€": "ơ rô", "£": "bảng Anh", "¥": "yên", "USD": "đô la Mỹ"}
_SCALES = "nghìn|ngàn|vạn|triệu|tỷ|tỉ"
_ENGLISH = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])"


def rules() -> tuple[Rule, ...]:
    """What joins two numbers before what stands beside one."""
    return (*_each_rules(), *_range_rules(), *_unit_rules())


def _each_rules() -> tuple[Rule, ...]:
    """ "15kg gạo/người", "300.000 đồng/người/tháng": a stroke after an amount is "for each"."""
    each = any_of(tuple(word for row in rows("per") for word in row[:1]))
    amount = rf"(?:[0-9]\s?(?:(?:{_SCALES})\s)?{_units()}|{READ})"
    usual = rf"{amount}(?P<it>/(?P<each>[^\W\d_]{{1,10}}[²³]?)){_UNIT_DONE}"
    total = rf"(?:[0-9]|{READ})(?:\s?[^\W\d_]+[²³]?|{READ}){{1,4}}(?P<it>/)(?=[0-9])"
    counted = rf"(?:[0-9½]|{READ})(?:[^\W\d_]*[²³%‰$]?(?:\s[^\W\d_]+[²³]?){{0,4}})"
    pattern = rf"{counted}(?P<it>\s?/\s?(?:1\s?)?(?P<each>{each})){_UNIT_DONE}"
    return (
        *(rule("each", pattern, _each),) * 3,
        *(rule("each", usual, lambda match: f"một {_unit(match['each'])}", 0.75),) * 2,
        rule("each", total, lambda match: "trên", 0.85),
    )


def _range_rules() -> tuple[Rule, ...]:
    unit = _units()
    return (
        rule(
            "range",
            rf"{START}(?P<w>{cue('series')})\s[0-9]{{1,4}}(?P<it>\s?[-–]\s?)(?=(?P=w)\s[0-9])",
            lambda match: "đến",
            0.85,
            any_case=True,
        ),
        rule(
            "score",
            rf"{START}{cue('score')}(?:\s+(?:là|đậm))?\s+(?P<it>([0-9]{{1,3}})\s?[-–]\s?([0-9]{{1,3}})){_DONE}(?!\s?{unit}{_UNIT_DONE})",
            lambda match: f"{cardinal(int(match[2]))}, {cardinal(int(match[3]))}",
            any_case=True,
        ),
        rule(
            "range",
            rf"{_ALONE}(?<!-)(?P<minus>(?<![^\W_])[-−])?({NUMBER})\s?%{_DASH}({NUMBER})\s?%",
            lambda match: f"{written_number(match[2])} đến {written_number(match[3])} phần trăm",
        ),
        rule(
            "range",
            rf"{_ALONE}(?<!-)(?P<a>{NUMBER})(?:\s?(?P<au>{unit}))?{_DASH}(?P<b>{NUMBER})\s?(?:(?P<scale>{_SCALES})\s)?(?P<u>{unit})(?:/(?P<each>[^\W\d_]+[²³]?))?{_UNIT_DONE}",
            _range,
        ),
        rule(
            "range", rf"{_ALONE}(?<!-)(?P<a>{NUMBER}){_DASH}(?P<b>{NUMBER}){_DONE}(?![^\W_/]|-)", _range, 0.85
        ),
        rule(
            "product",
            rf"(?<![^\W_.,/])(?P<it>{NUMBER}(?:\s?{unit})?(?:\s?[x×*]\s?{NUMBER}(?:\s?{unit}{_UNIT_DONE})?){{1,3}}){_DONE}(?![^\W_])",
            _product,
            0.85,
        ),
    )


def _unit_rules() -> tuple[Rule, ...]:
    unit = _units()
    long_units = any_of(tuple(each for each in table("units") if len(each) > 1))
    return (
        rule(
            "money",
            rf"(?P<sign>[$€£¥]|{START}USD)\s?(?P<n>{_ENGLISH}|{NUMBER})(?:\s?(?P<scale>triệu|tỷ|tỉ|nghìn){END})?",
            _sign_first,
        ),
        rule(
            "mixed",
            rf"{_ALONE}(?P<a>[0-9]{{1,3}})(?P<u>tr|m|kg|tỷ|k|ha|tấn|tạ|sào)(?P<b>[0-9]{{1,3}}){END}{_DONE}",
            _mixed,
            0.8,
        ),
        rule("fraction", rf"{_ALONE}(?P<a>{NUMBER})/(?P<b>{NUMBER})(?=\s?(?:mmHg|điểm){END})", _over),
        rule("fraction", rf"{_ALONE}(?P<a>[0-9]+,[0-9]+)/(?P<b>{NUMBER}){_DONE}", _over),
        rule("unit", rf"{_ALONE}{_MINUS}(?P<a>{_ENGLISH})\s?(?P<u>{unit}){_UNIT_DONE}", _english_amount, 0.7),
        rule(
            "unit",
            rf"{_ALONE}{_MINUS}(?P<a>{NUMBER})\s?(?:(?P<scale>{_SCALES})\s)?(?P<u>{unit}){_UNIT_DONE}(?!/[^\W\d_])",
            _amount,
        ),
        rule(
            "unit",
            rf"{_ALONE}{_MINUS}(?P<a>{NUMBER})\s?(?P<u>{unit})/(?P<each>[^\W\d_]+){END}",
            _amount_each,
            0.8,
        ),
        rule("unit", rf"{READ}\s?(?P<it>{long_units}){_UNIT_DONE}", lambda match: _unit(match["it"]), 0.8),
        rule(
            "product",
            rf"(?:{READ}|[0-9][^\W\d_]{{0,2}})\s(?P<it>[x×])\s(?=[^\W_]|{READ})",
            lambda match: "nhân",
            0.7,
        ),
    )


def number_rules() -> tuple[Rule, ...]:
    """Whatever number is left."""
    return (
        rule(
            "section",
            rf"{START}{cue('section')}\s+(?P<it>[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{1,4}})(?![0-9]|,[0-9])",
            _section,
            0.85,
            any_case=True,
        ),
        rule("section", rf"{_ALONE}(?P<it>[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{2,5}}){_DONE}", _numbered, 0.8),
        rule("number", rf"{_ALONE}[1-9][0-9]{{0,2}}(?: [0-9]{{3}}){{2,4}}(?![0-9.,])", _spaced),
        rule("number", rf"{_ALONE}[0-9]{{1,3}}(?:,[0-9]{{3}}){{2,4}}(?:\.[0-9]+)?{_DONE}", _english, 0.8),
        rule(
            "number",
            rf"(?:{START}(?:âm|là|xuống|đến|còn|mức|khoảng|dưới)\s+|^|\()(?P<it>[-−](?P<a>{NUMBER})){_DONE}",
            lambda match: f"âm {written_number(match['a'])}",
            0.7,
        ),
        rule("number_read_out", rf"{_ALONE}[0-9]{{8,25}}{_DONE}", lambda match: digits(match[0]), 0.6),
        rule("number", NUMBER, lambda match: written_number(match[0]), _sure_of_number),
    )


def _units() -> str:
    return alternatives("units")


def _each(match: re.Match[str]) -> str:
    return f"một {table('per')[match['each']]}"


def _range(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    falls = _falls(match["a"], match["b"]) and not groups.get("u")
    if falls and "÷" in match[0]:
        return None
    joint = ", " if falls else " đến "
    words = f"{written_number(match['a'])}{joint}{written_number(match['b'])}"
    if groups.get("au") and groups["au"] != match["u"]:
        words = f"{written_number(match['a'])} {_unit(groups['au'])} đến {written_number(match['b'])}"
    if groups.get("scale"):
        words += f" {groups['scale']}"
    if groups.get("u"):
        words += f" {_unit(match['u'])}"
    return f"{words} một {_unit(groups['each'])}" if groups.get("each") else words


def _falls(first: str, last: str) -> bool:
    """21-19 is a score, not a range."""
    return first.isdecimal() and last.isdecimal() and int(first) > int(last)


def _product(match: re.Match[str]) -> str:
    parts = []
    for part in re.split(r"\s?[x×*]\s?", match["it"]):
        number = re.match(NUMBER, part)
        if number is None:
            return readable(match["it"])
        unit = part[number.end() :].strip()
        parts.append(written_number(number[0]) + (f" {_unit(unit)}" if unit else ""))
    return " nhân ".join(parts)


def _sign_first(match: re.Match[str]) -> str:
    number = _plain_english(match["n"]) if re.fullmatch(_ENGLISH, match["n"]) else match["n"]
    scale = f" {table('units')[match['scale']]}" if match["scale"] else ""
    return f"{written_number(number)}{scale} {_MONEY_SIGNS[match['sign']]}"


def _mixed(match: re.Match[str]) -> str | None:
    """1m65, 1tr5: the unit stands where the comma would."""
    if match["u"] == "m" and match["b"] in ("2", "3"):
        return None
    return f"{cardinal(int(match['a']))} {_unit(match['u'])} {cardinal(int(match['b']))}"


def _over(match: re.Match[str]) -> str:
    return f"{written_number(match['a'])} trên {written_number(match['b'])}"


def _amount(match: re.Match[str]) -> str:
    scale = match.groupdict().get("scale")
    number = written_number(match["a"]) + (f" {scale}" if scale else "")
    return f"{'âm ' if match['minus'] else ''}{number} {_unit(match['u'])}"


def _english_amount(match: re.Match[str]) -> str | None:
    """1,234,567 or 12,500 đồng; "1,234 ha" stays a decimal."""
    whole = match["a"].count(",") > 1 or table("units")[match["u"]] in ("đồng", "đô la", "đô la Mỹ")
    return f"{written_number(_plain_english(match['a']))} {_unit(match['u'])}" if whole else None


def _amount_each(match: re.Match[str]) -> str | None:
    """1.500.000đ/hộ: so much for one of them."""
    if len(match["each"]) > 8:
        return None
    return f"{_amount(match)} một {_unit(match['each'])}"


def _unit(written: str) -> str:
    for name in ("units", "per", "abbreviations", "foreign"):
        if written in table(name):
            return table(name)[written]
    return readable(written)


def _section(match: re.Match[str]) -> str:
    return " chấm ".join(cardinal(int(part)) for part in match["it"].split("."))


def _numbered(match: re.Match[str]) -> str | None:
    """3.2.1, unless the points part thousands."""
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+", match["it"]):
        return None
    return _section(match)


def _spaced(match: re.Match[str]) -> str:
    return cardinal(int(match[0].replace(" ", "")))


def _english(match: re.Match[str]) -> str:
    return written_number(_plain_english(match[0]))


def _plain_english(written: str) -> str:
    whole, _, fraction = written.replace(",", "").partition(".")
    return f"{whole},{fraction}" if fraction else whole


def _sure_of_number(match: re.Match[str]) -> float:
    """A long row of digits may have been meant to be read one by one; 12,345 may be English."""
    bare = match[0].isdecimal()
    if bare and (len(match[0]) > 6 or (match[0][0] == "0" and len(match[0]) > 2)):
        return 0.6
    return 0.7 if re.fullmatch(r"[0-9]{1,3},[0-9]{3}", match[0]) else 0.9
