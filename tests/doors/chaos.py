"""The kill -9 campaign: controller, broker and nodes die at random while two communes are spoken to.

``python -m tests.doors.chaos --cycles 1000 --seed 7`` runs it alone; `make faults` does so by the thousand.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from controller.deploy.broker import free_port
from tests.support.chaos_author import REAL, STUB, Pen
from tests.support.chaos_books import (
    aired_deliveries,
    close_books,
    complaints_in,
    open_deliveries,
    read_books,
    read_journal,
)
from tests.support.chaos_ground import NODES, Ground, furnish, morning_shift
from tests.support.chaos_judge import Asked, Finding, Life, judge
from tests.support.chaos_real import RealStage
from tests.support.chaos_stage import NOBODY, Refusal, Stage, Wish
from tests.support.chaos_stub import StubStage

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("controller", "broker", "nodes")
VICTIMS = (
    *((part,) for part in PARTS * 3),
    ("controller", "broker"),
    ("controller", "nodes"),
    ("broker", "nodes"),
    PARTS,
)
"""Mostly one at a time, now and then two, seldom all three (F05)."""
ENGINES = ("kokoro_vn", "espeak")
BEGIN_WITHIN_S = 240.0
SETTLE_S = 60.0
AUDITED_LATER = timedelta(minutes=15)
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How long, from which seed, how real, over which broker.

    ``source``: another tree to run the stub processes from (the proof that a campaign can fail).
    """

    cycles: int
    seed: int
    real: bool = False
    broker: Literal["auto", "mosquitto", "iotcore"] = "auto"
    source: Path = ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a campaign did and found."""

    options: Options
    seconds: float
    kills: dict[str, int]
    asked: int
    acknowledged: int
    finding: Finding
    complaints: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled or out of window, and no process complained."""
        return self.finding.clean and not self.complaints

    def told(self) -> str:
        """The lines that a person reads."""
        found, options = self.finding, self.options
        kills = ", ".join(f"{part} {count}" for part, count in sorted(self.kills.items()))
        verdicts = ", ".join(f"{name} {count}" for name, count in found.verdicts.items())
        sentences = (
            *found.lost[:SHOWN],
            *found.doubled[:SHOWN],
            *found.out_of_window[:SHOWN],
            *self.complaints[:SHOWN],
        )
        return "\n".join(
            (
                f"chaos ({'all real' if options.real else 'stub voice'}) seed {options.seed}: "
                f"{options.cycles} cycles in {self.seconds:.0f} s; killed: {kills}",
                f"  asked {self.asked}, acknowledged {self.acknowledged}, deliveries {found.deliveries}, "
                f"went on after a kill {found.restarted}, earliest {found.earliest_ms} ms",
                f"  verdicts: {verdicts}",
                f"  lost {len(found.lost)}, doubled {len(found.doubled)}, "
                f"out of window {len(found.out_of_window)}",
                *(f"  ! {sentence}" for sentence in sentences),
            )
        )


