"""Runs one command and ends it when its own standard input closes: so a child dies with its parent.

Run as a script (``python -I -S guard.py COMMAND...``). First line on stdout: the process id. Its exit
is the command's exit. A death signal set in the child would do the same with less, but the kernel forgets it
when the child changes its user, as mosquitto does, and sends it when the starting thread ends.
"""

import os
import signal
import subprocess
import sys
import threading

GRACE_S = 2.0


def _end_with_parent(child: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 1024):
        pass
    child.terminate()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()


def main(command: list[str]) -> int:
    """Run the command to its end; its exit status, negative for a signal as in ``subprocess``."""
    # The terminal's Ctrl-C goes to the whole group: the parent decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as child:
        sys.stdout.write(f"{child.pid}\n")
        sys.stdout.flush()
        threading.Thread(target=_end_with_parent, args=(child,), daemon=True).start()
        return child.wait()


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]) & 0xFF)
