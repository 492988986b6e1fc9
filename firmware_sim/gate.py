"""The start gate of a node: a due item's stored copy is examined, the gate asked, the claim made durable."""

from dataclasses import replace
from datetime import datetime

from devices import admission, arbitration
from devices.errors import Code
from devices.items import ClaimId, Content, Item
from devices.messages import BulletinClass, ClipHash
from firmware_sim import airing, claims, storing
from firmware_sim.effects import Examine, Examined, Sync
from firmware_sim.parts import parts_of
from firmware_sim.remembering import keep_memory
from firmware_sim.state import Airing, Turn


def begin(turn: Turn, item: Item) -> None:
    """An item is due: an emergency asks the gate at once, all else has its stored copy examined first."""
    if item.clip is None or item.stream is not None or item.bulletin_class is BulletinClass.EMERGENCY:
        _gate(turn, item, _recorded(turn, item))
        return
    turn.change(examining={**turn.state.examining, item.claim: item})
    turn.do(Examine(claim=item.claim, sha256=item.clip.sha256))


def examined(turn: Turn, given: Examined) -> None:
    """What lies in flash is known: a new item goes to the gate, a part of a running one sounds."""
    item = turn.state.examining.get(given.claim)
    content = Content()
    if given.digest is not None:
        content = Content(sha256=ClipHash(given.digest), bytes=given.size, duration_ms=given.duration_ms)
    if item is not None:
        turn.change(
            examining={claim: other for claim, other in turn.state.examining.items() if claim != given.claim}
        )
        _gate(turn, item, content)
        return
    airing.part_examined(turn, ClaimId(given.claim), given.sha256, content)


def _gate(turn: Turn, item: Item, content: Content) -> None:
    state, now = turn.state, _wall(turn)
    resumed = state.resuming.get(item.claim)
    if resumed is None:
        answer = admission.start(item, state.memory, now, content, state.store_ok)
    else:
        answer = admission.restart(item, state.memory, now, content)
        turn.change(resuming={c: at for c, at in state.resuming.items() if c != item.claim})
    match answer:
        case admission.Refused(code=code, detail=detail, retry_at=retry_at):
            if retry_at is not None and item.alert is not None:
                _ask_again(turn, item, str(code), detail, retry_at)
                return
            if code is Code.CONTENT and content.sha256 is not None and item.clip is not None:
                storing.spoilt(turn, item.clip.sha256)
            claims.refuse(turn, item, str(code), detail)
            claims.give_up(turn, item)
        case admission.Cleared():
            _cleared(turn, answer, content, resumed or (0, 0))


def _cleared(turn: Turn, answer: admission.Cleared, content: Content, resumed: tuple[int, int]) -> None:
    item, (from_ms, restarts) = answer.item, resumed
    begun = Airing(
        item=item,
        volume=answer.volume,
        parts=parts_of(item),
        base_ms=from_ms,
        done_ms=from_ms,
        checked=content.sha256 is not None,
        started=restarts > 0,
        restarts=restarts,
        words_refused=not answer.words and content.sha256 is not None,
    )
    keep_memory(turn, answer.memory)
    turn.airing(begun)
    claims.keep_claim(turn, begun, from_ms)
    turn.do(Sync())
    if item.silent:
        airing.finish(turn, begun, "silent")
        return
    airing.floor_input(turn, arbitration.Begin(item=item))
    still = turn.state.airings.get(item.claim)
    if still is not None and still.checked:
        # Whatever sounds later is read and hashed again then.
        turn.airing(replace(still, checked=False))


def _ask_again(turn: Turn, item: Item, code: str, detail: str, retry_at: datetime) -> None:
    """A storm of alerts: this one is asked again later, and said to be held back once."""
    mark = f"storm:{item.claim}"
    storm_until = turn.state.storm_until
    turn.change(storm_until=retry_at if storm_until is None else min(storm_until, retry_at))
    if mark not in turn.state.told:
        turn.change(told=turn.state.told | {mark})
        claims.refuse(turn, item, code, detail)


def _recorded(turn: Turn, item: Item) -> Content:
    """What was measured when the words were stored; they are hashed again before they sound."""
    stored = turn.state.clips.get(item.clip.sha256) if item.clip is not None else None
    if item.clip is None or stored is None:
        return Content()
    return Content(sha256=item.clip.sha256, bytes=stored.size, duration_ms=stored.duration_ms)


def _wall(turn: Turn) -> datetime:
    return turn.state.clock.wall(turn.now)
