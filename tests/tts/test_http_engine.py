"""A server of one's own: asked politely, trusted in little."""

import io
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.support.stub_voice import StubVoice
from tests.tts.fake_google import Proof, certificate
from tts.chain import Chain
from tts.clip import SAMPLE_RATE
from tts.engines.engine import Style
from tts.engines.http import LONGEST_ANSWER, HttpSettings, HttpVoice
from tts.errors import EngineAbsent, EngineError, EngineSlow
from tts.registry import open_engine

SENTENCE = "Xin chào bà con."
KEY = "bí mật".encode().hex()


def wave(seconds: float = 0.9, rate: int = 16_000, form: str = "WAV", level: float = 0.3) -> bytes:
    target = io.BytesIO()
    tone = level * np.sin(2 * np.pi * 300 * np.arange(round(seconds * rate)) / rate)
    soundfile.write(target, tone, rate, format=form)
    return target.getvalue()


@dataclass(slots=True, kw_only=True)
class Province:
    """Answers every request alike and remembers it."""

    status: int = 200
    body: bytes = b""
    claimed: int | None = None
    drip_s: float = 0.0
    hold_s: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def province(reply: Province, tls: tuple[Path, Path] | None = None) -> Iterator[Province]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            reply.asked.append((self.path, dict(self.headers), json.loads(self.rfile.read(length))))
            reply.closing.wait(reply.hold_s)
            self.send_response(reply.status)
            self.send_header("Content-Length", str(reply.claimed or len(reply.body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            step = 1 if reply.drip_s else 65536
            try:
                for at in range(0, len(reply.body), step):
                    self.wfile.write(reply.body[at : at + step])
                    if reply.drip_s and reply.closing.wait(reply.drip_s):
                        return
            except OSError:
                return  # the engine has had enough, as some of the tests want it to

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = False

        def handle_error(self, *about: object) -> None:
            """A client that does not trust the certificate goes away in the middle."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        reply.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield reply
        finally:
            reply.closing.set()
            server.shutdown()
            thread.join()


def voice(reply: Province, **settings: str) -> HttpVoice:
    return HttpVoice(
        HttpSettings(base_url=f"http://127.0.0.1:{reply.port}/v1", **settings), deadline_s=1.0, read_s=0.5
    )


@pytest.mark.parametrize("form", ["WAV", "FLAC", "MP3", "OGG"])
def test_a_good_answer_is_heard_in_any_form(form: str) -> None:
    with province(Province(body=wave(form=form))) as server:
        pcm = voice(server, key=KEY, model="vi-1", voice="nu").speak(SENTENCE, Style.BULLETIN)
    assert len(pcm) / SAMPLE_RATE == pytest.approx(0.9, abs=0.1)
    ((path, headers, words),) = server.asked
    assert path == "/v1/audio/speech"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert words == {
        "model": "vi-1", "voice": "nu", "input": SENTENCE, "response_format": "wav", "speed": 1.0,
    }  # fmt: skip


def test_on_this_machine_it_speaks_emergencies_slower() -> None:
    with province(Province(body=wave())) as server:
        engine = voice(server)
        assert not engine.online
        engine.speak(SENTENCE, Style.EMERGENCY)
    assert server.asked[0][2]["speed"] < 1
    assert "Authorization" not in server.asked[0][1]


@pytest.mark.promise("F71")
@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Province(status=429), "E_ENGINE_QUOTA"),
        (Province(status=401), "E_ENGINE_KEY"),
        (Province(status=403), "E_ENGINE_KEY"),
        (Province(status=500, body=b"oops"), "E_ENGINE_ANSWER"),
        (Province(status=302, headers={"Location": "http://127.0.0.1:9/"}), "E_ENGINE_ANSWER"),
        (Province(body=b""), "E_ENGINE_EMPTY"),
        (Province(body=b"<html>log in to this network</html>"), "E_ENGINE_ANSWER"),
        (Province(body=b'{"error": "no such voice"}'), "E_ENGINE_ANSWER"),
        (Province(body=wave()[:30]), "E_ENGINE_ANSWER"),
        (Province(body=wave(0.1)), "E_ENGINE_LENGTH"),
        (Province(body=wave(30)), "E_ENGINE_LENGTH"),
        (Province(body=wave(3600, 8_000, "FLAC", 0.0)), "E_ENGINE_LENGTH"),
        (Province(body=b"x" * (LONGEST_ANSWER + 9000)), "E_ENGINE_ANSWER"),
        (Province(body=wave()[:900], claimed=90_000), "E_ENGINE_OFFLINE"),
        (Province(body=wave(), hold_s=3), "E_ENGINE_SLOW"),
        (Province(body=wave(), drip_s=0.02), "E_ENGINE_SLOW"),
    ],
    ids=[
        "429", "401", "403", "500", "redirect", "no bytes", "captive portal", "json", "cut head", "too short",
        "too long", "an hour in a small file", "endless", "broken off", "stalls", "drips",
    ],
)  # fmt: skip
def test_every_bad_answer_is_a_named_failure_in_time(reply: Province, code: str) -> None:
    with province(reply) as server:
        began = time.monotonic()
        with pytest.raises(EngineError) as failure:
            voice(server).speak(SENTENCE, Style.BULLETIN)
        assert time.monotonic() - began < 2.5
    assert failure.value.code == code
    assert len(server.asked) == 1


def test_a_server_that_is_not_there_is_offline_and_the_next_voice_speaks() -> None:
    with province(Province()) as server:
        pass
    with pytest.raises(EngineError) as failure:
        voice(server).speak(SENTENCE, Style.BULLETIN)
    assert failure.value.code == "E_ENGINE_OFFLINE"
    spoken = Chain((voice(server), StubVoice())).speak(SENTENCE, Style.BULLETIN)
    assert spoken.engine == "stub"
    assert "E_ENGINE_OFFLINE" in spoken.causes[0]


@pytest.mark.parametrize("proof", [Proof.EXPIRED, Proof.ANOTHER])
def test_a_server_that_cannot_prove_who_it_is_gets_neither_text_nor_key(tmp_path: Path, proof: Proof) -> None:
    pair = certificate(tmp_path, proof)
    with province(Province(body=wave()), pair) as server:
        settings = HttpSettings(
            base_url=f"https://127.0.0.1:{server.port}", key=KEY, authorities=str(pair[0])
        )
        with pytest.raises(EngineError) as failure:
            HttpVoice(settings).speak(SENTENCE, Style.BULLETIN)
    assert failure.value.code == "E_ENGINE_DISTRUSTED"
    assert server.asked == []


def test_a_proven_server_is_heard_over_tls(tmp_path: Path) -> None:
    pair = certificate(tmp_path)
    with province(Province(body=wave()), pair) as server:
        settings = HttpSettings(base_url=f"https://127.0.0.1:{server.port}/", authorities=str(pair[0]))
        assert len(HttpVoice(settings).speak(SENTENCE, Style.BULLETIN)) > 10_000


@pytest.mark.parametrize(
    "base_url",
    [
        "http://doc.tinh.gov.vn/v1", "ftp://127.0.0.1/", "https://user:word@doc.tinh.gov.vn", "https://",
        "//doc.tinh.gov.vn", "https://doc.tinh.gov.vn/?key=1", "http://127.0.0.1.evil.example/", "http://[::1",
        "https://doc.tinh.gov.vn:port",
    ],
)  # fmt: skip
def test_an_address_that_would_send_text_in_the_open_is_refused(base_url: str) -> None:
    with pytest.raises(EngineAbsent):
        open_engine("http", settings={"http": {"base_url": base_url}})


def test_another_machine_is_online_and_never_speaks_an_emergency() -> None:
    engine = open_engine("http", settings={"http": {"base_url": "https://doc.tinh.gov.vn/tts/v1/"}})
    assert engine.online
    with pytest.raises(EngineError) as refusal:
        engine.speak(SENTENCE, Style.EMERGENCY)
    assert refusal.value.code == "E_ENGINE_ONLINE"


def test_unset_or_wrongly_set_it_is_absent() -> None:
    for settings in ({}, {"base_url": "https://doc.tinh.gov.vn", "tốc độ": "1"}):
        with pytest.raises(EngineAbsent):
            open_engine("http", settings={"http": settings})


def test_another_voice_or_server_has_another_identity_and_the_key_is_no_part_of_it() -> None:
    def identity(**settings: str) -> str:
        return HttpVoice(HttpSettings(**{"base_url": "https://a.example", **settings})).identity

    assert identity() == identity(key="x") == identity(base_url="https://a.example/v1/")
    assert (
        len({identity(), identity(voice="nam"), identity(model="2"), identity(base_url="https://b.example")})
        == 4
    )


def test_the_key_does_not_show_in_what_is_printed() -> None:
    assert KEY not in repr(HttpSettings(base_url="https://a.example", key=KEY))


def test_slow_is_slow() -> None:
    with province(Province(body=wave(), hold_s=2)) as server, pytest.raises(EngineSlow):
        voice(server).speak(SENTENCE, Style.BULLETIN)
