"""The clips of a node: which it needs, how they come, and that they still are what their names say."""

import hashlib
from dataclasses import replace
from datetime import timedelta

from devices import alerts, programme
from devices.errors import Code
from devices.items import Item
from devices.messages import Alerts, ClipHash, ClipRef, ReceiptKind
from firmware_sim import flash, reporting
from firmware_sim.effects import CheckClips, ClipsChecked, Fetch, Fetched, Forget, Keep, StoreFull, Sync
from firmware_sim.sound import measure
from firmware_sim.state import NodeState, Stored, Turn, Wanted

SOON = timedelta(days=2)
"""What is needed within it, today's and tomorrow's sounds, is never thrown away for others."""
ROOM, PROBE = "room", 4096


def needs(turn: Turn, push_wait_s: float = 0.0) -> None:
    """Compares what the documents name with what lies in flash, and asks for what is missing.

    The words of an alert may come by themselves: they are asked for after ``push_wait_s``.
    """
    state = turn.state
    needed = _needed(turn)
    wanted = {sha: want for sha, want in state.wanted.items() if sha in needed}
    for sha, (ref, urgent) in needed.items():
        if sha not in state.clips and sha not in wanted:
            again_at = turn.now + push_wait_s if urgent else turn.now
            wanted[sha] = Wanted(ref=ref, urgent=urgent, again_at=again_at)
    turn.change(wanted=wanted)
    fetch_due(turn)


def fetch_due(turn: Turn) -> None:
    """Begins the tries whose time it is."""
    state = turn.state
    due = fetch_wake(state)
    if state.memory.desired is None or due is None or turn.now < due:
        return
    wanted = dict(state.wanted)
    habits = state.habits
    for sha, want in state.wanted.items():
        if want.again_at is not None and turn.now >= want.again_at:
            spread = habits.urgent_spread_s if want.urgent or want.tries else habits.fetch_spread_s
            base = state.memory.desired.clip_base
            turn.do(Fetch(sha256=sha, size=want.ref.bytes, base=base, spread_s=spread))
            wanted[sha] = replace(want, again_at=None)
    turn.change(wanted=wanted)


def fetched(turn: Turn, given: Fetched) -> bool:
    """Stores what came if it is exactly what a document names; True when it is there now."""
    state = turn.state
    want = state.wanted.get(given.sha256)
    if want is None:
        return False
    data = given.data
    if data is None or not _same(data, want.ref):
        _try_later(turn, want, spoilt=data is not None)
        return False
    stored = Stored(size=len(data), duration_ms=measure(data))
    turn.do(Keep(table=flash.CLIPS, key=given.sha256, value=data), Sync())
    turn.change(
        clips={**state.clips, given.sha256: stored},
        wanted={sha: other for sha, other in state.wanted.items() if sha != given.sha256},
    )
    tell_cached(turn)
    return True


def tell_cached(turn: Turn) -> None:
    """One receipt for each delivery whose sound lies ready."""
    told = set(turn.state.told)
    for item in turn.state.agenda:
        mark = f"cached:{item.claim}:{item.revision}"
        if lies_here(turn.state, item) and mark not in told:
            told.add(mark)
            reporting.receipt(turn, ReceiptKind.CACHED, **reporting.about(item))
    for alert, held in alerts.in_force(turn.state.memory, turn.state.clock.wall(turn.now)):
        mark = f"cached:{alert.id}:{alert.words}"
        if alert.words is not None and alert.words in turn.state.clips and mark not in told:
            told.add(mark)
            reporting.receipt(turn, ReceiptKind.CACHED, **reporting.about(alerts.item_of(alert, 0, held)))
    turn.change(told=frozenset(told))


def lies_here(state: NodeState, item: Item) -> bool:
    """Whether everything that it plays of an item lies in flash."""
    return item.clip is not None and all(clip.sha256 in state.clips for clip in item.clips)


def spoilt(turn: Turn, sha: ClipHash) -> None:
    """A stored copy is not what its name says: it is thrown away and fetched anew."""
    state = turn.state
    turn.do(Forget(table=flash.CLIPS, key=sha))
    turn.change(clips={other: stored for other, stored in state.clips.items() if other != sha})
    needs(turn)


def check_due(turn: Turn) -> None:
    """Once an hour every stored copy is hashed, and what no document names is thrown away."""
    state = turn.state
    if turn.now < state.check_at:
        return
    turn.change(check_at=turn.now + state.habits.check_clips_s)
    _tidy(turn)
    if not state.store_ok:
        # There may be room by now: a row like those that must be written says whether there is.
        turn.change(store_ok=True)
        turn.do(Keep(table=flash.FACTS, key=ROOM, value=bytes(PROBE)), Forget(table=flash.FACTS, key=ROOM))
    turn.do(CheckClips(clips=tuple(turn.state.clips)))


