"""Announcements from recordings: an upload decoded behind a fence, cleaned, levelled, made a clip."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from tts.cleaning import denoised, trimmed
from tts.clip import SAMPLE_RATE, Clip
from tts.decoding import REFUSED
from tts.engines.engine import Pcm
from tts.errors import (
    AudioRefused,
    audio_codec,
    audio_length,
    audio_level,
    audio_size,
    audio_too_long,
    audio_too_short,
    audio_type,
)
from tts.fence import surroundings
from tts.formats import Format, clip_from_pcm
from tts.gate import Finding, Flaw, check, measure
from tts.loudness import normalise
from tts.mixing import AFTER_CHIME_MS, BETWEEN_ROUNDS_MS, chime, silence

ENGINE = "recording"
SHORTEST_S = 0.3
_MEGABYTE = 1024 * 1024
_HEAD = 64
# An empty, silent or inaudible recording is refused; whatever else is wrong with it, it is shown.
_REFUSED = frozenset((Flaw.SILENT, Flaw.NO_VOICE))
# What the levelling puts right is no finding, but clipping is in the recording for good.
_MENDED = frozenset((Flaw.TOO_LOUD, Flaw.TOO_QUIET))


class Kind(StrEnum):
    """What an upload is, by its first bytes and never by its name."""

    WAV = "wav"
    FLAC = "flac"
    OGG = "ogg"
    MP3 = "mp3"
    M4A = "m4a"
    AMR = "amr"
    WEBM = "webm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an upload may cost: seconds of sound, bytes, the decoder's memory, its work and its time."""

    seconds: float = 1800.0
    size_bytes: int = 100 * _MEGABYTE
    memory_bytes: int = 64 * _MEGABYTE
    cpu_s: int = 60
    wait_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The clip, what the upload was like, and what is wrong with it that cleaning can't mend.

    `original_lufs` and `original_peak_dbfs` are the upload's own; `cut_ms` is the silence cut at its ends.
    """

    clip: Clip
    kind: Kind
    original_ms: int
    original_lufs: float
    original_peak_dbfs: float
    cut_ms: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Airing:
    """How a recording goes on air: as often as this (1 to 3), and whether bells come before it."""

    repeat: int = 1
    chime: bool = False


DEFAULT_LIMITS = Limits()
ONCE = Airing()
_FFMPEG_DEMUXER = {Kind.M4A: "mov", Kind.AMR: "amr", Kind.WEBM: "matroska"}


def take_in(
    source: Path,
    *,
    limits: Limits = DEFAULT_LIMITS,
    denoise: bool = True,
    wanted: Format = Format.OPUS,
    airing: Airing = ONCE,
    ffmpeg: str | None = None,
) -> Recording:
    """The upload as a clip. It is only read: the caller keeps the original. Raises AudioRefused.

    `ffmpeg` is the program for what libsndfile cannot read; if not given, the machine's own.
    """
    with source.open("rb") as upload:
        kind = kind_of(upload.read(_HEAD))
    if source.stat().st_size > limits.size_bytes:
        raise audio_size(limits.size_bytes // _MEGABYTE)
    pcm = _decoded(source, _command(kind, limits, ffmpeg), limits)
    before = measure(pcm, SAMPLE_RATE)
    findings = check(before)
    if any(finding.flaw in _REFUSED for finding in findings):
        raise audio_level(findings[0].en)
    clean = trimmed(pcm, SAMPLE_RATE)
    if len(clean) * airing.repeat > limits.seconds * SAMPLE_RATE:
        raise audio_too_long(limits.seconds, airing.repeat)
    level = normalise(denoised(clean) if denoise else clean, SAMPLE_RATE)
    return Recording(
        clip=clip_from_pcm(_aired(level, airing), ENGINE, wanted),
        kind=kind,
        original_ms=round(len(pcm) * 1000 / SAMPLE_RATE),
        original_lufs=before.lufs,
        original_peak_dbfs=before.peak_dbfs,
        cut_ms=round((len(pcm) - len(clean)) * 1000 / SAMPLE_RATE),
        findings=tuple(finding for finding in findings if finding.flaw not in _MENDED),
    )


def kind_of(head: bytes) -> Kind:
    """Raises AudioRefused for what is no sound that is taken."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return Kind.WAV
    if head[:4] == b"fLaC":
        return Kind.FLAC
    if head[:4] == b"OggS":
        return Kind.OGG
    if head[4:8] == b"ftyp" and head[8:12] in (b"M4A ", b"mp42", b"mp41", b"isom", b"iso2", b"3gp4", b"3gp5"):
        return Kind.M4A
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return Kind.WEBM
    if head.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return Kind.AMR
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return Kind.MP3
    raise audio_type("its first bytes are those of no sound that is taken")


