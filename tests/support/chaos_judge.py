"""The judge of a kill -9 campaign: what each node was heard to say, held against what the store says of it.

The rules of PROMISES 3.2 for a sound that a killed process broke off stand here as sentences, one function
each; what no rule allows is lost, doubled or out of window.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from devices.messages import NodeId
from firmware_sim.journal import Row, Sounding, Span, check, spans
from schedules.announcement import BulletinClass

MARK_MS = 1000
"""The position is noted in flash each second (PROMISES 3.2): so much may be said again after a kill."""
STARVED_MS = 1000
"""On a machine with more work than cores the turn that notes the position comes late by itself."""
NOTING_S = 0.3 + STARVED_MS / 1000
"""Between the last sample and the note that it is done the loop turns once more: a kill may come there."""
MARGIN_MS = 250
JUST_BEFORE = timedelta(seconds=5)
CLOCK_OFF = timedelta(seconds=2)
"""A node's clock is as good as the answer that set it, which may have been long under way (PROMISES 3.7)."""
TOLERANCE = timedelta(milliseconds=500)
LATE_AFTER_KILL = timedelta(seconds=30)
WHOLE = 0.98
STRETCHES_A_LIFE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One life of the nodes' process, in the machine's monotonic seconds, with what was journaled in it."""

    number: int
    began_mono: float
    ended_mono: float
    killed: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for; ``acknowledged`` where the answer came, so that nothing of it may be lost."""

    title: str
    item: str | None
    targets: tuple[str, ...]
    at: datetime
    approved_by: datetime

    @property
    def acknowledged(self) -> bool:
        return self.item is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One delivery as the store ends up with it."""

    occurrence: str
    item: str
    node: NodeId
    bulletin_class: BulletinClass
    due_at: datetime
    latest_at: datetime
    expires_at: datetime
    duration_ms: int
    verdict: str | None
    source: str | None
    why: str
    planned_at: datetime
    accepted_at: datetime | None
    cached_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A span with the life it belongs to and how far it came."""

    span: Span
    life: Life
    to_ms: int

    @property
    def begin(self) -> Sounding:
        return self.span.begin

    @property
    def broken(self) -> bool:
        """Its process was killed while it sounded, or waited to go on, or before its end could be noted."""
        ended = self.span.end
        if not self.life.killed:
            return False
        return ended is None or not ended.whole or self.life.ended_mono - ended.ended_mono < NOTING_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a campaign found; each entry of the three lists is one sentence."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    out_of_window: tuple[str, ...]
    deliveries: int
    verdicts: Mapping[str, int]
    restarted: int
    earliest_ms: int

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.out_of_window)


def judge(lives: Sequence[Life], asked: Sequence[Asked], due: Sequence[Due], planned: set[str]) -> Finding:
    """``planned`` are the items that have an occurrence in the store."""
    heard = _heard(lives)
    pairs = [(one, heard.get((f"occurrence:{one.occurrence}", one.node), [])) for one in due]
    known = {(f"occurrence:{one.occurrence}", one.node): one for one in due}
    lost = [
        f"{one.title}: approved for {one.at:%H:%M:%S}, and nothing was planned"
        for one in asked
        if one.acknowledged and one.approved_by <= one.at and one.item not in planned
    ]
    doubled: list[str] = []
    outside: list[str] = []
    restarted = 0
    for key, said in heard.items():
        one = known.get(key)
        if one is None:
            outside.append(f"{key[1]}: {key[0]} was never approved for it")
            continue
        for before, after in pairwise(said):
            fault = unlawful(before, after, one)
            doubled += [f"{one.node}: {one.occurrence}: {fault}"] if fault else []
            restarted += after.life.number != before.life.number
        outside += [f"{one.node}: {one.occurrence}: {fault}" for fault in outside_window(said, one)]
    for one, said in pairs:
        fault = unexplained(said, one, lives)
        lost += [f"{one.node}: {one.occurrence} due {one.due_at:%H:%M:%S}: {fault}"] if fault else []
    for sentence in check(_renumbered(lives), tolerance=TOLERANCE):
        (doubled if "began while" in sentence or "again" in sentence else outside).append(sentence)
    verdicts: defaultdict[str, int] = defaultdict(int)
    for one in due:
        verdicts[f"{one.verdict}({one.why})" if one.why else str(one.verdict)] += 1
    return Finding(
        lost=tuple(lost),
        doubled=tuple(doubled),
        out_of_window=tuple(outside),
        deliveries=len(due),
        verdicts=dict(sorted(verdicts.items())),
        restarted=restarted,
        earliest_ms=min((_before_due(said, one) for one, said in pairs), default=0),
    )


