"""The two gates of a node: what it receives, and what it lets sound (DESIGN 4, PROMISES 3.4).

The checks stand in ``devices.checks``, ``devices.delegation`` and ``devices.cues``, in tables in order; the
first that fails answers. There is no switch that disables one.
"""

from dataclasses import dataclass
from datetime import datetime

from devices import acceptance, checks, codec, cues, signing
from devices.errors import Code, FormatError, SizeError, UnsignedError
from devices.incoming import Fault, Incoming, Why
from devices.items import ClaimId, Content, Item
from devices.memory import Memory, with_claim
from devices.messages import (
    TYP,
    Alerts,
    Answer,
    Beacon,
    Command,
    Desired,
    Downward,
    KeyId,
    KeyList,
    Message,
    Programme,
)
from devices.topics import Topic, TopicKind, parse

DOCUMENT_LIMIT = 65_536
COMMAND_LIMIT = 8_192

_BELONGS: dict[TopicKind, tuple[type[Downward], ...]] = {
    TopicKind.KEYS: (KeyList,),
    TopicKind.TIME: (Beacon,),
    TopicKind.PROGRAMME: (Programme,),
    TopicKind.ALERTS: (Alerts,),
    TopicKind.COMMAND: (Command,),
    TopicKind.DESIRED: (Desired,),
    TopicKind.NODE_COMMAND: (Command, Alerts),
    TopicKind.ANSWER: (Answer,),
}
_KINDS = {place: {TYP[kind]: kind for kind in kinds} for place, kinds in _BELONGS.items()}
_DOCUMENTS = (KeyList, Programme, Alerts, Desired)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """It counts; ``memory`` already holds it and must be durable before anything follows from it."""

    message: Downward
    memory: Memory
    kid: KeyId
    topic: Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nothing changes and nothing is reported, but it is counted.

    A repeated command is given as ``message``.
    """

    why: Why
    message: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The node says no. ``alarm``: somebody should look. ``retry_at``: ask the start gate again then.

    ``message`` is set once the payload could be read; what it says is not believed.
    """

    code: Code
    detail: str
    message: Message | None = None
    alarm: bool = False
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """It may sound: play ``item`` as given here (clamped, ``hush_at`` set) once ``memory`` is durable.

    ``words`` is False where an emergency starts with its tone alone; ``storm`` where only the newest alert
    sounds.
    """

    claim: ClaimId
    item: Item
    volume: int
    memory: Memory
    words: bool = True
    storm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """It was claimed before: never a second start, the stored receipt stands."""

    claim: ClaimId


def receive(
    raw: bytes, topic: str, retained: bool, memory: Memory, now: datetime
) -> Accepted | Ignored | Refused:
    """The first gate, for every payload from the broker but clips and live chunks."""
    place = parse(topic)
    if place is None or place.kind not in _KINDS:
        return Ignored(why=Why.NOT_OURS)
    if not raw:
        return Ignored(why=Why.EMPTY)
    given = _open(raw, place, retained, memory, now)
    if not isinstance(given, Incoming):
        return given
    for check in checks.table(given.message):
        answer = check(given)
        if isinstance(answer, Why):
            return Ignored(why=answer, message=given.message)
        if answer is not None:
            return _refused(answer, given.message)
    return Accepted(message=given.message, memory=acceptance.taken(given), kid=given.kid, topic=place)


def recall(raw: bytes, topic: str, memory: Memory) -> Memory | Refused:
    """A document that this node once admitted, from its own flash after a boot: keys first, then ``desired``.

    ``topic`` is ``incoming.document_topic`` of the message, which for an alert signed for this node alone is
    not the topic that it came on. The signature is verified again; its time is not, for it was judged when it
    came.
    """
    place = parse(topic)
    if place is None or place.kind not in _KINDS:
        return Refused(code=Code.FORMAT, detail="no topic of ours")
    given = _open(raw, place, False, memory, memory.floor_at)
    if isinstance(given, Refused):
        return given
    if isinstance(given, Ignored) or not isinstance(given.message, _DOCUMENTS):
        return Refused(code=Code.FORMAT, detail="no document")
    for check in checks.recall_table(given.message):
        answer = check(given)
        if isinstance(answer, Fault):
            return _refused(answer, given.message)
    return acceptance.hold(given, memory)


