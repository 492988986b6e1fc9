"""A place's own readings as a table: read, checked, printed."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from tts.normalize import Reading, normalize

MOST_WRITTEN = 80
MOST_READING = 300
MOST_READINGS = 2000
_HEAD = "# cách viết\tcách đọc"
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_NUMBER_WORDS = {
    word: words.split()[0]
    for words in (
        "không linh lẻ", "một mốt", "hai", "ba", "bốn tư", "năm lăm nhăm", "sáu", "bảy bẩy", "tám", "chín",
        "mười mươi", "trăm", "nghìn ngàn", "triệu", "tỷ tỉ", "phẩy phảy", "rưỡi",
    )
    for word in words.split()
}  # fmt: skip


class Problem(StrEnum):
    """Why a line can't stand in a lexicon."""

    COLUMNS = "columns"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    DUPLICATE = "duplicate"
    UNSPEAKABLE = "unspeakable"
    TOO_MANY = "too_many"
    HIDDEN = "hidden"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconFault:
    """What is wrong with a line (counted from 1) of a lexicon.

    `first` is the line that it repeats; `said` is what would be heard of its reading.
    """

    line: int
    problem: Problem
    written: str
    first: int = 0
    said: str = ""

    @property
    def vi(self) -> str:
        """For the page, where there are many lines."""
        return f"Dòng {self.line}: {self.why_vi}"

    @property
    def en(self) -> str:
        """For logs and the command line."""
        return f"line {self.line}: {self.why_en}"

    @property
    def why_vi(self) -> str:
        """For the page, where there is one line."""
        match self.problem:
            case Problem.COLUMNS:
                return "cần đúng hai cột, cách nhau bằng một dấu tab."
            case Problem.EMPTY:
                return "thiếu cách viết."
            case Problem.TOO_LONG:
                return f"quá dài (cách viết tối đa {MOST_WRITTEN}, cách đọc tối đa {MOST_READING} ký tự)."
            case Problem.DUPLICATE:
                return f"“{self.written}” đã có ở dòng {self.first}."
            case Problem.UNSPEAKABLE:
                return f"cách đọc của “{self.written}” không có chữ nào."
            case Problem.TOO_MANY:
                return f"từ điển chỉ chứa được {MOST_READINGS} dòng."
            case Problem.HIDDEN:
                return "có ký tự ẩn, xin xóa chỗ đó và gõ lại."
            case Problem.CHANGED:
                return f"cách đọc phải viết thành chữ như khi nói; viết như vậy sẽ nghe thành “{self.said}”."
            case _:
                assert_never(self.problem)

    @property
    def why_en(self) -> str:
        """The same in English."""
        match self.problem:
            case Problem.COLUMNS:
                return "exactly two columns are wanted, parted by one tab"
            case Problem.EMPTY:
                return "nothing is written in the first column"
            case Problem.TOO_LONG:
                return f"too long (at most {MOST_WRITTEN} and {MOST_READING} characters)"
            case Problem.DUPLICATE:
                return f"{self.written!r} stands in line {self.first} already"
            case Problem.UNSPEAKABLE:
                return f"the reading of {self.written!r} has no word"
            case Problem.TOO_MANY:
                return f"a lexicon holds {MOST_READINGS} lines at most"
            case Problem.HIDDEN:
                return "there is a hidden character"
            case Problem.CHANGED:
                return f"a reading is written in words as they are spoken; this is heard as {self.said!r}"
            case _:
                assert_never(self.problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The readings that are sound, in their order, and what is wrong with the other lines."""

    readings: tuple[Reading, ...]
    faults: tuple[LexiconFault, ...]


def parse(text: str, *, strict: bool = False) -> Lexicon:
    """A table of `written<tab>reading`; blank lines and those that begin with `#` are notes.

    With `strict` also a reading that would be heard otherwise than it is written, and a hidden character, are
    faults: for tables whose writer is not there to listen.
    """
    rows: list[tuple[int, tuple[str, ...]]] = [
        (number, tuple(line.split("\t")))
        for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    return _judged(rows, strict)


def check(readings: Iterable[Reading], *, strict: bool = False) -> Lexicon:
    """The same for readings that came another way; lines are counted from 1 in their order."""
    rows = [(number, (row.written, row.reading)) for number, row in enumerate(readings, start=1)]
    return _judged(rows, strict)


def other_number(row: Reading) -> str | None:
    """How it is usually read, where a number is written and another one, or none, would be heard."""
    digits = [sign for sign in row.written if sign in "0123456789"]
    if not digits and not _numbers(row.written):
        return None
    usual, read = normalize(row.written).spoken, _numbers(row.reading)
    one_by_one = [str(_DIGITS.index(word)) for word in read if word in _DIGITS]
    return None if read == _numbers(usual) or (digits and one_by_one == digits) else usual


def printed(readings: Iterable[Reading]) -> str:
    """A table that `parse` reads back; the readings must have passed `check`."""
    return "".join(f"{line}\n" for line in (_HEAD, *(f"{row.written}\t{row.reading}" for row in readings)))


def _judged(rows: Sequence[tuple[int, tuple[str, ...]]], strict: bool) -> Lexicon:
    readings: list[Reading] = []
    faults: list[LexiconFault] = []
    lines: dict[str, int] = {}
    for number, columns in rows:
        written = _clean(columns[0])
        problem = _problem(written, columns, lines, len(readings))
        said = ""
        if problem is None and strict:
            problem, said = _strictly(columns)
        if problem is None:
            lines[written] = number
            readings.append(Reading(written=written, reading=_clean(columns[1])))
        else:
            first = lines.get(written, 0)
            faults.append(LexiconFault(line=number, problem=problem, written=written, first=first, said=said))
    return Lexicon(readings=tuple(readings), faults=tuple(faults))


def _strictly(columns: Sequence[str]) -> tuple[Problem | None, str]:
    if any(unicodedata.category(sign) in _HIDDEN for field in columns for sign in field):
        return Problem.HIDDEN, ""
    said = normalize(columns[1]).spoken
    return (None, "") if _words(said) == _words(columns[1]) else (Problem.CHANGED, said)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).casefold())


def _numbers(text: str) -> list[str]:
    """The words for numbers, each in one of the ways in which it is said."""
    return [_NUMBER_WORDS[word] for word in _words(text) if word in _NUMBER_WORDS]


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
