"""The tracks of an announcement as their column holds them, and where the sound of each stands."""

import json
from collections.abc import Iterable
from typing import Any

from controller.store.database import Conn, changed, rows
from controller.store.instants import from_text, to_text
from controller.store.sounds import Sound, sound_from, sound_row
from schedules.announcement import AnnouncementId, PersonId, RecordingId, Review, Track


def tracks_text(tracks: Iterable[Track]) -> str:
    """The column."""
    return json.dumps([_plain(track) for track in tracks], ensure_ascii=False)


def tracks_from(text: str) -> tuple[Track, ...]:
    """What the column holds."""
    return () if text == "[]" else tuple(_track(one) for one in json.loads(text))


def save_sound(conn: Conn, announcement: AnnouncementId, language: str, sound: Sound) -> None:
    """Write how far the sound of a track is."""
    row = {"announcement": announcement, "language": language, **sound_row(sound)}
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    changed(conn, "DELETE FROM track_sound WHERE announcement = ? AND language = ?", announcement, language)
    conn.conn.execute(f"INSERT INTO track_sound ({names}) VALUES ({values})", row)


def sounds(conn: Conn, announcement: AnnouncementId) -> dict[str, Sound]:
    """By language, also of tracks that are no more: each says in ``wanted`` what it is the sound of."""
    found = rows(conn, "SELECT * FROM track_sound WHERE announcement = ?", announcement)
    return {row["language"]: sound_from(row) for row in found}


def waiting(conn: Conn) -> tuple[AnnouncementId, ...]:
    """The announcements of which a track is to be prepared and is not yet."""
    sql = "SELECT DISTINCT announcement FROM track_sound WHERE render IN ('waiting', 'rendering') ORDER BY 1"
    return tuple(AnnouncementId(row["announcement"]) for row in rows(conn, sql))


def _plain(track: Track) -> dict[str, Any]:
    review = track.review
    return {
        "language": track.language,
        "recording": track.recording,
        "text": track.text,
        "made_by": track.made_by,
        "made_at": to_text(track.made_at),
        "review": review and {"by": review.by, "at": to_text(review.reviewed_at), "of": review.of},
    }


def _track(plain: dict[str, Any]) -> Track:
    review = plain["review"]
    return Track(
        language=plain["language"],
        recording=RecordingId(plain["recording"]),
        text=plain["text"],
        made_by=PersonId(plain["made_by"]),
        made_at=from_text(plain["made_at"]),
        review=review
        and Review(by=PersonId(review["by"]), reviewed_at=from_text(review["at"]), of=review["of"]),
    )
