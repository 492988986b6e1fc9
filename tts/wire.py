"""The words between the controller and the speech process: one JSON object a line."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tts.clip import Clip
from tts.engines.engine import Style
from tts.errors import RequestRefused, SpeechError
from tts.formats import Format
from tts.heard import Heard
from tts.normalize import Guess, Reading
from tts.reading.regions import Choices, Region, choices_of
from tts.render import MOST_REPEATS, Rendering, RenderRequest

LONGEST_TEXT = 5000
LONGEST_LINE = 128 * 1024
LONGEST_WAIT_S = 3600

Words = dict[str, object]

_OF_A_REQUEST = (
    "text", "style", "repeat", "chime", "issued_at", "lexicon", "region", "format", "within_s", "pin",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Render:
    """Speak `request` and put the clip into the directory `out`; with `first`, its first sentence before,
    into `first_out` (else `out` too). `background`: nobody waits for it, whatever its style."""

    id: str
    request: RenderRequest
    out: Path
    first: bool = False
    first_out: Path | None = None
    background: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """Load what is heavy now, so that the next sentence comes at once."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Say how the text will be read, without a sound."""

    id: str
    text: str
    lexicon: tuple[Reading, ...]
    choices: Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Horn:
    """Put the clip `clip` as it is heard at the pole into the file `out`."""

    id: str
    clip: Path
    out: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Say what a recogniser hears in these sentences as (sentence, engine), which lie in the cache."""

    id: str
    style: Style
    said: tuple[tuple[str, str], ...]


Aside = Horn | Listen
"""What takes time and nobody's turn."""
Demand = Render | Warm | Spell | Aside


def parse(line: bytes) -> Demand:
    """One line as a demand; raises RequestRefused, whose English says what is wrong."""
    words = _words(line)
    demand_id = _text(words, "id", default="")
    match words.get("do"):
        case "render":
            _only(words, "id", "do", "out", "first", "first_out", "background", *_OF_A_REQUEST)
            first_out = _text(words, "first_out", default="")
            return Render(
                id=demand_id,
                request=_request(words),
                out=Path(_text(words, "out")),
                first=_flag(words, "first", default=False),
                first_out=Path(first_out) if first_out else None,
                background=_flag(words, "background", default=False),
            )
        case "warm":
            _only(words, "id", "do")
            return Warm(id=demand_id)
        case "normalize":
            _only(words, "id", "do", "text", "lexicon", "region")
            return Spell(
                id=demand_id, text=_spoken_text(words), lexicon=_lexicon(words), choices=_choices(words)
            )
        case "horn":
            _only(words, "id", "do", "clip", "out")
            return Horn(id=demand_id, clip=Path(_text(words, "clip")), out=Path(_text(words, "out")))
        case "listen":
            _only(words, "id", "do", "style", "said")
            return Listen(id=demand_id, style=_style(words), said=_said(words))
        case other:
            raise RequestRefused(f"unknown do: {other!r}")


def id_of(line: bytes) -> str:
    """The id of a line that was refused, as far as it can be read."""
    try:
        return _text(_words(line), "id", default="")
    except RequestRefused:
        return ""


def is_urgent(demand: Demand) -> bool:
    """Whether it may go ahead of an ordinary bulletin that is half done: emergencies, and questions
    that take no time."""
    match demand:
        case Render(request=request, background=background):
            return request.style is Style.EMERGENCY and not background
        case Warm():
            return False
        case Spell():
            return True
        case Horn() | Listen():
            return False


def ready() -> Words:
    """The first line of the process."""
    return {"event": "ready"}


def progress(demand_id: str, sentence: int, total: int) -> Words:
    """`sentence` of `total` is spoken."""
    return {"id": demand_id, "event": "progress", "sentence": sentence, "of": total}


def first(demand_id: str, clip: Clip) -> Words:
    """The first sentence is in its place as a clip of its own; the rest is being spoken."""
    return {"id": demand_id, "event": "first", "clip": clip_facts(clip)}


def rendered(demand_id: str, rendering: Rendering) -> Words:
    """The clip is in its place."""
    return {
        "id": demand_id,
        "event": "done",
        "clip": clip_facts(rendering.clip),
        "engines": list(rendering.engines),
        "sentences": rendering.sentences,
        "cached_sentences": rendering.cached_sentences,
        "said": [asdict(said) for said in rendering.said],
        "findings": [asdict(finding) for finding in rendering.findings],
        "words_a_minute": round(rendering.words_a_minute, 1),
        "spoken": rendering.spoken,
        "guesses": _guesses(rendering.guesses),
    }


def spelled(demand_id: str, spoken: str, guesses: tuple[Guess, ...]) -> Words:
    """How the text will be read."""
    return {"id": demand_id, "event": "done", "spoken": spoken, "guesses": _guesses(guesses)}