def start(
    item: Item, memory: Memory, now: datetime, content: Content, store_ok: bool
) -> Cleared | Repeated | Refused:
    """The second gate, for each item at the moment it would sound: 3, claim, its expiry, 13–16."""
    cue = cues.Cue(item=item, memory=memory, at=memory.instant(now), content=content, store_ok=store_ok)
    if memory.locked:
        return Refused(code=Code.LOCKED, detail="locked")
    if item.claim in memory.claims:
        return Repeated(claim=item.claim)
    return _cued(cue, cues.START)


def restart(item: Item, memory: Memory, now: datetime, content: Content) -> Cleared | Refused:
    """The second gate again for an item that was claimed and cut off by a power failure.

    The same checks but claim, lateness, rate and store; whether it is worth it says
    ``arbitration.after_reboot``.
    """
    cue = cues.Cue(item=item, memory=memory, at=memory.instant(now), content=content, store_ok=True)
    if memory.locked:
        return Refused(code=Code.LOCKED, detail="locked")
    return _cued(cue, cues.RESTART)


def renewed(item: Item, memory: Memory, now: datetime) -> Item:
    """A stream that sounds already, under its newest term: its volume, and when it is silent in any case."""
    at = memory.instant(now)
    return cues.ready(cues.Cue(item=item, memory=memory, at=at, content=Content(), store_ok=True))


def _cued(cue: cues.Cue, table: tuple[cues.CueCheck, ...]) -> Cleared | Refused:
    for check in table:
        fault = check(cue)
        if fault is not None:
            return Refused(code=fault.code, detail=fault.detail, alarm=fault.alarm, retry_at=fault.retry_at)
    item = cues.ready(cue)
    memory = with_claim(cues.remembered(cue), item.claim, item.expires_at + acceptance.KEEP_AFTER)
    return Cleared(
        claim=item.claim,
        item=item,
        volume=item.volume,
        memory=memory,
        words=cues.has_words(cue),
        storm=cues.in_storm(cue),
    )


def _refused(fault: Fault, message: Message | None) -> Refused:
    return Refused(
        code=fault.code, detail=fault.detail, message=message, alarm=fault.alarm, retry_at=fault.retry_at
    )


def _open(
    raw: bytes, place: Topic, retained: bool, memory: Memory, now: datetime
) -> Incoming | Ignored | Refused:
    """Checks 1 and 2, for header and payload, and that the kind belongs on this topic."""
    orders = place.kind in (TopicKind.COMMAND, TopicKind.NODE_COMMAND)
    try:
        envelope = signing.open_envelope(raw, limit=_limit(place.kind))
        kind = _KINDS[place.kind].get(envelope.typ)
        if kind is None:
            return Refused(code=Code.SIGNATURE, detail="the signature is for another kind")
        if kind is Command and len(raw) > COMMAND_LIMIT:
            raise SizeError(len(raw), COMMAND_LIMIT)
        message: Downward = codec.decode(envelope.payload, kind)
    except SizeError as error:
        return Refused(code=Code.SIZE, detail=str(error))
    except UnsignedError:
        if orders:
            return Refused(code=Code.SIGNATURE, detail="unsigned")
        return Ignored(why=Why.UNSIGNED)
    except FormatError as error:
        return Refused(code=Code.FORMAT, detail=error.detail)
    return Incoming(
        envelope=envelope,
        message=message,
        place=place,
        retained=retained,
        memory=memory,
        at=memory.instant(now),
    )


def _limit(kind: TopicKind) -> int:
    # An alert signed for one node comes on that node's command topic and may be as long as on its own.
    return COMMAND_LIMIT if kind in (TopicKind.COMMAND, TopicKind.TIME, TopicKind.ANSWER) else DOCUMENT_LIMIT
