"""Bears the processes of a campaign: all is imported once, each life is a fork of it within milliseconds.

Run as ``python -m tests.support.chaos_nursery``. Orders and answers are pickled objects behind their length.
When its standard input closes it ends its children and itself; a child also ends when it is gone.
"""

import os
import pickle
import signal
import struct
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from tests.support import chaos_controller, chaos_fleet
from tests.support.chaos_controller import ControllerLife
from tests.support.chaos_fleet import FleetLife

Life = ControllerLife | FleetLife
LENGTH = struct.Struct(">I")
LIVES: dict[type, Callable[[Any, int], None]] = {
    ControllerLife: chaos_controller.live,
    FleetLife: chaos_fleet.live,
}


class Nursery:
    """The campaign's side: begins lives, and learns how they ended."""

    def __init__(self, root: Path, log: Path) -> None:
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                (sys.executable, "-m", "tests.support.chaos_nursery"),
                cwd=root,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(root)},
                start_new_session=True,
            )

    def begin(self, life: Life) -> int:
        """The process id of a new life."""
        return int(self._ask(("begin", life)))

    def end(self, pid: int, number: int) -> int:
        """Send that signal and wait until it is gone: its status as subprocess tells it (-9: by SIGKILL)."""
        return int(self._ask(("end", (pid, number))))

    def close(self) -> None:
        """End every life and the nursery itself."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _ask(self, order: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        _put(self._process.stdin, order)
        return _get(self._process.stdout)


def main() -> None:
    """Takes orders until there are none."""
    life, held = os.pipe()
    children: set[int] = set()
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        while True:
            do, given = _get(orders)
            if do == "begin":
                pid = os.fork()
                if pid == 0:
                    os.close(held)
                    _be(given, life)
                children.add(pid)
                _put(answers, pid)
            else:
                pid, number = given
                children.discard(pid)
                _put(answers, _gone(pid, number))
    except EOFError:
        pass
    finally:
        for pid in children:
            _gone(pid, signal.SIGKILL)


def _be(given: Life, life: int) -> None:
    status = 1
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        LIVES[type(given)](given, life)
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _gone(pid: int, number: int) -> int:
    os.kill(pid, number)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _put(stream: IO[bytes], thing: object) -> None:
    data = pickle.dumps(thing)
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def _get(stream: IO[bytes]) -> Any:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    return pickle.loads(stream.read(LENGTH.unpack(head)[0]))


if __name__ == "__main__":
    main()
