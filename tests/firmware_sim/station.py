"""A station for tests: it opens grants, and sends signed chunks of a tone in real (virtual) time."""

import asyncio
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import soundfile

from devices import chunks, ogg, topics
from devices.chunks import Chunk
from devices.grants import Grant, StreamKind
from devices.messages import AreaCode, Command, CommandId, CommandKind
from devices.signing import SigningKey
from tests.firmware_sim.desk import COMMUNE, Desk, wall

PACKET_MS = 20


@cache
def tone_packets(seconds: int = 130, pitch: float = 300.0) -> tuple[bytes, ...]:
    """A tone as 20 ms packets of mono Opus."""
    time_s = np.arange(seconds * 48_000) / 48_000
    file = io.BytesIO()
    samples = (0.3 * np.sin(2 * np.pi * pitch * time_s)).astype(np.float32)
    soundfile.write(file, samples, 48_000, format="OGG", subtype="OPUS")
    found = ogg.unwrap(file.getvalue())
    return tuple(one for one in found[: seconds * 50] if chunks.packet_ms(one) == PACKET_MS)


@dataclass
class Station:
    """One stream of one grant."""

    desk: Desk
    grant: str
    area: AreaCode = COMMUNE
    chunk_ms: int = 200
    key: SigningKey | None = None
    sequence: int = 0
    began: float | None = None
    sent: list[bytes] = field(default_factory=list)

    def open(self, *, kind: StreamKind = StreamKind.LIVE, minutes: float = 5, **changes: Any) -> Command:
        """The command that opens it, published."""
        name = CommandId(changes.pop("id", self.grant))
        ends_at = wall() + changes.pop("most", timedelta(hours=1))
        command = self.desk.command(
            CommandKind.LIVE,
            id=name,
            grant=self.grant,
            live=changes.pop("live", Grant(ends_at=ends_at, kind=kind, title="Chủ tịch xã")),
            expires_at=wall() + timedelta(minutes=minutes),
            **changes,
        )
        self.desk.say(topics.command(self.area), command)
        return command

    def renew(self, before: Command, name: str, *, minutes: float = 5) -> None:
        """The same, with a later end."""
        self.open(id=name, minutes=minutes, live=before.live)

    @property
    def now_ms(self) -> int:
        """Media time: real time since the first chunk."""
        loop_s = asyncio.get_running_loop().time()
        if self.began is None:
            self.began = loop_s
        return round((loop_s - self.began) * 1000)

    def sealed(self, **changes: Any) -> bytes:
        """The next chunk."""
        key = self.key or self.desk.keys.online
        source = tone_packets()
        position_ms = changes.pop("position_ms", self.now_ms)
        first = position_ms // PACKET_MS
        packets = tuple(source[(first + n) % len(source)] for n in range(self.chunk_ms // PACKET_MS))
        facts: dict[str, Any] = {
            "kid": key.kid,
            "sequence": self.sequence,
            "position_ms": position_ms,
            "sent_at": wall(),
            "packets": packets,
            **changes,
        }
        self.sequence = facts["sequence"] + 1
        return chunks.seal(Chunk(**facts), key, self.desk.tenant, self.grant)

    def throw(self, payload: bytes) -> None:
        """Any octets where the stream is."""
        assert self.desk.link.post(topics.live(self.area, self.grant), payload, qos=0)

    async def send(
        self, seconds: float, *, holes: Iterable[tuple[float, float]] = (), last: bool = False
    ) -> None:
        """Chunks in real time; nothing within the holes (media seconds), though time goes on."""
        gaps = tuple(holes)
        begun_ms, number = self.now_ms, 0
        count = round(seconds * 1000 / self.chunk_ms)
        while number < count:
            position_ms = begun_ms + number * self.chunk_ms
            if not any(a <= position_ms / 1000 < b for a, b in gaps):
                payload = self.sealed(position_ms=position_ms)
                self.sent.append(payload)
                self.throw(payload)
            number += 1
            await asyncio.sleep(max(0.0, (begun_ms + number * self.chunk_ms - self.now_ms) / 1000))
        if last:
            self.throw(self.sealed(packets=(), last=True))
