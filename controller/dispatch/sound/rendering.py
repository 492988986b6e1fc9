"""From text to sound in the background: emergencies at once, bulletins one after the other."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from controller.dispatch.plan.lexicon_use import used_in
from controller.dispatch.plan.sounds import BULLETIN, EMERGENCY, Order, recall, remember, session_orders
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.dispatch.sound.hearing import Listener, report_of
from controller.dispatch.sound.pack import Pack
from controller.dispatch.sound.taking import Recorder
from controller.errors import Problem
from controller.store import alerts, announcements, areas, clips, lexicon, lexicon_sounds, sessions, speech
from controller.store.alerts import Part
from controller.store.announcements import Kept
from controller.store.database import Conn
from controller.store.lexicon import Own
from controller.store.sounds import RenderState, Sound
from controller.store.speech import Report
from controller.studio.speech import Speaker, SpeechDone, SpeechFailed, SpeechOrder
from devices.messages import AlertId, ClipHash
from schedules.announcement import Announcement, AnnouncementId, State
from tts.engines.engine import Style

TRIES = 3
BETWEEN_TRIES_S = 2.0
REST_AFTER_FAILURE_S = 60.0
LOOK_EVERY = timedelta(minutes=1)
STOPPED = "E_SPEECH_STOPPED"
_log = logging.getLogger("loa.studio")

Keep = Callable[[Conn, Sound], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One sound that is wanted. ``keep`` writes how far it is; False where nobody wants it any more.

    ``packed``: it belongs to the alarm pack, which waits for everything else and stays in the cache.
    """

    key: str
    order: Order
    urgent: bool
    subject: str
    keep: Keep
    packed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Sentence ``done`` of ``of`` is spoken; ``first`` is the first one's preview once it is there."""

    done: int
    of: int
    first: str | None = None


def order_of(announcement: Announcement, own: Own) -> Order:
    """``own`` is what of the place's own words occurs in the text."""
    return Order(text=announcement.text, style=BULLETIN, repeat=announcement.repeat, chime=True, own=own)


def alert_order(text: str, own: Own) -> Order:
    """Words follow the siren, so they need no chime; they are said twice (DOMAIN.md 6)."""
    return Order(text=text, style=EMERGENCY, repeat=2, chime=False, own=own)


