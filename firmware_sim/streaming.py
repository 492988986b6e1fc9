"""A stream on air: verified packets to the player, silence and the filler between, and when it is over.

Knows the buffer and the player only; ``airing`` puts an item on and takes it off.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from devices import jitter, stream_gate
from devices.arbitration import Reason
from devices.items import Item
from devices.messages import ClipHash
from firmware_sim.effects import Examine, FeedSound, StartSound, StopSound
from firmware_sim.journal import FILLER
from firmware_sim.parts import STREAM, source_of
from firmware_sim.state import Airing, NodeState, Receiver, Stretch, Turn

BEYOND_MS = 1_000
LOST = "stream_lost"
WHOLE = 0.98
"""A stream counts as whole from this share on (as for every delivery)."""


def enter(turn: Turn, airing: Airing, index: int) -> None:
    """The stream has the floor: silent until something of it comes."""
    grant = airing.item.grant
    receiver = turn.state.receivers.get(grant, Receiver())
    # What had its time before is not heard now.
    buffer, _ = jitter.take(receiver.buffer, turn.now)
    late_s = turn.now - turn.state.clock.mono(airing.item.due_at)
    late = receiver.late or (not receiver.heard and late_s * 1000 > airing.item.duration_ms * (1 - WHOLE))
    keep(turn, grant, replace(receiver, buffer=buffer, quiet_since=turn.now, late=late))
    if airing.index != index:
        airing = replace(airing, index=index)
    turn.airing(airing)
    _silent(turn, airing)
    pump(turn)


def pump(turn: Turn) -> None:
    """Lets out what is due, takes the amplifier back when nothing follows, puts the filler on."""
    airing = _on_air(turn.state)
    for grant, receiver in turn.state.receivers.items():
        if airing is None or airing.item.grant != grant:
            # What has its time while another has the floor is not heard afterwards.
            buffer, _ = jitter.take(receiver.buffer, turn.now)
            keep(turn, grant, replace(receiver, buffer=buffer))
    if airing is None or airing.ended:
        return
    receiver = turn.state.receivers[airing.item.grant]
    buffer, due = jitter.take(receiver.buffer, turn.now)
    if due:
        out_ms = receiver.out_ms + sum(one.length_ms for one in due)
        until = buffer.until if buffer.until is not None else turn.now
        fed = replace(receiver, buffer=buffer, out_ms=out_ms, quiet_since=until, heard=True)
        keep(turn, airing.item.grant, fed)
        _feed(turn, airing, due)
        return
    if _flows(turn.state) and turn.now >= receiver.quiet_since + turn.state.habits.stream_hold_s:
        hush(turn, airing)
        receiver = turn.state.receivers[airing.item.grant]
    filler_at, clip = _filler_at(turn.state, airing, receiver), airing.item.clip
    if clip is not None and filler_at is not None and turn.now >= filler_at:
        again = turn.now + turn.state.habits.filler_after_s
        keep(turn, airing.item.grant, replace(receiver, filler_again=again))
        turn.do(Examine(claim=airing.item.claim, sha256=clip.sha256))


def filler_examined(turn: Turn, airing: Airing, fine: bool) -> None:
    """The stored filler was read: it sounds, or there is none."""
    receiver = turn.state.receivers.get(airing.item.grant, Receiver())
    clip, stretch = airing.item.clip, turn.state.stretch
    if clip is None or stretch is None or stretch.number or airing.ended:
        return
    if not fine:
        keep(turn, airing.item.grant, replace(receiver, no_filler=True))
        return
    from_ms = receiver.filler_ms if receiver.filler_ms < clip.duration_ms - 500 else 0
    keep(turn, airing.item.grant, replace(receiver, fillers=receiver.fillers + 1, filler_ms=from_ms))
    _start(turn, airing, FILLER, from_ms, clip.duration_ms, clip.sha256)


def over(turn: Turn, airing: Airing) -> None:
    """A stretch of it ended by itself: the filler came to its end, or the player gave up."""
    _note_filler(turn, airing, ended=True)
    receiver = turn.state.receivers[airing.item.grant]
    keep(turn, airing.item.grant, replace(receiver, filler_again=0.0))
    _silent(turn, airing)


def ending(turn: Turn) -> tuple[Airing, str | None] | None:
    """The stream on air whose time has come, and why; None while it goes on."""
    airing = _on_air(turn.state)
    if airing is None or airing.ended:
        return None
    item, now = airing.item, turn.now
    receiver = turn.state.receivers[item.grant]
    planned = _planned_end(turn.state, item)
    if planned is not None and now >= planned:
        return airing, _planned_reason(airing, played_ms(turn, airing), receiver)
    if jitter.over(receiver.buffer, now):
        return airing, None
    lost = _lost_at(turn.state, item, receiver)
    if lost is not None and now >= lost:
        return airing, LOST
    return None


def wake(state: NodeState) -> float | None:
    """When the stream on air has to be looked at again."""
    airing = _on_air(state)
    if airing is None or airing.ended:
        return None
    receiver = state.receivers[airing.item.grant]
    moments = [
        jitter.next_at(receiver.buffer),
        _planned_end(state, airing.item),
        jitter.over_at(receiver.buffer),
        _lost_at(state, airing.item, receiver),
    ]
    if _flows(state):
        moments.append(receiver.quiet_since + state.habits.stream_hold_s)
    moments.append(_filler_at(state, airing, receiver))
    return min((moment for moment in moments if moment is not None), default=None)


def played_ms(turn: Turn, airing: Airing) -> int:
    """How much verified sound of it is out by now, with what was before a power cut."""
    receiver = turn.state.receivers.get(airing.item.grant)
    if receiver is None:
        return airing.base_ms
    return airing.base_ms + receiver.out_ms - _unheard_ms(turn, airing, receiver)


def cut(turn: Turn, airing: Airing) -> Airing:
    """It is about to fall silent: what was let out and is not heard any more does not count."""
    receiver = turn.state.receivers.get(airing.item.grant)
    if receiver is None:
        return airing
    _note_filler(turn, airing)
    receiver = turn.state.receivers[airing.item.grant]
    unheard_ms = _unheard_ms(turn, airing, receiver)
    quiet_since = min(receiver.quiet_since, turn.now)
    keep(
        turn,
        airing.item.grant,
        replace(receiver, out_ms=receiver.out_ms - unheard_ms, quiet_since=quiet_since),
    )
    return measured(turn, replace(airing, done_ms=played_ms(turn, airing)))


def measured(turn: Turn, airing: Airing) -> Airing:
    """With its true length, for the last receipt: a live stream is as long as anybody has sent of it."""
    receiver = turn.state.receivers.get(airing.item.grant)
    if airing.item.stream_ends_at is not None or receiver is None:
        return airing
    length_ms = max(receiver.buffer.seen_ms, played_ms(turn, airing))
    parts = tuple(replace(one, length_ms=length_ms) if one.name == STREAM else one for one in airing.parts)
    return replace(airing, parts=parts)


def hush(turn: Turn, airing: Airing) -> None:
    """The amplifier is let go; the stream keeps the floor."""
    stretch = turn.state.stretch
    if stretch is not None and stretch.number:
        _note_filler(turn, airing)
        turn.change(stopped={**turn.state.stopped, stretch.number: airing.item.claim})
        turn.do(StopSound(number=stretch.number))
    _silent(turn, airing)


def keep(turn: Turn, grant: str, receiver: Receiver) -> None:
    """Notes how a stream stands."""
    turn.change(receivers={**turn.state.receivers, grant: receiver})


def _unheard_ms(turn: Turn, airing: Airing, receiver: Receiver) -> int:
    """What the player has been given and has not let out yet."""
    stretch = turn.state.stretch
    mine = stretch is not None and stretch.claim == airing.item.claim and _flows(turn.state)
    return max(0, round((receiver.quiet_since - turn.now) * 1000)) if mine else 0


def _feed(turn: Turn, airing: Airing, due: tuple[jitter.Stretch, ...]) -> None:
    stretch = turn.state.stretch
    if stretch is None or not stretch.number or stretch.filler:
        hush(turn, airing)
        item, clock = airing.item, turn.state.clock
        from_ms = max(0, round((turn.now - clock.mono(item.due_at)) * 1000))
        # Beyond the end of its grant: the node ends it, never the player, which knows of no renewal.
        _start(turn, airing, STREAM, from_ms, max(from_ms, item.duration_ms) + BEYOND_MS)
        stretch = turn.state.stretch
    assert stretch is not None
    for one in due:
        offset_ms = max(0, round((one.at - stretch.since) * 1000))
        turn.do(FeedSound(number=stretch.number, offset_ms=offset_ms, packets=one.packets))


def _start(
    turn: Turn, airing: Airing, part: str, from_ms: int, length_ms: int, clip: ClipHash | None = None
) -> None:
    item, number = airing.item, turn.state.number + 1
    turn.change(
        number=number,
        stretch=Stretch(
            number=number,
            claim=item.claim,
            index=airing.index,
            from_ms=from_ms,
            since=turn.now,
            filler=clip is not None,
        ),
    )
    turn.do(
        StartSound(
            number=number,
            claim=item.claim,
            part=part,
            source=source_of(item),
            bulletin_class=item.bulletin_class,
            mode=item.mode,
            due_at=item.due_at,
            expires_at=_expires_at(item),
            from_ms=from_ms,
            length_ms=length_ms,
            volume=airing.volume,
            restarts=airing.restarts,
            clip=clip,
            faded=True,
        )
    )


def _expires_at(item: Item) -> datetime:
    """Of a live stream the grant's end: its terms are renewed while it sounds."""
    if item.stream_ends_at is not None:
        return item.expires_at
    return item.due_at + timedelta(milliseconds=item.duration_ms)


