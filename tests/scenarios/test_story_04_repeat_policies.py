"""Story 4: an alert is repeated by its policy, says when it was issued, and gives way to a newer one."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.store.alerts import AlertPhase
from devices.messages import BulletinClass
from firmware_sim.journal import Span
from schedules.calendar import instant_of
from schedules.emergency import Hazard, spoken_time
from schedules.repeat import repeat_policy, rounds
from tests.support.house import DAY, FEW, NEIGHBOUR, VILLAGE, House, play

AT = instant_of(DAY, time(6, 0))
A, B = FEW[0], FEW[2]
SLACK = timedelta(seconds=1)


def tones(house: House, node: str) -> list[Span]:
    """When each round began on a node."""
    return [span for span in house.heard(node) if span.begin.part == "tone"]


def claims_of(house: House, node: str, alert: str) -> list[str]:
    return [claim for claim in house.claims(node) if alert in claim]


@pytest.mark.parametrize(
    ("hazard", "level", "hours"),
    [("flood", 3, 7), ("storm", 2, 7), ("earthquake", 3, 4), ("tsunami", 2, 3), ("tsunami", 3, 2)],
)
def test_each_round_begins_when_the_policy_says_and_says_when_it_was_issued(
    hazard: str, level: int, hours: int, place: Path
) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        ends_at = AT + timedelta(hours=hours)
        alert = await house.alarm(hazard=hazard, level=level, targets=(VILLAGE,), ends_at=ends_at)
        seen["alert"] = alert
        await house.until(ends_at + timedelta(minutes=5))
        seen["row"] = await house.up.views.alert(house.operator, alert.id)

    house = play(story, place, members=FEW[:1])

    alert = seen["alert"]
    wanted = rounds(repeat_policy(Hazard(hazard), level), alert.issued_at, seen["row"].ends_at)
    begun = [span.begin.first_sample_at for span in tones(house, A)]
    assert len(begun) == len(wanted)
    assert all(abs(one - other) < SLACK for one, other in zip(begun, wanted, strict=True))
    words = [span for span in house.heard(A) if span.begin.part == "words"]
    assert len(words) == len(wanted), "each round has its words"
    assert len({span.begin.source for span in words}) == 1, "the same words each time"
    assert f"phát lúc {spoken_time(alert.issued_at)}" in seen["row"].headline
    assert "phát lúc sáu giờ" in seen["row"].words.spoken, "and so it is read out, in every round"
    assert all(span.begin.bulletin_class is BulletinClass.EMERGENCY for span in house.heard(A))


def test_a_tsunami_is_told_after_five_and_ten_minutes_also_when_the_controller_is_gone(place: Path) -> None:
    """The changing distances travel in the document: each node keeps them by its own clock."""
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        alert = await house.alarm(
            hazard="tsunami", level=1, targets=(VILLAGE,), ends_at=AT + timedelta(hours=2)
        )
        seen["issued_at"] = alert.issued_at
        await house.rest(30)
        house.air.kill()
        await house.until(AT + timedelta(hours=2, minutes=5))

    house = play(story, place, members=FEW[:1])

    begun = [
        (span.begin.first_sample_at - seen["issued_at"]).total_seconds() / 60 for span in tones(house, A)
    ]
    assert begun == pytest.approx([0, 5, 10, 40, 70, 100], abs=0.05)


def test_a_new_bulletin_takes_the_place_of_the_older_one_at_once_and_for_all_its_rounds(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        first = await house.alarm(targets=(VILLAGE,), level=2, key="first")
        await house.until(AT + timedelta(hours=3, minutes=10))
        # in the middle of nothing, and for more ground than before
        second = await house.alarm(
            targets=(VILLAGE, NEIGHBOUR),
            level=3,
            key="second",
            text="Lũ vượt báo động ba. Bà con sơ tán ngay.",
        )
        seen["first"], seen["second"] = first.id, second.id
        await house.until(AT + timedelta(hours=9))
        seen["phase"] = (await house.up.views.alert(house.operator, first.id)).phase
        seen["refers"] = (await house.up.views.alert(house.operator, second.id)).references
        seen["verdicts"] = await house.verdicts(second.id)

    house = play(story, place)

    assert seen["phase"] is AlertPhase.CANCELLED
    assert seen["refers"] == (seen["first"],)
    assert len({*claims_of(house, A, seen["first"])}) == 2, "at six and at nine, not at noon"
    assert len({*claims_of(house, A, seen["second"])}) == 3, "at 9:10, 11:10 and 13:10: every two hours"
    assert len({*claims_of(house, B, seen["second"])}) == 3
    assert claims_of(house, B, seen["first"]) == []
    assert set(seen["verdicts"].values()) == {"aired"}


def test_a_new_bulletin_cuts_the_older_one_in_the_middle_of_its_words(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        long = "Nước lên rất nhanh, bà con lên nơi cao. " * 20
        first = await house.alarm(targets=(VILLAGE,), level=2, key="first", text=long)
        await house.rest(40)
        second = await house.alarm(targets=(VILLAGE,), level=2, key="second")
        seen["first"], seen["second"] = first.id, second
        await house.rest(200)

    house = play(story, place, members=FEW[:1])

    spans = house.heard(A)
    order = [seen["first"] in span.begin.claim for span in spans]
    assert order == sorted(order, reverse=True), "nothing of the older one is heard after the newer one began"
    older = [span for span in spans if seen["first"] in span.begin.claim][-1]
    assert older.begin.part == "words"
    assert older.end is not None
    assert abs(older.end.ended_at - seen["second"].issued_at) < timedelta(seconds=2)


def test_a_smaller_ground_and_another_hazard_supersede_nothing(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.until(AT)
        first = await house.alarm(targets=(VILLAGE, NEIGHBOUR), level=2, key="first")
        await house.rest(120)
        smaller = await house.alarm(targets=(VILLAGE,), level=2, key="smaller")
        await house.rest(120)
        other = await house.alarm(targets=(VILLAGE, NEIGHBOUR), hazard="storm", level=2, key="other")
        await house.rest(120)
        views = [await house.up.views.alert(house.operator, one.id) for one in (first, smaller, other)]
        seen["phases"] = [view.phase for view in views]
        seen["refers"] = [view.references for view in views]

    play(story, place)

    assert seen["phases"] == [AlertPhase.ACTIVE] * 3
    assert seen["refers"] == [(), (), ()]
