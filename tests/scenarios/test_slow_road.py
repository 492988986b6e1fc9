"""An emergency over the road that villages have: 600 ms there and back, 64 kbit/s, stalls (P3)."""

import random
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import SITES
from devices import topics
from devices.link import Arrival
from devices.topics import TopicKind
from firmware_sim.air import Air
from schedules.calendar import instant_of
from tests.support.house import DAY, NEIGHBOUR, VILLAGE, House, play

AT = instant_of(DAY, time(6, 0))
HERE = tuple(site.node for site in SITES if site.village in (VILLAGE, NEIGHBOUR))
OCTETS_A_SECOND = 8_000


class SlowRoad:
    """A 3G line for each client: one packet in twenty stalls for three seconds, pushed clips are lost."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def __call__(self, client: str, arrival: Arrival) -> tuple[float, ...]:
        place = topics.parse(arrival.topic)
        if place is not None and place.kind is TopicKind.CLIP:
            return ()
        stall = 3.0 if self._rng.random() < 0.05 else 0.0
        return (0.3 + len(arrival.payload) / OCTETS_A_SECOND + stall,)


def first_samples(house: House, alert: Any) -> list[float]:
    spans = [house.heard(node)[0] for node in HERE]
    assert {span.begin.part for span in spans} == {"tone"}, "the siren lies in every node"
    return sorted((span.begin.first_sample_at - alert.issued_at).total_seconds() for span in spans)


@pytest.mark.promise("P3")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_over_3g_the_siren_sounds_within_ten_seconds_and_waits_for_no_words(seed: int, place: Path) -> None:
    seen: dict[str, Any] = {}
    road = SlowRoad(seed)

    async def story(house: House) -> None:
        await house.until(AT)
        # The words are ready and named in the alert, but no way leads them to a node.
        house.fetcher.down = True
        seen["alert"] = await house.alarm()
        await house.rest(60)

    house = play(story, place, members=HERE, air=Air(carry=road, lift=road))

    late = first_samples(house, seen["alert"])
    assert late[-1] <= 10.0


@pytest.mark.promise("P3")
def test_over_a_good_line_it_sounds_at_once_everywhere(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        seen["alert"] = await house.alarm()
        await house.rest(60)

    house = play(story, place, members=HERE, air=Air(carry=lambda *_: (0.03,), lift=lambda *_: (0.03,)))

    late = first_samples(house, seen["alert"])
    assert late[-1] <= 2.0
