"""`loa speech`: the voice by hand."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tts.cache import SentenceCache
from tts.chain import Chain
from tts.engines.engine import Style
from tts.errors import EngineAbsent, SpeechError
from tts.files import write_whole
from tts.normalize import Guess, normalize
from tts.process import DEADLINES_S, DEFAULT_ENGINES, default_threads
from tts.registry import known_engines, open_engine, open_engines
from tts.render import RenderRequest, render

app = typer.Typer(no_args_is_help=True, help="Read Vietnamese text aloud.")

Engines = Annotated[str, typer.Option("--engines", help="Engines to try, best first.")]


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What to say.")],
    out: Annotated[Path, typer.Option("--out", help="Where the Ogg Opus file goes.")],
    engines: Engines = DEFAULT_ENGINES,
    style: Annotated[Style, typer.Option(help="Pace of the voice.")] = Style.BULLETIN,
    repeat: Annotated[int, typer.Option(min=1, max=3, help="How many times it is read.")] = 1,
    chime: Annotated[bool, typer.Option(help="Bells before the text.")] = True,
    cache: Annotated[Path | None, typer.Option(help="Directory of sentences already spoken.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the voice.")] = default_threads(),
) -> None:
    """Speak TEXT into a file."""
    request = RenderRequest(text=text, style=style, repeat=repeat, chime=chime)
    chain = Chain(open_engines(engines.split(","), threads=threads), deadlines_s=DEADLINES_S)
    try:
        with tempfile.TemporaryDirectory() as passing:
            rendering = render(request, chain, SentenceCache(directory=cache or Path(passing)))
    except SpeechError as failure:
        Console(stderr=True).print(f"{failure.vi}\n{failure}", style="red", markup=False)
        raise typer.Exit(1) from failure
    finally:
        chain.close()
    write_whole(out, rendering.clip.data)
    clip = rendering.clip
    Console(stderr=True).print(
        f"{clip.duration_ms / 1000:.1f} s, {len(clip.data)} bytes, {clip.lufs:.1f} LUFS, "
        f"peak {clip.peak_dbfs:.1f} dBFS, {', '.join(rendering.engines)}, sha256 {clip.sha256}"
    )


@app.command("normalize")
def normalize_lines(
    explain: Annotated[bool, typer.Option("--explain", help="Also say which rule read what.")] = False,
) -> None:
    """Read lines from stdin and print how each will be spoken."""
    for line in sys.stdin:
        normalized = normalize(line.rstrip("\n"))
        typer.echo(normalized.spoken)
        if explain:
            for guess in normalized.guesses:
                typer.echo(_explained(guess))


@app.command("engines")
def list_engines() -> None:
    """Show the engines that are known and which of them this machine has."""
    shown = Table("engine", "here", "online", "licence")
    for name in known_engines():
        try:
            engine = open_engine(name)
        except EngineAbsent as absence:
            shown.add_row(name, "no", "", str(absence))
            continue
        shown.add_row(engine.name, "yes", "yes" if engine.online else "no", engine.licence)
        engine.close()
    Console().print(shown)


def _explained(guess: Guess) -> str:
    return f"  {guess.written!r} → {guess.reading!r} ({guess.rule}, {guess.confidence:.2f})"
