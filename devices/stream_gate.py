"""The gate of a stream: each chunk is judged by itself, and one that is not verified is silence."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from devices import chunks, delegation, topics
from devices.acceptance import seen
from devices.admission import Ignored, Refused
from devices.checks import SEQ_JUMP, SKEW
from devices.chunks import Chunk, SealedChunk
from devices.errors import Code, FormatError, SizeError
from devices.grants import Grant, StreamKind
from devices.incoming import Why
from devices.items import Item, live_claim
from devices.memory import WINDOW_WIDTH, HeldGrant, LoadedKey, Memory, Window
from devices.messages import Action, ClockState, CommandId
from devices.topics import Topic, TopicKind

STALE = timedelta(seconds=5)
"""A chunk that was so long under way is no longer now (and a replayed one never is)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """It may sound. ``window`` holds its number from now on."""

    chunk: Chunk
    window: Window


def live_item(held: HeldGrant) -> Item:
    """What a live command lets sound, from when it was opened to the end of its newest term."""
    command = held.command
    grant = command.live if command.live is not None else Grant(ends_at=command.expires_at)
    name = command.grant or ""
    return Item(
        claim=live_claim(name),
        bulletin_class=command.bulletin_class,
        mode=command.mode,
        kid=held.kid,
        issued_at=held.opened_at,
        due_at=held.opened_at,
        latest_at=command.expires_at,
        expires_at=min(command.expires_at, grant.ends_at),
        duration_ms=(grant.ends_at - held.opened_at) // timedelta(milliseconds=1),
        volume=grant.volume,
        by_command=True,
        command=CommandId(name),
        topic=_topic(held),
        title=grant.title,
        stream=grant.kind,
        grant=name,
    )


def admit(
    raw: bytes, topic: str, retained: bool, item: Item | None, window: Window, memory: Memory, now: datetime
) -> Taken | Ignored | Refused:
    """Whether this chunk may sound as part of ``item``, the open stream of that grant (None: there is none).

    What costs least is asked first; nothing is changed by what is not verified.
    """
    place = topics.parse(topic)
    if place is None or place.kind is not TopicKind.LIVE or item is None or item.grant != place.grant:
        return Ignored(why=Why.NOT_OURS)
    if retained:
        return Refused(code=Code.REPLAY, detail="a retained chunk", alarm=True)
    if memory.locked:
        return Refused(code=Code.LOCKED, detail="locked")
    if not _on_its_ground(item, place, memory):
        return Refused(code=Code.TARGET, detail="a chunk on another ground")
    try:
        sealed = chunks.open_chunk(raw)
    except SizeError as error:
        return Refused(code=Code.SIZE, detail=str(error))
    except FormatError as error:
        return Refused(code=Code.FORMAT, detail=error.detail)
    return _numbered(sealed, item, window, memory, memory.instant(now))


def _numbered(
    sealed: SealedChunk, item: Item, window: Window, memory: Memory, at: datetime
) -> Taken | Ignored | Refused:
    # Numbers begin at 0 and a window's bottom is 0 unseen, so they are counted from 1 there.
    number = sealed.chunk.sequence + 1
    behind = window.top - number
    if 0 <= behind < WINDOW_WIDTH and window.seen >> behind & 1:
        return Ignored(why=Why.REPEATED)
    if behind >= WINDOW_WIDTH or number > window.top + SEQ_JUMP:
        return Refused(code=Code.REPLAY, detail=f"chunk {sealed.chunk.sequence}")
    refused = _signer(sealed, item, memory, at) or _in_time(sealed.chunk, item, memory, at)
    return refused or Taken(chunk=sealed.chunk, window=seen(window, number))


def _signer(sealed: SealedChunk, item: Item, memory: Memory, at: datetime) -> Refused | None:
    loaded = memory.keys.get(sealed.chunk.kid)
    if loaded is None or loaded.delegation.revoked:
        return Refused(code=Code.KEY, detail="unknown or revoked key")
    if not loaded.delegation.not_before <= at < loaded.delegation.expires_at:
        return Refused(code=Code.KEY, detail="outside the key's life")
    if not _may_stream(loaded, item, memory):
        return Refused(code=Code.DELEGATION, detail="the key may not stream this")
    if not chunks.verify(sealed, loaded.public, memory.tenant, item.grant):
        return Refused(code=Code.SIGNATURE, detail="signature")
    return None


def _in_time(chunk: Chunk, item: Item, memory: Memory, at: datetime) -> Refused | None:
    if at >= item.expires_at:
        return Refused(code=Code.EXPIRED, detail="the grant is over")
    if memory.clock is ClockState.UNSURE:
        return None
    if at - chunk.sent_at > STALE:
        return Refused(code=Code.EXPIRED, detail="a chunk of before")
    if chunk.sent_at > at + SKEW:
        return Refused(code=Code.EARLY, detail="a chunk of the future")
    return None


def _may_stream(loaded: LoadedKey, item: Item, memory: Memory) -> bool:
    right, ground = loaded.delegation, _ground(item)
    area = ground.area if ground is not None and ground.area is not None else memory.chain[-1:]
    areas = area if isinstance(area, tuple) else (area,)
    return (
        Action.LIVE in right.actions
        and item.mode in right.modes
        and item.bulletin_class in right.classes
        and any(delegation.covers(memory.chain, one, mine) for one in right.areas for mine in areas)
    )


def _on_its_ground(item: Item, place: Topic, memory: Memory) -> bool:
    ground = _ground(item)
    if ground is None:
        return False
    if ground.node is not None:
        return place.area is not None and place.area in memory.chain
    return (ground.area, ground.group) == (place.area, place.group)


def _ground(item: Item) -> Topic | None:
    return topics.parse(item.topic)


def _topic(held: HeldGrant) -> str:
    command = held.command
    if command.node is not None:
        return topics.node_command(command.node)
    if command.group is not None:
        return topics.group_command(command.group)
    assert command.area is not None  # bounds: exactly one of area and node
    return topics.command(command.area)


PATIENCE = {StreamKind.LIVE: 2.5, StreamKind.RELAY: 10.0}
"""So many seconds a stream that a command opened may be silent before it is over."""
