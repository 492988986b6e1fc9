"""Lookups over the programmes that a node holds: what comes next, and whether a programme fits its topic."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from devices import codec, topics
from devices.grants import Relay, StreamKind
from devices.items import Item, occurrence_claim
from devices.memory import Held, Memory
from devices.messages import ClipHash, ClipRef, Entry, Programme
from devices.tracks import chosen, heard

LIMIT = 65_536
_HEADER_AND_SIGNATURE = 4 * 64 + 200


def size(programme: Programme) -> int:
    """An upper bound of the signed envelope's octets, whatever the key's name."""
    return -(-len(codec.encode(programme)) * 4 // 3) + _HEADER_AND_SIGNATURE


def fits(programme: Programme) -> bool:
    """Whether every node will take it (64 KB on the wire)."""
    return size(programme) <= LIMIT


def topic_of(programme: Programme) -> str:
    if programme.group is not None:
        return topics.group_programme(programme.group, programme.date)
    return topics.programme(programme.area, programme.date)


def held_programmes(memory: Memory) -> tuple[Held, ...]:
    """The programmes in force on this node."""
    return tuple(held for held in memory.documents.values() if isinstance(held.message, Programme))


def clips_wanted(memory: Memory, now: datetime) -> tuple[ClipRef, ...]:
    """Every clip that something still to come needs here, soonest first, each once."""
    return tuple({clip.sha256: clip for _, clip in _clips_ahead(memory, now)}.values())


def clips_due(memory: Memory, now: datetime) -> dict[ClipHash, datetime]:
    """When each of these clips is needed first."""
    return {clip.sha256: at for at, clip in reversed(_clips_ahead(memory, now))}


def _clips_ahead(memory: Memory, now: datetime) -> list[tuple[datetime, ClipRef]]:
    entries: list[tuple[datetime, ClipRef]] = []
    for programme in _programmes(memory):
        clips = {clip.sha256: clip for clip in programme.clips}
        entries += [
            (entry.starts_at, clips[clip])
            for entry in programme.entries
            if now < entry.expires_at
            for clip in heard(entry, memory.languages)
        ]
    return sorted(entries, key=lambda pair: pair[0])


def upcoming(memory: Memory, now: datetime) -> tuple[Item, ...]:
    """Items not yet claimed that may still start, in the order of their due instants.

    An occurrence that several programmes list (area and group, or moved to another day) counts once, in its
    highest revision.
    """
    best: dict[str, Item] = {}
    for held in held_programmes(memory):
        for item in _items(held, memory.languages):
            if item.claim in memory.claims or now >= item.expires_at or now > item.latest_at:
                continue
            known = best.get(item.claim)
            if known is None or item.revision > known.revision:
                best[item.claim] = item
    return tuple(sorted(best.values(), key=lambda item: (item.due_at, item.claim)))


def item_of(entry: Entry, programme: Programme, held: Held, languages: tuple[str, ...] = ()) -> Item:
    """The entry as the thing that may sound on a node with these languages."""
    return _item(entry, programme, held, {clip.sha256: clip for clip in programme.clips}, languages)


def _programmes(memory: Memory) -> Iterable[Programme]:
    for held in memory.documents.values():
        if isinstance(held.message, Programme):
            yield held.message


def _items(held: Held, languages: tuple[str, ...]) -> Iterable[Item]:
    programme = held.message
    if isinstance(programme, Programme):
        clips = {clip.sha256: clip for clip in programme.clips}
        for entry in programme.entries:
            yield _item(entry, programme, held, clips, languages)


def _last_of(entry: Entry, relay: Relay) -> datetime:
    """The last instant at which something of the stream is still to be heard."""
    return entry.starts_at + timedelta(milliseconds=relay.length_ms - 1)


def _item(
    entry: Entry,
    programme: Programme,
    held: Held,
    clips: Mapping[ClipHash, ClipRef],
    languages: tuple[str, ...],
) -> Item:
    relay = entry.relay
    tracks = chosen(entry.tracks or (), languages)
    first, *then = (clips[clip] for clip in heard(entry, languages))
    return Item(
        claim=occurrence_claim(entry.occurrence),
        bulletin_class=entry.bulletin_class,
        mode=programme.mode,
        kid=held.kid,
        issued_at=programme.issued_at,
        due_at=entry.starts_at,
        latest_at=entry.latest_at if relay is None else min(entry.latest_at, _last_of(entry, relay)),
        expires_at=entry.expires_at,
        duration_ms=sum(clip.duration_ms for clip in (first, *then)) if relay is None else relay.length_ms,
        volume=entry.volume,
        clip=first,
        then=tuple(then),
        spoken=tuple(track.language for track in tracks),
        occurrence=entry.occurrence,
        revision=entry.revision,
        topic=topic_of(programme),
        version=programme.version,
        title=entry.title,
        stream=None if relay is None else StreamKind.RELAY,
        grant="" if relay is None else relay.grant,
    )
