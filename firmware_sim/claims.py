"""What becomes of a claimed item in flash and in receipts: kept, refused, given up, closed."""

import json
from dataclasses import replace
from datetime import datetime

from devices.items import ClaimId, Item
from devices.messages import ReceiptKind
from firmware_sim import flash, reporting
from firmware_sim.effects import Keep
from firmware_sim.state import Airing, Broken, Turn


def refuse(turn: Turn, item: Item, code: str, detail: str) -> None:
    """The start gate said no to this item: nothing of it is heard, and it says so."""
    turn.change(refusals=turn.state.refusals + 1)
    reporting.receipt(turn, ReceiptKind.REFUSED, code=code, reason=detail or None, **reporting.about(item))


def partial(turn: Turn, broken: Broken) -> None:
    """The power went in the middle and it is not worth going on: what was heard of it is reported."""
    facts = {**broken.about, "played_ms": broken.at_ms, "restarts": broken.restarts}
    reporting.receipt(turn, ReceiptKind.FINISHED, reason="power_cut", **facts)
    settled(turn, broken)


def settled(turn: Turn, broken: Broken) -> None:
    """Its last receipt lies in flash, so there is nothing to resume."""
    record = {"until": broken.until, "done": True}
    turn.do(Keep(table=flash.CLAIMS, key=broken.claim, value=json.dumps(record).encode()))


def close(turn: Turn, airing: Airing, reason: str | None) -> None:
    """The item is over: how much of it went out, and whether it was heard."""
    item = airing.item
    forget(turn, item.claim)
    if item.alert is not None and item.clip is None and reason is None:
        turn.change(wordless=turn.state.wordless | {item.claim})
    siren_ms = _siren_before_ms(item)
    facts = {
        **reporting.about(item),
        "duration_ms": siren_ms + airing.duration_ms,
        "played_ms": siren_ms + min(airing.done_ms, airing.duration_ms),
        "heard": airing.heard,
        "cuts": airing.cuts,
        "restarts": airing.restarts,
    }
    reporting.receipt(turn, ReceiptKind.FINISHED, reason=reason, **facts)
    if airing.started:
        reporting.receipt(turn, ReceiptKind.HEARD, **facts)
    # the receipt first: a claim that is done without one would leave the controller waiting for ever
    keep_done(turn, item)


def give_up(turn: Turn, item: Item) -> None:
    """A refused item is not tried again: its claim is closed without a sound."""
    claims = {**turn.state.memory.claims, item.claim: item.expires_at}
    turn.change(memory=replace(turn.state.memory, claims=claims))
    keep_done(turn, item)


def forget(turn: Turn, claim: ClaimId) -> None:
    """It is no longer on its way, nor is what came in for it."""
    known = turn.state.airings.get(claim)
    if known is not None and known.item.grant in turn.state.receivers:
        rest = {name: one for name, one in turn.state.receivers.items() if name != known.item.grant}
        turn.change(receivers=rest)
    turn.change(airings={other: airing for other, airing in turn.state.airings.items() if other != claim})


def keep_claim(turn: Turn, airing: Airing, at_ms: int) -> None:
    """The claim and the position reached, for the boot after a power cut."""
    item = airing.item
    record = {
        "until": _until(turn, item).isoformat(),
        "at_ms": at_ms,
        "restarts": airing.restarts,
        "about": reporting.about(item),
        "done": False,
    }
    turn.do(Keep(table=flash.CLAIMS, key=item.claim, value=json.dumps(record).encode()))


def keep_done(turn: Turn, item: Item) -> None:
    """The claim stays, so that it never sounds again; there is nothing to resume."""
    record = {"until": _until(turn, item).isoformat(), "done": True}
    turn.do(Keep(table=flash.CLAIMS, key=item.claim, value=json.dumps(record).encode()))


def _siren_before_ms(item: Item) -> int:
    """Words that follow a round already ended complete it: its siren counts as played."""
    if item.alert is None or item.tone is not None or item.clip is None:
        return 0
    return item.duration_ms - item.clip.duration_ms


def _until(turn: Turn, item: Item) -> datetime:
    return turn.state.memory.claims.get(item.claim, item.expires_at)
