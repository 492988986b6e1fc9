"""espeak-ng in its own process, and Google's voice that is trusted in nothing."""

import json
import os
import shutil
import socket
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.tts.fake_google import answer, fake_google, mp3, with_audio
from tts.clip import SAMPLE_RATE
from tts.engines.engine import Style
from tts.engines.espeak import EspeakVoice
from tts.engines.gtts import GoogleVoice
from tts.errors import EngineAbsent, EngineError, EngineSlow, RequestRefused, SentenceUnfit
from tts.registry import NO_SETTINGS, known_engines, open_engine, open_engines, read_settings

SENTENCE = "Xin chào bà con."


def google(
    origin: str, authorities: Path | None, *, deadline_s: float = 20.0, read_s: float = 5.0
) -> GoogleVoice:
    return GoogleVoice(
        origin=origin,
        authorities=None if authorities is None else str(authorities),
        deadline_s=deadline_s,
        read_s=read_s,
    )


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

    def test_offline_it_says_so_in_one_clear_sentence(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(EngineError) as refusal:
            google(f"https://127.0.0.1:{port}", None).speak(SENTENCE, Style.BULLETIN)
        assert refusal.value.code == "E_ENGINE_OFFLINE"
        assert refusal.value.vi == "Không có mạng Internet nên không dùng được bộ đọc gTTS."
        assert not refusal.value.permanent


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
        assert {"kokoro_vn", "espeak", "gtts", "http", "piper"} <= set(known_engines())

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

    def test_settings_are_texts_by_engine_from_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "engines.json"
        file.write_text('{"http": {"base_url": "http://127.0.0.1:8"}}')
        engine = open_engine("http", settings=read_settings(file))
        assert not engine.online
        assert read_settings(None) == NO_SETTINGS

    @pytest.mark.parametrize("words", ["", "[]", '{"http": 1}', '{"http": {"base_url": 1}}', "[" * 9000])
    def test_settings_of_another_shape_are_refused(self, tmp_path: Path, words: str) -> None:
        file = tmp_path / "engines.json"
        file.write_text(words)
        with pytest.raises(RequestRefused):
            read_settings(file)
