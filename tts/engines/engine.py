"""The interface that every voice keeps."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.float32]


class Style(StrEnum):
    """How a sentence is to be spoken: a bulletin at its pace, an emergency slower."""

    BULLETIN = "bulletin"
    EMERGENCY = "emergency"


class Engine(Protocol):
    """One voice. `speak` raises tts.errors.EngineError and nothing else; equal calls give equal samples."""

    @property
    def name(self) -> str:
        """The short name by which the chain and the records call it."""

    @property
    def identity(self) -> str:
        """Changes whenever the same sentence would sound different; part of every cache key."""

    @property
    def licence(self) -> str:
        """The licence or terms under which its sound may be aired."""

    @property
    def online(self) -> bool:
        """Whether sentences leave this machine; such engines never speak emergencies."""

    def speak(self, sentence: str, style: Style) -> Pcm:
        """Speak one normalised sentence (< 28 syllables): mono float32 in [-1, 1] at 24 kHz, not empty."""

    def close(self) -> None:
        """Give back what the engine holds; may be called twice."""


class OpenEngine(Protocol):
    """A factory as the entry points of group `loa.engines` name it; raises EngineAbsent."""

    def __call__(self, *, threads: int = 2) -> Engine:
        """Open the engine cheaply: what is heavy is loaded at the first sentence."""


class ConfiguredEngine(Protocol):
    """A factory as the entry points of group `loa.engines.configured` name it; raises EngineAbsent, also for
    settings that will not do."""

    def __call__(self, *, settings: Mapping[str, str], threads: int = 2) -> Engine:
        """Open the engine cheaply, as OpenEngine does."""
