"""N nodes in one event loop, without a thread, one wake each; faults are planted, orders taken."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from devices.link import Backoff, Ears, Link, LinkFault, LinkSettings, Will
from devices.link_paho import PahoLink
from devices.messages import NodeId
from firmware_sim.air import Air, AirLink
from firmware_sim.body import Body, LinkMaker, Make
from firmware_sim.clock import World
from firmware_sim.fetch import Fetcher
from firmware_sim.flash import DirectoryFlash, Flash, MemoryFlash
from firmware_sim.fleet import Broker, Fault, Fleet, Member
from firmware_sim.journal import Journal
from firmware_sim.power import Identity
from firmware_sim.sense import Device, Surroundings
from firmware_sim.state import Habits
from firmware_sim.tape import Tape

FILE_LOOK_S = 0.5


class OrderRefused(Exception):
    """An order that names no node here or no deed we know."""

    code = "village.order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the nodes of a village share: the ways to broker and clips, the witness, the true time."""

    link: LinkMaker
    fetcher: Fetcher
    journal: Journal
    world: World
    rng: random.Random
    on_fault: Callable[[NodeId, Exception], None]
    habits: Habits = field(default_factory=Habits)
    flash_directory: Path | None = None
    taped: bool = False


class Village:
    """The nodes of a fleet file, alive between ``start`` and ``stop``."""

    def __init__(self, fleet: Fleet, ground: Ground) -> None:
        self._fleet = fleet
        self._ground = ground
        self.tapes: dict[NodeId, Tape] = {}
        self.nodes: Mapping[NodeId, Body] = {member.node: self._body(member) for member in fleet.members}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Powers every node on and plants the faults. Needs a running loop."""
        for fault in self._fleet.faults:
            self._plant(fault)
        for body in self.nodes.values():
            body.power_on()

    async def stop(self) -> None:
        """An orderly end of all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(body.shut_down() for body in self.nodes.values()))
        await self._ground.fetcher.close()

    def order(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """One deed on one node (link_down, link_up, power_cut, power_on, alter_clip, surround).

        Raises OrderRefused.
        """
        body = self.nodes.get(NodeId(str(order.get("node"))))
        if body is None:
            raise OrderRefused(f"no node {order.get('node')!r}")
        match order.get("do"):
            case "link_down":
                body.link_down()
            case "link_up":
                body.link_up()
            case "power_cut":
                body.power_cut()
            case "power_on":
                body.power_on()
            case "alter_clip":
                clip = order.get("clip")
                return {"clip": body.alter_clip(str(clip) if clip is not None else None)}
            case "surround":
                body.surround(_changed(body.around, order))
            case deed:
                raise OrderRefused(f"no deed {deed!r}")
        return {}

    def write_tapes(self, directory: Path) -> tuple[Path, ...]:
        """One WAV for each node that was heard; the files."""
        files = {node: directory / f"{node}.wav" for node in self.tapes}
        return tuple(files[node] for node, tape in self.tapes.items() if tape.write(files[node]))

    def _body(self, member: Member) -> Body:
        ground = self._ground
        rng = random.Random(f"{ground.rng.random()}:{member.node}")
        if ground.taped:
            self.tapes[member.node] = Tape()
        return Body(
            identity=Identity(
                tenant=self._fleet.tenant, node=member.node, root_public=self._fleet.root_public
            ),
            key=member.key,
            habits=replace(ground.habits, luck=rng.random()),
            make=self._make(member),
            flash=self._flash(member.node),
            fetcher=ground.fetcher,
            link=ground.link,
            journal=ground.journal,
            world=ground.world,
            rng=rng,
            on_fault=ground.on_fault,
            tape=self.tapes.get(member.node),
        )

    def _make(self, member: Member) -> Make:
        make = Make(rtc=member.rtc)
        for fault in self._fleet.faults:
            if fault.node != member.node:
                continue
            if fault.kind == "clock":
                make = replace(
                    make,
                    rtc=make.rtc and not fault.no_rtc,
                    rtc_offset_s=fault.offset_s,
                    drift_ppm=fault.drift_ppm,
                )
            elif fault.kind == "altered_clip":
                make = replace(make, alter_clip=fault.nth)
        return make

    def _flash(self, node: NodeId) -> Flash:
        directory = self._ground.flash_directory
        return MemoryFlash() if directory is None else DirectoryFlash(directory / node)

    def _plant(self, fault: Fault) -> None:
        body = self.nodes[fault.node]
        match fault.kind:
            case "dead_amplifier":
                body.surround(replace(body.around, amplifier_alive=False))
            case "no_sense":
                body.surround(replace(body.around, sense_fitted=False))
            case "alien_sound":
                body.surround(replace(body.around, alien=True))
            case "device":
                body.surround(replace(body.around, device=Device(fault.state)))
            case "offline":
                task = asyncio.get_running_loop().create_task(self._offline(body, fault))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case _:
                pass

    async def _offline(self, body: Body, fault: Fault) -> None:
        if fault.from_s <= 0:
            body.link_down()
        else:
            await asyncio.sleep(fault.from_s)
            body.link_down()
        if fault.until_file is not None:
            while not Path(fault.until_file).exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
                await asyncio.sleep(FILE_LOOK_S)
        elif fault.to_s is not None:
            await asyncio.sleep(max(0.0, fault.to_s - fault.from_s))
        else:
            return
        body.link_up()


def paho_links(
    broker: Broker, rng: random.Random, on_fault: Callable[[LinkFault], None], backoff: Backoff | None = None
) -> LinkMaker:
    """Links to a real broker."""

    def make(node: NodeId, will: Will, ears: Ears) -> Link:
        settings = LinkSettings(
            host=broker.host,
            port=broker.port,
            client_id=node,
            protocol=broker.protocol,
            will=will,
            backoff=backoff or Backoff(),
        )
        return PahoLink(settings, ears, random.Random(rng.random()), on_fault)

    return make


def air_links(
    air: Air, rng: random.Random, on_fault: Callable[[LinkFault], None], backoff: Backoff | None = None
) -> LinkMaker:
    """Links through the in-memory air."""

    def make(node: NodeId, will: Will, ears: Ears) -> Link:
        settings = LinkSettings(host="air", port=0, client_id=node, will=will, backoff=backoff or Backoff())
        return AirLink(air, settings, ears, random.Random(rng.random()), on_fault)

    return make


def _changed(around: Surroundings, order: Mapping[str, Any]) -> Surroundings:
    known = {
        name: order[name] for name in ("amplifier_alive", "sense_fitted", "alien", "mains") if name in order
    }
    around = replace(around, **known)
    return replace(around, device=Device(order["device"])) if "device" in order else around
