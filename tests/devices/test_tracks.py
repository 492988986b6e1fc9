"""Several languages of one entry: what a node chooses, how long it is, and what the wire allows."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devices import admission, codec, programme, tracks, words
from devices.errors import FormatError
from devices.grants import Relay
from devices.items import Content
from devices.messages import BulletinClass, ClipHash, ClipRef, Desired, Programme, Track, VolumeStep
from tests.devices import cast
from tests.devices.cast import HOUR, NOW

VI, HMONG, ENGLISH = (ClipHash(letter * 64) for letter in "abc")
REFS = tuple(
    ClipRef(sha256=sha, bytes=1_000, duration_ms=ms)
    for sha, ms in ((VI, 40_000), (HMONG, 55_000), (ENGLISH, 20_000))
)
TRACKS = (
    Track(language="vi", clip=VI),
    Track(language="hmn", clip=HMONG),
    Track(language="en", clip=ENGLISH),
)


def spoken(**changes: Any) -> Programme:
    return cast.programme(cast.entry(**{"clip": VI, "tracks": TRACKS, **changes}), clips=REFS)


@pytest.mark.parametrize(
    ("languages", "clips", "length_ms"),
    [
        (("vi", "hmn"), (VI, HMONG), 95_000),
        (("hmn", "vi"), (HMONG, VI), 95_000),
        (("hmn",), (HMONG,), 55_000),
        (("km",), (VI,), 40_000),
        ((), (VI,), 40_000),
        (("en", "hmn", "vi"), (ENGLISH, HMONG, VI), 115_000),
        (("hmn", "hmn"), (HMONG,), 55_000),
    ],
)
def test_a_node_plays_the_tracks_of_its_languages_in_its_own_order(
    languages: tuple[str, ...], clips: tuple[ClipHash, ...], length_ms: int
) -> None:
    (item,) = programme.upcoming(cast.took(cast.send(cast.settled(languages=languages), spoken())), NOW)
    assert tuple(clip.sha256 for clip in item.clips) == clips
    assert item.duration_ms == length_ms


def test_a_language_takes_its_own_scripts_and_regions_and_no_other_language() -> None:
    assert tracks.speaks("hmn-Latn-VN", "hmn")
    assert tracks.speaks("HMN", "hmn")
    assert not tracks.speaks("mww", "hmn")
    assert not tracks.speaks("hmn", "hmn-Latn")
    assert not tracks.speaks("en", "e")


def test_of_two_tracks_in_one_language_a_node_hears_the_first() -> None:
    two = (Track(language="hmn-Latn", clip=HMONG), Track(language="hmn-Hmng", clip=ENGLISH))
    assert tracks.chosen(two, ("hmn",)) == two[:1]
    assert tracks.chosen(two, ("hmn", "hmn")) == two


def test_only_the_clips_of_its_languages_are_wanted() -> None:
    memory = cast.took(cast.send(cast.settled(languages=("hmn",)), spoken()))
    assert [clip.sha256 for clip in programme.clips_wanted(memory, NOW)] == [HMONG]
    (item,) = programme.upcoming(memory, NOW)
    assert (item.duration_ms, item.spoken) == (55_000, ("hmn",))


def test_without_tracks_the_octets_are_those_of_ever() -> None:
    plain = codec.encode(cast.programme(cast.entry()))
    assert b"tracks" not in plain
    assert codec.encode(codec.decode(plain, Programme)) == plain


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"tracks": ()}, "tracks"),
        ({"tracks": (TRACKS[1], TRACKS[1])}, "tracks"),
        ({"tracks": (TRACKS[1], replace(TRACKS[1], language="HMN"))}, "tracks"),
        ({"tracks": (Track(language="tiếng Mông", clip=HMONG),)}, "language of a track"),
        ({"tracks": (Track(language="hmn", clip=ClipHash("d" * 64)),)}, "clip not listed"),
        ({"bulletin_class": BulletinClass.EMERGENCY}, "an emergency has no tracks"),
        ({"relay": Relay(grant="relay-1", length_ms=60_000)}, "a stream has no tracks"),
    ],
)
def test_what_no_node_could_play_never_leaves_the_house(changes: dict[str, Any], broken: str) -> None:
    with pytest.raises(FormatError, match=broken):
        codec.encode(spoken(**changes))


def test_a_track_has_no_members_that_nobody_knows() -> None:
    text = codec.encode(spoken()).decode().replace('"language":"hmn"', '"language":"hmn","url":"x"')
    with pytest.raises(FormatError, match="unknown field 'url'"):
        codec.decode(text.encode(), Programme)


def test_nor_has_a_step_of_the_volume() -> None:
    message = cast.desired(volume_steps=(VolumeStep(since="18:00", percent=50),))
    text = codec.encode(message).decode().replace('"percent":50', '"percent":50,"why":"x"')
    with pytest.raises(FormatError, match="unknown field 'why'"):
        codec.decode(text.encode(), Desired)


def test_a_day_in_words_names_the_languages() -> None:
    assert any(line.strip().startswith("in hmn: clip bbb") for line in words.describe(spoken()))


def test_all_that_a_node_plays_of_it_lies_within_the_hours_of_the_key() -> None:
    """Fifty seconds before the key's last hour: one language of forty is in time, two are not."""
    begins = datetime(2026, 11, 23, 20, 59, 10, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).astimezone(UTC)
    late = spoken(starts_at=begins, latest_at=begins, expires_at=begins + HOUR)
    cast.took(cast.send(cast.settled(languages=("vi",)), late, key=cast.LOCAL))
    for languages in (("vi", "hmn"), ("hmn",)):
        refused = cast.send(cast.settled(languages=languages), late, key=cast.LOCAL)
        assert cast.refusal(refused) == "E_DELEGATION"


def test_no_second_of_the_second_language_touches_the_quiet_hours() -> None:
    """Started by hand at 20:59: forty seconds fit, ninety-five do not."""
    node = cast.settled(languages=("vi", "hmn"))
    at = datetime(2026, 11, 22, 20, 59, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).astimezone(UTC)
    content = Content(sha256=VI, bytes=1_000, duration_ms=40_000)
    one = cast.item(due_at=at, latest_at=at, expires_at=at + HOUR, clip=REFS[0], duration_ms=40_000)
    assert isinstance(admission.start(one, node, at, content, True), admission.Cleared)
    two = replace(one, then=(REFS[1],), duration_ms=95_000)
    assert cast.refusal(admission.start(two, node, at, content, True)) == "E_QUIET"
