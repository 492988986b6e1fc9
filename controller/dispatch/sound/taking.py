"""From a recording to the sound that airs, in the background; what is wanted lies in the store."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.store import announcements, clips, recordings, track_rows
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.sounds import RenderState, Sound
from controller.studio.speech import SpeechFailed
from controller.studio.taking import Prepared, Taker
from schedules.announcement import Announcement, AnnouncementId, RecordingId
from schedules.language import MAIN

AT_ONCE = 2
TIDY_EVERY = timedelta(hours=24)
KEPT_UNUSED = timedelta(days=7)
"""For so long a recording that was taken back can be put back."""
_log = logging.getLogger("loa.studio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A recording as it is to be heard; equal takes are the same sound. Bells come before it."""

    recording: RecordingId
    repeat: int

    @property
    def print(self) -> str:
        return recordings.take_print(self.recording, self.repeat)

    @property
    def file(self) -> str:
        """The name of the original in the folder of recordings."""
        return self.recording.rpartition(".")[2]


def take_of(announcement: Announcement) -> Take | None:
    """What is to be heard of an announcement with a recording; None where its text is read."""
    if announcement.recording is None:
        return None
    return Take(recording=announcement.recording, repeat=announcement.repeat)


def takes_of(announcement: Announcement) -> dict[str, Take]:
    """Every recording that is to be heard of it, by language; empty where its text is read in one alone."""
    main = take_of(announcement)
    found = {} if main is None else {MAIN: main}
    for track in announcement.tracks:
        found[track.language] = Take(recording=track.recording, repeat=announcement.repeat)
    return found


