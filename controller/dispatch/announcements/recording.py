"""Recordings as people handle them: sent in for a bài, chosen, taken back, listened to."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.access import Person, Right
from controller.dispatch.announcements.writing import Change, Look, change_kept
from controller.dispatch.forms.items import AnnouncementView
from controller.dispatch.items import kept_item
from controller.dispatch.refusals import allow, missing, stale, told_as_problems
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.dispatch.sound.taking import Recorder, Take, keep_prepared, takes_of
from controller.errors import Problem
from controller.store import announcements, audit, corrections, recordings
from controller.store.announcements import EventDeed
from controller.store.database import Conn
from controller.store.recordings import RecordingRow
from controller.studio.speech import SpeechFailed
from controller.studio.taking import Prepared
from schedules import approval, tracks
from schedules.announcement import (
    Announcement,
    AnnouncementId,
    AreaCode,
    RecordingId,
    Track,
    clean_text,
    content_hash,
)
from schedules.approval import Changes
from schedules.language import MAIN
from tts.errors import AudioRefused, audio_codec
from tts.recording import ffmpeg_here, kind_of, needs_ffmpeg

PATIENCE_S = 8.0
"""For so long whoever sends a recording waits to hear whether it will do; after that a page tells how far."""
MOST_AT_ONCE = 6
STATUS = {"E_AUDIO_TYPE": 415, "E_AUDIO_CODEC": 415, "E_AUDIO_SIZE": 413}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that has come whole: it lies at ``path`` until somebody keeps it; ``name`` is its sender's."""

    path: Path
    sha256: str
    head: bytes
    bytes: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """Not the bài itself but its track in this language; ``words`` is what it says, in writing."""

    language: str
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A recording as it was sent."""

    row: RecordingRow
    path: Path


class Recordings:
    """Nothing half-done: a file that will not do leaves neither a row nor a byte, nor a changed bài."""

    def __init__(self, room: Room, recorder: Recorder, look: Look) -> None:
        self._room = room
        self._recorder = recorder
        self._look = look
        self._coming = 0
        self.patience_s = PATIENCE_S

    @asynccontextmanager
    async def coming(self, person: Person, announcement: AnnouncementId | None) -> AsyncIterator[None]:
        """Around an upload. Before a byte: 404, 403, 409 ``E_QUOTA``, 507 ``E_STORAGE``, 503 ``E_BUSY``."""
        area = person.area
        if announcement is not None:
            area = (await kept_item(self._room, person, announcement, Right.WRITE)).announcement.area
        allow(person, Right.WRITE, area, self._room.tree)
        await self._room.db.read(self._check_room, area)
        if self._coming >= MOST_AT_ONCE:
            raise Problem("E_BUSY", retry_after=30)
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    async def attach(
        self,
        person: Person,
        announcement: AnnouncementId,
        upload: Upload,
        seen: str | None = None,
        further: Further | None = None,
    ) -> AnnouncementView:
        """The bài is heard from this recording from now on. The same file again changes nothing.

        With ``further`` its track in that language is, which somebody else then confirms.
        """
        kept = await kept_item(self._room, person, announcement, Right.WRITE)
        now, row = self._room.clock.now(), self._row(person, kept.announcement, upload)
        with told_as_problems():
            changes = _changes(person, kept.announcement, row.id, further, now)
            approval.edit(kept.announcement, person.id, changes, now)
        if further is not None and await self._room.db.read(corrections.get, announcement) is not None:
            raise no_tracks_here()
        known = await self._room.db.write(self._keep_file, row, upload.path)
        take = Take(recording=row.id, repeat=kept.announcement.repeat)
        task = self._recorder.prepare(take)
        try:
            done = await _within(task, self.patience_s)
        except SpeechFailed as failure:
            if not known:
                await self._room.db.write(self._drop_file, person, row, failure.code)
            raise _refused(failure) from failure
        try:
            return await self._set(person, announcement, row.id, seen, take, done, further)
        except Problem as problem:
            if not known:
                await self._room.db.write(self._drop_file, person, row, problem.code)
            raise

    async def choose(
        self,
        person: Person,
        announcement: AnnouncementId,
        recording: RecordingId | None,
        seen: str | None = None,
        further: Further | None = None,
    ) -> AnnouncementView:
        """Take the recording away (None), or put one back that this area has: 404 for any other.

        With ``further`` the same for its track in that language.
        """
        kept = await kept_item(self._room, person, announcement, Right.WRITE)
        take = None
        if recording is not None:
            row = await self._room.db.read(recordings.get, recording)
            if row is None or row.area != kept.announcement.area:
                raise missing()
            take = Take(recording=recording, repeat=kept.announcement.repeat)
        return await self._set(person, announcement, recording, seen, take, None, further)

    async def original(self, person: Person, announcement: AnnouncementId, language: str = MAIN) -> Original:
        """The recording of a bài, or of a track of it, as it was sent, for whoever may read the bài."""
        kept = await kept_item(self._room, person, announcement, Right.READ)
        take = takes_of(kept.announcement).get(language)
        recording = None if take is None else take.recording
        row = None if recording is None else await self._room.db.read(recordings.get, recording)
        if row is None:
            raise missing()
        return Original(row=row, path=self._room.settings.recordings_dir / row.sha256)

    def _row(self, person: Person, a: Announcement, upload: Upload) -> RecordingRow:
        try:
            kind = kind_of(upload.head)
            if needs_ffmpeg(kind) and not ffmpeg_here():
                raise audio_codec(kind.value)
        except AudioRefused as refusal:
            raise _refused(refusal) from refusal
        return RecordingRow(
            area=a.area,
            sha256=upload.sha256,
            name=upload.name,
            kind=kind.value,
            bytes=upload.bytes,
            sent_by=person.id,
            sent_at=self._room.clock.now(),
        )

    def _check_room(self, conn: Conn, area: AreaCode, more: int = 0) -> None:
        settings = self._room.settings
        used = recordings.room(conn, area)
        if used.of_area >= settings.recordings_of_area:
            raise Problem("E_QUOTA", most=settings.recordings_of_area)
        if used.bytes + more > settings.recordings_mb * 1024 * 1024:
            raise Problem("E_STORAGE")

    def _keep_file(self, conn: Conn, row: RecordingRow, came: Path) -> bool:
        """The file into its place and its row with it; whether this area had it already."""
        known = recordings.get(conn, row.id) is not None
        if not known:
            self._check_room(conn, row.area, row.bytes)
        path = self._room.settings.recordings_dir / row.sha256
        if not path.is_file():
            os.replace(came, path)
        if recordings.save(conn, row):
            facts: dict[str, audit.Fact] = {
                "area": row.area,
                "name": row.name,
                "kind": row.kind,
                "bytes": row.bytes,
                "sha256": row.sha256,
            }
            audit.append(conn, row.sent_at, row.sent_by, "recording.received", row.id, facts)
        return known

    def _drop_file(self, conn: Conn, person: Person, row: RecordingRow, code: str) -> None:
        if recordings.forget(conn, row.id):
            audit.append(conn, self._room.clock.now(), person.id, "recording.refused", row.id, {"code": code})
        if not recordings.is_kept(conn, row.sha256):
            with suppress(OSError):
                (self._room.settings.recordings_dir / row.sha256).unlink(missing_ok=True)

    async def _set(
        self,
        person: Person,
        announcement: AnnouncementId,
        recording: RecordingId | None,
        seen: str | None,
        take: Take | None,
        done: Prepared | None,
        further: Further | None = None,
    ) -> AnnouncementView:
        now = self._room.clock.now()

        def change(before: Announcement, at: datetime) -> Announcement:
            if seen not in (None, content_hash(before)):
                raise stale()
            return approval.edit(before, person.id, _changes(person, before, recording, further, at), at)

        with told_as_problems():
            await self._room.db.write(_set_recording, announcement, change, person, take, done, now)
        self._room.signals.tell(Topic.ANNOUNCEMENT, announcement)
        self._room.signals.wake(Wake.PLANNER)
        if take is not None and done is None:
            await self._recorder.want(announcement)
        return await self._look(person, announcement)


def _changes(
    person: Person, before: Announcement, recording: RecordingId | None, further: Further | None, at: datetime
) -> Changes:
    if further is None:
        return {"recording": recording}
    if recording is None:
        return {"tracks": tracks.without(before, further.language)}
    track = Track(
        language=further.language,
        recording=recording,
        text=clean_text(further.words),
        made_by=person.id,
        made_at=at,
    )
    return {"tracks": tracks.with_track(before, track)}


def no_tracks_here() -> Problem:
    return Problem(
        "E_STATE",
        status=409,
        vi="Bài đính chính chỉ phát bằng tiếng của bài, chưa thêm được tiếng khác.",
        en="A correction is heard in its own language only; no track can be added to it.",
    )


def _set_recording(
    conn: Conn,
    announcement: AnnouncementId,
    change: Change,
    person: Person,
    take: Take | None,
    done: Prepared | None,
    now: datetime,
) -> None:
    change_kept(conn, announcement, change, person, EventDeed.EDITED, "", now)
    if take is None or done is None:
        return
    kept = announcements.get(conn, announcement)
    if kept is not None and take in takes_of(kept.announcement).values():
        keep_prepared(conn, announcement, take, done, now)


async def _within(task: asyncio.Task[Prepared], seconds: float) -> Prepared | None:
    """What came of it, or None where it goes on for longer. Raises SpeechFailed."""
    done, _ = await asyncio.wait({task}, timeout=seconds)
    return task.result() if done else None


def _refused(refusal: AudioRefused | SpeechFailed) -> Problem:
    return Problem(
        refusal.code, field="file", status=STATUS.get(refusal.code, 422), vi=refusal.vi, en=refusal.en
    )
