"""Why the rules say no.

Refused
├── Invalid        an announcement with faults; `faults` names each field
├── TextRefused    characters that must never be spoken or shown
├── TimingRefused  a timing that can't be read; `fault` names the exact field
├── AreaRefused    areas that make no tree, or a code that the tree does not know
├── TableRefused   a data table with a line that can't be read
└── CalendarRefused  a calendar file that is none, or beyond its bounds
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with one field, as a value: `field` is the exact path, for example `timing.at`."""

    field: str
    code: str
    vi: str
    en: str


class Refused(Exception):
    """A deed that the rules do not allow; `vi` and `en` are one sentence each for a person."""

    def __init__(self, code: str, vi: str, en: str) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.vi = vi
        self.en = en


class Invalid(Refused):
    """An announcement that may not go on as it stands; speaks with the voice of its first fault."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults[0].code, faults[0].vi, faults[0].en)
        self.faults = faults


class TextRefused(Refused):
    """Text with control, hidden or direction-changing characters."""


class TimingRefused(Refused):
    """A timing that can't be read or makes no sense."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code, fault.vi, fault.en)
        self.fault = fault


class AreaRefused(Refused):
    """Areas that make no tree, or a code that the tree does not know."""


class TableRefused(Refused):
    """A data table (`E_TABLE`) that can't be read; the sentence names the place."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__("E_TABLE", vi, en)


class CalendarRefused(Refused):
    """A calendar file from outside that is none, or beyond its bounds."""
