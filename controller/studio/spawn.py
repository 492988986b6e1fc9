"""How the speech child is begun and ended: its command line, its own session, its end by its id."""

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_LINE = 4 * 1024 * 1024
STOP_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettings:
    """How the child is started. ``deadline_s`` is the longest time without a word while it has work.

    ``told`` is the engines' settings as JSON, shorter than 64 KB. ``listener``: auto, off, or the path of a
    Python that has the recogniser.
    """

    cache_dir: Path
    clips_dir: Path
    engines: tuple[str, ...]
    threads: int = 2
    deadline_s: float = 180.0
    python: str = sys.executable
    told: bytes = field(default=b"{}", repr=False)
    cache_mb: int = 512
    listener: str = "off"

    @property
    def previews_dir(self) -> Path:
        """Where first sentences lie while the rest is being spoken."""
        return self.cache_dir / "previews"

    def command(self, told_at: int) -> tuple[str, ...]:
        """The child's command line; it reads what it is told from the descriptor ``told_at``."""
        return (
            self.python,
            "-m",
            "tts.process",
            "--cache",
            str(self.cache_dir),
            "--engines",
            ",".join(self.engines),
            "--threads",
            str(self.threads),
            "--cache-mb",
            str(self.cache_mb),
            "--listener",
            self.listener,
            "--settings",
            f"/dev/fd/{told_at}",
        )


async def begin(settings: SpeechSettings) -> asyncio.subprocess.Process:
    """A new child; raises OSError where it can't be started."""
    # through a pipe: a key of somebody's server is seen neither in the list of processes nor on the disk
    told_at, source = os.pipe()
    try:
        os.write(source, settings.told)
        os.close(source)
        # a session of its own: Ctrl-C at the terminal must end it through us, not in the middle of a sentence
        return await asyncio.create_subprocess_exec(
            *settings.command(told_at),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            start_new_session=True,
            pass_fds=(told_at,),
        )
    finally:
        os.close(told_at)


async def dismiss(child: asyncio.subprocess.Process) -> None:
    """Close its ear and wait; then ask, then force, by its own id only."""
    assert child.stdin is not None
    child.stdin.close()
    with suppress(ConnectionError):
        await child.stdin.wait_closed()
    for force in (child.terminate, child.kill):
        if await _gone(child):
            return
        with suppress(ProcessLookupError):
            force()
    await child.wait()


async def _gone(child: asyncio.subprocess.Process) -> bool:
    try:
        async with asyncio.timeout(STOP_PATIENCE_S):
            await child.wait()
    except TimeoutError:
        return False
    return True
