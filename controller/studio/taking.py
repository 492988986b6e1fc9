"""A recording prepared by a process of its own: begun, waited for, and ended by its id where it hangs."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from controller.store.clips import ClipFacts
from controller.store.recordings import Before
from controller.studio.speech import SpeechFailed, clip_facts
from tts.fence import surroundings

# Half an hour of sound takes a minute on an idle core and four on a starved one, and 730 MB; the rest is room
# for what the libraries map and never touch.
DEADLINE_S = 600.0
MEMORY_BYTES = 2 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The clip lies in the clips folder under its hash; ``before`` is what the original was like."""

    clip: ClipFacts
    before: Before


class Taker(Protocol):
    """Whoever makes a clip of a recording: a process of its own, or in tests this very one."""

    async def take_in(self, original: Path, *, repeat: int, chime: bool, clean: bool = True) -> Prepared:
        """The clip of this recording. Raises SpeechFailed with the code of the refusal.

        Without ``clean`` its noise stays: what a station sends may be music.
        """


class IntakeProcess:
    """The one Taker of the product: a new process for each recording."""

    def __init__(
        self, clips_dir: Path, *, deadline_s: float = DEADLINE_S, python: str = sys.executable
    ) -> None:
        self._clips_dir = clips_dir
        self._deadline_s = deadline_s
        self._python = python

    async def take_in(self, original: Path, *, repeat: int, chime: bool, clean: bool = True) -> Prepared:
        """E_AUDIO_TYPE, E_AUDIO_CODEC, E_AUDIO_SIZE, E_AUDIO_LENGTH, E_AUDIO_LEVEL; E_INTAKE if it broke."""
        try:
            child = await self._begin(original, repeat, chime, clean)
        except OSError as failure:
            raise _broken(f"it could not be begun: {failure}") from failure
        try:
            async with asyncio.timeout(self._deadline_s):
                said, _ = await child.communicate()
        except TimeoutError:
            raise _broken(f"it took longer than {self._deadline_s:g} s") from None
        finally:
            await _end(child)
        return prepared(_words(said))

    async def _begin(
        self, original: Path, repeat: int, chime: bool, clean: bool
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            self._python,
            "-m",
            "tts.intake",
            str(original),
            "--out",
            str(self._clips_dir),
            "--repeat",
            str(repeat),
            "--memory",
            str(MEMORY_BYTES),
            *(("--chime",) if chime else ()),
            *(() if clean else ("--no-denoise",)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=surroundings(),
            # a group of its own, so that its decoder ends with it
            start_new_session=True,
        )


def prepared(words: Mapping[str, Any]) -> Prepared:
    """What the intake's line says; raises SpeechFailed for a refusal or for words that are none."""
    if words.get("event") == "error":
        raise SpeechFailed(str(words["code"]), str(words["vi"]), str(words["en"]))
    try:
        return Prepared(
            clip=clip_facts(words["clip"]),
            before=Before(
                duration_ms=int(words["original_ms"]),
                lufs=float(words["original_lufs"]),
                peak_dbfs=float(words["original_peak_dbfs"]),
                cut_ms=int(words["cut_ms"]),
                findings=tuple(words["findings"]),
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(f"it said {error!r}") from error


def _words(said: bytes) -> Mapping[str, Any]:
    try:
        words = json.loads(said)
    except ValueError:
        raise _broken("it ended without a word") from None
    if not isinstance(words, dict):
        raise _broken("it said something else")
    return words


async def _end(child: asyncio.subprocess.Process) -> None:
    """Nothing of it is left: it and what it began, by the group that only they are in."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()


def _broken(reason: str) -> SpeechFailed:
    return SpeechFailed(
        "E_INTAKE",
        "Không xử lý được bản thu này. Xin gửi lại, hoặc ghi lại ngắn hơn.",
        f"The recording could not be prepared: {reason}.",
    )
