"""A program in the recogniser's place, so that a test can let it hear, hang, die or babble."""

import sys
from pathlib import Path

_TEMPLATE = """#!{python}
import json, os, sys, time
mood, heard, log = {mood!r}, {heard!r}, {log!r}
def say(words):
    print(json.dumps(words, ensure_ascii=False), flush=True)
if mood == "unready":
    sys.exit(3)
open(log, "a").write(str(os.getpid()) + "\\n")
say("ready")
while len(head := sys.stdin.buffer.read(4)) == 4:
    sys.stdin.buffer.read(int.from_bytes(head, "little"))
    if mood == "hang":
        time.sleep(3600)
    if mood == "die":
        os._exit(9)
    if mood == "babble":
        print("no JSON", flush=True)
    else:
        say(heard)
"""


def fake(folder: Path, *, mood: str = "", heard: str = "") -> str:
    """The path of a program that may be given where the Python of the recogniser is wanted."""
    path = folder / "recogniser"
    log = str(folder / "recogniser.log")
    path.write_text(
        _TEMPLATE.format(python=sys.executable, mood=mood, heard=heard, log=log), encoding="utf-8"
    )
    path.chmod(0o755)
    return str(path)


def starts(folder: Path) -> list[int]:
    """The process ids of every start so far."""
    log = folder / "recogniser.log"
    return [int(line) for line in log.read_text().split()] if log.exists() else []
