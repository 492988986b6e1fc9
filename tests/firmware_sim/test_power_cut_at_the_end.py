"""The power goes between the writes with which a node closes an item: its last receipt is never lost."""

import asyncio
from datetime import timedelta

import pytest

from devices.messages import ReceiptKind
from firmware_sim.body import Body
from firmware_sim.flash import CLAIMS, RECEIPTS, MemoryFlash
from tests.firmware_sim.desk import MORNING
from tests.firmware_sim.rig import Stage, play

SECONDS = 4.0


class DyingFlash(MemoryFlash):
    """Keeps each write at once, and none from the n-th write after ``arm`` until the next boot."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self._body = body
        self._left: int | None = None
        self.dead = False

    def arm(self, writes: int) -> None:
        """That many more writes are kept."""
        self._left = writes

    def write(self, table: str, key: str, value: bytes) -> None:
        if self.dead:
            return
        if self._left is not None and table in (CLAIMS, RECEIPTS):
            if self._left == 0:
                self.dead, self._left = True, None
                asyncio.get_running_loop().call_soon(self._body.power_cut)
                return
            self._left -= 1
        super().write(table, key, value)

    def cut(self) -> None:
        """What was written stays, as in a file after kill -9."""


@pytest.mark.promise("F03", "P1")
@pytest.mark.parametrize("writes", range(4))
def test_a_cut_between_the_last_writes_leaves_one_sound_and_one_last_receipt(writes: int) -> None:
    async def story(stage: Stage) -> None:
        body = stage.village.nodes[stage.nodes[0]]
        body.power_cut()
        flash = DyingFlash(body)
        body.flash = flash
        body.power_on()
        await stage.settle()
        ref = stage.desk.put(SECONDS)
        stage.desk.publish_programme((stage.desk.entry("hop-thon", MORNING, ref),), (ref,))
        await stage.until(MORNING + timedelta(seconds=SECONDS - 0.01))
        flash.arm(writes)
        await asyncio.sleep(1)
        body.power_cut()
        flash.dead = False
        body.power_on()
        await asyncio.sleep(120)

    stage = play(story)

    assert len(stage.heard()) == 1
    assert len(stage.desk.of(stage.nodes[0], ReceiptKind.FINISHED)) == 1
