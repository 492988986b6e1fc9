"""``loa wire``: any captured message in words, and whether a key really signed it."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from devices import codec, signing, words
from devices.errors import DeviceError
from devices.messages import TYP, Message

app = typer.Typer(help="Look at messages on the wire.", no_args_is_help=True)

Captured = Annotated[
    Path, typer.Argument(help="A file with one captured payload; - reads standard input.", allow_dash=True)
]
_KINDS: dict[str, type[Message]] = {typ: kind for kind, typ in TYP.items()}


@app.command()
def show(file: Captured = Path("-")) -> None:
    """Print a captured message in words. Nothing is verified: who signed it is only what it says."""
    envelope = _opened(file)
    typer.echo(f"{envelope.typ}, says it is signed by {envelope.kid!r} (not verified).")
    _tell(envelope)


@app.command()
def verify(
    file: Captured = Path("-"),
    key: Annotated[str, typer.Option(help="The public key: 32 octets in base64url.")] = "",
) -> None:
    """Check the signature of a captured message under one public key; exit code 1 where it does not hold."""
    envelope = _opened(file)
    try:
        public = signing.load_public(key)
    except DeviceError as error:
        _give_up(f"{error.code}: {error}", 2)
    if not signing.verify(envelope, public):
        _give_up(f"{envelope.typ}: NOT signed by {signing.fingerprint(public)}", 1)
    typer.echo(f"{envelope.typ}: signed by {envelope.kid!r}, {signing.fingerprint(public)}.")
    _tell(envelope)


def _opened(file: Path) -> signing.Envelope:
    try:
        raw = typer.get_binary_stream("stdin").read() if str(file) == "-" else file.read_bytes()
        return signing.open_envelope(raw.strip())
    except OSError as error:
        _give_up(str(error), 2)
    except DeviceError as error:
        _give_up(f"{error.code}: {error}", 2)


def _tell(envelope: signing.Envelope) -> None:
    try:
        message = codec.decode(envelope.payload, _KINDS[envelope.typ])
    except DeviceError as error:
        _give_up(f"{error.code}: {error}", 2)
    for line in words.describe(message):
        typer.echo(line)


def _give_up(sentence: str, code: int) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(code)
