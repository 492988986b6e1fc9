"""A bulletin's text made into a clip, sentence by sentence, each spoken and encoded once and kept."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tts.cache import SentenceCache, quantised, sentence_key
from tts.chain import Chain
from tts.clip import SAMPLE_RATE, Clip
from tts.engines.engine import Engine, Pcm, Style
from tts.errors import TextUnspeakable
from tts.formats import Format
from tts.gate import Finding, check, measure
from tts.loudness import normalise
from tts.mixing import AFTER_CHIME_MS, BETWEEN_ROUNDS_MS, chime
from tts.normalize import Guess, Normalized, Reading, normalize
from tts.opus import take
from tts.phrases import Phrase, split, syllables
from tts.reading.regions import Choices
from tts.takes import TakeEncoder

MOST_REPEATS = 3
# What the last engine of a chain takes for a sentence: kept back for each that is still to be spoken.
LAST_RESORT_S = 0.2
_USUAL = Choices()
_log = logging.getLogger("loa.speech")

OnProgress = Callable[[int, int], None]
OnFirst = Callable[[Clip], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """`repeat` counts the readings (1 to 3); with `issued_at_spoken` each repeat restates that time.

    `within_s`: what can't be spoken in that time is left to the chain's next engines. `pin`: its sentences
    stay in the cache whatever their age.
    """

    text: str
    style: Style = Style.BULLETIN
    repeat: int = 1
    chime: bool = True
    issued_at_spoken: str | None = None
    lexicon: tuple[Reading, ...] = ()
    choices: Choices = _USUAL
    format: Format = Format.OPUS
    within_s: float | None = None
    pin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One sentence: who spoke it, whether it was in the cache, and why no better engine spoke it."""

    sentence: str
    engine: str
    cached: bool
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """The clip and how it came about; `engines` in order of first use, sentences counted once each."""

    clip: Clip
    spoken: str
    guesses: tuple[Guess, ...]
    engines: tuple[str, ...]
    sentences: int
    cached_sentences: int
    said: tuple[Said, ...]
    findings: tuple[Finding, ...]
    words_a_minute: float


def quiet(sentence: int, total: int) -> None:
    """For callers who do not watch the progress."""


def unheard(clip: Clip) -> None:
    """For callers who wait for the whole."""


def render(
    request: RenderRequest,
    chain: Chain,
    cache: SentenceCache,
    on_progress: OnProgress = quiet,
    on_first: OnFirst = unheard,
) -> Rendering:
    """Speak the request; `on_progress(sentence, of)` is called after each distinct sentence, `on_first` with
    the first one as a clip of its own as soon as it is spoken.

    Raises TextUnspeakable, NoEngineLeft, and whatever the callbacks raise.
    """
    normalized = normalize(request.text, request.lexicon, request.choices)
    phrases = _phrases(request, normalized)
    voice = _Voice(request, chain, cache)
    encoder = TakeEncoder(wanted=request.format, cache=cache, pin=request.pin)
    pauses = _pauses(phrases)
    for number, (sentence, pauses_ms) in enumerate(pauses.items(), start=1):
        pcm = voice.speak(sentence, left=len(pauses) - number)
        # Encoded at once and not all at the end: an urgent bulletin waits for one sentence at most.
        for pause_ms in pauses_ms:
            encoder.prepare(take(pcm, pause_ms))
        if number == 1 and on_first is not unheard:
            on_first(encoder.clip([take(pcm, pauses_ms[0])], voice.said[0].engine))
        on_progress(number, len(pauses))
    takes = [take(chime(), AFTER_CHIME_MS)] if request.chime else []
    takes += [take(voice.pcm[phrase.text], phrase.pause_ms) for phrase in phrases]
    clip = encoder.clip(takes, voice.said[0].engine)
    _tidy(cache)
    return Rendering(
        clip=clip,
        spoken=normalized.spoken,
        guesses=normalized.guesses,
        engines=tuple(dict.fromkeys(said.engine for said in voice.said)),
        sentences=len(voice.said),
        cached_sentences=sum(said.cached for said in voice.said),
        said=tuple(voice.said),
        findings=tuple(voice.findings),
        words_a_minute=voice.words * 60 / voice.voiced_s if voice.voiced_s else 0.0,
    )


class _Voice:
    """Speaks each distinct sentence of one request once; from the cache where it can."""

    def __init__(self, request: RenderRequest, chain: Chain, cache: SentenceCache) -> None:
        self._request = request
        self._chain = chain
        self._cache = cache
        self._ends_at = None if request.within_s is None else chain.now() + request.within_s
        self.pcm: dict[str, Pcm] = {}
        self.said: list[Said] = []
        self.findings: list[Finding] = []
        self.words = 0
        self.voiced_s = 0.0

    def speak(self, sentence: str, *, left: int) -> Pcm:
        """Its samples at the level of every sentence; `left` more are still to be spoken after it."""

        def recall(engine: Engine) -> Pcm | None:
            return self._cache.find(self._key(engine.identity, sentence))

        speak_by = None if self._ends_at is None else self._ends_at - left * LAST_RESORT_S
        spoken = self._chain.speak(sentence, self._request.style, speak_by=speak_by, recall=recall)
        pcm = spoken.pcm if spoken.recalled else quantised(normalise(spoken.pcm, SAMPLE_RATE))
        self._keep(self._key(spoken.identity, sentence), pcm, known=spoken.recalled)
        self.pcm[sentence] = pcm
        self.said.append(
            Said(sentence=sentence, engine=spoken.engine, cached=spoken.recalled, causes=spoken.causes)
        )
        sound, words = measure(pcm, SAMPLE_RATE), syllables(sentence)
        self.words, self.voiced_s = self.words + words, self.voiced_s + sound.voiced_s
        self.findings += check(sound, words=words, sentence=sentence)
        return pcm

    def _key(self, identity: str, sentence: str) -> str:
        return sentence_key(identity, self._request.style, sentence)

    def _keep(self, key: str, pcm: Pcm, *, known: bool) -> None:
        try:
            if not known:
                self._cache.keep(key, pcm)
            if self._request.pin:
                self._cache.pin(key)
        except OSError as failure:  # a full disk must not silence a bulletin that can still be spoken
            _log.warning("sentence.not_kept reason=%s", failure)


def _phrases(request: RenderRequest, normalized: Normalized) -> tuple[Phrase, ...]:
    """All rounds in order; the last phrase of each but the last holds the silence between them."""
    body = split(normalized.spoken)
    if not body:
        raise TextUnspeakable
    again = body
    if request.issued_at_spoken:
        words = f"Xin nhắc lại. Bản tin phát lúc {request.issued_at_spoken}."
        reminder = normalize(words, request.lexicon, request.choices)
        again = split(reminder.spoken) + body
    phrases = body
    for _ in range(min(request.repeat, MOST_REPEATS) - 1):
        last = replace(phrases[-1], pause_ms=phrases[-1].pause_ms + BETWEEN_ROUNDS_MS)
        phrases = (*phrases[:-1], last, *again)
    return phrases


def _pauses(phrases: Sequence[Phrase]) -> dict[str, tuple[int, ...]]:
    """Each distinct sentence in order, with the different silences that follow it."""
    pauses: dict[str, dict[int, None]] = {}
    for phrase in phrases:
        pauses.setdefault(phrase.text, {})[phrase.pause_ms] = None
    return {text: tuple(lengths) for text, lengths in pauses.items()}


def _tidy(cache: SentenceCache) -> None:
    try:
        cache.trim()
    except OSError as failure:
        _log.warning("cache.not_trimmed reason=%s", failure)
