"""Recordings: what is uploaded is decoded behind a fence, or refused by name."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tts import uploads
from tests.tts.test_sound import tone
from tts.clip import SAMPLE_RATE, decode
from tts.errors import AudioRefused
from tts.fence import surroundings
from tts.formats import Format
from tts.gate import Flaw
from tts.recording import Kind, Limits, kind_of, take_in

MEGABYTE = 1024 * 1024


def upload(directory: Path, data: bytes, name: str = "ghi-am.mp3") -> Path:
    path = directory / name
    path.write_bytes(data)
    return path


def refusal(directory: Path, data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(AudioRefused) as refused:
        take_in(upload(directory, data), limits=limits or Limits())
    assert refused.value.vi
    assert refused.value.en
    return refused.value.code


class TestGoodOnes:
    @pytest.mark.parametrize(
        ("form", "rate", "channels", "kind"),
        [
            ("WAV", 8_000, 1, Kind.WAV),
            ("WAV", 44_100, 2, Kind.WAV),
            ("WAV", 48_000, 1, Kind.WAV),
            ("FLAC", 22_050, 1, Kind.FLAC),
            ("OGG", 48_000, 2, Kind.OGG),
            ("MP3", 44_100, 1, Kind.MP3),
        ],
    )
    def test_a_recording_becomes_a_clip(
        self, tmp_path: Path, form: str, rate: int, channels: int, kind: Kind
    ) -> None:
        pcm = uploads.speech(12.3)
        recording = take_in(upload(tmp_path, uploads.encoded(pcm, form, rate, channels)), denoise=False)
        assert recording.kind is kind
        assert recording.original_ms == pytest.approx(12_300, abs=80)
        assert recording.clip.engine == "recording"
        assert recording.clip.lufs == pytest.approx(-16, abs=0.5)
        assert recording.clip.peak_dbfs <= -1.49
        assert recording.findings == ()

    @pytest.mark.parametrize("rate", [8_000, 11_025, 12_345, 44_101, 48_000])
    def test_no_seam_is_heard_between_the_windows_of_another_rate(self, tmp_path: Path, rate: int) -> None:
        steady = tone(1000, 21.5, -20)
        recording = take_in(
            upload(tmp_path, uploads.encoded(steady, "WAV", rate)), denoise=False, wanted=Format.WAV
        )
        heard, heard_rate = decode(recording.clip.data)
        inner = heard[heard_rate : 20 * heard_rate].astype(np.float64)
        spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner))))
        hertz = np.fft.rfftfreq(len(inner), 1 / heard_rate)
        aside = spectrum[np.abs(hertz - 1000) > 20].max()
        assert 20 * np.log10(aside / spectrum.max()) < -60

    @pytest.mark.promise("S53")
    def test_a_quiet_recording_is_raised_and_the_silence_around_it_cut(self, tmp_path: Path) -> None:
        quiet = np.pad(uploads.speech(5) * 0.06, (3 * SAMPLE_RATE, 4 * SAMPLE_RATE))
        recording = take_in(upload(tmp_path, uploads.encoded(quiet.astype(np.float32))))
        assert 4_500 < recording.clip.duration_ms < 5_600
        assert recording.original_ms == 12_000
        assert recording.clip.lufs == pytest.approx(-16, abs=0.5)
        assert recording.findings == ()

    @pytest.mark.promise("S53")
    def test_a_full_scale_square_wave_is_brought_down_and_named(self, tmp_path: Path) -> None:
        recording = take_in(upload(tmp_path, uploads.encoded(uploads.square())), denoise=False)
        assert recording.clip.lufs == pytest.approx(-16, abs=0.5)
        assert [finding.flaw for finding in recording.findings] == [Flaw.CLIPPED]

    def test_the_original_is_only_read(self, tmp_path: Path) -> None:
        data = uploads.encoded(uploads.speech())
        path = upload(tmp_path, data)
        path.chmod(0o400)
        take_in(path)
        assert path.read_bytes() == data
        assert [file.name for file in tmp_path.iterdir()] == [path.name]

    def test_the_same_recording_gives_the_same_clip(self, tmp_path: Path) -> None:
        path = upload(tmp_path, uploads.encoded(uploads.speech()))
        assert take_in(path).clip == take_in(path).clip

    def test_a_fan_in_the_room_is_lowered_and_the_voice_stays(self, tmp_path: Path) -> None:
        draw = np.random.default_rng(5)
        voice = uploads.speech(10)
        voice[4 * SAMPLE_RATE : 6 * SAMPLE_RATE] = 0
        fan = 0.008 * draw.normal(size=len(voice))
        path = upload(tmp_path, uploads.encoded((voice + fan).astype(np.float32)))

        def pause_below_speech(*, denoise: bool) -> float:
            pcm, _ = decode(take_in(path, denoise=denoise).clip.data)
            pause, speech = pcm[round(4.6 * 24_000) : round(5.4 * 24_000)], pcm[24_000 : 3 * 24_000]
            return float(10 * np.log10(np.square(speech).mean() / np.square(pause).mean()))

        assert pause_below_speech(denoise=True) > pause_below_speech(denoise=False) + 7


class TestRefusals:
    @pytest.mark.promise("S48")
    @pytest.mark.parametrize("name", sorted(uploads.no_sounds(0)))
    def test_what_is_no_sound_is_refused_and_asks_nobody(self, tmp_path: Path, name: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.05)
            data = uploads.no_sounds(listener.getsockname()[1])[name]
            assert refusal(tmp_path, data) in ("E_AUDIO_TYPE", "E_AUDIO_LENGTH")
            with pytest.raises(TimeoutError):
                listener.accept()

    @pytest.mark.promise("S48")
    @pytest.mark.parametrize(
        "name", ["html", "elf", "zip", "m3u8", "ffconcat", "pls", "svg", "empty", "text"]
    )
    def test_by_its_first_bytes_and_not_by_its_name(self, name: str) -> None:
        with pytest.raises(AudioRefused) as refused:
            kind_of(uploads.no_sounds(0)[name][:64])
        assert refused.value.code == "E_AUDIO_TYPE"

    @pytest.mark.promise("S49")
    @pytest.mark.parametrize(
        "data",
        [
            uploads.flac_of_silence(3600, 8_000, honest=True),
            uploads.flac_of_silence(3600, 8_000, honest=False),
            uploads.wav_claiming_4_gb(),
            uploads.wav_of_nans(),
            uploads.encoded(np.zeros(0, np.float32)),
            uploads.encoded(tone(500, 1 / SAMPLE_RATE)),
            uploads.encoded(uploads.speech(0.2)),
            uploads.encoded(uploads.speech(1), rate=384_000, channels=8),
            uploads.encoded(uploads.speech(1), channels=3),
        ],
        ids=[
            "an hour of FLAC", "an hour that hides its length", "a header of 4 GB", "NaN", "0 s", "1 sample",
            "0.2 s", "8 channels at 384 kHz", "3 channels",
        ],
    )  # fmt: skip
    def test_a_length_that_is_none_is_refused_soon(self, tmp_path: Path, data: bytes) -> None:
        began = time.monotonic()
        assert refusal(tmp_path, data) == "E_AUDIO_LENGTH"
        assert time.monotonic() - began < 5

    @pytest.mark.promise("S49")
    def test_a_bomb_takes_little_memory(self, tmp_path: Path) -> None:
        def peak(data: bytes) -> int:
            path = upload(tmp_path, data)
            command = (
                sys.executable, "-m", "tts.decoding",
                "--seconds", "1800", "--memory", str(64 * MEGABYTE), "--cpu", "20",
            )  # fmt: skip
            with (
                path.open("rb") as source,
                subprocess.Popen(
                    command,
                    stdin=source,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=surroundings(),
                ) as child,
            ):
                _, status, used = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                return used.ru_maxrss * 1024

        plain = peak(uploads.encoded(uploads.speech(1)))
        bomb = peak(uploads.flac_of_silence(3600, 8_000, honest=False))
        assert bomb - plain < 64 * MEGABYTE

    def test_more_bytes_than_allowed_are_refused_unread(self, tmp_path: Path) -> None:
        small = Limits(size_bytes=50_000)
        assert refusal(tmp_path, uploads.encoded(uploads.speech()), small) == "E_AUDIO_SIZE"

    def test_a_decoder_that_needs_too_much_is_ended(self, tmp_path: Path) -> None:
        tight = Limits(memory_bytes=0)
        assert refusal(tmp_path, uploads.encoded(uploads.speech(30)), tight) in (
            "E_AUDIO_LENGTH",
            "E_AUDIO_TYPE",
        )
        hurried = Limits(wait_s=0.01)
        assert refusal(tmp_path, uploads.encoded(uploads.speech(30)), hurried) == "E_AUDIO_LENGTH"

    @pytest.mark.promise("S53")
    @pytest.mark.parametrize(
        "data",
        [
            uploads.encoded(np.zeros(4 * SAMPLE_RATE, np.float32)),
            uploads.as_it_is(tone(19_000, 4, -3, 48_000), "WAV", 48_000),
            uploads.encoded(tone(11_500, 4, -6)),
        ],
        ids=["silence", "19 kHz", "11.5 kHz"],
    )
    def test_what_nobody_can_hear_is_refused(self, tmp_path: Path, data: bytes) -> None:
        assert refusal(tmp_path, data) == "E_AUDIO_LEVEL"


class TestFence:
    """What a decoder that was taken over could still do."""

    SCRIPT = "from tts.fence import *; alone = enter(Fence(memory_bytes=32 << 20, cpu_s=1)); "

    def fenced(self, then: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", self.SCRIPT + then],
            env=surroundings(),
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    @pytest.mark.promise("S49", "P17")
    def test_it_holds_little_memory(self) -> None:
        assert "MemoryError" in self.fenced("bytearray(64 << 20)").stderr
        assert self.fenced("bytearray(8 << 20)").returncode == 0

    @pytest.mark.promise("S49")
    def test_it_works_for_a_while_only(self) -> None:
        began = time.monotonic()
        assert self.fenced("\nwhile True: pass").returncode < 0
        assert time.monotonic() - began < 10

    @pytest.mark.promise("S48")
    def test_it_writes_no_file(self, tmp_path: Path) -> None:
        target = tmp_path / "left"
        self.fenced(f"open({os.fspath(target)!r}, 'w').write('x' * 100)")
        assert not target.exists() or target.stat().st_size == 0

    def test_it_opens_few_files(self) -> None:
        assert "OSError" in self.fenced("held = [open('/dev/null') for _ in range(100)]").stderr

    @pytest.mark.promise("S48")
    def test_it_reaches_no_network_where_the_machine_allows_that_fence(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.05)
            address = listener.getsockname()
            done = self.fenced(f"\nprint(alone)\nimport socket; socket.create_connection({address!r}, 1)")
            if done.stdout.strip() == "True":
                assert "OSError" in done.stderr
                with pytest.raises(TimeoutError):
                    listener.accept()
            else:
                assert done.returncode == 0

    def test_it_knows_nothing_of_our_environment(self) -> None:
        assert set(surroundings()) == {
            "PATH",
            "LANG",
            "PYTHONPATH",
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
        }


HEADS = {
    Kind.M4A: b"\0\0\0\x1cftypM4A \0\0\0\0",
    Kind.AMR: b"#!AMR\n",
    Kind.WEBM: b"\x1a\x45\xdf\xa3",
}


class TestOddKinds:
    @pytest.mark.skipif(shutil.which("ffmpeg") is not None, reason="ffmpeg is installed here")
    @pytest.mark.parametrize("kind", HEADS)
    def test_without_ffmpeg_they_are_refused_in_words_that_help(self, tmp_path: Path, kind: Kind) -> None:
        assert kind_of(HEADS[kind]) is kind
        assert refusal(tmp_path, HEADS[kind] + bytes(1000)) == "E_AUDIO_CODEC"

    @pytest.mark.promise("S48")
    @pytest.mark.parametrize("kind", HEADS)
    def test_ffmpeg_gets_the_upload_by_a_pipe_and_may_open_nothing_else(
        self, tmp_path: Path, kind: Kind
    ) -> None:
        given = upload(tmp_path, HEADS[kind] + bytes(1000))
        recording = take_in(given, ffmpeg=self.stand_in(tmp_path, "sys.stdout.buffer.write(sound)"))
        assert recording.kind is kind
        assert recording.original_ms == 4_000
        arguments = (tmp_path / "ffmpeg.arguments").read_text().split()
        assert arguments[arguments.index("-protocol_whitelist") + 1] == "cache,pipe"
        assert arguments[arguments.index("-i") + 1] == "cache:pipe:0"
        assert "-f" in arguments[: arguments.index("-i")]
        assert os.fspath(given) not in arguments

    def test_an_ffmpeg_that_crashes_never_ends_or_says_nothing_refuses_the_upload(
        self, tmp_path: Path
    ) -> None:
        given = upload(tmp_path, HEADS[Kind.AMR] + bytes(1000))
        for then, code in (
            ("sys.exit(1)", "E_AUDIO_TYPE"),
            ("os.abort()", "E_AUDIO_TYPE"),
            ("pass", "E_AUDIO_LENGTH"),
            ("\nwhile True: pass", "E_AUDIO_TYPE"),
            ("import time; time.sleep(60)", "E_AUDIO_LENGTH"),
            ("held = bytearray(2 << 30)", "E_AUDIO_TYPE"),
        ):
            with pytest.raises(AudioRefused) as refused:
                take_in(given, ffmpeg=self.stand_in(tmp_path, then), limits=Limits(cpu_s=1, wait_s=3))
            assert refused.value.code == code, then

    @staticmethod
    def stand_in(directory: Path, then: str) -> str:
        """A program in ffmpeg's place that notes how it was called."""
        pcm = np.round(uploads.speech(4) * 32767).astype("<i2")
        (directory / "sound").write_bytes(pcm.tobytes())
        program = directory / "ffmpeg"
        program.write_text(
            f"#!{sys.executable}\nimport os, sys\n"
            f"open({os.fspath(directory / 'ffmpeg.arguments')!r}, 'w').write(' '.join(sys.argv[1:]))\n"
            f"sound = open({os.fspath(directory / 'sound')!r}, 'rb').read()\n{then}\n"
        )
        program.chmod(0o755)
        return os.fspath(program)


class TestIntake:
    """The same by a process of its own, for those who must stay small."""

    @staticmethod
    def intake(given: Path, out: Path) -> tuple[int, dict[str, Any]]:
        command = (sys.executable, "-m", "tts.intake", os.fspath(given), "--out", os.fspath(out), "--id", "7")
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout)

    def test_the_clip_lies_under_its_name_when_done_is_said(self, tmp_path: Path) -> None:
        given = upload(tmp_path, uploads.encoded(uploads.speech()))
        code, words = self.intake(given, tmp_path / "clips")
        assert (code, words["event"], words["id"], words["kind"]) == (0, "done", "7", "wav")
        clip = take_in(given).clip
        assert words["clip"]["sha256"] == clip.sha256
        assert (tmp_path / "clips" / clip.sha256).read_bytes() == clip.data

    def test_a_refusal_has_its_code_and_leaves_nothing(self, tmp_path: Path) -> None:
        code, words = self.intake(upload(tmp_path, b"<html>"), tmp_path / "clips")
        assert (code, words["event"], words["code"]) == (1, "error", "E_AUDIO_TYPE")
        assert words["vi"]
        assert not (tmp_path / "clips").exists()
