"""The checks of the receive gate, one small function each, and in which order each kind meets them.

The numbers are those of PROMISES 3.4; DESIGN 4 says which kind needs which. The tenant (7) is asked before
the key, so that a stranger's envelope is named as such and not as a bad key; each check refuses on its own.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from devices import delegation
from devices.errors import Code
from devices.incoming import Check, Fault, Incoming, Why, digest, document_topic
from devices.items import command_claim
from devices.memory import WINDOW_WIDTH, Held, Window
from devices.messages import (
    Alerts,
    AlertState,
    Answer,
    Beacon,
    Command,
    CommandKind,
    Desired,
    Downward,
    KeyList,
    Mode,
    Programme,
)
from devices.signing import ROOT_KID, verify
from devices.topics import TopicKind

EPOCH_JUMP = 1_000
SEQ_JUMP = 1_000_000
SKEW = timedelta(seconds=5)
BEACON_LEAD = timedelta(minutes=5)
_NEVER_RETAINED = (TopicKind.COMMAND, TopicKind.NODE_COMMAND, TopicKind.ANSWER)


def not_retained(given: Incoming) -> Fault | None:
    """S26: somebody left a command or an answer in the broker; it is never executed."""
    if given.retained and given.place.kind in _NEVER_RETAINED:
        return Fault(code=Code.REPLAY, detail="a retained message on a command topic", alarm=True)
    return None


def not_locked(given: Incoming) -> Fault | None:
    """3."""
    return Fault(code=Code.LOCKED, detail="locked") if given.memory.locked else None


def root_key(given: Incoming) -> Fault | None:
    """4, for the key list: only the pinned root signs it."""
    return None if given.kid == ROOT_KID else Fault(code=Code.KEY, detail="only the root signs the key list")


def known_key(given: Incoming) -> Fault | None:
    """4: in the key list, and not revoked."""
    loaded = given.memory.keys.get(given.kid)
    if loaded is None:
        return Fault(code=Code.KEY, detail="unknown key")
    if loaded.delegation.revoked:
        return Fault(code=Code.KEY, detail="revoked key", alarm=True)
    return None


def living_key(given: Incoming) -> Fault | None:
    """4: within the key's own life. An unsure clock has only its floor to judge by."""
    life = given.key.delegation
    if given.at >= life.expires_at or (not given.unsure and given.at < life.not_before):
        return Fault(code=Code.KEY, detail="outside the key's life")
    return None


def root_signature(given: Incoming) -> Fault | None:
    """5, for the key list."""
    if verify(given.envelope, given.memory.root):
        return None
    return Fault(code=Code.SIGNATURE, detail="signature")


def signature(given: Incoming) -> Fault | None:
    """5: over this node's own octets."""
    if verify(given.envelope, given.key.public):
        return None
    return Fault(code=Code.SIGNATURE, detail="signature")


def not_same(given: Incoming) -> Why | None:
    """The very payload that is in force here came again, as each reconnect brings it: nothing to judge."""
    topic = document_topic(given.message)
    held = given.memory.documents.get(topic) if topic is not None else None
    return Why.SAME if held is not None and held.digest == digest(given.envelope.payload) else None


def tenant(given: Incoming) -> Fault | None:
    """7."""
    if given.message.tenant != given.memory.tenant:
        return Fault(code=Code.TENANT, detail="another tenant")
    return None


def target(given: Incoming) -> Fault | None:
    """8: the topic, which nobody signed, says the same as the message, and it is me or mine."""
    place, me, message = given.place, given.memory.node, given.message
    match message:
        case Desired(node=node) | Answer(node=node):
            mine = node == me == place.node
        case Command() if message.node is not None:
            mine = place.kind is TopicKind.NODE_COMMAND and message.node == me == place.node
        case Alerts() if place.kind is TopicKind.NODE_COMMAND:
            mine = message.boot_nonce is not None and place.node == me and _my_ground(given, message)
        case Programme():
            mine = message.date == place.date and _my_branch(given, message)
        case Alerts():
            mine = message.boot_nonce is None and _my_branch(given, message)
        case Command():
            mine = _my_branch(given, message)
        case KeyList() | Beacon():
            mine = True
    return None if mine else Fault(code=Code.TARGET, detail="another target")


