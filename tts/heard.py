"""What a recogniser heard beside what was to be said: numbers, times, names and places first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tts.alike import Pair, Syllable, align, parted
from tts.number_words import VALUES

_WORD = re.compile(r"\w+")
_LETTERS = {parted(word)[0]: value for word, value in VALUES.items()}
# Beside a number these make it a moment; "không", "ba", "năm" alone are words like others.
_OF_TIME = frozenset({"giờ", "phút", "giây", "ngày", "tháng", "năm", "mùng", "mồng", "rưỡi", "quý", "tuần"})
_MAY_BE_NO_NUMBER = frozenset(
    {"không", "ba", "năm", "tư", "linh", "lẻ", "chục", "sáu", "chín", "một", "phẩy", "trăm"}
)
_BEFORE_NAMES = frozenset({"Kính", "Mời", "Xin", "Bà", "Khi", "Các", "Để", "Do", "Theo", "Từ", "Tại", "Lúc"})


class Kind(StrEnum):
    """What a doubtful stretch is; the values are stable."""

    NUMBER = "number"
    TIME = "time"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A stretch that the recogniser did not hear as written, in characters of the sentence.

    `differs`: it heard another number there, not merely something unclear.
    """

    sentence: str
    start: int
    end: int
    written: str
    heard: str
    kind: Kind
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """All sentences together: syllables written, those heard the same, and the doubtful stretches."""

    words: int
    alike: int
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """A stretch of syllables that has to be right: first and one past the last."""

    first: int
    end: int
    kind: Kind


def compare(said: Sequence[tuple[str, str]]) -> Heard:
    """`said`: each sentence as it was to be read, in words, and what the recogniser made of it."""
    words = alike = 0
    doubts: list[Doubt] = []
    for sentence, heard in said:
        places = [(match.start(), match.end()) for match in _WORD.finditer(sentence)]
        written = [parted(sentence[start:end].lower()) for start, end in places]
        caught = _WORD.findall(heard.lower())
        sounds = [parted(word) for word in caught]
        pairs = align(written, sounds)
        words += len(written)
        alike += sum(left is not None and right is not None and written[left] == sounds[right]
                     for left, right in pairs)  # fmt: skip
        for span in _spans(sentence, places):
            doubt = _doubt(sentence, places, span, pairs, caught, sounds)
            if doubt is not None:
                doubts.append(doubt)
    return Heard(words=words, alike=alike, doubts=tuple(doubts))


def _spans(sentence: str, places: Sequence[tuple[int, int]]) -> list[_Span]:
    """Runs of number words, and runs of capitals that do not merely begin the sentence."""
    tokens = [sentence[start:end] for start, end in places]
    numbers = [token.lower() in VALUES for token in tokens]
    spans: list[_Span] = []
    at = 0
    while at < len(tokens):
        end = at + 1
        if numbers[at]:
            while end < len(tokens) and numbers[end]:
                end += 1
            run = [token.lower() for token in tokens[at:end]]
            if len(run) > 1 or run[0] not in _MAY_BE_NO_NUMBER or _is_counted(tokens, at, end):
                near = {token.lower() for token in (*tokens[max(0, at - 1) : at], *tokens[end : end + 1])}
                spans.append(_Span(first=at, end=end, kind=Kind.TIME if near & _OF_TIME else Kind.NUMBER))
        elif tokens[at][0].isupper() and not tokens[at].islower():
            while end < len(tokens) and tokens[end][0].isupper() and not numbers[end]:
                end += 1
            first = at + 1 if at == 0 and (end == 1 or tokens[0] in _BEFORE_NAMES) else at
            if first < end:
                spans.append(_Span(first=first, end=end, kind=Kind.NAME))
        at = end
    return spans


def _is_counted(tokens: Sequence[str], at: int, end: int) -> bool:
    """Whether a word that may be none is a number here: it counts hours, days, units."""
    after = tokens[end].lower() if end < len(tokens) else ""
    before = tokens[at - 1].lower() if at else ""
    if tokens[at].lower() == "không":
        return after in ("giờ", "độ")
    return after in _COUNTED or before in _COUNTING


_COUNTING = frozenset(
    {"mùng", "mồng", "thứ", "số", "cấp", "tháng", "ngày", "khoảng", "từ", "đến", "động", "quý", "loại",
     "trên", "dưới", "gần", "hơn"}
)  # fmt: skip
_COUNTED = frozenset(
    {"giờ", "phút", "giây", "ngày", "tháng", "tuần", "mét", "cây", "ki", "mi", "xăng", "héc", "phần", "người",
     "hộ", "nhà", "thôn", "xã", "lần", "đồng", "độ", "tấn", "tạ", "yến", "cân", "lít", "con", "em", "cháu"}
)  # fmt: skip


def _doubt(
    sentence: str,
    places: Sequence[tuple[int, int]],
    span: _Span,
    pairs: Sequence[Pair],
    caught: Sequence[str],
    sounds: Sequence[Syllable],
) -> Doubt | None:
    within = _within(pairs, span, caught)
    tokens = [sentence[start:end].lower() for start, end in places]
    wrong, differs = False, False
    for left, right in within:
        if left is None and right is not None:
            added = caught[right] in VALUES and span.kind is not Kind.NAME
            wrong, differs = wrong or added, differs or added
        elif left is not None and right is None:
            # "hai sáu" is twenty-six too; without it at the end it is another number
            wrong = wrong or tokens[left] != "mươi" or left + 1 == span.end
        elif left is not None and right is not None:
            if span.kind is Kind.NAME:
                wrong = wrong or parted(tokens[left])[0] != sounds[right][0]
            elif _LETTERS.get(sounds[right][0]) != VALUES[tokens[left]]:
                wrong = True
                differs = differs or caught[right] in VALUES
    if not wrong:
        return None
    start, end = places[span.first][0], places[span.end - 1][1]
    return Doubt(
        sentence=sentence,
        start=start,
        end=end,
        written=sentence[start:end],
        heard=" ".join(caught[right] for _, right in within if right is not None),
        kind=span.kind,
        differs=differs,
    )


def _within(pairs: Sequence[Pair], span: _Span, caught: Sequence[str]) -> list[Pair]:
    """The pairs of the stretch, with what was heard in between, and number words added at its ends."""
    inside = [at for at, (left, _) in enumerate(pairs) if left is not None and span.first <= left < span.end]
    first, last = inside[0], inside[-1]

    def is_added(at: int) -> bool:
        if not 0 <= at < len(pairs):
            return False
        left, right = pairs[at]
        return left is None and right is not None and caught[right] in VALUES

    while is_added(first - 1):
        first -= 1
    while is_added(last + 1):
        last += 1
    return list(pairs[first : last + 1])
