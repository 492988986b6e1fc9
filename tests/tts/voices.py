"""Small voices of our own that fail in every way a real one might."""

import threading
from dataclasses import dataclass, field

import numpy as np

from tests.support.stub_voice import StubVoice
from tts.engines.engine import Pcm, Style
from tts.errors import EngineError

SECOND = 24_000


@dataclass(slots=True, kw_only=True)
class Recording:
    """A stub that counts and remembers what it was asked."""

    name: str = "recording"
    identity: str = "recording/1"
    licence: str = "Apache-2.0"
    online: bool = False
    asked: list[str] = field(default_factory=list)

    def speak(self, sentence: str, style: Style) -> Pcm:
        self.asked.append(sentence)
        return StubVoice().speak(sentence, style)

    def close(self) -> None:
        """Holds nothing."""


@dataclass(slots=True, kw_only=True)
class Broken(Recording):
    """Fails as it is told."""

    name: str = "broken"
    identity: str = "broken/1"
    failure: Exception = field(
        default_factory=lambda: EngineError(code="E_TEST", vi="Hỏng.", en="broken on purpose")
    )

    def speak(self, sentence: str, style: Style) -> Pcm:
        self.asked.append(sentence)
        raise self.failure


@dataclass(slots=True, kw_only=True)
class Empty(Recording):
    """Reports success and gives what is no sound."""

    name: str = "empty"
    identity: str = "empty/1"
    sound: Pcm = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    def speak(self, sentence: str, style: Style) -> Pcm:
        self.asked.append(sentence)
        return self.sound


@dataclass(slots=True, kw_only=True)
class Hanging(Recording):
    """Does not come back until it is let go."""

    name: str = "hanging"
    identity: str = "hanging/1"
    let_go: threading.Event = field(default_factory=threading.Event)

    def speak(self, sentence: str, style: Style) -> Pcm:
        self.asked.append(sentence)
        self.let_go.wait(30)
        return StubVoice().speak(sentence, style)
