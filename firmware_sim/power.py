"""The power comes: a node out of what its flash held, before it has heard a word from anybody."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from devices import admission, codec, topics
from devices.errors import DeviceError
from devices.items import ClaimId
from devices.memory import Memory, new_memory
from devices.messages import ClockState, NodeId, Receipt, ReceiptKind, Report, TenantId
from devices.session import Outgoing
from firmware_sim import claims, flash, planning, storing
from firmware_sim.clock import booted
from firmware_sim.effects import Forget, PowerOn, Subscribe
from firmware_sim.receiving import listen
from firmware_sim.remembering import floor_of, remember
from firmware_sim.reporting import THROUGH
from firmware_sim.state import Broken, Habits, NodeState, Outbox, Stored, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What enrolment left: who the node is and whom it believes (the root's public key, base64url)."""

    tenant: TenantId
    node: NodeId
    root_public: str


def power_on(identity: Identity, habits: Habits, given: PowerOn) -> Turn:
    """The first turn of a boot, at its own second 0. Raises WeakKey or KeyUnreadable for a bad root key."""
    memory = new_memory(
        tenant=identity.tenant,
        node=identity.node,
        root_public=identity.root_public,
        boot_nonce=given.boot_nonce,
    )
    memory = remember(memory, given.facts, given.claims)
    clock = booted(given.rtc_at, floor_of(given.facts), 0.0)
    memory, dropped = _recalled(replace(memory, clock=clock.state), given.documents)
    state = NodeState(
        habits=habits,
        memory=memory,
        clock=clock,
        boot=given.boot,
        clips={sha: Stored(size=size, duration_ms=ms) for sha, (size, ms) in given.clips.items()},
        outbox=_outbox(given.receipts, int(given.facts.get(THROUGH, b"0"))),
        broken=_broken(given.claims),
        telemetry_at=habits.telemetry_s * habits.luck,
        check_at=habits.check_clips_s * (0.5 + habits.luck / 2),
    )
    turn = Turn(state=state, now=0.0)
    for broken in state.broken:
        if _reported(broken, state.outbox):
            claims.settled(turn, broken)
    turn.change(broken=tuple(one for one in state.broken if not _reported(one, state.outbox)))
    for topic in dropped:
        turn.do(Forget(table=flash.DOCUMENTS, key=topic))
    turn.do(Subscribe(filters=topics.subscriptions_before(memory.node)))
    turn.change(told=_told(turn))
    listen(turn)
    if clock.state is not ClockState.UNSURE:
        planning.resume_claims(turn)
        planning.alerts_changed(turn)
        planning.replan(turn)
    else:
        storing.needs(turn)
    return turn


def _recalled(memory: Memory, documents: Mapping[str, bytes]) -> tuple[Memory, list[str]]:
    """Keys first, then the own place, then what depends on both; what is no longer believed is dropped."""
    dropped: list[str] = []
    first = (topics.keys(), topics.desired(memory.node))
    for topic in (*first, *(one for one in documents if one not in first)):
        if topic in documents:
            answer = admission.recall(documents[topic], topic, memory)
            if isinstance(answer, admission.Refused):
                dropped.append(topic)
            else:
                memory = answer
    return memory, dropped


def _told(turn: Turn) -> frozenset[str]:
    """What was accepted or cached before this boot was reported then."""
    told: set[str] = set()
    for item in planning.items_held(turn.state.memory):
        told.add(f"accepted:{item.claim}:{item.revision}")
        if storing.lies_here(turn.state, item):
            told.add(f"cached:{item.claim}:{item.revision}")
    for alert in planning.alerts_held(turn.state.memory):
        told.add(f"accepted:{alert.id}:{alert.state}")
        if alert.words in turn.state.clips:
            told.add(f"cached:{alert.id}:{alert.words}")
    return frozenset(told)


def _outbox(rows: Mapping[str, bytes], through: int) -> Outbox:
    receipts: list[Receipt] = []
    last = through
    for key in sorted(rows):
        last = max(last, int(key))
        try:
            receipts += codec.decode(rows[key], Report).receipts
        except DeviceError:
            continue
    waiting = tuple(receipt for receipt in receipts if receipt.seq > through)
    return Outbox(receipts=waiting, outgoing=Outgoing(through=through, last=last, sent=through))


def _broken(claims: Mapping[str, bytes]) -> tuple[Broken, ...]:
    found: list[Broken] = []
    for claim, raw in claims.items():
        record = json.loads(raw)
        if not record["done"]:
            found.append(
                Broken(
                    claim=ClaimId(claim),
                    at_ms=record["at_ms"],
                    restarts=record["restarts"],
                    until=record["until"],
                    about=record["about"],
                )
            )
    return tuple(found)


def _reported(broken: Broken, outbox: Outbox) -> bool:
    """The power went between the last receipt and the note that the claim is done: it was said to its end."""
    about = broken.about
    return any(
        receipt.kind is ReceiptKind.FINISHED
        and (receipt.occurrence, receipt.alert, receipt.round, receipt.command)
        == (about["occurrence"], about["alert"], about["round"], about["command"])
        for receipt in outbox.receipts
    )
