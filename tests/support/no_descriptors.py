"""A story in which no file can be opened any more: what was seen is printed as JSON."""

import json
import os
import resource
import sys
from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from controller.deploy.commune_data import QUANG_DIEN
from controller.store import audit
from schedules.calendar import instant_of
from tests.support.house import DAY, FEW, House, play
from tests.support.virtual_time import wall

AT = instant_of(DAY, time(6, 0))
MOST = 256


def exhausted() -> list[int]:
    """Every descriptor that is left, taken."""
    taken: list[int] = []
    with suppress(OSError):
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    return taken


def seen_in(folder: Path) -> dict[str, Any]:
    """What the nodes heard of an alert, and what was written of it."""
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        taken = exhausted()
        seen["taken"] = len(taken)
        pressed = wall()
        alert = await house.alarm()
        await house.rest(30)
        begun = [span.begin for node in FEW[:3] for span in house.heard(node)[:1]]
        seen["sirens"] = [[one.part, (one.first_sample_at - pressed).total_seconds()] for one in begun]
        stopped = await house.up.desk.stop_all(house.operator, QUANG_DIEN, "stop-1")
        seen["stopped"] = list(stopped.cancelled) == [alert.id]
        for descriptor in taken:
            os.close(descriptor)
        await house.rest(60)
        seen["later"] = (await house.say("Họp thôn")).announcement.state.value
        seen["bad_row"] = str(await house.up.db.read(audit.verify))

    play(story, folder, start=AT - timedelta(minutes=5), errors=True)
    return seen


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST, MOST))
    sys.stdout.write(json.dumps(seen_in(Path(sys.argv[1]))))