def _silent(turn: Turn, airing: Airing) -> None:
    claim = airing.item.claim
    turn.change(stretch=Stretch(number=0, claim=claim, index=airing.index, from_ms=0, since=turn.now))


def _note_filler(turn: Turn, airing: Airing, *, ended: bool = False) -> None:
    stretch = turn.state.stretch
    if stretch is None or not stretch.filler:
        return
    receiver = turn.state.receivers[airing.item.grant]
    reached_ms = 0 if ended else stretch.from_ms + round((turn.now - stretch.since) * 1000)
    keep(turn, airing.item.grant, replace(receiver, filler_ms=reached_ms))


def _on_air(state: NodeState) -> Airing | None:
    stretch = state.stretch
    airing = state.airings.get(stretch.claim) if stretch is not None else None
    if airing is None or stretch is None or airing.parts[stretch.index].name != STREAM:
        return None
    return airing if airing.item.grant in state.receivers else None


def _flows(state: NodeState) -> bool:
    """Whether the stretch under way is the stream itself, not its filler or silence."""
    stretch = state.stretch
    return stretch is not None and bool(stretch.number) and not stretch.filler


def _filler_at(state: NodeState, airing: Airing, receiver: Receiver) -> float | None:
    """When what lies here sounds instead of it, if nothing comes before."""
    clip, stretch = airing.item.clip, state.stretch
    away = stretch is not None and not stretch.number and not receiver.buffer.waiting
    if clip is None or clip.sha256 not in state.clips or receiver.no_filler or not away:
        return None
    return max(receiver.quiet_since + state.habits.filler_after_s, receiver.filler_again)


def _planned_end(state: NodeState, item: Item) -> float | None:
    ends_at = item.stream_ends_at
    return state.clock.mono(min(ends_at, item.expires_at)) if ends_at is not None else None


def _lost_at(state: NodeState, item: Item, receiver: Receiver) -> float | None:
    """When a stream that a command opened is given up; not while something of it waits for its instant."""
    if item.stream is None or item.stream_ends_at is not None or receiver.buffer.waiting:
        return None
    patience_s = stream_gate.PATIENCE[item.stream]
    return receiver.quiet_since + (
        patience_s if receiver.heard else max(patience_s, state.habits.stream_open_s)
    )


def _planned_reason(airing: Airing, out_ms: int, receiver: Receiver) -> str | None:
    if receiver.fillers or not receiver.heard:
        return "relay_unavailable"
    if out_ms >= airing.item.duration_ms * WHOLE:
        return None
    if airing.cuts:
        return str(Reason.PREEMPTED)
    if airing.restarts:
        return "power_cut"
    return str(Reason.LATE) if receiver.late else "chunks_lost"