def held_target(given: Incoming) -> Fault | None:
    """8, for a document from flash: still mine, and under its own name."""
    message = given.message
    match message:
        case Desired(node=node):
            mine = node == given.memory.node == given.place.node
        case Programme():
            mine = message.date == given.place.date and _my_branch(given, message)
        case Alerts():
            mine = _my_branch(given, message)
        case _:
            mine = False
    return None if mine else Fault(code=Code.TARGET, detail="another target")


def epoch(given: Incoming) -> Fault | None:
    """9: a controller that was replaced is refused; a leap is nobody's restore."""
    if isinstance(given.message, KeyList):
        return None
    known = given.memory.epochs.get(given.kid, 0)
    if given.message.epoch < known:
        return Fault(code=Code.FENCED, detail=f"epoch {given.message.epoch}, known {known}")
    if given.message.epoch > known + EPOCH_JUMP:
        return Fault(code=Code.FENCED, detail="the epoch leaps", alarm=True)
    return None


def not_repeated(given: Incoming) -> Why | None:
    """10: the stored receipt stands."""
    if isinstance(given.message, Command) and command_claim(given.message.id) in given.memory.claims:
        return Why.REPEATED
    return None


def sequence(given: Incoming) -> Fault | None:
    """11: above the highest, or within 64 of it and unseen."""
    if not isinstance(given.message, Command):
        return None
    seq, window = given.message.seq, given.memory.windows.get(given.kid, Window())
    if seq > window.top + SEQ_JUMP:
        return Fault(code=Code.REPLAY, detail="the sequence leaps", alarm=True)
    behind = window.top - seq
    if behind >= WINDOW_WIDTH or (behind >= 0 and window.seen >> behind & 1):
        return Fault(code=Code.REPLAY, detail=f"sequence {seq}")
    return None


def same_grant(given: Incoming) -> Fault | None:
    """A renewal is for the very stream that was opened: same ground, class, mode, kind, and the same end."""
    message = given.message
    if not isinstance(message, Command) or message.grant is None:
        return None
    known = given.memory.grants.get(message.grant)
    if known is None:
        return None
    held = known.command
    if given.at >= held.expires_at or _opens(held) == _opens(message):
        return None
    return Fault(code=Code.ROLLBACK, detail="another stream under the same grant", alarm=True)


def lifetime(given: Incoming) -> Fault | None:
    """12: not before, not after. With an unsure clock only the floor can say that it is over."""
    match given.message:
        case Beacon(now=instant):
            late, early = False, instant > given.at + BEACON_LEAD
        case Answer(now=instant):
            late, early = instant < given.memory.floor_at - SKEW, False
        case message:
            late, early = given.at >= message.expires_at, message.issued_at > given.at + SKEW
    if late:
        return Fault(code=Code.EXPIRED, detail="expired")
    if early and not given.unsure:
        return Fault(code=Code.EARLY, detail="issued in the future")
    return None


def clock(given: Incoming) -> Fault | None:
    """13: a nonce is this boot's; an alert or command without one needs a clock."""
    if not isinstance(given.message, Answer | Alerts | Command):
        return None
    nonce = given.message.boot_nonce
    if nonce is not None and nonce != given.memory.boot_nonce:
        return Fault(code=Code.CLOCK, detail="the nonce of another boot")
    if nonce is None and given.unsure:
        return Fault(code=Code.CLOCK, detail="the clock is unsure")
    return None


def version(given: Incoming) -> Fault | Why | None:
    """Documents: higher replaces, lower is ignored, equal is equal; a drill never replaces the real one."""
    message, topic = given.message, document_topic(given.message)
    held = given.memory.documents.get(topic) if topic is not None else None
    if held is None or not isinstance(message, KeyList | Programme | Alerts | Desired):
        return None
    if message.version < held.version:
        return Why.OLDER
    if message.version == held.version:
        if _says_the_same(message, held):
            return Why.SAME
        return Fault(code=Code.ROLLBACK, detail=f"version {message.version} with other content", alarm=True)
    if _is_real(held, given.at) and Mode.ACTUAL not in given.key.delegation.modes:
        return Fault(code=Code.DELEGATION, detail="a drill would replace the real one", alarm=True)
    return None


