"""Uploads as they come, and as someone who means ill would make them."""

import io
import struct
import zipfile

import numpy as np
import soundfile

from tests.tts.test_sound import speechlike, tone
from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm
from tts.loudness import normalise
from tts.resample import resample

SUBTYPES = {"WAV": "PCM_16", "FLAC": "PCM_16", "OGG": "OPUS", "MP3": "MPEG_LAYER_III"}


def speech(seconds: float = 4.0) -> Pcm:
    return normalise(speechlike(seconds), SAMPLE_RATE)


def encoded(
    pcm: Pcm, form: str = "WAV", rate: int = SAMPLE_RATE, channels: int = 1, subtype: str = ""
) -> bytes:
    """At the rate and with the channels of somebody's machine."""
    return as_it_is(resample(pcm, SAMPLE_RATE, rate), form, rate, channels, subtype)


def as_it_is(pcm: Pcm, form: str, rate: int, channels: int = 1, subtype: str = "") -> bytes:
    """These very samples, which are of that rate."""
    target = io.BytesIO()
    sound = np.repeat(pcm[:, None], channels, axis=1)
    with soundfile.SoundFile(
        target, "w", rate, channels, format=form, subtype=subtype or SUBTYPES[form]
    ) as sink:
        for start in range(0, len(sound), rate):
            sink.write(sound[start : start + rate])
    return target.getvalue()


def flac_of_silence(seconds: int, rate: int, *, honest: bool) -> bytes:
    """A small file that unfolds into hours; `honest` is whether its header says so."""
    target = io.BytesIO()
    nothing = np.zeros(rate, dtype=np.int16)
    with soundfile.SoundFile(target, "w", rate, 1, format="FLAC", subtype="PCM_16") as sink:
        for _ in range(seconds):
            sink.write(nothing)
    data = bytearray(target.getvalue())
    if not honest:
        # STREAMINFO: the low 36 bits before the MD5 count the samples; nought means "unknown".
        data[21] &= 0xF0
        data[22:26] = bytes(4)
    return bytes(data)


def wav_claiming_4_gb() -> bytes:
    data = bytearray(encoded(speech()))
    struct.pack_into("<I", data, 4, 0xFFFFFFF0)
    at = data.index(b"data")
    struct.pack_into("<I", data, at + 4, 0xFFFFFFC0)
    return bytes(data)


def wav_of_nans() -> bytes:
    target = io.BytesIO()
    soundfile.write(
        target, np.full(SAMPLE_RATE, np.nan, np.float32), SAMPLE_RATE, format="WAV", subtype="FLOAT"
    )
    return target.getvalue()


def zip_of(name: str, data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return target.getvalue()


def no_sounds(port: int) -> dict[str, bytes]:
    """Files named .mp3 that are none; those which name an address name one on this machine."""
    address = f"http://127.0.0.1:{port}/x.mp3"
    return {
        "html": b"<!DOCTYPE html><html><body>login</body></html>",
        "elf": b"\x7fELF\x02\x01\x01" + bytes(200),
        "zip": zip_of("a.mp3", encoded(speech(1))),
        "m3u8": f"#EXTM3U\n#EXTINF:5,\n{address}\n#EXTINF:5,\nfile:///etc/passwd\n".encode(),
        "ffconcat": f"ffconcat version 1.0\nfile '/etc/passwd'\nfile '{address}'\n".encode(),
        "pls": f"[playlist]\nFile1={address}\n".encode(),
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{address}"/></svg>'.encode(),
        "empty": b"",
        "one byte": b"\xff",
        "text": "Kính thưa bà con".encode(),
        "wav head of html": b"RIFF\x24\x00\x00\x00WAVE<html>" + bytes(90),
        "flac head of zeros": b"fLaC" + bytes(300),
        "ogg head of zeros": b"OggS" + bytes(300),
        "mp3 sync of noise": b"\xff\xfb" + bytes(range(256)) * 4,
        "id3 alone": b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10),
    }


def square() -> Pcm:
    return np.sign(tone(500, 4)).astype(np.float32)
