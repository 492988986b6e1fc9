"""The stand that a fleet runs on as a process: orders in by lines, events out by lines, one loop."""

import asyncio
import contextlib
import gc
import json
import random
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from devices.link import Backoff, LinkFault
from devices.messages import NodeId
from firmware_sim.clock import real_world
from firmware_sim.fetch import HttpFetcher
from firmware_sim.fleet import Fleet
from firmware_sim.journal import Journal, Row, check, row_to_json
from firmware_sim.state import Habits
from firmware_sim.village import Ground, OrderRefused, Village, paho_links

FLUSH_S = 0.05
SETTLED_S = 10.0
READ_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    wav_directory: Path | None = None
    journal_file: Path | None = None
    flash_directory: Path | None = None
    seed: int = 1
    telemetry_s: float = 20.0
    backoff: Backoff | None = None


async def run_fleet(fleet: Fleet, options: Options, *, orders: BinaryIO, events: TextIO) -> None:
    """Runs the fleet until it is told to quit; every sound is told on ``events`` (rows of the journal).

    Further events: ``ready``, ``done`` or ``refused`` (answers to orders), ``wavs``, ``checked``, ``fault``,
    ``bye``.
    """
    loop = asyncio.get_running_loop()
    mouth = _Mouth(loop, events, options.journal_file)
    rng = random.Random(options.seed)
    backoff = options.backoff or Backoff(first_s=5.0, base_s=0.5, cap_s=15.0)

    def link_fault(fault: LinkFault) -> None:
        mouth.say({"event": "fault", "where": "link", "kind": str(fault.kind), "detail": fault.detail})

    def node_fault(node: NodeId, error: Exception) -> None:
        mouth.say({"event": "fault", "where": "node", "node": node, "detail": repr(error)})

    journal = Journal(mouth.heard)
    village = Village(
        fleet,
        Ground(
            link=paho_links(fleet.broker, rng, link_fault, backoff),
            fetcher=HttpFetcher(),
            journal=journal,
            world=real_world(loop.time()),
            rng=rng,
            on_fault=node_fault,
            habits=replace(Habits(), telemetry_s=options.telemetry_s),
            flash_directory=options.flash_directory,
            taped=options.wav_directory is not None,
        ),
    )
    stand = _Stand(village, journal, mouth, options)
    stand.listen(loop, orders)
    village.start()
    mouth.say({"event": "ready", "nodes": len(fleet.members)})
    # What a fleet is made of lives as long as it: a full collection would stand between two first samples.
    loop.call_later(SETTLED_S, gc.freeze)
    await stand.quit.wait()
    await village.stop()
    stand.deaf(loop, orders)
    stand.write_wavs()
    mouth.say({"event": "bye"})
    mouth.close()


class _Mouth:
    """Lines out, gathered for 50 ms: formatting must not stand between two nodes' first samples."""

    def __init__(self, loop: asyncio.AbstractEventLoop, events: TextIO, journal_file: Path | None) -> None:
        self._loop = loop
        self._events = events
        self._waiting: list[Row | dict[str, Any]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._file = journal_file.open("a", encoding="utf-8") if journal_file is not None else None

    def heard(self, row: Row) -> None:
        self._add(row)

    def say(self, event: dict[str, Any]) -> None:
        self._add(event)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._flush()
        if self._file is not None:
            self._file.close()

    def _add(self, row: Row | dict[str, Any]) -> None:
        self._waiting.append(row)
        if self._timer is None:
            self._timer = self._loop.call_later(FLUSH_S, self._flush)

    def _flush(self) -> None:
        self._timer = None
        rows, self._waiting = self._waiting, []
        for row in rows:
            line = json.dumps(row, ensure_ascii=False) if isinstance(row, dict) else row_to_json(row)
            self._events.write(line + "\n")
            if self._file is not None and not isinstance(row, dict):
                self._file.write(line + "\n")
        # Whoever started us may be gone: the village goes on until it is told to quit.
        with contextlib.suppress(BrokenPipeError):
            self._events.flush()
        if self._file is not None:
            self._file.flush()


class _Stand:
    """Takes orders."""

    def __init__(self, village: Village, journal: Journal, mouth: _Mouth, options: Options) -> None:
        self.quit = asyncio.Event()
        self._village = village
        self._journal = journal
        self._mouth = mouth
        self._options = options
        self._half = b""
        self._reading = False

    def listen(self, loop: asyncio.AbstractEventLoop, orders: BinaryIO) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.quit.set)
        # A plain file or /dev/null can't be waited for: then there are no orders.
        with contextlib.suppress(OSError, ValueError):
            loop.add_reader(orders.fileno(), self._read, orders)
            self._reading = True

    def deaf(self, loop: asyncio.AbstractEventLoop, orders: BinaryIO) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        if self._reading:
            loop.remove_reader(orders.fileno())
            self._reading = False

    def write_wavs(self) -> None:
        if self._options.wav_directory is not None:
            files = self._village.write_tapes(self._options.wav_directory)
            self._mouth.say({"event": "wavs", "files": [str(path) for path in files]})

    def _read(self, orders: BinaryIO) -> None:
        got = orders.raw.read(READ_BYTES) if hasattr(orders, "raw") else orders.read(READ_BYTES)
        if not got:
            self.quit.set()
            return
        *lines, self._half = (self._half + got).split(b"\n")
        for line in lines:
            if line.strip():
                self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            order = json.loads(line)
            deed = order.get("do")
            match deed:
                case "quit":
                    self.quit.set()
                case "write_wavs":
                    self.write_wavs()
                case "check":
                    self._mouth.say({"event": "checked", "faults": list(check(self._journal.rows))})
                case _:
                    done = self._village.order(order)
                    self._mouth.say({"event": "done", "do": deed, "node": order.get("node"), **done})
        except (ValueError, AttributeError, OrderRefused) as error:
            self._mouth.say({"event": "refused", "detail": str(error)})
