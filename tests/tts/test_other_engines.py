"""espeak-ng in its own process, and Google's voice that is trusted in nothing."""

import json
import os
import shutil
import socket
import time
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.support.stub_voice import StubVoice
from tests.tts.fake_google import answer, fake_google, mp3, with_audio
from tts.chain import Chain
from tts.clip import SAMPLE_RATE
from tts.engines.engine import Style
from tts.engines.espeak import EspeakVoice
from tts.engines.gtts import GoogleVoice
from tts.errors import EngineAbsent, EngineError, EngineSlow, SentenceUnfit
from tts.registry import known_engines, open_engine, open_engines

SENTENCE = "Xin chào bà con."


def google(server_origin: str, authorities: Path | None, **settings: float) -> GoogleVoice:
    return GoogleVoice(origin=server_origin, authorities=authorities and str(authorities), **settings)


class TestGoogle:
    def test_a_good_answer_is_heard(self, tmp_path: Path) -> None:
        with fake_google(tmp_path, answer(with_audio(mp3(SENTENCE)))) as server:
            pcm = google(server.origin, server.authorities).speak(SENTENCE, Style.BULLETIN)
            assert len(server.requests) == 1
            assert json.dumps(SENTENCE)[1:-1].replace("\\", "\\\\") in unquote(server.requests[0].decode())
        assert 0.7 < len(pcm) / SAMPLE_RATE < 0.95

    def test_a_server_that_cannot_prove_who_it_is_gets_no_text(self, tmp_path: Path) -> None:
        with fake_google(tmp_path, answer(with_audio(mp3(SENTENCE)))) as server:
            with pytest.raises(EngineError) as refusal:
                google(server.origin, None).speak(SENTENCE, Style.BULLETIN)
            assert refusal.value.code == "E_ENGINE_DISTRUSTED"
            assert server.requests == []

    @pytest.mark.promise("F71")
    @pytest.mark.parametrize(
        ("reply", "code"),
        [
            (answer(b"", "429 Too Many Requests"), "E_ENGINE_QUOTA"),
            (answer(b"", "503 Service Unavailable"), "E_ENGINE_ANSWER"),
            (answer(b"", "302 Found\r\nLocation: https://127.0.0.1:9/"), "E_ENGINE_ANSWER"),
            (answer(b""), "E_ENGINE_EMPTY"),
            (answer(b")]}'"), "E_ENGINE_EMPTY"),
            (answer(b"<html>log in to this network</html>"), "E_ENGINE_EMPTY"),
            (answer(with_audio(b"")), "E_ENGINE_EMPTY"),
            (answer(with_audio(b"<html>no mp3</html>")), "E_ENGINE_ANSWER"),
            (answer(with_audio(mp3(SENTENCE, seconds=0.1))), "E_ENGINE_LENGTH"),
            (answer(with_audio(mp3(SENTENCE, seconds=9))), "E_ENGINE_LENGTH"),
            (answer(with_audio(mp3(SENTENCE))[:900], claimed=5000), "E_ENGINE_OFFLINE"),
            (b"\x00\x01\x02 not http\r\n\r\n", "E_ENGINE_OFFLINE"),
            (answer(b"x" * (4 * 1024 * 1024 + 9000)), "E_ENGINE_ANSWER"),
        ],
        ids=[
            "429", "503", "redirect", "no bytes", "no sound", "captive portal", "empty sound",
            "html as sound", "cut short", "far too long", "broken off", "no http", "endless",
        ],
    )  # fmt: skip
    def test_every_bad_answer_is_a_named_failure(self, tmp_path: Path, reply: bytes, code: str) -> None:
        with fake_google(tmp_path, reply) as server, pytest.raises(EngineError) as refusal:
            google(server.origin, server.authorities).speak(SENTENCE, Style.BULLETIN)
        assert refusal.value.code == code
        assert refusal.value.vi.startswith(("Bộ đọc gTTS", "Không có mạng"))

    def test_a_server_that_stalls_is_given_up(self, tmp_path: Path) -> None:
        began = time.monotonic()
        with fake_google(tmp_path, b"", holds=True) as server, pytest.raises(EngineSlow):
            google(server.origin, server.authorities, read_s=0.2).speak(SENTENCE, Style.BULLETIN)
        assert time.monotonic() - began < 5

    def test_a_server_that_drips_is_given_up(self, tmp_path: Path) -> None:
        reply = answer(with_audio(mp3(SENTENCE)))
        with fake_google(tmp_path, reply, drips=True) as server, pytest.raises(EngineSlow):
            google(server.origin, server.authorities, deadline_s=0.5, read_s=5).speak(
                SENTENCE, Style.BULLETIN
            )

    def test_offline_it_says_so_in_one_clear_sentence(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(EngineError) as refusal:
            google(f"https://127.0.0.1:{port}", None).speak(SENTENCE, Style.BULLETIN)
        assert refusal.value.code == "E_ENGINE_OFFLINE"
        assert refusal.value.vi == "Không có mạng Internet nên không dùng được bộ đọc gTTS."
        assert not refusal.value.permanent

    def test_it_never_speaks_an_emergency(self, tmp_path: Path) -> None:
        with fake_google(tmp_path, answer(with_audio(mp3(SENTENCE)))) as server:
            with pytest.raises(EngineError) as refusal:
                google(server.origin, server.authorities).speak(SENTENCE, Style.EMERGENCY)
            assert refusal.value.permanent
            assert server.requests == []

    def test_the_chain_goes_on_without_it(self, tmp_path: Path) -> None:
        with fake_google(tmp_path, answer(b"", "429 Too Many Requests")) as server:
            chain = Chain((google(server.origin, server.authorities), StubVoice()))
            assert chain.speak(SENTENCE, Style.BULLETIN).engine == "stub"


def program(directory: Path, script: str) -> str:
    path = directory / "espeak-ng"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return os.fspath(path)


class TestEspeak:
    @pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed here")
    def test_it_speaks_and_an_emergency_slower(self) -> None:
        voice = open_engine("espeak")
        bulletin = voice.speak("nước sông đang dâng nhanh", Style.BULLETIN)
        assert 0.5 < len(bulletin) / SAMPLE_RATE < 4
        assert len(voice.speak("nước sông đang dâng nhanh", Style.EMERGENCY)) > len(bulletin)

    def test_a_crash_is_the_engines_failure(self, tmp_path: Path) -> None:
        with pytest.raises(EngineError) as refusal:
            EspeakVoice(program=program(tmp_path, "kill -9 $$")).speak(SENTENCE, Style.BULLETIN)
        assert refusal.value.code == "E_ENGINE_FAILED"

    def test_a_hang_is_ended(self, tmp_path: Path) -> None:
        voice = EspeakVoice(program=program(tmp_path, "exec sleep 30"), deadline_s=0.3)
        with pytest.raises(EngineSlow):
            voice.speak(SENTENCE, Style.BULLETIN)

    @pytest.mark.parametrize("script", ["exit 0", "echo no wave"])
    def test_success_without_sound_is_no_success(self, tmp_path: Path, script: str) -> None:
        with pytest.raises(SentenceUnfit):
            EspeakVoice(program=program(tmp_path, f"cat > /dev/null; {script}")).speak(
                SENTENCE, Style.BULLETIN
            )

    def test_a_program_that_is_gone_is_absent(self, tmp_path: Path) -> None:
        with pytest.raises(EngineAbsent):
            EspeakVoice(program=os.fspath(tmp_path / "gone")).speak(SENTENCE, Style.BULLETIN)


class TestRegistry:
    def test_the_houses_engines_are_known(self) -> None:
        assert {"kokoro_vn", "espeak", "gtts"} <= set(known_engines())

    def test_a_dotted_name_opens_an_engine_of_ones_own(self) -> None:
        assert open_engine("tests.support.stub_voice:open_engine").name == "stub"

    @pytest.mark.parametrize(
        "name", ["nobody", "no.such.module:open_engine", "tests.support.stub_voice:nothing"]
    )
    def test_an_unknown_engine_is_absent(self, name: str) -> None:
        with pytest.raises(EngineAbsent):
            open_engine(name)

    def test_absent_engines_are_left_out_of_the_chain(self) -> None:
        engines = open_engines(("nobody", "tests.support.stub_voice:open_engine"))
        assert [engine.name for engine in engines] == ["stub"]
