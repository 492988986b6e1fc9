"""A story on a disk that gets full, on a small volume of its own: what was seen is printed as JSON."""

import json
import os
import sys
from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from controller.errors import Problem
from controller.store import audit
from controller.store.ballast import Ballast
from controller.store.database import first
from schedules.calendar import instant_of
from tests.support.house import DAY, FEW, House, play
from tests.support.virtual_time import wall

AT = instant_of(DAY, time(6, 0))
BALLAST = 1_000_000
PIECE = 4096
MOST = 2000


def fill(path: Path) -> None:
    """Take every block that is left."""
    with path.open("wb", buffering=0) as hog, suppress(OSError):
        while True:
            hog.write(os.urandom(PIECE))


async def tried(house: House, title: str) -> str:
    try:
        await house.write(title)
    except Problem as problem:
        return f"{problem.status} {problem.code}"
    return "saved"


async def refused_at_last(house: House) -> str:
    """The log of the database has some room of its own: what is written when that is used up."""
    outcome = "saved"
    for n in range(MOST):
        if outcome == "saved":
            outcome = await tried(house, f"Họp thôn {n}")
    return outcome


def seen_on(volume: Path, *, ballast: bool) -> dict[str, Any]:
    """What people and nodes saw on this volume before, while and after it was full."""
    seen: dict[str, Any] = {}
    hog, laid = volume / "hog", volume / "ballast"

    async def story(house: House) -> None:
        await house.close()
        house.ballast = Ballast(laid, BALLAST) if ballast else None
        await house.open()
        await house.until(AT)
        seen["laid"] = laid.exists()
        fill(hog)
        seen["ordinary"] = await refused_at_last(house)
        pressed = wall()
        try:
            await house.alarm()
            seen["alarm"] = "fired"
        except Problem as problem:
            seen["alarm"] = f"{problem.status} {problem.code}"
        await house.rest(30)
        starts = [span.begin for node in FEW[:3] for span in house.heard(node)[:1]]
        seen["sirens"] = [
            [one.part, (one.first_sample_at - pressed) / timedelta(seconds=1)] for one in starts
        ]
        seen["given_up"] = not laid.exists()
        os.unlink(hog)
        await house.rest(150)
        seen["afterwards"] = await tried(house, "Mất nước")
        seen["laid_again"] = laid.exists()
        seen["integrity"] = (await house.up.db.read(first, "PRAGMA integrity_check") or {})["integrity_check"]
        seen["bad_row"] = str(await house.up.db.read(audit.verify))

    play(story, volume / "house", start=AT - timedelta(minutes=5), errors=True)
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(seen_on(Path(sys.argv[1]), ballast=sys.argv[2] == "with")))
