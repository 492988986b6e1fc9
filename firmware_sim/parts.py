"""Of which stretches an item's sound is made: the siren before the words, the frame around a drill."""

from datetime import timedelta

from devices.alerts import TONE_MS
from devices.items import Item
from devices.messages import BulletinClass, Mode
from firmware_sim.state import Airing, Part

EXERCISE = "exercise"
STREAM = "stream"


def parts_of(item: Item) -> tuple[Part, ...]:
    """In order. A drill is framed by the node itself, so that no content can suppress the frame."""
    inner: list[Part] = []
    if item.stream is not None:
        inner.append(Part(name=STREAM, length_ms=item.duration_ms))
    if item.tone is not None:
        inner.append(Part(name="tone", tone=item.tone, length_ms=TONE_MS[item.tone]))
    if item.stream is None:
        inner += _spoken(item)
    if item.mode is not Mode.EXERCISE:
        return tuple(inner)
    frame = Part(name="frame", tone=EXERCISE, length_ms=TONE_MS[EXERCISE])
    return (frame, *inner, frame)


def _spoken(item: Item) -> tuple[Part, ...]:
    name = "words" if item.bulletin_class is BulletinClass.EMERGENCY else "clip"
    names = tuple(f"{name}:{language}" for language in item.spoken) or (name,)
    return tuple(
        Part(name=name, clip=clip.sha256, length_ms=clip.duration_ms)
        for name, clip in zip(names, item.clips, strict=False)
    )


def place(airing: Airing, from_ms: int) -> tuple[int, int]:
    """Which part lies at a position of the whole, and where in it."""
    left = from_ms
    for index, part in enumerate(airing.parts):
        if left < part.length_ms or index == len(airing.parts) - 1:
            return index, min(left, part.length_ms)
        left -= part.length_ms
    return 0, 0


def before(airing: Airing, index: int) -> int:
    """How many milliseconds of the whole lie before that part."""
    return sum(part.length_ms for part in airing.parts[:index])


def source_of(item: Item) -> str:
    """What brought it, for the journal."""
    if item.alert is not None:
        return "alert"
    return "command" if item.command is not None else "programme"


def length(item: Item) -> timedelta:
    """The whole sound."""
    return timedelta(milliseconds=sum(part.length_ms for part in parts_of(item)))