class Studio:
    """Wanted sounds lie in the store, so a restart goes on where it was."""

    def __init__(self, room: Room, speaker: Speaker, recorder: Recorder) -> None:
        self._room = room
        self._speaker = speaker
        self._recorder = recorder
        self._listener = Listener(room, speaker)
        self._pack = Pack()
        self._progress: dict[str, Progress] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._resting: dict[str, float] = {}
        self._previews = room.settings.speech_cache_dir / "previews"
        self._horns: dict[str, asyncio.Task[None]] = {}
        self._asked = False

    def progress(self, wanted: str) -> Progress | None:
        return self._progress.get(wanted)

    async def want(self, announcement: AnnouncementId) -> None:
        """Ask for the sound of an announcement; nothing where it is there or under way already."""
        if await self._recorder.want(announcement):
            return
        order = await self._order(announcement)
        if order is not None and await self._room.db.write(_want, announcement, order):
            self._room.signals.tell(Topic.RENDERING, announcement)
            self._room.signals.wake(Wake.RENDERER)

    async def _order(self, announcement: AnnouncementId) -> Order | None:
        """What its sound is to be by the lexicon of this moment; None where there is nothing to read."""
        kept, own = await self._room.db.read(_kept_and_own, announcement)
        if kept is None:
            return None
        text = kept.announcement.text
        return order_of(kept.announcement, await self._room.lanes.files.run(used_in, text, own))

    async def reread(self) -> None:
        """After a lexicon changed: what is not yet approved is read by it, what is approved stays."""
        for area, up_to in await self._room.db.read(lexicon_sounds.to_reread):
            for announcement in await self._room.db.read(lexicon_sounds.not_approved, area):
                await self.want(announcement)
            await self._room.db.write(lexicon_sounds.mark_reread, area, up_to)
            await self._room.db.write(lexicon_sounds.forget_used)

    def first_sentence(self, sha256: str) -> Path:
        """Where the preview of a first sentence lies."""
        return self._previews / sha256

    async def horn(self, clip: ClipHash) -> Path:
        """The clip as it is heard at the pole: made once, kept for a while. Problem ``E_SPEECH``."""
        path = self._previews / f"horn-{clip}"
        if not await self._room.lanes.files.run(path.is_file):
            task = self._horns.get(clip)
            if task is None:
                task = asyncio.create_task(
                    self._speaker.horn(self._room.clips / clip, path), name=f"horn {clip}"
                )
                self._horns[clip] = task
                task.add_done_callback(lambda _: self._horns.pop(clip, None))
            try:
                await asyncio.shield(task)
            except SpeechFailed as failure:
                raise Problem("E_SPEECH") from failure
        return path

    async def turn(self) -> datetime | None:
        """Start what is not under way: every urgent job, and one ordinary one.

        Asked again after a while where there is an alarm pack: places change without telling anybody.
        """
        if not self._asked:
            for announcement in await self._room.db.read(announcements.unasked, self._room.clock.now()):
                await self.want(announcement)
            self._asked = True
        jobs = await self._room.db.read(_jobs)
        if not jobs and not self._running and self._room.settings.alarm_pack:
            jobs = await self._room.db.read(_pack_job, self._pack)
        for job in jobs:
            if job.key in self._running or self._rests(job.key):
                continue
            busy = any(not key.startswith("alert:") for key in self._running)
            if job.urgent or not busy:
                task = asyncio.create_task(self._render(job), name=f"render {job.key}")
                self._running[job.key] = task
                task.add_done_callback(partial(self._over, job.key))
        await self._listener.turn()
        return self._room.clock.now() + LOOK_EVERY if self._room.settings.alarm_pack else None

    def _rests(self, key: str) -> bool:
        """An opening that can't be spoken is asked for again after a while, not at once and for ever."""
        until = self._resting.get(key)
        return until is not None and self._room.clock.monotonic() < until

    async def stop(self) -> None:
        running = (*self._running.values(), *self._horns.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._listener.stop()

    def _over(self, key: str, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("render.failed key=%s", key, exc_info=error)
            self._resting[key] = self._room.clock.monotonic() + REST_AFTER_FAILURE_S
        self._running.pop(key, None)
        self._room.signals.wake(Wake.RENDERER)

    async def _render(self, job: Job) -> None:
        wanted = job.order.print
        self._progress[wanted] = Progress(done=0, of=0)
        try:
            if not await self._room.db.write(job.keep, Sound(state=RenderState.RENDERING, wanted=wanted)):
                return
            done = await self._speak(job)
            if isinstance(done, SpeechFailed) and done.code == STOPPED:
                # the house is closing: the sound is still wanted and is found again at the next start
                return
            if isinstance(done, SpeechFailed):
                sound = Sound(state=RenderState.FAILED, wanted=wanted, code=done.code, vi=done.vi, en=done.en)
                self._resting[job.key] = self._room.clock.monotonic() + REST_AFTER_FAILURE_S
                _log.warning("sound.failed subject=%s code=%s", job.subject, done.code)
                self._room.metrics.renders.labels("failed").inc()
                await self._room.db.write(job.keep, sound)
            else:
                self._room.metrics.renders.labels("ready").inc()
                report = report_of(job.order, done, self._room.clock.now())
                if job.urgent:
                    report = await self._listener.at_once(report)
                await self._room.db.write(_ready, job, done, report)
        finally:
            self._progress.pop(wanted, None)
        if job.packed:
            return
        self._room.signals.tell(Topic.RENDERING, job.subject)
        self._room.signals.wake(Wake.PLANNER, Wake.RENEWER)

    async def _speak(self, job: Job) -> SpeechDone | SpeechFailed:
        order = job.order
        spoken = SpeechOrder(
            text=order.text,
            style=Style(order.style),
            repeat=order.repeat,
            chime=order.chime,
            issued_at=order.issued_at,
            lexicon=order.own.lines,
            region=order.own.region,
            pin=job.packed,
            background=job.packed,
        )
        failure: SpeechFailed | None = None
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(BETWEEN_TRIES_S)
            try:
                return await self._speaker.render(
                    spoken, lambda k, n: self._came(job, k, n), lambda clip: self._first(job, clip)
                )
            except SpeechFailed as error:
                failure = error
                if error.permanent:
                    break
        assert failure is not None
        return failure

    def _came(self, job: Job, done: int, of: int) -> None:
        before = self._progress.get(job.order.print)
        first = before.first if before is not None else None
        self._progress[job.order.print] = Progress(done=done, of=of, first=first)
        self._room.signals.tell(Topic.RENDERING, job.subject)

    def _first(self, job: Job, clip: str) -> None:
        before = self._progress.get(job.order.print)
        if before is not None:
            self._progress[job.order.print] = replace(before, first=clip)
            self._room.signals.tell(Topic.RENDERING, job.subject)


def _kept_and_own(conn: Conn, announcement: AnnouncementId) -> tuple[Kept | None, Own]:
    kept = announcements.get(conn, announcement)
    return kept, lexicon.USUAL if kept is None else lexicon.own(conn, kept.announcement.area)


def _want(conn: Conn, announcement: AnnouncementId, order: Order) -> bool:
    kept = announcements.get(conn, announcement)
    if kept is None or kept.announcement.text != order.text:
        return False
    wanted, again = order.print, kept.sound.state in (RenderState.NONE, RenderState.FAILED)
    if kept.announcement.state is State.APPROVED and kept.sound.wanted:
        # what somebody has approved is what is aired, whatever the lexicon says by now
        wanted = kept.sound.wanted
    if kept.sound.wanted == wanted and not again:
        return False
    lexicon_sounds.remember_used(conn, order.print, order.own)
    announcements.save_sound(conn, announcement, Sound(state=RenderState.WAITING, wanted=wanted))
    return True


def _jobs(conn: Conn) -> tuple[Job, ...]:
    """Urgent ones first, then announcements, then openings and closings."""
    found = [
        _alert_job(alert, part, alert_order(words.text, lexicon_sounds.used(conn, words.sound.wanted)))
        for alert, part, words in alerts.to_render(conn)
    ]
    found += [
        _item_job(kept.announcement, lexicon_sounds.used(conn, kept.sound.wanted))
        for kept in announcements.to_render(conn)
    ]
    by_code = {area.code: area for area in areas.everywhere(conn)}
    for session in sessions.everything(conn):
        if session.area in by_code:
            own = lexicon.own(conn, session.area)
            for item, (order, _) in session_orders(session, by_code[session.area], own).items():
                if recall(conn, order) is None:
                    found.append(
                        Job(
                            key=f"session:{order.print}",
                            order=order,
                            urgent=False,
                            subject=item,
                            keep=_always,
                        )
                    )
    return tuple(found)


def _pack_job(conn: Conn, pack: Pack) -> tuple[Job, ...]:
    order = pack.next_order(conn)
    if order is None:
        return ()
    key = f"pack:{order.print}"
    return (Job(key=key, order=order, urgent=False, subject="pack", keep=_always, packed=True),)


def _alert_job(alert: AlertId, part: Part, order: Order) -> Job:
    def keep(conn: Conn, sound: Sound) -> bool:
        if alerts.get(conn, alert) is None:
            return False
        alerts.save_sound(conn, alert, part, sound)
        return True

    return Job(key=f"alert:{alert}:{part.value}", order=order, urgent=True, subject=alert, keep=keep)


def _item_job(announcement: Announcement, own: Own) -> Job:
    order = order_of(announcement, own)

    def keep(conn: Conn, sound: Sound) -> bool:
        kept = announcements.get(conn, announcement.id)
        if kept is None or kept.sound.wanted != order.print:
            return False
        announcements.save_sound(conn, announcement.id, sound)
        return True

    key = f"item:{announcement.id}:{order.print}"
    return Job(key=key, order=order, urgent=False, subject=announcement.id, keep=keep)


def _always(conn: Conn, sound: Sound) -> bool:
    return True


def _ready(conn: Conn, job: Job, done: SpeechDone, report: Report) -> None:
    facts = done.clip
    clips.save(conn, facts, report.at)
    speech.save(conn, report)
    remember(conn, job.order, facts.sha256)
    job.keep(
        conn,
        Sound(
            state=RenderState.READY,
            wanted=job.order.print,
            clip=facts.sha256,
            duration_ms=facts.duration_ms,
            spoken=done.spoken,
            guesses=tuple(done.guesses),
        ),
    )
