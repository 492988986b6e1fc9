"""What one loudspeaker let out, kept as references while it runs and written as one WAV afterwards."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices import ogg
from devices.chunks import packet_ms
from firmware_sim.sound import RATE, decode, tone_pcm

FADE_MS = 8
"""Each piece of a stream, and each cut of its filler, begins and ends so softly that no joint clicks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """Opus packets of a stream, ``offset_ms`` after the beginning of its stretch."""

    offset_ms: int
    packets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From ``at_mono``, ``from_ms`` to ``to_ms`` of a clip's bytes or of a resident tone, at a volume.

    With neither it is a stream: silence but for what was ``fed``.
    """

    at_mono: float
    from_ms: int
    to_ms: int
    volume: int
    clip: bytes | None = None
    tone: str | None = None
    fed: tuple[Fed, ...] = ()
    faded: bool = False


class Tape:
    """Collects stretches; nothing is decoded before ``write``, so listening costs the node nothing."""

    def __init__(self) -> None:
        self._stretches: list[Stretch] = []

    def add(self, stretch: Stretch) -> None:
        """One more thing was heard."""
        self._stretches.append(stretch)

    def write(self, path: Path) -> bool:
        """From the first sound on, with the silences between, 24 kHz mono 16 bit; False if there was none."""
        heard = sorted((s for s in self._stretches if s.to_ms > s.from_ms), key=lambda s: s.at_mono)
        if not heard:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            for stretch in heard:
                start = round((stretch.at_mono - heard[0].at_mono) * RATE)
                silence = max(0, start - written)
                for begin in range(0, silence, RATE):
                    file.writeframesraw(bytes(2 * min(RATE, silence - begin)))
                samples = _samples(stretch)
                file.writeframesraw((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
                written += silence + len(samples)
        return True


def _samples(stretch: Stretch) -> NDArray[np.float32]:
    if stretch.clip is not None:
        pcm = decode(stretch.clip)
    elif stretch.tone is not None:
        pcm = tone_pcm(stretch.tone)
    else:
        cut = _streamed(stretch.fed, round((stretch.to_ms - stretch.from_ms) * RATE / 1000))
        return (cut * np.float32(stretch.volume / 100)).astype(np.float32)
    cut = pcm[round(stretch.from_ms * RATE / 1000) : round(stretch.to_ms * RATE / 1000)]
    if stretch.faded:
        cut = _softened(cut)
    return (cut * np.float32(stretch.volume / 100)).astype(np.float32)


def _streamed(fed: tuple[Fed, ...], length: int) -> NDArray[np.float32]:
    """Runs of packets without a hole, each begun and ended softly; between them it is silent."""
    pcm = np.zeros(length, dtype=np.float32)
    runs = _runs(fed)
    # One decoder through all of it: begun anew behind a hole it would not know how loud it is.
    sound = decode(ogg.wrap(packet for _, packets in runs for packet in packets))
    for offset_ms, packets in runs:
        count = sum(packet_ms(packet) for packet in packets) * RATE // 1000
        start = round(offset_ms * RATE / 1000)
        piece, sound = _softened(sound[: min(count, max(0, length - start))]), sound[count:]
        pcm[start : start + len(piece)] = piece
    return pcm


def _runs(fed: tuple[Fed, ...]) -> list[tuple[int, list[bytes]]]:
    runs: list[tuple[int, list[bytes]]] = []
    ends_ms = -1
    for one in fed:
        if runs and abs(one.offset_ms - ends_ms) <= 2:
            runs[-1][1].extend(one.packets)
        else:
            runs.append((one.offset_ms, list(one.packets)))
            ends_ms = one.offset_ms
        ends_ms += sum(packet_ms(packet) for packet in one.packets)
    return runs


def _softened(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
    length = min(len(pcm) // 2, round(FADE_MS * RATE / 1000))
    ramp = np.linspace(0.0, 1.0, length, dtype=np.float32)
    soft = pcm.copy()
    soft[:length] *= ramp
    soft[len(soft) - length :] *= ramp[::-1]
    return soft
