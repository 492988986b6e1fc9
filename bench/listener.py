"""The recogniser in a process and environment of its own: a path of 16 kHz samples in, what it heard out."""

import json
import os
import sys
from importlib import import_module
from typing import Any


def main() -> int:
    """Lines on stdin name .npy files of int16 at 16 kHz; each is answered by one JSON string on stdout."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the recogniser's own words must not mix in

    import numpy as np

    vietasr: Any = import_module("vietasr")
    pipeline = vietasr.Pipeline.preset("transcribe")
    for line in sys.stdin:
        heard = pipeline.transcribe(np.load(line.strip())).text
        print(json.dumps(" ".join(heard.split()), ensure_ascii=False), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
