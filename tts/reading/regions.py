"""What differs from region to region in saying the same number."""

import re
from dataclasses import dataclass
from enum import StrEnum

from tts.reading.tables import rows


class Region(StrEnum):
    """Where the listeners live."""

    NORTH = "north"
    CENTRE = "centre"
    SOUTH = "south"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The words for 1,000, for the zero of 105, for the four of 24, and for the first ten days."""

    thousand: str = "nghìn"
    zero: str = "linh"
    four: str = "tư"
    early: str = "mùng"


def choices_of(region: Region) -> Choices:
    """What is usual there (regions.tsv); a place may choose each word for itself."""
    words = {row[0]: row[1:] for row in rows("regions")}[region.value]
    thousand, zero, four, early = words
    return Choices(thousand=thousand, zero=zero, four=four, early=early)


def localised(reading: str, choices: Choices) -> str:
    """A reading made with the usual words, in those that were chosen."""
    words = re.sub(r"\bnghìn\b", choices.thousand, reading)
    words = re.sub(r"\b(trăm|nghìn|ngàn) linh\b", rf"\1 {choices.zero}", words)
    words = re.sub(r"\bmươi tư\b", f"mươi {choices.four}", words)
    return re.sub(r"\bmùng\b", choices.early, words)
