"""How the speech child is begun and ended: its command line, its own session, its end by its id."""

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LONGEST_LINE = 4 * 1024 * 1024
STOP_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettings:
    """How the child is started. ``deadline_s`` is the longest time without a word while it has work."""

    cache_dir: Path
    clips_dir: Path
    engines: tuple[str, ...]
    threads: int = 2
    deadline_s: float = 180.0
    python: str = sys.executable

    def command(self) -> tuple[str, ...]:
        """The child's command line."""
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
        )


async def begin(settings: SpeechSettings) -> asyncio.subprocess.Process:
    """A new child; raises OSError where it can't be started."""
    # a session of its own: Ctrl-C at the terminal must end it through us, not in the middle of a sentence
    return await asyncio.create_subprocess_exec(
        *settings.command(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
        start_new_session=True,
    )


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
