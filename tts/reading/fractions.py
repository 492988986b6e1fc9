"""A number, a stroke, a number: a part of a whole, a count out of a total, or a day."""

import re

from tts.reading.numbers import cardinal, day, month, written_number
from tts.reading.rule import END, START, Rule, rule
from tts.reading.tables import cue

_PAIR = r"(?<![0-9/.,])(?P<it>(?P<a>[0-9]{1,4})/(?P<b>[0-9]{1,4}))(?![0-9/]|[.,][0-9])"
_BARE = "[0-9]{1,3}/[0-9]{1,3}"
_SMALL = 10


def early_rules() -> tuple[Rule, ...]:
    """Before dates: what words beside them leave no doubt about."""
    return (
        rule("round_the_clock", rf"{START}24/24\s?(?P<unit>h|giờ)?{END}", _round_the_clock),
        rule(
            "round_the_clock",
            rf"{START}{cue('clock_round')}(?:\s+[^\W\d_]+){{0,4}}\s+(?P<it>24/7){END}",
            lambda match: "hai mươi tư trên bảy",
            any_case=True,
        ),
        rule(
            "fraction",
            rf"{START}{cue('named_over')}\s+(?P<it>{_BARE}(?:(?:\s*,\s*|\s+và\s+){_BARE}){{1,20}})(?![0-9/]|[.,][0-9])",
            _each_over,
            0.8,
            any_case=True,
        ),
        rule(
            "fraction",
            rf"{START}{cue('over')}\s+{_PAIR}(?!\s+(?:{cue('whole')}){END})",
            _over,
            0.8,
            any_case=True,
        ),
        rule(
            "scale",
            rf"{START}{cue('scale')}(?:\s+[^\W\d_]+){{0,3}}\s+(?P<it>(?P<a>[0-9]{{1,3}})\s?[:/]\s?(?P<b>[0-9]{{1,7}}(?:\.000)?))(?![0-9:/]|[.,][0-9])",
            _scale,
            0.85,
            any_case=True,
        ),
        rule("fraction", rf"{_PAIR}(?=\s+(?:{cue('whole')}){END})", _part, 0.85),
        rule(
            "fraction",
            r"(?<![0-9/.,])(?P<it>(?P<a>[12])/(?P<b>[23])|(?P<a4>[13])/4)(?=\s+(?:"
            + cue("counted")
            + ")"
            + END
            + ")",
            _usual_part,
            0.75,
        ),
        rule("fraction", rf"{_PAIR}(?=\s+(?:{cue('counted')}){END})", _over, 0.85),
    )


def rules() -> tuple[Rule, ...]:
    """After dates."""
    return (rule("fraction", _PAIR, _guessed, 0.6),)


def _round_the_clock(match: re.Match[str]) -> str:
    return "hai mươi tư trên hai mươi tư" + (" giờ" if match["unit"] else "")


def _each_over(match: re.Match[str]) -> str:
    """ "lớp 1/3, 2/1"."""
    return re.sub(
        "([0-9]+)/([0-9]+)",
        lambda pair: f"{cardinal(int(pair[1]))} trên {cardinal(int(pair[2]))}",
        match["it"],
    )


def _over(match: re.Match[str]) -> str:
    return f"{cardinal(int(match['a']))} trên {cardinal(int(match['b']))}"


def _scale(match: re.Match[str]) -> str | None:
    if "/" in match["it"] and int(match["b"].replace(".", "")) < _SMALL:
        return None
    return f"{cardinal(int(match['a']))} trên {written_number(match['b'])}"


def _usual_part(match: re.Match[str]) -> str | None:
    if match["a4"]:
        return f"{cardinal(int(match['a4']))} phần tư"
    return (
        f"{cardinal(int(match['a']))} phần {cardinal(int(match['b']))}" if match["a"] < match["b"] else None
    )


def _part(match: re.Match[str]) -> str | None:
    above, below = int(match["a"]), int(match["b"])
    if not 0 < above < below <= _SMALL:
        return None
    return f"{cardinal(above)} phần {'tư' if below == 4 else cardinal(below)}"


def _guessed(match: re.Match[str]) -> str:
    """Nothing beside it helps: more above than below is a day, small parts of a whole are "phần"."""
    above, below = int(match["a"]), int(match["b"])
    if below < above <= 31 and 1 <= below <= 12:
        return f"{day(above)} tháng {month(below)}"
    return _part(match) or _over(match)
