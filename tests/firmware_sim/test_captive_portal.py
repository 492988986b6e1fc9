"""A captive portal answers 200 with a page instead of the sound: nothing of it stays, what was there does."""

import asyncio
from datetime import timedelta

import pytest

from devices.messages import ReceiptKind
from firmware_sim import flash
from tests.firmware_sim.desk import MORNING
from tests.firmware_sim.rig import Stage, play

PAGE = b"<!doctype html><title>Wi-Fi mien phi</title><form>Dang nhap</form>"


def as_long_as(sound: bytes) -> bytes:
    """The page, filled up so that only its hash betrays it."""
    return (PAGE * (len(sound) // len(PAGE) + 1))[: len(sound)]


@pytest.mark.promise("F42")
@pytest.mark.parametrize("long", [False, True], ids=["short", "as long as the sound"])
def test_the_page_of_a_captive_portal_is_neither_stored_nor_called_cached(long: bool) -> None:
    async def story(stage: Stage) -> None:
        await stage.settle()
        old, new = stage.desk.put(20.0), stage.desk.put(20.0, 900.0)
        sound = stage.desk.shelf[new.sha256]
        stage.desk.shelf[new.sha256] = as_long_as(sound) if long else PAGE
        entries = (
            stage.desk.entry("old", MORNING, old),
            stage.desk.entry("new", MORNING + timedelta(minutes=5), new),
            stage.desk.entry("again", MORNING + timedelta(minutes=50), new),
        )
        stage.desk.publish_programme(entries, (old, new))
        await stage.until(MORNING + timedelta(minutes=16))

        body = stage.village.nodes[stage.nodes[0]]
        assert set(body.flash.rows(flash.CLIPS)) == {old.sha256}
        assert set(body.state.clips) == {old.sha256}
        told = {receipt.occurrence for receipt in stage.desk.of(stage.nodes[0], ReceiptKind.CACHED)}
        assert told == {"old"}
        assert stage.claims() == ["occurrence:old"]

        stage.desk.shelf[new.sha256] = sound
        await asyncio.sleep(3600)
        assert body.flash.rows(flash.CLIPS)[new.sha256] == sound

    stage = play(story)
    assert stage.claims() == ["occurrence:old", "occurrence:again"]
    refused = [(one.code, one.occurrence) for one in stage.desk.of(stage.nodes[0], ReceiptKind.REFUSED)]
    assert refused == [("E_CONTENT", None), ("E_CONTENT", "new")]
