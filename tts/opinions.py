"""What listeners thought: sheets of ratings and the key, as mean opinion scores with their uncertainty."""

import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tts.errors import ListeningRefused
from tts.trials import Ear, Plan

LARGEST_SHEET = 4 * 1024 * 1024
_COLUMNS = ("test", "listener", "native", "clip", "understood", "natural", "preferred")
_SIDES = ("a", "b")
# Student's t for 95 %, two-sided, by degrees of freedom; beyond the table the step below is on the safe side.
_T_95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
         2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048,
         2.045, 2.042)  # fmt: skip
_T_BEYOND = ((40, 2.042), (60, 2.021), (120, 2.000), (math.inf, 1.980))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One sample judged by one listener: 1 to 5; `preferred`: 1 over the one beside it, 0 under, else 0.5."""

    listener: str
    native: bool
    token: str
    understood: int | None
    natural: int | None
    preferred: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over listeners, each listener's own mean counted once; `margin` is half of the 95 % interval,
    None for a single listener; `votes` counts the single ratings."""

    mean: float
    margin: float | None
    listeners: int
    votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What is thought of one voice heard in one way; `preferred` is its share of the comparisons."""

    voice: str
    ear: Ear
    understood: Estimate | None
    natural: Estimate | None
    preferred: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """How often `voice` was chosen over `other`, was not, or neither was."""

    voice: str
    other: str
    ear: Ear
    won: int
    alike: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The whole result; `set_aside` counts listeners whose first language is another one."""

    opinions: tuple[Opinion, ...]
    duels: tuple[Duel, ...]
    listeners: int
    set_aside: int


def read_sheet(data: bytes, plan: Plan) -> tuple[Rating, ...]:
    """One listener's sheet as the page wrote it, or as a spreadsheet saved it again (semicolons or tabs).

    Raises ListeningRefused for another test's sheet, and for a cell that can't be, with its line.
    """
    if len(data) > LARGEST_SHEET:
        raise _refused("tệp quá lớn", "a sheet is too large")
    try:
        text = data.decode("utf-8-sig")
        head = text.partition("\n")[0]
        mark = max(",;\t", key=head.count)
        lines = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except (UnicodeDecodeError, csv.Error) as failure:
        raise _refused("tệp không phải CSV", f"a sheet is no CSV ({type(failure).__name__})") from failure
    if not lines or any(name not in lines[0] for name in _COLUMNS):
        raise _refused("tệp thiếu cột", "a sheet lacks columns of the page's own")
    return tuple(_rating(line, number, plan) for number, line in enumerate(lines, start=2))


def count(plan: Plan, ratings: Iterable[Rating], *, everybody: bool = False) -> Score:
    """The last rating of each listener for each sample counts; `everybody`: also those to whom Vietnamese
    came second."""
    latest = {(one.listener, one.token): one for one in ratings}
    known = {one.listener: one.native for one in latest.values()}
    counted = [one for one in latest.values() if everybody or one.native]
    opinions = tuple(
        Opinion(
            voice=voice.name,
            ear=ear,
            understood=estimate((one.listener, one.understood) for one in own),
            natural=estimate((one.listener, one.natural) for one in own),
            preferred=estimate((one.listener, one.preferred) for one in own),
        )
        for number, voice in enumerate(plan.voices)
        for ear in Ear
        for own in [[one for one in counted if _is(plan, one.token, number, ear)]]
    )
    return Score(
        opinions=opinions,
        duels=_duels(plan, counted),
        listeners=len({one.listener for one in counted}),
        set_aside=sum(not native for native in known.values()) if not everybody else 0,
    )


def estimate(votes: Iterable[tuple[str, float | None]]) -> Estimate | None:
    """The mean over listeners with Student's t interval over them: whoever rates twenty sentences is
    still one pair of ears. None where nobody voted."""
    own: defaultdict[str, list[float]] = defaultdict(list)
    for listener, vote in votes:
        if vote is not None:
            own[listener].append(float(vote))
    if not own:
        return None
    means = [sum(given) / len(given) for given in own.values()]
    mean = math.fsum(means) / len(means)
    margin = None
    if len(means) > 1:
        spread = math.sqrt(math.fsum((one - mean) ** 2 for one in means) / (len(means) - 1))
        margin = t_95(len(means) - 1) * spread / math.sqrt(len(means))
    votes_given = sum(len(given) for given in own.values())
    return Estimate(mean=mean, margin=margin, listeners=len(means), votes=votes_given)


def t_95(freedom: int) -> float:
    """Student's t for a two-sided 95 % interval."""
    if freedom <= len(_T_95):
        return _T_95[freedom - 1]
    return next(t for most, t in _T_BEYOND if freedom <= most)


def _duels(plan: Plan, ratings: Sequence[Rating]) -> tuple[Duel, ...]:
    """Each comparison once, from the side of the voice named first in the key."""
    counts: defaultdict[tuple[int, int, Ear], list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in ratings:
        sample = plan.sample(one.token)
        if sample is None or one.preferred is None:
            continue
        other = plan.other(one.token)
        if sample.voice < other.voice:
            counts[sample.voice, other.voice, sample.ear][round(2 - 2 * one.preferred)] += 1
    return tuple(
        Duel(
            voice=plan.voices[left].name,
            other=plan.voices[right].name,
            ear=ear,
            won=won,
            alike=alike,
            lost=lost,
        )
        for (left, right, ear), (won, alike, lost) in sorted(counts.items())
    )


def _is(plan: Plan, token: str, voice: int, ear: Ear) -> bool:
    sample = plan.sample(token)
    return sample is not None and (sample.voice, sample.ear) == (voice, ear)


def _rating(line: Mapping[str, str | None], number: int, plan: Plan) -> Rating:
    cells = {name: (line.get(name) or "").strip() for name in _COLUMNS}
    token = cells["clip"]
    if cells["test"] != plan.test or plan.sample(token) is None:
        raise _refused(
            f"dòng {number} là của buổi nghe khác", f"line {number} belongs to another listening test"
        )
    if not cells["listener"] or cells["native"] not in ("yes", "no"):
        raise _refused(f"dòng {number} không nói ai nghe", f"line {number} does not say who listened")
    return Rating(
        listener=cells["listener"],
        native=cells["native"] == "yes",
        token=token,
        understood=_mark(cells["understood"], number),
        natural=_mark(cells["natural"], number),
        preferred=_preferred(cells["preferred"], token, number, plan),
    )


def _mark(cell: str, number: int) -> int | None:
    if not cell:
        return None
    if cell not in ("1", "2", "3", "4", "5"):
        raise _refused(f"dòng {number} có điểm ngoài 1 đến 5", f"line {number} has a mark outside 1 to 5")
    return int(cell)


def _preferred(cell: str, token: str, number: int, plan: Plan) -> float | None:
    if cell in ("", "same"):
        return 0.5 if cell else None
    if cell not in _SIDES:
        raise _refused(
            f"dòng {number} chọn bản không có", f"line {number} prefers a version that isn't there"
        )
    side = "a" if any(trial.a == token for trial in plan.trials) else "b"
    return float(cell == side)


def _refused(vi: str, en: str) -> ListeningRefused:
    return ListeningRefused(vi=f"Bảng chấm không dùng được: {vi}.", en=en)