def checked(turn: Turn, given: ClipsChecked) -> None:
    """What the hourly look found (F22)."""
    for sha in given.spoilt:
        if sha in turn.state.clips:
            reporting.refused(turn, Code.CONTENT, "bit_rot", topic=f"clips/{sha}", clip=sha)
            spoilt(turn, sha)


def full(turn: Turn, given: StoreFull) -> None:
    """Flash is full: what nobody needs goes, then what is needed last; else it is tried again later (F60)."""
    state = turn.state
    if given.table == flash.CLIPS and (sha := ClipHash(given.key)) in state.clips:
        turn.change(clips={other: stored for other, stored in state.clips.items() if other != sha})
        needed = _needed(turn).get(sha)
        if needed is not None:
            want = Wanted(ref=needed[0], urgent=needed[1], again_at=turn.now)
            if _made_room(turn, want):
                turn.change(wanted={**turn.state.wanted, sha: want})
                fetch_due(turn)
            else:
                _wait_for_room(turn, want)
    elif given.table != flash.CLIPS:
        turn.change(store_ok=False)
    _tidy(turn)


def fetch_wake(state: NodeState) -> float | None:
    """When the next try begins."""
    if state.memory.desired is None:
        return None
    return min((w.again_at for w in state.wanted.values() if w.again_at is not None), default=None)


def _needed(turn: Turn) -> dict[ClipHash, tuple[ClipRef, bool]]:
    memory, wall = turn.state.memory, turn.state.clock.wall(turn.now)
    needed: dict[ClipHash, tuple[ClipRef, bool]] = {}
    for alert, held in alerts.in_force(memory, wall):
        if isinstance(held.message, Alerts):
            needed.update(
                {ref.sha256: (ref, True) for ref in held.message.clips if ref.sha256 == alert.words}
            )
    for ref in programme.clips_wanted(memory, wall):
        needed.setdefault(ref.sha256, (ref, False))
    return needed


def _made_room(turn: Turn, want: Wanted) -> bool:
    """Whether the clips needed last, later than this one and not by tomorrow night, made room for it."""
    state = turn.state
    wall = state.clock.wall(turn.now)
    due = programme.clips_due(state.memory, wall)
    own_at = wall if want.urgent else due.get(want.ref.sha256, wall)
    later = [sha for sha in state.clips if sha in due and due[sha] > max(own_at, wall + SOON)]
    going: list[ClipHash] = []
    freed, enough = 0, want.ref.bytes * 7 // 8  # some room is always left over; else the next try asks again
    for sha in sorted(later, key=due.__getitem__, reverse=True):
        if freed < enough:
            going.append(sha)
            freed += state.clips[sha].size
    if freed < enough:
        return False
    refs = _needed(turn)
    turn.change(clips={sha: stored for sha, stored in state.clips.items() if sha not in going})
    for sha in going:
        turn.do(Forget(table=flash.CLIPS, key=sha))
        _wait_for_room(turn, Wanted(ref=refs[sha][0], urgent=False, again_at=None))
    return True


def _wait_for_room(turn: Turn, want: Wanted) -> None:
    """Not soon: each try costs the whole clip on the road, and room comes with the hourly look."""
    habits = turn.state.habits
    wait_s = habits.refetch_most_s if want.urgent else habits.check_clips_s
    later = replace(want, again_at=turn.now + wait_s * (0.5 + habits.luck))
    turn.change(wanted={**turn.state.wanted, want.ref.sha256: later})


def _same(data: bytes, ref: ClipRef) -> bool:
    return len(data) == ref.bytes and hashlib.sha256(data).hexdigest() == ref.sha256


def _try_later(turn: Turn, want: Wanted, *, spoilt: bool) -> None:
    habits = turn.state.habits
    most = habits.urgent_refetch_s if want.urgent else habits.refetch_most_s
    wait = min(most, habits.refetch_first_s * 2 ** min(want.tries, 10))
    sha = want.ref.sha256
    if spoilt and not want.complained:
        reporting.refused(turn, Code.CONTENT, "hash", topic=f"clips/{sha}", clip=sha)
    later = replace(
        want,
        tries=want.tries + 1,
        again_at=turn.now + wait * (0.5 + habits.luck),
        complained=want.complained or spoilt,
    )
    turn.change(wanted={**turn.state.wanted, sha: later})


def _tidy(turn: Turn) -> None:
    needed = _needed(turn)
    sounding = {part.clip for airing in turn.state.airings.values() for part in airing.parts}
    kept = {sha: stored for sha, stored in turn.state.clips.items() if sha in needed or sha in sounding}
    for sha in turn.state.clips.keys() - kept.keys():
        turn.do(Forget(table=flash.CLIPS, key=sha))
    turn.change(clips=kept)
