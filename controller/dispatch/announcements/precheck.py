"""What an editor would notice at a bài before anybody approves it: rules alone, no network, no state."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import import_module, resources
from itertools import pairwise

from schedules.announcement import AnnouncementId, BulletinClass
from tts.normalize import Guess

ALIKE = 0.6
"""Share of word pairs in common from which two texts are called alike."""
_DATES = frozenset({"date", "dates", "day", "days", "datetime"})
_SPANS = frozenset({"dates", "days"})
_TIMES = frozenset({"hour", "hours", "weekday", "weekdays", *_DATES})
_NUMERIC = re.compile(r"(\d{1,2})\s?([/.-])\s?(\d{1,2})(?:\s?\2\s?(\d{4}|\d{2}))?\s*$")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})\s*$")
_IN_WORDS = re.compile(r"(\d{1,2})\s+tháng\s+(\d{1,2})\s*$", re.IGNORECASE)
_YEAR_AFTER = re.compile(r"\s*(?:/|-|,?\s*năm\s+)((?:19|20)\d{2})\b", re.IGNORECASE)
_CLOCK_AFTER = re.compile(r"\s+\d{1,2}\s?[:h]\s?\d{2}.*$", re.IGNORECASE | re.DOTALL)
_LUNAR = re.compile(r"[\s(,]*(?:âm|ÂL|tháng\s+\w+\s+âm|tết)", re.IGNORECASE)
_FROM = re.compile(r"(?:từ|kể từ)(?:\s+ngày)?\s*$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?;\n](?=\s|$)")
_WORD = re.compile(r"[^\W_]+")
_AN_HOUR = re.compile(r"\b\d{1,2}\s?(?:giờ|h)(?:\b|\d)|\bthứ\s?[2-7]\b", re.IGNORECASE)
_HALF_A_YEAR = timedelta(days=183)
_CITED_WITHIN = 80  # characters before a date in which its paper is named


class Kind(StrEnum):
    """What may be wrong; the page has a sentence for each."""

    PAST_DATE = "past_date"
    OUTLIVES = "outlives"
    BEFORE_HEARD = "before_heard"
    MOVING_DAY = "moving_day"
    NO_PLACE = "no_place"
    NO_TIME = "no_time"
    ADVERTISING = "advertising"
    URGENT = "urgent"
    DUPLICATE = "duplicate"


TO_ACKNOWLEDGE = frozenset(
    {Kind.PAST_DATE, Kind.OUTLIVES, Kind.BEFORE_HEARD, Kind.MOVING_DAY, Kind.DUPLICATE}
)
"""Stale and doubled: whoever hands it in says that they have looked at these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One thing to look at again: words of the text, a day they mean and until when it may be heard, or the
    bài that says the same."""

    kind: Kind
    written: str = ""
    day: date | None = None
    until: date | None = None
    other: AnnouncementId | None = None
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A bài that might say the same."""

    id: AnnouncementId
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is looked through. `guesses` are the normaliser's over `text`; `first_day` and `last_day` are the
    first and the last local day on which it may be heard, where that has been said; `days_heard` says that
    these are planned days and not only bounds."""

    text: str
    guesses: tuple[Guess, ...]
    bulletin_class: BulletinClass
    today: date
    earlier: tuple[Earlier, ...] = ()
    last_day: date | None = None
    first_day: date | None = None
    days_heard: bool = False


def precheck(draft: Draft) -> tuple[Hint, ...]:
    """Everything that a second look is worth, in the order of the text's weight. It forbids nothing."""
    text = unicodedata.normalize("NFC", draft.text)
    small = text.lower()
    days = _days(text, small, draft)
    return (
        *_past(days, draft.today),
        *_outlives(days, draft),
        *_before_heard(days, draft),
        *_moving(text, small, draft),
        *_missing(small, draft.guesses),
        *_advertising(text, small),
        *_urgent(text, small, draft.bulletin_class),
        *_duplicates(text, draft.earlier),
    )


def likeness(one: str, other: str) -> float:
    """0 to 1: the share of neighbouring words that both have, of those that either has; case and marks of
    punctuation don't count, accents do."""
    left, right = _neighbours(one), _neighbours(other)
    return len(left & right) / len(left | right) if left and right else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """A day that the text names; `cited`: as the date of a paper or of something that is over, or as the
    first day of a span."""

    written: str
    day: date
    cited: bool


def _days(text: str, small: str, draft: Draft) -> tuple[_Day, ...]:
    found = []
    for guess in draft.guesses:
        if guess.rule not in _DATES or text[guess.start : guess.end] != guess.written:
            continue
        if _LUNAR.match(text, guess.end):
            continue
        day = _day(guess.written, text[guess.end : guess.end + 20], draft.today)
        if day is not None:
            before = small[: guess.start]
            sentence = before[_sentence_start(before) :][-_CITED_WITHIN:]
            begins = guess.rule not in _SPANS and bool(_FROM.search(sentence))
            cited = begins or bool(_cue("cited").search(sentence))
            found.append(_Day(written=guess.written.strip(), day=day, cited=cited))
    return tuple(found)


