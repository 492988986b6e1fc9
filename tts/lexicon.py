"""A place's own readings as a table: read, checked, printed."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from tts.normalize import Reading

MOST_WRITTEN = 80
MOST_READING = 300
MOST_READINGS = 2000
_HEAD = "# cách viết\tcách đọc"


class Problem(StrEnum):
    """Why a line can't stand in a lexicon."""

    COLUMNS = "columns"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    DUPLICATE = "duplicate"
    UNSPEAKABLE = "unspeakable"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconFault:
    """What is wrong with a line (counted from 1) of a lexicon; `first` is the line it repeats."""

    line: int
    problem: Problem
    written: str
    first: int = 0

    @property
    def vi(self) -> str:
        """For the page."""
        match self.problem:
            case Problem.COLUMNS:
                return f"Dòng {self.line}: cần đúng hai cột, cách nhau bằng một dấu tab."
            case Problem.EMPTY:
                return f"Dòng {self.line}: thiếu cách viết."
            case Problem.TOO_LONG:
                return (
                    f"Dòng {self.line}: quá dài (cách viết tối đa {MOST_WRITTEN}, "
                    f"cách đọc tối đa {MOST_READING} ký tự)."
                )
            case Problem.DUPLICATE:
                return f"Dòng {self.line}: “{self.written}” đã có ở dòng {self.first}."
            case Problem.UNSPEAKABLE:
                return f"Dòng {self.line}: cách đọc của “{self.written}” không có chữ nào."
            case Problem.TOO_MANY:
                return f"Dòng {self.line}: từ điển chỉ chứa được {MOST_READINGS} dòng."
            case _:
                assert_never(self.problem)

    @property
    def en(self) -> str:
        """For logs and the command line."""
        match self.problem:
            case Problem.COLUMNS:
                return f"line {self.line}: exactly two columns are wanted, parted by one tab"
            case Problem.EMPTY:
                return f"line {self.line}: nothing is written in the first column"
            case Problem.TOO_LONG:
                return f"line {self.line}: too long (at most {MOST_WRITTEN} and {MOST_READING} characters)"
            case Problem.DUPLICATE:
                return f"line {self.line}: {self.written!r} stands in line {self.first} already"
            case Problem.UNSPEAKABLE:
                return f"line {self.line}: the reading of {self.written!r} has no word"
            case Problem.TOO_MANY:
                return f"line {self.line}: a lexicon holds {MOST_READINGS} lines at most"
            case _:
                assert_never(self.problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The readings that are sound, in their order, and what is wrong with the other lines."""

    readings: tuple[Reading, ...]
    faults: tuple[LexiconFault, ...]


def parse(text: str) -> Lexicon:
    """A table of `written<tab>reading`; blank lines and those that begin with `#` are notes."""
    rows: list[tuple[int, tuple[str, ...]]] = [
        (number, tuple(line.split("\t")))
        for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    return _judged(rows)


def check(readings: Iterable[Reading]) -> Lexicon:
    """The same for readings that came another way; lines are counted from 1 in their order."""
    return _judged([(number, (row.written, row.reading)) for number, row in enumerate(readings, start=1)])


def printed(readings: Iterable[Reading]) -> str:
    """A table that `parse` reads back; the readings must have passed `check`."""
    return "".join(f"{line}\n" for line in (_HEAD, *(f"{row.written}\t{row.reading}" for row in readings)))


def _judged(rows: Sequence[tuple[int, tuple[str, ...]]]) -> Lexicon:
    readings: list[Reading] = []
    faults: list[LexiconFault] = []
    lines: dict[str, int] = {}
    for number, columns in rows:
        written = _clean(columns[0])
        problem = _problem(written, columns, lines, len(readings))
        if problem is None:
            lines[written] = number
            readings.append(Reading(written=written, reading=_clean(columns[1])))
        else:
            first = lines.get(written, 0)
            faults.append(LexiconFault(line=number, problem=problem, written=written, first=first))
    return Lexicon(readings=tuple(readings), faults=tuple(faults))


def _problem(written: str, columns: Sequence[str], lines: dict[str, int], held: int) -> Problem | None:
    if len(columns) != 2:
        return Problem.COLUMNS
    if not any(sign.isalnum() for sign in written) or written.startswith("#"):
        return Problem.EMPTY
    if len(written) > MOST_WRITTEN or len(columns[1]) > MOST_READING:
        return Problem.TOO_LONG
    if written in lines:
        return Problem.DUPLICATE
    if not any(sign.isalpha() or sign.isdigit() for sign in columns[1]):
        return Problem.UNSPEAKABLE
    return Problem.TOO_MANY if held >= MOST_READINGS else None


def _clean(field: str) -> str:
    """In NFC, hidden characters out, one space between words."""
    seen = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in field)
    shown = "".join(sign for sign in seen if unicodedata.category(sign) != "Cf")
    return " ".join(unicodedata.normalize("NFC", shown).split())