def needs_ffmpeg(kind: Kind) -> bool:
    """Whether this kind is only taken where ffmpeg is installed."""
    return kind in _FFMPEG_DEMUXER


def ffmpeg_here() -> bool:
    """Whether it is."""
    return shutil.which("ffmpeg", path=surroundings()["PATH"]) is not None


def _aired(pcm: Pcm, airing: Airing) -> Pcm:
    """The bells, then the sound as often as it is to be heard."""
    pieces = [chime(), silence(AFTER_CHIME_MS)] if airing.chime else []
    for number in range(airing.repeat):
        pieces += [silence(BETWEEN_ROUNDS_MS), pcm] if number else [pcm]
    # half an hour of it: joined without the copies that joining sentences may cost
    return np.concatenate(pieces) if len(pieces) > 1 else pcm


def _decoded(source: Path, command: Sequence[str], limits: Limits) -> Pcm:
    most = round(limits.seconds * SAMPLE_RATE)
    with source.open("rb") as upload:
        try:
            done = subprocess.run(
                command,
                stdin=upload,
                capture_output=True,
                timeout=limits.wait_s,
                env=surroundings(),
                cwd="/",
                check=False,
            )
        except subprocess.TimeoutExpired as expiry:
            raise audio_length(f"it could not be decoded in {limits.wait_s:g} s") from expiry
    if done.returncode == REFUSED:
        raise _told(done.stderr)
    if done.returncode != 0:
        raise audio_type(f"its decoder ended with {done.returncode}")
    pcm = np.frombuffer(done.stdout[: len(done.stdout) // 2 * 2], dtype="<i2")
    if len(pcm) > most:
        raise audio_too_long(limits.seconds)
    if len(pcm) < SHORTEST_S * SAMPLE_RATE:
        raise audio_too_short(SHORTEST_S)
    return (pcm / np.float32(32767)).astype(np.float32, copy=False)


def _command(kind: Kind, limits: Limits, ffmpeg: str | None) -> tuple[str, ...]:
    if kind not in _FFMPEG_DEMUXER:
        return (
            sys.executable, "-m", "tts.decoding", "--seconds", f"{limits.seconds:g}",
            "--memory", str(limits.memory_bytes), "--cpu", str(limits.cpu_s),
        )  # fmt: skip
    program = ffmpeg or shutil.which("ffmpeg", path=surroundings()["PATH"])
    if program is None:
        raise audio_codec(kind.value)
    return (
        sys.executable, "-m", "tts.fence",
        # ffmpeg maps more than it uses; its temporary copy (cache:) is as large as the upload.
        str(8 * limits.memory_bytes), str(limits.cpu_s), str(limits.size_bytes),
        program, "-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1",
        # Only what comes through the pipe: no file and no address that the upload may name.
        "-protocol_whitelist", "cache,pipe", "-f", _FFMPEG_DEMUXER[kind], "-i", "cache:pipe:0",
        "-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-t", f"{limits.seconds + 1:g}",
        "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1",
    )  # fmt: skip


def _told(stderr: bytes) -> AudioRefused:
    """The decoder's own words, as far as they can be read."""
    try:
        words = json.loads(stderr.splitlines()[-1])
        return AudioRefused(code=str(words["code"]), vi=str(words["vi"]), en=str(words["en"]))
    except (ValueError, IndexError, KeyError, TypeError):
        return audio_type("its decoder refused it")