class Campaign:
    """Three processes, their authors, their executioner."""

    def __init__(self, ground: Ground, stage: Stage, options: Options) -> None:
        self._options = options
        self._ground = ground
        self._stage = stage
        self._pace = REAL if options.real else STUB
        self._dice = random.Random(options.seed)
        self._pen = Pen(ground, self._pace, options.seed)
        self._began_mono = 0.0
        self.lives: list[Life] = []
        self.asked: list[Asked] = []
        self.kills: Counter[str] = Counter()
        self.complaints: list[str] = []

    async def run(self) -> Outcome:
        """All cycles, then calm, then the judgement. Whatever happens, nothing that it began is left."""
        began = time.monotonic()
        try:
            await self._open()
            writing = [asyncio.create_task(self._author()) for _ in range(self._pace.authors)]
            for _ in range(self._options.cycles):
                await self._cycle()
            for author in writing:
                author.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
            await self._settle()
            finding = await self._judged()
        finally:
            await self._stage.leave()
            await asyncio.to_thread(self._stage.close)
        return Outcome(
            options=self._options,
            seconds=time.monotonic() - began,
            kills=dict(self.kills),
            asked=len(self.asked),
            acknowledged=sum(one.acknowledged for one in self.asked),
            finding=finding,
            complaints=(*self.complaints, *complaints_in(self._ground.log)),
        )

    async def _open(self) -> None:
        """Everything runs, and one item has been heard by every node."""
        await furnish(self._ground, self._ground.settings())
        await self._stage.open()
        await self._begin("controller")
        await self._begin("nodes")
        ends = time.monotonic() + BEGIN_WITHIN_S
        while await self._say(self._pen.everywhere()) in (NOBODY, None):
            # the door is not open yet, or its sound was not ready in time to be approved
            await asyncio.sleep(0.2)
            assert time.monotonic() < ends, "the controller did not begin"
        while aired_deliveries(self._ground.settings().database) < len(NODES):
            await asyncio.sleep(0.2)
            assert time.monotonic() < ends, "the first item was not heard everywhere"

    async def _cycle(self) -> None:
        await asyncio.sleep(self._dice.uniform(*self._pace.up_s))
        victims = list(self._dice.choice(VICTIMS))
        self._dice.shuffle(victims)
        for part in victims:
            self.kills[part] += 1
            status = await self._end(part, signal.SIGKILL)
            if status != -signal.SIGKILL:
                self.complaints.append(f"{part} had ended by itself ({status})")
        await asyncio.sleep(self._dice.choice(self._pace.down_s))
        self._dice.shuffle(victims)
        for part in victims:
            await self._begin(part)

    async def _begin(self, part: str) -> None:
        if part == "nodes":
            self._began_mono = time.monotonic()
        await asyncio.to_thread(self._stage.begin, part, len(self.lives), self._dice.getrandbits(32))

    async def _end(self, part: str, number: int) -> int:
        asked_mono = time.monotonic()
        status = await asyncio.to_thread(self._stage.end, part, number)
        if part == "nodes":
            killed = number == signal.SIGKILL
            life = Life(
                number=len(self.lives),
                began_mono=self._began_mono,
                ended_mono=asked_mono if killed else time.monotonic(),
                killed=killed,
                rows=read_journal(self._ground.journal(len(self.lives))),
            )
            self.lives.append(life)
        return status

    async def _author(self) -> None:
        """Tries again and again; where nobody is there, the wish is forgotten."""
        while True:
            if (wish := self._pen.wish()) is not None:
                await self._say(wish)
            await asyncio.sleep(self._pen.pause_s())

    async def _say(self, wish: Wish) -> object:
        answer = await self._stage.say(wish)
        if isinstance(answer, Refusal):
            # a controller that was away for long may be asked for a moment that has passed
            if "E_PAST" not in answer:
                self.complaints.append(f"{wish['title']}: {answer}")
        elif answer is not NOBODY:
            asked = Asked(
                title=wish["title"],
                item=None if answer is None else str(answer),
                targets=tuple(wish["targets"]),
                at=datetime.fromisoformat(wish["at"]),
                approved_by=self._ground.now(),
            )
            self.asked.append(asked)
        return answer

    async def _settle(self) -> None:
        """Calm: everything runs until all is said; then a clock that has moved on closes the rest."""
        ground = self._ground
        last = max((one.at for one in self.asked), default=ground.now())
        await asyncio.sleep(max(0.0, (last - ground.now()).total_seconds()) + 2)
        ends = time.monotonic() + SETTLE_S
        while open_deliveries(ground.settings().database) and time.monotonic() < ends:
            await asyncio.sleep(0.5)
        for part in ("nodes", "controller"):
            status = await self._end(part, signal.SIGTERM)
            if status != 0:
                self.complaints.append(f"{part} ended with {status}")
        if not await close_books(ground.settings(), ground.shift + AUDITED_LATER):
            self.complaints.append("a delivery stayed without a verdict")

    async def _judged(self) -> Finding:
        due, planned, broken_chain = await read_books(self._ground.settings(), self._ground.now())
        if broken_chain is not None:
            self.complaints.append(broken_chain)
        return judge(self.lives, self.asked, due, planned)


async def campaign(directory: Path, options: Options) -> Outcome:
    """One campaign in that (empty) directory."""
    ground = Ground(directory=directory, broker_port=free_port(), shift=morning_shift())
    stage: Stage
    if options.real:
        stage = RealStage(ground, options.broker, ENGINES)
    else:
        stage = StubStage(ground, options.broker, options.source)
    return await Campaign(ground, stage, options).run()


def main(arguments: Sequence[str]) -> int:
    """The command line: exit 0 only if nothing was lost, doubled or out of window."""
    parser = argparse.ArgumentParser(prog="python -m tests.doors.chaos", description=__doc__)
    parser.add_argument("--cycles", type=int, default=150)
    parser.add_argument("--seed", type=int, default=None, help="default: a new one, printed")
    parser.add_argument("--real", action="store_true", help="exec, HTTP and the real voice")
    parser.add_argument("--broker", choices=("auto", "mosquitto", "iotcore"), default="auto")
    parser.add_argument("--source", type=Path, default=ROOT, help="another tree to run the processes from")
    parser.add_argument("--keep", type=Path, default=None, help="leave everything in this directory")
    chosen = parser.parse_args(arguments)
    seed = int.from_bytes(os.urandom(4), "big") if chosen.seed is None else chosen.seed
    print(f"chaos: seed {seed}", flush=True)
    options = Options(
        cycles=chosen.cycles,
        seed=seed,
        real=chosen.real,
        broker=chosen.broker,
        source=chosen.source.resolve(),
    )
    with tempfile.TemporaryDirectory(prefix="loa-chaos-") as name, suppress(KeyboardInterrupt):
        outcome = asyncio.run(campaign(chosen.keep or Path(name), options))
        print(outcome.told())
        return 0 if outcome.clean else 1
    return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
