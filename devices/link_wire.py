"""What a link asks of one connection (a wire), and what the wire tells it; paho and the air each have one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the broker takes: the largest packet, and how many QoS 1 messages may be under way."""

    packet_bytes: int
    in_flight: int


class WireEars(Protocol):
    """Told by a wire, inside the loop. ``lost`` comes exactly once, last."""

    def accepted(self, limits: Limits) -> None:
        """CONNACK with success."""

    def refused(self, reason: str) -> None:
        """CONNACK with a refusal; ``lost`` follows."""

    def heard(self, topic: str, payload: bytes, retained: bool, qos: int, mid: int) -> None:
        """PUBLISH from the broker."""

    def answered(self, mid: int, refusal: str | None) -> None:
        """PUBACK, with the reason where the broker did not take it."""

    def subscribed(self, mid: int, refusals: Sequence[str | None]) -> None:
        """SUBACK or UNSUBACK: one entry for each filter in order, None where it was granted."""

    def troubled(self, detail: str, error: BaseException) -> None:
        """Something was raised while a packet was read."""

    def lost(self, reason: str, *, taken_over: bool) -> None:
        """The connection has ended, from either side."""


class Wire(Protocol):
    """One connection. It is never used again after ``lost``, so nothing old can be sent on a new one."""

    @property
    def backlog(self) -> int:
        """Bytes waiting for the broker."""

    def begin(self) -> None:
        """Send CONNECT."""

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> int | None:
        """Send PUBLISH; the packet's number, or None when all numbers are in use."""

    def subscribe(self, filters: Sequence[tuple[str, int]]) -> int:
        """Send SUBSCRIBE; the packet's number."""

    def unsubscribe(self, filters: Sequence[str]) -> int:
        """Send UNSUBSCRIBE; the packet's number."""

    def acknowledge(self, mid: int) -> None:
        """Send PUBACK (by hand)."""

    def goodbye(self) -> None:
        """Send DISCONNECT after all that waits, then end."""

    def close(self, reason: str) -> None:
        """End at once without a word."""
