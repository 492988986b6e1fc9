"""Groups of nodes: who makes them, what they hold, that each change reaches the nodes and can go back."""

import sqlite3
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.access import Person
from controller.store import audit, groups, nodes
from controller.store.database import Conn, changed, insert, rows
from controller.store.groups import Group
from controller.store.nodes import Node
from devices import topics
from devices.messages import AreaCode as WireArea
from devices.messages import Command, CommandId, CommandKind, GroupId, Mode, NodeId, TenantId
from devices.signing import generate_key
from schedules.announcement import AreaCode
from schedules.calendar import instant_of
from tests.support.doors import ADMINISTRATOR, AUTHOR, STRANGER, TECHNICIAN, Home, door
from tests.support.doors import play as at_the_door
from tests.support.house import DAY, FEW, House, play
from tests.support.store_ground import NOW, ONE, ONE_A, ONE_B, OTHER_A, PROVINCE, Ground, ground

FIRST, SECOND, THIRD, ELSEWHERE = (NodeId(node) for node in FEW)
QUANG_DIEN = "19867"
BODY = {"area": QUANG_DIEN, "name": "Loa chợ", "nodes": [FIRST]}


def key(name: str, version: int | None = None) -> dict[str, str]:
    return {"Idempotency-Key": name, **({} if version is None else {"If-Match": f'"{version}"'})}


