"""`loa speech listening…`: a blind test of voices by people, made and counted."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tts.engines.engine import Engine
from tts.errors import ListeningRefused, RequestRefused, SpeechError
from tts.listening_page import HANDED_OUT, KEY, PAGE, USUAL_SENTENCES, make, usual_sentences
from tts.opinions import Estimate, Rating, Score, count, read_sheet
from tts.process import DEADLINES_S, DEFAULT_ENGINES, default_threads
from tts.registry import open_engines, read_settings
from tts.trials import FEWEST_VOICES, from_json

judging = typer.Typer()
_LONGEST_LIST = 1024 * 1024


@judging.command("listening")
def make_test(
    out: Annotated[Path, typer.Option("--out", help="A new folder for page, sounds and key.")],
    engines: Annotated[
        str, typer.Option("--engines", help="Voices to compare; online ones only if named here.")
    ] = DEFAULT_ENGINES,
    sentences: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="One sentence a line, instead of Loa's own."),
    ] = None,
    number: Annotated[
        int, typer.Option("--count", min=1, max=100, help="How many sentences, drawn by the seed.")
    ] = USUAL_SENTENCES,
    seed: Annotated[int, typer.Option(min=0, help="Draws sentences, order and sides.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the voice.")] = default_threads(),
    settings: Annotated[Path | None, typer.Option(help="JSON file with the engines' settings.")] = None,
) -> None:
    """Make a blind listening test of two or more voices: a page for people to rate, and its key."""
    console = Console(stderr=True)
    opened: Sequence[Engine] = ()
    try:
        opened = _open(engines, threads, settings, console)
        chosen = _drawn(_listed(sentences) if sentences else usual_sentences(), number, seed)
        with console.status("…") as status:
            plan = make(
                out,
                opened,
                chosen,
                seed=seed,
                deadlines_s=DEADLINES_S,
                on_sound=lambda sound, total: status.update(f"{sound}/{total}"),
            )
    except SpeechError as failure:
        console.print(f"{failure.vi}\n{failure}", style="red", markup=False)
        raise typer.Exit(1) from failure
    finally:
        for engine in opened:
            engine.close()
    typer.echo(
        f"{len(plan.trials)} pairs of {', '.join(voice.name for voice in plan.voices)}, test {plan.test}"
    )
    typer.echo(f"hand out: {out / HANDED_OUT} (open {PAGE})")
    typer.echo(f"keep back: {out / KEY}")


@judging.command("listening-score")
def score_test(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder of the test.")],
    sheets: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="The listeners' CSV files.")
    ],
    everybody: Annotated[
        bool, typer.Option("--everybody", help="Also count those to whom Vietnamese came second.")
    ] = False,
) -> None:
    """Count the sheets of a listening test: mean opinion scores by voice, and which was preferred."""
    console = Console(stderr=True)
    at = folder / KEY
    try:
        plan = from_json(_text(at))
        ratings: list[Rating] = []
        for at in sheets:
            ratings += read_sheet(at.read_bytes(), plan)
    except SpeechError as failure:
        console.print(f"{at}\n{failure.vi}\n{failure}", style="red", markup=False)
        raise typer.Exit(1) from failure
    _told(count(plan, ratings, everybody=everybody), Console())


def _open(engines: str, threads: int, settings: Path | None, console: Console) -> Sequence[Engine]:
    names = tuple(dict.fromkeys(name.strip() for name in engines.split(",") if name.strip()))
    opened = open_engines(names, threads=threads, settings=read_settings(settings))
    for engine in opened:
        if engine.online:
            console.print(
                f"{engine.name}: the sentences leave this machine. Văn bản được gửi ra ngoài máy này.",
                style="yellow",
                markup=False,
            )
    if len(opened) < FEWEST_VOICES:
        for engine in opened:
            engine.close()
        raise ListeningRefused(
            vi=f"Máy này chỉ có {len(opened)} trong các giọng đã nêu; cần ít nhất {FEWEST_VOICES}.",
            en=f"only {len(opened)} of the named voices are on this machine",
        )
    return opened


def _drawn(sentences: Sequence[str], number: int, seed: int) -> tuple[str, ...]:
    return tuple(random.Random(seed).sample(list(sentences), min(number, len(sentences))))


def _listed(path: Path) -> tuple[str, ...]:
    lines = (" ".join(line.split()) for line in _text(path).splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as source:
            return source.read(_LONGEST_LIST).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as failure:
        raise RequestRefused(f"{path.name} cannot be read ({type(failure).__name__})") from failure


def _told(score: Score, console: Console) -> None:
    aside = f"; {score.set_aside} not native, set aside" if score.set_aside else ""
    typer.echo(f"{score.listeners} listeners{aside}")
    means = Table("voice", "heard", "understood (1–5)", "natural (1–5)", "preferred", "listeners", "ratings")
    for one in score.opinions:
        asked = one.understood or one.natural or one.preferred
        means.add_row(
            one.voice,
            one.ear.value,
            _shown(one.understood),
            _shown(one.natural),
            _shown(one.preferred, percent=True),
            str(asked.listeners if asked else 0),
            str(one.understood.votes if one.understood else 0),
        )
    console.print(means)
    duels = Table("voice", "against", "heard", "preferred", "alike", "not preferred")
    for duel in score.duels:
        duels.add_row(duel.voice, duel.other, duel.ear.value, str(duel.won), str(duel.alike), str(duel.lost))
    console.print(duels)
    typer.echo("± is the 95 % interval over listeners (Student's t); a single listener has none.")


def _shown(one: Estimate | None, *, percent: bool = False) -> str:
    if one is None:
        return "–"
    scale, form, unit = (100, ".0f", " %") if percent else (1, ".2f", "")
    margin = "" if one.margin is None else f" ± {one.margin * scale:{form}}"
    return f"{one.mean * scale:{form}}{margin}{unit}"
