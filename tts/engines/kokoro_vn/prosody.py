"""Vietnamese lengths and tone contours laid over the voice's own (arrays in, arrays out)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tts.engines.kokoro_vn.g2p import Mark, Syllable, Tone, Unit

Floats = NDArray[np.float32]

# Contours in semitones over the voice's own mean: (place in the rhyme 0…1, semitones).
Contour = tuple[tuple[float, float], ...]
CONTOURS: dict[Tone, Contour] = {
    Tone.LEVEL: ((0.0, 1.0), (1.0, 0.6)),
    Tone.FALLING: ((0.0, -2.0), (1.0, -5.0)),
    Tone.RISING: ((0.0, 0.0), (0.35, 0.3), (1.0, 5.5)),
    Tone.DIPPING: ((0.0, -1.0), (0.55, -7.0), (1.0, -1.0)),
    Tone.BROKEN: ((0.0, 0.0), (0.3, -2.0), (0.5, -8.0), (0.6, -1.0), (1.0, 7.5)),
    Tone.HEAVY: ((0.0, -1.5), (0.6, -4.0), (1.0, -6.5)),
}
STOPPED_CONTOURS: dict[Tone, Contour] = {
    Tone.RISING: ((0.0, 2.0), (1.0, 5.5)),
    Tone.HEAVY: ((0.0, -2.5), (1.0, -4.5)),
}
TONE_SPAN = 1.2  # the contours stretched: over a horn outdoors small steps are lost
DECLINATION = 1.5  # semitones lost from the first to the last syllable of a phrase
# In the voice's duration frames of 25 ms: no rhyme under 150 ms, 100 ms before p, t, k.
SHORTEST_RHYME = 6
SHORTEST_STOPPED_RHYME = 4
# The voice keeps silent for its first 300 ms whatever stands there: given less, it swallows a syllable. So it
# gets this lead-in, and the sound is cut again LEAD_KEPT frames before the first word.
LEAD, LEAD_KEPT = 14, 6
LONGEST_END = 3
# The voice lets die whatever stands before a mark or the end: its last sound is silent, half of the rhyme has
# no pitch, and with it goes half of the tone. So there the rhyme is cut short, and a glottal catch is spelled
# behind it, which dies in its place and is cut away (`throat.shut`); and the rhyme is held: its energy (the
# model's own measure, 5 to 9 in a vowel) is not under a line from the first to the second of HELD (0181).
LONGEST_LAST_RHYME = 8
LEAST_LAST_SOUND = 2
CATCH_FRAMES = 3
HELD = (5.0, 1.0)
FRAME_SAMPLES, FRAMES_A_SECOND, FADE = 600, 40, 120
PITCH_FRAMES = 2  # pitch frames a duration frame
VOICED_HERTZ = 60.0
_DEFAULT_HERTZ = 180.0
# A lone syllable comes at 130 to 155 Hz, and its low tones would creak and jump; sentences lie at 175 to 195.
LOWEST_MEAN_HERTZ = 170.0
_STRESS, _CATCH = "ˈ", "ʔ"


class Role(StrEnum):
    """What a sound is within its syllable."""

    MARK = "mark"
    GAP = "gap"
    ONSET = "onset"
    GLIDE = "glide"
    STRESS = "stress"
    NUCLEUS = "nucleus"
    CODA = "coda"
    CATCH = "catch"


_RHYME = (Role.NUCLEUS, Role.CODA)
_PITCHED = (Role.GLIDE, Role.STRESS, Role.NUCLEUS, Role.CODA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """One token of the voice's vocabulary, and whose it is."""

    sign: str
    unit: int
    role: Role


def sounds(sentence: Sequence[Unit], vocabulary: frozenset[str]) -> tuple[Sound, ...]:
    """The tokens of a sentence in order, without those outside the vocabulary (see `unsung`)."""
    return tuple(sound for sound in _all_sounds(sentence) if sound.sign in vocabulary)


def unsung(sentence: Sequence[Unit], vocabulary: frozenset[str]) -> tuple[str, ...]:
    """The signs that `sounds` leaves out."""
    return tuple(sound.sign for sound in _all_sounds(sentence) if sound.sign not in vocabulary)


