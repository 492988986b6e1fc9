"""Days, months, quarters and the weeks they stand in."""

import re

from tts.reading.clock import hour
from tts.reading.numbers import cardinal, day, month, roman
from tts.reading.rule import END, READ, START, Rule, rule
from tts.reading.tables import cue

_DASH = r"\s?(?:[-–—]|÷(?![^=\n]{0,20}=))\s?"
_ALONE = r"(?<![0-9/.,:-])"
_DONE = r"(?![0-9/]|[.,:][0-9])"
_YEAR = r"(?:19|20)[0-9]{2}"
_UNTIL = r"\s+(?:đến|đến hết|tới)\s+"
_ANY_YEAR = r"[12][0-9]{3}"
_TWO = r"[0-9]{1,2}"
_NOT_COUNTED = rf"(?!\s*(?:{cue('counted')}|{cue('whole')}){END})"
_LIST = r"(?:\s*,\s*|\s+(?:và|hoặc|hay|,)\s+)"
_DAY_MONTH = rf"(?P<d>{_TWO})/(?P<m>{_TWO})"
_EARLY = re.compile(r"(?:mùng|mồng)\s+$", re.IGNORECASE)


def datetime_rules() -> tuple[Rule, ...]:
    """A day and its hour, before either alone."""
    return (
        rule(
            "datetime",
            rf"{_ALONE}({_TWO})[/.-]({_TWO})[/.-]({_YEAR})\s+({_TWO})[:h]([0-9]{{2}})(?::[0-9]{{2}})?{_DONE}",
            _datetime,
        ),
        rule(
            "datetime",
            rf"{_ALONE}(?P<clock>{_TWO}(?:[hgHG:][0-9]{{2}}|[hH]))\s?/\s?(?P<d>{_TWO})/(?P<m>{_TWO})(?:/(?P<y>{_YEAR}))?{_DONE}",
            _hour_of_day,
        ),
    )


def list_rules() -> tuple[Rule, ...]:
    """Days one after the other, whatever is counted behind them."""
    return (
        rule(
            "days",
            rf"{START}ngày\s+(?P<it>(?P<days>{_TWO}(?:{_LIST}{_TWO})*){_LIST}(?P<d>{_TWO})/(?P<m>{_TWO})(?:/(?P<y>{_YEAR}))?){_DONE}",
            _day_list,
            any_case=True,
        ),
    )


def rules() -> tuple[Rule, ...]:
    """Longest forms first."""
    return (*_whole_rules(), *_month_rules(), *_short_rules(), *_word_rules())


def _whole_rules() -> tuple[Rule, ...]:
    dotted = rf"(?P<d>{_TWO})(?P<s>[/.-])(?P<m>{_TWO})(?P=s)(?P<y>[12][0-9]{{3}})"
    return (
        rule(
            "dates",
            rf"{_ALONE}({_TWO})/({_TWO})(?:/({_ANY_YEAR}))?{_DASH}({_TWO})/({_TWO})(?:/({_ANY_YEAR}))?{_DONE}",
            _dates,
        ),
        rule(
            "dates",
            rf"{_ALONE}({_TWO})/({_TWO})({_UNTIL})({_TWO})/({_TWO})(?:/({_YEAR}))?{_DONE}{_NOT_COUNTED}",
            _dates_in_words,
            0.8,
        ),
        rule("days", rf"{_ALONE}({_TWO}){_DASH}({_TWO})/({_TWO})(?:/({_YEAR}))?{_DONE}", _days, 0.8),
        rule(
            "date",
            rf"(?P<early>{START}(?:mùng|mồng)\s+)?(?P<it>{_ALONE}{dotted}){_DONE}",
            _date,
            any_case=True,
        ),
        rule("date", rf"{_ALONE}(?P<y>{_YEAR})-(?P<m>[01][0-9])-(?P<d>[0-3][0-9])(?![0-9-])", _date),
        rule(
            "date",
            rf"{START}(?:ngày)\s+(?P<early>mùng\s+|mồng\s+)?(?P<it>(?P<d>{_TWO})(?P<s>[/.-])(?P<m>{_TWO})(?P=s)(?P<y>[0-9]{{2}})){_DONE}",
            _date,
            0.7,
            any_case=True,
        ),
    )


