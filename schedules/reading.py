"""Plain JSON values read strictly: every refusal names its exact field."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Never, TypeVar

from schedules.errors import Fault, TimingRefused

_CLOCK = re.compile(r"\d{2}:\d{2}(:\d{2})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})", re.ASCII)
T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)


def fault(field: str, code: str, vi: str, en: str) -> Fault:
    """One thing wrong with one field."""
    return Fault(field=field, code=code, vi=vi, en=en)


def refuse(field: str, code: str, vi: str, en: str) -> Never:
    """Raise TimingRefused for one field."""
    raise TimingRefused(fault(field, code, vi, en))


def read_object(field: str, value: object, keys: Collection[str]) -> dict[str, object]:
    """An object with exactly these keys."""
    if not isinstance(value, dict):
        refuse(field, "E_TIMING", "Mục này phải là một đối tượng.", "This must be an object.")
    for key in sorted(set(keys) - value.keys()):
        refuse(f"{field}.{key}", "E_FIELD", "Còn thiếu mục này.", "This field is missing.")
    for key in value.keys() - set(keys):
        refuse(f"{field}.{key}", "E_FIELD", "Không có mục này.", "There is no such field.")
    return value


def read_list(field: str, value: object, most: int) -> list[object]:
    """A list of at most so many values."""
    if not isinstance(value, list):
        refuse(field, "E_TIMING", "Mục này phải là một danh sách.", "This must be a list.")
    if len(value) > most:
        refuse(field, "E_TIMING", f"Nhiều nhất {most} mục.", f"At most {most} entries.")
    return value


def read_clock(field: str, value: object) -> time:
    """`HH:MM` or `HH:MM:SS`."""
    return _parse(field, value, _CLOCK, time.fromisoformat)


def read_day(field: str, value: object) -> date:
    """`YYYY-MM-DD`."""
    return _parse(field, value, _DAY, date.fromisoformat)


def read_instant(field: str, value: object) -> datetime:
    """ISO-8601 with `Z` or an offset and whole seconds, as UTC."""
    return _parse(field, value, _INSTANT, lambda text: datetime.fromisoformat(text).astimezone(UTC))


def read_whole(field: str, value: object, least: int, most: int) -> int:
    """A whole number in a range; `true` is none."""
    if type(value) is not int or not least <= value <= most:
        refuse(
            field,
            "E_TIMING",
            f"Phải là số nguyên từ {least} đến {most}.",
            f"This must be a whole number from {least} to {most}.",
        )
    return value


def read_word(field: str, value: object, words: type[Word]) -> Word:
    """One of the values of an enumeration."""
    if isinstance(value, str) and value in tuple(words):
        return words(value)
    refuse(field, "E_TIMING", "Không có lựa chọn này.", "There is no such choice.")


def _parse(field: str, value: object, shape: re.Pattern[str], read: Callable[[str], T]) -> T:
    try:
        if isinstance(value, str) and shape.fullmatch(value):
            return read(value)
        raise ValueError(field)
    # OverflowError: an instant beside year 1 or 9999 has no UTC equal
    except (ValueError, OverflowError):
        refuse(field, "E_TIME", "Ngày giờ không có thật.", "There is no such date or time.")
