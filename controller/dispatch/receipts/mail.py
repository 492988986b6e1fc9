"""What the nodes sent, opened: whose it is, whether the signature is theirs, and what it says."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from devices.codec import decode
from devices.errors import DeviceError
from devices.link import Arrival, Session
from devices.messages import TYP, Hello, NodeId, Report, State, Telemetry
from devices.signing import open_envelope, verify
from devices.topics import TopicKind, parse

Words = Hello | State | Telemetry | Report

KINDS: Mapping[TopicKind, type[Hello] | type[State] | type[Telemetry] | type[Report]] = {
    TopicKind.HELLO: Hello,
    TopicKind.STATE: State,
    TopicKind.TELEMETRY: Telemetry,
    TopicKind.REPORT: Report,
}

MOST_WAITING = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One arrival and the instant it came."""

    arrival: Arrival
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A message that this node has signed."""

    node: NodeId
    words: Words
    at: datetime
    retained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Thrown:
    """Something that is not believed. ``forged`` when it claims to be a node's and is not: an alarm (S30)."""

    topic: str
    why: str
    forged: bool
    node: NodeId | None = None


class Letterbox:
    """The ears of the controller's link: they only append. What finds no room is dropped and counted.

    Receipts that were dropped are not acknowledged, so their node sends them again.
    """

    def __init__(
        self, now: Callable[[], datetime], on_mail: Callable[[], None], on_up: Callable[[bool], None]
    ) -> None:
        self._now = now
        self._on_mail = on_mail
        self._on_up = on_up
        self._waiting: deque[Letter] = deque()
        self.dropped = 0

    def up(self, session: Session) -> None:
        self._on_up(True)

    def down(self, reason: str) -> None:
        self._on_up(False)

    def heard(self, arrival: Arrival) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        self._waiting.append(Letter(arrival=arrival, at=self._now()))
        if len(self._waiting) == 1:
            self._on_mail()

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, most: int) -> tuple[Letter, ...]:
        """The oldest letters, removed."""
        count = min(most, len(self._waiting))
        return tuple(self._waiting.popleft() for _ in range(count))


def open_letter(letter: Letter, keys: Mapping[NodeId, Ed25519PublicKey]) -> Opened | Thrown:
    """The message, if the node of the topic has signed exactly it; never raises."""
    arrival = letter.arrival
    topic = parse(arrival.topic)
    if topic is None or topic.node is None or topic.kind not in KINDS:
        return Thrown(topic=arrival.topic, why="topic", forged=False)
    public = keys.get(topic.node)
    if public is None:
        return Thrown(topic=arrival.topic, why="unknown node", forged=True, node=topic.node)
    kind = KINDS[topic.kind]
    try:
        envelope = open_envelope(arrival.payload)
        if envelope.typ != TYP[kind] or str(envelope.kid) != topic.node or not verify(envelope, public):
            return Thrown(topic=arrival.topic, why="signature", forged=True, node=topic.node)
        words = decode(envelope.payload, kind)
    except DeviceError as error:
        return Thrown(topic=arrival.topic, why=str(error)[:120], forged=True, node=topic.node)
    if words.node != topic.node:
        return Thrown(topic=arrival.topic, why="another node's name", forged=True, node=topic.node)
    return Opened(node=topic.node, words=words, at=letter.at, retained=arrival.retained)
