"""The life of one delivery (one occurrence or alert round on one node), decided purely."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from controller.store.deliveries import Delivery, Ruling, Source, Verdict
from devices.messages import AlertState, Heard, Receipt, ReceiptKind

LATE = timedelta(seconds=60)
WHOLE = 0.98
PATIENCE = timedelta(seconds=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The node's receipt for it."""

    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """The auditor looks; ``silent`` when the node had no link then."""

    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """It left the plan (withdrawn, edited away, alert cancelled) before anything of it was heard."""

    reason: str


Input = Told | Waited | Dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The delivery afterwards, the ruling that is new (if any), and when the auditor should look again."""

    delivery: Delivery
    ruling: Ruling | None = None
    wake_at: datetime | None = None


def step(delivery: Delivery, happened: Input, now: datetime) -> Step:
    """What the delivery is after that. Receipts outrank the auditor, whenever they come."""
    match happened:
        case Told(receipt=receipt):
            return _told(delivery, receipt, now)
        case Waited(silent=silent):
            return _waited(delivery, silent, now)
        case Dropped(reason=reason):
            if delivery.ruling is not None or delivery.started_at is not None:
                return Step(delivery=delivery, wake_at=_wake(delivery))
            return _ruled(
                delivery, Ruling(verdict=Verdict.CANCELLED, at=now, source=Source.PLAN, reason=reason)
            )
        case _:
            assert_never(happened)


def closes_at(delivery: Delivery) -> datetime:
    """When the auditor stops waiting for a receipt."""
    return delivery.ends_at + PATIENCE


def judge(receipt: Receipt, delivery: Delivery) -> tuple[Verdict, str | None]:
    """The verdict of a finished receipt, and its reason."""
    due_ms = delivery.duration_ms or receipt.duration_ms
    if receipt.reason in STOPPED:
        return Verdict.CANCELLED, receipt.reason
    if receipt.played_ms <= 0 and receipt.reason == "expired":
        return Verdict.EXPIRED, receipt.reason
    if receipt.played_ms <= 0 and due_ms > 0:
        return Verdict.MISSED, receipt.reason or "silent"
    if receipt.played_ms < due_ms * WHOLE:
        return Verdict.PARTIAL, receipt.reason
    # the start told how late it was; the end may come from a resumed stretch, which does not know
    if max(receipt.late_ms, delivery.late_ms) > LATE // timedelta(milliseconds=1):
        return Verdict.AIRED_LATE, receipt.reason
    return Verdict.AIRED, receipt.reason


STOPPED = frozenset({"stopped", "superseded"})
"""The reasons (of ``devices.arbitration``) with which a node says that people ended it."""

_UNPLAYABLE = {"E_EXPIRED": Verdict.EXPIRED}


def _told(delivery: Delivery, receipt: Receipt, now: datetime) -> Step:
    match receipt.kind:
        case ReceiptKind.ACCEPTED:
            if receipt.reason == AlertState.CANCELLED and delivery.started_at is None:
                return _too_late(delivery, now)
            return _kept(replace(delivery, accepted_at=delivery.accepted_at or receipt.at))
        case ReceiptKind.CACHED:
            return _kept(replace(delivery, cached_at=delivery.cached_at or receipt.at))
        case ReceiptKind.STARTED:
            if delivery.started_at is not None:
                # it goes on, or its words follow: how late it was is what its first start said
                return _kept(delivery)
            return _kept(replace(delivery, started_at=receipt.at, late_ms=receipt.late_ms))
        case ReceiptKind.HEARD:
            if receipt.heard is Heard.UNKNOWN:
                return _kept(delivery)
            return _kept(replace(delivery, heard=receipt.heard, heard_at=delivery.heard_at or receipt.at))
        case ReceiptKind.FINISHED:
            return _finished(delivery, receipt, now)
        case ReceiptKind.REFUSED:
            return _refused(delivery, receipt, now)
        case _:
            assert_never(receipt.kind)


def _too_late(delivery: Delivery, now: datetime) -> Step:
    """The node learned of the alert when it was over already."""
    if delivery.ruling is not None:
        return Step(delivery=delivery)
    return _ruled(
        delivery,
        Ruling(verdict=Verdict.MISSED, at=now, source=Source.RECEIPT, reason="arrived_after_end"),
    )


def _finished(delivery: Delivery, receipt: Receipt, now: datetime) -> Step:
    verdict, reason = judge(receipt, delivery)
    heard = receipt.heard if receipt.heard is not Heard.UNKNOWN else delivery.heard
    done = replace(
        delivery,
        started_at=delivery.started_at or receipt.at - timedelta(milliseconds=receipt.played_ms),
        finished_at=receipt.at,
        late_ms=receipt.late_ms or delivery.late_ms,
        played_ms=max(receipt.played_ms, delivery.played_ms),
        heard=heard,
        heard_at=delivery.heard_at or (None if heard is Heard.UNKNOWN else receipt.at),
    )
    return _ruled(
        done, Ruling(verdict=verdict, at=now, source=Source.RECEIPT, code=receipt.code, reason=reason)
    )


def _refused(delivery: Delivery, receipt: Receipt, now: datetime) -> Step:
    if delivery.finished_at is not None:
        # a second copy of what it has aired already is refused rightly, and changes nothing
        return _kept(delivery)
    if receipt.reason in STOPPED or receipt.code == "E_STOPPED":
        verdict = Verdict.CANCELLED
    else:
        verdict = _UNPLAYABLE.get(receipt.code or "", Verdict.REFUSED)
    return _ruled(
        delivery,
        Ruling(verdict=verdict, at=now, source=Source.RECEIPT, code=receipt.code, reason=receipt.reason),
    )


def _waited(delivery: Delivery, silent: bool, now: datetime) -> Step:
    if delivery.ruling is not None:
        return Step(delivery=delivery)
    if now < closes_at(delivery):
        return Step(delivery=delivery, wake_at=closes_at(delivery))
    if delivery.started_at is not None:
        ruling = Ruling(verdict=Verdict.PARTIAL, at=now, source=Source.AUDITOR, reason="no_end_reported")
    else:
        reason = "offline" if silent else "no_receipt"
        if delivery.planned_at >= delivery.ends_at:
            reason = "planned_late"
        ruling = Ruling(verdict=Verdict.MISSED, at=now, source=Source.AUDITOR, reason=reason)
    return _ruled(delivery, ruling)


def _kept(delivery: Delivery) -> Step:
    return Step(delivery=delivery, wake_at=_wake(delivery))


def _wake(delivery: Delivery) -> datetime | None:
    return None if delivery.ruling is not None else closes_at(delivery)


def _ruled(delivery: Delivery, ruling: Ruling) -> Step:
    before = delivery.ruling
    if before is not None and (before.verdict, before.code, before.reason, before.source) == (
        ruling.verdict,
        ruling.code,
        ruling.reason,
        ruling.source,
    ):
        return Step(delivery=delivery)
    return Step(delivery=replace(delivery, ruling=ruling), ruling=ruling)
