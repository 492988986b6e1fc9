"""The tables of readings under tts/data, each two or more columns parted by tabs."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module, resources
from types import MappingProxyType


@cache
def table(name: str) -> Mapping[str, str]:
    """First column to second, in the file's order; lines that begin with # are notes."""
    return MappingProxyType({row[0]: row[1] for row in _rows(name)})


@cache
def letter_sounds() -> Mapping[str, str]:
    """How a consonant sounds within a foreign word (the third column of letters.tsv)."""
    return MappingProxyType({row[0].lower(): row[2] for row in _rows("letters")})


def alternatives(name: str) -> str:
    """A table's first column as a pattern that tries the longest first."""
    return any_of(tuple(table(name)))


def any_of(words: tuple[str, ...]) -> str:
    """The words as a pattern that tries the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"


@cache
def _rows(name: str) -> tuple[tuple[str, ...], ...]:
    source = resources.files(import_module("tts")).joinpath("data", f"{name}.tsv")
    lines = source.read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.split("\t")) for line in lines if line and not line.startswith("#"))
