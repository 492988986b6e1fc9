"""A small listening test with stub voices."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from tests.support.stub_voice import StubVoice
from tts.engines.engine import Pcm, Style
from tts.listening_page import make
from tts.trials import Plan, Voice

run = CliRunner().invoke
SENTENCES = ("Không qua ngầm!", "Mưa đá có thể xảy ra.", "Cắt điện ngay.")
VOICES = tuple(Voice(name=name, identity=f"{name}/1", licence="Apache-2.0") for name in ("một", "hai", "ba"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Soft(StubVoice):
    """Says the same, much softer and an octave lower."""

    name: str = "alto"
    identity: str = "alto/1"

    def speak(self, sentence: str, style: Style) -> Pcm:
        return np.repeat(StubVoice.speak(self, sentence, style), 2) * np.float32(0.02)


def made(out: Path, seed: int = 7) -> Plan:
    return make(
        out, (StubVoice(), Soft()), SENTENCES, seed=seed, deadlines_s={}, on_sound=lambda one, all_: None
    )


# ── The page in a browser, from a file, with nothing else there ───────────────────────────────────────────
