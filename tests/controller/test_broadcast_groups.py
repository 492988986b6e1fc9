"""Speaking at once to named groups of loudspeakers: exactly their nodes, each by one road."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.deploy.commune_data import DAN_DIEN, PROVINCE, QUANG_DIEN, SITES
from controller.dispatch.broadcasts.live_forms import BroadcastForm
from controller.errors import Problem
from controller.store import deliveries
from controller.store.broadcasts import BroadcastKind, End
from devices.link import LinkSettings
from devices.messages import AreaCode as WireArea
from devices.messages import BulletinClass, CommandKind, GroupId, NodeId
from devices.topics import parse
from firmware_sim.air import AirLink
from schedules.announcement import AreaCode
from tests.controller.test_broadcasts import until_ended
from tests.support.doors import (
    ADMINISTRATOR,
    AUTHOR,
    LOCAL_OPERATOR,
    OPERATOR,
    STRANGER,
    Home,
    door,
    play,
)
from tests.support.pages import fill
from tests.support.wiretap import Wire

HERE = [NodeId(site.node) for site in SITES if site.village.startswith(QUANG_DIEN)]
THERE = [NodeId(site.node) for site in SITES if site.village.startswith(DAN_DIEN)]


def form(*groups: str, **changes: Any) -> BroadcastForm:
    facts: dict[str, Any] = {
        "kind": BroadcastKind.RECORDING,
        "area": QUANG_DIEN,
        "targets": (),
        "groups": groups,
        "bulletin_class": BulletinClass.PRIORITY,
        "title": "Lịch tiêm chủng",
        "longest": timedelta(minutes=10),
    }
    return BroadcastForm(**{**facts, **changes})


async def group(house: Home, name: str, *nodes: NodeId, area: AreaCode = QUANG_DIEN) -> GroupId:
    person = house.cast[ADMINISTRATOR] if area == QUANG_DIEN else house.cast["kythuat.hue"]
    return (await house.loa.groups.make(person, area, name, nodes, f"make {name}")).id


@asynccontextmanager
async def tapped(house: Home) -> AsyncIterator[Wire]:
    """Every area and every group."""
    assert house.air is not None
    wire = Wire(WireArea(QUANG_DIEN))
    settings = LinkSettings(host="air", port=0, client_id="listener")
    link = AirLink(house.air, settings, wire, random.Random(1), lambda fault: None)
    link.subscribe([("loa/1/area/#", 1), ("loa/1/group/#", 1)])
    link.start()
    while not link.settled:
        await asyncio.sleep(0.01)
    yield wire
    await link.stop()


def test_a_recording_goes_to_the_nodes_of_a_group_across_communes_and_to_nobody_else(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with tapped(house) as wire:
            loa, person = house.loa, house.cast[OPERATOR]
            schools = await group(house, "Loa trường học", HERE[0], THERE[0], area=PROVINCE)
            item = await house.on_air()
            wanted = form(schools, area=PROVINCE, item=item)
            preview = await loa.broadcasting.preview(person, wanted)
            assert (preview.nodes, preview.villages, preview.group_names) == (2, 2, ("Loa trường học",))
            made = await loa.broadcasting.make(person, wanted, "k")
            ended = await until_ended(house, made.id)
            async with asyncio.timeout(60):
                while not any(place_of(one.topic, made.id) for one in wire.came):
                    await asyncio.sleep(0.02)

            assert ended.reason is End.FINISHED
            assert ended.group_names == ("Loa trường học",)
            (opening,) = wire.commands(CommandKind.LIVE)
            assert (opening.group, opening.group_version, opening.area) == (schools, 1, WireArea(PROVINCE))
            assert {place_of(one.topic, made.id) for one in wire.came} - {None} == {schools}
            rows = await loa.db.read(deliveries.of_subject, made.id)
            assert {row.node for row in rows} == {HERE[0], THERE[0]}

    play(tmp_path, story)


def place_of(topic: str, grant: str) -> str | None:
    """The group or area in which a chunk of this grant went out."""
    place = parse(topic)
    return None if place is None or place.grant != grant else place.group or place.area


def test_no_node_is_reached_by_two_roads_and_no_group_of_others_is_known(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        loa, person = house.loa, house.cast[LOCAL_OPERATOR]
        one = await group(house, "Loa chợ", HERE[0], HERE[1])
        other = await group(house, "Loa trạm xá", HERE[1], HERE[2])
        wide = await group(house, "Loa ven sông", HERE[0], THERE[0], area=PROVINCE)
        for wanted, code in (
            (form(one, other, kind=BroadcastKind.LIVE), "E_TARGET:"),
            (form(one, kind=BroadcastKind.LIVE, targets=(QUANG_DIEN,)), "E_TARGET:"),
            (form(wide, kind=BroadcastKind.LIVE), "E_FIELD"),
            (form("g-0000000000000000", kind=BroadcastKind.LIVE), "E_FIELD"),
            (form(kind=BroadcastKind.LIVE), "E_TARGET_EMPTY"),
        ):
            with pytest.raises(Problem, match=code):
                await loa.broadcasting.preview(person, wanted)

    play(tmp_path, story)


def test_two_groups_on_one_ground_may_be_spoken_to_side_by_side_and_one_node_only_once(
    tmp_path: Path,
) -> None:
    async def story(house: Home) -> None:
        desk, person = house.loa.broadcasting, house.cast[LOCAL_OPERATOR]
        one = await group(house, "Loa chợ", HERE[0])
        other = await group(house, "Loa trạm xá", HERE[1])
        both = await group(house, "Loa cả hai", HERE[0], HERE[1])
        first = await desk.make(person, form(one, kind=BroadcastKind.LIVE), "k1")
        await desk.make(person, form(other, kind=BroadcastKind.LIVE), "k2")
        with pytest.raises(Problem, match="E_ON_AIR"):
            await desk.make(person, form(both, kind=BroadcastKind.LIVE), "k3")
        with pytest.raises(Problem, match="E_ON_AIR"):
            await desk.make(person, form(kind=BroadcastKind.LIVE, targets=(QUANG_DIEN,)), "k4")
        with pytest.raises(Problem, match="E_NOT_FOUND"):
            await house.loa.broadcast_views.one(house.cast[STRANGER], first.id)
        seen = await house.loa.broadcast_views.one(house.cast[AUTHOR], first.id)
        assert (seen.nodes, seen.group_names, seen.target_names) == (1, ("Loa chợ",), ())

    play(tmp_path, story)


def test_stopping_everything_on_the_ground_of_a_group_ends_what_is_spoken_to_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        loa, person = house.loa, house.cast[LOCAL_OPERATOR]
        one = await group(house, "Loa chợ", HERE[0])
        item = await house.on_air()
        made = await loa.broadcasting.make(person, form(one, item=item), "k")
        await loa.desk.stop_all(person, AreaCode(SITES[0].village), "stop-1")
        ended = await until_ended(house, made.id)
        assert ended.reason is End.STOPPED

    play(tmp_path, story)


def test_the_page_offers_the_groups_and_carries_the_choice_to_the_end(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, LOCAL_OPERATOR) as client:
            await group(house, "Loa chợ", HERE[0])
            page = await client.get("/truc-tiep")
            assert "Loa chợ" in page.text
            known = (await house.loa.groups.on_branch(house.cast[LOCAL_OPERATOR]))[0].id
            looked = await fill(
                client,
                page,
                "/truc-tiep/xem-truoc",
                kind="live",
                title="Nhắc chợ phiên",
                bulletin_class="normal",
                minutes="5",
                where="groups",
                groups=known,
                delay="0",
            )
            assert "đúng 1 cụm loa của nhóm đã chọn" in looked.text
            begun = await fill(client, looked, "/truc-tiep/bat-dau")
            assert "nhóm “Loa chợ”" in begun.text

    play(tmp_path, story)
