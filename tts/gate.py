"""Is this sound fit to be aired? What can be heard wrong in it without knowing its words."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from tts.engines.engine import Pcm
from tts.loudness import SILENCE, lufs, peak_dbfs

QUIETEST_LUFS, LOUDEST_LUFS = -23.0, -10.0
CLIPPED_DBFS = -0.1
# Vietnamese announcers read at 150 to 260 syllables a minute; what lies far outside was cut, or is no speech.
SLOWEST_WPM, FASTEST_WPM = 70.0, 400.0
FEWEST_WORDS = 5  # fewer say nothing about the pace
LONGEST_GAP_S = 2.5
MOST_CLIPPED = 0.001
VOICE_HZ = (80.0, 7000.0)
LEAST_VOICE = 0.2
_FRAME_S = 0.02
_QUIET_DB = -45.0
_FLAT_RUN = 3  # samples at full scale in a row: a voice touches the top with one


class Flaw(StrEnum):
    """What is wrong with a sound; the values are stable."""

    SILENT = "silent"
    TOO_QUIET = "too_quiet"
    TOO_LOUD = "too_loud"
    CLIPPED = "clipped"
    NO_VOICE = "no_voice"
    GAP = "gap"
    TOO_FAST = "too_fast"
    TOO_SLOW = "too_slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Seconds, LUFS, dBFS; `voiced_s` is without the silences at both ends.

    `clipped` is a share of the samples, `voice_share` the share of power within VOICE_HZ.
    """

    seconds: float
    voiced_s: float
    longest_gap_s: float
    lufs: float
    peak_dbfs: float
    clipped: float
    voice_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One flaw in words; `sentence` where it is one sentence's."""

    flaw: Flaw
    vi: str
    en: str
    sentence: str | None = None


def measure(pcm: Pcm, rate: int) -> Measures:
    """Everything that `check` judges by; any length, also none."""
    frame = max(1, round(_FRAME_S * rate))
    loud = np.flatnonzero(_frame_levels(pcm, frame) > _QUIET_DB)
    gaps = np.diff(loud) - 1
    return Measures(
        seconds=len(pcm) / rate,
        voiced_s=float(loud[-1] - loud[0] + 1) * frame / rate if len(loud) else 0.0,
        longest_gap_s=float(np.max(gaps, initial=0)) * frame / rate,
        lufs=lufs(pcm, rate) if len(pcm) else SILENCE,
        peak_dbfs=peak_dbfs(pcm),
        clipped=_clipped(pcm),
        voice_share=_voice_share(pcm, rate),
    )


def check(sound: Measures, *, words: int | None = None, sentence: str | None = None) -> tuple[Finding, ...]:
    """What is wrong, worst first; empty where nothing is. `words`: the number of syllables written."""
    if sound.voiced_s == 0 or sound.lufs == SILENCE:
        return (_finding(Flaw.SILENT, sentence, "không có tiếng.", "it is silent."),)
    found = [*_level(sound, sentence), *_shape(sound, sentence)]
    if words is not None and words >= FEWEST_WORDS:
        found += _pace(sound, words, sentence)
    return tuple(found)


def words_a_minute(sound: Measures, words: int) -> float:
    """The pace of reading, silence at the ends not counted; nought for silence."""
    return words * 60 / sound.voiced_s if sound.voiced_s else 0.0


def _level(sound: Measures, sentence: str | None) -> list[Finding]:
    found = []
    if sound.voice_share < LEAST_VOICE:
        vi = "không có tiếng nói: nằm ngoài dải giọng người."
        en = f"no voice: {sound.voice_share:.0%} of its power lies where voices do."
        found.append(_finding(Flaw.NO_VOICE, sentence, vi, en))
    if sound.lufs < QUIETEST_LUFS:
        vi, en = f"quá nhỏ ({sound.lufs:.0f} LUFS).", f"too quiet, {sound.lufs:.1f} LUFS."
        found.append(_finding(Flaw.TOO_QUIET, sentence, vi, en))
    if sound.lufs > LOUDEST_LUFS:
        vi, en = f"quá to ({sound.lufs:.0f} LUFS).", f"too loud, {sound.lufs:.1f} LUFS."
        found.append(_finding(Flaw.TOO_LOUD, sentence, vi, en))
    return found


def _shape(sound: Measures, sentence: str | None) -> list[Finding]:
    found = []
    if sound.clipped > MOST_CLIPPED:
        vi = "bị vỡ tiếng (quá mức khi ghi)."
        en = f"clipped: {sound.clipped:.1%} of the samples lie flat at the top."
        found.append(_finding(Flaw.CLIPPED, sentence, vi, en))
    if sound.longest_gap_s > LONGEST_GAP_S:
        vi = f"có khoảng lặng {sound.longest_gap_s:.0f} giây ở giữa."
        en = f"a silence of {sound.longest_gap_s:.1f} s within."
        found.append(_finding(Flaw.GAP, sentence, vi, en))
    return found


def _pace(sound: Measures, words: int, sentence: str | None) -> list[Finding]:
    pace = words_a_minute(sound, words)
    vi, en = f"({pace:.0f} chữ/phút).", f"({pace:.0f} words a minute)."
    if pace > FASTEST_WPM:
        vi, en = f"quá nhanh, có thể bị cắt mất chữ {vi}", f"too fast, words may be missing {en}"
        return [_finding(Flaw.TOO_FAST, sentence, vi, en)]
    if pace < SLOWEST_WPM:
        vi, en = f"quá chậm so với văn bản {vi}", f"too slow for its text {en}"
        return [_finding(Flaw.TOO_SLOW, sentence, vi, en)]
    return []


def _finding(flaw: Flaw, sentence: str | None, vi: str, en: str) -> Finding:
    return Finding(flaw=flaw, vi=f"Âm thanh {vi}", en=f"The sound: {en}", sentence=sentence)


def _frame_levels(pcm: Pcm, frame: int) -> NDArray[np.float64]:
    whole = pcm[: len(pcm) // frame * frame] if len(pcm) >= frame else np.pad(pcm, (0, frame - len(pcm)))
    frames = whole.reshape(-1, frame)
    power = np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / frame
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))


def _clipped(pcm: Pcm) -> float:
    """The share of samples in flat runs at full scale."""
    full = np.float32(10 ** (CLIPPED_DBFS / 20))
    at = np.flatnonzero((pcm >= full) | (pcm <= -full))
    if not len(at):
        return 0.0
    ends = np.flatnonzero(np.diff(at, append=len(pcm) + 1) > 1)
    runs = np.diff(ends, prepend=-1)
    return float(runs[runs >= _FLAT_RUN].sum()) / len(pcm)


def _voice_share(pcm: Pcm, rate: int) -> float:
    """Of the mean power spectrum, seen through windows of 4,096 samples."""
    size = 4096
    padded = pcm if len(pcm) >= size else np.pad(pcm, (0, size - len(pcm)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    total = np.zeros(size // 2 + 1)
    for some in np.array_split(windows, max(1, len(windows) // 256)):
        total += np.square(np.abs(np.fft.rfft(some * np.hanning(size), axis=1))).sum(axis=0)
    hertz = np.fft.rfftfreq(size, 1 / rate)
    within = (hertz >= VOICE_HZ[0]) & (hertz <= VOICE_HZ[1])
    return float(total[within].sum() / total.sum()) if total.sum() > 0 else 0.0
