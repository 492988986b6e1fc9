"""The alarm pack: spoken when nothing else is to be read, found again in an alarm, never evicted."""

import asyncio
from pathlib import Path

import pytest

from controller.dispatch.forms import EmergencyForm, RenderState
from controller.dispatch.sound import pack
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


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await asyncio.sleep(0.3)
        assert speaker(house).orders == []

    play(tmp_path, story, alarm_pack=False)
