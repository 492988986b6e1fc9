"""A voice pack in Piper's format: its model by onnxruntime, its phonemes by espeak-ng in its own process."""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime

from tts.clip import SAMPLE_RATE
from tts.engines.engine import Pcm, Style
from tts.engines.espeak import Phonemes, open_phonemes
from tts.errors import EngineAbsent, EngineError, PackRefused, SentenceUnfit
from tts.packs import Config, Pack, open_pack
from tts.resample import resample

NAME = "piper"
BEGIN, END, PAD = "^", "$", "_"
# Without the model's noise the same sentence gives the same samples: the cache and the clip's name need that.
NOISE, NOISE_OF_LENGTHS = 0.0, 0.0
_PACE = {Style.BULLETIN: 1.0, Style.EMERGENCY: 1.2}
_MOST_SIGNS = 2_000
_CLAUSE = re.compile(r"([^,.!?;:…]+)([,.!?;:…]*)")


def open_engine(*, settings: Mapping[str, str], threads: int = 2) -> "PiperVoice":
    """`settings`: `packs` is the directory of imported packs, `voice` one's name. Raises EngineAbsent."""
    name = settings.get("voice", "")
    label = f"{NAME}/{name}"
    if not settings.get("packs"):
        raise EngineAbsent(label, "its setting packs")
    try:
        pack, config, model = open_pack(Path(settings["packs"]), name)
    except PackRefused as refusal:
        raise EngineAbsent(label, str(refusal)) from refusal
    phonemes = open_phonemes(config.espeak_voice) if config.phoneme_type == "espeak" else None
    return PiperVoice(pack=pack, config=config, model=model, phonemes=phonemes, threads=threads)


def clauses(sentence: str) -> tuple[tuple[str, str], ...]:
    """What is said in one go, and the sign that ends it."""
    return tuple((words.strip(), signs[:1]) for words, signs in _CLAUSE.findall(sentence) if words.strip())


def numbers_of(signs: str, config: Config) -> tuple[list[int], str]:
    """The model's numbers for these signs, a pad after each; and the signs that it does not know."""
    pad = config.signs[PAD]
    numbers = [*config.signs[BEGIN], *pad]
    unknown = ""
    for sign in signs:
        known = config.signs.get(sign)
        if known is None:
            unknown += sign
            continue
        numbers += [*known, *pad]
    return [*numbers, *config.signs[END]], unknown


class PiperVoice:
    """Keeps the Engine interface; the model is loaded at the first sentence."""

    online = False

    def __init__(
        self, *, pack: Pack, config: Config, model: bytes, phonemes: Phonemes | None, threads: int
    ) -> None:
        self.name = f"{NAME}/{pack.name}"
        self.identity = f"{NAME}/1/{pack.model_sha256[:16]}{pack.config_sha256[:16]}"
        self.licence = pack.licence
        self._config = config
        self._model = model
        self._phonemes = phonemes
        self._threads = threads
        self._lock = Lock()
        self._session: Any = None

    def speak(self, sentence: str, style: Style) -> Pcm:
        """Raises EngineError, also where the model is not what it should be."""
        numbers, unknown = numbers_of(self._signs(sentence), self._config)
        fewest = len(numbers_of("", self._config)[0])
        if len(numbers) == fewest or len(numbers) > _MOST_SIGNS:
            raise SentenceUnfit(
                self.name, f"no sign of it, or too many, are known to the voice ({unknown!r})"
            )
        with self._lock:
            samples = self._run(numbers, style)
        return resample(np.clip(samples, -1, 1), self._config.sample_rate, SAMPLE_RATE)

    def close(self) -> None:
        """Give the model's memory back."""
        with self._lock:
            self._session = None

    def _signs(self, sentence: str) -> str:
        if self._phonemes is None:
            return unicodedata.normalize("NFD", sentence.lower())
        spoken = [self._phonemes.of(words) + sign for words, sign in clauses(sentence)]
        return unicodedata.normalize("NFD", " ".join(spoken))

    def _run(self, numbers: list[int], style: Style) -> Pcm:
        scales = (NOISE, self._config.length_scale * _PACE[style], NOISE_OF_LENGTHS)
        feed = {
            "input": np.array([numbers], dtype=np.int64),
            "input_lengths": np.array([len(numbers)], dtype=np.int64),
            "scales": np.array(scales, dtype=np.float32),
        }
        if self._config.speakers > 1:
            feed["sid"] = np.array([0], dtype=np.int64)
        try:
            session = self._session or self._loaded()
            (sound, *_) = session.run(None, feed)
        except Exception as failure:  # onnxruntime has no exception class of its own
            raise EngineError(
                code="E_ENGINE_MODEL",
                vi=f"Giọng {self.name} không chạy được.",
                en=f"the pack {self.name} cannot be run: {failure}",
            ) from failure
        return np.asarray(sound, dtype=np.float32).reshape(-1)

    def _loaded(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            self._model, sess_options=options, providers=["CPUExecutionProvider"]
        )
        return self._session
