"""Chunks of streams as they come in: judged and kept for their instant; and voices that come back."""

from collections.abc import Iterable
from dataclasses import replace

from devices import admission, jitter, stream_gate, topics
from devices.grants import StreamKind
from devices.items import Item
from devices.messages import ReceiptKind
from firmware_sim import reporting, streaming
from firmware_sim.effects import Arrived
from firmware_sim.state import Airing, Lost, NodeState, Receiver, Turn

AHEAD_S = 5.0
"""So long before its instant a planned stream begins to be listened to."""


def arrived(turn: Turn, given: Arrived) -> Item | None:
    """One chunk: taken in, or passed over and counted. It never ends in anything but sound or silence.

    Gives the voice that had broken off and is back with this chunk.
    """
    state = turn.state
    place = topics.parse(given.topic)
    item = _open_item(turn, place.grant) if place is not None and place.grant is not None else None
    receiver = _receiver(state, item)
    answer = stream_gate.admit(
        given.payload,
        given.topic,
        given.retained,
        item,
        receiver.window,
        state.memory,
        state.clock.wall(turn.now),
    )
    match answer:
        case admission.Ignored():
            turn.change(ignored=state.ignored + 1)
        case admission.Refused(code=code, detail=detail):
            turn.change(chunks_refused=state.chunks_refused + 1, refusals=state.refusals + 1)
            _tell_once(turn, given.topic, str(code), detail)
        case stream_gate.Taken(chunk=chunk, window=window):
            assert item is not None
            assert item.stream is not None
            buffer = jitter.put(receiver.buffer, chunk, turn.now, _rule(state, item.stream))
            if item.grant in state.lost and not chunk.packets:
                return None
            streaming.keep(turn, item.grant, replace(receiver, window=window, buffer=buffer))
            return item if item.grant in state.lost else None
    return None


def lose(turn: Turn, airing: Airing) -> None:
    """It broke off: what is known of it stays for the case that it comes back."""
    grant = airing.item.grant
    receiver = turn.state.receivers.get(grant, Receiver())
    old = receiver.buffer
    kept = replace(
        Receiver(window=receiver.window, heard=receiver.heard),
        buffer=jitter.Buffer(reached_ms=old.reached_ms, seen_ms=old.seen_ms),
    )
    lost = Lost(receiver=kept, played_ms=streaming.played_ms(turn, airing), restarts=airing.restarts + 1)
    alive = {name: one for name, one in turn.state.lost.items() if name in turn.state.memory.grants}
    turn.change(lost={**alive, grant: lost})


def found(turn: Turn, item: Item) -> None:
    """It is back: it goes on under its old claim."""
    lost = turn.state.lost[item.grant]
    give_up(turn, (item.grant,))
    turn.change(resuming={**turn.state.resuming, item.claim: (lost.played_ms, lost.restarts)})


def give_up(turn: Turn, grants: Iterable[str]) -> None:
    """These were stopped by people: they don't come back."""
    gone = set(grants)
    turn.change(lost={grant: one for grant, one in turn.state.lost.items() if grant not in gone})


def _receiver(state: NodeState, item: Item | None) -> Receiver:
    if item is None:
        return Receiver()
    lost = state.lost.get(item.grant)
    return lost.receiver if lost is not None else state.receivers.get(item.grant, Receiver())


def _open_item(turn: Turn, grant: str) -> Item | None:
    """The stream of that grant that is on its way here, will be in a moment, or has broken off."""
    for airing in turn.state.airings.values():
        if airing.item.stream is not None and airing.item.grant == grant:
            return airing.item if not airing.ended else None
    held = turn.state.memory.grants.get(grant)
    if held is not None and grant in turn.state.lost:
        return stream_gate.live_item(held)
    soon = turn.state.clock.wall(turn.now + AHEAD_S)
    coming = (one for one in turn.state.agenda if one.stream is not None and one.grant == grant)
    return next((one for one in coming if one.due_at <= soon), None)


def _tell_once(turn: Turn, topic: str, code: str, detail: str) -> None:
    """A thousand bad chunks are one line in the journal; the rest is a count."""
    mark = f"chunk:{topic}:{code}"
    if mark not in turn.state.told:
        turn.change(told=turn.state.told | {mark})
        reporting.receipt(turn, ReceiptKind.REFUSED, code=code, reason=detail, topic=topic[:300])


def _rule(state: NodeState, kind: StreamKind) -> jitter.Rule:
    habits = state.habits
    preroll_s = habits.live_preroll_s if kind is StreamKind.LIVE else habits.relay_preroll_s
    return replace(jitter.RULES[kind], preroll_s=preroll_s)
