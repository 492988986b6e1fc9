"""The stub voice with moods, for tests of who supervises it: a word in the sentence sets the mood."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.stub_voice import StubVoice
from tests.support.stub_voice import open_engine as open_stub
from tts.engines.engine import Pcm, Style

SLOW, STUCK, DEADLY = "chậm", "treo", "gục"
SLOW_S = 0.4


def open_engine(*, threads: int = 1) -> "MoodyVoice":
    """The factory; reachable as `tests.support.moody_voice:open_engine`."""
    return MoodyVoice()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodyVoice:
    """Slow, stuck for ever, or deadly to its own process; otherwise the stub voice."""

    inner: StubVoice = field(default_factory=open_stub)
    name: str = "moody"
    identity: str = "moody 1"
    licence: str = "Apache-2.0"
    online: bool = False

    def speak(self, sentence: str, style: Style) -> Pcm:
        """As the mood of the sentence wants it."""
        if SLOW in sentence:
            time.sleep(SLOW_S)
        if STUCK in sentence:
            time.sleep(3600)
        if DEADLY in sentence:
            os._exit(9)
        return self.inner.speak(sentence, style)

    def close(self) -> None:
        """Nothing is held."""


def part_files(directory: Path) -> list[Path]:
    """Everything in a folder of clips that is not a whole clip under its own hash."""
    return [path for path in directory.iterdir() if len(path.name) != 64]
