"""A recogniser listens back to what was spoken; whatever befalls it, the sound stays as it is."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from controller.dispatch.plan.sounds import Order
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic, Wake
from controller.store import speech
from controller.store.speech import Hearing, Report
from controller.studio.speech import Speaker, SpeechDone, SpeechFailed
from tts.engines.engine import Style

PATIENCE_S = 8.0
"""How long the words of an emergency wait for the recogniser; the siren waits for nothing."""
ABSENT = "E_HEARING_ABSENT"
OF_THE_HOUSE = ("E_SPEECH_STOPPED",)
_log = logging.getLogger("loa.studio")


def report_of(order: Order, done: SpeechDone, now: datetime) -> Report:
    """What is known of a sound before anybody has listened back."""
    return Report(
        wanted=order.print,
        clip=done.clip.sha256,
        style=order.style,
        at=now,
        said=done.said,
        findings=done.findings,
        words_a_minute=done.words_a_minute,
        hearing=Hearing.WAITING if done.said else Hearing.ABSENT,
    )


class Listener:
    """One sound at a time; emergencies are listened to before their words go out, if that is quick enough."""

    def __init__(self, room: Room, speaker: Speaker) -> None:
        self._room = room
        self._speaker = speaker
        self._task: asyncio.Task[None] | None = None

    async def at_once(self, report: Report) -> Report:
        """The report with what was heard; as it is where that takes too long.

        Then it is listened to later, and holds the words only of an alert that has not been fired by then.
        """
        if report.hearing is not Hearing.WAITING:
            return report
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._heard(report)
        except TimeoutError:
            _log.warning("hearing.late wanted=%s", report.wanted)
            return report

    async def turn(self) -> None:
        """Begin to listen to the oldest sound that waits for it, where nothing is being listened to."""
        if self._task is None or self._task.done():
            report = await self._room.db.read(speech.to_hear)
            if report is not None:
                self._task = asyncio.create_task(self._listen(report), name="listen back")

    async def stop(self) -> None:
        """Leave it; what waits is found again at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self, report: Report) -> None:
        try:
            heard = await self._heard(report)
        except SpeechFailed as stopped:
            _log.info("hearing.left wanted=%s code=%s", report.wanted, stopped.code)
            return
        await self._room.db.write(speech.save_heard, heard)
        self._room.signals.tell(Topic.RENDERING, report.wanted)
        self._room.signals.wake(Wake.RENDERER)

    async def _heard(self, report: Report) -> Report:
        """Raises SpeechFailed only where the house is closing."""
        try:
            heard = await self._speaker.listen(Style(report.style), _pairs(report.said))
        except SpeechFailed as failure:
            if failure.code in OF_THE_HOUSE:
                raise
            if failure.code != ABSENT:
                _log.warning("hearing.failed wanted=%s code=%s", report.wanted, failure.code)
            hearing = Hearing.ABSENT if failure.code == ABSENT else Hearing.FAILED
            return replace(report, hearing=hearing)
        return replace(
            report, hearing=Hearing.HEARD, words=heard.words, alike=heard.alike, doubts=heard.doubts
        )


def _pairs(said: Sequence[object]) -> tuple[tuple[str, str], ...]:
    return tuple((str(one["sentence"]), str(one["engine"])) for one in said if isinstance(one, dict))
