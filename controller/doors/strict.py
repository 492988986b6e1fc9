"""JSON as strangers send it: read strictly, or refused with a sentence before anything looks at it."""

import json
from typing import Any

from controller.errors import Problem

DEPTH = 12
LONGEST_NUMBER = 20
MEDIA_TYPE = "application/json"


def is_json(content_type: str) -> bool:
    """Whether it calls itself JSON, in whatever charset: no plain form of a browser can do that."""
    return content_type.partition(";")[0].strip().lower() == MEDIA_TYPE


def check_content_type(content_type: str) -> None:
    """415 ``E_MEDIA_TYPE`` unless it is JSON in UTF-8."""
    parameters = content_type.partition(";")[2]
    facts = dict(part.strip().lower().partition("=")[::2] for part in parameters.split(";") if part.strip())
    if not is_json(content_type) or facts.get("charset", "utf-8").strip('"') != "utf-8":
        raise Problem("E_MEDIA_TYPE")


def read_json(raw: bytes) -> Any:
    """The value. 400 ``E_BODY`` for depth, doubled keys, NaN, infinity, huge numbers, BOM, other charsets."""
    if raw.startswith(b"\xef\xbb\xbf"):
        raise _refused("có BOM ở đầu", "it begins with a byte order mark")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused("không phải UTF-8", "it is not UTF-8") from None
    if _depth(text) > DEPTH:
        raise _refused(f"lồng sâu quá {DEPTH} tầng", f"it is nested more than {DEPTH} deep")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_single_keys,
            parse_constant=_no_constant,
            parse_int=_small_int,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise _refused(f"sai cú pháp ở ký tự {error.pos}", f"syntax error at character {error.pos}") from None
    _no_lone_surrogates(value)
    return value


def _refused(vi: str, en: str) -> Problem:
    return Problem("E_BODY", vi=f"Nội dung JSON không đọc được: {vi}.", en=f"The JSON can't be read: {en}.")


def _depth(text: str) -> int:
    """How deep brackets nest outside strings, without recursion: a deep text must not reach the parser."""
    deepest = depth = 0
    inside = escaped = False
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _single_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _refused("có khóa lặp lại", "a key is doubled")
    return found


def _no_constant(name: str) -> Any:
    raise _refused(f"có giá trị {name}", f"it holds {name}")


def _small_int(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise _refused("có số quá dài", "a number is too long")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _refused("có số quá lớn", "a number is too large")
    return value


def _no_lone_surrogates(value: Any) -> None:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            if not found.isascii() and any("\ud800" <= character <= "\udfff" for character in found):
                raise _refused("có nửa ký tự", "it holds half a character")
        elif isinstance(found, dict):
            waiting.extend(found)
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
