"""What stands at the head of a line: bullets, numbers, letters; and the bars of a table."""

import re

from tts.reading.numbers import cardinal, roman
from tts.reading.rule import Rule, rule
from tts.reading.words import spelled

_HEAD = r"^[ ]{0,40}"


def rules() -> tuple[Rule, ...]:
    """A bullet says nothing; a number or a letter is said and rests."""
    return (
        rule("bullet", rf"{_HEAD}(?P<it>[-–—−+*•·▪►➢✓✔√‣●○■□◆#>]+)[ ]+(?=\S)", lambda match: ""),
        rule("bullet", r"(?<=[;:.])[ ]{0,3}(?P<it>[+*•])[ ]+(?=\S)", lambda match: ""),
        rule("numbered", rf"{_HEAD}(?P<it>[IVX]{{1,6}})[ ]?(?=[.)/-][ ]+\S)", _roman_head, 0.85),
        rule(
            "numbered",
            rf"{_HEAD}(?P<it>[0-9]{{1,2}}/)[ ]",
            lambda match: f"{cardinal(int(match['it'][:-1]))},",
            0.85,
        ),
        rule(
            "numbered",
            rf"{_HEAD}(?P<it>[a-zđ][/.)]|[A-ZĐ]\))[ ]",
            lambda match: f"{spelled(match['it'][:-1])},",
            0.85,
        ),
        rule("cell", r"[ ]?(?P<it>\|(?:[-: |]*\|)?)[ ]?", lambda match: ","),
    )


def _roman_head(match: re.Match[str]) -> str | None:
    value = roman(match["it"])
    return cardinal(value) if value else None
