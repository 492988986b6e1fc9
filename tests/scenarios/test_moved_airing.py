"""One airing of a repeated bài moved by hand: heard once, at its new time, by each node that learns of it."""

from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from devices.messages import NodeId
from schedules.calendar import instant_of
from schedules.recurrence import Weekly
from tests.support.house import DAY, FEW, VILLAGE, House, play

SIX = instant_of(DAY, time(6, 0))
A, B = NodeId(FEW[0]), NodeId(FEW[1])
TOMORROW = DAY + timedelta(days=1)
DAILY = Weekly(at=time(6, 0), days=frozenset(range(7)), first=DAY, last=TOMORROW)


async def moved(house: House, day: date, to: date, at: time) -> None:
    """By the approver of the commune, once it is said and held."""
    (item,) = {one.announcement.id for one in await house.up.views.announcements(house.approver)}
    seen = (await house.up.moving.look(house.approver, item, day)).seen
    await house.up.moving.move(house.approver, item, day, to, at, seen)


def begun(house: House, node: str) -> list[str]:
    """When each sound began on a node, by its local day and clock."""
    local = [span.begin.first_sample_at + timedelta(hours=7) for span in house.heard(node)]
    return [f"{(at.date() - DAY).days} {at:%H:%M}" for at in local if at is not None]


def test_a_moved_airing_is_heard_once_at_its_new_time_and_the_next_as_usual(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.say("Giờ vào lớp", targets=(VILLAGE,), timing=DAILY)
        await house.rest(60)
        await moved(house, DAY, DAY, time(6, 30))
        await moved(house, TOMORROW, DAY, time(7, 0))
        await house.until(SIX + timedelta(days=1, minutes=10))
        day = await house.up.views.day(house.author, VILLAGE, DAY)
        seen["verdicts"] = [await house.verdicts(one.occurrence) for one in day.occurrences]

    house = play(story, place, members=FEW[:1])

    assert begun(house, A) == ["0 06:30", "0 07:00"]
    assert seen["verdicts"] == [{A: "aired"}] * 2


def test_moved_back_it_is_heard_at_its_usual_time(place: Path) -> None:
    async def story(house: House) -> None:
        view = await house.say("Giờ vào lớp", targets=(VILLAGE,), timing=DAILY)
        item = view.announcement.id
        await house.rest(60)
        await moved(house, DAY, TOMORROW, time(9))
        await house.rest(60)
        seen = (await house.up.moving.look(house.approver, item, DAY)).seen
        await house.up.moving.put_back(house.approver, item, DAY, seen)
        await house.until(SIX + timedelta(hours=1))

    house = play(story, place, members=FEW[:1])

    assert begun(house, A) == ["0 06:00"]


def test_a_node_without_a_link_keeps_the_old_time_and_never_says_it_twice(place: Path) -> None:
    async def story(house: House) -> None:
        await house.say("Giờ vào lớp", targets=(VILLAGE,), timing=DAILY)
        await house.rest(60)
        house.clients_away(A)
        await house.rest(60)
        await moved(house, DAY, DAY, time(6, 30))
        await house.until(SIX + timedelta(minutes=10))
        house.air.unblock(A)
        await house.until(SIX + timedelta(hours=1))

    house = play(story, place, members=FEW[:2])

    assert begun(house, A) == ["0 06:00"]
    assert begun(house, B) == ["0 06:30"]