def beacon_is_new(given: Incoming) -> Why | None:
    """A beacon at or below the floor says nothing."""
    stale = isinstance(given.message, Beacon) and given.message.now <= given.memory.floor_at
    return Why.OLDER if stale else None


_KEY: tuple[Check, ...] = (tenant, known_key, living_key, signature)
_DELEGATION: tuple[Check, ...] = (
    delegation.action,
    delegation.mode,
    delegation.bulletin_class,
    delegation.area,
    delegation.volume,
    delegation.hours,
    delegation.life,
)
KEY_LIST: tuple[Check, ...] = (tenant, root_key, root_signature, not_same, lifetime, version)
DOCUMENT: tuple[Check, ...] = (
    not_retained,
    *_KEY,
    not_same,
    *_DELEGATION,
    target,
    epoch,
    lifetime,
    clock,
    version,
)
COMMAND: tuple[Check, ...] = (
    *(not_retained, not_locked, *_KEY, *_DELEGATION, target, epoch),
    *(not_repeated, sequence, lifetime, clock, same_grant),
)
# Never 3, 11, 13, 14: stopping is always easier than starting. A stop still counts once by its id, or a copy
# of it would cut what began after it.
STOP: tuple[Check, ...] = (not_retained, *_KEY, *_DELEGATION, target, epoch, not_repeated, lifetime)
ANSWER: tuple[Check, ...] = (
    not_retained,
    *_KEY,
    delegation.action,
    delegation.area,
    target,
    epoch,
    lifetime,
    clock,
)
BEACON: tuple[Check, ...] = (*_KEY, delegation.action, epoch, lifetime, beacon_is_new)
RECALL: tuple[Check, ...] = (tenant, known_key, signature, held_target)
RECALL_KEYS: tuple[Check, ...] = (tenant, root_key, root_signature)


_TABLES: dict[type[Downward], tuple[Check, ...]] = {
    KeyList: KEY_LIST,
    Beacon: BEACON,
    Answer: ANSWER,
    Command: COMMAND,
    Programme: DOCUMENT,
    Alerts: DOCUMENT,
    Desired: DOCUMENT,
}


def table(message: Downward) -> tuple[Check, ...]:
    """The checks that this message meets, in order; the first that answers ends it."""
    if isinstance(message, Command) and message.kind is CommandKind.STOP:
        return STOP
    return _TABLES[type(message)]


def recall_table(message: Downward) -> tuple[Check, ...]:
    """For a document from the node's own flash: it was admitted once, its time was judged then."""
    return RECALL_KEYS if isinstance(message, KeyList) else RECALL


def _opens(command: Command) -> tuple[object, ...]:
    ground, live = (command.area, command.node, command.group), command.live
    kind = (live.kind, live.codec, live.ends_at) if live is not None else None
    return (*ground, command.bulletin_class, command.mode, kind)


def _my_branch(given: Incoming, message: Programme | Alerts | Command) -> bool:
    place = given.place
    if message.group is None:
        return place.area is not None and place.area == message.area and _my_ground(given, message)
    return place.group == message.group and _my_ground(given, message)


def _my_ground(given: Incoming, message: Programme | Alerts | Command) -> bool:
    desired = given.memory.desired
    if desired is None or message.area not in desired.areas:
        return False
    return message.group is None or desired.groups.get(message.group) == message.group_version


def _says_the_same(message: KeyList | Programme | Alerts | Desired, held: Held) -> bool:
    """Signed anew (a later date, another epoch, for one node) it is still the same document."""
    old = held.message
    if isinstance(message, KeyList) or isinstance(old, KeyList) or type(message) is not type(old):
        return message == old
    dated = replace(message, issued_at=old.issued_at, expires_at=old.expires_at, epoch=old.epoch)
    if isinstance(dated, Alerts) and isinstance(old, Alerts):
        dated = replace(dated, boot_nonce=old.boot_nonce)
    return dated == old


def _is_real(held: Held, at: datetime) -> bool:
    match held.message:
        case Programme(mode=Mode.ACTUAL, expires_at=expires_at):
            return at < expires_at
        case Alerts(alerts=alerts):
            return any(
                alert.mode is Mode.ACTUAL and alert.state is AlertState.ACTIVE and at < alert.ends_at
                for alert in alerts
            )
    return False
