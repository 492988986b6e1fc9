"""One recording taken in by a process of its own: neither the controller nor the voice holds its samples.

`python -m tts.intake UPLOAD --out DIRECTORY` prints one line of JSON as the speech process does: `done` with
the clip's facts, or `error` with its code and two sentences. The clip lies in DIRECTORY under its SHA-256.
"""

import argparse
import json
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tts.errors import AudioRefused, audio_length
from tts.formats import Format
from tts.process import store
from tts.recording import Airing, Limits, Recording, take_in
from tts.wire import Words, clip_facts, failed


def main(argv: Sequence[str] | None = None) -> int:
    """0 where a clip came of it, 1 where not."""
    arguments = _arguments(argv)
    if arguments.memory:
        resource.setrlimit(resource.RLIMIT_AS, (arguments.memory, arguments.memory))
    limits = Limits(seconds=arguments.seconds, size_bytes=arguments.bytes)
    airing = Airing(repeat=arguments.repeat, chime=arguments.chime)
    try:
        recording = take_in(
            arguments.upload,
            limits=limits,
            denoise=arguments.denoise,
            wanted=Format(arguments.format),
            airing=airing,
        )
    except MemoryError:
        _say(failed(arguments.id, audio_length("it needs more memory than a recording may")))
        return 1
    except AudioRefused as refusal:
        _say(failed(arguments.id, refusal))
        return 1
    store(recording.clip, arguments.out)
    _say(taken_in(arguments.id, recording))
    return 0


def taken_in(demand_id: str, recording: Recording) -> Words:
    """The clip is in its place."""
    return {
        "id": demand_id,
        "event": "done",
        "clip": clip_facts(recording.clip),
        "kind": recording.kind.value,
        "original_ms": recording.original_ms,
        "original_lufs": recording.original_lufs,
        "original_peak_dbfs": recording.original_peak_dbfs,
        "cut_ms": recording.cut_ms,
        "findings": [asdict(finding) for finding in recording.findings],
    }


def _say(words: Words) -> None:
    sys.stdout.write(json.dumps(words, ensure_ascii=False) + "\n")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    limits = Limits()
    parser = argparse.ArgumentParser(prog="python -m tts.intake", description=__doc__)
    parser.add_argument("upload", type=Path, help="the file that was uploaded; it is only read")
    parser.add_argument("--out", type=Path, required=True, help="directory for the clip")
    parser.add_argument("--id", default="", help="given back with the answer")
    parser.add_argument("--format", choices=[form.value for form in Format], default=Format.OPUS.value)
    parser.add_argument("--no-denoise", dest="denoise", action="store_false", help="leave noise as it is")
    parser.add_argument("--repeat", type=int, choices=(1, 2, 3), default=1, help="how often it is heard")
    parser.add_argument("--chime", action="store_true", help="bells before it")
    parser.add_argument(
        "--memory", type=int, default=0, help="address space of this process in bytes; 0: any"
    )
    parser.add_argument("--seconds", type=float, default=limits.seconds, help="longest recording")
    parser.add_argument("--bytes", type=int, default=limits.size_bytes, help="largest upload")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
