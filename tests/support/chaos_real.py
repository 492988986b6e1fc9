"""The stage where all is real: processes by exec, the API and clips over HTTP, the speech child, the voice.

Only the hands of the clock are moved to eight in the morning, so that it can be played at any hour. Run as
``python -m tests.support.chaos_real serve|nodes SPEC`` it is one of the processes.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import psutil  # type: ignore[import-untyped]

from controller.app import Loa
from controller.config import Settings
from controller.deploy import guard
from controller.deploy.broker import RunningBroker, free_port, start_broker
from controller.deploy.serving import paho_link, speech
from controller.lanes import thread_lanes
from controller.studio.speech import SpeechOrder
from tests.support import chaos_fleet
from tests.support.chaos_author import SENTENCES
from tests.support.chaos_fleet import FleetLife
from tests.support.chaos_ground import PASSWORD, Ground, approver, author
from tests.support.chaos_life import ShiftedClock, log_to
from tests.support.chaos_stage import NOBODY, Refusal, Wish
from tts.engines.engine import Style

ROOT = Path(__file__).resolve().parents[2]
LISTENS, LISTEN_S = 40, 0.25
ANSWER_S = 20.0
GONE_S = 15.0
STARTS_WITHIN_S = 20.0


class RealStage:
    """Each process stands behind the guard that also stands behind the broker: it ends when this one does."""

    def __init__(
        self, ground: Ground, broker: Literal["auto", "mosquitto", "iotcore"], engines: tuple[str, ...]
    ) -> None:
        self._ground = ground
        self._prefer = broker
        self._engines = engines
        self._port = free_port()
        self._broker: RunningBroker | None = None
        self._guards: dict[str, tuple[subprocess.Popen[bytes], int]] = {}
        self._people: dict[str, httpx.AsyncClient] = {}

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def open(self) -> None:
        """A broker; and every sentence is spoken once, so that the campaign finds them in the cache."""
        self._broker = await asyncio.to_thread(
            start_broker, self._ground.directory / "broker", self._ground.broker_port, self._prefer
        )
        speaker = speech(self._settings())
        await speaker.start()
        try:
            await speaker.render(SpeechOrder(text=" ".join(SENTENCES), style=Style.BULLETIN, chime=True))
        finally:
            await speaker.stop()

    def begin(self, part: str, life: int, seed: int) -> None:
        """A new process of its own."""
        ground = self._ground
        shared = {"log": str(ground.log), "shift_s": ground.shift.total_seconds()}
        match part:
            case "broker":
                assert self._broker is not None
                self._broker.restart()
            case "controller":
                settings = self._settings().model_dump(mode="json", exclude={"broker_password"})
                self._run(part, "serve", {**shared, "settings": settings})
                if seed % 4:
                    # mostly it may begin its work; now and then the next kill comes while it starts
                    self._await_door()
            case _:
                files = {
                    "fleet_file": ground.fleet_file,
                    "flash": ground.flash,
                    "journal": ground.journal(life),
                }
                paths = {name: str(path) for name, path in files.items()}
                self._run(part, "nodes", {**shared, **paths, "seed": seed})

    def end(self, part: str, number: int) -> int:
        """By the process id that the guard has told."""
        if part == "broker":
            assert self._broker is not None
            self._broker.kill()
            return -number
        watch, pid = self._guards.pop(part)
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        status = watch.wait(30)
        for pipe in (watch.stdin, watch.stdout):
            assert pipe is not None
            pipe.close()
        # the guard hands on -9 as an exit status of eight bits
        return status - 256 if status > 128 else status

    def close(self) -> None:
        """Every process, the broker, and the speech children that lost their controller."""
        for part in tuple(self._guards):
            with suppress(subprocess.TimeoutExpired):
                self.end(part, signal.SIGKILL)
        if self._broker is not None:
            self._broker.stop()
        _, alive = psutil.wait_procs(self._speech_children(), timeout=GONE_S)
        for child in alive:
            child.kill()

    async def say(self, wish: Wish) -> object:
        """Three requests: written and handed in by one, approved by the other."""
        body = {
            **{name: wish[name] for name in ("area", "title", "text", "targets", "bulletin_class")},
            "timing": {"kind": "once", "at": wish["at"].replace("+00:00", "Z")},
            "expires_at": wish["expires_at"],
        }
        asked = False
        try:
            writes, approves = await self._person(author().username), await self._person(approver().username)
            answer = await writes.post("/api/announcements", json=body)
            asked = True
            written = answer.raise_for_status().json()
            item = f"/api/announcements/{written['id']}"
            (await writes.post(f"{item}/submit")).raise_for_status()
            if not await self._read_aloud(approves, item):
                return None
            seen = {"content_hash": written["content_hash"]}
            (await approves.post(f"{item}/approve", json=seen)).raise_for_status()
            return str(written["id"])
        except httpx.HTTPStatusError as error:
            return Refusal(f"{error.response.status_code} {error.response.text[:200]}")
        except httpx.ConnectError:
            return None if asked else NOBODY
        except httpx.HTTPError:
            return None

    async def _read_aloud(self, approves: httpx.AsyncClient, item: str) -> bool:
        """The approver listens before approving, so waits until there is something to listen to."""
        for _ in range(LISTENS):
            answer = (await approves.get(item)).raise_for_status().json()
            if answer["rendering"]["state"] == "ready":
                return True
            await asyncio.sleep(LISTEN_S)
        return False

    async def leave(self) -> None:
        """Closes the two people's connections."""
        for client in self._people.values():
            await client.aclose()

    async def _person(self, username: str) -> httpx.AsyncClient:
        """Logged in once; the login outlives the controller's deaths."""
        client = self._people.get(username)
        if client is None:
            client = httpx.AsyncClient(
                base_url=self.base, headers={"Origin": self.base}, timeout=ANSWER_S, trust_env=False
            )
            try:
                credentials = {"username": username, "password": PASSWORD}
                (await client.post("/api/sessions", json=credentials)).raise_for_status()
            except httpx.HTTPError:
                await client.aclose()
                raise
            self._people[username] = client
        return client

    def _await_door(self) -> None:
        ends = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < ends:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=0.5) as door:
                door.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                if door.recv(12):
                    return
            time.sleep(0.1)

    def _settings(self) -> Settings:
        return self._ground.settings().model_copy(
            update={
                "port": self._port,
                "public_base": self.base,
                "cookie_secure": False,
                "engines": self._engines,
                "speech_threads": 1,
            }
        )

    def _run(self, part: str, role: str, spec: dict[str, Any]) -> None:
        command = (sys.executable, "-m", "tests.support.chaos_real", role, json.dumps(spec))
        with self._ground.log.open("ab") as log:
            watch = subprocess.Popen(
                (sys.executable, "-I", "-S", guard.__file__, *command),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert watch.stdout is not None
        self._guards[part] = (watch, int(watch.stdout.readline() or 0))

    def _speech_children(self) -> list[psutil.Process]:
        cache = str(self._ground.settings().speech_cache_dir)
        found = []
        for process in psutil.process_iter(["cmdline"]):
            line = process.info["cmdline"] or []
            if "tts.process" in line and cache in line:
                found.append(process)
        return found


async def serve(spec: dict[str, Any]) -> None:
    """What `loa serve` does, with the clock's hands moved."""
    from controller.http import http_app, listen, server

    settings = Settings.model_validate({**spec["settings"], "data_dir": Path(spec["settings"]["data_dir"])})
    listener = listen(settings.host, settings.port)
    lanes = thread_lanes(settings.readers)
    loa = Loa(
        settings=settings,
        clock=ShiftedClock(timedelta(seconds=spec["shift_s"])),
        lanes=lanes,
        link_factory=paho_link(settings),
        speaker=speech(settings),
    )
    try:
        await loa.start()
        doors = server(http_app(loa))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, setattr, doors, "should_exit", True)
        await doors.serve(sockets=[listener])
    finally:
        if loa.runner.errors:
            print(f"LOOP ERRORS {dict(loa.runner.errors)}", flush=True)
        await loa.stop()
        await lanes.close()
        listener.close()


def main(arguments: list[str]) -> None:
    """One process of the stage."""
    role, spec = arguments[0], json.loads(arguments[1])
    log_to(Path(spec["log"]))
    if role == "serve":
        asyncio.run(serve(spec))
        return
    paths = {name: Path(spec[name]) for name in ("fleet_file", "flash", "journal", "log")}
    given = FleetLife(**paths, shift_s=spec["shift_s"], seed=spec["seed"], clips=None)
    life, _held = os.pipe()  # never closes: the guard ends this process
    chaos_fleet.live(given, life)


if __name__ == "__main__":
    main(sys.argv[1:])
