"""The weather over a village, all from one seed: loss, delay, duplicates, reordering, cut links and power."""

import asyncio
import random
from dataclasses import dataclass

from devices.link import Arrival
from devices.messages import NodeId
from firmware_sim.village import Village


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """How bad it is. Shares are of messages, rates are per node and hour."""

    lost: float = 0.05
    doubled: float = 0.05
    delay_s: float = 2.0
    link_cuts_an_hour: float = 1.0
    power_cuts_an_hour: float = 0.5
    away_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """One cut: ``kind`` is link or power."""

    at_s: float
    node: NodeId
    kind: str
    lasts_s: float


class Weather:
    """``carry`` and ``lift`` go into the ``Air``; ``blow`` cuts links and power as its schedule says."""

    def __init__(self, seed: int, climate: Climate) -> None:
        self._rng = random.Random(seed)
        self._climate = climate

    def carry(self, client: str, arrival: Arrival) -> tuple[float, ...]:
        """Delays of what goes to a client: none is loss, two are a duplicate, unequal ones reorder."""
        if self._rng.random() < self._climate.lost:
            return ()
        count = 2 if self._rng.random() < self._climate.doubled else 1
        return tuple(self._rng.uniform(0.0, self._climate.delay_s) for _ in range(count))

    def lift(self, client: str, arrival: Arrival) -> tuple[float, ...]:
        """The same for the other way."""
        return self.carry(client, arrival)

    def schedule(self, nodes: tuple[NodeId, ...], hours: float) -> tuple[Blow, ...]:
        """Every cut of so many hours, in order."""
        blows: list[Blow] = []
        for node in nodes:
            for kind, rate in (
                ("link", self._climate.link_cuts_an_hour),
                ("power", self._climate.power_cuts_an_hour),
            ):
                at_s = self._rng.expovariate(rate / 3600) if rate else float("inf")
                while at_s < hours * 3600:
                    lasts_s = self._rng.uniform(1.0, self._climate.away_s)
                    blows.append(Blow(at_s=at_s, node=node, kind=kind, lasts_s=lasts_s))
                    at_s += lasts_s + self._rng.expovariate(rate / 3600)
        return tuple(sorted(blows, key=lambda blow: blow.at_s))

    async def blow(self, village: Village, schedule: tuple[Blow, ...]) -> None:
        """Carries the schedule out, each cut and its end at its moment."""
        events: list[tuple[float, NodeId, str]] = []
        for cut in schedule:
            down, up = ("link_down", "link_up") if cut.kind == "link" else ("power_cut", "power_on")
            events += [(cut.at_s, cut.node, down), (cut.at_s + cut.lasts_s, cut.node, up)]
        passed = 0.0
        for at_s, node, deed in sorted(events):
            await asyncio.sleep(max(0.0, at_s - passed))
            passed = max(passed, at_s)
            village.order({"node": node, "do": deed})