def _month_rules() -> tuple[Rule, ...]:
    return (
        rule("quarter", rf"{START}(quý)\s+([IVX]+|[1-4])\s?[/-]\s?({_YEAR}){_DONE}", _quarter, any_case=True),
        rule("quarter", rf"{START}Q\.?\s?(?P<q>[IV]+|[1-4])[/-](?P<y>{_YEAR}){_DONE}", _short_quarter, 0.8),
        rule(
            "months",
            rf"{START}tháng\s+(?P<it>(?P<a>{_TWO}){_DASH}(?P<b>{_TWO})/(?P<y>{_YEAR})){_DONE}",
            _months,
            any_case=True,
        ),
        rule("month", rf"{START}(tháng)\s+({_TWO})\s?[/.-]\s?({_YEAR}){_DONE}", _month_year, any_case=True),
        rule(
            "round",
            rf"{START}{cue('round')}\s+(?P<it>(?P<n>[0-9]{{1,2}}|[IVX]{{1,5}})/(?P<y>{_YEAR})){_DONE}",
            _round,
            any_case=True,
        ),
        rule("month", rf"{START}T\.?({_TWO})[/.-]({_YEAR}){_DONE}", _bare_month_year, 0.85),
        rule("month", rf"{_ALONE}({_TWO})/({_YEAR}){_DONE}", _bare_month_year, 0.8),
        rule(
            "month",
            rf"{START}{cue('month_before')}\s+(?P<it>T(?P<m>1[0-2]|[1-9])){END}(?![,–-])",
            lambda match: f"tháng {month(int(match['m']))}",
            0.6,
            any_case=True,
        ),
    )


def _short_rules() -> tuple[Rule, ...]:
    pair = rf"(?P<d>{_TWO})/(?P<m>{_TWO})(?:\s+(?:và|hoặc)\s+(?P<d2>{_TWO})/(?P<m2>{_TWO}))?"
    return (
        rule(
            "date",
            rf"{START}{cue('day_before')}[\s,:(]+(?P<it>{pair}){_DONE}{_NOT_COUNTED}",
            _day_month,
            0.9,
            any_case=True,
        ),
        rule(
            "date",
            rf"{START}{cue('feast')}(?:\s+[^\W\d_]+|\s[-–](?=\s)){{1,6}}\s+\(?(?P<it>(?P<d>{_TWO})/(?P<m>{_TWO})){_DONE}{_NOT_COUNTED}",
            _day_month,
            0.75,
            any_case=True,
        ),
        rule(
            "date",
            rf"{START}{cue('dashed_day')}\s+(?P<it>(?P<d>{_TWO})(?P<s>[-.])(?P<m>{_TWO}))"
            rf"(?![0-9]|[.,/-][0-9]|\s+{cue('days_after')})",
            _day_month,
            0.65,
            any_case=True,
        ),
        *[
            rule(
                "date",
                rf"(?:{READ}(?:,?\s+{cue('between_days')}\s+|,\s*))(?P<it>{_DAY_MONTH}){_DONE}{_NOT_COUNTED}"
                rf"(?=\s*[,.;)]|\s*$|\s+{cue('after_day')}\b)",
                _day_month,
                0.7,
            )
        ]
        * 2,
        rule(
            "date",
            rf"{READ}\s+(?P<it>(?P<d>{_TWO})/(?P<m>{_TWO})(?:/(?P<y>{_YEAR}))?){_DONE}{_NOT_COUNTED}(?=\s*[,.;)]|\s*$)",
            _named_day,
            0.7,
        ),
        rule(
            "date",
            rf"{_ALONE}{_DAY_MONTH}(?=,?\s+{cue('day_after')}{END})",
            _day_month,
            0.9,
        ),
    )


def _word_rules() -> tuple[Rule, ...]:
    return (
        rule(
            "day",
            rf"{START}ngày\s+(?P<it>(?P<d>{_TWO})(?:\s+tháng\s+(?P<m>{_TWO})){END}){_DONE}",
            _day_month,
            any_case=True,
        ),
        rule(
            "days",
            rf"{START}ngày\s+(?P<it>(?P<a>{_TWO}){_DASH}(?P<b>{_TWO}))(?=\s+(?:tháng|này|hằng|hàng|tới|âm)\b)",
            _day_span,
            0.9,
            any_case=True,
        ),
        rule(
            "day",
            rf"{START}ngày\s+(?P<it>(?P<d>{_TWO}))(?=\s*(?:$|[.;)]|,(?![0-9])|[-–]\s?[0-9])|\s+(?:này|và|đến|hoặc|tới|âm|hằng|hàng|tháng)\b){_DONE}",
            _day_alone,
            0.8,
            any_case=True,
        ),
        rule("month", rf"{START}tháng\s+(?P<it>0?4){END}{_DONE}", lambda match: "tư", any_case=True),
    )


