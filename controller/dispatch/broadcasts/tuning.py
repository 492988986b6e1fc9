"""Where the sound of a broadcast comes from: the area's stations and their filler, or an approved bài."""

import logging
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

import numpy as np

from controller.access import Person, Right
from controller.dispatch.refusals import allow, missing
from controller.dispatch.room import Room
from controller.dispatch.signals import Topic
from controller.errors import Problem
from controller.store import announcements, clips, relays
from controller.store.broadcasts import Broadcast, BroadcastKind
from controller.store.clips import ClipFacts
from controller.store.relays import RelaySource
from controller.streams.address import Allowed
from controller.streams.choosing import Switch
from controller.streams.fetching import Fetcher
from controller.streams.frames import RATE, Frame, frames_of
from controller.streams.pulling import pull
from controller.streams.voices import Playback, Relay, Voice
from schedules.announcement import AnnouncementId, AreaCode, State
from tts.clip import SAMPLE_RATE, Clip, decode
from tts.files import write_whole
from tts.formats import clip_from_pcm
from tts.mixing import chime
from tts.resample import resample

_PIECE = 32 * 1024
_log = logging.getLogger("loa.relay")


class Tuner:
    """``voice`` gives what was asked for, not yet begun; ``stop`` lets go of every connection."""

    def __init__(self, room: Room) -> None:
        self._room = room
        settings = room.settings
        self.allowed = Allowed(hosts=settings.relay_hosts, own=settings.relay_own_hosts)
        self._fetcher: Fetcher | None = None
        self._bells: tuple[Frame, ...] = ()

    async def stop(self) -> None:
        if self._fetcher is not None:
            await self._fetcher.close()

    @property
    def fetcher(self) -> Fetcher:
        """Made when it is first wanted: most houses relay nothing for weeks."""
        if self._fetcher is None:
            self._fetcher = Fetcher(self.allowed)
        return self._fetcher

    async def bells(self) -> tuple[Frame, ...]:
        """The polite end of what broke off, and the filler where nobody chose one."""
        if not self._bells:
            self._bells = await self._room.lanes.files.run(_bells)
        return self._bells

    async def sources(self, area: AreaCode) -> tuple[RelaySource, ...]:
        """The area's own stations, or those of the nearest area above it that has any."""
        found = await self._room.db.read(relays.above, self._room.tree.chain(area))
        return () if found is None else found.sources

    async def names(self, area: AreaCode) -> tuple[str, ...]:
        """What people call them."""
        return tuple(source.name for source in await self.sources(area))

    async def bells_clip(self) -> str:
        """The bells as a clip that nodes can hold: the filler where nobody chose one."""
        room = self._room
        clip = await room.lanes.files.run(_keep_bells, room.clips)
        facts = ClipFacts(
            sha256=clip.sha256,
            bytes=len(clip.data),
            duration_ms=clip.duration_ms,
            lufs=clip.lufs,
            peak_dbfs=clip.peak_dbfs,
            engine=clip.engine,
        )
        await room.db.write(clips.save, facts, room.clock.now())
        return facts.sha256

    async def title_of(self, item: AnnouncementId) -> str:
        """What people call a bài."""
        kept = await self._room.db.read(announcements.get, item)
        return "" if kept is None else kept.announcement.title

    async def clip_of(self, person: Person, item: AnnouncementId) -> str:
        """The sound of an approved bài in sight. 404, 409 ``E_STATE`` unless approved, ``E_NOT_READY``."""
        kept = await self._room.db.read(announcements.get, item)
        if kept is None:
            raise missing()
        allow(person, Right.READ, kept.announcement.area, self._room.tree)
        if kept.announcement.state is not State.APPROVED:
            raise Problem("E_STATE")
        if kept.sound.clip is None:
            raise Problem("E_NOT_READY")
        return kept.sound.clip

    async def voice(self, broadcast: Broadcast) -> Voice:
        """Of a relay or a recording."""
        room = self._room
        if broadcast.kind is BroadcastKind.RECORDING:
            assert broadcast.clip is not None
            return Playback(partial(_file, room.clips / broadcast.clip), room.clock.monotonic)
        return await self.relay(broadcast.area, broadcast.id)

    async def relay(self, area: AreaCode, grant: str) -> Relay:
        """422 ``E_SOURCE`` where the area has no station."""
        room = self._room
        listed = await room.db.read(relays.above, room.tree.chain(area))
        if listed is None:
            raise Problem("E_SOURCE")
        return self.stations(listed.sources, grant, await self._filler(listed.filler))

    def stations(self, sources: tuple[RelaySource, ...], grant: str, filler: tuple[Frame, ...] = ()) -> Relay:
        """These in their order; without a filler it is silent where none sounds."""
        return Relay(
            [partial(pull, self.fetcher, source.url) for source in sources],
            filler,
            self._room.clock.monotonic,
            partial(self._switched, grant, sources),
        )

    async def _filler(self, clip: str | None) -> tuple[Frame, ...]:
        if clip is None:
            return await self.bells()
        try:
            return await self._room.lanes.files.run(_frames, self._room.clips / clip)
        except (OSError, RuntimeError):
            _log.warning("filler.unreadable clip=%s", clip)
            return await self.bells()

    def _switched(self, grant: str, sources: tuple[RelaySource, ...], switch: Switch) -> None:
        named = "filler" if switch.after is None else sources[switch.after].name
        _log.warning("relay.switched grant=%s to=%s why=%s", grant, named, switch.why)
        self._room.metrics.relay_switches.labels(switch.why.value).inc()
        self._room.signals.tell(Topic.BROADCAST, grant)


async def _file(path: Path) -> AsyncGenerator[bytes, None]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _frames(path: Path) -> tuple[Frame, ...]:
    pcm, rate = decode(path.read_bytes())
    return frames_of(np.asarray(resample(pcm, rate, RATE), dtype=np.float32))


def _keep_bells(folder: Path) -> Clip:
    clip = clip_from_pcm(chime(), "bells")
    if not (folder / clip.sha256).exists():
        write_whole(folder / clip.sha256, clip.data)
    return clip


def _bells() -> tuple[Frame, ...]:
    return frames_of(np.asarray(resample(chime(), SAMPLE_RATE, RATE) * np.float32(0.5), dtype=np.float32))
