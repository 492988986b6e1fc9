"""What is asked of speech and what comes back, and the one interface behind which it happens."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from controller.store.clips import ClipFacts
from tts.engines.engine import Style
from tts.normalize import Reading
from tts.reading.regions import Region

OnProgress = Callable[[int, int], None]
"""Called with (sentence, of) after each sentence; belongs to the event loop's thread."""


OnFirst = Callable[[str], None]
"""Called with the hash of the first sentence as a clip of its own, which lies in the folder of previews."""


def quiet(sentence: int, of: int) -> None:
    """For callers who do not watch."""


def unheard(sha256: str) -> None:
    """For callers who wait for the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOrder:
    """One text to be read; ``issued_at`` is said with every repeat, lexicon and region are the place's.

    ``pin``: its sentences stay in the cache whatever their age. ``background``: spoken like an emergency, but
    nobody waits for it.
    """

    text: str
    style: Style = Style.BULLETIN
    repeat: int = 1
    chime: bool = True
    issued_at: str | None = None
    lexicon: tuple[Reading, ...] = ()
    region: Region = Region.NORTH
    pin: bool = False
    background: bool = False

    @property
    def urgent(self) -> bool:
        """An emergency goes ahead of every bulletin."""
        return self.style is Style.EMERGENCY and not self.background


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechDone:
    """The clip lies in the clips folder under its hash.

    ``guesses`` are the normaliser's, ``said`` tells who spoke each sentence, ``findings`` what the checks
    found, all as plain values (tts/wire.py).
    """

    clip: ClipFacts
    spoken: str
    guesses: tuple[Mapping[str, Any], ...] = ()
    said: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    words_a_minute: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What a recogniser made of a text: syllables, those heard alike, and the doubts as plain values."""

    words: int
    alike: int
    doubts: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """How a text will be read, without a sound."""

    spoken: str
    guesses: tuple[Mapping[str, Any], ...] = ()


class SpeechFailed(Exception):
    """A text did not become a clip. ``permanent``: the same text would fail again."""

    def __init__(self, code: str, vi: str, en: str) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.vi = vi
        self.en = en

    @property
    def permanent(self) -> bool:
        """Whether asking again is useless: the text itself is at fault."""
        return self.code in _OF_THE_TEXT


_OF_THE_TEXT = frozenset({"E_TEXT_UNSPEAKABLE", "E_SPEECH_REQUEST"})


class Speaker(Protocol):
    """Whoever turns texts into clips: a supervised child process, or in tests this very process."""

    async def start(self) -> None:
        """Begin; orders may be given before it is ready."""

    async def stop(self) -> None:
        """End cleanly; open orders fail with SpeechFailed ``E_SPEECH_STOPPED``."""

    async def warm(self) -> None:
        """Load what is heavy now. Raises SpeechFailed."""

    async def render(
        self, order: SpeechOrder, on_progress: OnProgress = quiet, on_first: OnFirst = unheard
    ) -> SpeechDone:
        """The clip of this order. Raises SpeechFailed."""

    async def horn(self, clip: Path, out: Path) -> None:
        """Put the clip as it is heard at the pole into the file ``out``. Raises SpeechFailed."""

    async def listen(self, style: Style, said: Sequence[tuple[str, str]]) -> Listening:
        """What a recogniser hears in these sentences, each with who spoke it.

        Raises SpeechFailed: ``E_HEARING_ABSENT`` where none is installed.
        """

    async def spell(self, text: str, lexicon: tuple[Reading, ...] = ()) -> Spelled:
        """How the text will be read. Raises SpeechFailed."""


def clip_facts(said: Mapping[str, Any]) -> ClipFacts:
    """The clip in a child's answer; KeyError, TypeError or ValueError for words that are none."""
    return ClipFacts(
        sha256=str(said["sha256"]),
        bytes=int(said["bytes"]),
        duration_ms=int(said["duration_ms"]),
        lufs=float(said["lufs"]),
        peak_dbfs=float(said["peak_dbfs"]),
        engine=str(said["engine"]),
        media_type=str(said["media_type"]),
    )
