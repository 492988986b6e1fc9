"""The air: an in-memory broker with a real broker's semantics, for fleets in virtual time.

Retained messages, wildcards, wills, QoS 1, clean start and the take-over of a client id are as in mosquitto.
Weather is two functions: ``carry`` for what goes from the broker to a client and ``lift`` for the other way;
each returns the delays in seconds after which the message arrives: none = lost, several = duplicates,
unequal ones = reordering. The links over the air are the real ones (``devices.link_steady``) on another wire.
"""

import asyncio
import heapq
import random
from collections.abc import Callable, Sequence
from typing import Literal

from devices.link import Arrival, Ears, LinkFault, LinkSettings
from devices.link_steady import SteadyLink
from devices.link_wire import Limits, Wire, WireEars
from firmware_sim.air_tree import TopicTree

IN_FLIGHT = 100
# In keepalives: when a client leaves a silent broker, and when a broker gives up a silent client.
CLIENT_PATIENCE = 1.25
BROKER_PATIENCE = 1.5
NOT_AUTHORIZED = "Not authorized"

Carry = Callable[[str, Arrival], tuple[float, ...]]
Permit = Callable[[str, Literal["publish", "subscribe"], str], bool]


def calm(client: str, arrival: Arrival) -> tuple[float, ...]:
    """Weather without any: everything arrives once, at once."""
    return (0.0,)


def everyone(client: str, action: Literal["publish", "subscribe"], topic: str) -> bool:
    """Rights as of a broker without accounts."""
    return True


class AirLink(SteadyLink):
    """A ``Link`` through the air; ``settings.client_id`` is its name there, host and port mean nothing."""

    def __init__(
        self,
        air: "Air",
        settings: LinkSettings,
        ears: Ears,
        rng: random.Random,
        on_fault: Callable[[LinkFault], None],
    ) -> None:
        async def dial(wire_ears: WireEars) -> Wire:
            return air.dial(settings, wire_ears)

        super().__init__(settings, ears, rng, on_fault, dial)


