"""What a node will play: its agenda out of the documents it holds, and when what is due."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from devices import alerts, arbitration, programme, stream_gate
from devices.errors import Code
from devices.items import ClaimId, Item
from devices.memory import Held, Memory
from devices.messages import Alert, Alerts, ClockState, Programme
from firmware_sim import airing, claims, gate, late_words, reporting, storing
from firmware_sim.state import NodeState, Turn

MISSED_WITHIN = timedelta(days=2)
LAST_CALL = timedelta(seconds=1)
"""So long before the end of its grace an item whose clip never came asks the gate, and is refused."""


def replan(turn: Turn) -> None:
    """The documents or the clock changed: the agenda anew, receipts for what is new, clips for what lacks."""
    state = turn.state
    turn.change(agenda=programme.upcoming(state.memory, state.memory.instant(_wall(turn))))
    reporting.accepted(turn, turn.state.agenda)
    _missed(turn)
    storing.needs(turn)
    storing.tell_cached(turn)


def withdrawn(turn: Turn, before: Memory) -> None:
    """What began or waits, and stands in no programme any longer, is not to be heard."""
    old, new = _occurrences(before), _occurrences(turn.state.memory)
    gone = tuple(
        str(item.occurrence)
        for item in (airing.item for airing in turn.state.airings.values())
        if item.occurrence is not None and item.occurrence in old - new
    )
    if gone:
        airing.floor_input(turn, arbitration.Stop(references=gone))


def alerts_changed(turn: Turn) -> None:
    """A list of alerts came: what is cancelled ends, what sounds learns its words, what is new begins."""
    state = turn.state
    known = {airing.item.alert for airing in state.airings.values() if airing.item.alert is not None}
    if known:
        ended = set(alerts.ended(state.memory))
        active = {alert.id for alert, _ in alerts.in_force(state.memory, _wall(turn))}
        over = tuple(sorted(alert for alert in known if alert in ended or alert not in active))
        if over:
            airing.floor_input(turn, arbitration.Stop(alerts=over))
        late_words.learn(turn)
    rounds(turn)


def rounds(turn: Turn) -> None:
    """Begins the rounds whose time it is, and notes when the next one comes."""
    now = _wall(turn)
    for item in alerts.due_rounds(turn.state.memory, now):
        if _speakable(turn.state, item):
            gate.begin(turn, item)
    late_words.follow(turn)
    turn.change(rounds_at=_next_round(turn))


def begin_due(turn: Turn) -> None:
    """Begins what is due. With an unsure clock no ordinary item is ever due (F46)."""
    if turn.state.rounds_at is not None and turn.now >= turn.state.rounds_at:
        rounds(turn)
    if turn.state.clock.state is ClockState.UNSURE:
        return
    wall = _wall(turn)
    for item in takewhile(lambda item: item.due_at <= wall, turn.state.agenda):
        if _begins_at(turn.state, item) <= wall:
            turn.change(agenda=tuple(other for other in turn.state.agenda if other is not item))
            gate.begin(turn, item)


def due_wake(state: NodeState) -> float | None:
    """When the next ordinary item or round is due."""
    moments = [state.rounds_at] if state.rounds_at is not None else []
    if state.agenda and state.clock.state is not ClockState.UNSURE:
        moments.append(state.clock.mono(_next_begin(state)))
    return min(moments, default=None)


def _next_begin(state: NodeState) -> datetime:
    """The agenda is in order of due instants: whatever stands behind one that can begin comes later."""
    soonest = _begins_at(state, state.agenda[0])
    for item in state.agenda:
        if item.due_at >= soonest:
            break
        soonest = min(soonest, _begins_at(state, item))
    return soonest


def _begins_at(state: NodeState, item: Item) -> datetime:
    """When it is due; while a clip of it is still on its way, the end of its grace."""
    if item.stream is not None or not any(clip.sha256 in state.wanted for clip in item.clips):
        return item.due_at
    return max(item.due_at, item.latest_at - LAST_CALL)


def resume_claims(turn: Turn) -> None:
    """What a power cut broke off goes on or is reported (PROMISES 3.2), once the time is known."""
    state = turn.state
    if state.clock.state is ClockState.UNSURE:
        return
    left = state.broken
    turn.change(broken=())
    for broken in left:
        item = item_named(state.memory, broken.claim)
        from_ms = (
            arbitration.after_reboot(item, broken.at_ms, _wall(turn), broken.restarts)
            if item is not None
            else None
        )
        if item is None or from_ms is None:
            claims.partial(turn, broken)
        else:
            resuming = {**turn.state.resuming, item.claim: (from_ms, broken.restarts + 1)}
            turn.change(resuming=resuming)
            # It may have to wait for its turn: then this is asked again where it would sound.
            gate.begin(turn, replace(item, latest_at=arbitration.resumes_until(item, from_ms)))


def items_held(memory: Memory) -> tuple[Item, ...]:
    """Every occurrence of every programme held, past ones too."""
    return tuple(
        programme.item_of(entry, held.message, held, memory.languages)
        for held in memory.documents.values()
        if isinstance(held.message, Programme)
        for entry in held.message.entries
    )


def streams_held(memory: Memory) -> tuple[Item, ...]:
    """Every stream that a command has opened and that is not over."""
    return tuple(stream_gate.live_item(held) for held in memory.grants.values())


def alerts_held(memory: Memory) -> tuple[Alert, ...]:
    """Every alert of every list held, cancelled ones too."""
    return tuple(
        alert
        for held in memory.documents.values()
        if isinstance(held.message, Alerts)
        for alert in held.message.alerts
    )


def item_named(memory: Memory, claim: ClaimId) -> Item | None:
    """The item of that claim in the documents held, or None where nothing names it any longer."""
    found = (item for item in (*items_held(memory), *streams_held(memory)) if item.claim == claim)
    rounds = (_round_named(held, claim) for held in memory.documents.values())
    return next(found, None) or next((item for item in rounds if item is not None), None)


def _round_named(held: Held, claim: ClaimId) -> Item | None:
    if isinstance(held.message, Alerts):
        for alert in held.message.alerts:
            number = claim.rpartition(":")[2]
            if number.isdigit() and alerts.item_of(alert, int(number), held).claim == claim:
                return alerts.item_of(alert, int(number), held)
    return None


def _missed(turn: Turn) -> None:
    """Occurrences of the last two days that this node holds, never began and can't begin any longer."""
    memory, wall = turn.state.memory, _wall(turn)
    if turn.state.clock.state is ClockState.UNSURE:
        return
    listed = {item.claim for item in turn.state.agenda}
    for held in programme.held_programmes(memory):
        if not isinstance(held.message, Programme):
            continue
        for entry in held.message.entries:
            if not wall - MISSED_WITHIN < entry.latest_at < wall:
                continue
            item = programme.item_of(entry, held.message, held, memory.languages)
            if item.claim not in turn.state.memory.claims and item.claim not in listed:
                claims.refuse(turn, item, str(Code.EXPIRED), str(arbitration.Reason.LATE))
                claims.give_up(turn, item)


def _speakable(state: NodeState, item: Item) -> bool:
    """With an unsure clock only the list that names this boot's nonce is believed to be of now."""
    if state.clock.state is not ClockState.UNSURE:
        return True
    held = state.memory.documents.get(item.topic)
    return (
        held is not None
        and isinstance(held.message, Alerts)
        and held.message.boot_nonce == state.memory.boot_nonce
    )


def _next_round(turn: Turn) -> float | None:
    now = _wall(turn)
    moments = [alerts.next_round_at(alert, now) for alert, _ in alerts.in_force(turn.state.memory, now)]
    retry = [turn.state.storm_until] if turn.state.storm_until is not None else []
    turn.change(storm_until=None)
    coming = [turn.state.clock.mono(at) for at in [*moments, *retry] if at is not None]
    return min(coming, default=None)


def _alert_time(turn: Turn) -> datetime:
    return _wall(turn)


def _occurrences(memory: Memory) -> frozenset[str]:
    return frozenset(
        entry.occurrence
        for held in memory.documents.values()
        if isinstance(held.message, Programme)
        for entry in held.message.entries
    )


def _wall(turn: Turn) -> datetime:
    return turn.state.clock.wall(turn.now)
