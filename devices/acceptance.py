"""What an accepted message changes in a node's memory."""

from dataclasses import replace
from datetime import datetime, timedelta

from devices.incoming import Incoming, digest, document_topic
from devices.items import command_claim
from devices.memory import (
    WINDOW_WIDTH,
    Held,
    HeldGrant,
    Memory,
    RememberedStop,
    Window,
    changed,
    loaded_keys,
    with_claim,
)
from devices.messages import (
    Alerts,
    Answer,
    Beacon,
    ClockState,
    Command,
    CommandKind,
    Desired,
    KeyList,
    Programme,
)

KEEP_AFTER = timedelta(days=2)


def taken(given: Incoming) -> Memory:
    """The memory after everything was found right."""
    memory, message = given.memory, given.message
    if isinstance(message, KeyList):
        return hold(given, memory)
    if memory.epochs.get(given.kid) != message.epoch:
        memory = replace(memory, epochs={**memory.epochs, given.kid: message.epoch})
    match message:
        case Beacon(now=instant):
            return replace(memory, floor_at=max(memory.floor_at, instant))
        case Answer(now=instant):
            return replace(memory, floor_at=max(memory.floor_at, instant), clock=ClockState.TRUSTED)
        case Command():
            return _commanded(given, message, _raised(memory, message))
        case Alerts():
            return hold(given, _raised(memory, message))
        case Programme() | Desired():
            return hold(given, memory)


def _raised(memory: Memory, message: Alerts | Command) -> Memory:
    """What carries this boot's nonce was signed in this boot, so it is later than it says."""
    if message.boot_nonce is None:
        return memory
    return replace(memory, floor_at=max(memory.floor_at, message.issued_at))


def _commanded(given: Incoming, message: Command, memory: Memory) -> Memory:
    claimed = with_claim(memory, command_claim(message.id), message.expires_at + KEEP_AFTER)
    if message.kind is CommandKind.STOP:
        alive = tuple(stop for stop in memory.stops if given.at < stop.expires_at)
        stop = RememberedStop(
            command=message.id,
            references=message.references,
            mode=message.mode,
            expires_at=message.expires_at,
        )
        return replace(claimed, stops=(*alive, stop))
    window = seen(memory.windows.get(given.kid, Window()), message.seq)
    taken = replace(claimed, windows={**memory.windows, given.kid: window})
    return _opened(given, message, taken) if message.kind is CommandKind.LIVE else taken


def _opened(given: Incoming, message: Command, memory: Memory) -> Memory:
    """The grant stands until this command's end; those that are over make room."""
    if message.grant is None:
        return memory
    alive = {name: held for name, held in memory.grants.items() if given.at < held.command.expires_at}
    known = alive.get(message.grant)
    opened_at = min(message.issued_at, given.at) if known is None else known.opened_at
    held = HeldGrant(kid=given.kid, opened_at=opened_at, command=message)
    return replace(memory, grants={**alive, message.grant: held})


def seen(window: Window, seq: int) -> Window:
    """The window once this number was taken."""
    if seq <= window.top:
        return replace(window, seen=window.seen | 1 << (window.top - seq))
    moved = window.seen << min(seq - window.top, WINDOW_WIDTH)
    return Window(top=seq, seen=(moved | 1) & ((1 << WINDOW_WIDTH) - 1))


def hold(given: Incoming, memory: Memory) -> Memory:
    """The memory with this document in force."""
    message, topic = given.message, document_topic(given.message)
    if topic is None or not isinstance(message, KeyList | Programme | Alerts | Desired):
        return memory
    held = Held(
        version=message.version, digest=digest(given.envelope.payload), kid=given.kid, message=message
    )
    memory = changed(memory, documents={**memory.documents, topic: held})
    match message:
        case KeyList():
            return _with_keys(memory, message)
        case Desired():
            return _with_place(memory, message)
    return _without_past(memory, given.at)


def _with_keys(memory: Memory, message: KeyList) -> Memory:
    """What a revoked key once signed is no longer in force: it may be the thief's."""
    keys = loaded_keys(message)
    revoked = {kid for kid, loaded in keys.items() if loaded.delegation.revoked}
    kept = {topic: held for topic, held in memory.documents.items() if held.kid not in revoked}
    return replace(memory, keys=keys, documents=kept)


def _with_place(memory: Memory, desired: Desired) -> Memory:
    """A node that was moved forgets the programmes and alerts of where it stood."""
    kept = {}
    for topic, held in memory.documents.items():
        message = held.message
        if isinstance(message, Programme | Alerts):
            gone = message.group is not None and message.group not in desired.groups
            if gone or message.area not in desired.areas:
                continue
        kept[topic] = held
    return replace(memory, desired=desired, documents=kept)


def _without_past(memory: Memory, at: datetime) -> Memory:
    """Programmes of long ago, and claims of what can't come again, make room."""
    past = [
        topic
        for topic, held in memory.documents.items()
        if isinstance(held.message, Programme) and held.message.expires_at + KEEP_AFTER <= at
    ]
    if not past:
        return memory
    documents = {topic: held for topic, held in memory.documents.items() if topic not in past}
    claims = {claim: until for claim, until in memory.claims.items() if at < until}
    return replace(memory, documents=documents, claims=claims)
