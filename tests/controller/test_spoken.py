"""What the plan knows of several languages: which may be heard, how long that is, whose it is to fetch."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from controller.dispatch.announcements.recording import Further, Upload
from controller.dispatch.plan.spoken import Spoken, length_of, longest, on_wire, ref, spoken_of
from controller.store import announcements, clips, recordings
from controller.store.announcements import Kept
from devices.messages import ClipHash, ClipRef
from schedules.announcement import AnnouncementId, AreaCode
from schedules.area import Area, Level, Tree
from tests.support.doors import APPROVER, AUTHOR, Home, play
from tests.tts import uploads

HMONG = uploads.encoded(uploads.speech(6))


def clip(letter: str, seconds: int) -> ClipRef:
    return ClipRef(sha256=ClipHash(letter * 64), bytes=1, duration_ms=seconds * 1000)


MAIN = clip("a", 30)
SPOKEN = (Spoken(language="vi", clip=MAIN), Spoken(language="hmn", clip=clip("b", 40)))


@pytest.mark.parametrize(
    ("languages", "seconds"), [(("vi", "hmn"), 70), (("hmn",), 40), (("km",), 30), ((), 30), (("vi",), 30)]
)
def test_an_item_is_as_long_as_what_a_node_hears_of_it(languages: tuple[str, ...], seconds: int) -> None:
    assert length_of(MAIN, SPOKEN, languages) == timedelta(seconds=seconds)
    assert length_of(MAIN, (), languages) == timedelta(seconds=30)


def test_only_nodes_on_its_own_ground_make_it_longer() -> None:
    province, one, two = AreaCode("46"), AreaCode("4601"), AreaCode("4602")
    tree = Tree(
        (
            Area(code=AreaCode("vn"), name="Việt Nam", level=Level.NATION, parent=None),
            Area(code=province, name="Huế", level=Level.PROVINCE, parent=AreaCode("vn")),
            Area(code=one, name="Xã Một", level=Level.COMMUNE, parent=province),
            Area(code=two, name="Xã Hai", level=Level.COMMUNE, parent=province),
        )
    )
    tongues = {one: frozenset({("vi",)}), two: frozenset({("vi",), ("vi", "hmn")})}
    assert longest(MAIN, SPOKEN, tongues, [one], tree) == timedelta(seconds=30)
    assert longest(MAIN, SPOKEN, tongues, [two], tree) == timedelta(seconds=70)
    assert longest(MAIN, SPOKEN, tongues, [province], tree) == timedelta(seconds=70)
    assert longest(MAIN, (), tongues, [province], tree) == timedelta(seconds=30)


def test_an_item_in_one_language_lists_no_tracks_on_the_wire() -> None:
    assert on_wire(()) is None
    assert [track.language for track in on_wire(SPOKEN) or ()] == ["vi", "hmn"]


async def kept_of(house: Home, bai: AnnouncementId) -> Kept:
    kept = await house.loa.db.read(announcements.get, bai)
    assert kept is not None
    return kept


async def planned_as(house: Home, bai: AnnouncementId) -> list[str]:
    """The languages that the planner would put on the wire."""
    kept = await kept_of(house, bai)
    facts = await house.loa.db.read(clips.find, kept.sound.clip or "")
    assert facts is not None
    found = await house.loa.db.read(spoken_of, kept.announcement, ref(facts))
    return [one.language for one in found]


def test_a_track_is_planned_only_while_somebody_stands_up_for_it(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        author, desk = house.cast[AUTHOR], house.loa.desk
        bai = (await desk.write_announcement(author, house.draft())).announcement.id
        await house.rendered(bai)
        path = house.loa.settings.incoming_dir / "came.part"
        path.write_bytes(HMONG)
        upload = Upload(
            path=path,
            sha256=hashlib.sha256(HMONG).hexdigest(),
            head=HMONG[:64],
            bytes=len(HMONG),
            name="tiếng Mông.wav",
        )
        await desk.recordings.attach(author, bai, upload, further=Further(language="hmn"))
        assert await planned_as(house, bai) == []
        (track,) = (await house.loa.tracks.look(author, bai)).tracks
        await house.loa.tracks.confirm(house.cast[APPROVER], bai, "hmn", track.seen)
        assert await planned_as(house, bai) == ["vi", "hmn"]
        later = house.loa.clock.now() + timedelta(days=400)
        assert await house.loa.db.write(recordings.forget_unused, later) == ()
        assert await house.loa.db.write(recordings.forget, track.track.recording) is False
        await house.loa.tracks.take_back(house.cast[APPROVER], bai, "hmn")
        assert await planned_as(house, bai) == []

    play(tmp_path, story)
