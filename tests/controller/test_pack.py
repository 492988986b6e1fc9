"""The alarm pack: spoken when nothing else is to be read, found again in an alarm, never evicted."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from controller.deploy.commune_data import PROVINCE
from controller.dispatch.forms.alerts import EmergencyForm
from controller.dispatch.sound import pack, rendering
from controller.store import areas, nodes
from controller.store.lexicon import Line
from controller.store.nodes import Node
from controller.store.sounds import RenderState
from controller.studio.speech import SpeechOrder
from devices.messages import NodeId
from schedules.announcement import AreaCode
from schedules.area import Area, Level
from schedules.emergency import NAMES, Hazard
from tests.support.doors import LOCAL_OPERATOR, Home, play
from tests.support.inline_speaker import InlineSpeaker
from tts.cache import SentenceCache


def speaker(house: Home) -> InlineSpeaker:
    found = house.loa._speaker
    assert isinstance(found, InlineSpeaker)
    return found


async def packed(house: Home) -> None:
    """Wait until all of it is spoken."""
    left = pack.Pack()
    for _ in range(3000):
        if await house.loa.db.read(left.next_order) is None:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the pack is never done")


def test_every_level_of_a_hazard_is_a_sentence_without_a_time() -> None:
    floods = [text for text in pack.texts("xã Quảng Điền") if NAMES[Hazard.FLOOD][0] in text]
    assert len(floods) == 5
    assert not any("phát lúc" in text for text in floods)


def test_an_alarm_finds_what_it_has_in_common_with_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "COMMON", (Hazard.FLOOD,))

    async def story(house: Home) -> None:
        await packed(house)
        spoken = len(speaker(house).orders)
        assert spoken == len(pack.EVERYWHERE) + 2 * 5
        assert all(order.pin and order.background for order in speaker(house).orders)
        person = house.cast[LOCAL_OPERATOR]
        form = EmergencyForm(
            area=person.area, targets=(person.area,), hazard="flood", level=3, text="Nước lên nhanh."
        )
        found = await house.loa.desk.preview_emergency(person, form)
        while found.words.state is not RenderState.READY:
            await asyncio.sleep(0.02)
            found = await house.loa.desk.look_at_preview(person, found.id)
        report, _ = await house.loa.views.sound_facts(found.words)
        assert report is not None
        cached = {str(one["sentence"]).split()[0]: one["cached"] for one in report.said}
        assert cached == {"Thông": False, "Cảnh": True, "Nước": False}
        assert not speaker(house).orders[spoken].pin

    play(tmp_path, story, alarm_pack=True)
    small = SentenceCache(directory=tmp_path / "speech", limit_bytes=1)
    small.trim()
    assert small.contents().files == small.contents().pinned_files > 20


def test_a_commune_that_is_new_or_is_called_or_read_otherwise_is_spoken_while_the_house_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "COMMON", (Hazard.FLOOD,))
    monkeypatch.setattr(rendering, "LOOK_EVERY", timedelta(milliseconds=50))
    commune = Area(code=AreaCode("19999"), parent=PROVINCE, level=Level.COMMUNE, name="Xã Phú Ốc")
    village = Area(code=AreaCode("19999-01"), parent=commune.code, level=Level.VILLAGE, name="Thôn Đông")
    node = Node(id=NodeId("cum-19999"), name="Thôn Đông", area=village.code, public_key="x")

    async def story(house: Home) -> None:
        async def spoken_since(count: int) -> list[SpeechOrder]:
            await packed(house)
            orders = speaker(house).orders[count:]
            assert all(order.pin and order.background for order in orders)
            return orders

        before = len(await spoken_since(0))
        await house.loa.db.write(areas.save, (commune, village))
        await asyncio.sleep(0.2)
        assert await spoken_since(before) == [], "nothing hangs there yet"
        await house.loa.db.write(nodes.register, node, house.loa.clock.now())
        assert [("xã Phú Ốc" in order.text) for order in await spoken_since(before)] == [True] * 5

        await house.loa.db.write(areas.save, (replace(commune, name="Phường Phú Ốc"),))
        assert [("phường Phú Ốc" in order.text) for order in await spoken_since(before + 5)] == [True] * 5

        person = house.cast[LOCAL_OPERATOR]
        line = Line(written="Quảng Điền", reading="quảng điền ta")
        await house.loa.lexicons.add(person, person.area, line, "k1")
        again = await spoken_since(before + 10)
        assert [[one.reading for one in order.lexicon] for order in again] == [["quảng điền ta"]] * 5

    play(tmp_path, story, alarm_pack=True)


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await asyncio.sleep(0.3)
        assert speaker(house).orders == []

    play(tmp_path, story, alarm_pack=False)
