"""What a link to the broker is: settings, arrivals, faults and the contract that air and paho both keep.

The real one is ``devices.link_paho.PahoLink``; the one in memory is ``firmware_sim.air.AirLink``.
A link is driven by the asyncio loop it was started in: no thread, no ``select()``, no blocking call. What
comes is given to ``Ears``, which only append. While the link is down nothing is queued: ``publish`` and
``offer`` raise ``LinkDown``, ``post`` returns False; what was under way when the link dropped fails with
``LinkDown`` and is never sent later. Sessions start clean; subscriptions are remembered and made again on
each connection.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from devices.errors import DeviceError
from devices.link_socket import Tls


class LinkError(DeviceError):
    """The link could not do it.

    LinkError
    ├── LinkDown          not connected, or lost before the broker answered: nothing will be sent later
    │   └── LinkSlow      the broker did not answer in time: it may or may not have the message
    ├── LinkFull          too much is waiting for the broker
    └── PublishRefused    the broker said no (``reason``), or the message is larger than it takes
    """

    code = "link"
    permanent = False


class LinkDown(LinkError):
    """There is no connection, or it dropped before the broker had answered."""

    code = "link.down"


class LinkSlow(LinkDown):
    """No answer in time: the broker may or may not have the message."""

    code = "link.slow"


class LinkFull(LinkError):
    """Too much waits for this broker; ask again later."""

    code = "link.full"


class PublishRefused(LinkError):
    """The broker's own reason for not taking a message (visible in MQTT 5 only)."""

    code = "link.refused"
    permanent = True

    def __init__(self, reason: str, topic: str) -> None:
        super().__init__(f"{topic}: {reason}")
        self.reason = reason
        self.topic = topic


class FaultKind(StrEnum):
    """What a link complains of while it goes on."""

    CONNECT = "connect"
    REFUSED = "refused"
    LOST = "lost"
    TAKEN_OVER = "taken_over"
    FLAPPING = "flapping"
    SUBSCRIPTION = "subscription"
    EAR = "ear"
    PROTOCOL = "protocol"
    ROUND_TRIP = "round_trip"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFault:
    """One complaint; ``error`` is the exception behind it, where there was one."""

    kind: FaultKind
    detail: str
    error: BaseException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """What the broker says for us when we vanish."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """When to try again: full jitter, so that a province does not come back in one instant (P10).

    After a connection that had lasted ``stable_s`` the first try comes within ``first_s``; after that, and
    after a connection that did not last, within ``min(cap_s, base_s * 2**attempt)``.
    """

    first_s: float = 30.0
    base_s: float = 1.0
    cap_s: float = 60.0
    stable_s: float = 10.0

    def delay(self, attempt: int, rng: random.Random) -> float:
        """Seconds to wait before try number ``attempt`` (0 = the first after a loss)."""
        if attempt == 0:
            return rng.uniform(0.0, self.first_s)
        return rng.uniform(0.0, min(self.cap_s, self.base_s * 2.0 ** min(attempt, 30)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """Supervision by an echo to oneself: a broker that answers pings but no longer delivers is left."""

    topic: str
    every_s: float = 30.0
    within_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """Where to connect and as whom. Silence is noticed within 1.25 keepalives (F34)."""

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = None
    protocol: Literal["5", "3.1.1"] = "5"
    keepalive_s: int = 20
    tls: Tls | None = None
    will: Will | None = None
    backoff: Backoff = Backoff()
    round_trip: RoundTrip | None = None
    connect_within_s: float = 10.0
    packet_limit: int = 262_144
    ack_by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One connection, from CONNACK to its end; ``number`` counts from 1."""

    number: int
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One message from the broker; ``retained`` means it lay there before we subscribed.

    ``ticket`` names it for ``acknowledge`` where ``ack_by_hand`` is set.
    """

    topic: str
    payload: bytes
    retained: bool = False
    qos: int = 0
    ticket: tuple[int, int] = (0, 0)


class Ears(Protocol):
    """Who listens. Called inside the loop and must only append; what it raises is counted, never fatal."""

    def up(self, session: Session) -> None:
        """The broker has accepted us; the remembered subscriptions are on their way already."""

    def down(self, reason: str) -> None:
        """The connection has ended; the link comes back by itself unless it was stopped or cut."""

    def heard(self, arrival: Arrival) -> None:
        """One message came."""


class Link(Protocol):
    """One client of the broker."""

    @property
    def up(self) -> bool:
        """Whether the broker has accepted us and the connection has not ended."""

    @property
    def settled(self) -> bool:
        """Whether we are up and every subscription made so far has been answered."""

    def start(self) -> None:
        """Connect, and come back for ever after a loss. Needs a running loop."""

    async def stop(self) -> None:
        """Say goodbye (no will) and stay down."""

    def cut(self) -> None:
        """Vanish at once as in a power cut (the will is published) and stay down."""

    def offer(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> asyncio.Future[None]:
        """Send now; the future is done at PUBACK (at once for QoS 0) or fails as ``publish`` does.

        Raises LinkDown, LinkFull or PublishRefused at once. Costs no task: the way to send thousands.
        """

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, timeout_s: float = 10.0
    ) -> None:
        """Return when the broker has taken it. Raises LinkDown, LinkSlow, LinkFull, PublishRefused."""

    def post(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Fire and forget. False if nothing was sent."""

    def subscribe(self, filters: Sequence[tuple[str, int]]) -> None:
        """Add (filter, QoS) pairs, now if up and again on every connection."""

    def unsubscribe(self, filters: Sequence[str]) -> None:
        """Forget these filters."""

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        """PUBACK these (where ``ack_by_hand`` is set); those of an earlier connection are passed over."""
