"""The real link: paho-mqtt on a socket of ours, driven by the asyncio loop without a thread."""

import asyncio
import random
import socket
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.link import Ears, LinkFault, LinkSettings
from devices.link_packets import puback
from devices.link_socket import Door, Pipe
from devices.link_steady import SteadyLink
from devices.link_wire import Limits, Wire, WireEars

PING_AFTER = 0.75
ANSWER_WITHIN = 0.5
READ_BURST = 64
ACKNOWLEDGE_WITHIN_S = 1.0
ACKNOWLEDGE_AT = 8
TAKEN_OVER = 0x8E
DEFAULT_IN_FLIGHT = 100
# The same two bytes in 3.1.1 and in 5: paho would close the socket before our write buffer is empty.
DISCONNECT_PACKET = b"\xe0\x00"


class PahoLink(SteadyLink):
    """A ``Link`` to a real broker. ``rng`` spreads reconnects; ``on_fault`` hears what goes wrong."""

    def __init__(
        self,
        settings: LinkSettings,
        ears: Ears,
        rng: random.Random,
        on_fault: Callable[[LinkFault], None],
    ) -> None:
        door = Door(settings.host, settings.port, settings.tls)

        async def dial(wire_ears: WireEars) -> Wire:
            return PahoWire(settings, await door.open(), wire_ears)

        super().__init__(settings, ears, rng, on_fault, dial)


class _Client(Client):
    """paho on a socket that is connected already."""

    def __init__(self, settings: LinkSettings, pipe: Pipe) -> None:
        five = settings.protocol == "5"
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if five else True,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=settings.ack_by_hand,
        )
        self._pipe = pipe

    def _create_socket(self) -> Pipe:
        return self._pipe

    @property
    def announced(self) -> int:
        """Length that the packet being read has announced."""
        return self._in_packet["remaining_length"]

    @property
    def between_packets(self) -> bool:
        """Whether the next byte begins a packet."""
        return not self._in_packet["command"]

    def read_packet(self) -> None:
        """One packet at most (paho's own ``loop_read`` takes as many as answers are under way)."""
        failed = self._packet_read()
        if failed > 0:
            self._loop_rc_handle(failed)

    def allow(self, in_flight: int) -> None:
        """What the broker's CONNACK permits; nothing is under way yet (paho's own setter refuses by then)."""
        self._max_inflight_messages = in_flight

    def ping(self) -> None:
        """PINGREQ, by our timer."""
        self._send_pingreq()


