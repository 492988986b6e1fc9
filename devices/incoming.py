"""What a check of the receive gate looks at, and what it may say."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from devices import alerts, programme, topics
from devices.errors import Code
from devices.memory import LoadedKey, Memory
from devices.messages import Alerts, ClockState, Desired, Downward, KeyId, KeyList, Programme
from devices.signing import Envelope
from devices.topics import Topic


class Why(StrEnum):
    """Why something that came was neither taken nor refused."""

    EMPTY = "empty"
    UNSIGNED = "unsigned"
    SAME = "same"
    OLDER = "older"
    REPEATED = "repeated"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A check says no.

    ``alarm``: somebody should look. ``retry_at``: the start gate may be asked again then.
    """

    code: Code
    detail: str
    alarm: bool = False
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An envelope with its decoded payload, not yet believed. ``at`` is the node's own idea of now."""

    envelope: Envelope
    message: Downward
    place: Topic
    retained: bool
    memory: Memory
    at: datetime

    @property
    def kid(self) -> KeyId:
        return self.envelope.kid

    @property
    def key(self) -> LoadedKey:
        """The signer's key; only after check 4 has found it."""
        return self.memory.keys[self.envelope.kid]

    @property
    def unsure(self) -> bool:
        return self.memory.clock is ClockState.UNSURE


Check = Callable[[Incoming], Fault | Why | None]


def digest(payload: bytes) -> str:
    """The name of a document's content."""
    return hashlib.sha256(payload).hexdigest()


def document_topic(message: Downward) -> str | None:
    """Where a document is held; None for what is not held."""
    match message:
        case KeyList():
            return topics.keys()
        case Desired():
            return topics.desired(message.node)
        case Programme():
            return programme.topic_of(message)
        case Alerts():
            return alerts.topic_of(message)
    return None
