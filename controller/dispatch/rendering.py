"""From text to sound in the background: emergencies at once, bulletins one after the other."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.dispatch.sounds import BULLETIN, EMERGENCY, Order, recall, remember, session_orders
from controller.store import alerts, announcements, areas, clips, sessions
from controller.store.alerts import Part
from controller.store.database import Conn
from controller.store.sounds import RenderState, Sound
from controller.studio.speech import Speaker, SpeechDone, SpeechFailed, SpeechOrder
from devices.messages import AlertId
from schedules.announcement import Announcement, AnnouncementId
from tts.engines.engine import Style

TRIES = 3
BETWEEN_TRIES_S = 2.0
REST_AFTER_FAILURE_S = 60.0
STOPPED = "E_SPEECH_STOPPED"
_log = logging.getLogger("loa.studio")

Keep = Callable[[Conn, Sound], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One sound that is wanted. ``keep`` writes how far it is; False where nobody wants it any more."""

    key: str
    order: Order
    urgent: bool
    subject: str
    keep: Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Sentence ``done`` of ``of`` is spoken."""

    done: int
    of: int


def order_of(announcement: Announcement) -> Order:
    return Order(text=announcement.text, style=BULLETIN, repeat=announcement.repeat, chime=True)


def alert_order(text: str) -> Order:
    """Words follow the siren, so they need no chime; they are said twice (DOMAIN.md 6)."""
    return Order(text=text, style=EMERGENCY, repeat=2, chime=False)


class Studio:
    """Wanted sounds lie in the store, so a restart goes on where it was."""

    def __init__(self, room: Room, speaker: Speaker) -> None:
        self._room = room
        self._speaker = speaker
        self._progress: dict[str, Progress] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._resting: dict[str, float] = {}

    def progress(self, wanted: str) -> Progress | None:
        return self._progress.get(wanted)

    async def want(self, announcement: AnnouncementId) -> None:
        """Ask for the sound of an announcement; nothing where it is there or under way already."""
        if await self._room.db.write(_want, announcement):
            self._room.signals.tell(Topic.RENDERING, announcement)
            self._room.signals.wake(Wake.RENDERER)

    async def turn(self) -> None:
        """Start what is not under way: every urgent job, and one ordinary one."""
        jobs = await self._room.db.read(_jobs)
        for job in jobs:
            if job.key in self._running or self._rests(job.key):
                continue
            busy = any(not key.startswith("alert:") for key in self._running)
            if job.urgent or not busy:
                task = asyncio.create_task(self._render(job), name=f"render {job.key}")
                self._running[job.key] = task
                task.add_done_callback(partial(self._over, job.key))

    def _rests(self, key: str) -> bool:
        """An opening that can't be spoken is asked for again after a while, not at once and for ever."""
        until = self._resting.get(key)
        return until is not None and self._room.clock.monotonic() < until

    async def stop(self) -> None:
        running = tuple(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

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
                await self._room.db.write(_ready, job, done, self._room.clock.now())
        finally:
            self._progress.pop(wanted, None)
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
        )
        failure: SpeechFailed | None = None
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(BETWEEN_TRIES_S)
            try:
                return await self._speaker.render(spoken, lambda k, n: self._came(job, k, n))
            except SpeechFailed as error:
                failure = error
                if error.permanent:
                    break
        assert failure is not None
        return failure

    def _came(self, job: Job, done: int, of: int) -> None:
        self._progress[job.order.print] = Progress(done=done, of=of)
        self._room.signals.tell(Topic.RENDERING, job.subject)


def _want(conn: Conn, announcement: AnnouncementId) -> bool:
    kept = announcements.get(conn, announcement)
    if kept is None:
        return False
    wanted = order_of(kept.announcement).print
    if kept.sound.wanted == wanted and kept.sound.state not in (RenderState.NONE, RenderState.FAILED):
        return False
    announcements.save_sound(conn, announcement, Sound(state=RenderState.WAITING, wanted=wanted))
    return True


def _jobs(conn: Conn) -> tuple[Job, ...]:
    """Urgent ones first, then announcements, then openings and closings."""
    found = [_alert_job(alert, part, words.text) for alert, part, words in alerts.to_render(conn)]
    found += [_item_job(kept.announcement) for kept in announcements.to_render(conn)]
    by_code = {area.code: area for area in areas.everywhere(conn)}
    for session in sessions.everything(conn):
        if session.area in by_code:
            for item, (order, _) in session_orders(session, by_code[session.area]).items():
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


def _alert_job(alert: AlertId, part: Part, text: str) -> Job:
    def keep(conn: Conn, sound: Sound) -> bool:
        if alerts.get(conn, alert) is None:
            return False
        alerts.save_sound(conn, alert, part, sound)
        return True

    return Job(
        key=f"alert:{alert}:{part.value}", order=alert_order(text), urgent=True, subject=alert, keep=keep
    )


def _item_job(announcement: Announcement) -> Job:
    order = order_of(announcement)

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


def _ready(conn: Conn, job: Job, done: SpeechDone, now: datetime) -> None:
    facts = done.clip
    clips.save(conn, facts, now)
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
