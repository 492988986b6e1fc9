"""The life of a link over any wire: connect, subscribe again, give up the lost, come back with jitter."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

from devices.link import (
    Arrival,
    Ears,
    FaultKind,
    LinkDown,
    LinkFault,
    LinkFull,
    LinkSettings,
    LinkSlow,
    PublishRefused,
    Session,
)
from devices.link_echo import Echo
from devices.link_wire import Limits, Wire, WireEars

BACKLOG_BYTES = 8 * 1024 * 1024
STOP_WITHIN_S = 2.0
# Neither mosquitto 2.0 nor rumqttd says that another client has taken an id: this is how it shows (F29).
FLAPPING_AFTER = 3
FLAPPING_DETAIL = "soon after each of the last connections; does another client use this id?"
# Fixed header, topic length, packet number and the properties of MQTT 5 that we could ever send.
PACKET_OVERHEAD = 32

Dial = Callable[[WireEars], Awaitable[Wire]]


class SteadyLink:
    """``devices.link.Link`` over the wires that ``dial`` makes, one after another."""

    def __init__(
        self,
        settings: LinkSettings,
        ears: Ears,
        rng: random.Random,
        on_fault: Callable[[LinkFault], None],
        dial: Dial,
    ) -> None:
        self._settings = settings
        self._ears = ears
        self._rng = rng
        self._on_fault = on_fault
        self._dial = dial
        self._filters: dict[str, int] = {}
        self._number = 0
        self._talk: _Talk | None = None
        self._life: asyncio.Task[None] | None = None
        self.faults = 0

    @property
    def up(self) -> bool:
        return self._talk is not None and self._talk.open

    @property
    def settled(self) -> bool:
        return self._talk is not None and self._talk.open and not self._talk.asked

    @property
    def round_trip_s(self) -> float | None:
        """The last measured echo, where a round trip is watched."""
        return self._talk.round_trip_s if self._talk is not None else None

    def start(self) -> None:
        if self._life is None:
            self._life = asyncio.get_running_loop().create_task(self._live())

    async def stop(self) -> None:
        life, talk = self._life, self._talk
        if talk is not None and talk.wire is not None and talk.open:
            talk.wire.goodbye()
            await asyncio.wait([talk.ended], timeout=STOP_WITHIN_S)
        self._end("stopped")
        if life is not None:
            await asyncio.wait([life])

    def cut(self) -> None:
        self._end("cut")

    def _end(self, reason: str) -> None:
        life, talk = self._life, self._talk
        self._life = self._talk = None
        if life is not None:
            life.cancel()
        if talk is not None and talk.wire is not None:
            talk.wire.close(reason)

    def offer(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> asyncio.Future[None]:
        if self._talk is None or not self._talk.open:
            raise LinkDown(f"{topic}: the link is down")
        return self._talk.offer(topic, payload, qos, retain)

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, timeout_s: float = 10.0
    ) -> None:
        answer = self.offer(topic, payload, qos=qos, retain=retain)
        try:
            async with asyncio.timeout(timeout_s):
                await answer
        except TimeoutError as error:
            raise LinkSlow(f"{topic}: no answer within {timeout_s:g} s") from error

    def post(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        try:
            self.offer(topic, payload, qos=qos, retain=retain)
        except (LinkDown, LinkFull, PublishRefused):
            return False
        return True

    def subscribe(self, filters: Sequence[tuple[str, int]]) -> None:
        self._filters.update(filters)
        if self._talk is not None and self._talk.open:
            self._talk.ask(filters)

    def unsubscribe(self, filters: Sequence[str]) -> None:
        for one in filters:
            self._filters.pop(one, None)
        if self._talk is not None and self._talk.open:
            self._talk.forget(filters)

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        if self._talk is not None and self._talk.open:
            self._talk.acknowledge(arrivals)

    async def _live(self) -> None:
        backoff = self._settings.backoff
        attempt = short_lives = 0
        while True:
            up_for = 0.0
            try:
                up_for = await self._connect_once()
            except Exception as error:  # noqa: BLE001 - the top of the link's loop: it comes back for ever
                self.complain(FaultKind.CONNECT, str(error) or type(error).__name__, error)
            attempt = 0 if up_for >= backoff.stable_s else attempt + 1
            short_lives = short_lives + 1 if 0.0 < up_for < backoff.stable_s else 0
            if short_lives == FLAPPING_AFTER:
                short_lives = 0
                self.complain(FaultKind.FLAPPING, f"{self._settings.client_id}: lost {FLAPPING_DETAIL}")
            await asyncio.sleep(backoff.delay(attempt, self._rng))

    async def _connect_once(self) -> float:
        """One connection from dialling to its end; the seconds it was open."""
        self._number += 1
        talk = _Talk(self, self._number)
        async with asyncio.timeout(self._settings.connect_within_s):
            wire = await self._dial(talk)
        self._talk = talk
        try:
            talk.begin(wire)
            await talk.ended
        finally:
            wire.close("abandoned")
        return asyncio.get_running_loop().time() - talk.open_since if talk.open_since is not None else 0.0

    def resubscribe(self, talk: "_Talk") -> None:
        """Make the remembered subscriptions on a fresh connection."""
        if self._filters:
            talk.ask(tuple(self._filters.items()))

    def tell(self, ear: Callable[..., None], *what: object) -> None:
        """Call one of the ears; what it raises must not end the reading of this link (F08)."""
        try:
            ear(*what)
        except Exception as error:  # noqa: BLE001 - the link's callback: a broken ear is reported, the rest flows
            self.complain(FaultKind.EAR, f"{getattr(ear, '__name__', 'ear')} raised {error!r}", error)

    def complain(self, kind: FaultKind, detail: str, error: BaseException | None = None) -> None:
        """Count and report a fault."""
        self.faults += 1
        try:
            self._on_fault(LinkFault(kind=kind, detail=detail, error=error))
        except Exception:  # noqa: BLE001 - the complaint's own listener is broken: the count is all that is left
            self.faults += 1

    @property
    def ears(self) -> Ears:
        """Who listens."""
        return self._ears

    @property
    def settings(self) -> LinkSettings:
        """As given."""
        return self._settings

    @property
    def rng(self) -> random.Random:
        """As given."""
        return self._rng


class _Talk:
    """One connection of a link, from dialling to its loss."""

    def __init__(self, link: SteadyLink, number: int) -> None:
        self._link = link
        self._number = number
        self._loop = asyncio.get_running_loop()
        self._limits = Limits(packet_bytes=0, in_flight=0)
        self._under_way: dict[int, tuple[asyncio.Future[None], str]] = {}
        self._echo: Echo | None = None
        self.asked: dict[int, tuple[str, ...]] = {}
        self.wire: Wire | None = None
        self.open = False
        self.open_since: float | None = None
        self.ended: asyncio.Future[str] = self._loop.create_future()

    @property
    def round_trip_s(self) -> float | None:
        return self._echo.measured_s if self._echo is not None else None

    def begin(self, wire: Wire) -> None:
        self.wire = wire
        wire.begin()

    def offer(self, topic: str, payload: bytes, qos: int, retain: bool) -> asyncio.Future[None]:
        assert self.wire is not None
        if len(payload) + len(topic) + PACKET_OVERHEAD > self._limits.packet_bytes:
            raise PublishRefused("larger than the broker takes", topic)
        if self.wire.backlog > BACKLOG_BYTES:
            raise LinkFull(topic)
        mid = self.wire.publish(topic, payload, qos, retain)
        if mid is None:
            raise LinkFull(topic)
        answer: asyncio.Future[None] = self._loop.create_future()
        if qos == 0:
            answer.set_result(None)
        else:
            self._under_way[mid] = (answer, topic)
        return answer

    def ask(self, filters: Sequence[tuple[str, int]]) -> None:
        assert self.wire is not None
        self.asked[self.wire.subscribe(filters)] = tuple(one for one, _ in filters)

    def forget(self, filters: Sequence[str]) -> None:
        assert self.wire is not None
        self.asked[self.wire.unsubscribe(filters)] = ()

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        assert self.wire is not None
        for arrival in arrivals:
            session, mid = arrival.ticket
            if session == self._number and arrival.qos:
                self.wire.acknowledge(mid)

    def accepted(self, limits: Limits) -> None:
        link = self._link
        self._limits = limits
        self.open = True
        self.open_since = self._loop.time()
        link.resubscribe(self)
        link.tell(link.ears.up, Session(number=self._number, protocol=link.settings.protocol))
        if link.settings.round_trip is not None and self.open:
            self._echo = Echo(
                link.settings.round_trip, link.rng.randbytes(8), self._send_echo, self._leave_deaf_broker
            )
            self.ask([(link.settings.round_trip.topic, 0)])

    def refused(self, reason: str) -> None:
        self._link.complain(FaultKind.REFUSED, reason)

    def heard(self, topic: str, payload: bytes, retained: bool, qos: int, mid: int) -> None:
        if self._echo is not None and topic == self._echo.topic:
            self._echo.came(payload)
            return
        arrival = Arrival(
            topic=topic, payload=payload, retained=retained, qos=qos, ticket=(self._number, mid)
        )
        self._link.tell(self._link.ears.heard, arrival)

    def answered(self, mid: int, refusal: str | None) -> None:
        answer, topic = self._under_way.pop(mid, (None, ""))
        if answer is None or answer.done():
            return
        if refusal is None:
            answer.set_result(None)
        else:
            _fail(answer, PublishRefused(refusal, topic))

    def subscribed(self, mid: int, refusals: Sequence[str | None]) -> None:
        for one, refusal in zip(self.asked.pop(mid, ()), refusals, strict=False):
            if refusal is not None:
                self._link.complain(FaultKind.SUBSCRIPTION, f"{one}: {refusal}")
                if self._echo is not None and one == self._echo.topic:
                    self._echo.end()

    def troubled(self, detail: str, error: BaseException) -> None:
        self._link.complain(FaultKind.PROTOCOL, detail, error)

    def lost(self, reason: str, *, taken_over: bool) -> None:
        link = self._link
        was_open, self.open = self.open, False
        if self._echo is not None:
            self._echo.end()
        for answer, topic in self._under_way.values():
            if not answer.done():
                _fail(answer, LinkDown(f"{topic}: {reason}"))
        self._under_way.clear()
        if not self.ended.done():
            self.ended.set_result(reason)
        if taken_over:
            link.complain(FaultKind.TAKEN_OVER, reason)
        if was_open:
            link.tell(link.ears.down, reason)

    def _leave_deaf_broker(self, reason: str) -> None:
        self._link.complain(FaultKind.ROUND_TRIP, reason)
        if self.wire is not None:
            self.wire.close(reason)

    def _send_echo(self, topic: str, nonce: bytes) -> None:
        if self.wire is not None and self.open:
            self.wire.publish(topic, nonce, 0, False)


def _fail(answer: asyncio.Future[None], error: Exception) -> None:
    answer.set_exception(error)
    # Who offered without waiting has chosen not to know: no complaint from the garbage collector.
    answer.exception()
