"""The fenced decoder: an upload on stdin, mono 16-bit samples at 24 kHz on stdout, or a reason on stderr.

Run as a process of its own (see tts/recording.py). It believes neither the file's name nor its header.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import soundfile

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm
from tts.errors import AudioRefused, audio_length, audio_too_long, audio_type
from tts.fence import Fence, enter
from tts.resample import resample

REFUSED = 3
MOST_CHANNELS = 2
RATES = (8_000, 96_000)
_FORMATS = frozenset(("WAV", "WAVEX", "FLAC", "OGG", "MP3", "MPEG"))
_WINDOW_S = 3
_MARGIN_S = 1
_SLACK = 64 * 1024


def main(argv: Sequence[str] | None = None) -> int:
    """0 where everything was decoded; REFUSED with one line of JSON on stderr where not."""
    arguments = _arguments(argv)
    out = sys.stdout.buffer
    enter(Fence(memory_bytes=arguments.memory, cpu_s=arguments.cpu))
    try:
        decode(sys.stdin.fileno(), out, longest_s=arguments.seconds)
    except AudioRefused as refusal:
        return _refuse(refusal)
    except MemoryError:
        return _refuse(audio_length("it needs more memory than a recording may"))
    except (soundfile.LibsndfileError, RuntimeError, ValueError, OSError) as failure:
        return _refuse(audio_type(f"it cannot be decoded ({type(failure).__name__})"))
    return 0


def decode(source: int, out: BinaryIO, *, longest_s: float) -> None:
    """From the open file `source` to `out`; raises AudioRefused, for too long a sound at once."""
    _check_claim(source)
    with soundfile.SoundFile(source, closefd=False) as sound:
        _check_form(sound, longest_s)
        _check_length(sound, longest_s)
        sound.seek(0)
        for piece in _resampled(_blocks(sound, _WINDOW_S * sound.samplerate), sound.samplerate):
            whole = np.round(np.clip(piece, -1, 1) * 32767).astype("<i2")
            out.write(whole.tobytes())
    out.flush()


def _check_claim(source: int) -> None:
    """A RIFF header that promises more than the file holds: cut short on its way, or lying."""
    head, size = os.pread(source, 12, 0), os.fstat(source).st_size
    if head[:4] == b"RIFF" and int.from_bytes(head[4:8], "little") > size + _SLACK:
        raise audio_length("its header promises more sound than the file holds")


def _check_form(sound: soundfile.SoundFile, longest_s: float) -> None:
    if sound.format not in _FORMATS:
        raise audio_type(f"{sound.format} is not taken")
    if sound.channels > MOST_CHANNELS or not RATES[0] <= sound.samplerate <= RATES[1]:
        raise audio_length(f"{sound.channels} channels at {sound.samplerate} Hz are no recording of a voice")
    if sound.frames > longest_s * sound.samplerate:
        raise audio_too_long(longest_s)


def _check_length(sound: soundfile.SoundFile, longest_s: float) -> None:
    """Counted by decoding once without keeping: a header may say anything."""
    frames = 0
    for block in _blocks(sound, sound.samplerate):
        frames += len(block)
        if frames > longest_s * sound.samplerate:
            raise audio_too_long(longest_s)
        if not np.isfinite(block).all():
            raise audio_length("it holds values that are no samples")


def _blocks(sound: soundfile.SoundFile, frames: int) -> Iterator[Pcm]:
    """Mono."""
    while len(block := sound.read(frames, dtype="float32", always_2d=True)):
        yield np.asarray(block.mean(axis=1), dtype=np.float32)


def _resampled(blocks: Iterator[Pcm], rate: int) -> Iterator[Pcm]:
    """Window by window with a second on either side, so that no edge is heard."""
    margin_in, margin_out = _MARGIN_S * rate, _MARGIN_S * SAMPLE_RATE
    before = np.zeros(0, dtype=np.float32)
    block = next(blocks, None)
    while block is not None:
        after = next(blocks, None)
        coming = np.zeros(0, dtype=np.float32) if after is None else after[:margin_in]
        ours = resample(np.concatenate((before, block, coming)), rate, SAMPLE_RATE)
        start = margin_out if len(before) else 0
        yield ours[start : start + round(len(block) * SAMPLE_RATE / rate)]
        before, block = block[-margin_in:], after


def _refuse(refusal: AudioRefused) -> int:
    words = {"code": refusal.code, "vi": refusal.vi, "en": refusal.en}
    sys.stderr.write(json.dumps(words, ensure_ascii=False) + "\n")
    return REFUSED


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tts.decoding", description=__doc__)
    parser.add_argument("--seconds", type=float, required=True, help="longest sound that is taken")
    parser.add_argument("--memory", type=int, required=True, help="bytes on top of the program's own")
    parser.add_argument("--cpu", type=int, required=True, help="seconds of work")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
