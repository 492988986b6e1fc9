"""Google's voice failing in every way that was seen: a clear cause in time, then the next voice."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.stub_voice import StubVoice
from tests.tts.fake_google import FakeGoogle, Proof, answer, fake_google, mp3, with_audio
from tts.breaker import FAILURES_TO_OPEN
from tts.cache import SentenceCache
from tts.chain import Chain
from tts.engines.engine import Style
from tts.engines.gtts import GoogleVoice
from tts.errors import EngineError
from tts.render import RenderRequest, render

SENTENCE = "Xin chào bà con."
LONG = (
    "Đài truyền thanh xã xin thông báo lịch tiêm chủng cho trẻ em trong toàn xã "
    "vào sáng thứ bảy tuần này tại trạm."
)
DEADLINE_S = 1.0
GRACE_S = 0.8  # a last read that began just before the deadline, on a busy machine
SOUND = with_audio(mp3(SENTENCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One way to fail, and the code by which it is known."""

    name: str
    code: str
    reply: bytes = b""
    ways: dict[str, bool] = field(default_factory=dict)
    proof: Proof = Proof.RIGHT


FAILURES = (
    Failure(name="429", code="E_ENGINE_QUOTA", reply=answer(b"", "429 Too Many Requests")),
    Failure(name="503", code="E_ENGINE_ANSWER", reply=answer(b"", "503 Service Unavailable")),
    Failure(
        name="redirect",
        code="E_ENGINE_ANSWER",
        reply=answer(b"", "302 Found\r\nLocation: https://127.0.0.1:9/"),
    ),
    Failure(
        name="redirect to plain http",
        code="E_ENGINE_ANSWER",
        reply=answer(b"", "307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/"),
    ),
    Failure(name="no bytes", code="E_ENGINE_EMPTY", reply=answer(b"")),
    Failure(name="no sound", code="E_ENGINE_EMPTY", reply=answer(b")]}'")),
    Failure(
        name="captive portal", code="E_ENGINE_EMPTY", reply=answer(b"<html>log in to this network</html>")
    ),
    Failure(name="empty sound", code="E_ENGINE_EMPTY", reply=answer(with_audio(b""))),
    Failure(name="html as sound", code="E_ENGINE_ANSWER", reply=answer(with_audio(b"<html>no mp3</html>"))),
    Failure(
        name="no base64",
        code="E_ENGINE_ANSWER",
        reply=answer(b'"jQ1olc","[\\"QUJ\\"]'),
    ),
    Failure(name="cut short", code="E_ENGINE_LENGTH", reply=answer(with_audio(mp3(SENTENCE, seconds=0.1)))),
    Failure(name="far too long", code="E_ENGINE_LENGTH", reply=answer(with_audio(mp3(SENTENCE, seconds=9)))),
    Failure(name="broken off", code="E_ENGINE_OFFLINE", reply=answer(SOUND[:900], claimed=5000)),
    Failure(name="no http", code="E_ENGINE_OFFLINE", reply=b"\x00\x01\x02 not http\r\n\r\n"),
    Failure(name="endless", code="E_ENGINE_ANSWER", reply=answer(b"x" * (4 * 1024 * 1024 + 9000))),
    Failure(name="silent after TLS", code="E_ENGINE_SLOW", ways={"holds": True}),
    Failure(name="silent before TLS", code="E_ENGINE_SLOW", ways={"mute": True}),
    Failure(name="slow drip", code="E_ENGINE_SLOW", reply=answer(SOUND), ways={"drips": True}),
    Failure(
        name="certificate past its day", code="E_ENGINE_DISTRUSTED", reply=answer(SOUND), proof=Proof.EXPIRED
    ),
    Failure(
        name="another host's certificate",
        code="E_ENGINE_DISTRUSTED",
        reply=answer(SOUND),
        proof=Proof.ANOTHER,
    ),
)
each_failure = pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)


@contextmanager
def failing(directory: Path, failure: Failure) -> Iterator[tuple[FakeGoogle, GoogleVoice]]:
    with fake_google(directory, failure.reply, proof=failure.proof, **failure.ways) as server:
        yield (
            server,
            GoogleVoice(
                origin=server.origin, authorities=str(server.authorities), deadline_s=DEADLINE_S, read_s=0.5
            ),
        )


