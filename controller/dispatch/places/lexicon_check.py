"""Which lines may stand in a lexicon: what would be heard otherwise than its writer thinks is refused."""

from dataclasses import dataclass

from controller.errors import Problem
from controller.store.lexicon import Line
from schedules.announcement import clean_text
from schedules.errors import TextRefused
from tts import lexicon
from tts.lexicon import LexiconFault
from tts.normalize import Reading

LONGEST_NOTE = 200
LONGEST_TABLE = 1024 * 1024
PRIORITIES = (0, 1)
CODES = {
    lexicon.Problem.COLUMNS: ("E_LEXICON_LINE", "written"),
    lexicon.Problem.EMPTY: ("E_LEXICON_EMPTY", "written"),
    lexicon.Problem.TOO_LONG: ("E_LEXICON_LONG", "reading"),
    lexicon.Problem.DUPLICATE: ("E_LEXICON_EXISTS", "written"),
    lexicon.Problem.UNSPEAKABLE: ("E_LEXICON_SILENT", "reading"),
    lexicon.Problem.TOO_MANY: ("E_LEXICON_FULL", "written"),
    lexicon.Problem.HIDDEN: ("E_LEXICON_HIDDEN", "reading"),
    lexicon.Problem.CHANGED: ("E_LEXICON_CHANGED", "reading"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A number that would be heard as another one: meant so, or a slip of the pen?"""

    line: int
    written: str
    reading: str
    usual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that was looked at: its good lines, its wrong ones, and the good ones to ask about."""

    readings: tuple[Reading, ...]
    faults: tuple[LexiconFault, ...]
    doubts: tuple[Doubt, ...]


def checked_line(line: Line, *, sure: bool) -> Line:
    """The line with clean text; Problem with the exact field for what can't stand."""
    found = lexicon.check((Reading(written=line.written, reading=line.reading),), strict=True)
    if found.faults:
        raise _refused(found.faults[0], line)
    (reading,) = found.readings
    if (usual := lexicon.other_number(reading)) is not None and not sure:
        raise Problem("E_LEXICON_NUMBER", field="sure", usual=usual, reading=reading.reading)
    if line.priority not in PRIORITIES:
        raise Problem("E_FIELD", field="priority")
    note = _note(line.note)
    return Line(written=reading.written, reading=reading.reading, priority=line.priority, note=note)


def looked_at(table: str) -> Table:
    """What is right and wrong with a table; takes a moment for two thousand lines."""
    found = lexicon.parse(table[:LONGEST_TABLE], strict=True)
    numbers = {
        " ".join(line.partition("\t")[0].split()): number
        for number, line in enumerate(table.splitlines(), start=1)
    }
    doubts = tuple(
        Doubt(
            line=numbers.get(reading.written, 0),
            written=reading.written,
            reading=reading.reading,
            usual=usual,
        )
        for reading in found.readings
        if (usual := lexicon.other_number(reading)) is not None
    )
    return Table(readings=found.readings, faults=found.faults, doubts=doubts)


def checked_table(table: str, *, only_good: bool, sure: bool) -> tuple[Reading, ...]:
    """The good lines; Problem where there are wrong ones, or doubtful ones nobody vouches for."""
    if len(table) > LONGEST_TABLE:
        raise Problem("E_TOO_LARGE")
    found = looked_at(table)
    if found.faults and not only_good:
        first = found.faults[0]
        lines = {str(fault.line): fault.vi for fault in found.faults[:100]}
        raise Problem(
            "E_LEXICON_LINES",
            field="table",
            count=len(found.faults),
            first_vi=first.vi,
            first_en=first.en,
            lines=lines,
        )
    if found.doubts and not sure:
        doubt = found.doubts[0]
        raise Problem("E_LEXICON_NUMBER", field="sure", usual=doubt.usual, reading=doubt.reading)
    if not found.readings:
        raise Problem("E_LEXICON_EMPTY", field="table")
    return found.readings


def _note(text: str) -> str:
    try:
        note = " ".join(clean_text(text).split())
    except TextRefused as refused:
        raise Problem(refused.code, field="note", vi=refused.vi, en=refused.en) from refused
    if len(note) > LONGEST_NOTE:
        raise Problem("E_LEXICON_LONG", field="note")
    return note


def _refused(fault: LexiconFault, line: Line) -> Problem:
    code, field = CODES[fault.problem]
    if fault.problem is lexicon.Problem.TOO_LONG and len(line.written) > lexicon.MOST_WRITTEN:
        field = "written"
    vi, en = fault.why_vi, fault.why_en
    return Problem(code, field=field, vi=f"{vi[:1].upper()}{vi[1:]}", en=f"{en[:1].upper()}{en[1:]}.")
