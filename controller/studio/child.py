"""The speech process under supervision: started, fed, watched, started anew, and ended by its id."""

import asyncio
import itertools
import json
import random
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controller.studio.spawn import SpeechSettings, begin, dismiss
from controller.studio.speech import (
    Listening,
    OnFirst,
    OnProgress,
    SpeechDone,
    SpeechFailed,
    SpeechOrder,
    Spelled,
    clip_facts,
    quiet,
    unheard,
)
from tts.engines.engine import Style
from tts.files import sweep
from tts.normalize import Reading

MOST_ATTEMPTS = 2
START_DEADLINE_S = 60.0
LONGEST_PAUSE_S = 30.0
URGENT_PAUSE_S = 1.0

Words = dict[str, Any]


@dataclass(eq=False, slots=True, kw_only=True)
class _Job:
    """One demand: its words without the id, who waits for it, and how often it was tried."""

    words: Words
    urgent: bool
    answer: asyncio.Future[Words]
    on_progress: OnProgress = field(default=quiet)
    on_first: OnFirst = field(default=unheard)
    aside: bool = False
    attempts: int = 0


class SpeechProcess:
    """The one Speaker of the product.

    One ordinary reading at a time; emergencies go to the child at once, which puts them between two
    sentences.
    A child that dies or falls silent is started anew and its readings are tried once more.
    """

    def __init__(
        self,
        settings: SpeechSettings,
        rng: random.Random,
        on_restart: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._settings = settings
        self._rng = rng
        self._on_restart = on_restart
        self._ids = itertools.count(1)
        self._waiting: deque[_Job] = deque()
        self._open: dict[str, _Job] = {}
        self._fed = asyncio.Event()
        self._ready = asyncio.Event()
        self._child: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._failures = 0
        self._busy_since = 0.0
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    async def start(self) -> None:
        """Begin; orders may be given before the child is ready."""
        if self._keeper is None:
            await asyncio.to_thread(self._prepare)
            self._keeper = asyncio.create_task(self._keep(), name="speech")

    async def stop(self) -> None:
        """End the child cleanly; open orders fail with ``E_SPEECH_STOPPED``."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        for job in (*self._open.values(), *self._waiting):
            _fail(job, _stopped())
        self._open.clear()
        self._waiting.clear()

    async def warm(self) -> None:
        """Load what is heavy now."""
        await self._ask(_job({"do": "warm"}))

    async def render(
        self, order: SpeechOrder, on_progress: OnProgress = quiet, on_first: OnFirst = unheard
    ) -> SpeechDone:
        """The clip of this order; raises SpeechFailed."""
        words = {
            "do": "render",
            "text": order.text,
            "style": order.style.value,
            "repeat": order.repeat,
            "chime": order.chime,
            "issued_at": order.issued_at,
            "lexicon": _rows(order.lexicon),
            "region": order.region.value,
            "pin": order.pin,
            "background": order.background,
            "out": str(self._settings.clips_dir),
        }
        if on_first is not unheard:
            words |= {"first": True, "first_out": str(self._settings.previews_dir)}
        job = _job(words, urgent=order.urgent, on_progress=on_progress, on_first=on_first)
        return _done(await self._ask(job))

    async def horn(self, clip: Path, out: Path) -> None:
        """The clip as it is heard at the pole, as the file ``out``; raises SpeechFailed."""
        await self._ask(_job({"do": "horn", "clip": str(clip), "out": str(out)}, aside=True))

    async def listen(self, style: Style, said: Sequence[tuple[str, str]]) -> Listening:
        """What a recogniser hears in these sentences; raises SpeechFailed."""
        words = {"do": "listen", "style": style.value, "said": [list(one) for one in said]}
        heard = (await self._ask(_job(words, aside=True)))["heard"]
        return Listening(words=int(heard["words"]), alike=int(heard["alike"]), doubts=tuple(heard["doubts"]))

    async def spell(self, text: str, lexicon: tuple[Reading, ...] = ()) -> Spelled:
        """How the text will be read; raises SpeechFailed."""
        words = {"do": "normalize", "text": text, "lexicon": _rows(lexicon)}
        answer = await self._ask(_job(words, urgent=True))
        return Spelled(spoken=str(answer["spoken"]), guesses=tuple(answer["guesses"]))

    async def _ask(self, job: _Job) -> Words:
        if self._keeper is None:
            raise _stopped()
        self._waiting.append(job)
        self._fed.set()
        return await job.answer

    def _prepare(self) -> None:
        for folder in (self._settings.cache_dir, self._settings.clips_dir, self._settings.previews_dir):
            folder.mkdir(parents=True, exist_ok=True)

    async def _keep(self) -> None:
        """One child after the other, until cancelled."""
        while True:
            reason = await self._one_child()
            self._take_back()
            await asyncio.to_thread(sweep, self._settings.clips_dir)
            self.restarts += 1
            self._failures += 1
            self._on_restart(reason)
            await asyncio.sleep(self._pause_s())

    async def _one_child(self) -> str:
        """From its start to its end; why it ended."""
        try:
            child = await self._spawn()
        except OSError as failure:
            return f"could not be started: {failure}"
        try:
            reason = await self._live(child)
        except asyncio.CancelledError:
            await dismiss(child)
            raise
        # whatever is left of it holds what its successor needs
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        return reason

    async def _spawn(self) -> asyncio.subprocess.Process:
        self._child = await begin(self._settings)
        return self._child

    async def _live(self, child: asyncio.subprocess.Process) -> str:
        """Feed and listen until the child is no longer any good; why not."""
        assert child.stdin is not None
        assert child.stdout is not None
        feeder = asyncio.create_task(self._feed(child.stdin))
        try:
            return await self._listen(child.stdout)
        finally:
            feeder.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await feeder

    async def _feed(self, sink: asyncio.StreamWriter) -> None:
        await self._ready.wait()
        while True:
            self._fed.clear()
            while (job := self._next()) is not None:
                job.attempts += 1
                number = str(next(self._ids))
                if not self._speaking:
                    self._busy_since = asyncio.get_running_loop().time()
                self._open[number] = job
                sink.write(json.dumps({"id": number, **job.words}, ensure_ascii=False).encode() + b"\n")
                await sink.drain()
            await self._fed.wait()

    @property
    def _speaking(self) -> bool:
        """Whether the voice has work; what goes on beside it does not count."""
        return any(not job.aside for job in self._open.values())

    def _next(self) -> _Job | None:
        """What may be sent now: urgent ones and those beside the voice at once, an ordinary one when the
        voice is free."""
        self._waiting = deque(job for job in self._waiting if not job.answer.done())
        chosen = next((job for job in self._waiting if job.urgent), None)
        if chosen is None:
            free = not self._speaking
            chosen = next((job for job in self._waiting if job.aside or free), None)
        if chosen is not None:
            self._waiting.remove(chosen)
        return chosen

    async def _listen(self, source: asyncio.StreamReader) -> str:
        while True:
            try:
                async with asyncio.timeout(self._patience_s()):
                    line = await source.readline()
            except TimeoutError:
                if not self._ready.is_set():
                    return "did not become ready"
                if self._speaking and self._patience_s() <= 0:
                    return "fell silent"
                continue
            except ValueError:
                return "said too much in one line"
            if not line:
                return "ended"
            self._busy_since = asyncio.get_running_loop().time()
            try:
                self._heard(json.loads(line))
            except (ValueError, KeyError, TypeError):
                return "said something that is not of the protocol"

    def _patience_s(self) -> float:
        """How long the child may still say nothing: counted from its last word, or from its first demand."""
        if not self._ready.is_set():
            return START_DEADLINE_S
        if not self._speaking:
            return self._settings.deadline_s
        return self._busy_since + self._settings.deadline_s - asyncio.get_running_loop().time()

    def _heard(self, words: Words) -> None:
        event = words["event"]
        if event == "ready":
            self._ready.set()
            return
        job = self._open.get(words["id"])
        if job is None:
            return
        if event == "progress":
            # later, so that a watcher's own fault is not taken for the child's
            asyncio.get_running_loop().call_soon(job.on_progress, int(words["sentence"]), int(words["of"]))
            return
        if event == "first":
            asyncio.get_running_loop().call_soon(job.on_first, str(words["clip"]["sha256"]))
            return
        del self._open[words["id"]]
        self._failures = 0
        self._fed.set()
        if job.answer.done():
            return
        if event == "done":
            job.answer.set_result(words)
        else:
            job.answer.set_exception(SpeechFailed(words["code"], words["vi"], words["en"]))

    def _take_back(self) -> None:
        """What the dead child held, or could not even take, goes to the next one, but not for ever."""
        if not self._ready.is_set():
            for job in self._waiting:
                job.attempts += 1
        self._waiting.extendleft(reversed(self._open.values()))
        self._open.clear()
        self._ready.clear()
        for job in self._waiting:
            if job.attempts >= MOST_ATTEMPTS:
                _fail(job, _broken())
        self._fed.set()

    def _pause_s(self) -> float:
        # the first death is mostly somebody's kill: no need to wait; after that full jitter
        if self._failures <= 1:
            return 0.0
        longest = URGENT_PAUSE_S if any(job.urgent for job in self._waiting) else LONGEST_PAUSE_S
        return self._rng.uniform(0.1, min(longest, 0.5 * 2.0 ** min(self._failures, 10)))


def _stopped() -> SpeechFailed:
    return SpeechFailed("E_SPEECH_STOPPED", "Bộ đọc đã dừng.", "The speech process has been stopped.")


def _broken() -> SpeechFailed:
    return SpeechFailed(
        "E_SPEECH_BROKEN",
        "Bộ đọc không đọc được bài này: đã dừng đột ngột hai lần.",
        "The speech process did not start, died or fell silent over this, twice.",
    )


def _fail(job: _Job, failure: SpeechFailed) -> None:
    if not job.answer.done():
        job.answer.set_exception(failure)


def _job(
    words: Words,
    *,
    urgent: bool = False,
    aside: bool = False,
    on_progress: OnProgress = quiet,
    on_first: OnFirst = unheard,
) -> _Job:
    answer: asyncio.Future[Words] = asyncio.get_running_loop().create_future()
    return _Job(
        words=words, urgent=urgent, aside=aside, answer=answer, on_progress=on_progress, on_first=on_first
    )


def _rows(lexicon: tuple[Reading, ...]) -> list[list[str | int]]:
    return [[row.written, row.reading, row.priority] for row in lexicon]


def _done(words: Words) -> SpeechDone:
    return SpeechDone(
        clip=clip_facts(words["clip"]),
        spoken=str(words["spoken"]),
        guesses=tuple(words["guesses"]),
        said=tuple(words["said"]),
        findings=tuple(words["findings"]),
        words_a_minute=float(words["words_a_minute"]),
    )
