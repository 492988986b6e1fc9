"""The controller's process of a campaign: Loa on real files and a real link, told what to do by lines."""

import asyncio
import json
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from controller.app import Loa
from controller.config import Settings
from controller.dispatch.forms.items import Draft
from controller.errors import Problem
from controller.lanes import thread_lanes
from controller.studio.speech import OnFirst, OnProgress, SpeechDone, SpeechOrder, quiet, unheard
from devices.link import Backoff, Ears, Link, LinkFault, LinkSettings
from devices.link_paho import PahoLink
from schedules.announcement import AreaCode, BulletinClass
from schedules.recurrence import Once
from tests.support.chaos_ground import approver, author
from tests.support.chaos_life import ShiftedClock, end_with, log_to
from tests.support.inline_speaker import InlineSpeaker

QUICK = Backoff(first_s=0.1, base_s=0.1, cap_s=1.0, stable_s=0.5)
Order = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerLife:
    """What one life of the controller is given."""

    settings: Settings
    orders: Path
    log: Path
    shift_s: float
    seed: int


class BareSpeaker(InlineSpeaker):
    """The stub voice without the chime: items of a few tenths of a second."""

    async def render(
        self, order: SpeechOrder, on_progress: OnProgress = quiet, on_first: OnFirst = unheard
    ) -> SpeechDone:
        return await super().render(replace(order, chime=False), on_progress, on_first)


def live(given: ControllerLife, life: int) -> None:
    """Runs until SIGTERM, or until the pipe ``life`` closes."""
    log_to(given.log)
    asyncio.run(_live(given, life))


async def _live(given: ControllerLife, life: int) -> None:
    end_with(life)
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    lanes = thread_lanes(given.settings.readers)
    loa = Loa(
        settings=given.settings,
        clock=ShiftedClock(timedelta(seconds=given.shift_s)),
        lanes=lanes,
        link_factory=_link(given),
        speaker=BareSpeaker(given.settings.clips_dir),
    )
    await loa.start()
    given.orders.unlink(missing_ok=True)
    door = await asyncio.start_unix_server(_taking(loa), given.orders)
    await ending.wait()
    door.close()
    if loa.runner.errors:
        print(f"LOOP ERRORS {dict(loa.runner.errors)}", flush=True)
    await loa.stop()
    await lanes.close()


def _link(given: ControllerLife) -> Callable[[Ears], Link]:
    def make(ears: Ears) -> Link:
        settings = LinkSettings(
            host=given.settings.broker_host,
            port=given.settings.broker_port,
            client_id="loa-controller",
            backoff=QUICK,
            ack_by_hand=True,
        )
        return PahoLink(settings, ears, random.Random(given.seed), _complain)

    return make


def _complain(fault: LinkFault) -> None:
    """A broker that is away is the ordinary thing here."""


def _taking(loa: Loa) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await _done(loa, json.loads(line))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    return take


async def _done(loa: Loa, order: Order) -> Order:
    try:
        return await _say(loa, order)
    except Problem as problem:
        return {"problem": problem.code, "detail": problem.en}


async def _say(loa: Loa, order: Order) -> Order:
    """Written, handed in and approved: what is answered is what is acknowledged."""
    draft = Draft(
        area=AreaCode(order["area"]),
        title=order["title"],
        text=order["text"],
        targets=tuple(AreaCode(code) for code in order["targets"]),
        timing=Once(at=datetime.fromisoformat(order["at"])),
        expires_at=datetime.fromisoformat(order["expires_at"]),
        bulletin_class=BulletinClass(order["bulletin_class"]),
    )
    written = await loa.desk.write_announcement(author(), draft)
    item = written.announcement.id
    await loa.desk.submit(author(), item)
    await loa.desk.approve(approver(), item, written.content_hash)
    return {"item": item}
