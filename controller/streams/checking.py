"""Trying a source: does it answer, does it sound, how loud."""

import asyncio
from dataclasses import dataclass

from controller.streams import choosing
from controller.streams.choosing import Health
from controller.streams.frames import FLOOR_DBFS, FRAME_S
from controller.streams.taps import ENDED, Pieces, Tap

LISTENS_S = 3.0
WITHIN_S = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it; ``why`` in a few English words where it is not good."""

    health: Health
    why: str = ""
    level_dbfs: float | None = None


async def try_out(pieces: Pieces) -> Trial:
    """Listens for a few seconds. Never raises for what the source does."""
    loop = asyncio.get_running_loop()
    tap = Tap(pieces, loop.time)
    began, levels = loop.time(), list[float]()
    tap.start()
    try:
        while loop.time() - began < WITHIN_S and len(levels) * FRAME_S < LISTENS_S:
            taken = tap.take()
            if taken is not None:
                levels.append(taken.level_dbfs)
            elif tap.ended:
                break
            await asyncio.sleep(FRAME_S if taken is None else FRAME_S / 4)
    finally:
        failed = tap.seen.failed
        await tap.stop()
    return judge(levels, failed)


def judge(levels: list[float], failed: str | None) -> Trial:
    """Silence is no failure of the server, but it is nothing to relay either."""
    if not levels:
        wrong = failed is not None and failed != ENDED
        return Trial(health=Health.FAILED if wrong else Health.STALLED, why=(failed or "nothing came")[:200])
    loudest = max(levels, default=FLOOR_DBFS)
    if loudest <= choosing.SILENT_DBFS:
        return Trial(health=Health.SILENT, why="it is silent", level_dbfs=loudest)
    return Trial(health=Health.GOOD, level_dbfs=loudest)
