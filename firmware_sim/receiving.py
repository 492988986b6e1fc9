"""What comes from the broker: through the first gate, into flash, and what follows from it."""

from dataclasses import replace
from datetime import datetime, timedelta

from devices import admission, cues, stream_gate, topics
from devices.alerts import TONE_MS
from devices.arbitration import Renew, Stop
from devices.errors import Code
from devices.incoming import Why, document_topic
from devices.items import ClaimId, Item
from devices.memory import Memory
from devices.messages import (
    Alerts,
    Answer,
    ClockState,
    Command,
    CommandKind,
    Desired,
    Downward,
    KeyId,
    KeyList,
    Programme,
    ReceiptKind,
)
from firmware_sim import airing, flash, gate, late_words, listening, planning, reporting, storing
from firmware_sim.effects import Arrived, Fetched, Forget, Keep, Subscribe, Sync, Unsubscribe
from firmware_sim.remembering import keep_memory
from firmware_sim.state import Turn

STEP_S = 2.0


def arrived(turn: Turn, given: Arrived) -> None:
    """One message: refused, passed over, or taken in."""
    if "/clip/" in given.topic:
        _clip(turn, given)
        return
    if "/live/" in given.topic:
        back = listening.arrived(turn, given)
        if back is not None:
            listening.found(turn, back)
            gate.begin(turn, back)
        return
    state = turn.state
    answer = admission.receive(
        given.payload, given.topic, given.retained, state.memory, state.clock.wall(turn.now)
    )
    match answer:
        case admission.Ignored(why=why, message=message):
            turn.change(ignored=state.ignored + 1)
            if why is Why.REPEATED and isinstance(message, Command):
                _answer_again(turn, message)
        case admission.Refused():
            _refused(turn, given, answer)
        case admission.Accepted(message=message, memory=memory, kid=kid):
            before = state.memory
            keep_memory(turn, memory)
            _keep_documents(turn, before, message, given.payload)
            _follow(turn, message, kid, before)


def listen(turn: Turn) -> None:
    """Listens to the node's own ground once it knows where it stands and what time it is."""
    state = turn.state
    desired = state.memory.desired
    if desired is None or state.clock.state is ClockState.UNSURE:
        return
    wanted = topics.subscriptions_after(desired)
    left = tuple(one for one, _ in state.filters if one not in {name for name, _ in wanted})
    if left:
        turn.do(Unsubscribe(filters=left))
    new = tuple(pair for pair in wanted if pair not in state.filters)
    if new:
        turn.do(Subscribe(filters=new))
    turn.change(filters=wanted)


def _follow(turn: Turn, message: Downward, kid: KeyId, before: Memory) -> None:
    match message:
        case KeyList():
            _hear_again(turn)
            if turn.state.linked and turn.state.clock.state is ClockState.UNSURE:
                reporting.hello(turn)
        case Desired():
            listen(turn)
            planning.withdrawn(turn, before)
            planning.alerts_changed(turn)
            planning.replan(turn)
        case Programme():
            planning.withdrawn(turn, before)
            planning.replan(turn)
        case Alerts():
            _alerts(turn, message)
        case Answer():
            _answer(turn, message)
        case Command():
            _command(turn, message, kid)
        case _:
            pass


def _alerts(turn: Turn, message: Alerts) -> None:
    if turn.state.clock.state is ClockState.UNSURE:
        # The nonce proves that it was signed in this boot: for alerts that is time enough.
        clock = replace(turn.state.clock, base_at=message.issued_at, base_mono=turn.now)
        turn.change(clock=clock)
    planning.alerts_changed(turn)
    # The siren first: receipts and the fetch of the words wait for a moment of this node's own.
    chores_at = turn.now + turn.state.habits.chores_wait_s
    turn.change(chores_at=chores_at if turn.state.chores_at is None else turn.state.chores_at)


def chores(turn: Turn) -> None:
    """What follows from a list of alerts beside the sound."""
    if turn.state.chores_at is None or turn.now < turn.state.chores_at:
        return
    turn.change(chores_at=None)
    storing.needs(turn, turn.state.habits.push_wait_s)
    for topic, held in turn.state.memory.documents.items():
        if isinstance(held.message, Alerts):
            _tell_accepted(turn, topic, held.message)
    storing.tell_cached(turn)


def _tell_accepted(turn: Turn, topic: str, message: Alerts) -> None:
    for alert in message.alerts:
        mark = f"accepted:{alert.id}:{alert.state}"
        if mark not in turn.state.told:
            turn.change(told=turn.state.told | {mark})
            reporting.receipt(
                turn,
                ReceiptKind.ACCEPTED,
                alert=alert.id,
                topic=topic,
                version=message.version,
                reason=str(alert.state),
            )


def _answer(turn: Turn, message: Answer) -> None:
    before, wall = turn.state.clock, turn.state.clock.wall(turn.now)
    reporting.answer(turn, message)
    after = turn.state.clock
    turn.change(memory=replace(turn.state.memory, clock=after.state))
    if before.state is not ClockState.UNSURE or after.state is ClockState.UNSURE:
        if abs((after.wall(turn.now) - wall).total_seconds()) > STEP_S:
            planning.replan(turn)
        return
    listen(turn)
    _hear_again(turn)
    planning.resume_claims(turn)
    planning.alerts_changed(turn)
    planning.replan(turn)


