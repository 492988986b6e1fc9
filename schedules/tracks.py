"""An announcement in several languages: added, taken away, confirmed by a second person, or not heard."""

import hashlib
import json
from dataclasses import replace
from datetime import datetime

from schedules.announcement import Announcement, PersonId, Review, Track
from schedules.errors import Fault, Invalid, Refused
from schedules.language import MAIN, tag

TEXT_LIMIT = 5000
MOST = 6
"""Besides the main one; all of them together would be heard one after the other."""


def track_print(a: Announcement, track: Track) -> str:
    """What a reviewer compares: the announcement as it is written or spoken, and the track."""
    compared = [a.text, a.recording, track.language, track.recording, track.text]
    return hashlib.sha256(json.dumps(compared, ensure_ascii=False).encode()).hexdigest()


def stands(a: Announcement, track: Track) -> bool:
    """Whether a second person stands up for exactly this track of exactly this announcement."""
    review = track.review
    return review is not None and review.by != track.made_by and review.of == track_print(a, track)


def heard(a: Announcement) -> tuple[Track, ...]:
    """Those that may be heard."""
    return tuple(track for track in a.tracks if stands(a, track))


def waiting(a: Announcement) -> tuple[Track, ...]:
    """Those that nobody has confirmed, or that were confirmed for other words."""
    return tuple(track for track in a.tracks if not stands(a, track))


def with_track(a: Announcement, track: Track) -> tuple[Track, ...]:
    """The tracks with this one in the place of its language's; Invalid where it may not be."""
    language = tag(track.language)
    others = tuple(one for one in a.tracks if one.language != language)
    if language == MAIN:
        raise _invalid("language", "E_LANGUAGE", "Bài đã có tiếng Việt rồi.", "It is in Vietnamese already.")
    if len(others) >= MOST:
        raise _invalid(
            "language", "E_TRACKS", f"Một bài có nhiều nhất {MOST} thứ tiếng khác.", f"At most {MOST}."
        )
    if len(track.text) > TEXT_LIMIT:
        raise _invalid("words", "E_TEXT_LONG", f"Dài quá {TEXT_LIMIT} ký tự.", f"Longer than {TEXT_LIMIT}.")
    same = next((one for one in a.tracks if one.language == language), None)
    if same is not None and (same.recording, same.text) == (track.recording, track.text):
        return a.tracks
    return tuple(sorted((*others, replace(track, language=language)), key=lambda one: one.language))


def without(a: Announcement, language: str) -> tuple[Track, ...]:
    """The tracks without the one in that language."""
    return tuple(one for one in a.tracks if one.language != language)


def review(a: Announcement, language: str, by: PersonId, seen: str, now: datetime) -> Announcement:
    """Confirm that the track says the same.

    `E_TRACK` where there is none, `E_SECOND_PERSON` for whoever made it, `E_CHANGED` where it or the main
    text is not what was listened to.
    """
    track = find(a, language)
    if by == track.made_by:
        raise Refused(
            "E_SECOND_PERSON",
            "Người gửi bản này không tự xác nhận được. Xin nhờ người khác biết tiếng này nghe lại.",
            "Whoever made a track may not confirm it.",
        )
    if track_print(a, track) != seen:
        raise Refused(
            "E_CHANGED",
            "Bản này hoặc bài gốc đã thay đổi sau khi ông/bà nghe. Xin nghe lại rồi xác nhận.",
            "The track or the text has changed since it was listened to.",
        )
    if stands(a, track):
        return a
    return _with(a, replace(track, review=Review(by=by, reviewed_at=now, of=seen)))


def take_back(a: Announcement, language: str, by: PersonId) -> Announcement:
    """Whoever confirmed it takes that back; nothing changes where it was somebody else."""
    track = find(a, language)
    if track.review is None or track.review.by != by:
        return a
    return _with(a, replace(track, review=None))


def find(a: Announcement, language: str) -> Track:
    """The track in that language; Refused `E_TRACK` where there is none."""
    found = next((one for one in a.tracks if one.language == language), None)
    if found is None:
        raise Refused("E_TRACK", "Bài không có bản tiếng này.", "There is no track in this language.")
    return found


def _with(a: Announcement, track: Track) -> Announcement:
    return replace(a, tracks=tuple(track if one.language == track.language else one for one in a.tracks))


def _invalid(field: str, code: str, vi: str, en: str) -> Invalid:
    return Invalid((Fault(field=field, code=code, vi=vi, en=en),))
