"""An upload over a real socket that breaks, lies about its length, or comes in chunks without end."""

import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.doors.streams import LONGEST_READ
from tests.support.asked import GOOD
from tests.support.doors import AUTHOR, PASSWORD, Served, home, served
from tests.tts import uploads

VOICE = uploads.encoded(uploads.speech(4))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("socket")
    with served(lambda port: home(folder / "house", port=port)) as found:
        yield found


def a_bai(house: Served) -> tuple[str, str]:
    """A new bài and the cookie of its author."""
    with httpx.Client(base_url=house.base, headers={"Origin": house.base}) as client:
        client.post("/api/sessions", json={"username": AUTHOR, "password": PASSWORD})
        bai = client.post("/api/announcements", json=GOOD).json()["id"]
        return bai, "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def head(house: Served, bai: str, cookie: str, framing: str) -> bytes:
    host = house.base.removeprefix("http://")
    return (
        f"POST /api/announcements/{bai}/recording HTTP/1.1\r\nHost: {host}\r\nOrigin: {house.base}\r\n"
        f"Cookie: {cookie}\r\nContent-Type: application/octet-stream\r\n{framing}\r\n\r\n"
    ).encode()


def connected(house: Served) -> socket.socket:
    host, _, port = house.base.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def files(house: Served) -> list[Path]:
    return [path for path in house.up.loa.settings.recordings_dir.rglob("*") if path.is_file()]


def soon_nothing_is_left(house: Served) -> bool:
    for _ in range(200):
        if not files(house):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.promise("S50")
def test_a_link_that_breaks_in_the_middle_leaves_nothing(house: Served) -> None:
    bai, cookie = a_bai(house)
    with connected(house) as line:
        line.sendall(head(house, bai, cookie, f"Content-Length: {len(VOICE)}") + VOICE[:50_000])
        for _ in range(200):
            if files(house):
                break
            time.sleep(0.02)
        assert [path.suffix for path in files(house)] == [".part"]
    assert soon_nothing_is_left(house)


@pytest.mark.promise("S50")
def test_more_than_was_claimed_is_not_read_as_sound(house: Served) -> None:
    bai, cookie = a_bai(house)
    with connected(house) as line:
        line.sendall(head(house, bai, cookie, "Content-Length: 1000") + VOICE)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        # a thousand octets of a longer sound: its header promises more than came
        assert answer.status in (415, 422)
    assert soon_nothing_is_left(house)


@pytest.mark.promise("S50")
def test_chunks_without_end_are_cut_off(house: Served) -> None:
    bai, cookie = a_bai(house)
    piece = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    sent = 0
    with connected(house) as line:
        line.sendall(head(house, bai, cookie, "Transfer-Encoding: chunked"))
        try:
            while sent < 2 * LONGEST_READ:
                line.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
    assert sent < LONGEST_READ * 1.2
    assert soon_nothing_is_left(house)
    assert httpx.get(f"{house.base}/healthz").status_code == 200
