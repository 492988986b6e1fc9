"""From a recording to the sound that airs, in the background; what is wanted lies in the store."""

import asyncio
import hashlib
import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.store import announcements, clips, recordings
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.sounds import RenderState, Sound
from controller.studio.speech import SpeechFailed
from controller.studio.taking import Prepared, Taker
from schedules.announcement import Announcement, AnnouncementId, RecordingId

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
        said = ["recording", self.recording, self.repeat]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    @property
    def file(self) -> str:
        """The name of the original in the folder of recordings."""
        return self.recording.rpartition(".")[2]


def take_of(announcement: Announcement) -> Take | None:
    """What is to be heard of an announcement with a recording; None where its text is read."""
    if announcement.recording is None:
        return None
    return Take(recording=announcement.recording, repeat=announcement.repeat)


class Recorder:
    """Each take is prepared once, also where somebody waits at a page for it and the loop finds it too."""

    def __init__(self, room: Room, taker: Taker) -> None:
        self._room = room
        self._taker = taker
        self._places = asyncio.Semaphore(AT_ONCE)
        self._preparing: dict[str, asyncio.Task[Prepared]] = {}
        self._keeping: dict[AnnouncementId, asyncio.Task[None]] = {}
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
        for kept in await self._room.db.read(announcements.to_take):
            identity, take = kept.announcement.id, take_of(kept.announcement)
            if take is not None and identity not in self._keeping:
                task = asyncio.create_task(self._keep(kept, take), name=f"keep {identity}")
                self._keeping[identity] = task
                task.add_done_callback(partial(self._kept, identity))

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

    async def _keep(self, kept: Kept, take: Take) -> None:
        identity = kept.announcement.id
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

    def _kept(self, identity: AnnouncementId, task: asyncio.Task[None]) -> None:
        self._keeping.pop(identity, None)
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            _log.error("recording.not_kept subject=%s", identity, exc_info=error)
            return
        # another take may have been wanted meanwhile
        self._room.signals.wake(Wake.RECORDER)


def _want(conn: Conn, announcement: AnnouncementId) -> tuple[bool, bool]:
    """Whether it has a recording, and whether its sound was asked for just now."""
    kept = announcements.get(conn, announcement)
    take = None if kept is None else take_of(kept.announcement)
    if kept is None or take is None:
        return False, False
    if kept.sound.wanted == take.print and kept.sound.state not in (RenderState.NONE, RenderState.FAILED):
        return True, False
    announcements.save_sound(conn, announcement, Sound(state=RenderState.WAITING, wanted=take.print))
    return True, True


def keep_sound(conn: Conn, announcement: AnnouncementId, take: Take, sound: Sound) -> bool:
    """Write how far a take is; False where something else is wanted by now."""
    kept = announcements.get(conn, announcement)
    if kept is None or take_of(kept.announcement) != take:
        return False
    announcements.save_sound(conn, announcement, sound)
    return True


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
