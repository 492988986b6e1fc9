"""A bulletin's text made into a clip, sentence by sentence, each spoken once and kept."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tts.cache import SentenceCache, quantised, sentence_key
from tts.chain import Chain
from tts.clip import SAMPLE_RATE, Clip, clip_from_pcm
from tts.engines.engine import Pcm, Style
from tts.errors import TextUnspeakable
from tts.loudness import normalise
from tts.mixing import chime, join, silence
from tts.normalize import Guess, Normalized, Reading, normalize
from tts.phrases import Phrase, split

MOST_REPEATS = 3
AFTER_CHIME_MS = 400
BETWEEN_ROUNDS_MS = 1200
_log = logging.getLogger("loa.speech")

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """`repeat` counts the readings (1 to 3); with `issued_at_spoken` each repeat restates that time."""

    text: str
    style: Style = Style.BULLETIN
    repeat: int = 1
    chime: bool = True
    issued_at_spoken: str | None = None
    lexicon: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """The clip and how it came about; `engines` in order of first use, sentences counted once each."""

    clip: Clip
    spoken: str
    guesses: tuple[Guess, ...]
    engines: tuple[str, ...]
    sentences: int
    cached_sentences: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Voiced:
    pcm: Pcm
    engine: str
    cached: bool


def quiet(sentence: int, total: int) -> None:
    """For callers who do not watch the progress."""


def render(
    request: RenderRequest, chain: Chain, cache: SentenceCache, on_progress: OnProgress = quiet
) -> Rendering:
    """Speak the request; `on_progress(sentence, of)` is called after each distinct sentence.

    Raises TextUnspeakable, NoEngineLeft, and whatever `on_progress` raises.
    """
    normalized = normalize(request.text, request.lexicon)
    rounds = _rounds(request, normalized)
    distinct = tuple(dict.fromkeys(phrase.text for phrases in rounds for phrase in phrases))
    voiced: dict[str, _Voiced] = {}
    for number, sentence in enumerate(distinct, start=1):
        voiced[sentence] = _voice(sentence, request.style, chain, cache)
        on_progress(number, len(distinct))
    engines = tuple(dict.fromkeys(voice.engine for voice in voiced.values()))
    speech = _assemble(rounds, voiced, with_chime=request.chime)
    return Rendering(
        clip=clip_from_pcm(speech, engines[0]),
        spoken=normalized.spoken,
        guesses=normalized.guesses,
        engines=engines,
        sentences=len(distinct),
        cached_sentences=sum(voice.cached for voice in voiced.values()),
    )


def _rounds(request: RenderRequest, normalized: Normalized) -> tuple[tuple[Phrase, ...], ...]:
    body = split(normalized.spoken)
    if not body:
        raise TextUnspeakable
    again = body
    if request.issued_at_spoken:
        reminder = normalize(f"Xin nhắc lại. Bản tin phát lúc {request.issued_at_spoken}.", request.lexicon)
        again = split(reminder.spoken) + body
    return (body, *(again for _ in range(min(request.repeat, MOST_REPEATS) - 1)))


def _voice(sentence: str, style: Style, chain: Chain, cache: SentenceCache) -> _Voiced:
    """From the cache where the preferred engine has said it before, else spoken and kept."""
    for preferred in chain.allowed(style)[:1]:
        kept = cache.find(sentence_key(preferred.identity, style, sentence))
        if kept is not None:
            return _Voiced(pcm=kept, engine=preferred.name, cached=True)
    spoken = chain.speak(sentence, style)
    level = quantised(normalise(spoken.pcm, SAMPLE_RATE))
    try:
        cache.keep(sentence_key(spoken.identity, style, sentence), level)
    except OSError as failure:  # a full disk must not silence a bulletin that can still be spoken
        _log.warning("sentence.not_kept reason=%s", failure)
    return _Voiced(pcm=level, engine=spoken.engine, cached=False)


def _assemble(rounds: Sequence[Sequence[Phrase]], voiced: dict[str, _Voiced], *, with_chime: bool) -> Pcm:
    pieces = [chime(), silence(AFTER_CHIME_MS)] if with_chime else []
    for number, phrases in enumerate(rounds):
        if number:
            pieces.append(silence(BETWEEN_ROUNDS_MS))
        for phrase in phrases:
            pieces += [voiced[phrase.text].pcm, silence(phrase.pause_ms)]
    return normalise(join(pieces), SAMPLE_RATE)
