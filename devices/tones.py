"""Tone patterns as a table (Huế siren code, DOMAIN.md 6), rendered alike by node and controller."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEFAULT_RATE = 24_000
RAMP_MS = 8
PEAK = 0.89


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """A sweep between two pitches, or one pitch where they are equal. ``level`` is a share of full scale.

    ``sweep_ms`` is one way of the sweep; 0 means once over the whole length.
    """

    from_hz: float
    to_hz: float
    ms: int
    sweep_ms: int = 0
    level: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Silence."""

    ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """``segments`` are one round; ``rounds`` is the most that may follow each other, ``pause_ms`` apart."""

    name: str
    vi: str
    segments: tuple[Tone | Gap, ...]
    rounds: int = 1
    pause_ms: int = 0


def _blasts(count: int, blast_ms: int, gap_ms: int) -> tuple[Tone | Gap, ...]:
    blast = Tone(from_hz=600, to_hz=1200, ms=blast_ms, sweep_ms=1500)
    parts: list[Tone | Gap] = [blast]
    for _ in range(count - 1):
        parts += [Gap(ms=gap_ms), blast]
    return tuple(parts)


def _chord(*pitches: float, ms: int, level: float = 0.6) -> tuple[Tone, ...]:
    return tuple(Tone(from_hz=hz, to_hz=hz, ms=ms, level=level) for hz in pitches)


PATTERNS: dict[str, Pattern] = {
    pattern.name: pattern
    for pattern in (
        Pattern(
            name="storm",
            vi="Còi bão, áp thấp: 3 hồi 20 giây, nghỉ 10 giây",
            segments=_blasts(3, 20_000, 10_000),
            rounds=3,
            pause_ms=10_000,
        ),
        Pattern(
            name="flood2",
            vi="Còi lũ trên báo động II: 2 hồi 10 giây, nghỉ 10 giây",
            segments=_blasts(2, 10_000, 10_000),
            rounds=2,
            pause_ms=10_000,
        ),
        Pattern(
            name="flood3",
            vi="Còi lũ trên báo động III, bão khẩn cấp, sóng thần: 5 hồi 30 giây, nghỉ 5 giây",
            segments=_blasts(5, 30_000, 5_000),
            rounds=3,
            pause_ms=5_000,
        ),
        Pattern(
            name="attention",
            vi="Hiệu chú ý 8 giây trước lời cảnh báo",
            segments=(Tone(from_hz=800, to_hz=970, ms=8_000, sweep_ms=500),),
        ),
        Pattern(
            name="all_clear",
            vi="Hiệu báo yên: một hơi liền 10 giây",
            segments=(Tone(from_hz=500, to_hz=500, ms=10_000, level=0.8),),
        ),
        Pattern(
            name="chime",
            vi="Nhạc hiệu trước bản tin",
            segments=_chord(659.26, 523.25, 587.33, 392.0, ms=420),
        ),
        Pattern(
            name="exercise",
            vi="Hiệu diễn tập: bốn tiếng ngắn, khác hẳn còi thật",
            segments=(
                *(
                    part
                    for _ in range(3)
                    for part in (Tone(from_hz=440, to_hz=440, ms=300, level=0.5), Gap(ms=300))
                ),
                Tone(from_hz=440, to_hz=440, ms=300, level=0.5),
            ),
        ),
        Pattern(
            name="beep",
            vi="Tiếng bíp thử loa",
            segments=(Tone(from_hz=1000, to_hz=1000, ms=500, level=0.5),),
        ),
    )
}


def duration_ms(pattern: Pattern, rounds: int = 1) -> int:
    """The length of so many rounds with the pauses between them."""
    return rounds * sum(part.ms for part in pattern.segments) + (rounds - 1) * pattern.pause_ms


def render(pattern: Pattern, rate: int = DEFAULT_RATE, rounds: int = 1) -> NDArray[np.float32]:
    """Mono samples in [-1, 1]; each sounding part is ramped in and out, so nothing clicks.

    Part borders lie on the exact sample: rounding never adds up over a pattern.
    """
    parts = list(pattern.segments)
    for _ in range(rounds - 1):
        parts += [Gap(ms=pattern.pause_ms), *pattern.segments]
    total_ms = duration_ms(pattern, rounds)
    samples = np.zeros(_at(total_ms, rate), dtype=np.float32)
    begun_ms = 0
    for part in parts:
        first, last = _at(begun_ms, rate), _at(begun_ms + part.ms, rate)
        if isinstance(part, Tone):
            samples[first:last] = _tone(part, last - first, rate)
        begun_ms += part.ms
    return samples


def _at(ms: int, rate: int) -> int:
    return round(ms * rate / 1000)


def _tone(tone: Tone, length: int, rate: int) -> NDArray[np.float32]:
    seconds = np.arange(length, dtype=np.float64) / rate
    way = (tone.sweep_ms or tone.ms) / 1000
    place = 1 - np.abs(1 - (seconds / way) % 2)  # up and down again, 0..1..0
    pitch = tone.from_hz + (tone.to_hz - tone.from_hz) * place
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    # Odd overtones carry further through a horn and over rain than a bare sine.
    wave = np.sin(phase) + 0.28 * np.sin(3 * phase)
    wave *= PEAK * tone.level / 1.28
    ramp = min(length // 2, _at(RAMP_MS, rate))
    if ramp:
        edge = 0.5 - 0.5 * np.cos(np.pi * np.arange(ramp) / ramp)
        wave[:ramp] *= edge
        wave[-ramp:] *= edge[::-1]
    return wave.astype(np.float32)