class Air:
    """One broker in memory, living in the loop that is running when it is first used."""

    def __init__(self, *, carry: Carry = calm, lift: Carry = calm, permit: Permit = everyone) -> None:
        self.carry = carry
        self.lift = lift
        self.permit = permit
        self._clients: dict[str, AirWire] = {}
        self._subscriptions: TopicTree[int] = TopicTree()
        self._retained: TopicTree[Arrival] = TopicTree()
        self._under_way: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._timer: asyncio.Handle | None = None
        self._away: set[str] = set()
        self._dead = False
        self._frozen = False

    def dial(self, settings: LinkSettings, ears: WireEars) -> "AirWire":
        """A wire to this broker. Raises OSError while it is dead or the client's network is away."""
        if self._dead or settings.client_id in self._away:
            raise ConnectionRefusedError(f"{settings.client_id} can't reach the broker")
        return AirWire(self, settings, ears)

    def retained(self, topic: str) -> bytes | None:
        """What lies on this topic."""
        return next((kept.payload for _, kept in self._retained.for_filter(topic)), None)

    def kill(self) -> None:
        """The broker dies: connections end, nothing that it kept or carried remains, no will is published."""
        self._dead = True
        self._under_way.clear()
        self._retained, self._subscriptions = TopicTree(), TopicTree()
        wires, self._clients = tuple(self._clients.values()), {}
        for wire in wires:
            wire.sever("connection lost")

    def restore(self) -> None:
        """The broker is back, empty."""
        self._dead = False

    def freeze(self) -> None:
        """The broker stops answering with all connections open (SIGSTOP, a half-open network)."""
        self._frozen = True
        for wire in self._clients.values():
            wire.fall_silent()

    def thaw(self) -> None:
        """The broker goes on where it was."""
        self._frozen = False
        for wire in self._clients.values():
            if not wire.severed:
                wire.speak_again()
        self._set_timer()

    def drop(self, client: str) -> None:
        """This connection is reset: both sides notice at once, the will is published."""
        wire = self._clients.get(client)
        if wire is not None:
            self._forget(wire, with_will=True)
            wire.sever("connection lost")

    def block(self, client: str) -> None:
        """This client's network goes away: nothing passes, each side notices after its own patience."""
        self._away.add(client)
        wire = self._clients.get(client)
        if wire is not None:
            wire.severed = True
            wire.fall_silent()
            patience = BROKER_PATIENCE * wire.settings.keepalive_s
            self.later(patience, lambda: self._forget(wire, with_will=True))

    def unblock(self, client: str) -> None:
        """It can connect again; what was connected before stays lost."""
        self._away.discard(client)

    def later(self, delay: float, act: Callable[[], None]) -> None:
        """Do this after ``delay`` seconds; equal instants keep their order."""
        self._count += 1
        at = asyncio.get_running_loop().time() + delay
        heapq.heappush(self._under_way, (at, self._count, act))
        if self._under_way[0][1] == self._count:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._under_way and not self._frozen:
            loop = asyncio.get_running_loop()
            at = self._under_way[0][0]
            self._timer = loop.call_at(at, self._run) if at > loop.time() else loop.call_soon(self._run)

    def _run(self) -> None:
        # What is caused by these waits for the next turn, so that two talkers can't hold the loop.
        now, last = asyncio.get_running_loop().time(), self._count
        while self._under_way and not self._frozen:
            at, number, act = self._under_way[0]
            if at > now or number > last:
                break
            heapq.heappop(self._under_way)
            act()
        self._set_timer()

    def connect(self, wire: "AirWire") -> None:
        """CONNECT has arrived."""
        if wire.ended or wire.severed:
            return
        before = self._clients.get(wire.settings.client_id)
        if before is not None:
            self._forget(before, with_will=True)
            before.sever("taken over", taken_over=wire.settings.protocol == "5")
        self._clients[wire.settings.client_id] = wire
        wire.ears.accepted(Limits(packet_bytes=wire.settings.packet_limit, in_flight=IN_FLIGHT))

    def receive(self, wire: "AirWire", mid: int, arrival: Arrival) -> None:
        """PUBLISH has arrived from a client."""
        if wire.severed:
            return
        refusal = None
        if self.permit(wire.settings.client_id, "publish", arrival.topic):
            self._spread(arrival)
        elif wire.settings.protocol == "5":
            refusal = NOT_AUTHORIZED
        if arrival.qos and not wire.ended:
            wire.ears.answered(mid, refusal)

    def subscribe(self, wire: "AirWire", mid: int, filters: Sequence[tuple[str, int]]) -> None:
        """SUBSCRIBE has arrived."""
        if wire.severed or wire.ended:
            return
        allowed = tuple(self.permit(wire.settings.client_id, "subscribe", one) for one, _ in filters)
        wire.ears.subscribed(mid, tuple(None if yes else NOT_AUTHORIZED for yes in allowed))
        for (one, qos), yes in zip(filters, allowed, strict=True):
            if yes:
                self._subscriptions.put(one, wire, qos)
                wire.filters.add(one)
                for _, kept in tuple(self._retained.for_filter(one)):
                    self._send(wire, kept, min(qos, kept.qos), retained=True)

    def unsubscribe(self, wire: "AirWire", mid: int, filters: Sequence[str]) -> None:
        """UNSUBSCRIBE has arrived."""
        if wire.severed or wire.ended:
            return
        for one in filters:
            self._subscriptions.take(one, wire)
            wire.filters.discard(one)
        wire.ears.subscribed(mid, (None,) * len(filters))

    def leave(self, wire: "AirWire", *, with_will: bool) -> None:
        """The client has closed the connection, with a goodbye or without."""
        if not wire.severed:
            self._forget(wire, with_will=with_will)

    def _forget(self, wire: "AirWire", *, with_will: bool) -> None:
        for one in wire.filters:
            self._subscriptions.take(one, wire)
        wire.filters.clear()
        if self._clients.get(wire.settings.client_id) is not wire:
            return
        del self._clients[wire.settings.client_id]
        will = wire.settings.will
        if with_will and will is not None:
            self._spread(Arrival(topic=will.topic, payload=will.payload, retained=will.retain, qos=will.qos))

    def _spread(self, arrival: Arrival) -> None:
        if arrival.retained and arrival.payload:
            self._retained.put(arrival.topic, None, arrival)
        elif arrival.retained:
            self._retained.take(arrival.topic, None)
        listening: dict[AirWire, int] = {}
        for wire, qos in self._subscriptions.for_topic(arrival.topic):
            assert isinstance(wire, AirWire)
            listening[wire] = max(qos, listening.get(wire, 0))
        for wire, qos in listening.items():
            self._send(wire, arrival, min(qos, arrival.qos), retained=False)

    def _send(self, wire: "AirWire", arrival: Arrival, qos: int, *, retained: bool) -> None:
        sent = Arrival(topic=arrival.topic, payload=arrival.payload, retained=retained, qos=qos)
        for delay in self.carry(wire.settings.client_id, sent):
            self.later(delay, lambda: wire.hear(sent))


