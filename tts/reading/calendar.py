"""Dates, hours and spans of time."""

import re

from tts.reading.numbers import cardinal, day, month, roman
from tts.reading.rule import END, READ, START, Rule, rule

_DASH = r"\s?[-–—]\s?"
_ALONE = r"(?<![0-9/.,:-])"
_DONE = r"(?![0-9/:]|[.,][0-9])"
_YEAR = r"(?:19|20)[0-9]{2}"
_TWO = r"[0-9]{1,2}"
_CLOCK = r"[0-9]{1,2}\s?(?:[hg:][0-9]{2}|h)(?![0-9a-zà-ỹ])"
# Words after which "20/9" is a day and not a fraction; READ stands for a date already read.
_CUES = (
    "ngày|sáng|trưa|chiều|tối|đêm|hôm|từ|đến|lễ|dịp|tết|kỷ niệm|quốc khánh|chào mừng|mùng|mồng|hôm nay"
    "|ngày mai|thứ hai|thứ ba|thứ tư|thứ năm|thứ sáu|thứ bảy|chủ nhật|thứ [2-7]|trước|sau|hết|rằm|tại buổi"
)


def rules() -> tuple[Rule, ...]:
    """Longest forms first."""
    return (
        rule(
            "datetime",
            rf"{_ALONE}({_TWO})[/.-]({_TWO})[/.-]({_YEAR})\s+({_TWO})[:h]([0-9]{{2}}){_DONE}",
            _datetime,
        ),
        rule("hours", rf"{_ALONE}(?P<a>{_CLOCK}){_DASH}(?P<b>{_CLOCK})", _hours),
        rule(
            "hours",
            rf"{_ALONE}(?P<a>{_TWO}){_DASH}(?P<b>[0-9]{{1,2}}\s?(?:h(?:[0-9]{{2}})?|giờ))(?![0-9a-zà-ỹ])",
            _hours,
        ),
        rule("hour", rf"{_ALONE}({_TWO}):([0-9]{{2}}):([0-9]{{2}}){_DONE}", _seconds),
        rule(
            "hour",
            rf"{_ALONE}(?P<clock>{_CLOCK})(?:'|\s?phút\b)?(?:\s?(?P<half>CH|SA|AM|PM)(?![^\W_]))?",
            _hour,
        ),
        rule(
            "dates",
            rf"{_ALONE}({_TWO})/({_TWO})(?:/({_YEAR}))?{_DASH}({_TWO})/({_TWO})(?:/({_YEAR}))?{_DONE}",
            _dates,
        ),
        rule("days", rf"{_ALONE}({_TWO}){_DASH}({_TWO})/({_TWO})(?:/({_YEAR}))?{_DONE}", _days, 0.8),
        rule(
            "date",
            rf"(?P<early>{START}(?:mùng|mồng)\s+)?(?P<it>{_ALONE}(?P<d>{_TWO})(?P<s>[/.-])(?P<m>{_TWO})(?P=s)(?P<y>{_YEAR})){_DONE}",
            _date,
            any_case=True,
        ),
        rule(
            "date",
            rf"{START}(?:ngày)\s+(?P<early>mùng\s+|mồng\s+)?(?P<it>(?P<d>{_TWO})/(?P<m>{_TWO})/(?P<y>[0-9]{{2}})){_DONE}",
            _date,
            0.7,
            any_case=True,
        ),
        rule("quarter", rf"{START}(quý)\s+([IVX]+|[1-4])[/-]({_YEAR}){_DONE}", _quarter, any_case=True),
        rule("month", rf"{START}(tháng)\s+({_TWO})[/-]({_YEAR}){_DONE}", _month_year, any_case=True),
        rule("month", rf"{_ALONE}({_TWO})/({_YEAR}){_DONE}", _bare_month_year, 0.8),
        rule(
            "date",
            rf"{START}(?P<cue>{_CUES})[\s,(]*(?P<it>(?P<d>{_TWO})/(?P<m>{_TWO})(?:\s+và\s+(?P<d2>{_TWO})/(?P<m2>{_TWO}))?){_DONE}",
            _day_month,
            0.9,
            any_case=True,
        ),
        rule(
            "date",
            rf"(?:{READ},?\s+(?:và|đến|hoặc)?\s*)(?P<it>(?P<d>{_TWO})/(?P<m>{_TWO})){_DONE}(?=\s*[,.;)]|\s*$|\s+(?:và|đến|hoặc|tại|lúc)\b)",
            _after_date,
            0.7,
        ),
        rule(
            "date",
            rf"{_ALONE}(?P<d>{_TWO})/(?P<m>{_TWO})(?=,?\s+(?:lúc|hằng năm|hàng năm|âm lịch|dương lịch))",
            _day_month,
            0.9,
        ),
        rule(
            "day",
            rf"{START}ngày\s+(?P<it>(?P<d>{_TWO})(?:\s+tháng\s+(?P<m>{_TWO})){END}){_DONE}",
            _day_month,
            any_case=True,
        ),
        rule(
            "day",
            rf"{START}ngày\s+(?P<it>(?P<d>{_TWO}))(?=\s*(?:$|[.;)]|,(?![0-9])|[-–]\s?[0-9])|\s+(?:này|và|đến|hoặc|tới|âm)\b){_DONE}",
            _day_alone,
            0.8,
            any_case=True,
        ),
        rule("month", rf"{START}tháng\s+(?P<it>4){END}{_DONE}", lambda match: "tư"),
        rule(
            "weekday",
            rf"{START}thứ\s+(?P<it>[14]){END}{_DONE}",
            lambda match: "nhất" if match["it"] == "1" else "tư",
            any_case=True,
        ),
    )


