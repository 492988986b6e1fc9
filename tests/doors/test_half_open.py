"""Connections that never say what they want, by the hundred: they are let go, nobody else waits for them."""

import socket
import time
from pathlib import Path

import httpx
import pytest

from controller.doors import patience
from tests.support.doors import AUTHOR, PASSWORD, Served, home, served

MANY = 300
HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"


def dial(house: Served) -> socket.socket:
    port = int(house.base.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), 30)


def is_let_go(one: socket.socket, within_s: float) -> bool:
    one.settimeout(within_s)
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


@pytest.mark.promise("S78")
def test_hundreds_of_half_requests_are_let_go_and_hold_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_WITHIN_S", 2.0)
    with served(lambda port: home(tmp_path, port=port)) as house:
        port = int(house.base.rpartition(":")[2])
        held = [dial(house) for _ in range(MANY)]
        try:
            for number, one in enumerate(held):
                one.sendall((b"", b"GET", HEAD % port, HEAD % port + b"X: " + b"y" * 200)[number % 4])
            with httpx.Client(base_url=house.base, headers={"Origin": house.base}, timeout=30) as client:
                began = time.monotonic()
                login = {"username": AUTHOR, "password": PASSWORD}
                assert client.post("/api/sessions", json=login).status_code == 201
                assert client.get("/api/me").status_code == 200
                assert time.monotonic() - began < 5
            assert all(is_let_go(one, 20) for one in held)
        finally:
            for one in held:
                one.close()


@pytest.mark.promise("S78")
def test_a_second_request_has_a_term_too_and_an_answer_is_never_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_WITHIN_S", 0.5)
    with served(lambda port: home(tmp_path, port=port)) as house:
        port = int(house.base.rpartition(":")[2])
        with dial(house) as one:
            one.sendall(HEAD % port + b"\r\n")
            assert one.recv(65_536).startswith(b"HTTP/1.1 200")
            one.sendall(HEAD % port)
            assert is_let_go(one, 10)
        with httpx.Client(base_url=house.base) as client:
            for _ in range(3):
                assert client.get("/healthz").status_code == 200
                # longer than a head may take: an idle connection that has asked before is kept for a while
                time.sleep(0.8)
            assert len(client._transport._pool.connections) == 1  # type: ignore[attr-defined]
