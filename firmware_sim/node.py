"""A whole node as one pure machine: what comes in, what it becomes, what it does, when to ask again."""

from dataclasses import replace
from typing import assert_never

from devices import arbitration, session
from devices.messages import ClockState
from firmware_sim import (
    airing,
    gate,
    late_words,
    planning,
    receiving,
    remembering,
    reporting,
    storing,
    streaming,
)
from firmware_sim.clock import EPOCH, aged
from firmware_sim.effects import (
    Arrived,
    ClipsChecked,
    Examined,
    Fetched,
    Forget,
    Input,
    Keep,
    LinkDown,
    LinkUp,
    PowerOn,
    Sensed,
    SoundBegan,
    SoundOver,
    StoreFull,
    Sync,
    Tick,
)
from firmware_sim.power import Identity, power_on
from firmware_sim.state import Habits, NodeState, Step, Turn

_WRITES = (Keep, Forget)


def boot(identity: Identity, habits: Habits, given: PowerOn) -> Step:
    """The power comes. Raises WeakKey or KeyUnreadable where the pinned root key is none."""
    turn = power_on(identity, habits, given)
    return _step(turn)


def step(state: NodeState, given: Input, now: float) -> Step:
    """One more fact at ``now``, the node's own seconds since this boot. Never raises."""
    turn = Turn(state=state, now=now)
    _take(turn, given)
    if not isinstance(given, Arrived):
        # What came over the link is done first; whatever else is due by now has its own wake.
        _look_around(turn)
    return _step(turn)


def _take(turn: Turn, given: Input) -> None:
    match given:
        case Arrived():
            receiving.arrived(turn, given)
        case LinkUp(protocol=protocol):
            turn.change(linked=True, protocol=protocol)
            reporting.birth(turn)
        case LinkDown():
            _link_down(turn)
        case Fetched():
            if storing.fetched(turn, given):
                late_words.came(turn)
        case Examined():
            gate.examined(turn, given)
        case ClipsChecked():
            storing.checked(turn, given)
        case StoreFull():
            storing.full(turn, given)
        case SoundBegan():
            airing.began(turn, given)
        case SoundOver():
            airing.over(turn, given)
        case Sensed():
            reporting.sensed(turn, given)
        case Tick():
            pass
        case _:
            assert_never(given)


def _look_around(turn: Turn) -> None:
    """Whatever is due by now."""
    _age(turn)
    airing.stream_due(turn)
    if turn.state.floor_wake is not None and turn.now >= turn.state.floor_wake:
        airing.floor_input(turn, arbitration.Tick())
    planning.begin_due(turn)
    receiving.chores(turn)
    airing.mark_due(turn)
    airing.silence_due(turn)
    storing.fetch_due(turn)
    storing.check_due(turn)
    reporting.send_receipts(turn)
    reporting.ask_again(turn)
    reporting.heartbeat(turn)
    remembering.keep_floor(turn)
    remembering.keep_starts(turn)


def _wake(turn: Turn) -> float:
    state = turn.state
    moments = [
        planning.due_wake(state),
        state.floor_wake,
        state.mark_at,
        state.chores_at,
        airing.silence_wake(turn),
        streaming.wake(state),
        storing.fetch_wake(state),
        reporting.receipts_wake(state),
        state.check_at,
        state.telemetry_at,
        state.floor_kept + state.habits.keep_floor_s if state.floor_kept is not None else None,
        reporting.hello_due(state) if state.linked and state.clock.state is ClockState.UNSURE else None,
    ]
    return min(moment for moment in moments if moment is not None)


def _age(turn: Turn) -> None:
    clock = aged(turn.state.clock, turn.now)
    if clock is not turn.state.clock:
        turn.change(clock=clock, memory=replace(turn.state.memory, clock=clock.state))


def _link_down(turn: Turn) -> None:
    outbox = turn.state.outbox
    gone = session.step(outbox.outgoing, session.Disconnected(), EPOCH, link_up=False).outgoing
    turn.change(linked=False, asked=None, outbox=replace(outbox, outgoing=gone, send_at=None))


def _step(turn: Turn) -> Step:
    for effect in reversed(turn.effects):
        if isinstance(effect, Sync):
            break
        if isinstance(effect, _WRITES):
            # Whatever this step wrote outlives the power before the next step begins.
            turn.do(Sync())
            break
    return Step(state=turn.state, effects=tuple(turn.effects), wake_at=_wake(turn))
