"""A listener beside the nodes: everything that goes over the in-memory air to one village, taken apart."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from devices import topics
from devices.chunks import Chunk, open_chunk
from devices.codec import decode
from devices.link import Arrival, LinkSettings, Session
from devices.messages import AreaCode, Command, CommandKind, Programme
from devices.signing import open_envelope
from firmware_sim.air import Air, AirLink


@dataclass
class Wire:
    """What came, in its order; ``area`` is where."""

    area: AreaCode
    came: list[Arrival] = field(default_factory=list)

    def up(self, session: Session) -> None:
        pass

    def down(self, reason: str) -> None:
        pass

    def heard(self, arrival: Arrival) -> None:
        self.came.append(arrival)

    def commands(self, kind: CommandKind) -> list[Command]:
        found = [
            decode(open_envelope(one.payload).payload, Command)
            for one in self.came
            if one.topic.endswith("/command")
        ]
        return [command for command in found if command.kind is kind]

    def chunks(self, grant: str) -> list[Chunk]:
        return [
            open_chunk(one.payload).chunk for one in self.came if one.topic == topics.live(self.area, grant)
        ]

    def raw(self, grant: str) -> Iterator[bytes]:
        return (one.payload for one in self.came if one.topic == topics.live(self.area, grant))

    def programmes(self) -> list[Programme]:
        return [
            decode(open_envelope(one.payload).payload, Programme)
            for one in self.came
            if "/programme/" in one.topic
        ]


async def listening(air: Air, area: str) -> tuple[Wire, AirLink]:
    """A wire that hears already, and the link to stop in the end."""
    wire = Wire(AreaCode(area))
    settings = LinkSettings(host="air", port=0, client_id="listener")
    link = AirLink(air, settings, wire, random.Random(1), lambda fault: None)
    link.subscribe([(f"loa/1/area/{area}/#", 1)])
    link.start()
    while not link.settled:
        await asyncio.sleep(0.01)
    return wire, link
