"""Starts the MQTT broker along with Loa: an installed mosquitto first, else the one in the iotcore wheel."""

import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

HOST = "127.0.0.1"
PACKET_BYTES = 262_144
READY_WITHIN_S = 10.0
ANSWER_WITHIN_S = 1.0
# rumqttd has been seen to accept on a listener and never to answer there until it was started anew.
STARTS = 3
STOP_WITHIN_S = 5.0
POLL_S = 0.02
PORTS = (20_000, 32_000)
GUARD = Path(__file__).with_name("guard.py")
# Debian puts mosquitto where a plain user's PATH does not look.
SBIN = "/usr/sbin:/usr/local/sbin"

Kind = Literal["mosquitto", "iotcore"]

# The defaults of mosquitto drop what does not fit into a queue of 1,000, acknowledged or not.
MOSQUITTO = """\
listener {port} {host}
allow_anonymous true
persistence false
max_queued_messages 100000
max_queued_bytes 268435456
max_inflight_messages 1000
set_tcp_nodelay true
max_packet_size {packet}
message_size_limit {packet}
log_dest stderr
log_type error
log_type warning
"""

# rumqttd's listeners speak one version each, so there are two; both serve the same topics.
IOTCORE = """\
id = 0

[router]
id = 0
max_connections = 12000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "v5"
listen = "{host}:{port}"
next_connection_delay_ms = 0

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {packet}
max_inflight_count = 100
dynamic_filters = true

[v4.1]
name = "v4"
listen = "{host}:{port_311}"
next_connection_delay_ms = 0

[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = {packet}
max_inflight_count = 100
dynamic_filters = true
"""

# rumqttd reports every packet as an error record; only its own process may be told to keep still.
IOTCORE_MAIN = (
    "import logging, sys; logging.basicConfig(level='CRITICAL'); "
    "from iotcore.iotcore import IotCoreBroker; IotCoreBroker(config_path=sys.argv[1]).run_forever()"
)


# Fixed header, protocol name and level, clean start, keepalive 5 s, (no properties,) client id "ready".
_CONNECT = {
    "3.1.1": b"\x10\x11\x00\x04MQTT\x04\x02\x00\x05\x00\x05ready",
    "5": b"\x10\x12\x00\x04MQTT\x05\x02\x00\x05\x00\x00\x05ready",
}
_CONNACK = b"\x20"
_DISCONNECT = b"\xe0\x00"