def _spoken_date(day_number: str, month_number: str, year: str | None = None) -> str | None:
    number, moon = int(day_number), int(month_number)
    if not (1 <= number <= 31 and 1 <= moon <= 12):
        return None
    words = f"{day(number)} tháng {month(moon)}"
    return f"{words} năm {_year(year)}" if year else words


def _year(written: str) -> str:
    return cardinal(int(written) + (2000 if len(written) == 2 else 0))


def _datetime(match: re.Match[str]) -> str | None:
    date = _spoken_date(match[1], match[2], match[3])
    clock = hour(f"{match[4]}h{match[5]}")
    return date and clock and f"{date}, {clock}"


def _hour_of_day(match: re.Match[str]) -> str | None:
    """ "01h/25/10": the hour, then its day."""
    clock, date = hour(match["clock"]), _spoken_date(match["d"], match["m"], match["y"])
    return clock and date and f"{clock} ngày {date}"


def _dates(match: re.Match[str]) -> str | None:
    first = _spoken_date(match[1], match[2], match[3])
    last = _spoken_date(match[4], match[5], match[6])
    return first and last and f"{first} đến {last}"


def _dates_in_words(match: re.Match[str]) -> str | None:
    first, last = _spoken_date(match[1], match[2]), _spoken_date(match[4], match[5], match[6])
    return first and last and f"{first}{match[3]}{last}"


def _days(match: re.Match[str]) -> str | None:
    last = _spoken_date(match[2], match[3], match[4])
    number = int(match[1])
    return f"{day(number)} đến {last}" if last and 1 <= number <= 31 else None


def _day_list(match: re.Match[str]) -> str | None:
    last = _spoken_date(match["d"], match["m"], match["y"])
    numbers = re.findall(r"[0-9]+", match["days"])
    if last is None or not all(1 <= int(number) <= 31 for number in numbers):
        return None
    return (
        re.sub(r"[0-9]+", lambda each: day(int(each[0])), match["it"][: match.start("d") - match.start("it")])
        + last
    )


def _date(match: re.Match[str]) -> str | None:
    return _unless_said(match, _spoken_date(match["d"], match["m"], match["y"]))


def _unless_said(match: re.Match[str], words: str | None) -> str | None:
    """ "mùng 5/9" says mùng already."""
    place = match.start("d")
    said = match.groupdict().get("early") or _EARLY.search(match.string, max(0, place - 8), place)
    return words.removeprefix("mùng ") if words and said else words


def _day_month(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    first = _unless_said(match, _spoken_date(match["d"], match["m"]))
    if first is None or not groups.get("d2"):
        return first
    second = _spoken_date(groups["d2"], groups["m2"])
    return second and f"{first} và {second}"


def _named_day(match: re.Match[str]) -> str | None:
    """ "17h00 30/4": between two numbers the word "ngày" must be heard."""
    words = _spoken_date(match["d"], match["m"], match["y"])
    return words and f"ngày {words}"


def _day_span(match: re.Match[str]) -> str | None:
    first, last = int(match["a"]), int(match["b"])
    return f"{day(first)} đến {day(last)}" if 1 <= first < last <= 31 else None


def _day_alone(match: re.Match[str]) -> str | None:
    number = int(match["d"])
    return day(number) if 1 <= number <= 31 else None


def _quarter(match: re.Match[str]) -> str | None:
    number = roman(match[2].upper()) if match[2].isalpha() else int(match[2])
    return f"{match[1]} {cardinal(number)} năm {cardinal(int(match[3]))}" if number else None


def _short_quarter(match: re.Match[str]) -> str | None:
    number = roman(match["q"]) if match["q"].isalpha() else int(match["q"])
    return f"quý {cardinal(number)} năm {cardinal(int(match['y']))}" if number else None


def _months(match: re.Match[str]) -> str | None:
    first, last = int(match["a"]), int(match["b"])
    if not (1 <= first <= 12 and 1 <= last <= 12):
        return None
    return f"{month(first)} đến tháng {month(last)} năm {cardinal(int(match['y']))}"


def _round(match: re.Match[str]) -> str | None:
    """ "đợt 2/2025": the second of that year, not February."""
    number = int(match["n"]) if match["n"].isdecimal() else roman(match["n"].upper())
    return f"{cardinal(number)} năm {cardinal(int(match['y']))}" if number else None


def _month_year(match: re.Match[str]) -> str | None:
    if not 1 <= int(match[2]) <= 12:
        return None
    return f"{match[1]} {month(int(match[2]))} năm {cardinal(int(match[3]))}"


def _bare_month_year(match: re.Match[str]) -> str | None:
    if not 1 <= int(match[1]) <= 12:
        return None
    return f"tháng {month(int(match[1]))} năm {cardinal(int(match[2]))}"
