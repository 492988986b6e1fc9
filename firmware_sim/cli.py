"""The `sim` commands: a fleet of software nodes on a real broker, and the airing checker over a journal."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from firmware_sim.fleet import FleetFileRefused, read_fleet
from firmware_sim.journal import check, row_from_json
from firmware_sim.stand import Options, run_fleet

app = typer.Typer(
    no_args_is_help=True,
    help="Cụm loa mô phỏng · Simulated loudspeaker nodes.",
    pretty_exceptions_enable=False,
)


@app.command()
def fleet(
    file: Annotated[Path, typer.Argument(help="The fleet file that the controller wrote.")],
    wav: Annotated[
        Path | None, typer.Option(help="Write what each node was heard to say, one WAV each.")
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(help="Append every sound to this file as JSON lines.")
    ] = None,
    flash: Annotated[Path | None, typer.Option(help="Keep the nodes' flash here (default: memory).")] = None,
    seed: Annotated[int, typer.Option(help="The one seed of all jitter.")] = 1,
    telemetry_s: Annotated[float, typer.Option(help="Seconds between heartbeats.")] = 20.0,
) -> None:
    """Run all nodes of FILE in this process until `quit` comes on stdin, stdin closes, or Ctrl-C.

    Orders come on stdin, one JSON object a line; what was heard goes to stdout, one JSON object a line.
    """
    try:
        plan = read_fleet(file)
    except FleetFileRefused as error:
        typer.echo(f"Tệp cụm loa không dùng được · The fleet file can't be used: {error}", err=True)
        raise typer.Exit(2) from error
    options = Options(
        wav_directory=wav, journal_file=journal, flash_directory=flash, seed=seed, telemetry_s=telemetry_s
    )
    asyncio.run(run_fleet(plan, options, orders=sys.stdin.buffer, events=sys.stdout))


@app.command()
def verdict(
    file: Annotated[Path, typer.Argument(help="A journal written by `loa sim fleet --journal`.")],
) -> None:
    """Check a journal: one voice at a time, nothing after its expiry, nothing twice, quiet hours kept."""
    rows = [
        row
        for line in file.read_text(encoding="utf-8").splitlines()
        if (row := row_from_json(json.loads(line))) is not None
    ]
    faults = check(rows)
    for fault in faults:
        typer.echo(fault)
    typer.echo(f"{len(rows)} rows, {len(faults)} faults")
    raise typer.Exit(1 if faults else 0)
