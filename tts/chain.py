"""Engines in order of preference: the first that can speaks, each with a deadline and a breaker."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Thread

import numpy as np

from tts.breaker import Breaker, Outcome, may_ask, step
from tts.engines.engine import Engine, Pcm, Style
from tts.errors import EngineError, EngineSlow, NoEngineLeft, SentenceUnfit

DEADLINE_S = 90.0
_log = logging.getLogger("loa.speech")

Recall = Callable[[Engine], Pcm | None]


def forgetful(engine: Engine) -> Pcm | None:
    """For callers who keep nothing."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A sentence's samples, who spoke them, under which identity they may be kept, and whether they come
    from what was kept. `causes` says why no engine before this one spoke."""

    pcm: Pcm
    engine: str
    identity: str
    recalled: bool = False
    causes: tuple[str, ...] = ()


class Chain:
    """Holds the engines' breakers; used by one thread."""

    def __init__(
        self,
        engines: Sequence[Engine],
        *,
        deadlines_s: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engines = tuple(engines)
        self._deadlines_s = dict(deadlines_s or {})
        self._clock = clock
        self._breakers = {engine.name: Breaker() for engine in self._engines}
        self._stuck: dict[str, Thread] = {}

    @property
    def engines(self) -> tuple[Engine, ...]:
        """In order of preference."""
        return self._engines

    def now(self) -> float:
        """The instant on the clock that `speak_by` is read on, in seconds."""
        return self._clock()

    def allowed(self, style: Style) -> tuple[Engine, ...]:
        """Those that may speak in this style: an emergency never waits for the Internet."""
        return tuple(engine for engine in self._engines if not (engine.online and style is Style.EMERGENCY))

    def speak(
        self,
        sentence: str,
        style: Style,
        *,
        speak_by: float | None = None,
        recall: Recall = forgetful,
    ) -> Spoken:
        """The first engine's reading that is sound; raises NoEngineLeft with every cause.

        What can't be spoken until `speak_by` (see `now`) is spoken by the next engine; only the last one may
        take longer, since a late word is better than none. `recall` gives what an engine has said before.
        """
        causes: list[str] = []
        allowed = self.allowed(style)
        for place, engine in enumerate(allowed):
            kept = recall(engine)
            if kept is not None:
                return _spoken(engine, kept, causes, recalled=True)
            if not self._askable(engine):
                causes.append(f"{engine.name} rests")
                continue
            another = any(self._askable(other) for other in allowed[place + 1 :])
            patience_s = self._patience_s(engine, speak_by if another else None)
            if patience_s <= 0:
                causes.append(f"{engine.name}: no time left")
                continue
            try:
                pcm = self._ask(engine, sentence, style, patience_s)
            except EngineError as failure:
                causes.append(f"{engine.name}: {failure}")
                if not (isinstance(failure, SentenceUnfit) or self._only_hurried(engine, patience_s)):
                    self._record(engine, Outcome.FAILED)
                continue
            self._record(engine, Outcome.SPOKE)
            return _spoken(engine, pcm, causes)
        raise NoEngineLeft(tuple(causes))

    def close(self) -> None:
        """Close every engine."""
        for engine in self._engines:
            engine.close()

    def _askable(self, engine: Engine) -> bool:
        stuck = self._stuck.get(engine.name)
        if stuck is not None and stuck.is_alive():
            return False
        self._stuck.pop(engine.name, None)
        return may_ask(self._breakers[engine.name], self._clock())

    def _deadline_s(self, engine: Engine) -> float:
        return self._deadlines_s.get(engine.name, DEADLINE_S)

    def _patience_s(self, engine: Engine, speak_by: float | None) -> float:
        own_s = self._deadline_s(engine)
        return own_s if speak_by is None else min(own_s, speak_by - self._clock())

    def _only_hurried(self, engine: Engine, patience_s: float) -> bool:
        """Who was left behind before its own time was over has not failed."""
        return engine.name in self._stuck and patience_s < self._deadline_s(engine)

    def _ask(self, engine: Engine, sentence: str, style: Style, patience_s: float) -> Pcm:
        """A call that passes its deadline is left behind in its thread; the engine rests till it returns."""
        answers: list[Pcm] = []
        failures: list[BaseException] = []

        def call() -> None:
            try:
                answers.append(engine.speak(sentence, style))
            except BaseException as failure:  # noqa: BLE001 - carried to the asking thread, raised there
                failures.append(failure)

        thread = Thread(target=call, name=f"speech-{engine.name}", daemon=True)
        thread.start()
        thread.join(patience_s)
        if thread.is_alive():
            self._stuck[engine.name] = thread
            raise EngineSlow(engine.name, patience_s)
        if failures:
            raise _as_engine_error(engine, failures[0]) from failures[0]
        return _checked(engine, answers[0])

    def _record(self, engine: Engine, outcome: Outcome) -> None:
        after = step(self._breakers[engine.name], outcome, self._clock())
        self._breakers[engine.name] = after.state
        if after.opened:
            _log.warning("engine.rested name=%s until=%.0f", engine.name, after.wake_at)


def _spoken(engine: Engine, pcm: Pcm, causes: Sequence[str], *, recalled: bool = False) -> Spoken:
    return Spoken(
        pcm=pcm, engine=engine.name, identity=engine.identity, recalled=recalled, causes=tuple(causes)
    )


def _as_engine_error(engine: Engine, failure: BaseException) -> BaseException:
    """An engine's own bug is its failure, not the bulletin's; what asks the process to end passes."""
    if isinstance(failure, EngineError) or not isinstance(failure, Exception):
        return failure
    return EngineError(
        code="E_ENGINE_FAILED",
        vi=f"Bộ đọc {engine.name} gặp lỗi.",
        en=f"The engine {engine.name} failed: {type(failure).__name__}: {failure}",
    )


def _checked(engine: Engine, pcm: Pcm) -> Pcm:
    """Nothing, or something that is not sound, is a failure also where the engine reports success."""
    if not len(pcm) or not bool(np.isfinite(pcm).all()) or float(np.abs(pcm).max()) < 1e-4:
        raise EngineError(
            code="E_ENGINE_SILENT",
            vi=f"Bộ đọc {engine.name} không phát ra tiếng.",
            en=f"The engine {engine.name} gave no sound",
        )
    return pcm