class AirWire:
    """One connection through the air."""

    def __init__(self, air: Air, settings: LinkSettings, ears: WireEars) -> None:
        self._air = air
        self._mid = 0
        self._patience: asyncio.TimerHandle | None = None
        self.settings = settings
        self.ears = ears
        self.filters: set[str] = set()
        self.severed = False
        self.ended = False

    @property
    def backlog(self) -> int:
        return 0

    def begin(self) -> None:
        self._await(self.settings.connect_within_s, "no answer to CONNECT")
        self._air.later(0.0, self._connect)

    def _connect(self) -> None:
        self.speak_again()
        self._air.connect(self)

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> int | None:
        self._mid += 1
        mid = self._mid
        arrival = Arrival(topic=topic, payload=bytes(payload), retained=retain, qos=qos)
        for delay in self._air.lift(self.settings.client_id, arrival):
            self._air.later(delay, lambda: self._air.receive(self, mid, arrival))
        return mid

    def subscribe(self, filters: Sequence[tuple[str, int]]) -> int:
        self._mid += 1
        mid, asked = self._mid, tuple(filters)
        self._air.later(0.0, lambda: self._air.subscribe(self, mid, asked))
        return mid

    def unsubscribe(self, filters: Sequence[str]) -> int:
        self._mid += 1
        mid, asked = self._mid, tuple(filters)
        self._air.later(0.0, lambda: self._air.unsubscribe(self, mid, asked))
        return mid

    def acknowledge(self, mid: int) -> None:
        """The air never sends again, so it does not wait for this."""

    def goodbye(self) -> None:
        self._leave("stopped", with_will=False)

    def close(self, reason: str) -> None:
        self._leave(reason, with_will=True)

    def _leave(self, reason: str, *, with_will: bool) -> None:
        if not self.ended:
            self._air.later(0.0, lambda: self._air.leave(self, with_will=with_will))
            self._end(reason)

    def hear(self, arrival: Arrival) -> None:
        """A message has arrived at this client."""
        if not self.ended and not self.severed:
            self.ears.heard(arrival.topic, arrival.payload, arrival.retained, arrival.qos, 0)

    def sever(self, reason: str, *, taken_over: bool = False) -> None:
        """The connection ends from the other side."""
        self.severed = True
        self._end(reason, taken_over=taken_over)

    def fall_silent(self) -> None:
        """Nothing comes any more; the client will notice."""
        self._await(CLIENT_PATIENCE * self.settings.keepalive_s, "the broker is silent")

    def speak_again(self) -> None:
        """The silence has ended in time."""
        if self._patience is not None:
            self._patience.cancel()

    def _await(self, patience_s: float, reason: str) -> None:
        self.speak_again()
        self._patience = asyncio.get_running_loop().call_later(patience_s, self.close, reason)

    def _end(self, reason: str, *, taken_over: bool = False) -> None:
        if not self.ended:
            self.ended = True
            self.speak_again()
            self.ears.lost(reason, taken_over=taken_over)
