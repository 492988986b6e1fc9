"""The tables of readings under tts/data, each of columns parted by tabs."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module, resources
from types import MappingProxyType


@cache
def table(name: str) -> Mapping[str, str]:
    """First column to second, in the file's order; lines that begin with # are notes."""
    return MappingProxyType({row[0]: row[1] for row in rows(name)})


@cache
def third(name: str) -> Mapping[str, str]:
    """First column to third, where there is one."""
    return MappingProxyType({row[0]: row[2] for row in rows(name) if len(row) > 2})


@cache
def letter_sounds() -> Mapping[str, str]:
    """How a consonant sounds within a foreign word (the third column of letters.tsv)."""
    return MappingProxyType({letter.lower(): sound for letter, sound in third("letters").items()})


def sure_of(name: str, written: str, usual: float) -> float:
    """How certain a row of the table is (its third column), else what is usual for the table."""
    return float(third(name).get(written, usual))


def alternatives(name: str) -> str:
    """A table's first column as a pattern that tries the longest first."""
    return any_of(tuple(table(name)))


def any_of(words: tuple[str, ...]) -> str:
    """The words as a pattern that tries the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"


@cache
def cue(kind: str) -> str:
    """The words of a row of cues.tsv as a pattern: what stands before or after settles a reading."""
    return any_of(tuple(table("cues")[kind].split("|")))


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """A table's rows as they stand."""
    source = resources.files(import_module("tts")).joinpath("data", f"{name}.tsv")
    lines = source.read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.split("\t")) for line in lines if line and not line.startswith("#"))