def _all_sounds(sentence: Sequence[Unit]) -> tuple[Sound, ...]:
    laid: list[Sound] = []
    spoken_before = False
    for number, unit in enumerate(sentence):
        if isinstance(unit, Mark):
            laid.append(Sound(sign=unit.sign, unit=number, role=Role.MARK))
            continue
        if spoken_before:
            laid.append(Sound(sign=" ", unit=number, role=Role.GAP))
        spoken_before = True
        laid += [
            Sound(sign=sign, unit=number, role=role)
            for role, signs in (
                (Role.ONSET, unit.onset),
                (Role.GLIDE, unit.glide),
                (Role.STRESS, _STRESS),
                (Role.NUCLEUS, unit.nucleus),
                (Role.CODA, unit.coda),
            )
            for sign in signs
        ]
    return tuple(laid)


def lengthened(durations: Floats, laid: Sequence[Sound], sentence: Sequence[Unit]) -> Floats:
    """Durations (one a token, and one for each of the two ends) with rhymes long enough to carry a tone.

    The last one before a mark or the end loses what the voice would leave silent.
    """
    longer = durations.copy()
    longer[0] = LEAD
    longer[-1] = min(longer[-1], LONGEST_END)
    for number, unit in enumerate(sentence):
        rhyme = [
            place + 1 for place, sound in enumerate(laid) if sound.unit == number and sound.role in _RHYME
        ]
        if not isinstance(unit, Syllable) or not rhyme:
            continue
        if not unit.stopped and _last(sentence, number):
            spare = float(longer[rhyme].sum()) - LONGEST_LAST_RHYME
            longer[rhyme[-1]] -= min(max(0.0, spare), max(0.0, float(longer[rhyme[-1]]) - LEAST_LAST_SOUND))
        wanted = SHORTEST_STOPPED_RHYME if unit.stopped else SHORTEST_RHYME
        longer[rhyme[0]] += max(0.0, wanted - float(longer[rhyme].sum()))
    return longer


def caught(
    durations: Floats, laid: Sequence[Sound], sentence: Sequence[Unit], vocabulary: frozenset[str]
) -> tuple[Floats, tuple[Sound, ...]]:
    """Durations and sounds with a catch behind the last syllable before each mark and the end."""
    longer, spelled = [durations[0]], list[Sound]()
    for place, sound in enumerate(laid):
        spelled.append(sound)
        longer.append(durations[place + 1])
        ends = place + 1 == len(laid) or laid[place + 1].unit != sound.unit
        if ends and _CATCH in vocabulary and sound.role is not Role.MARK and _last(sentence, sound.unit):
            spelled.append(Sound(sign=_CATCH, unit=sound.unit, role=Role.CATCH))
            longer.append(np.float32(CATCH_FRAMES))
    return np.array([*longer, durations[-1]], dtype=np.float32), tuple(spelled)


def held(
    pitch: Floats, energy: Floats, durations: Floats, laid: Sequence[Sound], sentence: Sequence[Unit]
) -> tuple[Floats, Floats]:
    """Pitch and energy (both of one value a pitch frame) with each last rhyme voiced to its end.

    What gets a pitch here gets the mean of the rest, for `intoned` to lay its tone on.
    """
    voiced, strong, mean = pitch.copy(), energy.copy(), _mean(pitch)
    for number, (start, end) in pitched(durations, laid).items():
        unit = sentence[number]
        if not isinstance(unit, Syllable) or unit.stopped or not _last(sentence, number):
            continue
        rhyme = voiced[start:end]
        rhyme[rhyme <= VOICED_HERTZ] = mean
        np.maximum(strong[start:end], np.linspace(*HELD, end - start), out=strong[start:end])
    return voiced, strong


def _last(sentence: Sequence[Unit], number: int) -> bool:
    """Whether a mark or the end follows."""
    return number + 1 == len(sentence) or isinstance(sentence[number + 1], Mark)


def without_lead(pcm: Floats) -> Floats:
    """The sound without its lead-in, swelling over 5 ms so that the cut is not heard."""
    kept = pcm[(LEAD - LEAD_KEPT) * FRAME_SAMPLES :].copy()
    kept[:FADE] *= np.linspace(0, 1, FADE, dtype=np.float32)[: len(kept)]
    return kept


