"""The controller dies at any write, and the village hears the very same."""

import asyncio
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.dispatch.plan import planning
from controller.store import audit
from schedules.announcement import State
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, House, play

AT = instant_of(DAY, time(5, 40))
TITLE = "Họp thôn"
POINTS = ("before_begin", "before_commit", "after_commit")


class Killed(BaseException):
    """The process is gone: nothing of it may go on, so no loop catches it."""


class Death:
    """Kills at the n-th visit of a label; what is dead stays dead until the next start."""

    def __init__(self, label: str, visit: int) -> None:
        self._label = label
        self._visit = visit
        self._visits = 0
        self.dead = False
        self.deaths = 0
        self.visits_of: dict[str, int] = {}

    def __call__(self, label: str) -> None:
        if self.dead:
            raise Killed
        self.visits_of[label] = self.visits_of.get(label, 0) + 1
        if label == self._label:
            self._visits += 1
            if self._visits == self._visit:
                self.dead = True
                self.deaths += 1
                raise Killed


async def supervise(house: House, death: Death) -> None:
    """What systemd does: two seconds later it runs again on the same files."""
    while True:
        await house.rest(0.5)
        if death.dead:
            await house.kill()
            await house.rest(2)
            death.dead = False
            await start(house, death)


async def start(house: House, death: Death) -> None:
    try:
        await house.open()
    except Killed:
        death.dead = False
        await house.open()


async def insist(house: House, death: Death, deed: Any) -> None:
    """A person whose page failed looks again and goes on from what is there."""
    for _ in range(20):
        while death.dead or house.loa is None:
            await house.rest(1)
        try:
            await deed()
            return
        except (Killed, AssertionError, AttributeError):
            await house.rest(1)
    raise AssertionError("the deed could not be done")


def heard_with(death: Death, place: Path) -> tuple[House, dict[str, Any]]:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        watch = asyncio.create_task(supervise(house, death))

        async def deed() -> None:
            views = await house.up.views.announcements(house.author)
            view = views[0] if views else await house.write(TITLE, timing=Once(at=AT))
            if view.announcement.state is State.DRAFT:
                view = await house.up.desk.submit(house.author, view.announcement.id)
            if view.announcement.state is State.SUBMITTED:
                await house.approve(view.announcement.id)

        await insist(house, death, deed)
        await house.until(AT + timedelta(minutes=3))
        while death.dead or house.loa is None:
            await house.rest(1)
        watch.cancel()
        day = await house.up.views.day(house.author, house.author.area, DAY)
        seen["verdicts"] = await house.verdicts(day.occurrences[0].occurrence)
        seen["bad"] = await house.up.db.read(audit.verify)

    start_at = AT - timedelta(minutes=4)
    return play(story, place, members=FEW[:2], start=start_at, crash=death, errors=True), seen


@pytest.mark.promise("P1", "F02")
@pytest.mark.parametrize("visit", [5, 9, 14, 20, 27])
@pytest.mark.parametrize("label", POINTS)
def test_the_village_hears_the_same(label: str, visit: int, place: Path) -> None:
    death = Death(label, visit)

    house, seen = heard_with(death, place)

    assert death.deaths == 1, "it did die"
    assert house.starts == 2
    assert [len(house.claims(node)) for node in FEW[:2]] == [1, 1]
    assert set(seen["verdicts"].values()) == {"aired"}
    assert seen["bad"] is None


@pytest.mark.promise("P1", "F02")
@pytest.mark.parametrize("portion", [1, 2, 3])
def test_a_plan_written_in_portions_is_whole_after_a_death_between_them(
    portion: int, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "AT_ONCE", 1)
    death = Death("never", 0)
    written = planning.Planner._save_ahead
    portions = 0

    def dying(*args: Any) -> bool:
        nonlocal portions
        portions += 1
        if portions == portion and not death.deaths:
            death.dead, death.deaths = True, 1
            raise Killed
        return written(*args)

    async def story(house: House) -> None:
        watch = asyncio.create_task(supervise(house, death))
        # all three are approved while nobody plans, so that one planning has them all
        monkeypatch.setattr(planning.Planner, "turn", lambda planner: asyncio.sleep(3600))
        views = [await house.say(f"{TITLE} {n}", timing=Once(at=AT + timedelta(minutes=n))) for n in range(3)]
        assert all(view.announcement.state is State.APPROVED for view in views)
        monkeypatch.undo()
        monkeypatch.setattr(planning, "AT_ONCE", 1)
        monkeypatch.setattr(planning.Planner, "_save_ahead", dying)
        await house.kill()
        await start(house, death)
        await house.until(AT + timedelta(minutes=6))
        watch.cancel()
        day = await house.up.views.day(house.author, house.author.area, DAY)
        for one in day.occurrences:
            assert set((await house.verdicts(one.occurrence)).values()) == {"aired"}
        assert len(day.occurrences) == 3
        assert await house.up.db.read(audit.verify) is None

    start_at = AT - timedelta(minutes=4)
    house = play(story, place, members=FEW[:2], start=start_at, crash=death, errors=True)
    assert death.deaths == 1, "it did die"
    assert portions > 3
    assert [len(house.claims(node)) for node in FEW[:2]] == [3, 3]
