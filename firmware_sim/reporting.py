"""What a node says: birth, hello, heartbeat, and the receipts it keeps in flash until they are answered."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from devices import codec, session, topics
from devices.items import Item
from devices.messages import (
    Answer,
    ClockState,
    Hello,
    Receipt,
    ReceiptKind,
    Report,
    State,
    Telemetry,
)
from firmware_sim import flash
from firmware_sim.clock import EPOCH, answered
from firmware_sim.effects import Forget, Keep, Look, Send, Sensed
from firmware_sim.sense import sound_without_session
from firmware_sim.state import NodeState, Turn
from firmware_sim.words import text

RECENT_ANSWERS = 64
THROUGH = "through"


def receipt(turn: Turn, kind: ReceiptKind, at_own: float | None = None, **facts: Any) -> Receipt:
    """Notes one step of one delivery: next number, now, into flash, and on its way within the spread."""
    state = turn.state
    outbox = state.outbox
    noted = Receipt(
        seq=outbox.outgoing.last + 1,
        kind=kind,
        at=state.clock.wall(turn.now if at_own is None else at_own),
        clock=state.clock.state,
        **facts,
    )
    row = Report(node=state.memory.node, boot=state.boot, receipts=(noted,))
    turn.do(Keep(table=flash.RECEIPTS, key=f"{noted.seq:012d}", value=codec.encode(row)))
    written = session.step(
        outbox.outgoing, session.Written(seq=noted.seq), _instant(turn), link_up=False
    ).outgoing
    send_at = turn.now + state.habits.luck * state.habits.report_within_s
    turn.change(
        outbox=replace(
            outbox,
            receipts=(*outbox.receipts, noted),
            outgoing=replace(written, again_at=outbox.outgoing.again_at),
            send_at=send_at if outbox.send_at is None else outbox.send_at,
        )
    )
    if noted.command is not None:
        recent = dict(list(state.answers.items())[-RECENT_ANSWERS:])
        turn.change(answers={**recent, noted.command: noted})
    return noted


def about(item: Item) -> dict[str, Any]:
    """The fields of a receipt that say which delivery it is about."""
    return {
        "occurrence": item.occurrence,
        "alert": item.alert,
        "command": item.command,
        "round": item.round,
        "revision": item.revision,
        "topic": item.topic,
        "version": item.version,
        "clip": item.clip.sha256 if item.clip is not None else None,
        "duration_ms": item.duration_ms,
    }


def refused(turn: Turn, code: str, detail: str, **facts: Any) -> None:
    """Notes a refusal; beyond so many a minute they are only counted (a flood must not fill the flash)."""
    state = turn.state
    minute, count = int(turn.now // 60), state.refusals_in_minute[1]
    count = count + 1 if state.refusals_in_minute[0] == minute else 1
    turn.change(refusals=state.refusals + 1, refusals_in_minute=(minute, count))
    if count <= state.habits.refusals_a_minute:
        receipt(turn, ReceiptKind.REFUSED, code=code, reason=text(detail), **facts)


def birth(turn: Turn) -> None:
    """Online, retained, then hello with what is held; the answer to it brings the time."""
    state = turn.state
    node = state.memory.node
    online = State(node=node, boot=state.boot, online=True)
    turn.do(Send(topic=topics.state(node), message=online, qos=1, retain=True))
    hello(turn)
    connected = session.step(state.outbox.outgoing, session.Connected(), _instant(turn), link_up=False)
    waits = bool(state.outbox.receipts)
    send_at = turn.now + 0.2 + state.habits.luck * state.habits.report_within_s if waits else None
    turn.change(outbox=replace(state.outbox, outgoing=connected.outgoing, send_at=send_at))


def answer(turn: Turn, message: Answer) -> None:
    """Time we can trust, and receipts that need not be kept any longer."""
    state = turn.state
    held_s = message.held_ms / 1000
    turn.change(clock=answered(state.clock, message.now, held_s, state.asked, turn.now))
    outbox = state.outbox
    through = min(message.through, outbox.outgoing.last)
    if through > outbox.outgoing.through:
        # Numbers grow for ever: with the rows gone, this alone tells the next boot where to go on.
        turn.do(Keep(table=flash.FACTS, key=THROUGH, value=str(through).encode()))
    for old in outbox.receipts:
        if old.seq <= through:
            turn.do(Forget(table=flash.RECEIPTS, key=f"{old.seq:012d}"))
    known = session.step(outbox.outgoing, session.Covered(through=through), _instant(turn), link_up=False)
    again_at = outbox.outgoing.again_at if known.outgoing.through < known.outgoing.last else None
    turn.change(
        outbox=replace(
            outbox,
            receipts=tuple(old for old in outbox.receipts if old.seq > through),
            outgoing=replace(known.outgoing, again_at=again_at),
        )
    )


def offer_again(turn: Turn, stored: Receipt) -> None:
    """A receipt that was answered long ago leaves once more, under its own number."""
    if turn.state.linked:
        state = turn.state
        gone = state.outbox.outgoing.through
        report = Report(node=state.memory.node, boot=state.boot, receipts=(stored,), through=gone)
        turn.do(Send(topic=topics.report(state.memory.node), message=report, qos=1))


def send_receipts(turn: Turn) -> None:
    """What is due of the outbox leaves."""
    state = turn.state
    outbox = state.outbox
    due = outbox.send_at is not None and turn.now >= outbox.send_at
    again_at = outbox.outgoing.again_at
    if not state.linked or not (due or (again_at is not None and _instant(turn) >= again_at)):
        return
    step = session.step(outbox.outgoing, session.Tick(), _instant(turn), link_up=True)
    for effect in step.effects:
        batch = tuple(r for r in outbox.receipts if effect.first <= r.seq <= effect.last)
        if batch:
            gone = outbox.outgoing.through
            report = Report(node=state.memory.node, boot=state.boot, receipts=batch, through=gone)
            turn.do(Send(topic=topics.report(state.memory.node), message=report, qos=1))
            turn.change(asked=turn.now)
    more = step.outgoing.sent < step.outgoing.last
    send_at = turn.now + 0.05 if more and step.effects else None
    turn.change(outbox=replace(outbox, outgoing=step.outgoing, send_at=send_at))


def receipts_wake(state: NodeState) -> float | None:
    """When the outbox wants to be looked at."""
    if not state.linked:
        return None
    moments = [state.outbox.send_at] if state.outbox.send_at is not None else []
    if state.outbox.outgoing.again_at is not None:
        moments.append((state.outbox.outgoing.again_at - EPOCH).total_seconds())
    return min(moments, default=None)


def ask_again(turn: Turn) -> None:
    """While unsure of its clock, a node that got no usable answer says hello again."""
    state = turn.state
    if state.linked and state.clock.state is ClockState.UNSURE and turn.now >= hello_due(state):
        hello(turn)


def hello_due(state: NodeState) -> float:
    """When an unanswered hello is repeated."""
    return (state.asked or 0.0) + 10.0 + 5.0 * state.habits.luck


def heartbeat(turn: Turn) -> None:
    """Asks for a look at the horn line when the next heartbeat is due."""
    state = turn.state
    if turn.now >= state.telemetry_at:
        turn.change(telemetry_at=turn.now + state.habits.telemetry_s * (0.9 + 0.2 * state.habits.luck))
        turn.do(Look())


def sensed(turn: Turn, given: Sensed) -> None:
    """The heartbeat itself."""
    state = turn.state
    playing = state.stretch is not None and bool(state.stretch.number)
    telemetry = Telemetry(
        node=state.memory.node,
        boot=state.boot,
        seq=state.telemetry_seq + 1,
        sent_at=state.clock.wall(turn.now),
        uptime_s=int(turn.now),
        clock=state.clock.state,
        clock_offset_ms=state.clock.offset_ms,
        sounding=str(state.stretch.claim) if state.stretch is not None else None,
        sense_level=given.look.level,
        amplifier_on=playing,
        sound_without_session=sound_without_session(given.look, playing=playing),
        amplifier_fault=state.amplifier_fault,
        mains=given.look.mains,
        battery_percent=given.look.battery_percent,
        storage_free_mb=given.storage_free_mb,
        temperature_c=given.look.temperature_c,
        clips_cached=len(state.clips),
        clips_missing=len(state.wanted),
        refusals=state.refusals,
    )
    turn.change(telemetry_seq=telemetry.seq)
    if state.linked:
        turn.do(Send(topic=topics.telemetry(state.memory.node), message=telemetry, qos=0))


def accepted(turn: Turn, items: tuple[Item, ...]) -> None:
    """One receipt for each occurrence (and revision) that was not accepted before."""
    told = set(turn.state.told)
    for item in items:
        mark = f"accepted:{item.claim}:{item.revision}"
        if mark not in told:
            told.add(mark)
            receipt(turn, ReceiptKind.ACCEPTED, **about(item))
    turn.change(told=frozenset(told))


def hello(turn: Turn) -> None:
    """What this node holds, and the nonce of this boot; the answer brings the time."""
    state = turn.state
    memory = state.memory
    message = Hello(
        node=memory.node,
        boot=state.boot,
        boot_nonce=memory.boot_nonce,
        clock=state.clock.state,
        documents={topic: held.version for topic, held in memory.documents.items()},
        last_seq=state.outbox.outgoing.last,
        protocol=state.protocol,
        firmware=state.habits.firmware,
        sent_at=state.clock.wall(turn.now),
    )
    turn.do(Send(topic=topics.hello(memory.node), message=message, qos=1))
    turn.change(asked=turn.now)


def _instant(turn: Turn) -> datetime:
    """Own seconds as an instant: back-off must not jump with the wall clock."""
    return EPOCH + timedelta(seconds=turn.now)
