"""`loa demo`: the whole house on this machine, from the typed word to the horn, with three planted faults."""

import asyncio
import contextlib
import json
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Annotated, Literal

import typer
import uvicorn
from rich.console import Console

from controller import http
from controller.app import Loa
from controller.clock import LoopClock, SystemClock
from controller.config import Settings, settle
from controller.deploy import demo_house
from controller.deploy.broker import RunningBroker, start_broker
from controller.deploy.commune_data import ACCOUNTS, TENANT
from controller.deploy.demo_fleet import Village
from controller.deploy.demo_house import Cast
from controller.deploy.demo_result import Outcome, as_json, as_table
from controller.deploy.demo_story import DemoFailed, Stage, Teller, play
from controller.deploy.serving import paho_link, speech
from controller.lanes import thread_lanes
from schedules.calendar import ZONE, instant_of

Prefer = Literal["auto", "mosquitto", "iotcore"]

MORNING = time(5, 0)
"""The demo's clock begins here, so that whoever runs it at night is not in the quiet hours."""


def demo(
    *,
    exit_when_done: Annotated[
        bool,
        typer.Option("--exit", help="End after the story; the exit code is 0 only if all went as planted."),
    ] = False,
    as_machine: Annotated[
        bool, typer.Option("--json", help="Plain lines, and the result as one JSON object in the last line.")
    ] = False,
    wav: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write what each node's horn gave as DIR/<node>.wav.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the pages; 0 takes a free one.")] = 8080,
    directory: Annotated[
        Path,
        typer.Option(
            "--dir", help="Where the demo keeps its files; emptied at each start but for spoken sentences."
        ),
    ] = Path("var/demo"),
    broker: Annotated[
        Prefer, typer.Option(help="auto takes an installed mosquitto first; or mosquitto, iotcore.")
    ] = "auto",
) -> None:
    """Two communes in Huế with 30 simulated nodes: a morning is written, approved, held and heard; a flood
    interrupts it and is stopped; every delivery ends in a verdict. Then the pages stay open until Ctrl-C."""
    if wav is not None:
        wav.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False, no_color=as_machine or None)
    with contextlib.suppress(KeyboardInterrupt):
        good = asyncio.run(_run(console, exit_when_done, as_machine, wav, port, directory.resolve(), broker))
        raise typer.Exit(0 if good else 1)


async def _run(
    console: Console,
    exit_when_done: bool,
    as_machine: bool,
    wav: Path | None,
    port: int,
    directory: Path,
    prefer: Prefer,
) -> bool:
    demo_house.clear(directory)
    console.print("Khởi động máy chủ MQTT, bộ điều khiển và 30 cụm loa mô phỏng…")
    running = await asyncio.to_thread(start_broker, directory / "broker", None, prefer)
    try:
        settings = _settings(directory, port, running)
        async with _house(settings, running) as (loa, cast, address):
            _introduce(console, address, cast, running)
            village = await Village.start(
                settings.data_dir / demo_house.FLEET_FILE, settings.data_dir / "journal.jsonl", wav
            )
            try:
                outcome = await _story(console, loa, cast, village, wav, as_machine)
                good = outcome is not None and not outcome.surprises
                if not exit_when_done:
                    console.print(f"\nTrang web vẫn mở tại [bold]{address}[/]. Ctrl-C để kết thúc.")
                    await asyncio.Event().wait()
                return good
            finally:
                await village.quit()
    finally:
        await asyncio.to_thread(running.stop)


async def _story(
    console: Console, loa: Loa, cast: Cast, village: Village, wav: Path | None, as_machine: bool
) -> Outcome | None:
    outcome = None
    try:
        teller = _plain_teller(console) if as_machine or not console.is_terminal else _live_teller(console)
        outcome = await play(Stage(loa=loa, cast=cast, village=village, teller=teller, wav=wav))
    except DemoFailed as failure:
        console.print(f"Không xong: {failure}", style="bold red")
    if wav is not None:
        await village.quit()  # the files are whole only when the nodes have ended
    if outcome is not None:
        outcome = replace(outcome, wavs=_count_wavs(wav))
        _conclude(console, outcome, as_machine)
    elif as_machine:
        _last_line({"error": "the story did not come to its end"})
    return outcome


