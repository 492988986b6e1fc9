"""A stub that takes its time, so that a test can act in the middle of a bulletin."""

import time

from tests.support.stub_voice import StubVoice
from tts.engines.engine import Pcm, Style

SENTENCE_S = 0.15


def open_engine(*, threads: int = 1) -> "SlowVoice":
    """Reachable as `tests.tts.slow_voice:open_engine`."""
    return SlowVoice()


class SlowVoice:
    """Keeps the Engine interface; prints to stdout as careless libraries do."""

    name = "slow"
    identity = "slow/1"
    licence = "Apache-2.0"
    online = False

    def speak(self, sentence: str, style: Style) -> Pcm:
        print("chatter of a library")
        time.sleep(SENTENCE_S)
        return StubVoice().speak(sentence, style)

    def close(self) -> None:
        """Holds nothing."""
