"""Clips over real HTTP on 127.0.0.1: cut and resumed, lied about by a captive portal, never in part."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from firmware_sim.fetch import Haul, HttpFetcher

DATA = bytes(range(256)) * 400
SHA = hashlib.sha256(DATA).hexdigest()
PORTAL = b"<html>Wi-Fi mien phi</html>"


class Server(ThreadingHTTPServer):
    """Serves DATA; ``cut_at`` breaks each answer off after so many octets; ``portal`` answers with a page."""

    daemon_threads = True
    cut_at: int | None = None
    portal = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers.get("Range"))
        if self.server.portal:
            self._send(200, PORTAL, None)
            return
        asked = self.headers.get("Range")
        begin = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        self._send(206 if asked else 200, DATA[begin:], self.server.cut_at)

    def _send(self, status: int, body: bytes, cut_at: int | None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut_at])
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def server() -> Iterator[Server]:
    httpd = Server()
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield httpd
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


async def fetch(httpd: Server, begun: bytes = b"", *, tries: int = 1) -> Haul:
    fetcher = HttpFetcher()
    haul = Haul(data=begun, complete=False)
    try:
        for _ in range(tries):
            base = f"http://127.0.0.1:{httpd.server_port}"
            haul = await fetcher.fetch(base, SHA, len(DATA), haul.data)
            if haul.complete:
                break
    finally:
        await fetcher.close()
    return haul


@pytest.mark.promise("F41")
def test_a_download_cut_at_each_tenth_resumes_by_range_and_ends_whole() -> None:
    with server() as httpd:
        httpd.cut_at = len(DATA) // 10 + 1
        haul = asyncio.run(fetch(httpd, tries=12))
        assert haul.complete
        assert hashlib.sha256(haul.data).hexdigest() == SHA
        assert httpd.ranges[0] is None
        assert httpd.ranges[1] == f"bytes={httpd.cut_at}-"
        assert len(httpd.ranges) == 10


@pytest.mark.promise("F41")
def test_what_was_cut_is_not_called_complete() -> None:
    with server() as httpd:
        httpd.cut_at = 1000
        haul = asyncio.run(fetch(httpd))
    assert (haul.complete, len(haul.data), haul.reason) == (False, 1000, "cut")


def test_what_a_captive_portal_answers_comes_whole_and_under_another_hash() -> None:
    with server() as httpd:
        httpd.portal = True
        haul = asyncio.run(fetch(httpd))
    assert (haul.complete, haul.data) == (True, PORTAL)
    assert hashlib.sha256(haul.data).hexdigest() != SHA


def test_a_server_that_is_gone_is_an_answer_not_an_exception() -> None:
    with server() as httpd:
        pass
    haul = asyncio.run(fetch(httpd))
    assert (haul.complete, haul.reason) == (False, "down")