@contextlib.asynccontextmanager
async def _house(settings: Settings, running: RunningBroker) -> AsyncIterator[tuple[Loa, Cast, str]]:
    """The controller with its pages, on a clock that began at five in the morning."""
    today = SystemClock().now().astimezone(ZONE).date()
    clock = LoopClock(asyncio.get_running_loop(), instant_of(today, MORNING))
    lanes = thread_lanes(settings.readers)
    server: uvicorn.Server | None = None
    serving: asyncio.Task[None] | None = None
    try:
        cast = await demo_house.furnish(settings, lanes, _password(), running.port, clock.now())
        listener = http.listen(settings.host, settings.port)
        port = listener.getsockname()[1]
        settings = settings.model_copy(
            update={"port": port, "public_base": settings.public_base or f"http://{settings.host}:{port}"}
        )
        loa = Loa(
            settings=settings,
            clock=clock,
            lanes=lanes,
            link_factory=paho_link(settings),
            speaker=speech(settings),
        )
        server = http.server(http.http_app(loa))
        await loa.start()
        try:
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            yield loa, cast, settings.public_base
        finally:
            server.should_exit = True
            server.force_exit = True
            if serving is not None:
                await serving
            await loa.stop()
    finally:
        await lanes.close()


def _settings(directory: Path, port: int, running: RunningBroker) -> Settings:
    return settle(
        {
            "data_dir": directory,
            "port": port,
            "tenant": TENANT,
            "broker_host": running.host,
            "broker_port": running.port,
            "broker_prefer": "none",
            "cookie_secure": False,
            # the story shall not wait for a voice that speaks what nobody asked for
            "alarm_pack": False,
            "demo": True,
        }
    )


def _count_wavs(directory: Path | None) -> int:
    return 0 if directory is None else len(list(directory.glob("*.wav")))


def _password() -> str:
    """A password of this run; nothing in the demo has one that is known beforehand."""
    return "-".join(secrets.token_hex(2) for _ in range(4))


def _introduce(console: Console, address: str, cast: Cast, running: RunningBroker) -> None:
    console.print(f"Máy chủ MQTT: {running.kind}. Trang web: [bold]{address}[/]")
    console.print(
        f"Đăng nhập bằng một trong các tên dưới đây, mật khẩu của lần chạy này: [bold]{cast.password}[/]"
    )
    for account in ACCOUNTS:
        console.print(f"  {account.username:<14} {account.full_name} ({account.role}, {account.area})")
    console.print(f"Đồng hồ của bản trình diễn bắt đầu lúc {MORNING:%H:%M}.")


def _conclude(console: Console, outcome: Outcome, as_machine: bool) -> None:
    console.print(as_table(outcome))
    facts = as_json(outcome)
    emergency, stop = facts["emergency"], facts["stop"]
    console.print(
        f"Khẩn cấp: từ lúc bấm nút đến mẫu âm thanh đầu tiên, p50 {emergency['p50_ms']} ms, "
        f"p99 {emergency['p99_ms']} ms trên {emergency['nodes']} cụm loa "
        f"(bộ điều khiển: {emergency['controller_ms']} ms). Dừng: p99 {stop['p99_ms']} ms. "
        f"Lệch giữa các loa: p99 {facts['skew_ms_p99']} ms."
    )
    for surprise in outcome.surprises:
        console.print(f"Không như đã gài: {surprise}", style="red")
    if not outcome.surprises:
        console.print(f"{facts['deliveries']} lượt nhận đều có kết quả, đúng như đã gài.", style="green")
    if as_machine:
        _last_line(facts)


def _last_line(facts: object) -> None:
    sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _plain_teller(console: Console) -> Teller:
    told: dict[str, int] = {}

    def progress(what: str, done: int, of: int) -> None:
        if told.get(what) != done and (done == of or done % 5 == 0):
            console.print(f"{what} {done}/{of}")
        told[what] = done

    return Teller(say=console.print, progress=progress)


def _live_teller(console: Console) -> Teller:
    def progress(what: str, done: int, of: int) -> None:
        console.print(f"{what} {done}/{of}   ", end="\n" if done == of else "\r")

    return Teller(say=console.print, progress=progress)
