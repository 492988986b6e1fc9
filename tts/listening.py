"""`loa speech …`: sounds heard, measured and kept."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tts.cache import SentenceCache
from tts.clip import SAMPLE_RATE, decode
from tts.errors import AudioRefused, ClipUnreadable, SpeechError
from tts.files import write_whole
from tts.formats import FORMATS, Format, encode
from tts.gate import Measures, check, measure, words_a_minute
from tts.horn import horn
from tts.normalize import normalize
from tts.phrases import syllables
from tts.recording import take_in
from tts.resample import resample
from tts.shelf import LIMIT_BYTES

listening = typer.Typer()
_MEGABYTE = 1024 * 1024


@listening.command("horn")
def through_a_horn(
    source: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A clip.")],
    out: Annotated[Path, typer.Argument(help="Where the preview goes; its suffix says in which form.")],
) -> None:
    """Let a clip sound as at the foot of the pole."""
    wanted = _form_of(out)
    try:
        pcm, rate = decode(source.read_bytes())
    except ClipUnreadable as refusal:
        raise _refused(refusal) from refusal
    write_whole(out, encode(horn(resample(pcm, rate, SAMPLE_RATE), SAMPLE_RATE), wanted))


@listening.command("recording")
def from_a_recording(
    source: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What was uploaded.")],
    out: Annotated[Path, typer.Argument(help="Where the clip goes; its suffix says in which form.")],
    denoise: Annotated[bool, typer.Option(help="Lower steady noise.")] = True,
) -> None:
    """Make a clip of a recording: decoded behind a fence, trimmed, cleaned, levelled."""
    try:
        recording = take_in(source, denoise=denoise, wanted=_form_of(out))
    except AudioRefused as refusal:
        raise _refused(refusal) from refusal
    write_whole(out, recording.clip.data)
    clip = recording.clip
    Console().print(
        f"{recording.kind}: {recording.original_ms / 1000:.1f} s → {clip.duration_ms / 1000:.1f} s, "
        f"{clip.lufs:.1f} LUFS, peak {clip.peak_dbfs:.1f} dBFS, sha256 {clip.sha256}",
        markup=False,
    )
    for finding in recording.findings:
        Console().print(f"{finding.vi} {finding.en}", style="yellow", markup=False)


@listening.command("check")
def check_sound(
    source: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A clip.")],
    text: Annotated[str, typer.Option(help="What it should say: its length is compared.")] = "",
) -> None:
    """Measure a clip: level, peak, clipping, silence, pace. Ends with 1 where something is wrong."""
    try:
        pcm, rate = decode(source.read_bytes())
    except ClipUnreadable as refusal:
        raise _refused(refusal) from refusal
    sound = measure(pcm, rate)
    words = syllables(normalize(text).spoken) if text else None
    Console().print(_told(sound, words), markup=False)
    findings = check(sound, words=words)
    for finding in findings:
        Console().print(f"{finding.vi} {finding.en}", style="yellow", markup=False)
    if findings:
        raise typer.Exit(1)


@listening.command("formats")
def list_formats() -> None:
    """Show the forms in which a clip may leave the house."""
    shown = Table("format", "media type", "hertz", "kbit/s", "meant for")
    for name, form in FORMATS.items():
        kilobits = str(form.bits_a_second // 1000)
        shown.add_row(name.value, form.media_type, str(form.sample_rate), kilobits, form.meant_for)
    Console().print(shown)


@listening.command("cache")
def show_cache(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Its directory.")],
    trim: Annotated[bool, typer.Option("--trim", help="Remove the longest unused above the limit.")] = False,
    limit_mb: Annotated[int, typer.Option(min=1, help="The limit in megabytes.")] = LIMIT_BYTES // _MEGABYTE,
) -> None:
    """Show what the cache of spoken sentences holds, and trim it."""
    cache = SentenceCache(directory=directory, limit_bytes=limit_mb * _MEGABYTE)
    freed = cache.trim() if trim else 0
    contents = cache.contents()
    shown = Table("files", "MB", "limit MB", "pinned files", "pinned MB", "freed MB")
    shown.add_row(
        str(contents.files),
        f"{contents.size_bytes / _MEGABYTE:.1f}",
        str(limit_mb),
        str(contents.pinned_files),
        f"{contents.pinned_bytes / _MEGABYTE:.1f}",
        f"{freed / _MEGABYTE:.1f}",
    )
    Console().print(shown)


def _form_of(out: Path) -> Format:
    wanted = next((name for name, form in FORMATS.items() if form.suffix == out.suffix.lower()), None)
    if wanted is None:
        raise typer.BadParameter(f"one of {', '.join(sorted({form.suffix for form in FORMATS.values()}))}")
    return wanted


def _refused(refusal: SpeechError) -> typer.Exit:
    Console(stderr=True).print(f"{refusal.vi}\n{refusal}", style="red", markup=False)
    return typer.Exit(1)


def _told(sound: Measures, words: int | None) -> str:
    told = (
        f"{sound.seconds:.1f} s, {sound.lufs:.1f} LUFS, peak {sound.peak_dbfs:.1f} dBFS, "
        f"longest silence {sound.longest_gap_s:.1f} s, clipped {sound.clipped:.2%}"
    )
    return told if words is None else f"{told}, {words_a_minute(sound, words):.0f} words a minute"
