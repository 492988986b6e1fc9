"""The recogniser's own process, run as a file by a Python that has `viet-asr`: samples in, words out.

On stdin each sound is four bytes of length and as many bytes of int16 at 16 kHz; the answer is one line
of JSON, a string. It needs nothing else of this package and ends when its stdin closes, busy or not.
"""

import json
import os
import sys
import threading
from importlib import import_module
from queue import SimpleQueue
from typing import Any, BinaryIO

HEAD = 4
LONGEST = 64 * 1024 * 1024
POLITE = 5


def main() -> int:
    """Say "ready" (as JSON) when the model is in memory, then answer until stdin closes."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the recogniser's own words must not mix in
    os.nice(POLITE)  # a voice that is waited for goes first
    waiting: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, waiting), daemon=True).start()
    numpy: Any = import_module("numpy")
    vietasr: Any = import_module("vietasr")
    pipeline = vietasr.Pipeline.preset("transcribe")
    print(json.dumps("ready"), file=answers, flush=True)
    while True:
        heard = pipeline.transcribe(numpy.frombuffer(waiting.get(), dtype=numpy.int16)).text
        print(json.dumps(" ".join(heard.split()), ensure_ascii=False), file=answers, flush=True)


def _read(source: BinaryIO, waiting: "SimpleQueue[bytes]") -> None:
    while len(head := source.read(HEAD)) == HEAD:
        length = int.from_bytes(head, "little")
        if length > LONGEST:
            break
        waiting.put(source.read(length))
    # Whoever asked is gone: a transcription that hangs must not outlive them.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
