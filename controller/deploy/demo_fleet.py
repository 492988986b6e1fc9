"""The demo's village: the simulated nodes in a child process, told and heard by lines of JSON."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

Event = dict[str, Any]
QUIT_WITHIN_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """The first sample of one stretch of sound on one node. ``first_s`` is the machine's monotonic clock."""

    node: str
    occurrence: str | None
    alert: str | None
    round: int
    part: str
    from_ms: int
    first_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """The last sample of a stretch of sound."""

    node: str
    alert: str | None
    round: int
    last_s: float


class Village:
    """`loa sim fleet` as a child: it ends with this process, and only its own pid is ever signalled."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ready = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        self.soundings: list[Sounding] = []
        self.complaints: list[str] = []
        self.silences: list[Silence] = []

    @classmethod
    async def start(cls, fleet: Path, journal: Path, wav: Path | None) -> Self:
        """Begin the fleet; returns once every node has been made (not yet connected)."""
        command = [sys.executable, "-m", "controller", "sim", "fleet", str(fleet), "--journal", str(journal)]
        if wav is not None:
            command += ["--wav", str(wav)]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20
        )
        village = cls(process)
        waiting = asyncio.create_task(village._ready.wait())
        done, _ = await asyncio.wait(
            {waiting, village._reader}, timeout=30, return_when=asyncio.FIRST_COMPLETED
        )
        if waiting not in done:
            waiting.cancel()
            await village.quit()
            raise RuntimeError(f"the simulated village did not start (exit {process.returncode})")
        return village

    def order(self, node: str, do: str, **more: str | bool) -> None:
        """Let something happen to one node: link_down, link_up, alter_clip, surround …"""
        self._say({"node": node, "do": do, **more})

    async def quit(self) -> None:
        """Let the nodes go offline in order, write their WAVs, and end."""
        if self._process.returncode is None:
            self._say({"do": "quit"})
            try:
                async with asyncio.timeout(QUIT_WITHIN_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        await self._reader

    def _say(self, order: Event) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(json.dumps(order).encode() + b"\n")

    async def _read(self) -> None:
        stdout = self._process.stdout
        while stdout is not None and (line := await stdout.readline()):
            if not line.startswith(b"{"):
                continue
            event: Event = json.loads(line)
            match event.get("event"):
                case "ready":
                    self._ready.set()
                case "sounding":
                    self.soundings.append(_sounding(event))
                case "refused" | "fault":
                    self.complaints.append(event.get("detail", ""))
                case "ended":
                    _, alert, number = taken_apart(event["claim"])
                    self.silences.append(
                        Silence(node=event["node"], alert=alert, round=number, last_s=event["ended_mono"])
                    )


def _sounding(event: Event) -> Sounding:
    occurrence, alert, number = taken_apart(event["claim"])
    return Sounding(
        node=event["node"],
        occurrence=occurrence,
        alert=alert,
        round=number,
        part=event["part"],
        from_ms=event["from_ms"],
        first_s=event["first_sample_mono"],
    )


def taken_apart(claim: str) -> tuple[str | None, str | None, int]:
    """A claim's occurrence, or its alert and round (``devices.items``)."""
    kind, _, rest = claim.partition(":")
    if kind == "alert":
        alert, _, number = rest.removesuffix(":words").rpartition(":")
        return None, alert, int(number)
    return (rest if kind == "occurrence" else None), None, 0