@pytest.mark.promise("F71")
@each_failure
def test_it_is_a_named_failure_within_its_deadline(tmp_path: Path, failure: Failure) -> None:
    with failing(tmp_path, failure) as (_, voice):
        began = time.monotonic()
        with pytest.raises(EngineError) as refusal:
            voice.speak(SENTENCE, Style.BULLETIN)
        assert time.monotonic() - began < DEADLINE_S + GRACE_S
    assert refusal.value.code == failure.code
    assert refusal.value.vi.endswith(".")
    assert not refusal.value.permanent


@pytest.mark.promise("F71")
@each_failure
def test_the_next_voice_speaks_and_the_rendering_says_who_and_why(tmp_path: Path, failure: Failure) -> None:
    with failing(tmp_path, failure) as (_, voice):
        cache = SentenceCache(directory=tmp_path / "cache")
        rendering = render(RenderRequest(text=SENTENCE, chime=False), Chain((voice, StubVoice())), cache)
    (said,) = rendering.said
    assert (said.engine, rendering.clip.engine) == ("stub", "stub")
    assert len(said.causes) == 1
    assert said.causes[0].startswith(f"gtts: {failure.code}")


@pytest.mark.promise("F71")
@each_failure
def test_failing_again_and_again_it_is_left_alone(tmp_path: Path, failure: Failure) -> None:
    with failing(tmp_path, failure) as (server, voice):
        chain = Chain((voice, StubVoice()))
        causes = [chain.speak(SENTENCE, Style.BULLETIN).causes for _ in range(FAILURES_TO_OPEN)]
        asked = server.greeted
        rested = chain.speak(SENTENCE, Style.BULLETIN)
        assert server.greeted == asked >= 1
    assert all(failure.code in cause[0] for cause in causes)
    assert rested.causes == ("gtts rests",)


@each_failure
def test_an_emergency_does_not_even_ask(tmp_path: Path, failure: Failure) -> None:
    with failing(tmp_path, failure) as (server, voice):
        spoken = Chain((voice, StubVoice())).speak(SENTENCE, Style.EMERGENCY)
        with pytest.raises(EngineError) as refusal:
            voice.speak(SENTENCE, Style.EMERGENCY)
        assert server.greeted == 0
    assert spoken.engine == "stub"
    assert refusal.value.code == "E_ENGINE_ONLINE"
    assert refusal.value.permanent


def test_no_distrusted_server_gets_the_text(tmp_path: Path) -> None:
    for failure in FAILURES:
        if failure.code == "E_ENGINE_DISTRUSTED":
            with failing(tmp_path, failure) as (server, voice), pytest.raises(EngineError):
                voice.speak(SENTENCE, Style.BULLETIN)
            assert server.requests == []


def test_a_sentence_of_several_requests_has_one_deadline(tmp_path: Path) -> None:
    """gTTS cuts what is longer than 100 characters; each piece would otherwise have the whole time again."""
    with fake_google(tmp_path, answer(with_audio(mp3(LONG, seconds=2.5)))) as server:
        now = iter(range(0, 100, 9))
        voice = GoogleVoice(
            origin=server.origin,
            authorities=str(server.authorities),
            deadline_s=5,
            clock=lambda: float(next(now)),
        )
        with pytest.raises(EngineError) as refusal:
            voice.speak(LONG, Style.BULLETIN)
        assert refusal.value.code == "E_ENGINE_SLOW"
        assert server.requests == []


def test_headers_that_drip_without_end_are_left_behind_by_the_chain(tmp_path: Path) -> None:
    """http.client has no deadline of its own for a head; the chain's holds."""
    drip = b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 200
    with fake_google(tmp_path, drip, drips=True) as server:
        voice = GoogleVoice(origin=server.origin, authorities=str(server.authorities), deadline_s=0.3)
        chain = Chain((voice, StubVoice()), deadlines_s={"gtts": 0.6})
        began = time.monotonic()
        spoken = chain.speak(SENTENCE, Style.BULLETIN)
        assert time.monotonic() - began < 0.6 + GRACE_S
    assert spoken.engine == "stub"
    assert "E_ENGINE_SLOW" in spoken.causes[0]
