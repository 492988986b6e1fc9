"""The virtual player: one voice, counted in samples by time; what it lets out goes into the journal."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from devices.messages import NodeId
from firmware_sim.clock import World
from firmware_sim.effects import FeedSound, SoundOver, StartSound
from firmware_sim.journal import Ended, Journal, Sounding
from firmware_sim.sense import Device, Reading, Surroundings, heard, reading
from firmware_sim.tape import Fed, Stretch, Tape

BLOCKED_AFTER_S = 5.0
"""Without a sample let out for so long, the device counts as blocked (F53)."""


@dataclass(slots=True, kw_only=True)
class _Playing:
    start: StartSound
    stretch: int
    mono: float
    clip: bytes | None
    fed: list[Fed]
    end: asyncio.TimerHandle | None = None


class Player:
    """Plays what the node lets it play. ``over`` is told when a stretch ends by itself."""

    def __init__(
        self,
        node: NodeId,
        journal: Journal,
        world: World,
        over: Callable[[SoundOver], None],
        tape: Tape | None,
    ) -> None:
        self._node = node
        self._journal = journal
        self._world = world
        self._over = over
        self._tape = tape
        self._playing: _Playing | None = None
        self._stuck: tuple[StartSound, asyncio.TimerHandle] | None = None
        self.around = Surroundings()

    @property
    def playing(self) -> bool:
        """Whether samples go out now."""
        return self._playing is not None

    @property
    def volume(self) -> int:
        """Of what goes out now; 0 in silence."""
        return self._playing.start.volume if self._playing else 0

    def start(self, start: StartSound, clip: bytes | None) -> SoundOver | None:
        """First sample now, journaled with its monotonic instant; a SoundOver where the device fails.

        A device that blocks takes the sound and lets out none: ``over`` is told after five seconds.
        """
        loop = asyncio.get_running_loop()
        if self.around.device is Device.BLOCKED:
            self.stop()
            self._stuck = (start, loop.call_later(BLOCKED_AFTER_S, self._gave_up))
            return None
        if self.around.device is not Device.READY:
            return self._silent(start, f"audio_device_{self.around.device}")
        self.stop()
        mono = loop.time()
        playing = _Playing(start=start, stretch=self._journal.next_stretch(), mono=mono, clip=clip, fed=[])
        self._playing = playing
        left_s = max(0, start.length_ms - start.from_ms) / 1000
        playing.end = loop.call_at(mono + left_s, self._ended)
        self._journal.note(
            Sounding(
                node=self._node,
                stretch=playing.stretch,
                claim=start.claim,
                part=start.part,
                source=start.source,
                bulletin_class=start.bulletin_class,
                mode=start.mode,
                first_sample_at=self._world.at(mono),
                first_sample_mono=mono,
                due_at=start.due_at,
                expires_at=start.expires_at,
                from_ms=start.from_ms,
                restarts=start.restarts,
                volume=start.volume,
            )
        )
        return None

    def feed(self, given: FeedSound) -> None:
        """More of the stream that sounds; for any other stretch it is nothing."""
        playing = self._playing
        if playing is not None and playing.start.number == given.number and self._tape is not None:
            playing.fed.append(Fed(offset_ms=given.offset_ms, packets=given.packets))

    def stop(self) -> SoundOver | None:
        """Last sample now; None where nothing sounds."""
        stuck, self._stuck = self._stuck, None
        if stuck is not None:
            stuck[1].cancel()
            return self._silent(stuck[0], None)
        return self._close(asyncio.get_running_loop().time())

    def _gave_up(self) -> None:
        stuck, self._stuck = self._stuck, None
        if stuck is not None:
            self._over(self._silent(stuck[0], f"audio_device_{Device.BLOCKED}"))

    def _silent(self, start: StartSound, trouble: str | None) -> SoundOver:
        return SoundOver(
            number=start.number,
            to_ms=start.from_ms,
            whole=False,
            heard=heard(self.look()),
            trouble=trouble,
        )

    def _ended(self) -> None:
        playing = self._playing
        if playing is not None:
            over = self._close(playing.mono + (playing.start.length_ms - playing.start.from_ms) / 1000)
            if over is not None:
                self._over(over)

    def _close(self, mono: float) -> SoundOver | None:
        playing, start = self._playing, self._playing.start if self._playing else None
        if playing is None or start is None:
            return None
        if playing.end is not None:
            playing.end.cancel()
        to_ms = min(start.length_ms, start.from_ms + round((mono - playing.mono) * 1000))
        over = SoundOver(
            number=start.number, to_ms=to_ms, whole=to_ms >= start.length_ms, heard=heard(self.look())
        )
        self._playing = None
        if self._tape is not None:
            self._tape.add(
                Stretch(
                    at_mono=playing.mono,
                    from_ms=start.from_ms,
                    to_ms=to_ms,
                    volume=start.volume,
                    clip=playing.clip,
                    tone=start.tone,
                    fed=tuple(playing.fed),
                    faded=start.faded,
                )
            )
        self._journal.note(
            Ended(
                node=self._node,
                stretch=playing.stretch,
                claim=start.claim,
                ended_at=self._world.at(mono),
                ended_mono=mono,
                to_ms=to_ms,
                whole=over.whole,
                heard=over.heard,
            )
        )
        return over

    def look(self) -> Reading:
        """The sense now."""
        return reading(self.around, playing=self.playing, relay_on=self.playing, volume=self.volume)
