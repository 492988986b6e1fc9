"""`loa speech`: the voice by hand."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tts.cache import SentenceCache
from tts.chain import Chain
from tts.clip import Clip
from tts.engines.engine import Style
from tts.errors import EngineAbsent, SpeechError
from tts.files import write_whole
from tts.formats import Format
from tts.judging import judging
from tts.lexicon import parse
from tts.listening import listening
from tts.normalize import Guess, Reading, normalize
from tts.process import DEADLINES_S, DEFAULT_ENGINES, default_threads
from tts.reading.regions import Region, choices_of
from tts.registry import known_engines, open_engine, open_engines, read_settings
from tts.render import Rendering, RenderRequest, render, unheard
from tts.voices import voices

app = typer.Typer(no_args_is_help=True, help="Read Vietnamese text aloud.")
app.add_typer(listening)
app.add_typer(judging)
app.add_typer(voices, name="voice")

Engines = Annotated[str, typer.Option("--engines", help="Engines to try, best first.")]


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What to say.")],
    out: Annotated[Path, typer.Option("--out", help="Where the sound goes.")],
    engines: Engines = DEFAULT_ENGINES,
    style: Annotated[Style, typer.Option(help="Pace of the voice.")] = Style.BULLETIN,
    repeat: Annotated[int, typer.Option(min=1, max=3, help="How many times it is read.")] = 1,
    chime: Annotated[bool, typer.Option(help="Bells before the text.")] = True,
    cache: Annotated[Path | None, typer.Option(help="Directory of sentences already spoken.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the voice.")] = default_threads(),
    form: Annotated[Format, typer.Option("--format", help="What the node can play.")] = Format.OPUS,
    within: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds after which the next engine speaks.")
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="JSON file with the engines' settings.")] = None,
    first: Annotated[
        Path | None, typer.Option(help="Where the first sentence goes, as soon as it is spoken.")
    ] = None,
) -> None:
    """Speak TEXT into a file."""
    request = RenderRequest(text=text, style=style, repeat=repeat, chime=chime, format=form, within_s=within)
    console = Console(stderr=True)
    try:
        opened = open_engines(engines.split(","), threads=threads, settings=read_settings(settings))
    except SpeechError as failure:
        console.print(f"{failure.vi}\n{failure}", style="red", markup=False)
        raise typer.Exit(1) from failure
    chain = Chain(opened, deadlines_s=DEADLINES_S)
    try:
        with tempfile.TemporaryDirectory() as passing, _progress(console) as bar:
            task = bar.add_task("câu", total=None)

            def heard_first(clip: Clip) -> None:
                assert first is not None
                write_whole(first, clip.data)
                console.print(f"first sentence, {clip.duration_ms / 1000:.1f} s: {first}", markup=False)

            rendering = render(
                request,
                chain,
                SentenceCache(directory=cache or Path(passing)),
                lambda sentence, total: bar.update(task, completed=sentence, total=total),
                heard_first if first is not None else unheard,
            )
    except SpeechError as failure:
        console.print(f"{failure.vi}\n{failure}", style="red", markup=False)
        raise typer.Exit(1) from failure
    finally:
        chain.close()
    write_whole(out, rendering.clip.data)
    _report(console, rendering)


@app.command("normalize")
def normalize_lines(
    explain: Annotated[bool, typer.Option("--explain", help="Also say which rule read what.")] = False,
    lexicon: Annotated[
        Path | None, typer.Option(help="The place's own readings: written, tab, read.")
    ] = None,
    region: Annotated[Region, typer.Option(help="Whose words for numbers.")] = Region.NORTH,
) -> None:
    """Read lines from stdin and print how each will be spoken."""
    readings = _own_readings(lexicon) if lexicon else ()
    for line in sys.stdin:
        normalized = normalize(line.rstrip("\n"), readings, choices_of(region))
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


def _progress(console: Console) -> Progress:
    """Sentence by sentence; at its end it leaves one line, also where nobody watches."""
    return Progress(
        TextColumn("{task.description} {task.completed:.0f}/{task.total}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def _report(console: Console, rendering: Rendering) -> None:
    clip = rendering.clip
    console.print(
        f"{clip.duration_ms / 1000:.1f} s, {len(clip.data)} bytes, {clip.lufs:.1f} LUFS, "
        f"peak {clip.peak_dbfs:.1f} dBFS, {', '.join(rendering.engines)}, sha256 {clip.sha256}"
    )
    for said in rendering.said:
        for cause in said.causes:
            console.print(f"{said.engine} ← {cause}", style="yellow", markup=False)
    for finding in rendering.findings:
        console.print(f"{finding.sentence}: {finding.vi} {finding.en}", style="yellow", markup=False)


def _own_readings(path: Path) -> tuple[Reading, ...]:
    try:
        parsed = parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as failure:
        typer.echo(f"{path}: {failure}", err=True)
        raise typer.Exit(1) from failure
    for fault in parsed.faults:
        typer.echo(f"{fault.vi}\n{path}: {fault.en}", err=True)
    if parsed.faults:
        raise typer.Exit(1)
    return parsed.readings


def _explained(guess: Guess) -> str:
    return (
        f"  {guess.start}–{guess.end} {guess.written!r} → {guess.reading!r} "
        f"({guess.rule}, {guess.confidence:.2f})"
    )