async def made(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/groups", json={**BODY, **changes}, headers=key(f"m{len(str(changes))}"))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def members(group: dict[str, Any]) -> list[str]:
    return sorted(node["node"] for node in group["nodes"])


def test_a_group_is_made_renamed_filled_and_each_change_raises_its_version(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, ADMINISTRATOR) as client:
            group = await made(client)
            path = f"/api/groups/{group['id']}"
            assert (group["version"], members(group)) == (1, [FIRST])
            named = (await client.put(path, json={"name": " Loa  chợ Sịa "}, headers=key("n", 1))).json()
            assert (named["version"], named["name"]) == (2, "Loa chợ Sịa")
            body = {"add": [SECOND, THIRD], "remove": [FIRST]}
            filled = await client.post(f"{path}/nodes", json=body, headers=key("f", 2))
            assert filled.headers["etag"] == '"3"'
            assert members(filled.json()) == sorted([SECOND, THIRD])
            same = await client.post(f"{path}/nodes", json={"add": [SECOND]}, headers=key("f2", 3))
            assert same.json()["version"] == 3, "nothing changed, so nothing is new"
            gone = await client.request("DELETE", path, headers=key("d", 3))
            assert gone.json()["deleted"] is True
            assert (await client.get("/api/groups")).json() == []
            back = (await client.post(f"{path}/undo", headers=key("u", 4))).json()
            assert (back["version"], members(back)) == (5, sorted([SECOND, THIRD]))
            for number, left in enumerate(([FIRST], [FIRST]), 5):
                back = (await client.post(f"{path}/undo", headers=key(f"u{number}", number))).json()
                assert members(back) == left
            assert back["name"] == "Loa chợ"
            await client.post(f"{path}/undo", headers=key("u9", 7))
            assert (await client.get("/api/groups")).json() == []
            assert (await client.post(f"{path}/undo", headers=key("u10", 8))).status_code == 409
        deeds = await house.loa.db.read(audit.newest, 20, None, group["id"])
        assert [row.deed for row in reversed(deeds)][:4] == [
            "group.made",
            "group.renamed",
            "group.changed",
            "group.deleted",
        ]
        assert await house.loa.db.read(audit.verify) is None

    at_the_door(tmp_path, story)


def test_five_presses_are_one_deed_and_an_old_look_is_refused(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, ADMINISTRATOR) as client:
            answers = [await client.post("/api/groups", json=BODY, headers=key("five")) for _ in range(5)]
            assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
            other = await client.post("/api/groups", json={**BODY, "name": "Khác"}, headers=key("five"))
            assert other.json()["code"] == "E_IDEMPOTENCY"
            path = f"/api/groups/{answers[0].json()['id']}"
            body = {"add": [SECOND]}
            for _ in range(3):
                filled = await client.post(f"{path}/nodes", json=body, headers=key("fill", 1))
                assert filled.json()["version"] == 2
            stale = await client.post(f"{path}/nodes", json={"add": [THIRD]}, headers=key("late", 1))
            assert (stale.status_code, stale.json()["code"]) == (412, "E_STALE")
            blind = await client.post(f"{path}/nodes", json={"add": [THIRD]}, headers=key("blind"))
            assert blind.json()["code"] == "E_STALE"
            keyless = await client.request("DELETE", path, headers={"If-Match": '"2"'})
            assert keyless.json()["code"] == "E_IDEMPOTENCY_KEY"
            assert members((await client.get(path)).json()) == sorted([FIRST, SECOND])

    at_the_door(tmp_path, story)


@pytest.mark.promise("P19", "S40")
def test_a_group_holds_nodes_of_its_own_ground_only(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, ADMINISTRATOR) as client:
            answers = []
            for number, node in enumerate((ELSEWHERE, "n-00000000")):
                body = {**BODY, "nodes": [FIRST, node]}
                answers.append(await client.post("/api/groups", json=body, headers=key(f"x{number}")))
            told = [{k: v for k, v in one.json().items() if k != "trace_id"} for one in answers]
            assert answers[0].status_code == 422
            assert told[0] == told[1], "a neighbour's node is as unknown as one that does not exist"
            group = await made(client)
            path = f"/api/groups/{group['id']}/nodes"
            answer = await client.post(path, json={"add": [ELSEWHERE]}, headers=key("y", 1))
            assert (answer.status_code, answer.json()["field"]) == (422, "nodes")
            for area in ("19885", "46", "nowhere"):
                answer = await client.post("/api/groups", json={**BODY, "area": area}, headers=key(area))
                assert answer.status_code == 404
        async with door(house, TECHNICIAN) as client:
            wide = await made(client, area="46", name="Cả hai xã", nodes=[FIRST, ELSEWHERE])
            assert members(wide) == sorted([FIRST, ELSEWHERE])
        async with door(house, ADMINISTRATOR) as client:
            assert [one["name"] for one in (await client.get("/api/groups")).json()] == ["Loa chợ"]
            assert (await client.get(f"/api/groups/{wide['id']}")).status_code == 404

    at_the_door(tmp_path, story)


def test_only_who_looks_after_nodes_makes_groups_and_only_the_doer_takes_back(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, ADMINISTRATOR) as client:
            group = await made(client)
        path = f"/api/groups/{group['id']}"
        async with door(house, AUTHOR) as client:
            seen = (await client.get(path)).json()
            assert (seen["may_change"], seen["may_undo"]) == (False, False)
            assert (await client.post("/api/groups", json=BODY, headers=key("a"))).status_code == 403
            assert (await client.request("DELETE", path, headers=key("b", 1))).status_code == 403
        async with door(house, STRANGER) as client:
            assert (await client.get("/api/groups")).json() == []
            assert (await client.get(path)).status_code == 404
        async with door(house, TECHNICIAN) as client:
            answer = await client.post(f"{path}/undo", headers=key("c", 1))
            assert (answer.status_code, answer.json()["code"]) == (409, "E_STATE")

    at_the_door(tmp_path, story)


def test_a_name_is_taken_once_in_an_area_and_must_say_something(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        async with door(house, ADMINISTRATOR) as client:
            await made(client)
            for number, (name, code) in enumerate(
                (
                    ("LOA CHỢ", "E_TAKEN"),
                    ("", "E_FIELD"),
                    (" - ", "E_FIELD"),
                    ("x" * 81, "E_FIELD"),
                    ("a\u202eb", "E_TEXT"),
                )
            ):
                answer = await client.post(
                    "/api/groups", json={**BODY, "name": name}, headers=key(f"k{number}")
                )
                assert answer.json()["code"] == code, name
            other = await made(client, name="Loa đình")
            answer = await client.put(
                f"/api/groups/{other['id']}", json={"name": "loa chợ"}, headers=key("r", 1)
            )
            assert (answer.status_code, answer.json()["code"]) == (409, "E_TAKEN")
            found = (await client.get("/api/groups?q=loa+dinh")).json()
            assert [one["name"] for one in found] == ["Loa đình"]

    at_the_door(tmp_path, story)


def test_the_nodes_learn_of_every_change_and_refuse_what_was_signed_for_an_older_list(place: Path) -> None:
    async def story(house: House) -> None:
        desk, person = house.up.groups, _technician(house)

        def held(node: NodeId) -> dict[GroupId, int]:
            desired = house.village.nodes[node].state.memory.desired
            assert desired is not None
            return desired.groups

        async def order(version: int) -> None:
            now = house.clock.now()
            command = Command(
                tenant=TenantId(house.up.room.tenant),
                id=CommandId(f"c-{version:016x}"),
                kind=CommandKind.STOP,
                seq=version,
                epoch=house.up.room.epoch,
                mode=Mode.ACTUAL,
                issued_at=now,
                expires_at=now + timedelta(seconds=60),
                area=WireArea(QUANG_DIEN),
                group=group.id,
                group_version=version,
            )
            payload = house.up.room.keyring.sign(command)
            await house.up.room.link.publish(topics.group_command(group.id), payload)
            await house.rest(30)

        async def refused() -> list[tuple[str, str]]:
            sql = (
                "SELECT node, command FROM receipt WHERE kind = 'refused' AND code = 'E_TARGET' ORDER BY node"
            )
            found = await house.up.db.read(rows, sql)
            return [(row["node"], row["command"]) for row in found]

        group = await desk.make(person, AreaCode(QUANG_DIEN), "Loa chợ", (FIRST, THIRD), "k1")
        await house.rest(5)
        assert [held(node) for node in (FIRST, SECOND, THIRD)] == [{group.id: 1}, {}, {group.id: 1}]
        after = await desk.fill(person, group.id, "k2", version=1, add=(SECOND,), remove=(THIRD,))
        await house.rest(5)
        assert after.version == 2
        assert [held(node) for node in (FIRST, SECOND, THIRD)] == [{group.id: 2}, {group.id: 2}, {}]
        await order(2)
        assert await refused() == []
        await order(1)
        assert await refused() == sorted((node, f"c-{1:016x}") for node in (FIRST, SECOND))
        await desk.delete(person, group.id, "k3", version=2)
        await house.rest(5)
        assert [held(node) for node in (FIRST, SECOND, THIRD)] == [{}, {}, {}]
        await desk.undo(person, group.id, "k4", version=3)
        await house.rest(5)
        assert held(FIRST) == {group.id: 4}

    play(story, place, start=instant_of(DAY, time(6, 0)))


def _technician(house: House) -> Person:
    return house.cast["kythuat.hue"]


# ── What the tables themselves refuse ─────────────────────────────────────────────────────────────────────

MARKET = Group(id=GroupId("g-01"), area=ONE, name="Loa chợ", version=1, members=(NodeId("n-1"),), made_at=NOW)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with ground(tmp_path) as opened:
        for node, area in (("n-1", ONE_A), ("n-2", ONE_B), ("n-3", OTHER_A)):
            public = generate_key(node).public_text
            opened.write(nodes.register, Node(id=NodeId(node), name=node, area=area, public_key=public), NOW)
        opened.write(groups.make, MARKET)
        yield opened


def test_the_tables_let_no_node_of_other_ground_in(store: Ground) -> None:
    wrong = replace(MARKET, version=2, members=(NodeId("n-1"), NodeId("n-3")))
    with pytest.raises(sqlite3.IntegrityError, match="own ground"):
        store.write(groups.save, MARKET, wrong)
    whole = replace(MARKET, id=GroupId("g-02"), area=PROVINCE, members=(NodeId("n-1"), NodeId("n-3")))
    store.write(groups.make, whole)
    assert store.read(groups.get, MARKET.id) == MARKET
    parts = {"g-01": 1, "g-02": 1, f"g-02.{ONE}": 1}
    assert store.read(groups.of_node, NodeId("n-1")) == parts, "a wide group is also there commune by commune"


def test_a_version_never_falls_nor_stays(store: Ground) -> None:
    for version in (0, 1):
        with pytest.raises(sqlite3.IntegrityError):
            store.write(groups.save, MARKET, replace(MARKET, version=version, name="Khác"))
    with pytest.raises(sqlite3.IntegrityError):
        store.write(lambda conn: changed(conn, "DELETE FROM node_group"))


def test_a_node_that_moves_away_leaves_the_group_and_the_list_is_new(store: Ground) -> None:
    whole = replace(MARKET, id=GroupId("g-02"), area=PROVINCE)
    store.write(groups.make, whole)
    store.write(nodes.move, NodeId("n-1"), ONE_B)
    assert store.read(groups.of_node, NodeId("n-1")) == {
        "g-01": 1,
        "g-02": 1,
        f"g-02.{ONE}": 1,
    }, "it is still their ground"
    store.write(nodes.move, NodeId("n-1"), OTHER_A)
    after = store.read(groups.get, MARKET.id)
    assert after is not None
    assert (after.members, after.version) == ((), 2)
    assert store.read(groups.of_node, NodeId("n-1")) == {"g-02": 1, "g-02.19996": 1}


def test_an_area_has_an_end_of_groups(store: Ground) -> None:
    def many(conn: Conn) -> None:
        row = {"area": ONE, "version": 1, "made_at": "2026-11-22T05:30:00.000Z"}
        for number in range(2, 202):
            insert(
                conn,
                "node_group",
                {**row, "id": f"g-{number:04x}", "name": str(number), "spelt": str(number)},
            )

    with pytest.raises(sqlite3.IntegrityError, match="200"):
        store.write(many)
    assert len(store.read(rows, "SELECT id FROM node_group")) == 1