class PahoWire:
    """One connection; a new paho client each time, so its queues die with it.

    Supervision is ours: a ping after 0.75 keepalive without traffic, the end after 0.5 more without a byte,
    so a half-open connection is left within 25 s at keepalive 20 s (F34; paho alone needs 40 s). The timer
    wakes only when it could have something to do, which keeps thousands of links in one process cheap.
    """

    def __init__(self, settings: LinkSettings, sock: socket.socket, ears: WireEars) -> None:
        self._loop = asyncio.get_running_loop()
        self._settings = settings
        self._ears = ears
        self._descriptor = sock.fileno()
        self._pipe = Pipe(sock, self._loop.time)
        self._client = _Client(settings, self._pipe)
        self._five = settings.protocol == "5"
        self._pinged_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._flush_due = False
        self._unacknowledged = 0
        self._acknowledging: asyncio.TimerHandle | None = None
        self._writing = False
        self._leaving = False
        self._ended = False

    @property
    def backlog(self) -> int:
        return self._pipe.waiting

    def begin(self) -> None:
        client, settings = self._client, self._settings
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_socket_register_write = self._on_want_write
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        if settings.will is not None:
            will = settings.will
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        if self._five:
            offered = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            offered.MaximumPacketSize = settings.packet_limit
            client.connect_async(
                settings.host, settings.port, settings.keepalive_s, clean_start=True, properties=offered
            )
        else:
            client.connect_async(settings.host, settings.port, settings.keepalive_s)
        self._loop.add_reader(self._descriptor, self._read)
        client.reconnect()
        self._timer = self._loop.call_later(settings.connect_within_s, self.close, "no answer to CONNECT")

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> int | None:
        info = self._client.publish(topic, payload, qos, retain)
        return None if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE else info.mid

    def subscribe(self, filters: Sequence[tuple[str, int]]) -> int:
        _, mid = self._client.subscribe(list(filters))
        return mid or 0

    def unsubscribe(self, filters: Sequence[str]) -> int:
        _, mid = self._client.unsubscribe(list(filters))
        return mid or 0

    def acknowledge(self, mid: int) -> None:
        self._pipe.send(puback(mid))
        self._flush_soon()

    def goodbye(self) -> None:
        if self._ended:
            return
        self._client.loop_write()
        self._pipe.send(DISCONNECT_PACKET)
        self._leaving = True
        self._flush()

    def close(self, reason: str) -> None:
        self._end(reason)

    def _end(self, reason: str, *, taken_over: bool = False) -> None:
        if self._ended:
            return
        self._ended = True
        for timer in (self._timer, self._acknowledging):
            if timer is not None:
                timer.cancel()
        self._loop.remove_reader(self._descriptor)
        self._loop.remove_writer(self._descriptor)
        self._pipe.close()
        self._ears.lost(reason, taken_over=taken_over)

    def _read(self) -> None:
        try:
            for _ in range(READ_BURST):
                if not self._client.between_packets or not self._take_publication():
                    self._client.read_packet()
                if self._ended:
                    return
                if self._client.announced > self._settings.packet_limit:
                    self.close("packet too large")
                    return
                if not self._pipe.more:
                    return
        except Exception as error:  # noqa: BLE001 - whatever a broken packet raises ends this connection only
            self._ears.troubled("packet not understood", error)
            self.close("packet not understood")
            return
        self._loop.call_soon(self._read_on)

    def _take_publication(self) -> bool:
        """Whether what came next was a plain PUBLISH; acknowledged once it has been heard."""
        try:
            found = self._pipe.publication(five=self._five)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if found is None:
            return False
        self._ears.heard(found.topic, found.payload, found.retained, found.qos, found.mid)
        if found.qos and not self._settings.ack_by_hand and not self._ended:
            self._acknowledge_later(found.mid)
        return True

    def _acknowledge_later(self, mid: int) -> None:
        # What a message starts comes before the broker's receipt for it; a few of them share one packet.
        self._pipe.send(puback(mid))
        self._unacknowledged += 1
        if self._unacknowledged >= ACKNOWLEDGE_AT:
            self._flush_soon()
        elif self._unacknowledged == 1:
            self._acknowledging = self._loop.call_later(ACKNOWLEDGE_WITHIN_S, self._flush_soon)

    def _read_on(self) -> None:
        if not self._ended:
            self._read()

    def _on_want_write(self, client: Client, userdata: Any, sock: Any) -> None:
        self._flush_soon()

    def _flush_soon(self) -> None:
        # One flush a turn of the loop: what is published in one go reaches the kernel in one call.
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        self._unacknowledged = 0
        if self._acknowledging is not None:
            self._acknowledging.cancel()
            self._acknowledging = None
        if self._ended:
            return
        try:
            self._client.loop_write()
            drained = self._pipe.flush()
        except OSError as error:
            self.close(f"connection lost: {error}")
            return
        if drained and self._leaving:
            self.close("stopped")
        elif drained == self._writing:
            self._writing = not drained
            if drained:
                self._loop.remove_writer(self._descriptor)
            else:
                self._loop.add_writer(self._descriptor, self._flush)

    def _beat(self) -> None:
        keepalive = self._settings.keepalive_s
        now = self._loop.time()
        pipe = self._pipe
        if self._pinged_at is not None and pipe.last_in <= self._pinged_at:
            if now >= self._pinged_at + ANSWER_WITHIN * keepalive:
                self.close("the broker is silent")
                return
            due = self._pinged_at + ANSWER_WITHIN * keepalive
        else:
            self._pinged_at = None
            due = min(pipe.last_in, pipe.last_out) + PING_AFTER * keepalive
            if now >= due:
                self._client.ping()
                self._pinged_at = now
                due = now + ANSWER_WITHIN * keepalive
        self._timer = self._loop.call_at(due, self._beat)

    def _on_connect(
        self,
        client: Client,
        userdata: Any,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if self._ended:
            return
        if reason.is_failure:
            self._ears.refused(str(reason))
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(PING_AFTER * self._settings.keepalive_s, self._beat)
        limits = Limits(
            packet_bytes=min(self._settings.packet_limit, _number(properties, "MaximumPacketSize", 1 << 28)),
            in_flight=min(DEFAULT_IN_FLIGHT, _number(properties, "ReceiveMaximum", 65_535)),
        )
        self._client.allow(limits.in_flight)
        self._ears.accepted(limits)

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        if self._ended:
            return
        if not message.topic:
            # It may only be empty beside an alias, and we allow the broker none.
            raise ValueError("a message without a topic")
        self._ears.heard(message.topic, bytes(message.payload), message.retain, message.qos, message.mid)

    def _on_publish(
        self, client: Client, userdata: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if not self._ended:
            self._ears.answered(mid, str(reason) if reason.is_failure else None)

    def _on_subscribe(
        self, client: Client, userdata: Any, mid: int, reasons: Any, properties: Properties | None
    ) -> None:
        if not self._ended:
            self._ears.subscribed(mid, tuple(str(one) if one.is_failure else None for one in reasons))

    def _on_disconnect(
        self,
        client: Client,
        userdata: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._end(f"the broker says: {reason}", taken_over=reason.value == TAKEN_OVER)
        else:
            self._end("connection lost")


def _number(properties: Properties | None, name: str, otherwise: int) -> int:
    return int(getattr(properties, name, otherwise)) if properties is not None else otherwise
