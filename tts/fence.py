"""A fence around whoever decodes what a stranger sent: little memory, little time, no files, no network."""

import ctypes
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PAGE = resource.getpagesize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """`memory_bytes` on top of what the process holds already; `file_bytes` for each file it writes."""

    memory_bytes: int
    cpu_s: int
    file_bytes: int = 0
    open_files: int = 32


def enter(fence: Fence) -> bool:
    """Shut this process in for good; whether the network is out of its reach too.

    Leaving the network needs a user namespace, which some machines forbid; the other limits always hold.
    """
    alone = _leave_network()
    memory = _held_bytes() + fence.memory_bytes
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, fence.cpu_s),
        (resource.RLIMIT_FSIZE, fence.file_bytes),
        (resource.RLIMIT_NOFILE, fence.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    return alone


def surroundings() -> dict[str, str]:
    """The whole environment of a fenced process: nothing of ours but where this package lies."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        # Each thread of these libraries sets memory aside, which the fence would count.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def main(argv: Sequence[str]) -> None:
    """`python -m tts.fence MEMORY_BYTES CPU_S FILE_BYTES PROGRAM …`: become PROGRAM within a fence."""
    memory, cpu, file = (int(word) for word in argv[:3])
    enter(Fence(memory_bytes=memory, cpu_s=cpu, file_bytes=file))
    os.execv(argv[3], list(argv[3:]))


def _held_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * _PAGE


def _leave_network() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) == 0:
        return True
    return bool(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


if __name__ == "__main__":
    main(sys.argv[1:])