def _command(turn: Turn, message: Command, kid: KeyId) -> None:
    reporting.receipt(turn, ReceiptKind.ACCEPTED, command=message.id)
    match message.kind:
        case CommandKind.STOP:
            airing.floor_input(turn, Stop(references=message.references, mode=message.mode))
            listening.give_up(turn, message.references or turn.state.lost)
            reporting.receipt(turn, ReceiptKind.FINISHED, command=message.id)
        case CommandKind.TEST:
            gate.begin(turn, _test_item(turn, message, kid))
        case CommandKind.LIVE:
            _stream(turn, message)


def _stream(turn: Turn, message: Command) -> None:
    """A grant is opened, or goes on with a later end."""
    held = turn.state.memory.grants[message.grant or ""]
    item = stream_gate.live_item(held)
    known = turn.state.airings.get(item.claim)
    if known is None:
        gate.begin(turn, item)
        return
    now = turn.state.clock.wall(turn.now)
    renewed = replace(admission.renewed(item, turn.state.memory, now), volume=known.item.volume)
    turn.airing(replace(known, item=renewed))
    by = renewed.expires_at - known.item.expires_at
    keep_memory(turn, cues.lengthened(turn.state.memory, renewed, by))
    airing.floor_input(turn, Renew(item=renewed))


def _test_item(turn: Turn, message: Command, kid: KeyId) -> Item:
    now = turn.state.clock.wall(turn.now)
    silent = message.pattern == "silent"
    tone = None if silent or message.pattern is None else message.pattern
    return Item(
        claim=ClaimId(f"test:{message.id}"),
        bulletin_class=message.bulletin_class,
        mode=message.mode,
        kid=kid,
        issued_at=message.issued_at,
        due_at=_not_after(message.issued_at, now),
        latest_at=message.expires_at,
        expires_at=message.expires_at + timedelta(seconds=30),
        duration_ms=TONE_MS[tone] if tone is not None else 0,
        volume=60,
        tone=tone,
        by_command=True,
        silent=silent,
        command=message.id,
    )


def _not_after(instant: datetime, now: datetime) -> datetime:
    return min(instant, now)


def _clip(turn: Turn, given: Arrived) -> None:
    if turn.state.chores_at is not None:
        # The words overtook the chores that would have wanted them.
        storing.needs(turn, turn.state.habits.push_wait_s)
    place = topics.parse(given.topic)
    if place is None or place.sha256 is None or place.sha256 not in turn.state.wanted:
        turn.change(ignored=turn.state.ignored + 1)
        return
    if storing.fetched(turn, Fetched(sha256=place.sha256, data=given.payload)):
        late_words.came(turn)


def _refused(turn: Turn, given: Arrived, answer: admission.Refused) -> None:
    state, code = turn.state, answer.code
    if code is Code.KEY and not state.memory.keys:
        # A node without keys can judge nobody; keys are on their way. What came live lies retained by now.
        turn.change(again=state.again | {given.topic})
        return
    if isinstance(answer.message, Answer) or given.topic == topics.answer(state.memory.node):
        # Said once a boot: a report brings an answer, and a refused answer must not bring a report.
        mark = f"answer:{code}"
        if mark in state.told:
            turn.change(refusals=state.refusals + 1)
            return
        turn.change(told=state.told | {mark})
        state = turn.state
    if given.retained and code in (Code.KEY, Code.CLOCK, Code.TARGET):
        # State that lies at the broker may only be too early for this node: it is heard again later.
        turn.change(again=state.again | {given.topic})
        incomplete = not state.memory.keys or state.clock.state is ClockState.UNSURE
        if incomplete or state.memory.desired is None:
            return
    message = answer.message
    version = message.version if isinstance(message, KeyList | Programme | Alerts | Desired) else 0
    command = message.id if isinstance(message, Command) else None
    reporting.refused(
        turn, str(code), answer.detail, topic=given.topic[:300], version=version, command=command
    )


def _hear_again(turn: Turn) -> None:
    """Subscribing once more makes the broker send what it retains once more."""
    state = turn.state
    if state.again and state.linked:
        turn.change(again=frozenset())
        before = topics.subscriptions_before(state.memory.node)
        turn.do(Subscribe(filters=(*before[2:], *state.filters)))


def _answer_again(turn: Turn, message: Command) -> None:
    """Check 10: the stored receipt once more, under its old number."""
    stored = turn.state.answers.get(message.id)
    if stored is not None:
        reporting.offer_again(turn, stored)


def _keep_documents(turn: Turn, before: Memory, message: Downward, raw: bytes) -> None:
    """The document as it came, for the next boot; those that the memory let go leave flash too."""
    topic = document_topic(message)
    if topic is None:
        return
    turn.do(Keep(table=flash.DOCUMENTS, key=topic, value=raw))
    for gone in before.documents.keys() - turn.state.memory.documents.keys():
        turn.do(Forget(table=flash.DOCUMENTS, key=gone))
    turn.do(Sync())