def unlawful(before: Said, after: Said, one: Due) -> str | None:
    """Why a second stretch of an occurrence on a node is a doubling; None where a rule allows it.

    In one life: only what was cut goes on, at the position where it was cut. Over a kill: the stretch before
    was broken by it, the restart is counted, and by class: ordinary goes on from the last mark, at most half
    said and at most 30 s late; priority begins once more, from its beginning.
    """
    again_ms = before.to_ms - after.begin.from_ms
    if after.life.number == before.life.number:
        ended = before.span.end
        if ended is None or ended.whole:
            return "said twice without a power cut"
        if again_ms > MARGIN_MS:
            return f"{again_ms} ms were said again after a cut"
        # a starved machine writes samples late, while the node counts by its clock: a gap, nothing said twice
        return f"{-again_ms} ms were left out after a cut" if again_ms < -STARVED_MS else None
    if not before.broken:
        return f"said in life {before.life.number} and again in life {after.life.number}"
    restarts = after.begin.restarts - before.begin.restarts
    if not 1 <= restarts <= after.life.number - before.life.number:
        return f"a restart that counts {restarts} over {after.life.number - before.life.number} kills"
    if one.bulletin_class is BulletinClass.PRIORITY:
        lawful = after.begin.from_ms == 0 and after.begin.restarts == 1
        return None if lawful else f"priority restarted {after.begin.restarts} times"
    if again_ms > MARK_MS + STARVED_MS:
        return f"{again_ms} ms were said again after a kill"
    if again_ms < -STARVED_MS:
        return f"{-again_ms} ms were left out after a kill"
    if after.begin.from_ms * 2 > one.duration_ms:
        return "went on although more than half of it had been said"
    silent_for = after.begin.first_sample_at - one.due_at - timedelta(milliseconds=after.begin.from_ms)
    if silent_for > LATE_AFTER_KILL + timedelta(milliseconds=3 * STARVED_MS):
        return f"went on after {silent_for.total_seconds():.1f} s"
    return None


def outside_window(said: Sequence[Said], one: Due) -> list[str]:
    """Too early, under another time than the store's, begun after the grace, or sounding after its end.

    Only the first stretch begins: the later ones go on, and `unlawful` says whether they may.
    """
    faults = []
    first = said[0].begin
    beyond = first.first_sample_at - one.latest_at
    if not first.restarts and beyond > CLOCK_OFF:
        faults.append(f"begun {beyond.total_seconds():.1f} s after its grace")
    for each in said:
        begin = each.begin
        last_at = begin.first_sample_at + timedelta(milliseconds=each.to_ms - begin.from_ms)
        if begin.due_at != one.due_at:
            faults.append(f"said as due {begin.due_at:%H:%M:%S}, planned for {one.due_at:%H:%M:%S}")
        if begin.first_sample_at < one.due_at - CLOCK_OFF:
            early = one.due_at - begin.first_sample_at
            faults.append(f"said {early.total_seconds() * 1000:.0f} ms too early")
        if last_at > one.expires_at + TOLERANCE:
            faults.append("sounded after its expiry")
    return faults


