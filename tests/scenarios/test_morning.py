"""A commune's morning: what was approved is heard, once, at its minute, on every node of its ground."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.store import audit, outbox
from controller.store.outbox import OutboxState
from devices.messages import Heard
from schedules.calendar import instant_of
from schedules.recurrence import NextSession, Once
from tests.support.house import CONTROLLER, DAY, FEW, QUANG_DIEN, House, play

SESSION_AT = instant_of(DAY, time(5, 30))
SKEW = timedelta(seconds=1)


async def morning(house: House) -> list[str]:
    """Three items are approved for the session of half past five; the ids of all that is planned there."""
    await house.add_session(time(5, 30))
    for title in ("Tiêm phòng cho đàn trâu bò", "Lịch cắt điện ngày mai", "Họp thôn"):
        await house.say(title, timing=NextSession())
    await house.until(instant_of(DAY, time(5, 20)))
    day = await house.up.views.day(house.author, QUANG_DIEN, DAY)
    return [line.occurrence for line in day.occurrences]


def test_the_session_is_heard_in_order_once_and_at_its_minute(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        planned = await morning(house)
        await house.until(SESSION_AT + timedelta(minutes=20))
        seen["planned"] = planned
        seen["verdicts"] = [await house.verdicts(one) for one in planned]
        seen["rows"] = [await house.deliveries(one) for one in planned]

    house = play(story, place)

    assert len(seen["planned"]) == 5, "opening, three items, closing"
    for node in FEW[:3]:
        assert house.claims(node) == [f"occurrence:{one}" for one in seen["planned"]]
        first = house.heard(node)[0].begin
        assert abs(first.first_sample_at - SESSION_AT) < SKEW
    assert house.claims(FEW[3]) == [], "the other commune hears nothing of it"
    assert all(set(row.values()) == {"aired"} for row in seen["verdicts"])
    assert all(row.heard is Heard.YES for rows in seen["rows"] for row in rows)


@pytest.mark.promise("P6", "F04")
def test_with_broker_and_controller_dead_the_morning_is_heard_and_reported_once(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        planned = await morning(house)
        await house.kill()
        house.air.kill()
        house.fetcher.down = True
        await house.until(SESSION_AT + timedelta(minutes=30))
        seen["silent"] = [house.claims(node) for node in FEW[:3]]
        house.air.restore()
        await house.open()
        await house.rest(120)
        seen["planned"] = planned
        seen["verdicts"] = [await house.verdicts(one) for one in planned]
        seen["retained"] = house.air.retained("loa/1/keys")

    house = play(story, place)

    wanted = [f"occurrence:{one}" for one in seen["planned"]]
    assert seen["silent"] == [wanted, wanted, wanted]
    assert all(set(row.values()) == {"aired"} for row in seen["verdicts"])
    assert [house.claims(node) for node in FEW[:3]] == [wanted, wanted, wanted]
    assert seen["retained"], "the empty broker was filled again"


@pytest.mark.promise("F23")
def test_a_programme_that_the_broker_swallowed_is_sent_again_when_the_link_returns(place: Path) -> None:
    async def story(house: House) -> None:
        house.air.kill()
        await house.add_session(time(5, 30))
        view = await house.say("Họp thôn", timing=NextSession())
        await house.rest(60)
        counts = await house.up.db.read(outbox.counts)
        assert counts.get(OutboxState.SENT, 0) > 0
        assert counts[OutboxState.WAITING] > 0, "nothing is called sent while the link is down"
        house.air.restore()
        await house.until(SESSION_AT + timedelta(minutes=10))
        assert view.announcement.id

    house = play(story, place)

    assert [len(house.claims(node)) for node in FEW[:3]] == [3, 3, 3]


@pytest.mark.promise("F35")
def test_one_way_loss_is_missed_until_the_receipts_come_and_is_then_corrected(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        planned = await morning(house)
        house.clients_away(CONTROLLER)
        await house.until(SESSION_AT + timedelta(minutes=30))
        seen["before"] = [await house.verdicts(one) for one in planned]
        house.air.unblock(CONTROLLER)
        await house.rest(120)
        seen["after"] = [await house.verdicts(one) for one in planned]
        seen["bad"] = await house.up.db.read(audit.verify)

    house = play(story, place)

    assert {verdict for row in seen["before"] for verdict in row.values()} == {"missed"}
    assert {verdict for row in seen["after"] for verdict in row.values()} == {"aired"}
    assert seen["bad"] is None
    assert len(house.claims(FEW[0])) == 5


def test_what_is_withdrawn_before_its_time_is_not_heard_and_ends_as_cancelled(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        at = instant_of(DAY, time(6, 0))
        view = await house.say("Họp thôn", timing=Once(at=at))
        await house.until(instant_of(DAY, time(5, 30)))
        day = await house.up.views.day(house.author, QUANG_DIEN, DAY)
        await house.up.desk.withdraw(house.author, view.announcement.id, "Hoãn họp")
        await house.until(at + timedelta(minutes=20))
        seen["verdicts"] = await house.verdicts(day.occurrences[0].occurrence)

    house = play(story, place)

    assert set(seen["verdicts"].values()) == {"cancelled"}
    assert all(house.claims(node) == [] for node in FEW)


@pytest.mark.promise("F69")
def test_an_edit_after_approval_takes_the_item_off_the_air_until_it_is_approved_again(place: Path) -> None:
    async def story(house: House) -> None:
        at = instant_of(DAY, time(6, 0))
        view = await house.say("Họp thôn", timing=Once(at=at))
        await house.rest(30)
        await edit(house, view.announcement.id, "Họp thôn, đổi sang chiều")
        await house.until(at + timedelta(minutes=20))

    house = play(story, place)

    assert all(house.claims(node) == [] for node in FEW)


async def edit(house: House, announcement: Any, title: str) -> None:
    from controller.dispatch.forms.items import Draft

    a = (await house.up.views.announcement(house.author, announcement)).announcement
    draft = Draft(
        area=a.area,
        title=title,
        text=a.text,
        targets=a.targets,
        timing=a.timing,
        expires_at=a.expires_at,
        valid_from=a.valid_from,
    )
    await house.up.desk.edit_announcement(house.author, a.id, draft, revision=a.revision)
