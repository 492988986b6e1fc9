"""Story 1: nothing ordinary is heard at 03:15, whoever asks; the node itself refuses (Trung Lộc 2025)."""

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from controller.dispatch.plan.compile import day_end
from controller.errors import Problem
from controller.store import receipts
from devices import topics
from devices.messages import AreaCode, ClipHash, ClipRef, Entry, Mode, NodeId, OccurrenceId, Programme
from devices.messages import BulletinClass as WireClass
from schedules.calendar import instant_of
from schedules.recurrence import NextSession, Once
from tests.support.house import FEW, QUANG_DIEN, House, play

NIGHT = instant_of(date(2026, 11, 24), time(3, 15))


@pytest.mark.promise("P13")
def test_the_desk_refuses_an_ordinary_item_at_0315_and_says_why(place: Path) -> None:
    async def story(house: House) -> None:
        with pytest.raises(Problem) as refused:
            await house.write("Họp thôn", timing=Once(at=NIGHT))
        assert refused.value.code == "E_QUIET"
        assert refused.value.status == 422
        assert "03:15" in refused.value.vi

    play(story, place, members=FEW[:1])


@pytest.mark.promise("P13", "S14")
def test_the_same_item_signed_with_the_valid_key_is_refused_by_the_node_and_reported(place: Path) -> None:
    codes: list[str | None] = []

    async def story(house: House) -> None:
        await house.say("Họp thôn", timing=NextSession())
        await house.rest(60)
        programme = await at_night(house)
        payload = house.up.room.keyring.sign(programme)
        await house.up.room.link.publish(
            topics.programme(programme.area, programme.date), payload, retain=True
        )
        await house.until(NIGHT + timedelta(minutes=15))
        kept = await house.up.db.read(receipts.of_node, NodeId(FEW[0]))
        codes.extend(receipt.code for receipt in kept if receipt.occurrence == "night")

    house = play(story, place)

    assert "E_QUIET" in codes
    assert all(house.heard(node) == () for node in FEW)


async def at_night(house: House) -> Programme:
    """What a wrongly set controller would sign: an ordinary item in the middle of the night."""
    stored = await house.up.views.announcements(house.author)
    sound = stored[0].rendering
    data = (house.up.clips / str(sound.clip)).read_bytes()
    ref = ClipRef(sha256=ClipHash(str(sound.clip)), bytes=len(data), duration_ms=sound.duration_ms)
    entry = Entry(
        occurrence=OccurrenceId("night"),
        revision=1,
        starts_at=NIGHT,
        latest_at=NIGHT + timedelta(minutes=10),
        expires_at=NIGHT + timedelta(hours=4),
        bulletin_class=WireClass.NORMAL,
        clip=ref.sha256,
    )
    now = house.clock.now()
    day = date(2026, 11, 24)
    return Programme(
        tenant=house.up.room.keyring.tenant,
        area=AreaCode(QUANG_DIEN),
        date=day,
        version=99,
        epoch=0,
        mode=Mode.ACTUAL,
        issued_at=now,
        expires_at=day_end(day) + timedelta(hours=1),
        clips=(ref,),
        entries=(entry,),
    )