def unexplained(said: Sequence[Said], one: Due, lives: Sequence[Life]) -> str | None:
    """Why a verdict does not agree with what was heard, or is no excuse; None if all is well."""
    covered = _covered(said)
    whole = covered >= one.duration_ms * WHOLE - MARGIN_MS
    broken = any(each.broken for each in said)
    match one.verdict:
        case None:
            return "no verdict at all"
        case "aired" | "aired_late":
            return None if whole else f"{one.verdict}, but {covered} of {one.duration_ms} ms went out"
        case "partial" if one.why == "expired" and said:
            return None if _cut_by_expiry(said[-1], one) else "it did not sound until its expiry"
        case _ if said and not broken:
            return f"{one.verdict}({one.why}), although {covered} of {one.duration_ms} ms went out unbroken"
        case "partial" | "missed" if one.why == "power_cut":
            return None if broken or _killed_about(one, lives) else "no kill fell into it"
        case "refused" if one.why == "E_CONTENT":
            return (
                None if _came_late(one, lives) else "refused without its clip, which it had had time to fetch"
            )
        case "expired" | "missed" if one.source == "receipt" or one.accepted_at is None:
            lawful = _short(one) or one.planned_at > one.due_at - JUST_BEFORE
            return None if lawful else f"{one.verdict}({one.why}), and it had a minute's grace"
        case _:
            return f"{one.verdict}({one.why}) is no excuse here"


def _before_due(said: Sequence[Said], one: Due) -> int:
    """Milliseconds of the first sample against the due instant, where that is negative."""
    return min(
        (round((s.begin.first_sample_at - one.due_at) / timedelta(milliseconds=1)) for s in said), default=0
    )


FETCH = timedelta(seconds=5)
SHORT = timedelta(seconds=15)


def _cut_by_expiry(last: Said, one: Due) -> bool:
    """It began late within its grace, and the end of that cut it, or came while another had cut in."""
    ended = last.span.end
    if ended is None or ended.whole:
        return False
    if abs(ended.ended_at - one.expires_at) <= TOLERANCE:
        return True
    return any(
        isinstance(row, Sounding)
        and row.node == one.node
        and row.claim != last.begin.claim
        and abs(row.first_sample_at - ended.ended_at) <= TOLERANCE
        for row in last.life.rows
    )


def _short(one: Due) -> bool:
    """So little grace that a few restarts between approval and end can use it up."""
    return one.latest_at - one.due_at <= SHORT


def _came_late(one: Due, lives: Sequence[Life]) -> bool:
    """The node held the entry for less than a fetch takes, or was itself killed in that time."""
    if one.accepted_at is None or one.due_at - one.accepted_at < FETCH:
        return True
    return _killed_about(one, lives)


def _killed_about(one: Due, lives: Sequence[Life]) -> bool:
    """Whether the nodes were killed between a few seconds before the moment and the end of the window."""
    if not lives or not lives[0].rows:
        return False
    row = lives[0].rows[0]
    at, mono = (
        (row.first_sample_at, row.first_sample_mono)
        if isinstance(row, Sounding)
        else (row.ended_at, row.ended_mono)
    )
    start = mono + (one.due_at - FETCH - at).total_seconds()
    end = mono + (one.expires_at - at).total_seconds()
    return any(life.killed and start <= life.ended_mono <= end for life in lives)


def _heard(lives: Sequence[Life]) -> dict[tuple[str, NodeId], list[Said]]:
    heard: defaultdict[tuple[str, NodeId], list[Said]] = defaultdict(list)
    for life in lives:
        for span in spans(life.rows):
            begin = span.begin
            if span.end is not None:
                to_ms = span.end.to_ms
            else:
                to_ms = begin.from_ms + round((life.ended_mono - begin.first_sample_mono) * 1000)
            heard[begin.claim, begin.node].append(Said(span=span, life=life, to_ms=to_ms))
    return dict(heard)


def _covered(said: Sequence[Said]) -> int:
    """Milliseconds of the item that went out, each counted once."""
    covered = reached = 0
    for from_ms, to_ms in sorted((each.begin.from_ms, each.to_ms) for each in said):
        covered += max(0, to_ms - max(from_ms, reached))
        reached = max(reached, to_ms)
    return covered


def _renumbered(lives: Sequence[Life]) -> Iterable[Row]:
    """All lives as one journal: a process counts its stretches from one."""
    for life in lives:
        for row in life.rows:
            yield replace(row, stretch=row.stretch + life.number * STRETCHES_A_LIFE)
