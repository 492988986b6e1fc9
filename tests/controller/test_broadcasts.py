"""Speaking at once, from the desk to the chunks on the wire: who may, when, where, and how it ends."""

import asyncio
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import PROVINCE, QUANG_DIEN
from controller.dispatch.broadcasts.live_forms import BroadcastForm, BroadcastView
from controller.errors import Problem
from controller.store import audit, deliveries
from controller.store.broadcasts import BroadcastKind, End
from devices.chunks import open_chunk, verify
from devices.messages import BulletinClass, CommandKind, TenantId
from firmware_sim.air import AirLink
from schedules.calendar import instant_of
from tests.support.doors import AUTHOR, LOCAL_OPERATOR, OPERATOR, STRANGER, TECHNICIAN, VILLAGE, Home, play
from tests.support.wiretap import Wire, listening

EVENING = instant_of(date(2026, 11, 23), time(20, 50))


def form(**changes: Any) -> BroadcastForm:
    facts: dict[str, Any] = {
        "kind": BroadcastKind.RECORDING,
        "area": QUANG_DIEN,
        "targets": (VILLAGE,),
        "bulletin_class": BulletinClass.NORMAL,
        "title": "Chủ tịch xã nói chuyện",
        "longest": timedelta(minutes=10),
    }
    return BroadcastForm(**{**facts, **changes})


async def tapped(house: Home) -> tuple[Wire, AirLink]:
    assert house.air is not None
    return await listening(house.air, VILLAGE)


async def until_ended(house: Home, broadcast: str) -> BroadcastView:
    async with asyncio.timeout(60):
        while True:
            view = await house.loa.broadcast_views.one(house.cast[OPERATOR], broadcast)
            if view.ended_at is not None and broadcast not in house.loa.onair.grants:
                return view
            await asyncio.sleep(0.05)


