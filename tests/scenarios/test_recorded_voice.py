"""A bài spoken by a person: what the village hears is the recording, and only the one that was approved."""

import hashlib
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.dispatch.announcements.recording import Upload
from controller.dispatch.forms.items import AnnouncementView, Draft
from controller.store.sounds import RenderState
from schedules.announcement import AnnouncementId
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, House, play
from tests.tts import uploads

SIX = instant_of(DAY, time(6, 0))
VOICE = uploads.encoded(uploads.speech(5))
OTHER = uploads.encoded(uploads.speech(4) * 0.7)


async def attach(house: House, announcement: AnnouncementId, data: bytes) -> AnnouncementView:
    """As a door does once the file has come whole."""
    path = house.settings.incoming_dir / "came.part"
    path.write_bytes(data)
    upload = Upload(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        head=data[:64],
        name="giọng trưởng thôn.wav",
    )
    return await house.up.desk.recordings.attach(house.author, announcement, upload)


def test_the_village_hears_the_recording_and_no_voice_was_asked(place: Path) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        draft = await house.write("Lời mời của trưởng thôn", timing=Once(at=SIX))
        view = await attach(house, draft.announcement.id, VOICE)
        assert view.rendering.state.value == RenderState.READY.value
        await house.up.desk.submit(house.author, view.announcement.id)
        await house.approve(view.announcement.id)
        seen["clip"], seen["ms"] = view.rendering.clip, view.rendering.duration_ms
        await house.until(SIX + timedelta(minutes=10))
        day = await house.up.views.day(house.author, view.announcement.area, DAY)
        seen["verdicts"] = await house.verdicts(day.occurrences[0].occurrence)
        programme = await house.up.views.programme(house.author, view.announcement.area, DAY)
        assert programme is not None
        seen["planned"] = [entry.clip for entry in programme.entries]

    house = play(story, place)

    assert seen["planned"] == [seen["clip"]]
    assert set(seen["verdicts"].values()) == {"aired"}
    for node in FEW[:3]:
        (span,) = house.heard(node)
        assert abs(span.begin.first_sample_at - SIX) < timedelta(seconds=1)
    assert house.claims(FEW[3]) == []


@pytest.mark.promise("F69")
def test_another_recording_after_the_approval_is_not_heard(place: Path) -> None:
    async def story(house: House) -> None:
        draft = await house.write("Lời mời của trưởng thôn", timing=Once(at=SIX))
        view = await attach(house, draft.announcement.id, VOICE)
        await house.up.desk.submit(house.author, view.announcement.id)
        await house.approve(view.announcement.id)
        await house.rest(60)
        await attach(house, view.announcement.id, OTHER)
        await house.until(SIX + timedelta(minutes=20))

    house = play(story, place)

    assert all(house.claims(node) == [] for node in FEW)


@pytest.mark.promise("P2")
def test_a_house_that_dies_while_it_prepares_goes_on_after_its_start(place: Path) -> None:
    async def story(house: House) -> None:
        draft = await house.write("Lời mời của trưởng thôn", timing=Once(at=SIX))
        view = await attach(house, draft.announcement.id, VOICE)
        # said twice it is another sound, asked for at the submission and not there yet
        a = view.announcement
        twice = Draft(
            area=a.area,
            title=a.title,
            text=a.text,
            targets=a.targets,
            timing=a.timing,
            expires_at=a.expires_at,
            valid_from=a.valid_from,
            repeat=2,
        )
        await house.up.desk.edit_announcement(house.author, a.id, twice, revision=a.revision)
        await house.up.desk.submit(house.author, a.id)
        await house.kill()
        await house.open()
        await house.rest(30)
        await house.approve(a.id)
        await house.until(SIX + timedelta(minutes=10))

    house = play(story, place)

    for node in FEW[:3]:
        assert len(house.heard(node)) == 1
