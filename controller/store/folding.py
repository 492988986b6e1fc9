"""Vietnamese text folded for searching: no accents, đ as d, lower case."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """``Xả lũ hồ Đồng Mỏ`` becomes ``xa lu ho dong mo``."""
    parts = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(part for part in parts if not unicodedata.combining(part))


def prefixes(text: str) -> str:
    """What a person typed, as a full-text query: every word must be there, as the beginning of one.

    Quoted, so that nothing typed is taken for an operator; empty where there is no word.
    """
    return " ".join(f'"{word}"*' for word in _WORD.findall(fold(text)))
