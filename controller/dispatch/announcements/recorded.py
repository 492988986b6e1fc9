"""A recording as its bài's page shows it: before and after."""

from collections.abc import Mapping

from controller.dispatch.forms.sound import RecordingView
from controller.store import clips, recordings
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.sounds import Sound
from schedules.announcement import PersonId, RecordingId, Track


def recording_view(conn: Conn, kept: Kept, names: Mapping[PersonId, str]) -> RecordingView | None:
    """What was sent for it, and what became of that; None where its text is read."""
    recording = kept.announcement.recording
    return None if recording is None else _view(conn, recording, kept.sound, names)


def track_view(conn: Conn, track: Track, sound: Sound, names: Mapping[PersonId, str]) -> RecordingView | None:
    """The same of a track."""
    return _view(conn, track.recording, sound, names)


def _view(
    conn: Conn, recording: RecordingId, sound: Sound, names: Mapping[PersonId, str]
) -> RecordingView | None:
    row = recordings.get(conn, recording)
    if row is None:
        return None
    before = row.before
    clip = None if sound.clip is None else clips.find(conn, sound.clip)
    return RecordingView(
        id=row.id,
        name=row.name,
        kind=row.kind,
        size=row.bytes,
        sent_by_name=names.get(row.sent_by, row.sent_by),
        sent_at=row.sent_at,
        before_ms=None if before is None else before.duration_ms,
        before_lufs=None if before is None else before.lufs,
        before_peak_dbfs=None if before is None else before.peak_dbfs,
        cut_ms=0 if before is None else before.cut_ms,
        after_lufs=None if clip is None else clip.lufs,
        flaws=() if before is None else tuple((str(one["vi"]), str(one["en"])) for one in before.findings),
    )
