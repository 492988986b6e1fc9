"""Connections that never say what they want, by the hundred: they are let go, nobody else waits for them."""

import socket
import time
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest

from controller.doors import patience
from tests.support.doors import AUTHOR, PASSWORD, Served, home, served

MANY = 300
TERM_S = 3.0
HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"


def dial(house: Served) -> socket.socket:
    port = int(house.base.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), 30)


def is_let_go(one: socket.socket, within_s: float) -> bool:
    one.settimeout(within_s)
    try:
        while one.recv(65_536):
            pass
        return True
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


@pytest.mark.promise("S78")
def test_hundreds_of_half_requests_are_let_go_and_hold_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_WITHIN_S", TERM_S)
    with served(lambda port: home(tmp_path, port=port)) as house:
        port = int(house.base.rpartition(":")[2])
        held = [dial(house) for _ in range(MANY)]
        try:
            for number, one in enumerate(held):
                one.sendall((b"", b"GET", HEAD % port, HEAD % port + b"X: " + b"y" * 200)[number % 4])
            with httpx.Client(base_url=house.base, headers={"Origin": house.base}, timeout=30) as client:
                login = {"username": AUTHOR, "password": PASSWORD}
                assert client.post("/api/sessions", json=login).status_code == 201
                assert client.get("/api/me").status_code == 200
            assert all(is_let_go(one, 30) for one in held)
        finally:
            for one in held:
                one.close()


@pytest.mark.promise("S78")
def test_a_second_request_has_a_term_too_and_an_answer_is_never_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "HEAD_WITHIN_S", TERM_S)
    with served(lambda port: home(tmp_path, port=port)) as house:
        port = int(house.base.rpartition(":")[2])
        with dial(house) as one:
            one.sendall(HEAD % port + b"\r\n")
            answer = HTTPResponse(one)
            answer.begin()
            assert answer.status == 200
            assert answer.read()
            one.sendall(HEAD % port)
            assert is_let_go(one, 30)
        with httpx.Client(base_url=house.base) as client:
            assert client.get("/healthz").status_code == 200
            # longer than a head may take: an idle connection that has asked before is kept for a while
            time.sleep(TERM_S + 1)
            assert client.get("/healthz").status_code == 200
            assert len(client._transport._pool.connections) == 1  # type: ignore[attr-defined]
