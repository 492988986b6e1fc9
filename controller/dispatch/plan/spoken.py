"""An item in several languages as the plan sees it: what each node hears of it, and how long that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from controller.store import clips, nodes, track_rows
from controller.store.clips import ClipFacts
from controller.store.database import Conn
from controller.store.recordings import take_print
from controller.store.sounds import RenderState
from devices.messages import ClipHash, ClipRef
from devices.messages import Track as OnWire
from devices.tracks import chosen
from schedules.announcement import Announcement, AreaCode
from schedules.area import Tree
from schedules.language import MAIN
from schedules.tracks import heard

Tongues = Mapping[AreaCode, frozenset[tuple[str, ...]]]
"""By village: the language lists of its nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One language of it, ready to be heard."""

    language: str
    clip: ClipRef


def on_wire(spoken: Iterable[Spoken]) -> tuple[OnWire, ...] | None:
    """As an entry lists them; None where there is nothing to choose from."""
    return tuple(OnWire(language=one.language, clip=one.clip.sha256) for one in spoken) or None


def length_of(main: ClipRef, spoken: tuple[Spoken, ...], languages: Iterable[str]) -> timedelta:
    """How long it is on a node with these languages, by the node's own rule."""
    by_clip = {one.clip.sha256: one.clip.duration_ms for one in spoken}
    found = chosen(on_wire(spoken) or (), languages)
    return timedelta(milliseconds=sum(by_clip[track.clip] for track in found) or main.duration_ms)


def longest(
    main: ClipRef, spoken: tuple[Spoken, ...], tongues: Tongues, ground: Iterable[AreaCode], tree: Tree
) -> timedelta:
    """The length that is kept free for it: that of the node on its ground that hears most of it."""
    if not spoken:
        return timedelta(milliseconds=main.duration_ms)
    known = tuple(code for code in ground if code in tree)
    here = {
        languages
        for village, lists in tongues.items()
        if village in tree and any(tree.descends(village, code) for code in known)
        for languages in lists
    }
    return max(length_of(main, spoken, languages) for languages in here | {()})


def tongues_of(conn: Conn) -> Tongues:
    """What the nodes in service understand."""
    found: dict[AreaCode, set[tuple[str, ...]]] = {}
    for area, languages in nodes.tongues(conn):
        found.setdefault(area, set()).add(languages)
    return {code: frozenset(lists) for code, lists in found.items()}


def spoken_of(conn: Conn, a: Announcement, main: ClipRef) -> tuple[Spoken, ...]:
    """The main track and every confirmed one whose sound is ready; empty where it has no others."""
    further = heard(a)
    if not further:
        return ()
    sounds = track_rows.sounds(conn, a.id)
    ready = (
        (track.language, clips.find(conn, sound.clip))
        for track in further
        if (sound := sounds.get(track.language)) is not None
        and sound.state is RenderState.READY
        and sound.clip is not None
        and sound.wanted == take_print(track.recording, a.repeat)
    )
    others = tuple(Spoken(language=tag, clip=ref(facts)) for tag, facts in ready if facts is not None)
    return (Spoken(language=MAIN, clip=main), *others) if others else ()


def ref(facts: ClipFacts) -> ClipRef:
    return ClipRef(
        sha256=ClipHash(facts.sha256),
        bytes=facts.bytes,
        duration_ms=facts.duration_ms,
        media_type=facts.media_type,
    )
