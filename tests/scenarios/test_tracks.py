"""One bài in two languages from the desk to the loudspeakers: each hamlet hears what it understands."""

import hashlib
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from controller.dispatch.announcements.recording import Further, Upload
from devices.messages import NodeId
from schedules.announcement import AnnouncementId
from schedules.calendar import instant_of
from schedules.recurrence import Once
from tests.support.house import DAY, FEW, House, play
from tests.tts import uploads

SIX = instant_of(DAY, time(6, 0))
HMONG = uploads.encoded(uploads.speech(8))
BOTH, HMONG_ONLY, NEITHER = (NodeId(name) for name in FEW[:3])


async def in_hmong(house: House, announcement: AnnouncementId) -> None:
    """Sent by the author, confirmed by the approver."""
    path = house.settings.incoming_dir / "came.part"
    path.write_bytes(HMONG)
    upload = Upload(
        path=path,
        sha256=hashlib.sha256(HMONG).hexdigest(),
        bytes=len(HMONG),
        head=HMONG[:64],
        name="tiếng Mông.wav",
    )
    desk, tracks = house.up.desk, house.up.tracks
    await desk.recordings.attach(house.author, announcement, upload, further=Further(language="hmn"))
    (track,) = (await tracks.look(house.approver, announcement)).tracks
    await tracks.confirm(house.approver, announcement, "hmn", track.seen)


async def understood(house: House) -> None:
    """A technician writes down what is understood where."""
    tongues, area = house.up.tongues, house.up.room.registry.areas[BOTH]
    commune = house.up.tree.chain(area)[-2]
    for node, languages in ((BOTH, ("vi", "hmn")), (HMONG_ONLY, ("hmn",)), (NEITHER, ("km",))):
        view = await tongues.look(house.cast["kythuat.hue"], commune)
        assert await tongues.change(house.cast["kythuat.hue"], commune, (node,), languages, view.seen) == 1


def test_each_hamlet_hears_its_own_languages_and_each_node_is_judged_by_what_it_should_play(
    place: Path,
) -> None:
    seen: dict[str, Any] = {}

    async def story(house: House) -> None:
        await understood(house)
        draft = await house.write("Tiêm chủng cho trẻ", timing=Once(at=SIX))
        await in_hmong(house, draft.announcement.id)
        await house.up.desk.submit(house.author, draft.announcement.id)
        await house.approve(draft.announcement.id)
        await house.until(SIX - timedelta(minutes=1))
        view = await house.up.tracks.look(house.author, draft.announcement.id)
        seen["hearers"] = {one.languages: (one.length_ms, one.nodes) for one in view.hearers}
        await house.until(SIX + timedelta(minutes=10))
        day = await house.up.views.day(house.author, view.announcement.area, DAY)
        (line,) = day.occurrences
        seen["planned_ms"] = line.duration_ms
        seen["verdicts"] = await house.verdicts(line.occurrence)

    house = play(story, place)

    hearers = seen["hearers"]
    assert {languages: nodes for languages, (_, nodes) in hearers.items()} == {
        ("vi", "hmn"): 1,
        ("hmn",): 1,
        ("vi",): hearers["vi",][1],
    }
    both, hmong, main = (hearers[key][0] for key in (("vi", "hmn"), ("hmn",), ("vi",)))
    assert both == hmong + main
    assert seen["planned_ms"] == both, "the plan keeps the longest free"
    assert set(seen["verdicts"].values()) == {"aired"}, seen["verdicts"]
    played = {node: house.heard(node) for node in (BOTH, HMONG_ONLY, NEITHER)}
    assert [span.begin.part for span in played[BOTH]] == ["clip:vi", "clip:hmn"]
    assert [span.begin.part for span in played[HMONG_ONLY]] == ["clip:hmn"]
    assert [span.begin.part for span in played[NEITHER]] == ["clip"]
    lengths = {node: sum(span.end.to_ms for span in spans if span.end) for node, spans in played.items()}
    assert lengths == {BOTH: both, HMONG_ONLY: hmong, NEITHER: main}
