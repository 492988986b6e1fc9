"""Hours of the day and spans of minutes."""

import re

from tts.reading.numbers import cardinal
from tts.reading.rule import START, Rule, rule
from tts.reading.tables import cue

_DASH = r"\s?(?:[-–—]|÷(?![^=\n]{0,20}=))\s?"
_ALONE = r"(?<![0-9/.,:+-])"
_DONE = r"(?![0-9/]|[.,:][0-9])"
_LETTER = r"(?!÷)[0-9a-zA-Zà-ỹÀ-Ỹđ]"
_MINUTES = r"(?:\s?['’′]|\s?(?:phút|ph|p)(?![0-9a-zA-Zà-ỹđ]))?"
_APART = rf"[hgH](?:\s[0-9]{{2}}(?:['’′]|\s?(?:phút|ph|p)(?!{_LETTER})))?"
_CLOCK = rf"[0-9]{{1,2}}\s?(?:[hgHG:][0-9]{{2}}{_MINUTES}|{_APART}|giờ)(?!{_LETTER}|/)"
_HALVES = {"CH": " chiều", "PM": " chiều", "SA": " sáng", "AM": " sáng"}
_MOST_HOURS = 24


def rules() -> tuple[Rule, ...]:
    """Longest forms first; 5g is five o'clock but where something is weighed."""
    return (
        rule(
            "hours",
            rf"[0-9](?:h|g|\sgiờ|h[0-9]{{2}})?\s{cue('part_of_day')}(?P<it>\s?[-–]\s?)(?=[0-9]{{1,2}}(?:h|g|:|\sgiờ))",
            lambda match: "đến",
            0.9,
        ),
        rule(
            "unit",
            rf"{START}{cue('weighed')}(?:\s+[^\W\d_]+){{0,3}}\s+(?P<it>(?P<n>[0-9]{{1,2}})\s?g)(?!{_LETTER})",
            lambda match: f"{cardinal(int(match['n']))} gam",
            0.85,
            any_case=True,
        ),
        rule("hours", rf"{_ALONE}(?P<a>{_CLOCK}){_DASH}(?P<b>{_CLOCK})", _hours),
        rule(
            "hours",
            rf"{_ALONE}(?P<a>[0-9]{{1,2}}){_DASH}(?P<b>[0-9]{{1,2}}\s?(?:[hgHG][0-9]{{2}}|[hgH]|giờ))(?!{_LETTER})",
            _hours,
        ),
        rule("hour", rf"{_ALONE}([0-9]{{1,2}}):([0-9]{{2}}):([0-9]{{2}}){_DONE}", _seconds),
        rule("hour", rf"{_ALONE}([0-9]{{1,2}})[hgHG]([0-9]{{2}})['’′]([0-9]{{2}})(?:''|\"|″|s)", _seconds),
        rule(
            "hour",
            rf"{_ALONE}(?P<clock>{_CLOCK})(?:\s?(?P<half>CH|SA|AM|PM|am|pm)(?![^\W_]))?",
            _hour,
        ),
    )


def hour(written: str) -> str | None:
    """7h30, 19g, 14:45 in words; None where no clock shows it."""
    numbers = re.findall(r"[0-9]+", written)
    hours, minutes = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0
    if hours > _MOST_HOURS or minutes > 59:
        return None
    words = f"{cardinal(hours)} giờ" + (f" {cardinal(minutes)}" if minutes else "")
    return f"{words} phút" if minutes and re.search(r"['’′p]", written) else words


def _hour(match: re.Match[str]) -> str | None:
    if match["clock"].endswith("giờ"):
        return None
    words = hour(match["clock"])
    return words and words + _HALVES.get((match["half"] or "").upper(), "")


def _hours(match: re.Match[str]) -> str | None:
    start = hour(match["a"]) if re.search(r"[hgHG:]", match["a"]) else cardinal(int(match["a"]))
    end = hour(match["b"])
    return start and end and f"{start} đến {end}"


def _seconds(match: re.Match[str]) -> str | None:
    hours, minutes, seconds = (int(group) for group in match.groups())
    if hours > _MOST_HOURS or minutes > 59 or seconds > 59:
        return None
    return f"{cardinal(hours)} giờ {cardinal(minutes)} phút {cardinal(seconds)} giây"
