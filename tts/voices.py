"""`loa speech voice …`: voice packs brought in, shown and taken away."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tts.errors import PackRefused
from tts.packs import import_pack, packs_in, remove_pack

voices = typer.Typer(no_args_is_help=True, help="Voice packs in Piper's format.")

Packs = Annotated[Path, typer.Option("--packs", help="Directory of the imported packs.")]


@voices.command("import")
def bring_in(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="X.onnx, X.onnx.json, MODEL_CARD.")
    ],
    packs: Packs,
    licence: Annotated[str, typer.Option(help="Its licence, where no MODEL_CARD names it.")] = "",
    name: Annotated[str, typer.Option(help="What to call it; else as the file.")] = "",
) -> None:
    """Bring in a voice from files; its licence is required and shown, its files are pinned by hash."""
    try:
        pack = import_pack(files, packs, licence=licence, name=name)
    except PackRefused as refusal:
        raise _refused(refusal) from refusal
    typer.echo(
        f"piper/{pack.name}: {pack.language or '?'}, {pack.sample_rate} Hz, {pack.phoneme_type} phonemes"
    )
    typer.echo(f"licence: {pack.licence}")
    typer.echo(f"sha256: {pack.model_sha256}")


@voices.command("list")
def show(packs: Packs) -> None:
    """Show the packs that were brought in."""
    shown = Table("engine", "language", "hertz", "phonemes", "licence", "sha256")
    for pack in packs_in(packs):
        shown.add_row(
            f"piper/{pack.name}",
            pack.language,
            str(pack.sample_rate),
            pack.phoneme_type,
            pack.licence,
            pack.model_sha256[:16],
        )
    Console().print(shown)


@voices.command("remove")
def take_away(name: Annotated[str, typer.Argument(help="The pack's name.")], packs: Packs) -> None:
    """Take a pack away."""
    try:
        remove_pack(packs, name)
    except PackRefused as refusal:
        raise _refused(refusal) from refusal


def _refused(refusal: PackRefused) -> typer.Exit:
    Console(stderr=True).print(f"{refusal.vi}\n{refusal}", style="red", markup=False)
    return typer.Exit(1)
