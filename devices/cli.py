"""``loa wire``: any captured message in words, and whether a key really signed it."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from devices import chunks, codec, signing, words
from devices.errors import DeviceError
from devices.messages import TYP, Message, TenantId

app = typer.Typer(help="Look at messages on the wire.", no_args_is_help=True)

Captured = Annotated[
    Path, typer.Argument(help="A file with one captured payload; - reads standard input.", allow_dash=True)
]
_KINDS: dict[str, type[Message]] = {typ: kind for kind, typ in TYP.items()}


@app.command()
def show(file: Captured = Path("-")) -> None:
    """Print a captured message in words. Nothing is verified: who signed it is only what it says."""
    raw = _read(file)
    if raw.startswith(chunks.MAGIC):
        sealed = _sealed(raw)
        typer.echo(f"Chunk of a stream, says it is signed by {sealed.chunk.kid!r} (not verified).")
        _tell_chunk(sealed, len(raw))
        return
    envelope = _opened(raw)
    typer.echo(f"{envelope.typ}, says it is signed by {envelope.kid!r} (not verified).")
    _tell(envelope)


@app.command()
def verify(
    file: Captured = Path("-"),
    key: Annotated[str, typer.Option(help="The public key: 32 octets in base64url.")] = "",
    tenant: Annotated[str, typer.Option(help="Of a chunk: the tenant it was signed for.")] = "",
    grant: Annotated[str, typer.Option(help="Of a chunk: the grant, the last part of its topic.")] = "",
) -> None:
    """Check the signature of a captured message under one public key; exit code 1 where it does not hold."""
    raw = _read(file)
    try:
        public = signing.load_public(key)
    except DeviceError as error:
        _give_up(f"{error.code}: {error}", 2)
    if raw.startswith(chunks.MAGIC):
        sealed = _sealed(raw)
        if not chunks.verify(sealed, public, TenantId(tenant), grant):
            _give_up(f"Chunk of {grant!r}: NOT signed by {signing.fingerprint(public)}", 1)
        typer.echo(f"Chunk of {grant!r}: signed by {sealed.chunk.kid!r}, {signing.fingerprint(public)}.")
        _tell_chunk(sealed, len(raw))
        return
    envelope = _opened(raw)
    if not signing.verify(envelope, public):
        _give_up(f"{envelope.typ}: NOT signed by {signing.fingerprint(public)}", 1)
    typer.echo(f"{envelope.typ}: signed by {envelope.kid!r}, {signing.fingerprint(public)}.")
    _tell(envelope)


def _read(file: Path) -> bytes:
    try:
        return typer.get_binary_stream("stdin").read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        _give_up(str(error), 2)


def _opened(raw: bytes) -> signing.Envelope:
    try:
        return signing.open_envelope(raw.strip())
    except DeviceError as error:
        _give_up(f"{error.code}: {error}", 2)


def _sealed(raw: bytes) -> chunks.SealedChunk:
    try:
        return chunks.open_chunk(raw)
    except DeviceError as error:
        _give_up(f"{error.code}: {error}", 2)


def _tell_chunk(sealed: chunks.SealedChunk, octets: int) -> None:
    for line in words.describe_chunk(sealed.chunk, octets):
        typer.echo(line)


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