class BrokerFailed(Exception):
    """No broker could be started; ``code`` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class RunningBroker:
    """A broker of ours on loopback, ended with this process.

    ``port`` speaks MQTT 5; ``port_311`` speaks 3.1.1 (the same port where the broker takes both on one).
    """

    def __init__(
        self,
        directory: Path,
        kind: Kind,
        port: int,
        port_311: int,
        command: tuple[str, ...],
        *,
        is_plain: bool = True,
    ) -> None:
        self.host = HOST
        self.port = port
        self.port_311 = port_311
        self.kind = kind
        self.pid = 0
        self._log = directory / "broker.log"
        self._command = command
        self._is_plain = is_plain
        self._guard: subprocess.Popen[bytes] | None = None

    def port_for(self, protocol: Literal["5", "3.1.1"]) -> int:
        """Where this MQTT version is spoken."""
        return self.port if protocol == "5" else self.port_311

    def alive(self) -> bool:
        """Whether the process still runs (a stopped one counts)."""
        return self._guard is not None and self._guard.poll() is None

    def restart(self) -> None:
        """Start it (again) on the same ports and wait until it answers there. Raises BrokerFailed."""
        for start in range(1, STARTS + 1):
            self._start()
            try:
                self._await_ready()
            except BrokerFailed as failure:
                if failure.code != "broker.mute" or start == STARTS:
                    raise
            else:
                return

    def answers(self) -> bool:
        """Whether each of its ports answers a CONNECT now; behind TLS, whether it takes a connection."""
        if not self._is_plain:
            return _accepts(self.port)
        return answers(self.port, "5") and answers(self.port_311, "3.1.1")

    def _start(self) -> None:
        self.stop()
        for port in {self.port, self.port_311}:
            _must_be_free(port)
        with self._log.open("ab") as log:
            self._guard = subprocess.Popen(
                (sys.executable, "-I", "-S", str(GUARD), *self._command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self._guard.stdout is not None
        self.pid = int(self._guard.stdout.readline() or 0)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL), and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        """End it; no error if it has ended already."""
        if self._guard is not None:
            self.signal(signal.SIGCONT)
            self._reap()

    def signal(self, number: int) -> None:
        """Send a signal to the broker itself; none if it has ended."""
        if self.alive() and self.pid:
            os.kill(self.pid, number)

    def _reap(self) -> None:
        guard, self._guard = self._guard, None
        if guard is None:
            return
        for pipe in (guard.stdin, guard.stdout):
            if pipe is not None:
                pipe.close()
        try:
            guard.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            guard.kill()
            guard.wait()

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if not self.alive():
                self.stop()
                raise BrokerFailed("broker.died", f"{self.kind} ended at once: {self._last_words()}")
            if self.answers():
                return
            time.sleep(POLL_S)
        self.kill()
        raise BrokerFailed("broker.mute", f"{self.kind} did not answer within {READY_WITHIN_S:g} s")

    def _last_words(self) -> str:
        return self._log.read_bytes()[-400:].decode("utf-8", "replace").strip() or "no message"


def start_broker(
    directory: Path,
    port: int | None = None,
    prefer: Literal["auto", "mosquitto", "iotcore"] = "auto",
    *,
    port_311: int | None = None,
) -> RunningBroker:
    """Start a broker on 127.0.0.1 and return when it accepts; its configuration and log lie in ``directory``.

    Blocks for some tens of milliseconds up to ten seconds. ``port`` None or 0 means a free one. Raises
    BrokerFailed: ``broker.absent``, ``broker.port_taken``, ``broker.died`` or ``broker.mute``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    kind, program = _find(prefer)
    chosen = port or free_port()
    if kind == "mosquitto":
        path = directory / "mosquitto.conf"
        path.write_text(MOSQUITTO.format(host=HOST, port=chosen, packet=PACKET_BYTES), "utf-8")
        broker = RunningBroker(directory, kind, chosen, chosen, (program, "-c", str(path)))
    else:
        other = port_311 or free_port()
        path = directory / "iotcore.toml"
        path.write_text(IOTCORE.format(host=HOST, port=chosen, port_311=other, packet=PACKET_BYTES), "utf-8")
        broker = RunningBroker(directory, kind, chosen, other, (program, "-c", IOTCORE_MAIN, str(path)))
    broker.restart()
    return broker


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment.

    From below the range that the kernel gives to outgoing connections: while a broker is away, a client that
    knocks at a port of that range can be given the very same port, connect to itself and keep the broker out.
    """
    dice = random.SystemRandom()
    for _ in range(1000):
        port = dice.randrange(*PORTS)
        try:
            _must_be_free(port)
        except BrokerFailed:
            continue
        return port
    raise BrokerFailed("broker.port_taken", "no free port was found")


def _find(prefer: Literal["auto", "mosquitto", "iotcore"]) -> tuple[Kind, str]:
    mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path=SBIN)
    if prefer != "iotcore" and mosquitto is not None:
        return "mosquitto", mosquitto
    if prefer != "mosquitto" and importlib.util.find_spec("iotcore") is not None:
        return "iotcore", sys.executable
    raise BrokerFailed("broker.absent", f"no broker is installed ({prefer})")


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise BrokerFailed("broker.port_taken", f"port {port} of {HOST} is in use") from error


def answers(port: int, protocol: Literal["5", "3.1.1"]) -> bool:
    """Whether a broker on this port of 127.0.0.1 answers a bare CONNECT within a second."""
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_WITHIN_S) as probe:
            probe.sendall(_CONNECT[protocol])
            answered = probe.recv(1) == _CONNACK
            if answered:
                probe.sendall(_DISCONNECT)
            return answered
    except OSError:
        return False


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_WITHIN_S):
            return True
    except OSError:
        return False