class Recorder:
    """Each take is prepared once, also where somebody waits at a page for it and the loop finds it too."""

    def __init__(self, room: Room, taker: Taker) -> None:
        self._room = room
        self._taker = taker
        self._places = asyncio.Semaphore(AT_ONCE)
        self._preparing: dict[str, asyncio.Task[Prepared]] = {}
        self._keeping: dict[tuple[AnnouncementId, str], asyncio.Task[None]] = {}
        self._tidied_at: datetime | None = None

    async def want(self, announcement: AnnouncementId) -> bool:
        """Ask for its sound where it is not there yet; False where it has no recording."""
        has, asked = await self._room.db.write(_want, announcement)
        if asked:
            self._room.signals.tell(Topic.RENDERING, announcement)
            self._room.signals.wake(Wake.RECORDER)
        return has

    def prepare(self, take: Take) -> asyncio.Task[Prepared]:
        """The clip of a take, under way at once; the task raises SpeechFailed. Wait for it with a shield."""
        task = self._preparing.get(take.print)
        if task is None:
            task = asyncio.create_task(self._prepare(take), name=f"take {take.print}")
            self._preparing[take.print] = task
            task.add_done_callback(partial(self._prepared, take.print))
        return task

    async def turn(self) -> None:
        """Prepare what is wanted, and once a day forget what nobody wants any more."""
        now = self._room.clock.now()
        if self._tidied_at is None or now - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = now
            await self._room.db.write(_forget_unused, self._room.settings.recordings_dir, now)
        for identity, take in await self._room.db.read(_wanted):
            if (identity, take.print) not in self._keeping:
                task = asyncio.create_task(self._keep(identity, take), name=f"keep {identity}")
                self._keeping[identity, take.print] = task
                task.add_done_callback(partial(self._kept, (identity, take.print)))

    async def stop(self) -> None:
        """End what is under way; it is still wanted and found again at the next start."""
        running = (*self._keeping.values(), *self._preparing.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _prepare(self, take: Take) -> Prepared:
        async with self._places:
            path = self._room.settings.recordings_dir / take.file
            return await self._taker.take_in(path, repeat=take.repeat, chime=True)

    def _prepared(self, key: str, task: asyncio.Task[Prepared]) -> None:
        self._preparing.pop(key, None)
        if not task.cancelled():
            # whoever waits hears of it; nobody may be waiting any more
            task.exception()

    async def _keep(self, identity: AnnouncementId, take: Take) -> None:
        begun = Sound(state=RenderState.RENDERING, wanted=take.print)
        if not await self._room.db.write(keep_sound, identity, take, begun):
            return
        self._room.signals.tell(Topic.RENDERING, identity)
        try:
            done = await asyncio.shield(self.prepare(take))
        except SpeechFailed as failure:
            failed = Sound(
                state=RenderState.FAILED,
                wanted=take.print,
                code=failure.code,
                vi=failure.vi,
                en=failure.en,
            )
            _log.warning("recording.failed subject=%s code=%s", identity, failure.code)
            self._room.metrics.renders.labels("failed").inc()
            await self._room.db.write(keep_sound, identity, take, failed)
        else:
            self._room.metrics.renders.labels("ready").inc()
            await self._room.db.write(keep_prepared, identity, take, done, self._room.clock.now())
        self._room.signals.tell(Topic.RENDERING, identity)
        self._room.signals.wake(Wake.PLANNER)

    def _kept(self, key: tuple[AnnouncementId, str], task: asyncio.Task[None]) -> None:
        self._keeping.pop(key, None)
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            _log.error("recording.not_kept subject=%s", key[0], exc_info=error)
            return
        # another take may have been wanted meanwhile
        self._room.signals.wake(Wake.RECORDER)


def _want(conn: Conn, announcement: AnnouncementId) -> tuple[bool, bool]:
    """Whether it has a recording of its own, and whether a sound was asked for just now."""
    kept = announcements.get(conn, announcement)
    if kept is None:
        return False, False
    takes = takes_of(kept.announcement)
    lacking = [
        language
        for language, sound in sounds_of(conn, kept).items()
        if sound.wanted != takes[language].print or sound.state in (RenderState.NONE, RenderState.FAILED)
    ]
    for language in lacking:
        _save(conn, announcement, language, Sound(state=RenderState.WAITING, wanted=takes[language].print))
    return MAIN in takes, bool(lacking)


def sounds_of(conn: Conn, kept: Kept) -> dict[str, Sound]:
    """Where the sound of every recording of it stands, by language; one of another recording is none."""
    tracks = track_rows.sounds(conn, kept.announcement.id) if kept.announcement.tracks else {}
    known = {**tracks, MAIN: kept.sound}
    return {
        language: sound if (sound := known.get(language, Sound())).wanted == take.print else Sound()
        for language, take in takes_of(kept.announcement).items()
    }


def _wanted(conn: Conn) -> tuple[tuple[AnnouncementId, Take], ...]:
    """What is to be prepared and is not yet, the main recordings first."""
    main = announcements.to_take(conn)
    every = {kept.announcement.id: kept for kept in main}
    every |= announcements.several(conn, track_rows.waiting(conn))
    return tuple(
        (identity, takes_of(kept.announcement)[language])
        for identity, kept in every.items()
        for language, sound in sounds_of(conn, kept).items()
        if sound.state in (RenderState.WAITING, RenderState.RENDERING)
    )


def keep_sound(conn: Conn, announcement: AnnouncementId, take: Take, sound: Sound) -> bool:
    """Write how far a take is, in each language that is heard by it; False where none is by now."""
    kept = announcements.get(conn, announcement)
    takes = {} if kept is None else takes_of(kept.announcement)
    spoken = [language for language, one in takes.items() if one == take]
    for language in spoken:
        _save(conn, announcement, language, sound)
    return bool(spoken)


def _save(conn: Conn, announcement: AnnouncementId, language: str, sound: Sound) -> None:
    if language == MAIN:
        announcements.save_sound(conn, announcement, sound)
    else:
        track_rows.save_sound(conn, announcement, language, sound)


def keep_prepared(
    conn: Conn, announcement: AnnouncementId, take: Take, done: Prepared, now: datetime
) -> bool:
    """Write the clip that came of a take, and what its original was like."""
    clips.save(conn, done.clip, now)
    recordings.save_before(conn, take.recording, done.before)
    ready = Sound(
        state=RenderState.READY,
        wanted=take.print,
        clip=done.clip.sha256,
        duration_ms=done.clip.duration_ms,
    )
    return keep_sound(conn, announcement, take, ready)


def sweep_originals(conn: Conn, folder: Path, incoming: Path) -> None:
    """At a start: halves of uploads, and files that no row speaks of, are left over from a death."""
    folder.mkdir(parents=True, exist_ok=True)
    incoming.mkdir(parents=True, exist_ok=True)
    for left in incoming.iterdir():
        left.unlink(missing_ok=True)
    for file in folder.iterdir():
        if file.is_file() and not recordings.is_kept(conn, file.name):
            file.unlink(missing_ok=True)


def _forget_unused(conn: Conn, folder: Path, now: datetime) -> None:
    """In the writer's lane, as putting a file there is: neither can come between the other's two halves."""
    for sha256 in recordings.forget_unused(conn, now - KEPT_UNUSED):
        with suppress(OSError):
            (folder / sha256).unlink(missing_ok=True)
