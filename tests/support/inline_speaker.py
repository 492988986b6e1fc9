"""A Speaker without a process: renders at once with the stub voice, through the real road of tts."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from controller.store.clips import ClipFacts
from controller.studio.speech import (
    Listening,
    OnFirst,
    OnProgress,
    SpeechDone,
    SpeechFailed,
    SpeechOrder,
    Spelled,
    quiet,
    unheard,
)
from tests.support.stub_voice import open_engine
from tts.aside import preview
from tts.cache import SentenceCache
from tts.chain import Chain
from tts.clip import Clip
from tts.engines.engine import Style
from tts.errors import SpeechError
from tts.files import write_whole
from tts.heard import compare
from tts.normalize import Reading, normalize
from tts.reading.regions import choices_of
from tts.render import RenderRequest, render


class InlineSpeaker:
    """Clips go to ``clips_dir`` under their hash, exactly as the speech process leaves them there."""

    def __init__(self, clips_dir: Path, cache_dir: Path | None = None) -> None:
        self._clips_dir = clips_dir
        self._cache = SentenceCache(directory=clips_dir.parent / "speech" if cache_dir is None else cache_dir)
        self._chain = Chain((open_engine(),))
        self.orders: list[SpeechOrder] = []
        self.hears: Callable[[str], str] | None = None

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""
        self._chain.close()

    async def warm(self) -> None:
        """It is warm."""

    async def render(
        self, order: SpeechOrder, on_progress: OnProgress = quiet, on_first: OnFirst = unheard
    ) -> SpeechDone:
        """The clip of this order; raises SpeechFailed as the speech process does."""
        self.orders.append(order)
        request = RenderRequest(
            text=order.text,
            style=order.style,
            repeat=order.repeat,
            chime=order.chime,
            issued_at_spoken=order.issued_at,
            lexicon=order.lexicon,
            pin=order.pin,
            choices=choices_of(order.region),
        )
        try:
            rendering = render(request, self._chain, self._cache, on_progress)
        except SpeechError as failure:
            raise SpeechFailed(failure.code, failure.vi, failure.en) from failure
        clip = rendering.clip
        path = self._clips_dir / clip.sha256
        if not path.is_file():
            write_whole(path, clip.data)
        return SpeechDone(
            clip=_facts(clip),
            spoken=rendering.spoken,
            guesses=tuple(asdict(guess) for guess in rendering.guesses),
            said=tuple(asdict(said) for said in rendering.said),
            findings=tuple(asdict(finding) for finding in rendering.findings),
            words_a_minute=rendering.words_a_minute,
        )

    async def horn(self, clip: Path, out: Path) -> None:
        """The real preview, in this process."""
        preview(clip, out)

    async def listen(self, style: Style, said: Sequence[tuple[str, str]]) -> Listening:
        """What ``hears`` makes of each sentence; nobody listens where it is not set."""
        if self.hears is None:
            raise SpeechFailed("E_HEARING_ABSENT", "Chưa cài.", "not installed")
        heard = compare([(sentence, self.hears(sentence)) for sentence, _ in said])
        doubts = tuple(asdict(doubt) for doubt in heard.doubts)
        return Listening(words=heard.words, alike=heard.alike, doubts=doubts)

    async def spell(self, text: str, lexicon: tuple[Reading, ...] = ()) -> Spelled:
        """How the text will be read."""
        normalized = normalize(text, lexicon)
        return Spelled(spoken=normalized.spoken, guesses=tuple(asdict(guess) for guess in normalized.guesses))


def _facts(clip: Clip) -> ClipFacts:
    return ClipFacts(
        sha256=clip.sha256,
        bytes=len(clip.data),
        duration_ms=clip.duration_ms,
        lufs=clip.lufs,
        peak_dbfs=clip.peak_dbfs,
        engine=clip.engine,
        media_type=clip.media_type,
    )