def warmed(demand_id: str, engines: tuple[str, ...]) -> Words:
    """These engines are loaded."""
    return {"id": demand_id, "event": "done", "engines": list(engines)}


def previewed(demand_id: str) -> Words:
    """The horn preview is in its place."""
    return {"id": demand_id, "event": "done"}


def listened(demand_id: str, heard: Heard) -> Words:
    """What the recogniser made of the sentences."""
    return {"id": demand_id, "event": "done", "heard": asdict(heard)}


def failed(demand_id: str, failure: SpeechError) -> Words:
    """The demand came to nothing, and why."""
    return {"id": demand_id, "event": "error", "code": failure.code, "vi": failure.vi, "en": failure.en}


def clip_facts(clip: Clip) -> Words:
    """What is told of a clip: its file lies under its SHA-256."""
    return {
        "sha256": clip.sha256,
        "bytes": len(clip.data),
        "duration_ms": clip.duration_ms,
        "lufs": clip.lufs,
        "peak_dbfs": clip.peak_dbfs,
        "engine": clip.engine,
        "media_type": clip.media_type,
    }


def _guesses(guesses: tuple[Guess, ...]) -> list[Words]:
    return [asdict(guess) for guess in guesses]


def _words(line: bytes) -> Mapping[str, object]:
    try:
        words = json.loads(line)
    except (ValueError, RecursionError) as refusal:
        raise RequestRefused("not a line of JSON") from refusal
    if not isinstance(words, dict):
        raise RequestRefused("not a JSON object")
    return words


def _request(words: Mapping[str, object]) -> RenderRequest:
    repeat = words.get("repeat", 1)
    if type(repeat) is not int or not 1 <= repeat <= MOST_REPEATS:
        raise RequestRefused(f"repeat is not 1 to {MOST_REPEATS}")
    return RenderRequest(
        text=_spoken_text(words),
        style=_style(words),
        repeat=repeat,
        chime=_flag(words, "chime", default=True),
        issued_at_spoken=_text(words, "issued_at", default="") or None,
        lexicon=_lexicon(words),
        choices=_choices(words),
        format=_format(words),
        within_s=_seconds(words, "within_s"),
        pin=_flag(words, "pin", default=False),
    )


def _style(words: Mapping[str, object]) -> Style:
    try:
        return Style(_text(words, "style", default=Style.BULLETIN.value))
    except ValueError as refusal:
        raise RequestRefused("style is neither bulletin nor emergency") from refusal


def _said(words: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    rows = words.get("said")
    if not isinstance(rows, list) or not rows:
        raise RequestRefused("said is no list of sentences")
    said = []
    for row in rows:
        match row:
            case [str(sentence), str(engine)]:
                said.append((sentence, engine))
            case _:
                raise RequestRefused("said holds something else than [sentence, engine]")
    return tuple(said)


def _format(words: Mapping[str, object]) -> Format:
    try:
        return Format(_text(words, "format", default=Format.OPUS.value))
    except ValueError as refusal:
        raise RequestRefused(f"format is none of {', '.join(Format)}") from refusal


def _flag(words: Mapping[str, object], key: str, *, default: bool) -> bool:
    value = words.get(key, default)
    if not isinstance(value, bool):
        raise RequestRefused(f"{key} is neither true nor false")
    return value


def _seconds(words: Mapping[str, object], key: str) -> float | None:
    value = words.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_WAIT_S:
        raise RequestRefused(f"{key} is not a number of seconds up to {LONGEST_WAIT_S}")
    return float(value)


def _spoken_text(words: Mapping[str, object]) -> str:
    text = _text(words, "text")
    if len(text) > LONGEST_TEXT:
        raise RequestRefused(f"text is longer than {LONGEST_TEXT} characters")
    return text


def _lexicon(words: Mapping[str, object]) -> tuple[Reading, ...]:
    rows = words.get("lexicon", [])
    if not isinstance(rows, list):
        raise RequestRefused("lexicon is not a list")
    readings = []
    for row in rows:
        match row:
            case [str(written), str(reading)]:
                readings.append(Reading(written=written, reading=reading))
            case [str(written), str(reading), int(priority)]:
                readings.append(Reading(written=written, reading=reading, priority=priority))
            case _:
                raise RequestRefused("lexicon holds something else than [written, reading, priority]")
    return tuple(readings)


def _choices(words: Mapping[str, object]) -> Choices:
    try:
        return choices_of(Region(_text(words, "region", default=Region.NORTH.value)))
    except ValueError as refusal:
        raise RequestRefused(f"region is none of {', '.join(Region)}") from refusal


def _text(words: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = words.get(key, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise RequestRefused(f"{key} is not a string")
    return value


def _only(words: Mapping[str, object], *known: str) -> None:
    unknown = sorted(set(words) - set(known))
    if unknown:
        raise RequestRefused(f"unknown key {unknown[0]!r}")
