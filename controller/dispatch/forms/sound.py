"""How the sound of a text or a recording stands, as its page shows it."""

from dataclasses import dataclass
from datetime import datetime

from controller.store.sounds import RenderState
from devices.messages import ClipHash
from schedules.announcement import RecordingId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A stretch of the text that the normaliser had to guess, for underlining."""

    start: int
    end: int
    written: str
    spoken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """Progress in real units (sentence ``done`` of ``of``) and, when ready, the clip and how it was read.

    ``wanted`` names what is (to be) heard, by text and lexicon; ``first`` is its first sentence beforehand.
    """

    state: RenderState
    done: int = 0
    of: int = 0
    first: str | None = None
    clip: ClipHash | None = None
    duration_ms: int = 0
    wanted: str = ""
    spoken: str = ""
    guesses: tuple[Reading, ...] = ()
    recorded: bool = False
    code: str = ""
    vi: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingView:
    """The recording of a bài: what was sent, and what preparing it has changed.

    The ``before_…`` are the original's own, None until it is prepared; ``flaws`` can't be mended (vi, en).
    """

    id: RecordingId
    name: str
    kind: str
    size: int
    sent_by_name: str
    sent_at: datetime
    before_ms: int | None = None
    before_lufs: float | None = None
    before_peak_dbfs: float | None = None
    cut_ms: int = 0
    after_lufs: float | None = None
    flaws: tuple[tuple[str, str], ...] = ()
