"""Days of the week: thứ 2, T2-T6, CN."""

import re

from tts.reading.numbers import cardinal, month
from tts.reading.rule import END, READ, START, Rule, rule

_DASH = r"\s?[-–—]\s?"
_DONE = r"(?![0-9/]|[.,:][0-9])"
_DAYS = "(?:T[2-7]|CN)"
_NAMED = {"CN": "chủ nhật", "T4": "thứ tư"}


def _months(match: re.Match[str]) -> str | None:
    """ "T9, T10, T11": there is no ninth day of the week."""
    numbers = [int(number) for number in re.findall("[0-9]+", match[0])]
    if not all(1 <= number <= 12 for number in numbers) or max(numbers) <= 7:
        return None
    words = re.sub(r"\s?[-–]\s?", " đến ", match[0])
    return re.sub("T([0-9]+)", lambda each: f"tháng {month(int(each[1]))}", words)


def rules() -> tuple[Rule, ...]:
    """Rows of days before one day."""
    return (
        rule(
            "months",
            rf"{START}T[0-9]{{1,2}}(?:(?:\s*,\s*|\s+và\s+|\s?[-–]\s?)T[0-9]{{1,2}}){{1,11}}{END}(?![/.][0-9])",
            _months,
            0.75,
        ),
        rule(
            "weekdays",
            rf"{START}thứ\s+(?P<it>(?P<a>[2-7]){_DASH}(?:thứ\s+)?(?P<b>[2-7]|CN|chủ nhật)){END}",
            _weekday_span,
            any_case=True,
        ),
        rule(
            "weekdays",
            rf"{START}thứ\s+(?P<it>[2-7](?:\s*,\s*[2-7])*(?:\s*,\s*|\s+và\s+)(?:[2-7]|CN))(?=\s*[.;)]|\s*$|,|\s+(?:hằng|hàng|trong|mỗi|các|tuần)){_DONE}",
            _weekday_numbers,
            0.85,
            any_case=True,
        ),
        rule(
            "weekday",
            rf"{START}thứ\s+(?P<it>[14]){END}{_DONE}",
            lambda match: "nhất" if match["it"] == "1" else "tư",
            any_case=True,
        ),
        rule(
            "weekdays",
            rf"{START}(?P<a>T[2-7]){_DASH}(?P<b>{_DAYS}){END}",
            lambda match: f"{_weekday(match['a'])} đến {_weekday(match['b'])}",
            0.8,
        ),
        rule(
            "weekdays",
            rf"{START}T[2-7](?:\s*[,;&+]\s*(?:{_DAYS})|\s+và\s+(?:{_DAYS}))+{END}",
            _weekday_list,
            0.8,
        ),
        rule(
            "weekday",
            rf"{START}(?:sáng|trưa|chiều|tối|đêm|ngày)\s+(?P<it>{_DAYS}){END}",
            lambda match: _weekday(match["it"]),
            0.8,
            any_case=True,
        ),
        rule(
            "weekday",
            rf"{START}(?P<it>{_DAYS})(?=,?\s*\(?(?:ngày\s)?{READ})",
            lambda match: _weekday(match["it"]),
            0.7,
        ),
        rule("weekday", rf"{READ},?\s*(?:và\s+|\()?(?P<it>CN){END}", lambda match: _NAMED["CN"], 0.6),
    )


def _weekday(written: str) -> str:
    return _NAMED.get(written) or f"thứ {cardinal(int(written[-1]))}"


def _weekday_span(match: re.Match[str]) -> str:
    last = match["b"]
    end = f"thứ {'tư' if last == '4' else cardinal(int(last))}" if last.isdecimal() else _NAMED["CN"]
    return f"{'tư' if match['a'] == '4' else cardinal(int(match['a']))} đến {end}"


def _weekday_numbers(match: re.Match[str]) -> str:
    spoken = {"4": "tư", "CN": _NAMED["CN"]}
    return re.sub("[2-7]|CN", lambda each: spoken.get(each[0]) or cardinal(int(each[0])), match["it"])


def _weekday_list(match: re.Match[str]) -> str:
    return re.sub(_DAYS, lambda each: _weekday(each[0]), match[0].replace("&", ",").replace("+", ","))