def test_an_approved_recording_goes_to_a_village_at_once_as_signed_chunks(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        loa, person = house.loa, house.cast[LOCAL_OPERATOR]
        wire, link = await tapped(house)
        item = await house.on_air()
        made = await loa.broadcasting.make(person, form(item=item), "k1")
        again = await loa.broadcasting.make(person, form(item=item), "k1")
        assert again.id == made.id
        ended = await until_ended(house, made.id)
        async with asyncio.timeout(60):
            while sum(chunk.last for chunk in wire.chunks(made.id)) < 3:
                await asyncio.sleep(0.02)
        await link.stop()

        assert ended.reason is End.FINISHED
        (opening,) = wire.commands(CommandKind.LIVE)
        assert (opening.id, opening.grant) == (made.id, made.id)
        chunks = wire.chunks(made.id)
        key = loa.room.keyring.online
        assert all(
            verify(open_chunk(raw), key.private.public_key(), TenantId(loa.room.tenant), made.id)
            for raw in wire.raw(made.id)
        )
        sounding = [chunk for chunk in chunks if not chunk.last]
        assert [chunk.sequence for chunk in sounding] == list(range(len(sounding)))
        assert [chunk.position_ms for chunk in sounding] == [200 * k for k in range(len(sounding))]
        assert sum(chunk.last for chunk in chunks) == 3
        assert ended.sound == timedelta(milliseconds=sum(chunk.length_ms for chunk in sounding))
        rows = await loa.db.read(deliveries.of_subject, made.id)
        assert rows
        assert all(row.ends_at <= ended.ended_at for row in rows if ended.ended_at is not None)
        deeds = [one.deed for one in await loa.db.read(audit.newest, 50)]
        assert {"broadcast.made", "broadcast.opened", "broadcast.ended"} <= set(deeds)

    play(tmp_path, story)


@pytest.mark.parametrize("username", [AUTHOR, TECHNICIAN, "pheduyet.qd"])
@pytest.mark.promise("S39")
def test_only_an_operator_may_speak_at_once(tmp_path: Path, username: str) -> None:
    async def story(house: Home) -> None:
        with pytest.raises(Problem, match=r"E_RIGHT|E_NOT_FOUND"):
            await house.loa.broadcasting.preview(
                house.cast[username], form(kind=BroadcastKind.LIVE, area=house.cast[username].area)
            )

    play(tmp_path, story)


@pytest.mark.promise("S40")
def test_a_neighbour_learns_nothing_of_a_broadcast(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        made = await house.loa.broadcasting.make(
            house.cast[LOCAL_OPERATOR], form(kind=BroadcastKind.LIVE), "k"
        )
        with pytest.raises(Problem, match="E_NOT_FOUND"):
            await house.loa.broadcast_views.one(house.cast[STRANGER], made.id)
        assert await house.loa.broadcast_views.running(house.cast[STRANGER]) == ()
        with pytest.raises(Problem, match="E_NOT_FOUND"):
            await house.loa.broadcasting.end(house.cast[STRANGER], made.id)
        assert (await house.loa.broadcast_views.one(house.cast[LOCAL_OPERATOR], made.id)).ended_at is None

    play(tmp_path, story)


@pytest.mark.promise("P13")
def test_nobody_speaks_live_into_the_quiet_hours(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        person = house.cast[LOCAL_OPERATOR]
        with pytest.raises(Problem, match="E_QUIET"):
            await house.loa.broadcasting.preview(
                person, form(kind=BroadcastKind.LIVE, longest=timedelta(minutes=15))
            )
        await house.loa.broadcasting.preview(
            person, form(kind=BroadcastKind.LIVE, longest=timedelta(minutes=5))
        )

    play(tmp_path, story, start=EVENING)


def test_the_province_speaks_through_a_commune_by_priority_only(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        person = house.cast[OPERATOR]
        live = form(kind=BroadcastKind.LIVE, area=PROVINCE)
        with pytest.raises(Problem, match="E_LIVE_CLASS"):
            await house.loa.broadcasting.preview(person, live)
        await house.loa.broadcasting.preview(person, replace(live, bulletin_class=BulletinClass.PRIORITY))

    play(tmp_path, story)


def test_two_voices_at_one_loudspeaker_are_one_too_many(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        desk, person = house.loa.broadcasting, house.cast[LOCAL_OPERATOR]
        await desk.make(person, form(kind=BroadcastKind.LIVE), "k1")
        with pytest.raises(Problem, match="E_ON_AIR"):
            await desk.make(person, form(kind=BroadcastKind.LIVE), "k2")
        higher = form(kind=BroadcastKind.LIVE, bulletin_class=BulletinClass.PRIORITY)
        await desk.make(person, higher, "k3")

    play(tmp_path, story)


@pytest.mark.promise("P4")
def test_stopping_everything_ends_what_is_spoken_at_once(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        loa, person = house.loa, house.cast[LOCAL_OPERATOR]
        _, link = await tapped(house)
        item = await house.on_air()
        made = await loa.broadcasting.make(person, form(item=item), "k")
        await asyncio.sleep(0.4)
        await loa.desk.stop_all(person, QUANG_DIEN, "stop-1")
        ended = await until_ended(house, made.id)
        await link.stop()
        assert (ended.reason, ended.ended_by_name) == (End.STOPPED, person.name)

    play(tmp_path, story)


def test_what_a_controller_left_on_air_is_ended_when_it_comes_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        loa, person = house.loa, house.cast[LOCAL_OPERATOR]
        wire, link = await tapped(house)
        item = await house.on_air()
        made = await loa.broadcasting.make(person, form(item=item), "k")
        await loa.onair.stop()
        await loa.broadcasting.turn()
        ended = await until_ended(house, made.id)
        async with asyncio.timeout(60):
            while not wire.commands(CommandKind.STOP):
                await asyncio.sleep(0.02)
        await link.stop()
        assert ended.reason is End.RESTARTED
        assert wire.commands(CommandKind.STOP)[0].references == (made.id,)

    play(tmp_path, story)