def _clock(written: str) -> str | None:
    numbers = re.findall(r"[0-9]+", written)
    hours, minutes = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0
    if hours > 24 or minutes > 59:
        return None
    return f"{cardinal(hours)} giờ" + (f" {cardinal(minutes)}" if minutes else "")


def _hour(match: re.Match[str]) -> str | None:
    words = _clock(match["clock"])
    half = {"CH": " chiều", "PM": " chiều", "SA": " sáng", "AM": " sáng"}.get(match["half"] or "", "")
    return words and words + half


def _hours(match: re.Match[str]) -> str | None:
    start = _clock(match["a"]) if re.search(r"[hg:]", match["a"]) else cardinal(int(match["a"]))
    end = _clock(match["b"].replace("giờ", "h"))
    return start and end and f"{start} đến {end}"


def _seconds(match: re.Match[str]) -> str | None:
    hours, minutes, seconds = (int(group) for group in match.groups())
    if hours > 24 or minutes > 59 or seconds > 59:
        return None
    return f"{cardinal(hours)} giờ {cardinal(minutes)} phút {cardinal(seconds)} giây"


def _spoken_date(day_number: str, month_number: str, year: str | None = None) -> str | None:
    number, moon = int(day_number), int(month_number)
    if not (1 <= number <= 31 and 1 <= moon <= 12):
        return None
    words = f"{day(number)} tháng {month(moon)}"
    return f"{words} năm {cardinal(int(year))}" if year else words


def _datetime(match: re.Match[str]) -> str | None:
    date = _spoken_date(match[1], match[2], match[3])
    hour = _clock(f"{match[4]}h{match[5]}")
    return date and hour and f"{date}, {hour}"


def _dates(match: re.Match[str]) -> str | None:
    first = _spoken_date(match[1], match[2], match[3])
    last = _spoken_date(match[4], match[5], match[6])
    return first and last and f"{first} đến {last}"


def _days(match: re.Match[str]) -> str | None:
    last = _spoken_date(match[2], match[3], match[4])
    if last is None or not 1 <= int(match[1]) < int(match[2]):
        return None
    return f"{day(int(match[1]))} đến {last}"


def _date(match: re.Match[str]) -> str | None:
    year = match["y"] if len(match["y"]) == 4 else f"20{match['y']}"
    words = _spoken_date(match["d"], match["m"], year)
    return words and (words.removeprefix("mùng ") if match["early"] else words)


def _day_month(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    words = _spoken_date(match["d"], match["m"])
    if (groups.get("cue") or "").lower() in ("mùng", "mồng"):
        words = words and words.removeprefix("mùng ")
    if groups.get("d2"):
        second = _spoken_date(match["d2"], match["m2"])
        words = words and second and f"{words} và {second}"
    return words


def _after_date(match: re.Match[str]) -> str | None:
    return _spoken_date(match["d"], match["m"])


def _day_alone(match: re.Match[str]) -> str | None:
    number = int(match["d"])
    return day(number) if 1 <= number <= 31 else None


def _quarter(match: re.Match[str]) -> str | None:
    number = roman(match[2].upper()) if match[2].isalpha() else int(match[2])
    return f"{match[1]} {cardinal(number)} năm {cardinal(int(match[3]))}" if number else None


def _month_year(match: re.Match[str]) -> str | None:
    if not 1 <= int(match[2]) <= 12:
        return None
    return f"{match[1]} {month(int(match[2]))} năm {cardinal(int(match[3]))}"


def _bare_month_year(match: re.Match[str]) -> str | None:
    if not 1 <= int(match[1]) <= 12:
        return None
    return f"tháng {month(int(match[1]))} năm {cardinal(int(match[2]))}"
