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


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A sentence's samples, who spoke them, and under which identity they may be kept."""

    pcm: Pcm
    engine: str
    identity: str


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

    def allowed(self, style: Style) -> tuple[Engine, ...]:
        """Those that may speak in this style: an emergency never waits for the Internet."""
        return tuple(engine for engine in self._engines if not (engine.online and style is Style.EMERGENCY))

    def speak(self, sentence: str, style: Style) -> Spoken:
        """The first engine's reading that is sound; raises NoEngineLeft with every cause."""
        causes = []
        for engine in self.allowed(style):
            if not self._askable(engine):
                causes.append(f"{engine.name} rests")
                continue
            try:
                pcm = self._ask(engine, sentence, style)
            except EngineError as failure:
                causes.append(f"{engine.name}: {failure}")
                if not isinstance(failure, SentenceUnfit):
                    self._record(engine, Outcome.FAILED)
                continue
            self._record(engine, Outcome.SPOKE)
            return Spoken(pcm=pcm, engine=engine.name, identity=engine.identity)
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

    def _ask(self, engine: Engine, sentence: str, style: Style) -> Pcm:
        """A call that passes its deadline is left behind in its thread; the engine rests till it returns."""
        deadline_s = self._deadlines_s.get(engine.name, DEADLINE_S)
        answers: list[Pcm] = []
        failures: list[BaseException] = []

        def call() -> None:
            try:
                answers.append(engine.speak(sentence, style))
            except BaseException as failure:  # noqa: BLE001 - carried to the asking thread, raised there
                failures.append(failure)

        thread = Thread(target=call, name=f"speech-{engine.name}", daemon=True)
        thread.start()
        thread.join(deadline_s)
        if thread.is_alive():
            self._stuck[engine.name] = thread
            raise EngineSlow(engine.name, deadline_s)
        if failures:
            raise _as_engine_error(engine, failures[0]) from failures[0]
        return _checked(engine, answers[0])

    def _record(self, engine: Engine, outcome: Outcome) -> None:
        after = step(self._breakers[engine.name], outcome, self._clock())
        self._breakers[engine.name] = after.state
        if after.opened:
            _log.warning("engine.rested name=%s until=%.0f", engine.name, after.wake_at)


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
