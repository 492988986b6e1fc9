"""What a process of a campaign does beside its work: it knows the time, and ends with whoever began it."""

import asyncio
import logging
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

ORPHANED = 3


class ShiftedClock:
    """The host's clock, its wall time moved."""

    def __init__(self, shift: timedelta) -> None:
        self._shift = shift

    def now(self) -> datetime:
        """The shifted present instant, in UTC."""
        return datetime.now(UTC) + self._shift

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return monotonic()


def end_with(life: int) -> None:
    """When the other end of this pipe closes, whoever began us is gone: so are we. Needs a running loop."""
    asyncio.get_running_loop().add_reader(life, os._exit, ORPHANED)


def log_to(path: Path) -> None:
    """Warnings and everything printed go to one file, beside those of the lives before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(descriptor, number)
    os.close(descriptor)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
