"""The controller dies at each labelled point of a deed, comes back, is asked again: the same is heard."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import QUANG_DIEN
from controller.dispatch.forms.alerts import EmergencyForm
from controller.store import audit
from schedules.announcement import State
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, VILLAGE, House, play
from tests.support.virtual_time import wall

AT = instant_of(DAY, time(5, 40))
LABELS = ("before_begin", "before_commit", "after_commit")
NODES = FEW[:2]


class Killed(BaseException):
    """The process is gone: nothing of it may go on, so no loop catches it."""


class Armed:
    """Kills at the next visit of a label once it is armed; what is dead stays dead until the next start."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._armed = False
        self.dead = False
        self.deaths = 0

    def arm(self) -> None:
        """Only once in a story."""
        self._armed = self.deaths == 0

    def __call__(self, label: str) -> None:
        if self.dead:
            raise Killed
        if self._armed and label == self._label:
            self._armed, self.dead = False, True
            self.deaths += 1
            raise Killed


async def supervise(house: House, death: Armed) -> None:
    """What systemd does: two seconds later it runs again on the same files."""
    while True:
        await house.rest(0.2)
        if death.dead:
            await house.kill()
            await house.rest(2)
            death.dead = False
            await house.open()


async def insist(house: House, death: Armed, deed: Callable[[], Awaitable[Any]]) -> Any:
    """A person whose page failed tries the very same again."""
    for _ in range(20):
        while death.dead or house.loa is None:
            await house.rest(0.5)
        try:
            return await deed()
        except Killed:
            await house.rest(1)
    raise AssertionError("the deed could not be done")


async def approve(house: House) -> None:
    view = (await house.up.views.announcements(house.author))[0]
    if view.announcement.state is State.SUBMITTED:
        await house.approve(view.announcement.id)


def story_of(label: str, place: Path, tell: Callable[[House, Armed], Awaitable[None]]) -> tuple[House, Armed]:
    death = Armed(label)
    broken: list[Any] = []

    async def story(house: House) -> None:
        watch = asyncio.create_task(supervise(house, death))
        await tell(house, death)
        while death.dead or house.loa is None:
            await house.rest(1)
        await house.rest(5)
        watch.cancel()
        broken.append(await house.up.db.read(audit.verify))

    start_at = AT - timedelta(minutes=4)
    house = play(story, place, members=NODES, start=start_at, crash=death, errors=True)
    assert death.deaths == 1, "it did die"
    assert house.starts == 2
    assert broken == [None]
    return house, death


def assert_heard_once(house: House) -> None:
    assert [len(house.claims(node)) for node in NODES] == [1, 1]
    assert all(span.end is not None and span.end.whole for node in NODES for span in house.heard(node))


@pytest.mark.promise("P1", "F02")
@pytest.mark.parametrize("label", LABELS)
def test_dying_in_an_approval_changes_nothing_that_is_heard(label: str, place: Path) -> None:
    async def tell(house: House, death: Armed) -> None:
        await house.write("Họp thôn", timing=Once(at=AT))
        await house.rest(5)
        death.arm()
        await insist(house, death, lambda: approve(house))
        await house.until(AT + timedelta(minutes=1))

    house, _ = story_of(label, place, tell)

    assert_heard_once(house)


@pytest.mark.promise("P1", "F02")
@pytest.mark.parametrize("label", LABELS)
def test_dying_in_the_planning_changes_nothing_that_is_heard(label: str, place: Path) -> None:
    async def tell(house: House, death: Armed) -> None:
        await house.write("Họp thôn", timing=Once(at=AT))
        await house.rest(5)
        await approve(house)
        death.arm()
        await house.until(AT + timedelta(minutes=1))

    house, _ = story_of(label, place, tell)

    assert_heard_once(house)


@pytest.mark.promise("P1", "F02")
@pytest.mark.parametrize("label", LABELS)
def test_dying_over_the_receipts_loses_and_doubles_none(label: str, place: Path) -> None:
    verdicts: list[dict[Any, Any]] = []

    async def tell(house: House, death: Armed) -> None:
        await house.say("Họp thôn", timing=Once(at=AT))
        await house.until(AT + timedelta(seconds=0.1))
        death.arm()
        await house.until(AT + timedelta(minutes=2))
        day = await house.up.views.day(house.author, house.author.area, DAY)
        verdicts.append(await house.verdicts(day.occurrences[0].occurrence))

    house, _ = story_of(label, place, tell)

    assert_heard_once(house)
    assert set(verdicts[0].values()) == {"aired"}
    assert len(verdicts[0]) == len(NODES)


@pytest.mark.promise("P1", "F02")
@pytest.mark.parametrize("label", LABELS)
def test_dying_while_an_emergency_is_fired_sounds_each_round_once(label: str, place: Path) -> None:
    async def tell(house: House, death: Armed) -> None:
        form = EmergencyForm(
            area=QUANG_DIEN,
            targets=(VILLAGE,),
            hazard="flood",
            level=2,
            text="Nước sông Bồ đang lên nhanh. Bà con lên nơi cao ngay.",
            rounds=1,
        )
        await house.until(AT)
        preview = await house.up.desk.preview_emergency(house.operator, form)
        await house.rest(2)
        death.arm()
        await insist(
            house,
            death,
            lambda: house.up.desk.fire(house.operator, preview.id, preview.typed_name, "fire-1"),
        )
        await house.rest(60)

    house, _ = story_of(label, place, tell)

    for node in NODES:
        tones = [span.begin.claim for span in house.heard(node) if span.begin.part == "tone"]
        assert len(tones) == len(set(tones)) == 1


@pytest.mark.promise("P1", "F02")
@pytest.mark.parametrize("label", LABELS)
def test_dying_while_everything_is_stopped_stays_silent_afterwards(label: str, place: Path) -> None:
    stopped: list[Any] = []

    async def tell(house: House, death: Armed) -> None:
        await house.until(AT)
        await house.alarm(targets=(VILLAGE,), rounds=3)
        await house.rest(6)
        death.arm()
        await insist(house, death, lambda: house.up.desk.stop_all(house.operator, VILLAGE, "stop-1"))
        stopped.append(wall())
        await house.rest(240)

    house, _ = story_of(label, place, tell)

    for node in NODES:
        spans = house.heard(node)
        assert spans, "it did sound"
        assert all(span.end is not None for span in spans)
        last = max(span.end.ended_at for span in spans if span.end is not None)
        assert last <= stopped[0] + timedelta(seconds=5)