def _day(written: str, after: str, today: date) -> date | None:
    """The (last) day that these words name; without a year the one nearest to today."""
    words = _CLOCK_AFTER.sub("", written)
    if match := _ISO.search(words):
        return _real(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMERIC.search(words):
        day, month, year = int(match[1]), int(match[3]), match[4]
        if year:
            return _real(int(year) + (2000 if len(year) == 2 else 0), month, day)
    elif match := _IN_WORDS.search(words):
        day, month = int(match[1]), int(match[2])
    else:
        return None
    if match := _YEAR_AFTER.match(after):
        return _real(int(match[1]), month, day)
    years = (_real(today.year + step, month, day) for step in (-1, 0, 1))
    near = [one for one in years if one is not None and abs(one - today) <= _HALF_A_YEAR]
    return min(near, key=lambda one: abs(one - today), default=None)


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _past(days: Sequence[_Day], today: date) -> tuple[Hint, ...]:
    gone = {one.day: one for one in days if one.day < today and not one.cited}
    return tuple(Hint(kind=Kind.PAST_DATE, written=one.written, day=one.day) for one in gone.values())


def _outlives(days: Sequence[_Day], draft: Draft) -> tuple[Hint, ...]:
    """May be heard beyond the last day that it speaks of: it would call people to what is over."""
    coming = [one for one in days if one.day >= draft.today and not one.cited]
    if not coming or draft.last_day is None:
        return ()
    last = max(coming, key=lambda one: one.day)
    if draft.last_day <= last.day or (draft.first_day is not None and last.day < draft.first_day):
        return ()
    return (Hint(kind=Kind.OUTLIVES, written=last.written, day=last.day, until=draft.last_day),)


def _before_heard(days: Sequence[_Day], draft: Draft) -> tuple[Hint, ...]:
    """A day to come that will be over when it is first heard."""
    first = draft.first_day
    if first is None:
        return ()
    gone = {one.day: one for one in days if draft.today <= one.day < first and not one.cited}
    return tuple(
        Hint(kind=Kind.BEFORE_HEARD, written=one.written, day=one.day, until=first) for one in gone.values()
    )


def _moving(text: str, small: str, draft: Draft) -> tuple[Hint, ...]:
    """“Hôm nay” means the day on which it is heard: not always the one on which it is written."""
    first, last = draft.first_day, draft.last_day
    if not draft.days_heard or first is None or last is None or first == last == draft.today:
        return ()
    for match in _cue("moving").finditer(small):
        if not _cue("spoken").search(_sentence_around(small, match.start())):
            written = text[match.start() : match.end()]
            return (Hint(kind=Kind.MOVING_DAY, written=written, day=first, until=last),)
    return ()


def sentence_of(text: str, written: str) -> str:
    """The sentence of the text in which these words stand; empty where they don't."""
    whole = unicodedata.normalize("NFC", text)
    at = whole.lower().find(written.lower()) if written else -1
    if at < 0:
        return ""
    return " ".join(_sentence_around(whole, at).split())


def _missing(small: str, guesses: Sequence[Guess]) -> tuple[Hint, ...]:
    invited = _cue("invite").search(small)
    if invited is None:
        return ()
    timed = any(guess.rule in _TIMES for guess in guesses) or _AN_HOUR.search(small)
    found = []
    if not timed and not _cue("time").search(small):
        found.append(Hint(kind=Kind.NO_TIME, written=invited[0]))
    if not _cue("place").search(small):
        found.append(Hint(kind=Kind.NO_PLACE, written=invited[0]))
    return tuple(found)


def _advertising(text: str, small: str) -> tuple[Hint, ...]:
    """But not where people are warned of it."""
    for match in _cue("advertising").finditer(small):
        if not _cue("warning").search(_sentence_around(small, match.start())):
            return (Hint(kind=Kind.ADVERTISING, written=text[match.start() : match.end()]),)
    return ()


def _urgent(text: str, small: str, bulletin_class: BulletinClass) -> tuple[Hint, ...]:
    if bulletin_class is not BulletinClass.NORMAL:
        return ()
    for match in _cue("urgent").finditer(small):
        if not _cue("calm").search(_sentence_around(small, match.start())):
            return (Hint(kind=Kind.URGENT, written=text[match.start() : match.end()]),)
    return ()


def _duplicates(text: str, earlier: Sequence[Earlier]) -> tuple[Hint, ...]:
    most = max(earlier, key=lambda one: likeness(text, one.text), default=None)
    if most is None or likeness(text, most.text) < ALIKE:
        return ()
    return (Hint(kind=Kind.DUPLICATE, other=most.id, title=most.title),)


def _neighbours(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(unicodedata.normalize("NFC", text).lower())
    return frozenset(pairwise(words)) if len(words) > 1 else frozenset({tuple(words)})


def _sentence_start(before: str) -> int:
    return max((match.end() for match in _SENTENCE_END.finditer(before)), default=0)


def _sentence_around(small: str, at: int) -> str:
    end = _SENTENCE_END.search(small, at)
    return small[_sentence_start(small[:at]) : end.start() if end else len(small)]


@cache
def _cue(kind: str) -> re.Pattern[str]:
    """The words of a kind in precheck.tsv, whole words only."""
    source = resources.files(import_module("controller.dispatch")).joinpath("precheck.tsv")
    lines = source.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    words = sorted((words for of, words in rows if of == kind), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(re.escape(word) for word in words)})\b")
