"""What is approved or withdrawn late: what sounds is left alone, what will not sound is closed at once."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

from controller.store import occurrences
from schedules.announcement import AnnouncementId, BulletinClass
from schedules.calendar import instant_of
from schedules.recurrence import NextSession, Once
from tests.support.house import DAY, VILLAGE, House, play

AT = instant_of(DAY, time(6, 0))
LONG = "Kính mời bà con đến nhà văn hóa thôn dự họp. " * 20


async def planned_of(house: House, item: AnnouncementId) -> list[occurrences.Planned]:
    return list(await house.up.db.read(occurrences.of_item, item))


def test_a_higher_item_that_is_ready_late_does_not_move_what_already_sounds(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await house.add_session(time(6, 0), opening=False, closing=False)
        facts = {"targets": (VILLAGE,), "timing": NextSession()}
        sounding = await house.say("Họp thôn", text=LONG, **facts)
        await house.until(AT - timedelta(seconds=10))
        (seen["before"],) = await planned_of(house, sounding.announcement.id)
        # in time for the session, but its voice is ready only when the session sounds
        late = await house.say("Cháy rừng", bulletin_class=BulletinClass.PRIORITY, **facts)
        await house.until(AT + timedelta(seconds=60))
        seen["late"] = await planned_of(house, late.announcement.id)
        (seen["after"],) = await planned_of(house, sounding.announcement.id)
        await house.rest(600)
        seen["verdicts"] = await house.verdicts(seen["before"].occurrence.id)

    play(story, place, speech_takes_s=30.0)

    assert seen["before"].occurrence.due_at == AT
    assert seen["late"], "it was planned for this session"
    assert seen["after"] == seen["before"]
    assert set(seen["verdicts"].values()) == {"aired"}


def test_a_withdrawal_undone_in_time_is_open_again_and_heard(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        desk = house.up.desk
        said = await house.say("Họp thôn", targets=(VILLAGE,), timing=Once(at=AT))
        item = said.announcement.id
        await house.until(AT - timedelta(minutes=30))
        (planned,) = await planned_of(house, item)
        await desk.withdraw(house.author, item, "Hoãn họp")
        await house.rest(5)
        seen["withdrawn"] = await house.verdicts(planned.occurrence.id)
        await desk.undo(house.author, item)
        await house.rest(5)
        seen["open"] = await house.verdicts(planned.occurrence.id)
        await house.until(AT + timedelta(hours=1))
        seen["aired"] = await house.verdicts(planned.occurrence.id)

    play(story, place)

    assert set(seen["withdrawn"].values()) == {"cancelled"}
    assert set(seen["open"].values()) == {None}
    assert set(seen["aired"].values()) == {"aired"}


def test_a_withdrawn_item_has_its_verdict_at_once(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        desk = house.up.desk
        said = await house.say("Họp thôn", targets=(VILLAGE,), timing=Once(at=AT))
        item = said.announcement.id
        await house.until(AT - timedelta(minutes=30))
        (planned,) = await planned_of(house, item)
        other = await house.say("Cắt điện", targets=(VILLAGE,), timing=Once(at=AT + timedelta(minutes=30)))
        await house.rest(60)
        (gone,) = await planned_of(house, other.announcement.id)
        await desk.withdraw(house.approver, other.announcement.id, "Hoãn cắt điện")
        await house.rest(5)
        seen["withdrawn"] = await house.deliveries(gone.occurrence.id)
        seen["kept"] = await house.verdicts(planned.occurrence.id)
        await house.until(AT + timedelta(hours=1))
        seen["aired"] = await house.verdicts(planned.occurrence.id)
        seen["end"] = await house.deliveries(gone.occurrence.id)

    house = play(story, place)

    assert {(row.ruling.verdict, row.ruling.reason) for row in seen["withdrawn"]} == {
        ("cancelled", "withdrawn")
    }
    assert seen["withdrawn"] == seen["end"]
    assert set(seen["kept"].values()) == {None}
    assert set(seen["aired"].values()) == {"aired"}
    assert len(house.claims(seen["end"][0].node)) == 1
