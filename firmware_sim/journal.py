"""What was heard: append-only rows, the tests' witness, and the airing checker over them."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from devices.messages import BulletinClass, Heard, Mode, NodeId

FILLER = "filler"
"""What lies on the node instead of a stream; it may begin again and again."""
RESUME_OVERLAP_MS = 3000
"""A resumed item may go back to the last progress mark, not further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """First sample of one stretch of sound: a clip, a tone, or the words of an alert."""

    node: NodeId
    stretch: int
    claim: str
    part: str
    source: str
    bulletin_class: BulletinClass
    mode: Mode
    first_sample_at: datetime
    first_sample_mono: float
    due_at: datetime
    expires_at: datetime
    from_ms: int = 0
    restarts: int = 0
    volume: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Last sample of the stretch with that number on that node; ``to_ms`` is the position reached."""

    node: NodeId
    stretch: int
    claim: str
    ended_at: datetime
    ended_mono: float
    to_ms: int
    whole: bool
    heard: Heard


Row = Sounding | Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One stretch from first to last sample; ``end`` is None while it sounds (or the power went)."""

    begin: Sounding
    end: Ended | None


class Journal:
    """Keeps the rows of a whole fleet in the order in which they happened, and tells who listens."""

    def __init__(self, *listeners: Callable[[Row], None]) -> None:
        self._rows: list[Row] = []
        self._listeners = listeners
        self._stretch = 0

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows so far."""
        return tuple(self._rows)

    def next_stretch(self) -> int:
        """A number for the next stretch, unique in this journal."""
        self._stretch += 1
        return self._stretch

    def note(self, row: Row) -> None:
        """Appends."""
        self._rows.append(row)
        for listener in self._listeners:
            listener(row)

    def heard_by(self, node: NodeId) -> tuple[Span, ...]:
        """What that node let out."""
        return tuple(span for span in spans(self._rows) if span.begin.node == node)


def row_to_json(row: Row) -> str:
    """One line: ``event`` is ``sounding`` or ``ended``."""
    event = "sounding" if isinstance(row, Sounding) else "ended"
    return json.dumps({"event": event, **asdict(row)}, default=_plain, ensure_ascii=False)


def row_from_json(tree: dict[str, Any]) -> Row | None:
    """The row of such a line; None for other events."""
    facts = {name: value for name, value in tree.items() if name != "event"}
    for name in ("first_sample_at", "due_at", "expires_at", "ended_at"):
        if name in facts:
            facts[name] = datetime.fromisoformat(facts[name])
    match tree.get("event"):
        case "sounding":
            facts["bulletin_class"] = BulletinClass(facts["bulletin_class"])
            facts["mode"] = Mode(facts["mode"])
            return Sounding(**facts)
        case "ended":
            return Ended(**{**facts, "heard": Heard(facts["heard"])})
    return None


def spans(rows: Iterable[Row]) -> tuple[Span, ...]:
    """Begin and end matched, in the order of their beginning."""
    begun: dict[tuple[NodeId, int], Sounding] = {}
    ended: dict[tuple[NodeId, int], Ended] = {}
    for row in rows:
        if isinstance(row, Sounding):
            begun[row.node, row.stretch] = row
        else:
            ended[row.node, row.stretch] = row
    return tuple(Span(begin=begin, end=ended.get(key)) for key, begin in begun.items())


def check(
    rows: Iterable[Row],
    *,
    quiet: tuple[time, time] = (time(21), time(5)),
    zone: str = "Asia/Ho_Chi_Minh",
    tolerance: timedelta = timedelta(milliseconds=50),
) -> tuple[str, ...]:
    """The airing checker: one sentence for each thing that must never be heard; empty is right.

    ``tolerance`` is for nodes whose clock is off on purpose.
    """
    found = spans(rows)
    by_node: dict[NodeId, list[Span]] = {}
    for span in found:
        by_node.setdefault(span.begin.node, []).append(span)
    faults: list[str] = []
    for node_spans in by_node.values():
        ordered = sorted(node_spans, key=lambda span: span.begin.first_sample_mono)
        faults += _two_voices(ordered)
        faults += _after_expiry(ordered, tolerance)
        faults += _said_twice(ordered)
        faults += _in_quiet_hours(ordered, quiet, ZoneInfo(zone), tolerance)
    return tuple(faults)


def _two_voices(ordered: Sequence[Span]) -> list[str]:
    return [
        f"{span.begin.node}: {after.begin.claim} began while {span.begin.claim} was sounding"
        for span, after in pairwise(ordered)
        if span.end is not None and after.begin.first_sample_mono < span.end.ended_mono - 1e-6
    ]


def _after_expiry(ordered: Sequence[Span], tolerance: timedelta) -> list[str]:
    return [
        f"{span.begin.node}: {span.begin.claim} sounded after its expiry"
        for span in ordered
        if (span.end.ended_at if span.end else span.begin.first_sample_at) > span.begin.expires_at + tolerance
    ]


def _said_twice(ordered: Sequence[Span]) -> list[str]:
    faults: list[str] = []
    reached: dict[tuple[str, str], int] = {}
    for span in ordered:
        begin, key = span.begin, (span.begin.claim, span.begin.part)
        if begin.part == FILLER:
            continue
        if begin.bulletin_class is not BulletinClass.EMERGENCY and key in reached:
            again_ms = reached[key] - begin.from_ms
            if again_ms > RESUME_OVERLAP_MS:
                faults.append(f"{begin.node}: {again_ms} ms of {begin.claim} were said again")
        reached[key] = max(reached.get(key, 0), span.end.to_ms if span.end else begin.from_ms)
    return faults


def _in_quiet_hours(
    ordered: Sequence[Span], quiet: tuple[time, time], zone: ZoneInfo, tolerance: timedelta
) -> list[str]:
    faults: list[str] = []
    for span in ordered:
        if span.begin.bulletin_class is BulletinClass.EMERGENCY:
            continue
        first = span.begin.first_sample_at + tolerance
        last = (span.end.ended_at if span.end else first) - tolerance
        if any(_quiet_at(at.astimezone(zone).time(), quiet) for at in (first, max(first, last))):
            faults.append(f"{span.begin.node}: {span.begin.claim} sounded in quiet hours")
    return faults


def _quiet_at(local: time, quiet: tuple[time, time]) -> bool:
    begin, end = quiet
    return begin <= local < end if begin <= end else local >= begin or local < end


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    raise TypeError(type(value).__name__)