def paused(pcm: Floats, durations: Floats, laid: Sequence[Sound], silence_s: float) -> Floats:
    """The whole sound, lead-in too, with so much silence more in the middle of each mark within the sentence.

    A mark made longer would not do: the voice fills it with breath.
    """
    ends = np.cumsum(durations.astype(int))
    marks = [place for place, sound in enumerate(laid[:-1], start=1) if sound.role is Role.MARK]
    cuts = [int((ends[place] - durations[place] / 2) * FRAME_SAMPLES) for place in marks]
    if not cuts or silence_s <= 0:
        return pcm
    out, swell = pcm.copy(), np.linspace(0, 1, FADE, dtype=np.float32)
    for cut in cuts:
        out[cut - FADE : cut] *= swell[::-1]
        out[cut : cut + FADE] *= swell[: len(out) - cut]
    silence = np.zeros(int(silence_s * FRAMES_A_SECOND) * FRAME_SAMPLES, dtype=np.float32)
    pieces = np.split(out, cuts)
    return np.concatenate([pieces[0], *(part for piece in pieces[1:] for part in (silence, piece))])


def intoned(pitch: Floats, durations: Floats, laid: Sequence[Sound], sentence: Sequence[Unit]) -> Floats:
    """The pitch track (hertz a frame, under VOICED_HERTZ unvoiced) with each syllable on its tone.

    The voice's own mean is kept where it is not too low, and so is what it leaves unvoiced.
    """
    voiced = pitch > VOICED_HERTZ
    spans = pitched(durations, laid)
    if not spans:
        return pitch
    mean = max(_mean(pitch), LOWEST_MEAN_HERTZ)
    places, semitones = [], []
    for phrase in _phrases(sentence, spans):
        for rank, number in enumerate(phrase):
            start, end = spans[number]
            unit = sentence[number]
            assert isinstance(unit, Syllable)
            lean = DECLINATION * (0.5 - (rank / (len(phrase) - 1) if len(phrase) > 1 else 0.5))
            frames = np.arange(start, end)
            places.append(frames)
            semitones.append(_contour(unit, (frames - start + 0.5) / max(1, end - start)) + lean)
    track = np.interp(np.arange(len(pitch)), np.concatenate(places), np.concatenate(semitones))
    return np.where(voiced, mean * 2 ** (_smooth(track) / 12), pitch).astype(np.float32)


def _mean(pitch: Floats) -> float:
    voiced = pitch[pitch > VOICED_HERTZ]
    return float(np.exp(np.mean(np.log(voiced)))) if len(voiced) else _DEFAULT_HERTZ


def _contour(syllable: Syllable, at: NDArray[np.float64]) -> NDArray[np.float64]:
    points = CONTOURS[syllable.tone]
    if syllable.stopped:
        points = STOPPED_CONTOURS.get(syllable.tone, points)
    return np.interp(at, [place for place, _ in points], [step for _, step in points]) * TONE_SPAN


def pitched(durations: Floats, laid: Sequence[Sound]) -> dict[int, tuple[int, int]]:
    """Where each syllable's pitched part lies, in pitch frames."""
    borders = np.concatenate(([0], np.cumsum(durations.astype(int)))) * PITCH_FRAMES
    spans: dict[int, tuple[int, int]] = {}
    for place, sound in enumerate(laid):
        if sound.role in _PITCHED:
            start, end = int(borders[place + 1]), int(borders[place + 2])
            first, last = spans.get(sound.unit, (start, end))
            spans[sound.unit] = (min(first, start), max(last, end))
    return spans


def _phrases(sentence: Sequence[Unit], spans: dict[int, tuple[int, int]]) -> list[list[int]]:
    """Runs of syllables between marks: over each the voice sinks anew."""
    marks = [number for number, unit in enumerate(sentence) if isinstance(unit, Mark)]
    runs = [
        [number for number in range(left + 1, right) if number in spans]
        for left, right in pairwise((-1, *marks, len(sentence)))
    ]
    return [run for run in runs if run]


def _smooth(track: NDArray[np.float64]) -> NDArray[np.float64]:
    window = np.hanning(5)[1:-1]
    return np.convolve(np.pad(track, 1, mode="edge"), window / window.sum(), "valid")
