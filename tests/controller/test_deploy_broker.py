"""The starter of brokers: ready when it returns, the same ports after a death, nothing left behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from controller.deploy.broker import BrokerFailed, RunningBroker, free_port, start_broker
from tests.support.brokers import Kind, running_broker

pytestmark = pytest.mark.broker
KINDS: tuple[Kind, ...] = ("mosquitto", "iotcore")


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@pytest.mark.promise("F04")
@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_accepts_dies_and_comes_back_on_the_same_ports(tmp_path: Path, kind: Kind) -> None:
    with running_broker(tmp_path, kind) as broker:
        ports = (broker.port_for("5"), broker.port_for("3.1.1"))
        assert broker.kind == kind
        assert all(_listens(port) for port in ports)
        broker.kill()
        assert not broker.alive()
        assert not any(_listens(port) for port in ports)
        broker.restart()
        assert broker.alive()
        assert (broker.port_for("5"), broker.port_for("3.1.1")) == ports
        assert all(_listens(port) for port in ports)
    assert not broker.alive()
    assert not any(_listens(port) for port in ports)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_broker_can_be_ended(tmp_path: Path, kind: Kind) -> None:
    with running_broker(tmp_path, kind) as broker:
        broker.signal(signal.SIGSTOP)
        assert broker.alive()
        broker.stop()
        assert not broker.alive()


@pytest.mark.parametrize("kind", KINDS)
def test_a_taken_port_is_refused_by_name(tmp_path: Path, kind: Kind) -> None:
    with running_broker(tmp_path / "one", kind) as broker:
        with pytest.raises(BrokerFailed) as failure:
            start_broker(tmp_path / "two", broker.port, kind)
        assert failure.value.code == "broker.port_taken"
        assert broker.alive()


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_dies_with_the_process_that_started_it(tmp_path: Path, kind: Kind) -> None:
    code = (
        "import sys, time; from pathlib import Path; from controller.deploy.broker import start_broker\n"
        f"broker = start_broker(Path({str(tmp_path)!r}), prefer={kind!r})\n"
        "print(broker.port, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert _listens(port)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(10)
    deadline = time.monotonic() + 10
    while _listens(port):
        assert time.monotonic() < deadline, "the broker has outlived its parent"
        time.sleep(0.02)


@pytest.mark.promise("S21")
@pytest.mark.parametrize("kind", KINDS)
def test_it_listens_on_loopback_only(tmp_path: Path, kind: Kind) -> None:
    with running_broker(tmp_path, kind) as broker:
        listening = set()
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            host, port = fields[1].split(":")
            if fields[3] == "0A" and int(port, 16) in (broker.port, broker.port_311):
                listening.add(host)
        assert listening == {"0100007F"}


def test_a_configuration_that_it_does_not_take_is_told_with_its_own_words(tmp_path: Path) -> None:
    conf = tmp_path / "bad.conf"
    conf.write_text("no_such_setting 1\n")
    port = free_port()
    broker = RunningBroker(tmp_path, "mosquitto", port, port, ("/usr/sbin/mosquitto", "-c", str(conf)))
    with pytest.raises(BrokerFailed, match="no_such_setting") as failure:
        broker.restart()
    assert failure.value.code == "broker.died"
    assert not broker.alive()


def test_a_broker_started_in_a_thread_outlives_the_thread(tmp_path: Path) -> None:
    broker = asyncio.run(asyncio.to_thread(start_broker, tmp_path, None, "iotcore"))
    time.sleep(0.2)
    assert broker.alive()
    assert _listens(broker.port)
    broker.stop()
