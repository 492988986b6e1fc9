"""Tracks in further languages: tags, who may confirm what, and what voids it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import approval, language, tracks
from schedules.announcement import PersonId, RecordingId, State, Track, content_hash
from schedules.errors import Invalid, Refused
from tests.schedules.cast import at, draft

NOW = at(5)
MAKER, READER = PersonId("may"), PersonId("sua")


def hmong(**changes: Any) -> Track:
    given_: dict[str, Any] = {
        "language": "hmn",
        "recording": RecordingId("19867.aa"),
        "made_by": MAKER,
        "made_at": NOW,
        "text": "Peb caw",
    }
    return Track(**{**given_, **changes})


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("hmn", "hmn"),
        (" HMN ", "hmn"),
        ("km-khmr-kh", "km-Khmr-KH"),
        ("blt-TAVT", "blt-Tavt"),
        ("en-vn", "en-VN"),
    ],
)
def test_a_tag_has_one_spelling(typed: str, spelled: str) -> None:
    assert language.tag(typed) == spelled


@pytest.mark.parametrize("typed", ["", "h", "tlh", "hmn-Cyrl", "hmn-US", "hmn_Latn", "hmn-Latn-VN-x", "mông"])
def test_what_is_no_tag_of_ours_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        language.tag(typed)
    assert refused.value.code == "E_LANGUAGE"


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_tag_that_stays_or_is_refused(typed: str) -> None:
    try:
        found = language.tag(typed)
    except Refused:
        return
    assert language.tag(found) == found


def test_every_language_of_the_list_has_a_name_in_both_languages() -> None:
    assert next(iter(language.names())) == language.MAIN
    assert len(language.names()) > 50
    for code in language.names():
        assert language.tag(code) == code
        assert language.name(code).startswith("Tiếng ")
        assert language.name(code, english=True)[0].isupper() or code == "sti"
    assert language.name("hmn-Latn") == "Tiếng Mông (Latn)"
    assert language.inside("hmn") == "tiếng Mông"


def test_only_a_second_person_confirms_and_only_what_was_heard() -> None:
    a = replace(draft(), tracks=(hmong(),))
    seen = tracks.track_print(a, hmong())
    for by, of, code in ((MAKER, seen, "E_SECOND_PERSON"), (READER, "0" * 64, "E_CHANGED")):
        with pytest.raises(Refused) as refused:
            tracks.review(a, "hmn", by, of, NOW)
        assert refused.value.code == code
    confirmed = tracks.review(a, "hmn", READER, seen, NOW)
    assert tracks.heard(confirmed) == confirmed.tracks
    assert tracks.waiting(confirmed) == ()
    assert content_hash(confirmed) == content_hash(a), "confirming changes no content"
    assert tracks.take_back(confirmed, "hmn", MAKER) == confirmed
    assert tracks.take_back(confirmed, "hmn", READER) == a


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "Lời khác hẳn."},
        {"recording": RecordingId("19867.bb")},
        {"tracks": (hmong(text="Peb tsis caw"),)},
        {"tracks": (hmong(recording=RecordingId("19867.cc")),)},
    ],
)
def test_other_words_on_either_side_void_a_confirmation(changes: dict[str, Any]) -> None:
    a = replace(draft(), tracks=(hmong(),))
    a = tracks.review(a, "hmn", READER, tracks.track_print(a, hmong()), NOW)
    if "tracks" in changes:
        changes = {"tracks": (replace(changes["tracks"][0], review=a.tracks[0].review),)}
    other = approval.edit(a, MAKER, changes, NOW)  # type: ignore[arg-type]
    assert tracks.heard(other) == ()
    assert content_hash(other) != content_hash(a)


def test_nothing_is_approved_while_a_track_waits() -> None:
    a = replace(draft(), tracks=(hmong(),), state=State.SUBMITTED)
    with pytest.raises(Refused) as refused:
        approval.approve(a, READER, content_hash(a), NOW)
    assert refused.value.code == "E_TRACK_REVIEW"
    a = tracks.review(a, "hmn", READER, tracks.track_print(a, hmong()), NOW)
    assert approval.approve(a, READER, content_hash(a), NOW).state is State.APPROVED


def test_a_bai_has_each_language_once_and_no_more_than_six_further_ones() -> None:
    a = draft()
    for code in ("hmn", "tyz", "nut", "km", "rad", "bdq"):
        a = replace(a, tracks=tracks.with_track(a, hmong(language=code)))
    assert [track.language for track in a.tracks] == sorted(track.language for track in a.tracks)
    assert len(a.tracks) == tracks.MOST
    for code, wrong in (("sed", "E_TRACKS"), ("vi", "E_LANGUAGE")):
        with pytest.raises(Invalid) as refused:
            tracks.with_track(a, hmong(language=code))
        assert refused.value.code == wrong
    same = tracks.with_track(a, hmong(language="KM", made_at=NOW + timedelta(hours=1)))
    assert same == a.tracks, "the same recording again changes nothing"
    assert tracks.without(a, "km") == tuple(one for one in a.tracks if one.language != "km")
